//! Where the caller's samples come from.
//!
//! A tap is a task that sends [`TapEvent`]s until it is told to finish; the session knows nothing else of
//! it. [`monitor`] follows the file that MixMonitor writes.

pub mod keep;
pub mod monitor;

use std::path::PathBuf;

use crate::audio::MediaTime;

/// What a tap has to say.
#[derive(Debug)]
pub enum TapEvent {
    /// The next samples, 8 kHz.
    Samples(Vec<i16>),
    /// No packets came for so long, told once per stretch as it grows.
    StoodStill(MediaTime),
    /// It cannot be followed any further; the last event.
    Failed(TapError),
    /// All has been sent; the last event. With the gaps that were told, for the kept audio.
    Finished(Vec<Gap>),
}

/// Sound that never came, at a place in the samples that did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Samples of the file before the gap, at 8 kHz.
    pub at: MediaTime,
    /// How much is missing.
    pub lost: MediaTime,
}

/// Why a tap cannot be followed, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The file is there but cannot be opened or read.
    #[error(
        "cannot read {path}: {source}; the guard must be able to read what Asterisk writes there"
    )]
    Unreadable {
        /// The file as the guard sees it.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something else lies in the file's place.
    #[error("{path} is no regular file; only Asterisk may write into the tap folder")]
    NoFile {
        /// The file as the guard sees it.
        path: PathBuf,
    },
    /// The file is not the one that was being followed, or has become shorter.
    #[error(
        "{path} was replaced or cut while it was followed; only Asterisk may write into the tap folder"
    )]
    Replaced {
        /// The file as the guard sees it.
        path: PathBuf,
    },
}
