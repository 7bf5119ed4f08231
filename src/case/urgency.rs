//! How urgent a call is to those who call people back.

use crate::call_record::{CallRecord, CallbackSource, Verdict};

/// How urgent a call or a case is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing was left to call back about.
    Junk,
    /// There may be something.
    Unsure,
    /// A message, or a number that the caller keyed in or confirmed.
    Message,
    /// A caller on the mailbox's watch list, whatever they left.
    Watched,
}

impl Urgency {
    /// All of them, least first; where one stands here is what the database keeps of it.
    pub const ALL: [Self; 4] = [Self::Junk, Self::Unsure, Self::Message, Self::Watched];

    /// How urgent a call is; one that is still up is not, whatever it may bring.
    pub fn of(record: &CallRecord) -> Self {
        let Some(verdict) = record.verdict else {
            return Self::Junk;
        };
        let source = record.callback.source;
        let gave_a_number = source.is_keyed() || source == CallbackSource::CallerIdConfirmed;
        match verdict {
            _ if record.watched.is_some() => Self::Watched,
            Verdict::Message | Verdict::Rambler => Self::Message,
            _ if gave_a_number => Self::Message,
            Verdict::Unsure => Self::Unsure,
            _ => Self::Junk,
        }
    }

    /// The word for it in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Junk => "junk",
            Self::Unsure => "unsure",
            Self::Message => "message",
            Self::Watched => "watched",
        }
    }
}
