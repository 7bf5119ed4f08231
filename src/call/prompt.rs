//! What is played to the caller, by its place in the conversation.

use std::time::Duration;

use crate::agi::{Command, Key, Keys};

/// One piece of what is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clip {
    /// The greeting; an administrator's own file may stand here.
    Greeting(String),
    /// Asterisk's own beep.
    Beep,
    /// One of our prompts.
    Prompt(&'static str),
    /// These digits, read out in the caller's language.
    Digits(String),
}

impl Clip {
    pub(super) fn command(&self, keys: Keys) -> Command {
        match self {
            Self::Greeting(file) => Command::stream_file(file, keys),
            Self::Beep => Command::stream_file("beep", keys),
            Self::Prompt(name) => Command::stream_file(format!("voicemail-guard/{name}"), keys),
            Self::Digits(digits) => Command::say_digits(digits, keys),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Greeting(file) => file.rsplit('/').next().unwrap_or(file),
            Self::Beep => "beep",
            Self::Prompt(name) => name,
            Self::Digits(_) => "digits",
        }
    }
}

/// Nothing that is played is longer: Asterisk's reply is overdue after this.
pub(super) const LONGEST_CLIP: Duration = Duration::from_secs(40);

pub(super) const STILL_THERE: &str = "still-there";
pub(super) const NUMBER_FIRST: &str = "number-first";
pub(super) const TIME_WARNING: &str = "time-warning";
pub(super) const ENTER_NUMBER: &str = "enter-number";
pub(super) const NUMBER_IS: &str = "number-is";
pub(super) const NUMBER_CONFIRM: &str = "number-confirm";
pub(super) const NUMBER_SAVED: &str = "number-saved";
pub(super) const THANKS: &str = "thanks";
pub(super) const GOODBYE: &str = "goodbye";

/// The keys that answer the read-back.
pub(super) fn confirming_keys() -> Keys {
    Keys::NONE.with(Key::ONE).with(Key::TWO)
}
