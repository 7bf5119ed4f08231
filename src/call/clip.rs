//! What is played to the caller, piece by piece.

use std::time::Duration;

use crate::agi::{Command, Keys};
use crate::call_record::Played;
use crate::prompts::Prompt;

/// One piece of what is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clip {
    /// The greeting; an administrator's own file may stand here.
    Greeting(String),
    /// Asterisk's own beep.
    Beep,
    /// One of our prompts.
    Prompt(Prompt),
    /// These digits, read out in the caller's language.
    Digits(String),
}

impl Clip {
    pub(super) fn command(&self, keys: Keys) -> Command {
        match self {
            Self::Greeting(file) => Command::stream_file(file, keys),
            Self::Beep => Command::stream_file("beep", keys),
            Self::Prompt(prompt) => Command::stream_file(prompt.path(), keys),
            Self::Digits(digits) => Command::say_digits(digits, keys),
        }
    }

    /// What the record has of it: prompts and the greeting.
    pub(super) fn played(&self) -> Option<Played> {
        match self {
            Self::Prompt(prompt) => Some((*prompt).into()),
            Self::Greeting(_) => Some(self.name().to_owned().into()),
            Self::Beep | Self::Digits(_) => None,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Greeting(file) => file.rsplit('/').next().unwrap_or(file),
            Self::Beep => "beep",
            Self::Prompt(prompt) => prompt.name(),
            Self::Digits(_) => "digits",
        }
    }
}

/// Nothing that is played is longer, a greeting of the administrator's own aside: Asterisk's reply
/// is overdue after this.
pub(super) const LONGEST_CLIP: Duration = Duration::from_secs(40);
