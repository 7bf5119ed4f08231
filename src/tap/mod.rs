//! Where the caller's samples come from.
//!
//! A tap is a task that sends [`TapEvent`]s until it is asked to finish; the session knows nothing
//! else of it, and gets it from a [`Source`]. What it wants of Asterisk it says in a [`plan`],
//! which the conversation sends. [`monitor`] follows the file that MixMonitor writes; [`spy`] listens on a
//! connection over which Asterisk sends the sound.

pub mod audiosocket;
pub mod monitor;
mod pace;
pub mod plan;
pub(crate) mod raw;
pub mod spy;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::audiosocket::Ended;
use self::plan::TapPlan;
use crate::audio::MediaTime;
use crate::call_record::CallId;
use crate::clock::Clock;
use crate::hearing::{Classifier, Ear};

/// Where the sound of calls comes from.
pub trait Source: Send + Sync {
    /// Gets the tap of a call ready, before Asterisk is asked for it. Does not wait.
    ///
    /// # Errors
    /// The call cannot be heard.
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError>;

    /// What hears the sound of one call.
    fn ear(&self) -> Box<dyn Classifier> {
        Box::new(Ear::new())
    }
}

/// The call whose sound is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Tapped<'a> {
    /// Our own identifier.
    pub id: CallId,
    /// Asterisk's, as it said it.
    pub uniqueid: &'a str,
    /// The release of Asterisk, where it said it.
    pub agi_version: Option<&'a str>,
}

/// A tap that Asterisk can be asked for. Dropping it withdraws what was got ready.
pub struct Prepared {
    /// What is asked of Asterisk.
    pub plan: TapPlan,
    /// Begins to follow the sound once Asterisk has begun the tap. Does not wait.
    pub follow: Follow,
}

/// See [`Prepared::follow`].
pub type Follow = Box<dyn FnOnce(Clock) -> Followed + Send>;

/// The sound of one call that is being followed.
#[derive(Debug)]
pub struct Followed {
    /// What the tap has to say; a channel that ends before [`TapEvent::Finished`] is a tap that
    /// broke off.
    pub events: mpsc::Receiver<TapEvent>,
    /// Cancelled when the rest is to be sent: Asterisk has ended the tap.
    pub finish: CancellationToken,
}

/// What a tap has to say.
#[derive(Debug)]
pub enum TapEvent {
    /// The next samples, 8 kHz.
    Samples(Vec<i16>),
    /// So much sound never came, after the samples sent so far; reported in steps while it lasts.
    Gap(MediaTime),
    /// It cannot be followed any further; the last event.
    Failed(TapError),
    /// All has been sent; the last event. With the gaps that were reported, for the kept audio.
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

impl Gap {
    /// So much more is missing at this place.
    fn add(gaps: &mut Vec<Self>, at: MediaTime, lost: MediaTime) {
        match gaps.last_mut() {
            Some(gap) if gap.at == at => gap.lost += lost,
            _ => gaps.push(Self { at, lost }),
        }
    }
}

/// Why a tap cannot be followed, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The file is there but cannot be opened or read.
    #[error(
        "cannot read {path}: {source}; the guard's user must be able to read what Asterisk writes there (same group, umask 027 or wider)"
    )]
    Unreadable {
        /// The file as the guard sees it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder is not there.
    #[error(
        "no folder {folder}: {source}; [tap] in the configuration must name the one folder as Asterisk sees it and as the guard sees it"
    )]
    NoFolder {
        /// The folder as the guard sees it.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The recording has begun, but its file is not where it is looked for.
    #[error(
        "{path} has not come in {} s, although MixMonitor has begun: [tap] folder_as_asterisk_sees_it and folder_as_guard_sees_it must be one and the same folder, and Asterisk must be able to write there",
        .waited.as_secs()
    )]
    NeverCame {
        /// The file as the guard sees it.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The system does not say how the file is.
    #[error(
        "{path}: no answer in {} s; the share or disk that [tap] folder_as_guard_sees_it lies on hangs",
        .waited.as_secs()
    )]
    NoAnswer {
        /// The file as the guard sees it.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Something else lies in the file's place.
    #[error(
        "{path} is {found}, a regular file is expected; only Asterisk may write into the tap folder"
    )]
    NoFile {
        /// The file as the guard sees it.
        path: PathBuf,
        /// What lies there.
        found: &'static str,
    },
    /// The file is not the one that was being followed.
    #[error(
        "{path} was {how} while it was followed; only Asterisk may write into the tap folder, and nobody may tidy it up while calls are up"
    )]
    Replaced {
        /// The file as the guard sees it.
        path: PathBuf,
        /// `removed` or `replaced`.
        how: &'static str,
    },
    /// Asterisk was asked to send the caller's sound, and does not.
    #[error(
        "Asterisk has not connected to {address} in {} s: [tap] address_as_asterisk_sees_it must lead to this guard, [{}] be in the dialplan, and app_chanspy, app_originate and app_audiosocket be loaded",
        .waited.as_secs(), spy::CONTEXT
    )]
    NotConnected {
        /// Where it was to connect.
        address: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The connection with the sound has ended, and the caller has not.
    #[error("the connection with the caller's sound has ended although they are there: {0}")]
    Closed(Ended),
    /// What is heard cannot be kept.
    #[error(
        "cannot keep what is heard in {path}: {source}; the guard's user must be able to write there"
    )]
    NotKept {
        /// The file that was to grow.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Asterisk's name for the call cannot stand in a dialplan.
    #[error(
        "{0:?} cannot be spied on: systemname in asterisk.conf may have letters, digits, and . _ -"
    )]
    Uniqueid(String),
    /// There is nothing that nobody can guess.
    #[error("the system gives no random numbers: {0}")]
    NoId(#[from] getrandom::Error),
    /// A fault of our own.
    #[error("keeping what is heard broke off")]
    BrokeOff,
    /// The file has become shorter.
    #[error(
        "{path} shrank from {had} to {has} bytes while it was followed; only Asterisk may write into the tap folder"
    )]
    Shrank {
        /// The file as the guard sees it.
        path: PathBuf,
        /// Bytes it had.
        had: u64,
        /// Bytes it has.
        has: u64,
    },
}

impl TapError {
    /// Whether the file is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
