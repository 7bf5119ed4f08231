//! GSM full rate, 13 kbit/s: the decoder (ETSI EN 300 961, formerly GSM 06.10).
//!
//! A frame of 260 bits becomes 160 samples at 8 kHz: eight reflection coefficients for the whole frame,
//! and for each of its four sub-frames a long-term predictor and thirteen regularly spaced pulses. The
//! arithmetic is the standard's 16-bit fixed point, so the samples are the same as every other decoder's.
//!
//! Two ways to pack the bits are met in files: one frame in 33 octets, most significant bit first behind
//! a signature of four bits (`.gsm`), and two frames in 65 octets, least significant bit first (`.WAV`,
//! "wav49", format tag 0x31).

/// Samples in a frame.
pub const FRAME_SAMPLES: usize = 160;

/// Octets of one frame in a `.gsm` file.
pub const PLAIN_OCTETS: usize = 33;

/// Octets of two frames in a wav49 file.
pub const PAIR_OCTETS: usize = 65;

const SUB_FRAME: usize = 40;
const SUB_FRAMES: usize = 4;
const PULSES: usize = 13;
const ORDER: usize = 8;
const LONGEST_LAG: usize = 120;
const SHORTEST_LAG: usize = 40;

/// Bits of the eight coded log-area ratios.
const LAR_BITS: [u32; ORDER] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Smallest value, offset and reciprocal slope of each ratio's quantiser (table 4.1 and 4.2).
const LAR_MIN: [i16; ORDER] = [-32, -32, -16, -16, -8, -8, -4, -4];
const LAR_OFFSET: [i16; ORDER] = [0, 0, 2_048, -2_560, 94, -1_792, -341, -1_144];
const LAR_SLOPE: [i16; ORDER] = [
    13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708,
];
/// Gains of the long-term predictor (table 4.3b).
const LTP_GAIN: [i16; 4] = [3_277, 11_469, 21_299, 32_767];
/// Normalised mantissas of a sub-frame's largest pulse (table 4.6).
const MANTISSA: [i16; 8] = [
    18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767,
];
/// De-emphasis, 0.86 in Q15.
const DE_EMPHASIS: i16 = 28_180;

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
        let mut bits = Bits::msb_first(octets);
        bits.take(4);
        self.decode(&Frame::read(&mut bits))
    }

    /// Decodes the two frames of a wav49 block.
    pub fn decode_pair(&mut self, octets: &[u8; PAIR_OCTETS]) -> [[i16; FRAME_SAMPLES]; 2] {
        let mut bits = Bits::lsb_first(octets);
        [(); 2].map(|()| self.decode(&Frame::read(&mut bits)))
    }

    fn decode(&mut self, frame: &Frame) -> [i16; FRAME_SAMPLES] {
        let mut signal = [0; FRAME_SAMPLES];
        for (sub, out) in frame.subs.iter().zip(signal.chunks_exact_mut(SUB_FRAME)) {
            out.copy_from_slice(&self.predict_long_term(sub));
        }
        self.synthesise(&frame.ratios(), &mut signal);
        for sample in &mut signal {
            self.last_out = sample.saturating_add(mult_r(self.last_out, DE_EMPHASIS));
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
        let mut excitation = sub.pulses();
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
        let glide = |mix: fn(i16, i16) -> i16| {
            let mut reflections = [0; ORDER];
            for i in 0..ORDER {
                reflections[i] = reflection(mix(last[i], ratios[i]));
            }
            reflections
        };
        let stretches: [(usize, [i16; ORDER]); 4] = [
            (
                13,
                glide(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(old >> 1)),
            ),
            (27, glide(|old, new| (old >> 1).saturating_add(new >> 1))),
            (
                40,
                glide(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(new >> 1)),
            ),
            (FRAME_SAMPLES, glide(|_, new| new)),
        ];
        let mut start = 0;
        for (end, reflections) in stretches {
            for sample in &mut signal[start..end] {
                for (i, &r) in reflections.iter().enumerate().rev() {
                    *sample = sample.saturating_sub(mult_r(r, self.lattice[i]));
                    self.lattice[i + 1] = self.lattice[i].saturating_add(mult_r(r, *sample));
                }
                self.lattice[0] = *sample;
            }
            start = end;
        }
    }
}

/// The parameters of a frame as transmitted.
struct Frame {
    coded_ratios: [i16; ORDER],
    subs: [SubFrame; SUB_FRAMES],
}

struct SubFrame {
    lag: usize,
    gain: usize,
    grid: usize,
    largest: i16,
    pulses: [i16; PULSES],
}

impl Frame {
    fn read(bits: &mut Bits) -> Self {
        Self {
            coded_ratios: LAR_BITS.map(|width| bits.take(width) as i16),
            subs: [(); SUB_FRAMES].map(|()| SubFrame {
                lag: bits.take(7),
                gain: bits.take(2),
                grid: bits.take(2),
                largest: bits.take(6) as i16,
                pulses: [(); PULSES].map(|()| bits.take(3) as i16),
            }),
        }
    }

    /// Section 5.2.8, inverse: the log-area ratios.
    fn ratios(&self) -> [i16; ORDER] {
        let mut ratios = [0; ORDER];
        for i in 0..ORDER {
            let level = (self.coded_ratios[i] + LAR_MIN[i]) << 10;
            let half = mult_r(LAR_SLOPE[i], level.saturating_sub(LAR_OFFSET[i] << 1));
            ratios[i] = half.saturating_add(half);
        }
        ratios
    }
}

impl SubFrame {
    /// Section 5.2.16 and 5.2.17: the pulses with their size, on their grid.
    fn pulses(&self) -> [i16; SUB_FRAME] {
        let (exponent, mantissa) = self.exponent_and_mantissa();
        let shift = 6 - exponent;
        let rounding = if shift > 0 { 1 << (shift - 1) } else { 0 };
        let mut spread = [0; SUB_FRAME];
        for (i, &pulse) in self.pulses.iter().enumerate() {
            let size = mult_r(MANTISSA[mantissa], (2 * pulse - 7) << 12);
            spread[self.grid + 3 * i] = size.saturating_add(rounding) >> shift;
        }
        spread
    }

    fn exponent_and_mantissa(&self) -> (i16, usize) {
        let mut exponent = if self.largest > 15 {
            (self.largest >> 3) - 1
        } else {
            0
        };
        let mut mantissa = self.largest - (exponent << 3);
        if mantissa == 0 {
            return (-4, 7);
        }
        while mantissa <= 7 {
            mantissa = mantissa << 1 | 1;
            exponent -= 1;
        }
        (exponent, (mantissa - 8) as usize)
    }
}

/// Section 5.2.9.2: a log-area ratio as a reflection coefficient, by three straight lines.
fn reflection(ratio: i16) -> i16 {
    let magnitude = ratio.saturating_abs();
    let bent = if magnitude < 11_059 {
        magnitude << 1
    } else if magnitude < 20_070 {
        magnitude + 11_059
    } else {
        (magnitude >> 2).saturating_add(26_112)
    };
    if ratio < 0 { -bent } else { bent }
}

/// Product of two numbers in Q15, rounded.
fn mult_r(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}

/// Reads fields of a few bits.
struct Bits<'a> {
    octets: &'a [u8],
    at: usize,
    msb_first: bool,
}

impl<'a> Bits<'a> {
    fn msb_first(octets: &'a [u8]) -> Self {
        Self {
            octets,
            at: 0,
            msb_first: true,
        }
    }

    fn lsb_first(octets: &'a [u8]) -> Self {
        Self {
            octets,
            at: 0,
            msb_first: false,
        }
    }

    fn take(&mut self, width: u32) -> usize {
        (0..width).fold(0, |field, i| {
            let (octet, bit) = (self.octets[self.at / 8], self.at % 8);
            self.at += 1;
            if self.msb_first {
                field << 1 | usize::from(octet >> (7 - bit) & 1)
            } else {
                field | usize::from(octet >> bit & 1) << i
            }
        })
    }
}
