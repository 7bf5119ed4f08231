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
    let mut recogniser = Recogniser::default();
    recogniser.push(samples);
    recogniser.finish()
}

/// An ear and the timeline it makes, for a recording that comes piece by piece.
///
/// The pieces may have any length; the timeline is the same.
#[derive(Debug, Default)]
pub struct Recogniser {
    ear: Ear,
    timeline: Timeline,
}

impl Recogniser {
    /// Listens with this ear.
    pub fn with(ear: Ear) -> Self {
        Self {
            ear,
            timeline: Timeline::default(),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of silence, a sweep, noise, silence.
    fn sound() -> Vec<i16> {
        let mut seed = 1_u32;
        (0..48_003_u32)
            .map(|i| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (seed >> 20) as i16 - 2_048;
                let phase = f64::from(i % 8_000).powi(2) / 9_000.0;
                match i / 8_000 {
                    1 | 2 => (phase.sin() * 9_000.0) as i16,
                    3 | 4 => noise,
                    _ => 0,
                }
            })
            .collect()
    }

    fn in_pieces(sound: &[i16], size: usize) -> (Vec<Frame>, Timeline) {
        let mut recogniser = Recogniser::default();
        let mut frames = Vec::new();
        for piece in sound.chunks(size) {
            recogniser.push_watched(piece, &mut |frame| frames.push(*frame));
        }
        assert_eq!(
            recogniser.heard(),
            MediaTime::from_samples(sound.len() as u64)
        );
        (frames, recogniser.finish())
    }

    #[test]
    fn pieces_of_any_length_give_the_same_frames_and_timeline() {
        let sound = sound();
        let timeline = hear(&sound);
        assert!(timeline.segments().len() > 1, "{timeline:?}");
        let whole = in_pieces(&sound, sound.len());
        assert_eq!(whole.0.len(), sound.len() / STEP);
        assert_eq!(whole.1, timeline);
        for size in [1, 7, 160, STEP - 1, STEP, STEP + 1, 4_001] {
            assert_eq!(in_pieces(&sound, size), whole, "pieces of {size}");
        }
    }

    #[test]
    fn a_recording_shorter_than_a_step_has_its_length() {
        let timeline = hear(&[0; 100]);
        assert_eq!(timeline.heard(), MediaTime::from_samples(100));
        assert_eq!(timeline.segments().len(), 1);
        assert_eq!(hear(&[]).heard(), MediaTime::ZERO);
    }
}
