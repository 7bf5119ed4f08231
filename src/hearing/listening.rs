//! A recording, heard from beginning to end: samples in, a timeline out.

use super::ear::{Ear, Frame};
use super::features::STEP;
use super::timeline::Timeline;
use crate::audio::MediaTime;

/// Hears a whole recording: 8 kHz, mono.
///
/// ```
/// use voicemail_guard::audio::MediaTime;
/// use voicemail_guard::hearing::{Class, hear};
///
/// let timeline = hear(&[0; 16_000]);
/// assert_eq!(timeline.heard(), MediaTime::from_secs(2));
/// assert_eq!(timeline.segments()[0].class, Class::Silence);
/// ```
pub fn hear(samples: &[i16]) -> Timeline {
    let mut listening = Listening::default();
    listening.push(samples);
    listening.finish()
}

/// An ear and the timeline it makes, for a recording that comes piece by piece.
///
/// The pieces may have any length; the timeline is the same.
#[derive(Debug, Default)]
pub struct Listening {
    ear: Ear,
    timeline: Timeline,
}

impl Listening {
    /// Hears samples: 8 kHz, mono, any number of them.
    pub fn push(&mut self, samples: &[i16]) {
        self.push_watched(samples, &mut |_| {});
    }

    /// Hears samples and shows every frame that they complete.
    pub fn push_watched(&mut self, samples: &[i16], watch: &mut dyn FnMut(&Frame)) {
        for piece in samples.chunks(STEP) {
            let before = self.ear.frame().map(|frame| frame.end);
            self.ear.push(piece);
            self.take_updates();
            if let Some(frame) = self.ear.frame()
                && before != Some(frame.end)
            {
                watch(frame);
            }
        }
    }

    /// How much has been heard.
    pub fn heard(&self) -> MediaTime {
        self.ear.heard()
    }

    /// The recording has ended; its timeline.
    pub fn finish(mut self) -> Timeline {
        self.ear.finish();
        self.take_updates();
        self.timeline.advance(self.ear.heard());
        self.timeline
    }

    fn take_updates(&mut self) {
        while let Some(update) = self.ear.poll_update() {
            self.timeline.apply(update);
        }
    }
}
