//! What was played to the caller, and what came of it.

use serde::{Deserialize, Serialize};

use crate::audio::MediaTime;

/// A prompt that was played, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The prompt's name, such as `still-there`.
    pub prompt: String,
    /// When it began, in the caller's sound.
    pub at: MediaTime,
    /// What the caller answered: `voice`, `key`, or nothing.
    pub answer: Option<String>,
}
