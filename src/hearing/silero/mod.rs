//! Silero VAD (version 6.2.3, its half for 8 kHz; MIT, see `LICENSE` beside this): a network that says
//! where a voice is, which others made of other recordings.
//!
//! Every 256 samples, with the 32 before them and 32 more mirrored at the end, become four spectra
//! of 128 samples; four convolutions make one vector of them, a recurrent layer follows.
//! `silero.bin` holds the weights as `train/silero.py` takes them from the original; a test holds
//! this arithmetic against the original's probabilities.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::layer::{Layer, f32s};
use super::math::{sigmoid, tanh};

/// Samples between two probabilities.
pub(super) const HOP: usize = 256;
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
/// Numbers in the vector that the last one makes, and in what the recurrent layer remembers.
pub(super) const HIDDEN: usize = 128;

/// The length of both together.
pub(super) const WIDTH: usize = 2 * HIDDEN;

/// The running state of one call.
pub(super) struct Silero {
    weights: &'static Weights,
    sound: [f32; CONTEXT + HOP],
    filled: usize,
    /// The last vector, and behind it what the recurrent layer remembers.
    state: [f32; WIDTH],
    cell: [f32; HIDDEN],
}

/// What it makes of 32 ms.
pub(super) struct Hop<'a> {
    /// How probable a voice is in them.
    pub(super) probability: f32,
    /// What the convolutions make of them.
    pub(super) vector: &'a [f32],
    /// What the recurrent layer remembers behind them.
    pub(super) hidden: &'a [f32],
}

impl Silero {
    pub(super) fn new() -> Self {
        Self {
            weights: Weights::shared(),
            sound: [0.0; CONTEXT + HOP],
            filled: 0,
            state: [0.0; WIDTH],
            cell: [0.0; HIDDEN],
        }
    }

    /// The next samples, at 8 kHz; gives what it makes of every 32 ms that are complete.
    pub(super) fn push(&mut self, samples: &[i16], mut each: impl FnMut(&Hop<'_>)) {
        for &sample in samples {
            self.sound[CONTEXT + self.filled] = f32::from(sample) / 32_768.0;
            self.filled += 1;
            if self.filled == HOP {
                self.filled = 0;
                each(&self.step());
                self.sound.copy_within(HOP.., 0);
            }
        }
    }

    /// How many samples complete the 32 ms that have begun.
    pub(super) fn samples_left(&self) -> usize {
        (HOP - self.filled) % HOP
    }

    fn step(&mut self) -> Hop<'_> {
        let w = self.weights;
        w.encode(&self.sound, &mut self.state[..HIDDEN]);
        let mut gates = [0.0; 4 * HIDDEN];
        w.recurrent.apply(&self.state, &mut gates);
        let (vector, hidden) = self.state.split_at_mut(HIDDEN);
        for k in 0..HIDDEN {
            let [input, forget, new, output] = [0, 1, 2, 3].map(|gate| gates[gate * HIDDEN + k]);
            self.cell[k] = sigmoid(forget) * self.cell[k] + sigmoid(input) * tanh(new);
            hidden[k] = sigmoid(output) * tanh(self.cell[k]);
        }
        let mut rectified = [0.0; HIDDEN];
        for (r, h) in rectified.iter_mut().zip(&*hidden) {
            *r = h.max(0.0);
        }
        let mut logit = [0.0];
        w.read_out.apply(&rectified, &mut logit);
        Hop {
            probability: sigmoid(logit[0]),
            vector,
            hidden,
        }
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
