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

    /// How urgent a call is by the guard's verdict; one that is still up is not, whatever it may
    /// bring.
    pub fn of(record: &CallRecord) -> Self {
        Self::judged(record, record.verdict)
    }

    /// How urgent a call is that was this, whatever the guard made of it.
    pub fn judged(record: &CallRecord, verdict: Option<Verdict>) -> Self {
        let Some(verdict) = verdict else {
            return Self::Junk;
        };
        let source = record.callback.source;
        let gave_a_number = source.is_keyed() || source == CallbackSource::CallerIdConfirmed;
        match verdict {
            _ if record.watched.is_some() => Self::Watched,
            _ if gave_a_number => Self::Message,
            verdict => Self::by_verdict(verdict),
        }
    }

    /// How urgent a call is of which nothing is known but this.
    pub fn by_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Message | Verdict::Rambler => Self::Message,
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
