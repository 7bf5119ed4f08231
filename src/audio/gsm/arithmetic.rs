//! The standard's fixed-point operations (section 5.1) that Rust's integers do not have.

/// Product of two numbers in Q15, cut off.
pub(super) fn mult(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b)) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}

/// Product of two numbers in Q15, rounded.
pub(super) fn mult_r(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    product.min(i32::from(i16::MAX)) as i16
}

/// By how many places a number can be shifted up before it changes its sign.
pub(super) fn norm(number: i32) -> u32 {
    (number ^ number >> 31).leading_zeros() - 1
}

/// Quotient in Q15 of two numbers that are not negative, the first not the larger; one is the largest Q15.
pub(super) fn div(numerator: i16, denominator: i16) -> i16 {
    let quotient = (i32::from(numerator) << 15) / i32::from(denominator).max(1);
    quotient.min(i32::from(i16::MAX)) as i16
}

/// The largest magnitude; that of -32768 is 32767.
pub(super) fn peak(signal: &[i16]) -> i16 {
    let magnitudes = signal.iter().map(|sample| sample.saturating_abs());
    magnitudes.max().unwrap_or(0)
}

/// The sum of the products, doubled as the standard's `L_MULT` does.
pub(super) fn correlation(a: &[i16], b: &[i16]) -> i32 {
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
    products.sum::<i32>() << 1
}

/// The nearest number of 16 bits.
pub(super) fn narrow(number: i32) -> i16 {
    number.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
