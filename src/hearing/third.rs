//! The third listener, which hears a call only when it is over: it costs several times as much as the
//! ear. It is [Silero VAD](super::silero) with a network behind it that goes on from what Silero makes
//! of the sound.
//!
//! Silero was made by others of other recordings, so it errs elsewhere than the two networks of the
//! ear. Its probability of a voice is one opinion. The network behind it (`third.bin`, of the form of
//! [`super::network`]) takes every 96 ms the mean of Silero's last three vectors and what Silero
//! remembers, says which of the five classes the sound is, and answers 0.96 s behind it.

use std::fmt;

use super::network::{CLASSES, Memory, Network, Weights, softmax};
use super::silero::{HIDDEN, HOP, Hop, Silero, WIDTH};
use crate::audio::MediaTime;

/// Hops of Silero in one step of the network.
const STRIDE: usize = 3;
/// Steps of the network in one opinion, which is as long as a [`super::Glimpse`].
const STEPS: usize = 5;
/// Hops in one opinion.
const HOPS: usize = STEPS * STRIDE;
/// Opinions by which the network's answer lags behind the sound.
const LAG: usize = 2;

/// What the third listener makes of 0.48 s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// How probable a voice is, near or far: a mean.
    pub voice: f32,
    /// How probable each class is, in the order of [`super::Class::ALL`]: means.
    pub classes: [f32; CLASSES],
}

/// What the third listener makes of a call, every 0.48 s from the beginning of the sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThirdOpinion(Vec<Heard>);

impl ThirdOpinion {
    /// Of the 0.48 s that end there; `None` where nothing was heard.
    pub fn until(&self, end: MediaTime) -> Option<Heard> {
        let before = (end.samples() as usize).div_ceil(HOP * HOPS);
        before.checked_sub(1).and_then(|k| self.0.get(k)).copied()
    }
}

impl FromIterator<Heard> for ThirdOpinion {
    fn from_iter<I: IntoIterator<Item = Heard>>(heard: I) -> Self {
        Self(heard.into_iter().collect())
    }
}

/// Hears one call from its beginning to its end: 8 kHz, mono, in pieces of any length.
pub struct ThirdListener {
    silero: Silero,
    opinions: Opinions,
}

impl Default for ThirdListener {
    fn default() -> Self {
        Self::with(Weights::shared())
    }
}

impl fmt::Debug for ThirdListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThirdListener")
    }
}

impl ThirdListener {
    /// A listener with these weights behind Silero.
    pub fn with(weights: &'static Weights) -> Self {
        Self {
            silero: Silero::new(),
            opinions: Opinions {
                network: &weights.third,
                memory: Memory::new(),
                input: [0.0; WIDTH],
                hops: 0,
                voice: 0.0,
                classes: [0.0; CLASSES],
                voices: Vec::new(),
                classified: Vec::new(),
            },
        }
    }

    /// The next samples.
    pub fn push(&mut self, samples: &[i16]) {
        self.push_seen(samples, |_| {});
    }

    /// The same; shows what the network hears, every 96 ms, to train it by.
    pub fn push_seen(&mut self, samples: &[i16], mut each: impl FnMut(&[f32])) {
        let opinions = &mut self.opinions;
        self.silero.push(samples, |hop| {
            if opinions.take(hop) {
                each(&opinions.input);
            }
        });
    }

    /// The sound has ended; what came of it. What is missing of the last 0.48 s counts as silence.
    pub fn finish(mut self) -> ThirdOpinion {
        self.push(&[0; HOP][..self.silero.samples_left()]);
        let last = (HOPS - self.opinions.hops % HOPS) % HOPS;
        for _ in 0..last + LAG * HOPS {
            self.push(&[0; HOP]);
        }
        let Opinions {
            voices, classified, ..
        } = self.opinions;
        let heard = voices.into_iter().zip(classified.into_iter().skip(LAG));
        heard
            .map(|(voice, classes)| Heard { voice, classes })
            .collect()
    }
}

/// What comes of the hops.
struct Opinions {
    network: &'static Network,
    memory: Memory,
    /// For the network's next step.
    input: [f32; WIDTH],
    /// Hops so far.
    hops: usize,
    /// Sums of what is not complete yet.
    voice: f32,
    classes: [f32; CLASSES],
    voices: Vec<f32>,
    classified: Vec<[f32; CLASSES]>,
}

impl Opinions {
    /// Takes a hop; true where the network has made a step, by `input`.
    fn take(&mut self, hop: &Hop<'_>) -> bool {
        if self.hops.is_multiple_of(STRIDE) {
            self.input = [0.0; WIDTH];
        }
        self.hops += 1;
        self.voice += hop.probability / HOPS as f32;
        let (vector, hidden) = self.input.split_at_mut(HIDDEN);
        for (sum, v) in vector.iter_mut().zip(hop.vector) {
            *sum += v / STRIDE as f32;
        }
        let is_whole = self.hops.is_multiple_of(STRIDE);
        if is_whole {
            hidden.copy_from_slice(hop.hidden);
            let said = softmax(self.network.step(&mut self.memory, &self.input));
            for (sum, p) in self.classes.iter_mut().zip(said) {
                *sum += p / STEPS as f32;
            }
        }
        if self.hops.is_multiple_of(HOPS) {
            self.voices.push(std::mem::take(&mut self.voice));
            self.classified.push(std::mem::take(&mut self.classes));
        }
        is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::super::Class;
    use super::*;
    use crate::audio::file::{Format, decode};

    /// A voice of 0.6 s.
    fn voice() -> Vec<i16> {
        let file = include_bytes!("../../tests/audio/voice.wav");
        decode(file, Format::Wav).unwrap().samples
    }

    fn heard(samples: &[i16], piece: usize) -> ThirdOpinion {
        let mut listener = ThirdListener::default();
        for piece in samples.chunks(piece) {
            listener.push(piece);
        }
        listener.finish()
    }

    #[test]
    fn pieces_of_any_length_give_the_same() {
        let samples = voice().repeat(3);
        let whole = heard(&samples, samples.len());
        assert_eq!(whole.0.len(), samples.len().div_ceil(HOP * HOPS));
        for size in [1, 255, 256, 257, 1_000] {
            assert_eq!(heard(&samples, size), whole, "pieces of {size}");
        }
        assert_eq!(heard(&[], 1), ThirdOpinion::default());
        assert_eq!(heard(&[0], 1).0.len(), 1);
    }

    #[test]
    fn a_voice_is_heard_where_it_is() {
        let silence = [0; HOP * HOPS];
        let samples = [&silence[..], &voice(), &silence.repeat(4)].concat();
        let opinion = heard(&samples, 8_000);
        let until = |ms| opinion.until(MediaTime::from_millis(ms));
        let voices = [480, 960, 2_400].map(|ms| until(ms).unwrap().voice);
        assert!(
            voices[0] < 0.1 && voices[1] > 0.5 && voices[2] < 0.1,
            "{opinion:?}"
        );
        for ms in [0, 60_000] {
            assert_eq!(until(ms), None);
        }
    }

    #[test]
    fn the_classes_are_probabilities_and_say_where_speech_is() {
        let silence = [0; 2 * HOP * HOPS];
        let samples = [&silence[..], &voice().repeat(4), &silence.repeat(4)].concat();
        let opinion = heard(&samples, 8_000);
        for heard in &opinion.0 {
            let sum: f32 = heard.classes.iter().sum();
            assert!((sum - 1.0).abs() < 1e-4, "{heard:?}");
        }
        let at = |ms, class: Class| {
            let heard = opinion.until(MediaTime::from_millis(ms)).unwrap();
            heard.classes[class as usize]
        };
        assert!(at(480, Class::Silence) > 0.8, "{opinion:?}");
        assert!(at(2_400, Class::Speech) > 0.5, "{opinion:?}");
        assert!(at(6_720, Class::Silence) > 0.8, "{opinion:?}");
    }
}
