//! From 40 ms of samples to one row of numbers: what the network sees, and what `--explain` shows.
//!
//! Spectral shape: 24 log-mel bands over two 32 ms windows. Explained cues: level over an adaptive floor, flatness,
//! flux, pitch and its motion (autocorrelation over 64 ms), how long spectral peaks stand still, how well they sit
//! on a grid of semitones, and how fast the level moves (speech: about 4 Hz).

use realfft::num_complex::Complex;

use super::math::{dot, highest, ln, log2, sum};
use super::tables::{BINS, LONG, MELS, PEAKS_FROM, PEAKS_LEN, SHORT, Tables};
use crate::audio::FRAME;

/// Samples in one step of the ear: 40 ms.
pub const STEP: usize = 2 * FRAME;

/// Explained cues behind the mel bands.
const CUES: usize = 21;

/// Numbers in one row.
pub const WIDTH: usize = MELS + CUES;

const LAGS: usize = 6;
const SHORTEST_PITCH: usize = 20;
const LONGEST_PITCH: usize = 110;

/// One row for the network: mel bands, then the cues in the order of [`Cues`].
pub type Row = [f32; WIDTH];

/// The spectrum's strongest lines, for the tone detector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lines {
    /// Frequency of the strongest line in hertz.
    pub first: f32,
    /// Frequency of the second line in hertz, zero if there is none within 15 dB.
    pub second: f32,
    /// Share of the energy above 200 Hz that lies in the two lines, 0 to 1.
    pub purity: f32,
    /// Level of the two lines in dBFS.
    pub level: f32,
}

/// The cues that people understand, as they were at the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cues {
    /// Level in dBFS above 94 Hz.
    pub level: f32,
    /// Level above the adaptive floor in dB.
    pub over_floor: f32,
    /// Spectral flatness in dB: 0 for white noise, strongly negative for lines.
    pub flatness: f32,
    /// Rise of the mel bands from frame to frame in dB.
    pub flux: f32,
    /// Strength of the pitch, 0 to 1.
    pub voicing: f32,
    /// Pitch in hertz, meaningful with voicing.
    pub pitch: f32,
    /// Motion of the pitch in semitones a step.
    pub pitch_motion: f32,
    /// Similarity of the spectral peaks to those 80 ms ago, 0 to 1.
    pub steadiness: f32,
    /// The same over 240 ms.
    pub persistence: f32,
    /// Movement of the level at syllable rate in dB.
    pub modulation: f32,
    /// How well the peaks sit on one grid of semitones, 0 to 1, over some seconds.
    pub tuning: f32,
    /// Share of the energy in the two strongest lines.
    pub purity: f32,
}

/// The running state of the features of one call.
pub(super) struct Features {
    history: [f32; LONG],
    peaks: [[f32; PEAKS_LEN]; LAGS],
    newest: usize,
    mels: [f32; MELS],
    floor: f32,
    level_fast: f32,
    level_slow: f32,
    level_slower: f32,
    modulation: f32,
    rhythm: f32,
    pitch: f32,
    grid: Complex<f32>,
    grid_weight: f32,
    persistence: f32,
    voicing: f32,
    tonal: f32,
    line: f32,
    cues: Cues,
    lines: Lines,
}

impl Features {
    pub(super) fn new() -> Self {
        Self {
            history: [0.0; LONG],
            peaks: [[0.0; PEAKS_LEN]; LAGS],
            newest: 0,
            mels: [-90.0; MELS],
            floor: -60.0,
            level_fast: -90.0,
            level_slow: -90.0,
            level_slower: -90.0,
            modulation: 0.0,
            rhythm: 0.0,
            pitch: 0.0,
            grid: Complex::new(0.0, 0.0),
            grid_weight: 0.0,
            persistence: 0.0,
            voicing: 0.0,
            tonal: 0.0,
            line: 0.0,
            cues: Cues::default(),
            lines: Lines::default(),
        }
    }

    pub(super) fn cues(&self) -> &Cues {
        &self.cues
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Takes the next 40 ms and gives the row that describes them.
    pub(super) fn step(&mut self, samples: &[i16; STEP]) -> Row {
        let tables = Tables::shared();
        self.history.copy_within(STEP.., 0);
        let fresh = LONG - STEP;
        for (to, &from) in self.history[fresh..].iter_mut().zip(samples) {
            *to = f32::from(from) / 32_768.0;
        }
        let zeros = samples.iter().filter(|&&s| s == 0).count() as f32 / STEP as f32;

        let mut row = [0.0; WIDTH];
        let (levels, flux) = self.short_frames(tables, &mut row);
        let level = decibels(f32::midpoint(levels[0], levels[1]));
        let jump = decibels(levels[1]) - decibels(levels[0]);

        let mut power = [0.0; BINS];
        tables.long_power(&self.history, &mut power);
        let flatness = flatness(&power);
        let (steadiness, persistence, peakiness) = self.compare_peaks(&power);
        self.tune();
        let (voicing, pitch) = pitch(tables, &power);
        let motion = if voicing > 0.3 && self.pitch > 0.0 {
            (12.0 * (pitch / self.pitch).log2()).clamp(-6.0, 6.0)
        } else {
            0.0
        };
        self.pitch = if voicing > 0.3 { pitch } else { 0.0 };
        let before = self.lines.first;
        self.lines = lines(&power);
        self.line += 0.2 * ((self.lines.first - before).abs().min(200.0) / 50.0 - self.line);
        self.track(level, persistence, voicing, flatness);

        let tuning = self.grid.norm() / (self.grid_weight + 1e-3);
        self.cues = Cues {
            level,
            over_floor: level - self.floor,
            flatness,
            flux,
            voicing,
            pitch,
            pitch_motion: motion,
            steadiness,
            persistence,
            modulation: self.modulation.sqrt(),
            tuning,
            purity: self.lines.purity,
        };
        row[MELS..].copy_from_slice(&[
            (level + 50.0) / 20.0,
            (level - self.floor) / 20.0,
            jump / 10.0,
            (flatness + 15.0) / 10.0,
            flux / 5.0,
            voicing * 3.0,
            if voicing > 0.3 {
                (pitch / 160.0).log2()
            } else {
                0.0
            },
            motion / 2.0,
            motion.abs() / 2.0,
            steadiness * 3.0,
            persistence * 3.0,
            peakiness / 4.0,
            self.modulation.sqrt() / 5.0,
            self.rhythm.sqrt() / 5.0,
            tuning * 3.0,
            self.persistence * 3.0,
            self.voicing * 3.0,
            (self.tonal + 15.0) / 10.0,
            self.lines.purity * 2.0,
            self.line,
            zeros,
        ]);
        row
    }

    /// Mel bands of the two 20 ms halves; gives their power and the flux.
    fn short_frames(&mut self, tables: &Tables, row: &mut Row) -> ([f32; 2], f32) {
        let mut levels = [0.0; 2];
        let mut flux = 0.0;
        let mut sums = [0.0; MELS];
        for (half, level) in levels.iter_mut().enumerate() {
            let end = LONG - FRAME * (1 - half);
            let mut bands = [0.0; MELS];
            *level = tables.mel_power(&self.history[end - SHORT..end], &mut bands);
            for (band, (sum, last)) in bands.iter().zip(sums.iter_mut().zip(&mut self.mels)) {
                *sum += band / 2.0;
                let now = decibels(*band).max(-90.0);
                flux += (now - *last).max(0.0);
                *last = now;
            }
        }
        for (to, sum) in row.iter_mut().zip(sums) {
            *to = (decibels(sum).max(-90.0) + 60.0) / 20.0;
        }
        (levels, flux / (2 * MELS) as f32)
    }

    /// Keeps the spectral peaks and compares them with those 80 and 240 ms ago.
    fn compare_peaks(&mut self, power: &[f32; BINS]) -> (f32, f32, f32) {
        let two_ago = (self.newest + LAGS - 1) % LAGS;
        let oldest = (self.newest + 1) % LAGS;
        let mut now = [0.0; PEAKS_LEN];
        peaks(power, &mut now);
        let steadiness = similarity(&now, &self.peaks[two_ago]);
        let persistence = similarity(&now, &self.peaks[oldest]);
        self.newest = oldest;
        self.peaks[oldest] = now;
        let peakiness = sum(&now) / PEAKS_LEN as f32;
        (steadiness, persistence, peakiness)
    }

    /// Adds the newest peaks to the grid of semitones, about two seconds long.
    fn tune(&mut self) {
        let now = &self.peaks[self.newest];
        let (mut sum, mut weight) = (Complex::new(0.0, 0.0), 0.0);
        for k in 8..PEAKS_LEN - 1 {
            let (a, b, c) = (now[k - 1], now[k], now[k + 1]);
            if b > 8.0 && b >= a && b > c {
                let shift = 0.5 * (a - c) / (a - 2.0 * b + c).min(-1e-3);
                let hertz = ((k + PEAKS_FROM) as f32 + shift) * Tables::LONG_HZ;
                let turn = std::f32::consts::TAU * 12.0 * (hertz / 440.0).log2();
                let (sin, cos) = turn.sin_cos();
                sum += Complex::new(cos, sin) * b;
                weight += b;
            }
        }
        self.grid = self.grid * 0.98 + sum;
        self.grid_weight = self.grid_weight * 0.98 + weight;
    }

    /// Moves the slow averages and the floor.
    fn track(&mut self, level: f32, persistence: f32, voicing: f32, flatness: f32) {
        let level = level.max(-75.0);
        let rate = if level < self.floor { 0.25 } else { 0.002 };
        self.floor += rate * (level - self.floor);
        self.level_fast += 0.7 * (level - self.level_fast);
        self.level_slow += 0.15 * (level - self.level_slow);
        self.level_slower += 0.03 * (level - self.level_slower);
        self.modulation += 0.04 * ((self.level_fast - self.level_slow).powi(2) - self.modulation);
        self.rhythm += 0.02 * ((self.level_slow - self.level_slower).powi(2) - self.rhythm);
        self.persistence += 0.02 * (persistence - self.persistence);
        self.voicing += 0.02 * (voicing - self.voicing);
        self.tonal += 0.02 * (flatness - self.tonal);
    }
}

/// Decibels of a power, floored far below anything a telephone carries.
pub(super) fn decibels(power: f32) -> f32 {
    3.010_3 * log2(power + 1e-10)
}

/// Geometric over arithmetic mean of 300 to 3,300 Hz, in dB.
fn flatness(power: &[f32; BINS]) -> f32 {
    let band = &power[19..211];
    let mean = sum(band) / band.len() as f32;
    let mut logs = 0.0;
    for four in band.chunks_exact(4) {
        let product: f32 = four.iter().map(|p| (p * 1e6 + 1e-6).min(1e8)).product();
        logs += ln(product.max(1e-30));
    }
    4.342_945 * (logs / band.len() as f32 - ln(mean * 1e6 + 1e-6))
}

/// What stands out of its neighbourhood of thirteen bins, in dB.
fn peaks(power: &[f32; BINS], out: &mut [f32; PEAKS_LEN]) {
    const REACH: usize = 6;
    let mut logs = [0.0; PEAKS_LEN + 2 * REACH];
    for (log, p) in logs.iter_mut().zip(&power[PEAKS_FROM - REACH..]) {
        *log = 3.010_3 * log2(p + 1e-11);
    }
    // Sums of two, four and eight neighbours make sums of thirteen without a running sum's chain of waits.
    let two = neighbours(&logs, &logs, 1);
    let four = neighbours(&two, &two, 2);
    let eight = neighbours(&four, &four, 4);
    let twelve = neighbours(&eight, &four, 8);
    for (k, to) in out.iter_mut().enumerate() {
        let sum = twelve[k] + logs[k + 2 * REACH];
        *to = (logs[k + REACH] - sum / (2 * REACH + 1) as f32).max(0.0);
    }
}

/// Each number of the first row plus the one `ahead` of it in the second; the last `ahead` are of no use.
fn neighbours<const N: usize>(a: &[f32; N], b: &[f32; N], ahead: usize) -> [f32; N] {
    let mut sums = [0.0; N];
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(&b[ahead..])) {
        *sum = a + b;
    }
    sums
}

fn similarity(a: &[f32; PEAKS_LEN], b: &[f32; PEAKS_LEN]) -> f32 {
    let (ab, aa, bb) = (dot(a, b), dot(a, a), dot(b, b));
    ab / (aa * bb).sqrt().max(1.0)
}

/// Strength and frequency of the pitch: the highest place of the autocorrelation of the compressed spectrum.
fn pitch(tables: &Tables, power: &[f32; BINS]) -> (f32, f32) {
    let mut lags = [0.0; LONG];
    tables.autocorrelation(power, &mut lags);
    let whole = lags[0].max(1e-9);
    let (mut best, mut at) = (0.0, SHORTEST_PITCH);
    for lag in SHORTEST_PITCH..=LONGEST_PITCH {
        let v = lags[lag];
        if v > best && v >= lags[lag - 1] && v >= lags[lag + 1] {
            best = v;
            at = lag;
        }
    }
    (
        (best / whole).clamp(0.0, 1.0),
        crate::audio::RATE_HZ as f32 / at as f32,
    )
}

/// The two strongest lines above 200 Hz.
fn lines(power: &[f32; BINS]) -> Lines {
    const FROM: usize = 13;
    const HALF: usize = 3;
    let all = sum(&power[FROM..]);
    let around = |k: usize| {
        power[k.saturating_sub(HALF).max(FROM)..(k + HALF + 1).min(BINS)]
            .iter()
            .sum::<f32>()
    };
    let place = |k: usize| {
        let (a, b, c) = (power[k - 1] + 1e-12, power[k] + 1e-12, power[k + 1] + 1e-12);
        let (a, b, c) = (a.ln(), b.ln(), c.ln());
        (k as f32 + 0.5 * (a - c) / (a - 2.0 * b + c).min(-1e-3)) * Tables::LONG_HZ
    };
    let first = FROM + highest(&power[FROM..BINS - 1]);
    let mut others = *power;
    others[first - HALF..(first + HALF + 1).min(BINS)].fill(-1.0);
    let second = FROM + highest(&others[FROM..BINS - 1]);
    let paired = power[second] > 0.03 * power[first];
    let both = around(first) + if paired { around(second) } else { 0.0 };
    Lines {
        first: place(first),
        second: if paired { place(second) } else { 0.0 },
        purity: (both / (all + 1e-9)).min(1.0),
        level: decibels(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(of: impl Fn(usize) -> f32, count: usize) -> (Features, Vec<Row>) {
        let mut features = Features::new();
        let rows = (0..count)
            .map(|s| {
                let samples = std::array::from_fn(|i| (of(s * STEP + i) * 32_767.0).round() as i16);
                features.step(&samples)
            })
            .collect();
        (features, rows)
    }

    fn sine(hertz: f32, amplitude: f32) -> impl Fn(usize) -> f32 {
        move |n| amplitude * (std::f32::consts::TAU * hertz * n as f32 / 8_000.0).sin()
    }

    #[test]
    fn level_of_a_sine_is_its_power() {
        for amplitude in [0.001, 0.03, 0.5] {
            let (features, _) = steps(sine(1_000.0, amplitude), 20);
            let expected = 20.0 * (amplitude / 2f32.sqrt()).log10();
            assert!(
                (features.cues().level - expected).abs() < 0.3,
                "{amplitude}: {:?}",
                features.cues()
            );
        }
    }

    #[test]
    fn a_line_is_found_within_two_hertz() {
        for hertz in [350.0, 400.0, 425.0, 440.0, 1_100.0, 2_100.0] {
            let (features, _) = steps(sine(hertz, 0.2), 10);
            let lines = features.lines();
            assert!(
                (lines.first - hertz).abs() < 2.0 && lines.purity > 0.98,
                "{hertz}: {lines:?}"
            );
        }
    }

    #[test]
    fn two_lines_are_told_apart() {
        let (low, high) = (sine(480.0, 0.1), sine(620.0, 0.1));
        let (features, _) = steps(|n| low(n) + high(n), 10);
        let lines = features.lines();
        let (a, b) = (lines.first.min(lines.second), lines.first.max(lines.second));
        assert!(
            (a - 480.0).abs() < 3.0 && (b - 620.0).abs() < 3.0,
            "{lines:?}"
        );
    }

    #[test]
    fn a_steady_chord_persists_and_digital_silence_has_no_pitch() {
        let chord: Vec<_> = [261.6, 329.6, 392.0].map(|f| sine(f, 0.1)).into();
        let (features, _) = steps(|n| chord.iter().map(|f| f(n)).sum(), 40);
        assert!(
            features.cues().persistence > 0.8 && features.cues().tuning > 0.4,
            "{:?}",
            features.cues()
        );
        let (features, rows) = steps(|_| 0.0, 20);
        assert!(features.cues().voicing < 0.01, "{:?}", features.cues());
        assert!(rows.iter().flatten().all(|v| v.is_finite()));
    }

    #[test]
    fn pitch_of_pulses_is_their_rate() {
        for period in [40usize, 64, 90] {
            let (features, _) = steps(|n| if n % period < 3 { 0.4 } else { -0.02 }, 12);
            let expected = 8_000.0 / period as f32;
            let found = features.cues().pitch;
            assert!(
                (found / expected - 1.0).abs() < 0.03 && features.cues().voicing > 0.3,
                "{expected}: {:?}",
                features.cues()
            );
        }
    }
}
