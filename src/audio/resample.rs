//! From any usual rate to 8 kHz, by a polyphase filter of our own.
//!
//! One linear-phase low-pass serves every rate: flat to 3.5 kHz, the telephone band and a little more,
//! and at least 70 dB down from 4.3 kHz. What lies between 4.0 and 4.3 kHz folds onto 3.7 to 4.0 kHz,
//! above the band of ITU-T G.711, which saves a third of the work. It is a windowed sinc with Kaiser's
//! window; its length follows from the rate (Kaiser's formula). For a ratio of L/M the prototype is cut
//! into L phases and each output sample costs one phase: 48 kHz to 8 kHz is the plain case L = 1, M = 6.
//!
//! The delay of the filter is taken out: output sample `k` belongs to the instant `k / 8000` s of the
//! input. Samples may come in any chunking; the output is the same, since each output sample is computed
//! once, from the same window, in the same order.

use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

use super::RATE_HZ;

/// Lowest and highest rate, in samples a second.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;

const PASS_HZ: f64 = 3_500.0;
const STOP_HZ: f64 = 4_300.0;
const REJECTION_DB: f64 = 72.0;
/// 11,025 Hz needs 320 phases; an odd rate such as 11,026 Hz would need thousands.
const MOST_PHASES: u32 = 640;
/// Sums run in this many lanes; phases are padded to a multiple.
const LANES: usize = 8;

/// A rate that cannot be brought to 8 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} samples a second; a usual rate is expected: 8, 11.025, 12, 16, 22.05, 24, 32, 44.1, 48, 96 or 192 kHz"
)]
pub struct UnusualRate(pub u32);

/// Brings one stream to 8 kHz.
pub struct Resampler {
    filter: Option<Arc<Filter>>,
    /// Input that is still needed, oldest first; begins with zeros for the time before the start.
    window: Vec<f32>,
    /// Where in `window` the next output sample's phase begins.
    next: usize,
    /// Its phase.
    phase: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// For input of this rate.
    pub fn new(rate_hz: u32) -> Result<Self, UnusualRate> {
        let filter = Filter::of(rate_hz)?;
        let lead = filter.as_ref().map_or(0, |filter| filter.lead);
        Ok(Self {
            filter,
            window: vec![0.0; lead],
            next: 0,
            phase: 0,
            taken: 0,
            given: 0,
        })
    }

    /// Takes samples and appends what they make possible.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        let Some(filter) = self.filter.clone() else {
            out.extend_from_slice(samples);
            return;
        };
        self.window
            .extend(samples.iter().map(|&sample| f32::from(sample)));
        self.filter_window(&filter, u64::MAX, out);
        self.window.drain(..self.next);
        self.next = 0;
    }

    /// Ends the stream: appends what the filter still holds. Every instant of the input has its output.
    pub fn finish(mut self, out: &mut Vec<i16>) {
        let Some(filter) = self.filter.take() else {
            return;
        };
        let due = (self.taken * u64::from(filter.phases)).div_ceil(u64::from(filter.step));
        self.window.resize(self.window.len() + filter.width, 0.0);
        self.filter_window(&filter, due, out);
    }

    fn filter_window(&mut self, filter: &Filter, due: u64, out: &mut Vec<i16>) {
        while self.given < due {
            let Some(input) = self.window.get(self.next..self.next + filter.width) else {
                break;
            };
            let taps = &filter.taps[self.phase * filter.width..][..filter.width];
            out.push(dot(taps, input).round() as i16);
            self.given += 1;
            let ahead = self.phase + filter.step as usize;
            self.next += ahead / filter.phases as usize;
            self.phase = ahead % filter.phases as usize;
        }
    }
}

/// The prototype, cut into phases; each phase's taps in the order of the input.
struct Filter {
    phases: u32,
    step: u32,
    width: usize,
    /// Zeros before the first input sample, so that the first output belongs to it.
    lead: usize,
    taps: Vec<f32>,
}

impl Filter {
    /// `None` for 8 kHz, which passes through untouched.
    fn of(rate_hz: u32) -> Result<Option<Arc<Self>>, UnusualRate> {
        static FROM_48_KHZ: OnceLock<Arc<Filter>> = OnceLock::new();
        let common = gcd(rate_hz, RATE_HZ);
        if !RATES_HZ.contains(&rate_hz) || RATE_HZ / common > MOST_PHASES {
            return Err(UnusualRate(rate_hz));
        }
        let (phases, step) = (RATE_HZ / common, rate_hz / common);
        Ok(match rate_hz {
            RATE_HZ => None,
            // Every live call needs this one.
            48_000 => Some(Arc::clone(
                FROM_48_KHZ.get_or_init(|| Arc::new(Self::design(phases, step))),
            )),
            _ => Some(Arc::new(Self::design(phases, step))),
        })
    }

    fn design(phases: u32, step: u32) -> Self {
        // In units of the input rate, the prototype at `phases` times that rate.
        let rate = f64::from(RATE_HZ) * f64::from(step) / f64::from(phases);
        let cut = f64::midpoint(PASS_HZ, STOP_HZ) / rate;
        let transition = 2.0 * PI * (STOP_HZ - PASS_HZ) / rate;
        let half = ((REJECTION_DB - 7.95) / (2.285 * transition) / 2.0).ceil();
        let beta = 0.1102 * (REJECTION_DB - 8.7);
        let width = (2 * half as usize + 1).next_multiple_of(LANES);
        let mut taps = Vec::with_capacity(width * phases as usize);
        for phase in 0..phases {
            let offset = f64::from(phase) / f64::from(phases);
            let at = |i: usize| i as f64 - half - offset;
            let ideal: Vec<f64> = (0..width)
                .map(|i| sinc(2.0 * cut * at(i)) * kaiser(at(i) / (half + 1.0), beta))
                .collect();
            let gain: f64 = ideal.iter().sum();
            taps.extend(ideal.iter().map(|tap| (tap / gain) as f32));
        }
        Self {
            phases,
            step,
            width,
            lead: half as usize,
            taps,
        }
    }
}

/// Sums in lanes, always in the same order.
fn dot(taps: &[f32], input: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (taps, input) = (taps.as_chunks::<LANES>().0, input.as_chunks::<LANES>().0);
    for (taps, input) in taps.iter().zip(input) {
        for lane in 0..LANES {
            lanes[lane] += taps[lane] * input[lane];
        }
    }
    lanes.iter().sum()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-12 {
        return 1.0;
    }
    (PI * x).sin() / (PI * x)
}

/// Kaiser's window; `x` from -1 to 1, zero outside.
fn kaiser(x: f64, beta: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside <= 0.0 {
        return 0.0;
    }
    bessel_i0(beta * inside.sqrt()) / bessel_i0(beta)
}

/// Modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    while term > sum * 1e-12 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u32; 11] = [
        8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000,
    ];

    fn resample(rate: u32, samples: &[i16]) -> Vec<i16> {
        let mut resampler = Resampler::new(rate).unwrap();
        let mut out = Vec::new();
        resampler.push(samples, &mut out);
        resampler.finish(&mut out);
        out
    }

    fn sine(rate: u32, hz: f64, secs: f64) -> Vec<i16> {
        (0..(f64::from(rate) * secs) as usize)
            .map(|i| ((i as f64 * hz * 2.0 * PI / f64::from(rate)).sin() * 29_000.0).round() as i16)
            .collect()
    }

    /// Level of the middle of a sine after resampling against the level before, in dB.
    fn gain_db(rate: u32, hz: f64) -> f64 {
        let out = resample(rate, &sine(rate, hz, 0.4));
        let middle = &out[800..2_400];
        let power = middle.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / 1_600.0;
        10.0 * (power / (29_000.0_f64.powi(2) / 2.0)).log10()
    }

    #[test]
    fn the_telephone_band_passes_flat() {
        for rate in RATES {
            for hz in [100.0, 300.0, 1_000.0, 2_150.0, 3_000.0, 3_400.0, 3_500.0] {
                let gain = gain_db(rate, hz);
                assert!(gain.abs() < 0.05, "{rate} Hz, {hz} Hz: {gain:.3} dB");
            }
        }
    }

    #[test]
    fn what_would_fold_into_the_telephone_band_is_rejected() {
        for rate in RATES {
            let mut hz = 4_310.0;
            while hz < f64::from(rate) / 2.0 - 50.0 {
                let gain = gain_db(rate, hz);
                assert!(gain < -68.0, "{rate} Hz, {hz} Hz: {gain:.1} dB");
                hz *= if rate > 48_000 { 1.37 } else { 1.11 };
            }
        }
    }

    #[test]
    fn instants_stay_where_they_were() {
        for rate in RATES {
            let mut click = vec![0; rate as usize / 2];
            // A smooth bump around 0.25 s, wide enough to survive the low-pass.
            let centre = f64::from(rate) / 4.0;
            for (i, sample) in click.iter_mut().enumerate() {
                let t = (i as f64 - centre) / f64::from(rate) * 1_000.0;
                *sample = (20_000.0 * (-t * t).exp()).round() as i16;
            }
            let out = resample(rate, &click);
            assert_eq!(out.len(), (click.len() * 8_000).div_ceil(rate as usize));
            let peak = (0..out.len()).max_by_key(|&i| out[i]).unwrap();
            assert!(peak.abs_diff(2_000) <= 1, "{rate} Hz: {peak}");
        }
    }

    #[test]
    fn every_chunking_gives_the_same_samples() {
        for rate in RATES {
            let input = sine(rate, 440.0, 0.1);
            let whole = resample(rate, &input);
            for size in [1, 7, 160, 1_000] {
                let mut resampler = Resampler::new(rate).unwrap();
                let mut out = Vec::new();
                for chunk in input.chunks(size) {
                    resampler.push(chunk, &mut out);
                }
                resampler.finish(&mut out);
                assert_eq!(out, whole, "{rate} Hz in chunks of {size}");
            }
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<i16> = (0..48_000)
            .map(|i| if i / 60 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let out = resample(48_000, &square);
        // 400 Hz: ten samples up, ten down; between the flanks nothing may have the other sign.
        for (i, &sample) in out.iter().enumerate().skip(20).take(7_900) {
            if (3..7).contains(&(i % 10)) {
                assert_eq!(sample > 0, i / 10 % 2 == 0, "sample {i}: {sample}");
            }
        }
    }

    #[test]
    fn odd_rates_are_refused_with_their_number() {
        for rate in [0, 1, 7_999, 11_026, 192_001, u32::MAX] {
            assert_eq!(Resampler::new(rate).err(), Some(UnusualRate(rate)));
        }
    }
}
