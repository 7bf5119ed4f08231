//! What is left of a sub-frame behind the short-term filter: what was there one pitch period ago, and
//! thirteen pulses (sections 5.2.11 to 5.2.18).

use super::arithmetic::{correlation, mult, mult_r, narrow, norm, peak};
use super::frame::SubFrame;
use super::tables::{LTP_BETWEEN, LTP_GAIN, MANTISSA_RECIPROCAL, WEIGHTING};
use super::values::exponent_and_mantissa;
use super::{LONGEST_LAG, PULSES, SHORTEST_LAG, SUB_FRAME};

const GRIDS: usize = 4;
const BEFORE: usize = WEIGHTING.len() / 2;

/// The excitation as the decoder will have it, the latest last.
#[derive(Clone)]
pub(super) struct Excitation([i16; LONGEST_LAG]);

impl Default for Excitation {
    fn default() -> Self {
        Self([0; LONGEST_LAG])
    }
}

impl Excitation {
    /// Codes what the short-term filter has left of a sub-frame.
    pub(super) fn code(&mut self, residual: &[i16]) -> SubFrame {
        let (lag, gain) = self.lag_and_gain(residual);
        let mut predicted = [0; SUB_FRAME];
        let mut left = [0; SUB_FRAME];
        for (k, &past) in self.ago(lag).iter().enumerate() {
            predicted[k] = mult_r(LTP_GAIN[gain], past);
            left[k] = residual[k].saturating_sub(predicted[k]);
        }
        let (grid, chosen) = fullest_grid(&weighted(&left));
        let (largest, pulses) = quantised(&chosen);
        let sub = SubFrame {
            lag,
            gain,
            grid,
            largest,
            pulses,
        };
        self.0.copy_within(SUB_FRAME.., 0);
        let latest = &mut self.0[LONGEST_LAG - SUB_FRAME..];
        let pulses = sub.spread_pulses();
        for ((value, pulse), predicted) in latest.iter_mut().zip(pulses).zip(predicted) {
            *value = pulse.saturating_add(predicted);
        }
        sub
    }

    fn ago(&self, lag: usize) -> &[i16] {
        &self.0[LONGEST_LAG - lag..][..SUB_FRAME]
    }

    /// Section 5.2.11: the lag at which the past is most like the sub-frame, and how much of it to take.
    fn lag_and_gain(&self, residual: &[i16]) -> (usize, usize) {
        // So small that 40 products stay below 2^31.
        let shift = 6_u32.saturating_sub(norm(i32::from(peak(residual)) << 16));
        let mut small = [0; SUB_FRAME];
        for (small, &sample) in small.iter_mut().zip(residual) {
            *small = sample >> shift;
        }
        let (mut lag, mut most) = (SHORTEST_LAG, 0);
        for candidate in SHORTEST_LAG..=LONGEST_LAG {
            let likeness = correlation(&small, self.ago(candidate));
            if likeness > most {
                (lag, most) = (candidate, likeness);
            }
        }
        let likeness = most >> (6 - shift);
        let mut past = [0; SUB_FRAME];
        for (past, &sample) in past.iter_mut().zip(self.ago(lag)) {
            *past = sample >> 3;
        }
        (lag, gain(likeness, correlation(&past, &past)))
    }
}

/// The quantised quotient of likeness and power (table 4.3a).
fn gain(likeness: i32, power: i32) -> usize {
    if likeness <= 0 {
        return 0;
    }
    if likeness >= power {
        return LTP_BETWEEN.len();
    }
    let shift = norm(power);
    let [likeness, power] = [likeness, power].map(|it| ((it << shift) >> 16) as i16);
    let below = |&&limit: &&i16| likeness > mult(power, limit);
    LTP_BETWEEN.iter().take_while(below).count()
}

/// Section 5.2.13: the weighting filter, by which the pulses say most of what the ear hears.
fn weighted(left: &[i16; SUB_FRAME]) -> [i16; SUB_FRAME] {
    let mut padded = [0; SUB_FRAME + 2 * BEFORE];
    padded[BEFORE..BEFORE + SUB_FRAME].copy_from_slice(left);
    let mut weighted = [0; SUB_FRAME];
    for (k, value) in weighted.iter_mut().enumerate() {
        let sum = 8_192 + correlation(&padded[k..k + WEIGHTING.len()], &WEIGHTING);
        *value = narrow(sum >> 14);
    }
    weighted
}

/// Section 5.2.14: every third value, from the place where that leaves most of the energy.
fn fullest_grid(values: &[i16; SUB_FRAME]) -> (usize, [i16; PULSES]) {
    let (mut grid, mut most) = (0, 0);
    for candidate in 0..GRIDS {
        let on_grid = on_grid(values, candidate).map(|value| value >> 2);
        let energy = correlation(&on_grid, &on_grid);
        if energy > most {
            (grid, most) = (candidate, energy);
        }
    }
    (grid, on_grid(values, grid))
}

fn on_grid(values: &[i16; SUB_FRAME], grid: usize) -> [i16; PULSES] {
    let mut chosen = [0; PULSES];
    for (i, value) in chosen.iter_mut().enumerate() {
        *value = values[grid + 3 * i];
    }
    chosen
}

/// Section 5.2.15: the size of the largest pulse in six bits, and each pulse in eighths of it.
fn quantised(chosen: &[i16; PULSES]) -> (i16, [i16; PULSES]) {
    let peak = peak(chosen);
    let octave = (i16::BITS - (peak >> 9).leading_zeros()) as i16;
    let largest = (peak >> (octave + 5)) + (octave << 3);
    let (exponent, mantissa) = exponent_and_mantissa(largest);
    let eighths =
        |value: i16| (mult(value << (6 - exponent), MANTISSA_RECIPROCAL[mantissa]) >> 12) + 4;
    (largest, chosen.map(eighths))
}
