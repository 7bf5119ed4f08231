//! What all ears share: windows, Fourier transforms and the mel filter bank, made once.

use std::sync::{Arc, LazyLock};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::audio::RATE_HZ;

/// Samples of the short window: 32 ms.
pub(super) const SHORT: usize = 256;
/// Samples of the long window: 64 ms.
pub(super) const LONG: usize = 512;
/// Bins of the long spectrum.
pub(super) const BINS: usize = LONG / 2 + 1;
/// Mel bands between 100 and 3,900 Hz.
pub(super) const MELS: usize = 24;
/// First bin whose peaks are followed: 140 Hz.
pub(super) const PEAKS_FROM: usize = 9;
/// Bins whose peaks are followed: up to 3,100 Hz.
pub(super) const PEAKS_LEN: usize = 192;

const SHORT_BINS: usize = SHORT / 2 + 1;
/// The first bin that counts for the level: everything below is hum.
const LOWEST_BIN: usize = 3;
/// Room that the transforms ask for as scratch, checked when the tables are made.
const SCRATCH: usize = LONG / 2;

pub(super) struct Tables {
    short: Arc<dyn RealToComplex<f32>>,
    long: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    short_window: [f32; SHORT],
    long_window: [f32; LONG],
    /// Per bin: the band whose rising side it lies on, and the share that goes there; the rest goes to the band below.
    mel: [(u8, f32); SHORT_BINS],
}

impl Tables {
    /// Hertz between two bins of the long spectrum.
    pub(super) const LONG_HZ: f32 = RATE_HZ as f32 / LONG as f32;

    pub(super) fn shared() -> &'static Self {
        static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);
        &TABLES
    }

    fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let tables = Self {
            short: planner.plan_fft_forward(SHORT),
            long: planner.plan_fft_forward(LONG),
            back: planner.plan_fft_inverse(LONG),
            short_window: hann(),
            long_window: hann(),
            mel: mel_bank(),
        };
        assert!(
            tables.short.get_scratch_len() <= SCRATCH
                && tables.long.get_scratch_len() <= SCRATCH
                && tables.back.get_scratch_len() <= SCRATCH,
            "the transforms need more scratch than planned"
        );
        tables
    }

    /// Power in each mel band of 32 ms of samples; gives the power above 94 Hz.
    pub(super) fn mel_power(&self, samples: &[f32], bands: &mut [f32; MELS]) -> f32 {
        let mut windowed = [0.0; SHORT];
        for ((to, from), w) in windowed.iter_mut().zip(samples).zip(&self.short_window) {
            *to = from * w;
        }
        let mut spectrum = [Complex::new(0.0, 0.0); SHORT_BINS];
        transform(&*self.short, &mut windowed, &mut spectrum);
        let mut all = 0.0;
        for (bin, &(band, share)) in spectrum.iter().zip(&self.mel).skip(LOWEST_BIN) {
            let power = bin.norm_sqr();
            all += power;
            let band = usize::from(band);
            if band < MELS {
                bands[band] += power * share;
            }
            if (1..=MELS).contains(&band) {
                bands[band - 1] += power * (1.0 - share);
            }
        }
        all
    }

    /// Power in each bin of 64 ms of samples.
    pub(super) fn long_power(&self, samples: &[f32; LONG], power: &mut [f32; BINS]) {
        let mut windowed = [0.0; LONG];
        for ((to, from), w) in windowed.iter_mut().zip(samples).zip(&self.long_window) {
            *to = from * w;
        }
        let mut spectrum = [Complex::new(0.0, 0.0); BINS];
        transform(&*self.long, &mut windowed, &mut spectrum);
        for (to, bin) in power.iter_mut().zip(&spectrum) {
            *to = bin.norm_sqr();
        }
    }

    /// Autocorrelation of what has this power, its spectrum compressed to the square root.
    pub(super) fn autocorrelation(&self, power: &[f32; BINS], lags: &mut [f32; LONG]) {
        let mut spectrum = [Complex::new(0.0, 0.0); BINS];
        for (to, p) in spectrum.iter_mut().zip(power).skip(5).take(BINS - 6) {
            to.re = p.sqrt();
        }
        let mut scratch = [Complex::new(0.0, 0.0); SCRATCH];
        let scratch = &mut scratch[..self.back.get_scratch_len()];
        self.back
            .process_with_scratch(&mut spectrum, lags, scratch)
            .expect("lengths are constants and the ends of the spectrum are real");
    }
}

fn transform(fft: &dyn RealToComplex<f32>, samples: &mut [f32], spectrum: &mut [Complex<f32>]) {
    let mut scratch = [Complex::new(0.0, 0.0); SCRATCH];
    let scratch = &mut scratch[..fft.get_scratch_len()];
    fft.process_with_scratch(samples, spectrum, scratch)
        .expect("lengths are constants");
}

/// A Hann window, scaled so that the powers of all bins add up to the mean square of the samples.
fn hann<const N: usize>() -> [f32; N] {
    let step = std::f64::consts::TAU / N as f64;
    let scale = (2.0 / (N as f64 * 0.375 * N as f64)).sqrt();
    std::array::from_fn(|n| (scale * (0.5 - 0.5 * (step * n as f64).cos())) as f32)
}

/// Triangles between 100 and 3,900 Hz, equally wide on the mel scale (O'Shaughnessy's formula).
fn mel_bank() -> [(u8, f32); SHORT_BINS] {
    let mel = |hertz: f64| 1127.0 * (hertz / 700.0).ln_1p();
    let (low, high) = (mel(100.0), mel(3_900.0));
    let width = (high - low) / (MELS + 1) as f64;
    std::array::from_fn(|bin| {
        let hertz = bin as f64 * f64::from(RATE_HZ) / SHORT as f64;
        let place = (mel(hertz) - low) / width;
        if place < 0.0 || place >= (MELS + 1) as f64 {
            (u8::MAX, 0.0)
        } else {
            (place as u8, place.fract() as f32)
        }
    })
}
