//! Which calls are delivered, and where to.

use serde::{Deserialize, Serialize};

use super::{CallRecord, Mode};
use crate::audio::MediaTime;

/// Where a message can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Destination {
    /// Into the Asterisk mailbox.
    #[serde(rename = "voicemail")]
    Mailbox,
    /// By e-mail.
    #[serde(rename = "mail")]
    Mail,
    /// To a webhook.
    #[serde(rename = "webhook")]
    Webhook,
}

impl Destination {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mailbox, Self::Mail, Self::Webhook];

    /// The word for it in settings, in the log's database and in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "voicemail",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    /// The destination of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|to| to.as_str() == word)
    }
}

/// Where the message of a closed record goes, out of where the mailbox wants its messages.
///
/// 1. In `observe` nowhere: `VoiceMail()` has taken the message itself. A call that was refused, or
///    went straight to `VoiceMail()`, was never heard.
/// 2. A verdict that is not delivered: nowhere. Speech before junk makes the verdict `message` or `unsure`, so
///    it is no exception here.
/// 3. A mailbox holds sound: where nothing was heard it gets nothing, mail and webhook still report
///    the caller and the number. A recording that could not be kept yet still lies in the tap
///    folder.
/// 4. A call that was handed on, or that Asterisk took away: `VoiceMail()` asks that caller for the
///    message itself; ours is delivered too if they had said something (a second of near speech)
///    or keyed in a number. Twice is better than lost.
/// 5. A caller on the watch list is delivered like a message whatever they were, into the mailbox
///    too: that is how its telephone shows that they called. What was recorded of them is in it, or
///    a second of silence.
/// 6. A call that a dead guard left behind is judged by its recording, and delivered as any other.
pub fn destinations_of(record: &CallRecord, wanted: &[Destination]) -> Vec<Destination> {
    let is_watched = record.watched.is_some() && record.was_let_in();
    if record.mode == Mode::Observe || !(is_watched || record.leaves_a_message()) {
        return Vec::new();
    }
    let mut to: Vec<_> = wanted
        .iter()
        .copied()
        .filter(|&to| to != Destination::Mailbox || is_watched || has_sound(record))
        .collect();
    to.sort_unstable();
    to.dedup();
    to
}

fn has_sound(record: &CallRecord) -> bool {
    record.audio.is_some() || record.seconds.speech > MediaTime::ZERO
}
