//! What an administrator sets for the callers of a queue, with its defaults and what is allowed.

use std::time::Duration;

use serde::Deserialize;

use crate::call_record::Mode;
use crate::setting::{seconds, seconds_or_off};

/// The settings of one queue; they stand in the tables of mailboxes, where a queue is `support@queue`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct QueueSettings {
    /// What the guard may do.
    #[serde(rename = "queue_mode")]
    pub mode: Mode,
    /// Music, tones, other people, an empty room or no packets for so long bring the question.
    #[serde(rename = "queue_idle_s", deserialize_with = "seconds::<_, 5, 3600>")]
    pub idle: Duration,
    /// A quiet line for so long brings it; `None` for never.
    #[serde(
        rename = "queue_silence_s",
        deserialize_with = "seconds_or_off::<_, 5, 7200>"
    )]
    pub silence: Option<Duration>,
    /// Whether enforce takes callers out of the queue whose line is only quiet or an echo, too.
    #[serde(rename = "queue_silence_ends")]
    pub silence_ends: bool,
    /// Whether what is heard is kept as a recording.
    #[serde(rename = "keep_queue_audio")]
    pub keep_audio: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            idle: Duration::from_secs(30),
            silence: Some(Duration::from_mins(3)),
            silence_ends: false,
            keep_audio: false,
        }
    }
}
