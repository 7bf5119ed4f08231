//! A third listener, which says where a voice is: Silero VAD (version 6.2.3, its half for 8 kHz;
//! MIT, see `LICENSE` beside this), a network that others made of other recordings. It costs
//! several times as much as the ear, so it hears a call only when that is over.
//!
//! Every 256 samples, with the 32 before them and 32 more mirrored at the end, become four spectra
//! of 128 samples; four convolutions make one vector of them, a recurrent layer follows.
//! `silero.bin` holds the weights as `train/silero.py` takes them from the original; a test holds
//! this arithmetic against the original's probabilities.

use std::f32::consts::TAU;
use std::fmt;
use std::sync::LazyLock;

use super::layer::{Layer, f32s};
use super::math::{sigmoid, tanh};
use crate::audio::MediaTime;

/// Samples between two probabilities.
const HOP: usize = 256;
/// Samples before them that are heard with them.
const CONTEXT: usize = 32;
const SPECTRUM: usize = 128;
const BINS: usize = SPECTRUM / 2 + 1;
const SPECTRA: usize = 4;
/// What a convolution makes one of.
const TAPS: usize = 3;
/// Numbers in each vector behind the first convolution, and behind the second and the third.
const FIRST: usize = 128;
const SECOND: usize = 64;
const HIDDEN: usize = 128;
/// Probabilities in one mean, which is as long as a [`super::Glimpse`].
const HOPS: usize = 15;

/// How probable a voice is, near or far, in means over 0.48 s from the beginning of the sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voice {
    means: Vec<f32>,
}

impl Voice {
    /// The mean of the 0.48 s that end there; nothing where nothing was heard.
    pub fn until(&self, end: MediaTime) -> f32 {
        let before = (end.samples() as usize).div_ceil(HOP * HOPS);
        let mean = before.checked_sub(1).and_then(|k| self.means.get(k));
        mean.copied().unwrap_or(0.0)
    }
}

impl FromIterator<f32> for Voice {
    /// Means over 0.48 s.
    fn from_iter<I: IntoIterator<Item = f32>>(means: I) -> Self {
        Self {
            means: means.into_iter().collect(),
        }
    }
}

/// Hears one call from its beginning to its end: 8 kHz, mono, in pieces of any length.
pub struct VoiceDetector {
    weights: &'static Weights,
    sound: [f32; CONTEXT + HOP],
    filled: usize,
    hidden: [f32; HIDDEN],
    cell: [f32; HIDDEN],
    sum: f32,
    hops: usize,
    voice: Voice,
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self {
            weights: Weights::shared(),
            sound: [0.0; CONTEXT + HOP],
            filled: 0,
            hidden: [0.0; HIDDEN],
            cell: [0.0; HIDDEN],
            sum: 0.0,
            hops: 0,
            voice: Voice::default(),
        }
    }
}

impl fmt::Debug for VoiceDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoiceDetector")
    }
}

impl VoiceDetector {
    /// The next samples.
    pub fn push(&mut self, samples: &[i16]) {
        for &sample in samples {
            self.sound[CONTEXT + self.filled] = f32::from(sample) / 32_768.0;
            self.filled += 1;
            if self.filled == HOP {
                self.filled = 0;
                let p = self.step();
                self.sum += p;
                self.hops += 1;
                if self.hops == HOPS {
                    self.hops = 0;
                    self.voice
                        .means
                        .push(std::mem::take(&mut self.sum) / HOPS as f32);
                }
                self.sound.copy_within(HOP.., 0);
            }
        }
    }

    /// The sound has ended; what came of it. What is missing of the last mean counts as nothing.
    pub fn finish(mut self) -> Voice {
        if self.filled > 0 {
            self.push(&[0; HOP][self.filled..]);
        }
        if self.hops > 0 {
            self.voice.means.push(self.sum / HOPS as f32);
        }
        self.voice
    }

    /// The probability of a voice in the samples that are complete now.
    fn step(&mut self) -> f32 {
        let w = self.weights;
        let mut both = [0.0; 2 * HIDDEN];
        let (vector, hidden) = both.split_at_mut(HIDDEN);
        w.encode(&self.sound, vector);
        hidden.copy_from_slice(&self.hidden);
        let mut gates = [0.0; 4 * HIDDEN];
        w.recurrent.apply(&both, &mut gates);
        for k in 0..HIDDEN {
            let [input, forget, new, output] = [0, 1, 2, 3].map(|gate| gates[gate * HIDDEN + k]);
            self.cell[k] = sigmoid(forget) * self.cell[k] + sigmoid(input) * tanh(new);
            self.hidden[k] = sigmoid(output) * tanh(self.cell[k]);
        }
        let mut logit = [0.0];
        w.read_out
            .apply(&self.hidden.map(|h| h.max(0.0)), &mut logit);
        sigmoid(logit[0])
    }
}

fn rectified(layer: &Layer, input: &[f32], output: &mut [f32]) {
    layer.apply(input, output);
    for v in output {
        *v = v.max(0.0);
    }
}

struct Weights {
    fourier: Layer,
    convolutions: [Layer; 4],
    recurrent: Layer,
    read_out: Layer,
}

impl Weights {
    fn shared() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::read(FILE));
        &WEIGHTS
    }

    /// Makes one vector of the samples of a step and those before them.
    fn encode(&self, sound: &[f32; CONTEXT + HOP], vector: &mut [f32]) {
        let mut padded = [0.0; CONTEXT + HOP + CONTEXT];
        padded[..CONTEXT + HOP].copy_from_slice(sound);
        for k in 0..CONTEXT {
            padded[CONTEXT + HOP + k] = sound[CONTEXT + HOP - 2 - k];
        }
        // A frame of nothing on either side, as the convolutions want it.
        let mut spectra = [0.0; (SPECTRA + 2) * BINS];
        for (k, magnitudes) in spectra[BINS..].chunks_mut(BINS).take(SPECTRA).enumerate() {
            let mut parts = [0.0; 2 * BINS];
            self.fourier
                .apply(&padded[k * SPECTRUM / 2..][..SPECTRUM], &mut parts);
            let (real, imaginary) = parts.split_at(BINS);
            for ((m, re), im) in magnitudes.iter_mut().zip(real).zip(imaginary) {
                *m = (re * re + im * im).sqrt();
            }
        }
        let [to_first, to_second, to_third, to_vector] = &self.convolutions;
        let mut first = [0.0; (SPECTRA + 1) * FIRST];
        for (k, out) in first[FIRST..].chunks_mut(FIRST).enumerate() {
            rectified(to_first, &spectra[k * BINS..][..TAPS * BINS], out);
        }
        let mut second = [0.0; 2 * SECOND];
        for (k, out) in second.chunks_mut(SECOND).enumerate() {
            rectified(to_second, &first[2 * k * FIRST..][..TAPS * FIRST], out);
        }
        let mut third = [0.0; SECOND];
        rectified(to_third, &second, &mut third);
        rectified(to_vector, &third, vector);
    }

    fn read(bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(b"SIL1"), "weights of another form");
        let mut rest = f32s(&bytes[4..]);
        let sizes = [
            (TAPS * BINS, FIRST),
            (TAPS * FIRST, SECOND),
            (2 * SECOND, SECOND),
            (SECOND, HIDDEN),
        ];
        let weights = Self {
            fourier: fourier(),
            convolutions: sizes.map(|(inputs, outputs)| Layer::read(&mut rest, inputs, outputs)),
            recurrent: Layer::read(&mut rest, 2 * HIDDEN, 4 * HIDDEN),
            read_out: Layer::read(&mut rest, HIDDEN, 1),
        };
        assert_eq!(rest.count(), 0, "weights of another size");
        weights
    }
}

const FILE: &[u8] = include_bytes!("silero.bin");

/// The Fourier transform of samples under a Hann window: the real parts, then the imaginary ones.
fn fourier() -> Layer {
    let turn = |k: usize, n: usize| TAU * ((k * n) % SPECTRUM) as f32 / SPECTRUM as f32;
    let window = |n: usize| 0.5 - 0.5 * turn(1, n).cos();
    let rows = |part: fn(f32) -> f32| {
        (0..BINS).flat_map(move |k| (0..SPECTRUM).map(move |n| window(n) * part(turn(k, n))))
    };
    let bias = std::iter::repeat_n(0.0, 2 * BINS);
    let mut weights = rows(f32::cos).chain(rows(|x| -x.sin())).chain(bias);
    Layer::read(&mut weights, SPECTRUM, 2 * BINS)
}

#[cfg(test)]
mod tests;
