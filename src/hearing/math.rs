//! Logarithm, exponential and sums that the compiler turns into vector instructions.
//!
//! The polynomials are least-squares fits on Chebyshev nodes; the tests state their errors.

/// Sums are kept apart this many times, since the compiler must not reorder a single one.
pub(super) const LANES: usize = 16;

/// Logarithm to base 2 of a positive normal number.
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let t = f32::from_bits(bits & 0x007f_ffff | 0x3f80_0000) - 1.5;
    let mut y = -0.025_123_2;
    for c in [
        0.043_928_63,
        -0.070_589_68,
        0.141_718_16,
        -0.320_632_33,
        0.961_821_23,
        0.584_962_8,
    ] {
        y = y * t + c;
    }
    exponent as f32 + y
}

/// Natural logarithm of a positive normal number.
pub(super) fn ln(x: f32) -> f32 {
    log2(x) * std::f32::consts::LN_2
}

/// e to the power of `x`, clamped to what a normal number can hold.
pub(super) fn exp(x: f32) -> f32 {
    let scaled = (x * std::f32::consts::LOG2_E).clamp(-126.0, 126.0);
    // Adding and taking away this number rounds to the nearest whole one.
    let shifted = scaled + 12_582_912.0;
    let whole = shifted - 12_582_912.0;
    let t = scaled - whole;
    let mut y = 0.001_340_04;
    for c in [
        0.009_676_04,
        0.055_503_27,
        0.240_221_07,
        std::f32::consts::LN_2,
        1.000_000_1,
    ] {
        y = y * t + c;
    }
    y * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// The logistic function.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent.
pub(super) fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

/// Sum of the products of two equally long rows.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in a.iter().zip(b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

/// Sum of a row.
pub(super) fn sum(a: &[f32]) -> f32 {
    let (chunks, rest) = a.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for x in chunks {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum += x;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Where the highest number of a row stands, the first of equals; zero for an empty row.
pub(super) fn highest(a: &[f32]) -> usize {
    let (chunks, rest) = a.as_chunks::<LANES>();
    let mut tops = [f32::MIN; LANES];
    for x in chunks {
        for (top, &x) in tops.iter_mut().zip(x) {
            *top = if x > *top { x } else { *top };
        }
    }
    let top = tops.iter().chain(rest).copied().fold(f32::MIN, f32::max);
    a.iter().position(|&x| x >= top).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_library() {
        for k in 0..20_000 {
            let x = (k as f32 - 10_000.0) / 120.0;
            let e = x.exp();
            assert!((exp(x) - e).abs() <= 4e-6 * e, "exp {x}: {} {e}", exp(x));
            assert!(
                (ln(e) - e.ln()).abs() < 2e-5,
                "ln {e}: {} {}",
                ln(e),
                e.ln()
            );
        }
        assert!(exp(-1e9) < 1e-37 && exp(1e9).is_finite());
    }

    #[test]
    fn the_highest_is_found_wherever_it_stands() {
        for n in 1..70 {
            for k in 0..n {
                let row: Vec<f32> = (0..n).map(|i| -((i as f32 - k as f32).abs())).collect();
                assert_eq!(highest(&row), k, "{n}");
            }
        }
        assert_eq!(highest(&[]), 0);
        assert_eq!(highest(&[2.0, 3.0, 3.0]), 1);
    }

    #[test]
    fn sums_do_not_depend_on_lanes() {
        let row: Vec<f32> = (0..53).map(|k| (k * k % 17) as f32).collect();
        let plain: f32 = row.iter().sum();
        let squares: f32 = row.iter().map(|x| x * x).sum();
        assert!((sum(&row) - plain).abs() < 1e-3 && (dot(&row, &row) - squares).abs() < 1e-2);
    }
}
