//! The standard's tables (section 5.4) that both directions share.

use super::ORDER;

/// Bits of the eight coded log-area ratios.
pub(super) const LAR_BITS: [u32; ORDER] = [6, 6, 5, 5, 4, 4, 3, 3];

/// The quantiser of each log-area ratio (tables 4.1 and 4.2): smallest level, offset, slope and the
/// slope's reciprocal.
pub(super) const LAR_MIN: [i16; ORDER] = [-32, -32, -16, -16, -8, -8, -4, -4];
pub(super) const LAR_OFFSET: [i16; ORDER] = [0, 0, 2_048, -2_560, 94, -1_792, -341, -1_144];
pub(super) const LAR_SLOPE: [i16; ORDER] =
    [20_480, 20_480, 20_480, 20_480, 13_964, 15_360, 8_534, 9_036];
pub(super) const LAR_RECIPROCAL: [i16; ORDER] = [
    13_107, 13_107, 13_107, 13_107, 19_223, 17_476, 31_454, 29_708,
];

/// Between the gains of the long-term predictor (table 4.3a).
pub(super) const LTP_BETWEEN: [i16; 3] = [6_554, 16_384, 26_214];
/// The gains themselves (table 4.3b).
pub(super) const LTP_GAIN: [i16; 4] = [3_277, 11_469, 21_299, 32_767];

/// The weighting filter (table 4.4), Q13; its sides are alike.
pub(super) const WEIGHTING: [i16; 11] = [
    -134, -374, 0, 2_054, 5_741, 8_192, 5_741, 2_054, 0, -374, -134,
];

/// One over the mantissa of a sub-frame's largest pulse (table 4.5).
pub(super) const MANTISSA_RECIPROCAL: [i16; 8] = [
    29_128, 26_215, 23_832, 21_846, 20_165, 18_725, 17_476, 16_384,
];
/// The mantissa itself (table 4.6).
pub(super) const MANTISSA: [i16; 8] = [
    18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767,
];

/// Pre-emphasis and de-emphasis, 0.86 in Q15.
pub(super) const EMPHASIS: i16 = 28_180;
