//! The verdicts and their words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a caller was: the table of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Left a proper message; delivered.
    Message,
    /// Talked past the limit or had to be asked for the number; delivered.
    Rambler,
    /// Hung up at once.
    Hangup,
    /// Muttered and hung up.
    Mutter,
    /// Parked us on hold music.
    HoldMusic,
    /// Laid the handset aside.
    Aside,
    /// Said nothing on an open line.
    Silent,
    /// Sent no sound at all.
    NoAudio,
    /// A machine: busy, dial, ringback, fax, SIT.
    Tone,
    /// The guard cannot decide; delivered.
    Unsure,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 10] = [
        Self::Message,
        Self::Rambler,
        Self::Hangup,
        Self::Mutter,
        Self::HoldMusic,
        Self::Aside,
        Self::Silent,
        Self::NoAudio,
        Self::Tone,
        Self::Unsure,
    ];

    /// Whether the team gets it as a message.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Message | Self::Rambler | Self::Unsure)
    }

    /// The word that stands in the log and in `GUARD_VERDICT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Rambler => "rambler",
            Self::Hangup => "hangup",
            Self::Mutter => "mutter",
            Self::HoldMusic => "hold_music",
            Self::Aside => "aside",
            Self::Silent => "silent",
            Self::NoAudio => "no_audio",
            Self::Tone => "tone",
            Self::Unsure => "unsure",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = UnknownVerdict;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|v| v.as_str() == word)
            .ok_or_else(|| UnknownVerdict(word.into()))
    }
}

/// A word that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no verdict {0:?}; one of message, rambler, hangup, mutter, hold_music, aside, silent, no_audio, tone, unsure"
)]
pub struct UnknownVerdict(pub String);
