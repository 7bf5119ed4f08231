//! The words that everything speaks: the one record a call leaves, and what stands in it.

mod asked;
mod call_id;
mod caller;
mod case;
mod delivered;
mod destination;
mod ending;
#[cfg(test)]
pub(crate) mod example;
mod mailbox;
mod pressed;
mod pseudonym;
mod queue_wait;
mod reason;
mod verdict;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audio::MediaTime;
use crate::hearing::{Class, ClassSeconds, Segment};

pub use asked::{Answer, Asked, Played};
pub use call_id::CallId;
pub use caller::{Callback, CallbackSource, Caller, Presentation};
pub use case::PlaceInCase;
pub use delivered::{Delivered, NotDelivered};
pub use destination::{Destination, destinations_of};
pub use ending::{EndedBy, Mode, WouldHave};
pub use mailbox::{Mailbox, MailboxName};
pub use pressed::{KeyPress, KeyRun};
pub use pseudonym::Pseudonym;
pub use queue_wait::{CameFrom, Instead, Nobody, QueueWait, WaitEnd};
pub use reason::{Reason, Trouble};
pub use verdict::{UnknownVerdict, Verdict};

/// The one record a call leaves: opened at the prelude, closed exactly once.
///
/// Serialised as the call log's database and journal hold it; what `calls --format json` prints is
/// made of it in `call_log::export`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call's own identifier.
    pub id: CallId,
    /// When the prelude was read.
    pub started: Timestamp,
    /// When the record was closed; `None` while the call is up.
    pub ended: Option<Timestamp>,
    /// The mailbox that the request names, such as `100@default`.
    #[serde(rename = "box")]
    pub mailbox: MailboxName,
    /// Asterisk's identifier of the channel.
    pub uniqueid: String,
    /// Asterisk's identifier of all channels of the call; empty until Asterisk has sent it.
    pub linkedid: String,
    /// Asterisk's name of the channel.
    pub channel: String,
    /// Who called.
    pub caller: Caller,
    /// The entry of the mailbox's watch list that means the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<String>,
    /// The number that was dialled.
    pub dnid: String,
    /// The number that redirected the call.
    pub rdnis: String,
    /// What the caller was; `None` while the call is up.
    pub verdict: Option<Verdict>,
    /// How sure the guard is of the verdict, 0 to 1.
    pub confidence: f32,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// Seconds of each class.
    pub seconds: ClassSeconds,
    /// What was played to the caller and what came of it.
    pub asked: Vec<Asked>,
    /// The keys that the caller pressed; none in records from before they were noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyPress>,
    /// The number to call back.
    pub callback: Callback,
    /// What the guard was allowed to do.
    pub mode: Mode,
    /// How the call ended; `None` while it is up.
    pub ended_by: Option<EndedBy>,
    /// What enforce would have done in observe; `None` where it would not have ended the call
    /// earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_have: Option<WouldHave>,
    /// Seconds within which the next call by the same number belongs to the same case; `None` where
    /// calls form no cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_window_s: Option<u32>,
    /// Whether it is a test call by `doctor`, in which nobody wants anything.
    #[serde(rename = "test", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_test: bool,
    /// The wait in a queue that this is the record of; `None` in that of a call for a mailbox. Such a record has no
    /// verdict, is delivered nowhere and in no case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueWait>,
    /// The wait in a queue that the caller came from; `None` where they came from none, or where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_from: Option<CameFrom>,
    /// What was heard, and when.
    pub timeline: Vec<Segment>,
    /// Path of the kept audio below the data folder, if there is any.
    pub audio: Option<String>,
    /// Where the message went, and when.
    pub delivered: Vec<Delivered>,
}

/// Near speech that is worth hearing where `VoiceMail()` took the message itself.
const WORTH_HEARING: MediaTime = MediaTime::from_secs(1);

impl CallRecord {
    /// Whether a closed record has a message: of one that the guard has, or of a caller who
    /// said something worth hearing, or keyed in a number, and then was `VoiceMail()`'s.
    ///
    /// A call that was refused was never heard; who said nothing to the guard before `VoiceMail()`
    /// took over may have left a message or not.
    pub fn leaves_a_message(&self) -> bool {
        self.verdict.is_some_and(Verdict::is_delivered)
            && match self.ended_by {
                _ if !self.was_let_in() => false,
                Some(EndedBy::HandedOn | EndedBy::Asterisk) => self.said_something(),
                // VoiceMail() has what came behind; a voice in what came before may have been taken for something else.
                Some(EndedBy::Recovered) if self.mode != Mode::Observe => {
                    let other = self.seconds.noise + self.seconds.music;
                    let is_doubtful = self.reasons.contains(&Reason::Borderline);
                    self.said_something() || other >= WORTH_HEARING || is_doubtful
                }
                _ => self.mode != Mode::Observe || self.said_something(),
            }
    }

    /// Whether the guard dealt with the caller at all: not where it had no room, nor where a list
    /// says so.
    pub fn was_let_in(&self) -> bool {
        use EndedBy::{Bypassed, Overloaded, Rejected};
        !matches!(self.ended_by, Some(Overloaded | Bypassed | Rejected))
    }

    /// Whether the verdict was formed from what was heard: not where nothing was, nor where a fault made it `unsure`.
    pub fn is_judged(&self) -> bool {
        let heard = Class::ALL
            .into_iter()
            .any(|class| self.seconds.of(class) > MediaTime::ZERO);
        let by_fault =
            !heard || matches!(self.ended_by, Some(EndedBy::HandedOn | EndedBy::Recovered));
        let is_unsure = self.verdict == Some(Verdict::Unsure);
        self.verdict.is_some() && self.was_let_in() && !(is_unsure && by_fault)
    }

    /// Whether `VoiceMail()` had the caller in the end, so that the mailbox may hold what the guard has not heard.
    pub fn went_to_voicemail(&self) -> bool {
        use EndedBy::{Bypassed, HandedOn, Overloaded, Recovered};
        matches!(
            self.ended_by,
            Some(HandedOn | Overloaded | Bypassed | Recovered)
        )
    }

    fn said_something(&self) -> bool {
        let source = self.callback.source;
        source.is_keyed()
            || source == CallbackSource::CallerIdConfirmed
            || self.seconds.speech >= WORTH_HEARING
    }
}
