//! The keys that the caller pressed, and when.

use serde::{Deserialize, Serialize};

use super::CallRecord;
use crate::audio::MediaTime;
use crate::number::FEWEST_KEYS;

/// A key that the caller pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPress {
    /// What is printed on it: a digit, `*`, `#`, or a letter from `A` to `D`.
    pub key: char,
    /// When it came, in the caller's sound.
    pub at: MediaTime,
}

/// Keys that were pressed one after another, such as a number with its `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRun {
    /// The keys, in order.
    pub keys: String,
    /// When the first of them came, in the caller's sound.
    pub at: MediaTime,
    /// When the last of them came.
    pub until: MediaTime,
}

/// A longer pause begins another run.
const LONGEST_PAUSE: MediaTime = MediaTime::from_secs(5);

impl KeyRun {
    /// Whether it has as many digits as a number.
    pub fn may_be_number(&self) -> bool {
        self.keys.chars().filter(char::is_ascii_digit).count() >= FEWEST_KEYS
    }
}

impl CallRecord {
    /// The keys that the caller pressed, in runs: parted by a pause, or by a prompt that was played
    /// between two of them.
    pub fn key_runs(&self) -> Vec<KeyRun> {
        let mut runs: Vec<KeyRun> = Vec::new();
        for press in &self.keys {
            // A key at the very moment of a prompt is the one that brought it about.
            let prompted = |since: MediaTime| {
                let mut asked = self.asked.iter();
                asked.any(|asked| since <= asked.at && asked.at < press.at)
            };
            match runs.last_mut() {
                Some(run) if press.at.since(run.until) <= LONGEST_PAUSE && !prompted(run.until) => {
                    run.keys.push(press.key);
                    run.until = press.at;
                }
                _ => runs.push(KeyRun {
                    keys: press.key.into(),
                    at: press.at,
                    until: press.at,
                }),
            }
        }
        runs
    }
}
