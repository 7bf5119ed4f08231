//! Old messages and calls from before the guard, pure: how they are read, what is kept of them, and
//! what they add up to.
//!
//! Kept is what the report counts and nothing else: the day, the mailbox, the length, what the ear
//! took a message for, and whether there was a number. No sound, no number, no name, no time of
//! day.

pub mod cdr;
pub mod csv;
mod message_text;
mod report;

use std::time::Duration;

use jiff::civil::Date;

use crate::call_record::Verdict;
use crate::number::no_number;

pub use message_text::MessageText;
pub use report::{Calls, MonthSum, Report, Sum};

/// By what a message or a call is recognised when it is imported again: a SHA-256.
pub type Key = [u8; 32];

/// What is kept of a message that lay in a mailbox.
#[derive(Clone, Debug, PartialEq)]
pub struct OldMessage {
    /// The day on which it was left, by the clock of this machine.
    pub day: Date,
    /// The mailbox, such as `100@default`; empty where nothing says which.
    pub mailbox: String,
    /// How long its sound is.
    pub length: Duration,
    /// What the ear took it for.
    pub verdict: Verdict,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Whether the network showed a number.
    pub has_number: bool,
    /// How many keys are heard in its sound.
    pub keys: u32,
}

/// What is kept of a call that `VoiceMail()` answered, by the call detail records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldCall {
    /// The day on which it began, by the clock of this machine.
    pub day: Date,
    /// The mailbox, such as `100@default`; empty where nothing says which.
    pub mailbox: String,
    /// From answer to hang-up.
    pub length: Duration,
    /// Whether the network showed a number.
    pub has_number: bool,
    /// Whether a message of this call was found; `None` where nobody looked.
    pub left_message: Option<bool>,
}

/// What is kept of one or the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Imported {
    /// A message.
    Message(OldMessage),
    /// A call.
    Call(OldCall),
}

/// Why something that was found is not among what was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// A text without sound beside it.
    NoSound,
    /// Sound in forms only that are not read.
    OtherForm,
    /// A file with nothing in it.
    Empty,
    /// No sound can be made of the file.
    Damaged,
    /// The system does not let it be read.
    Unreadable,
    /// A link, a pipe, a device.
    NoFile,
    /// Moved or deleted before it was read.
    Gone,
    /// Asterisk is recording it.
    InProgress,
    /// The guard took the call, so it is in its own log.
    ByGuard,
    /// From before the time that was asked for.
    Older,
}

impl LeftOut {
    /// Each of them, what is a fault first.
    pub const ALL: [Self; 10] = [
        Self::NoSound,
        Self::OtherForm,
        Self::Empty,
        Self::Damaged,
        Self::Unreadable,
        Self::NoFile,
        Self::Gone,
        Self::InProgress,
        Self::ByGuard,
        Self::Older,
    ];

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSound => "no_sound",
            Self::OtherForm => "other_form",
            Self::Empty => "empty",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::NoFile => "no_file",
            Self::Gone => "gone",
            Self::InProgress => "in_progress",
            Self::ByGuard => "by_guard",
            Self::Older => "older",
        }
    }

    /// Whether something is wrong with it.
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::InProgress | Self::ByGuard | Self::Older)
    }
}

/// Whether a caller ID such as `"Anna" <0911 5550000>` has a number.
fn has_number(caller_id: &str) -> bool {
    let number = match caller_id.rsplit_once('<') {
        Some((_, number)) => number.trim_end_matches('>'),
        None => caller_id,
    };
    number.bytes().any(|byte| byte.is_ascii_digit()) && no_number(number).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_id_has_a_number_or_none() {
        for caller_id in [
            "\"Anna\" <09115550000>",
            "09115550000",
            "200",
            "\"anonymous <x>\" <+499115550000>",
            "<sip:+499115550000@anonymous.invalid>",
        ] {
            assert!(has_number(caller_id), "{caller_id}");
        }
        for caller_id in [
            "",
            "Unknown",
            "\"Anonymous\" <anonymous>",
            "\"Praxis 24\" <>",
            "\"007\" <unknown>",
            "Anna",
            "<0>",
        ] {
            assert!(!has_number(caller_id), "{caller_id}");
        }
    }
}
