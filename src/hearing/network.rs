//! A network: one dense layer, one gated recurrent layer, one read-out. Plain arithmetic, weights in the binary.
//!
//! The weights file (`train/train.py` writes it) is little-endian: the letters `EAR1`, three `u32` (inputs, dense
//! units, recurrent units), then `f32`: dense weights (output-major) and bias, recurrent input weights and hidden
//! weights (rows reset, update, new) and their biases, read-out weights and bias, and one check row (an input
//! sequence of eight rows and the five logits after it) against which a test holds this arithmetic.
//! Normalisation of the inputs is folded into the dense layer.

use std::fmt;
use std::sync::LazyLock;

use super::Class;
use super::features::WIDTH;
use super::layer::{Layer, f32s};
use super::math::{exp, sigmoid, tanh};
use super::silero;

/// Outputs of the network, one per class.
pub(super) const CLASSES: usize = Class::ALL.len();

/// Units of the dense layer.
const DENSE: usize = 64;
/// Units of the recurrent layer.
const HIDDEN: usize = 96;
const GATES: usize = 3 * HIDDEN;

/// What the recurrent layer remembers of one call.
#[derive(Clone)]
pub(super) struct Memory([f32; HIDDEN]);

impl Memory {
    pub(super) fn new() -> Self {
        Self([0.0; HIDDEN])
    }
}

/// The weights of the listeners' networks.
pub struct Weights {
    pub(super) first: Network,
    pub(super) second: Network,
    pub(super) third: Network,
}

impl Weights {
    /// The weights that the binary was built with.
    pub fn shared() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
            Weights::read([
                include_bytes!("weights.bin"),
                include_bytes!("second.bin"),
                include_bytes!("third.bin"),
            ])
        });
        &WEIGHTS
    }

    /// Reads the bytes of three weights files: the first network's, the second's, and that of the
    /// network behind Silero.
    ///
    /// # Panics
    ///
    /// If a file is of another form or size: weights belong to the program that they were trained for.
    pub fn read([first, second, third]: [&[u8]; 3]) -> Self {
        Self {
            first: Network::read(first, WIDTH),
            second: Network::read(second, 2 * WIDTH),
            third: Network::read(third, silero::WIDTH),
        }
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Weights")
    }
}

pub(super) struct Network {
    dense: Layer,
    input: Layer,
    hidden: Layer,
    read_out: Layer,
    #[cfg(test)]
    check: Vec<f32>,
}

impl Network {
    fn read(bytes: &[u8], inputs: usize) -> Self {
        let word = |i: usize| [0, 1, 2, 3].map(|k| bytes[4 * i + k]);
        assert_eq!(&word(0), b"EAR1", "weights of another form");
        let sizes = [1, 2, 3].map(|i| u32::from_le_bytes(word(i)) as usize);
        assert_eq!(sizes, [inputs, DENSE, HIDDEN], "weights of another size");
        let mut rest = f32s(&bytes[16..]);
        let network = Self {
            dense: Layer::read(&mut rest, inputs, DENSE),
            input: Layer::read(&mut rest, DENSE, GATES),
            hidden: Layer::read(&mut rest, HIDDEN, GATES),
            read_out: Layer::read(&mut rest, HIDDEN, CLASSES),
            #[cfg(test)]
            check: rest.by_ref().collect(),
        };
        #[cfg(not(test))]
        assert_eq!(
            rest.count(),
            8 * inputs + CLASSES,
            "weights file cut short or too long"
        );
        network
    }

    /// One step: the logits of the classes, in the order of [`Class::ALL`].
    pub(super) fn step(&self, memory: &mut Memory, row: &[f32]) -> [f32; CLASSES] {
        let mut dense = [0.0; DENSE];
        self.dense.apply(row, &mut dense);
        for v in &mut dense {
            *v = v.max(0.0);
        }
        let mut from_input = [0.0; GATES];
        self.input.apply(&dense, &mut from_input);
        let mut from_memory = [0.0; GATES];
        self.hidden.apply(&memory.0, &mut from_memory);
        let (reset_in, rest) = from_input.split_at(HIDDEN);
        let (update_in, new_in) = rest.split_at(HIDDEN);
        let (reset_mem, rest) = from_memory.split_at(HIDDEN);
        let (update_mem, new_mem) = rest.split_at(HIDDEN);
        for k in 0..HIDDEN {
            let reset = sigmoid(reset_in[k] + reset_mem[k]);
            let update = sigmoid(update_in[k] + update_mem[k]);
            let new = tanh(new_in[k] + reset * new_mem[k]);
            memory.0[k] = new + update * (memory.0[k] - new);
        }
        let mut logits = [0.0; CLASSES];
        self.read_out.apply(&memory.0, &mut logits);
        logits
    }
}

/// Logits to probabilities.
pub(super) fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let exps = logits.map(|v| exp(v - top));
    let sum: f32 = exps.iter().sum();
    exps.map(|e| e / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_training_framework_to_a_thousandth() {
        let weights = Weights::shared();
        for (network, inputs) in [
            (&weights.first, WIDTH),
            (&weights.second, 2 * WIDTH),
            (&weights.third, silero::WIDTH),
        ] {
            assert_eq!(network.check.len(), 8 * inputs + CLASSES);
            let mut memory = Memory::new();
            let mut logits = [0.0; CLASSES];
            for row in network.check[..8 * inputs].chunks_exact(inputs) {
                logits = network.step(&mut memory, row);
            }
            let expected = &network.check[8 * inputs..];
            for (a, b) in logits.iter().zip(expected) {
                assert!((a - b).abs() < 1e-3, "{logits:?} against {expected:?}");
            }
        }
    }

    #[test]
    fn probabilities_add_up() {
        let p = softmax([3.0, -2.0, 0.0, 80.0, 1.0]);
        assert!(
            (p.iter().sum::<f32>() - 1.0).abs() < 1e-6 && p[3] > 0.99,
            "{p:?}"
        );
    }
}
