//! What sorts the sound of one call into classes.

use super::{Ear, Update};
use crate::audio::MediaTime;

/// The [`Ear`], or what stands in for it in a test.
pub trait Classifier: Send + Sync {
    /// Hears samples, as [`Ear::push`].
    fn push(&mut self, samples: &[i16]);
    /// No packets came for this long, as [`Ear::skip`].
    fn skip(&mut self, lost: MediaTime);
    /// The sound has ended, as [`Ear::finish`].
    fn finish(&mut self);
    /// The next change of class, as [`Ear::poll_update`].
    fn poll_update(&mut self) -> Option<Update>;
    /// How much has been heard, as [`Ear::heard`].
    fn heard(&self) -> MediaTime;
}

impl Classifier for Ear {
    fn push(&mut self, samples: &[i16]) {
        Self::push(self, samples);
    }

    fn skip(&mut self, lost: MediaTime) {
        Self::skip(self, lost);
    }

    fn finish(&mut self) {
        Self::finish(self);
    }

    fn poll_update(&mut self) -> Option<Update> {
        Self::poll_update(self)
    }

    fn heard(&self) -> MediaTime {
        Self::heard(self)
    }
}
