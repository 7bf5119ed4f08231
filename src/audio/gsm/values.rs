//! From coded parameters back to what they stand for: the decoder's way, which the encoder goes as well,
//! since it predicts from what the decoder will have.

use super::arithmetic::mult_r;
use super::frame::SubFrame;
use super::tables::{LAR_MIN, LAR_OFFSET, LAR_RECIPROCAL, MANTISSA};
use super::{FRAME_SAMPLES, ORDER, SUB_FRAME};

/// Section 5.2.8: the log-area ratios.
pub(super) fn ratios(coded: &[i16; ORDER]) -> [i16; ORDER] {
    let mut ratios = [0; ORDER];
    for i in 0..ORDER {
        let level = (coded[i] + LAR_MIN[i]) << 10;
        let half = mult_r(LAR_RECIPROCAL[i], level.saturating_sub(LAR_OFFSET[i] << 1));
        ratios[i] = half.saturating_add(half);
    }
    ratios
}

impl SubFrame {
    /// Sections 5.2.16 and 5.2.17: the pulses with their size, on their grid.
    pub(super) fn spread_pulses(&self) -> [i16; SUB_FRAME] {
        let (exponent, mantissa) = exponent_and_mantissa(self.largest);
        let shift = 6 - exponent;
        let rounding = if shift > 0 { 1 << (shift - 1) } else { 0 };
        let mut spread = [0; SUB_FRAME];
        for (i, &pulse) in self.pulses.iter().enumerate() {
            let size = mult_r(MANTISSA[mantissa], (2 * pulse - 7) << 12);
            spread[self.grid + 3 * i] = size.saturating_add(rounding) >> shift;
        }
        spread
    }
}

/// Section 5.2.15: the size of a sub-frame's largest pulse, out of its six bits.
pub(super) fn exponent_and_mantissa(largest: i16) -> (i16, usize) {
    let mut exponent = if largest > 15 { (largest >> 3) - 1 } else { 0 };
    let mut mantissa = largest - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = mantissa << 1 | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize)
}

/// Filters a frame sample by sample, with reflection coefficients that glide from the last frame's ratios to
/// the new ones.
pub(super) fn filter(
    last: &[i16; ORDER],
    new: &[i16; ORDER],
    signal: &mut [i16; FRAME_SAMPLES],
    mut each: impl FnMut(&mut i16, &[i16; ORDER]),
) {
    let mut start = 0;
    for (end, reflections) in glide(last, new) {
        for sample in &mut signal[start..end] {
            each(sample, &reflections);
        }
        start = end;
    }
}

/// Section 5.2.9: the reflection coefficients, each set with the sample before which it ends.
fn glide(last: &[i16; ORDER], new: &[i16; ORDER]) -> [(usize, [i16; ORDER]); 4] {
    let mixed = |mix: fn(i16, i16) -> i16| {
        let mut reflections = [0; ORDER];
        for i in 0..ORDER {
            reflections[i] = reflection(mix(last[i], new[i]));
        }
        reflections
    };
    [
        (
            13,
            mixed(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(old >> 1)),
        ),
        (27, mixed(|old, new| (old >> 1).saturating_add(new >> 1))),
        (
            40,
            mixed(|old, new| (old >> 2).saturating_add(new >> 2).saturating_add(new >> 1)),
        ),
        (FRAME_SAMPLES, mixed(|_, new| new)),
    ]
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
