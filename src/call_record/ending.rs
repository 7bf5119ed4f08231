//! What the guard was allowed to do, and how the call ended.

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::audio::MediaTime;

/// What the guard may do with the callers of a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Hears and files; nothing is said or cut, Asterisk's own `VoiceMail()` takes the message.
    Observe,
    /// Speaks to the caller, never ends the call.
    Guide,
    /// Speaks and ends junk.
    #[default]
    Enforce,
}

/// How the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The caller hung up.
    Caller,
    /// The guard ended it: the cut-off.
    Guard,
    /// The longest message was reached.
    Limit,
    /// The caller left for the dialplan: `0` or `*` before the recording.
    Exit,
    /// The guard handed the caller on to `VoiceMail()` because something failed.
    HandedOn,
    /// More calls than allowed: refused at once, Asterisk carried on.
    #[serde(rename = "refused")]
    Overloaded,
    /// Let straight through to `VoiceMail()`: the mailbox's list says so.
    #[serde(rename = "straight")]
    Bypassed,
    /// Refused at once, for good: the mailbox's list says so.
    #[serde(rename = "turned_away")]
    Rejected,
    /// Asterisk's side of the connection went away, or `VoiceMail()` took the message itself.
    Asterisk,
    /// The guard died during the call; the record was closed at its next start.
    Recovered,
}

impl EndedBy {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Guard => "guard",
            Self::Limit => "limit",
            Self::Exit => "exit",
            Self::HandedOn => "handed_on",
            Self::Overloaded => "refused",
            Self::Bypassed => "straight",
            Self::Rejected => "turned_away",
            Self::Asterisk => "asterisk",
            Self::Recovered => "recovered",
        }
    }
}

/// What enforce would have done in a call that was only observed (`observing.rs` says how that is
/// reckoned).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WouldHave {
    /// How the call would have ended.
    pub ended_by: EndedBy,
    /// What the caller was by then.
    pub verdict: Verdict,
    /// Where in the caller's sound the call would have been over.
    pub at: MediaTime,
    /// How much longer it lasted; zero while it is up.
    pub saved_s: MediaTime,
}

impl WouldHave {
    /// The same once the call is over there: with what would have been saved, if anything.
    pub fn over_at(self, heard: MediaTime) -> Option<Self> {
        (self.at < heard).then(|| Self {
            saved_s: heard - self.at,
            ..self
        })
    }
}
