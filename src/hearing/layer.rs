//! What every network here is made of: a matrix with a bias, applied to a row of numbers.

use super::math::LANES;

/// A matrix and a bias; the weights lie in blocks of [`LANES`] outputs so that sums stay in registers.
pub(super) struct Layer {
    blocks: Vec<[f32; LANES]>,
    bias: Vec<[f32; LANES]>,
    inputs: usize,
}

impl Layer {
    /// Takes weights, output-major, and bias.
    pub(super) fn read(
        rest: &mut impl Iterator<Item = f32>,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        let weights: Vec<f32> = rest.take(inputs * outputs).collect();
        let flat: Vec<f32> = rest.take(outputs).collect();
        let count = outputs.div_ceil(LANES);
        let mut blocks = vec![[0.0; LANES]; count * inputs];
        let mut bias = vec![[0.0; LANES]; count];
        for output in 0..outputs {
            let (block, lane) = (output / LANES, output % LANES);
            bias[block][lane] = flat[output];
            for input in 0..inputs {
                blocks[block * inputs + input][lane] = weights[output * inputs + input];
            }
        }
        Self {
            blocks,
            bias,
            inputs,
        }
    }

    /// The outputs for these inputs.
    pub(super) fn apply(&self, input: &[f32], output: &mut [f32]) {
        let rows = self.blocks.chunks_exact(self.inputs);
        for ((to, rows), bias) in output.chunks_mut(LANES).zip(rows).zip(&self.bias) {
            let mut sums = *bias;
            for (row, &x) in rows.iter().zip(input) {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += w * x;
                }
            }
            to.copy_from_slice(&sums[..to.len()]);
        }
    }
}

/// Little-endian numbers, one behind the other.
pub(super) fn f32s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&word| f32::from_le_bytes(word))
}
