//! The shape of a frame's spectrum: eight coded log-area ratios (sections 5.2.4 to 5.2.7).

use super::arithmetic::{correlation, div, mult, mult_r, norm, peak};
use super::tables::{LAR_BITS, LAR_MIN, LAR_OFFSET, LAR_SLOPE};
use super::{FRAME_SAMPLES, ORDER};

/// The coded log-area ratios of a frame.
///
/// A loud frame loses the bits that its analysis cannot hold, in `signal` itself: the standard's filter
/// goes on with what is left.
pub(super) fn coded_ratios(signal: &mut [i16; FRAME_SAMPLES]) -> [i16; ORDER] {
    let reflections = reflections(&autocorrelation(signal));
    let mut coded = [0; ORDER];
    for i in 0..ORDER {
        coded[i] = quantised(log_area_ratio(reflections[i]), i);
    }
    coded
}

/// Section 5.2.4: how alike the frame is to itself 0 to 8 samples later.
fn autocorrelation(signal: &mut [i16; FRAME_SAMPLES]) -> [i32; ORDER + 1] {
    // The sum of 160 squares stays below 2^31 where samples are below 2^11.
    let headroom = norm(i32::from(peak(signal)) << 16);
    let shift = 4_u32.saturating_sub(headroom);
    if shift > 0 {
        let scale = 1 << (15 - shift);
        for sample in &mut *signal {
            *sample = mult_r(*sample, scale);
        }
    }
    let mut likeness = [0; ORDER + 1];
    for (lag, sum) in likeness.iter_mut().enumerate() {
        *sum = correlation(&signal[lag..], signal);
    }
    for sample in &mut *signal {
        *sample <<= shift;
    }
    likeness
}

/// Section 5.2.5: Schur's recursion, one reflection coefficient a round.
fn reflections(likeness: &[i32; ORDER + 1]) -> [i16; ORDER] {
    let mut reflections = [0; ORDER];
    if likeness[0] == 0 {
        return reflections;
    }
    let shift = norm(likeness[0]);
    let mut forward = likeness.map(|sum| ((sum << shift) >> 16) as i16);
    let mut backward = forward;
    for (n, reflection) in reflections.iter_mut().enumerate() {
        let size = forward[1].saturating_abs();
        if forward[0] < size {
            break;
        }
        let quotient = div(size, forward[0]);
        let r = if forward[1] > 0 { -quotient } else { quotient };
        *reflection = r;
        forward[0] = forward[0].saturating_add(mult_r(forward[1], r));
        for m in 1..ORDER - n {
            let ahead = forward[m + 1];
            forward[m] = ahead.saturating_add(mult_r(backward[m], r));
            backward[m] = backward[m].saturating_add(mult_r(ahead, r));
        }
    }
    reflections
}

/// Section 5.2.6: a reflection coefficient as a log-area ratio, by three straight lines.
fn log_area_ratio(reflection: i16) -> i16 {
    let magnitude = reflection.saturating_abs();
    let bent = if magnitude < 22_118 {
        magnitude >> 1
    } else if magnitude < 31_130 {
        magnitude - 11_059
    } else {
        (magnitude - 26_112) << 2
    };
    if reflection < 0 { -bent } else { bent }
}

/// Section 5.2.7: the level of the `i`th ratio's quantiser.
fn quantised(ratio: i16, i: usize) -> i16 {
    let rounded = mult(LAR_SLOPE[i], ratio)
        .saturating_add(LAR_OFFSET[i])
        .saturating_add(256);
    let levels = 1 << LAR_BITS[i];
    ((rounded >> 9) - LAR_MIN[i]).clamp(0, levels - 1)
}
