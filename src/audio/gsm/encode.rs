//! From samples to frames.

use super::analysis::coded_ratios;
use super::arithmetic::{mult_r, narrow};
use super::excitation::Excitation;
use super::frame::Frame;
use super::tables::EMPHASIS;
use super::values::{filter, ratios};
use super::{FRAME_SAMPLES, ORDER, PAIR_OCTETS, PLAIN_OCTETS, SUB_FRAME, SUB_FRAMES};

/// The pole that takes a constant offset out, 0.999 in Q15.
const OFFSET_POLE: i16 = 32_735;

/// A whole `.gsm` file; silence fills its last frame.
pub fn encode(samples: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let mut octets = Vec::with_capacity(samples.len().div_ceil(FRAME_SAMPLES) * PLAIN_OCTETS);
    for piece in samples.chunks(FRAME_SAMPLES) {
        let mut frame = [0; FRAME_SAMPLES];
        frame[..piece.len()].copy_from_slice(piece);
        octets.extend(encoder.encode_plain(&frame));
    }
    octets
}

/// The encoder's memory from frame to frame.
#[derive(Clone, Default)]
pub struct Encoder {
    last_in: i16,
    offset: i32,
    last_plain: i16,
    ratios: [i16; ORDER],
    lattice: [i16; ORDER],
    excitation: Excitation,
}

impl Encoder {
    /// One frame of a `.gsm` file.
    pub fn encode_plain(&mut self, samples: &[i16; FRAME_SAMPLES]) -> [u8; PLAIN_OCTETS] {
        self.encode(samples).write_plain()
    }

    /// A wav49 block of two frames.
    pub fn encode_pair(&mut self, samples: &[[i16; FRAME_SAMPLES]; 2]) -> [u8; PAIR_OCTETS] {
        Frame::write_pair(&[self.encode(&samples[0]), self.encode(&samples[1])])
    }

    fn encode(&mut self, samples: &[i16; FRAME_SAMPLES]) -> Frame {
        let mut signal = samples.map(|sample| self.prepare(sample));
        let coded_ratios = coded_ratios(&mut signal);
        self.flatten(&ratios(&coded_ratios), &mut signal);
        let mut quarters = signal.chunks_exact(SUB_FRAME);
        Frame {
            coded_ratios,
            subs: [(); SUB_FRAMES].map(|()| {
                let quarter = quarters.next().unwrap_or_default();
                self.excitation.code(quarter)
            }),
        }
    }

    /// Sections 5.2.1 to 5.2.3: thirteen bits, no constant offset, high tones raised.
    fn prepare(&mut self, sample: i16) -> i16 {
        let sample = sample >> 3 << 2;
        let change = i32::from(sample) - i32::from(self.last_in);
        self.last_in = sample;
        // The pole times 31 bits, in two halves.
        let (high, low) = (narrow(self.offset >> 15), (self.offset & 0x7fff) as i16);
        self.offset = (i32::from(high) * i32::from(OFFSET_POLE))
            .saturating_add((change << 15).saturating_add(mult_r(low, OFFSET_POLE).into()));
        let plain = narrow(self.offset.saturating_add(0x4000) >> 15);
        let raised = plain.saturating_add(mult_r(self.last_plain, -EMPHASIS));
        self.last_plain = plain;
        raised
    }

    /// Sections 5.2.9 and 5.2.10: the lattice filter that takes out what its eight coefficients predict.
    fn flatten(&mut self, ratios: &[i16; ORDER], signal: &mut [i16; FRAME_SAMPLES]) {
        let last = std::mem::replace(&mut self.ratios, *ratios);
        filter(&last, ratios, signal, |sample, reflections| {
            let mut passed = *sample;
            for (past, &r) in self.lattice.iter_mut().zip(reflections) {
                let before = std::mem::replace(past, passed);
                passed = before.saturating_add(mult_r(r, *sample));
                *sample = sample.saturating_add(mult_r(r, before));
            }
        });
    }
}
