//! What was played to the caller, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::audio::MediaTime;
use crate::prompts::Prompt;

/// A prompt that was played, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What was played.
    pub prompt: Played,
    /// When it began, in the caller's sound.
    pub at: MediaTime,
    /// What the caller answered, if anything.
    pub answer: Option<Answer>,
}

/// How a caller answered a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// By near speech.
    Voice,
    /// By a key.
    Key,
}

impl Answer {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Key => "key",
        }
    }
}

/// What was played; serialised as its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Played {
    /// A prompt of the guard.
    Prompt(Prompt),
    /// The administrator's own greeting, by the name of its file.
    Own(String),
}

impl Played {
    /// Its name, such as `still-there`.
    pub fn name(&self) -> &str {
        match self {
            Self::Prompt(prompt) => prompt.name(),
            Self::Own(name) => name,
        }
    }

    /// Whether it wants an answer.
    pub fn wants_answer(&self) -> bool {
        matches!(self, Self::Prompt(prompt) if prompt.wants_answer())
    }
}

impl From<Prompt> for Played {
    fn from(prompt: Prompt) -> Self {
        Self::Prompt(prompt)
    }
}

impl From<String> for Played {
    fn from(name: String) -> Self {
        let ours = Prompt::ALL.into_iter().find(|ours| ours.name() == name);
        ours.map_or(Self::Own(name), Self::Prompt)
    }
}

impl From<Played> for String {
    fn from(played: Played) -> Self {
        match played {
            Played::Prompt(prompt) => prompt.name().into(),
            Played::Own(name) => name,
        }
    }
}

impl PartialEq<Prompt> for Played {
    fn eq(&self, prompt: &Prompt) -> bool {
        matches!(self, Self::Prompt(played) if played == prompt)
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
