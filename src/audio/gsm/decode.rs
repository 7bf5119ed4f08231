//! From frames to samples.

use super::arithmetic::mult_r;
use super::frame::{Frame, SubFrame};
use super::tables::{EMPHASIS, LTP_GAIN};
use super::values::{filter, ratios};
use super::{
    FRAME_SAMPLES, LONGEST_LAG, ORDER, PAIR_OCTETS, PLAIN_OCTETS, SHORTEST_LAG, SUB_FRAME,
};

/// The decoder's memory from frame to frame.
#[derive(Clone)]
pub struct Decoder {
    ratios: [i16; ORDER],
    lag: usize,
    excitation: [i16; LONGEST_LAG],
    lattice: [i16; ORDER + 1],
    last_out: i16,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            ratios: [0; ORDER],
            lag: SHORTEST_LAG,
            excitation: [0; LONGEST_LAG],
            lattice: [0; ORDER + 1],
            last_out: 0,
        }
    }
}

impl Decoder {
    /// Decodes one frame of a `.gsm` file. The signature is not looked at.
    pub fn decode_plain(&mut self, octets: &[u8; PLAIN_OCTETS]) -> [i16; FRAME_SAMPLES] {
        self.decode(&Frame::read_plain(octets))
    }

    /// Decodes the two frames of a wav49 block.
    pub fn decode_pair(&mut self, octets: &[u8; PAIR_OCTETS]) -> [[i16; FRAME_SAMPLES]; 2] {
        Frame::read_pair(octets).map(|frame| self.decode(&frame))
    }

    fn decode(&mut self, frame: &Frame) -> [i16; FRAME_SAMPLES] {
        let mut signal = [0; FRAME_SAMPLES];
        for (sub, out) in frame.subs.iter().zip(signal.chunks_exact_mut(SUB_FRAME)) {
            out.copy_from_slice(&self.predict_long_term(sub));
        }
        self.synthesise(&ratios(&frame.coded_ratios), &mut signal);
        for sample in &mut signal {
            self.last_out = sample.saturating_add(mult_r(self.last_out, EMPHASIS));
            *sample = self.last_out.saturating_add(self.last_out) & !7;
        }
        signal
    }

    /// Section 5.3.2: the excitation of one sub-frame, pulses plus what was heard one lag ago.
    fn predict_long_term(&mut self, sub: &SubFrame) -> [i16; SUB_FRAME] {
        if (SHORTEST_LAG..=LONGEST_LAG).contains(&sub.lag) {
            self.lag = sub.lag;
        }
        let gain = LTP_GAIN[sub.gain];
        let mut excitation = sub.spread_pulses();
        for (k, value) in excitation.iter_mut().enumerate() {
            *value =
                value.saturating_add(mult_r(gain, self.excitation[LONGEST_LAG - self.lag + k]));
        }
        self.excitation.copy_within(SUB_FRAME.., 0);
        self.excitation[LONGEST_LAG - SUB_FRAME..].copy_from_slice(&excitation);
        excitation
    }

    /// Section 5.3.3: the lattice filter, its coefficients gliding from the last frame's to this one's.
    fn synthesise(&mut self, ratios: &[i16; ORDER], signal: &mut [i16; FRAME_SAMPLES]) {
        let last = std::mem::replace(&mut self.ratios, *ratios);
        filter(&last, ratios, signal, |sample, reflections| {
            for (i, &r) in reflections.iter().enumerate().rev() {
                *sample = sample.saturating_sub(mult_r(r, self.lattice[i]));
                self.lattice[i + 1] = self.lattice[i].saturating_add(mult_r(r, *sample));
            }
            self.lattice[0] = *sample;
        });
    }
}
