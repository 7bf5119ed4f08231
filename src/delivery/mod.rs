//! Delivery: messages go where the team looks for them, and nothing on the way loses one or doubles
//! one.
//!
//! ```text
//! session, recover ── close the record, with its destinations ──► log (one transaction: record and outbox)
//!                                                                  │ due
//!                                    worker ◄──────────────────────┘
//!                                      │ Outgoing
//!                     mailbox · mail · webhook ──► Ok(where) or DeliveryError ──► log: delivered, or later again
//! ```
//!
//! A destination knows how to deliver one [`Outgoing`] once and what its failure means; when it is
//! tried again is the worker's, what is kept meanwhile is the log's. Nothing here is waited for by
//! a call.

pub mod address;
pub mod digest;
pub mod mail;
mod sound;
pub mod spool;
mod tls;
pub mod trim;
pub mod webhook;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use crate::call_record::{CallId, CallRecord, Destination, PlaceInCase};

use trim::Trimmed;
pub use worker::Worker;
pub(crate) use worker::backoff;

/// What a destination gets for one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The closed record of the call.
    pub record: CallRecord,
    /// Which call of its case it is, as it was when the call ended; `None` where it is in no case.
    pub case: Option<PlaceInCase>,
    /// What a receiver knows a repeated attempt by: the same for every attempt at this delivery.
    pub key: String,
    /// Attempts before this one.
    pub failures: u32,
    /// What is delivered of the recording; `None` where no sound was kept.
    pub sound: Option<Trimmed>,
    /// The recording itself, untouched, as the guard kept it.
    pub original: Option<PathBuf>,
}

impl Outgoing {
    /// What a mailbox gets to hear. Of a caller on the watch list there is a message even where
    /// nothing was said: a second of silence.
    fn for_the_mailbox(&self) -> Vec<i16> {
        let sound = self.sound.as_ref().map(|sound| sound.samples.clone());
        match sound.unwrap_or_default() {
            sound if sound.is_empty() && self.record.watched.is_some() => {
                vec![0; crate::audio::RATE_HZ as usize]
            }
            sound => sound,
        }
    }
}

/// What a receiver knows repeated attempts at one delivery by.
pub fn key_of(call: CallId, to: Destination) -> String {
    format!("{call}-{}", to.as_str())
}

/// The address of a call's page, where calls have pages: `{id}` becomes the call.
fn page_of(template: Option<&str>, call: CallId) -> Option<String> {
    template.map(|page| page.replace("{id}", &call.to_string()))
}

/// What is wrong and how it is mended: a sentence, or the error that says so.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an attempt did not deliver.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A later attempt may succeed.
    #[error(transparent)]
    Transient(Cause),
    /// A later attempt may succeed; the receiver asked to be left alone until then.
    #[error("{why}")]
    Busy {
        /// What is wrong.
        why: String,
        /// For how long.
        after: Duration,
    },
    /// A later attempt may succeed, once somebody has changed a setting, here or at the receiver.
    #[error(transparent)]
    Settings(Cause),
    /// No later attempt can: it is given up at once.
    #[error(transparent)]
    Permanent(Cause),
}

impl DeliveryError {
    /// A later attempt may succeed.
    pub fn transient(cause: impl Into<Cause>) -> Self {
        Self::Transient(cause.into())
    }

    /// No later attempt can succeed.
    pub fn permanent(cause: impl Into<Cause>) -> Self {
        Self::Permanent(cause.into())
    }
}

/// A sentence about an error, with that error's own words in it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct About {
    text: String,
    source: Cause,
}

/// Keeps the error behind a sentence that has its words.
fn about(text: String, source: impl Into<Cause>) -> Cause {
    let source = source.into();
    About { text, source }.into()
}

/// Does something that waits for files, off the runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeliveryError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        DeliveryError::Transient(about(format!("a delivery broke off: {error}"), error))
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io;

    use super::*;

    #[test]
    fn the_error_behind_a_failure_is_kept_and_its_words_stand_once() {
        let failed = sound::read("/nowhere.wav".as_ref()).unwrap_err();
        let text = failed.to_string();
        assert_eq!(text.matches("No such file").count(), 1, "{text}");
        let behind = failed
            .source()
            .and_then(|it| it.downcast_ref::<io::Error>());
        let kind = behind.map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::NotFound), "{text}");
        let refused = DeliveryError::permanent(spool::SpoolError::NoSound);
        assert!(refused.source().is_none(), "its text is the failure's own");
    }
}
