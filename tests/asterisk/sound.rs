//! What callers send: 8 kHz mono, made here or taken from Asterisk's own sounds.

use std::f32::consts::TAU;
use std::fmt;
use std::fs;
use std::path::Path;

use voicemail_guard::audio::file::{Format, decode};

use crate::lab::Lab;

/// Samples at 8 kHz.
#[derive(Clone)]
pub struct Sound(Vec<i16>);

impl Sound {
    /// A caller with something to say: a long announcement, spoken by a woman, from its start.
    pub fn speech(lab: &Lab, seconds: f32) -> Self {
        Self::of_asterisk(lab, "sounds/en/demo-instruct.wav", seconds)
    }

    /// Another voice and text.
    pub fn other_speech(lab: &Lab, seconds: f32) -> Self {
        Self::of_asterisk(lab, "sounds/en/demo-congrats.wav", seconds)
    }

    /// Music as it is played to those on hold.
    pub fn hold_music(lab: &Lab, seconds: f32) -> Self {
        Self::of_asterisk(lab, "moh/macroform-cold_day.wav", seconds)
    }

    fn of_asterisk(lab: &Lab, name: &str, seconds: f32) -> Self {
        let whole = Self::read(&lab.inside(&format!("/usr/share/asterisk/{name}"))).0;
        Self(whole.into_iter().cycle().take(count(seconds)).collect())
    }

    /// These samples.
    pub fn of(samples: Vec<i16>) -> Self {
        Self(samples)
    }

    /// An open line with nobody on it: noise 60 dB below full scale.
    pub fn quiet(seconds: f32) -> Self {
        Self::noise(seconds, 0.001)
    }

    /// White noise of this level (root mean square, 1 is full scale).
    pub fn noise(seconds: f32, level: f32) -> Self {
        let mut state = 0x2545_f491_u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 - 0.5
        };
        let scale = level * 12f32.sqrt() * 32_768.0;
        Self(
            (0..count(seconds))
                .map(|_| (next() * scale) as i16)
                .collect(),
        )
    }

    /// The German busy tone: 425 Hz, 480 ms on, 480 ms off.
    pub fn busy(seconds: f32) -> Self {
        Self::cadence(425.0, 0.48, 0.48, seconds)
    }

    /// The German congestion tone: 425 Hz, 240 ms on, 240 ms off.
    pub fn congestion(seconds: f32) -> Self {
        Self::cadence(425.0, 0.24, 0.24, seconds)
    }

    /// The German ringing tone: 425 Hz, 1 s on, 4 s off.
    pub fn ringback(seconds: f32) -> Self {
        Self::cadence(425.0, 1.0, 4.0, seconds)
    }

    /// The special information tone (ITU-T E.180): 950, 1400 and 1800 Hz, 330 ms each.
    pub fn sit() -> Self {
        let tones = [950.0, 1_400.0, 1_800.0].map(|hertz| Self::tone(hertz, 0.33));
        let [first, second, third] = tones;
        first.then(&second).then(&third)
    }

    /// A fax machine that calls (ITU-T T.30): 1100 Hz, 0.5 s on, 3 s off.
    pub fn fax(seconds: f32) -> Self {
        Self::cadence(1_100.0, 0.5, 3.0, seconds)
    }

    fn cadence(hertz: f32, on: f32, off: f32, seconds: f32) -> Self {
        let sample = |n: usize| {
            let wave = (TAU * hertz * n as f32 / 8_000.0).sin();
            let sounds = n % count(on + off) < count(on);
            if sounds { (wave * 8_000.0) as i16 } else { 0 }
        };
        Self((0..count(seconds)).map(sample).collect())
    }

    /// A tone of this frequency.
    pub fn tone(hertz: f32, seconds: f32) -> Self {
        Self::cadence(hertz, seconds, 0.0, seconds)
    }

    /// The loudest 20 ms of a tone of this frequency in it; 1 is full scale.
    pub fn loudest_tone(&self, hertz: f32) -> f32 {
        let turn = |n: usize| TAU * hertz * n as f32 / 8_000.0;
        let of = |window: &[i16]| {
            let parts = window.iter().enumerate().map(|(n, &sample)| {
                let (sin, cos) = turn(n).sin_cos();
                (f32::from(sample) * sin, f32::from(sample) * cos)
            });
            let (sin, cos) = parts.fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            f32::hypot(sin, cos) * 2.0 / window.len() as f32 / 32_768.0
        };
        self.0.chunks_exact(160).map(of).fold(0.0, f32::max)
    }

    /// These keys as tones in the sound (ITU-T Q.23): 100 ms each, and as long between them.
    pub fn keys(keys: &str) -> Self {
        let tone = |key: char| {
            let place = "123456789*0#".find(key).expect("a key of a telephone");
            let row = [697.0, 770.0, 852.0, 941.0][place / 3];
            let column = [1_209.0, 1_336.0, 1_477.0][place % 3];
            let wave = move |hertz: f32, n: usize| (TAU * hertz * n as f32 / 8_000.0).sin();
            let sample = move |n| ((wave(row, n) + wave(column, n)) * 5_000.0) as i16;
            (0..count(0.1)).map(sample).chain(Self::quiet(0.1).0)
        };
        Self(keys.chars().flat_map(tone).collect())
    }

    /// The same, so many times as loud.
    pub fn louder(mut self, times: f32) -> Self {
        for sample in &mut self.0 {
            *sample = (f32::from(*sample) * times) as i16;
        }
        self
    }

    /// This with the other one behind it.
    pub fn over(mut self, behind: &Self) -> Self {
        for (sample, other) in self.0.iter_mut().zip(&behind.0) {
            *sample = sample.saturating_add(*other);
        }
        self
    }

    /// This, then that.
    pub fn then(mut self, next: &Self) -> Self {
        self.0.extend(&next.0);
        self
    }

    /// Reads a recording.
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(decode(&bytes, Format::Wav).unwrap().samples)
    }

    /// What one of the example callers sends after the beep (examples/calls).
    pub fn of_example(name: &str) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/calls");
        Self::read(&examples.join(name).with_extension("wav"))
    }

    /// Writes it as a WAV file.
    pub fn write(&self, path: &Path) {
        fs::write(path, self.wav()).unwrap();
    }

    /// It as a WAV file.
    pub fn wav(&self) -> Vec<u8> {
        let bytes = self.0.len() as u32 * 2;
        let mut wav = b"RIFF".to_vec();
        wav.extend((bytes + 36).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
        wav.extend(bytes.to_le_bytes());
        wav.extend(self.0.iter().flat_map(|sample| sample.to_le_bytes()));
        wav
    }

    /// Its samples.
    pub fn samples(&self) -> &[i16] {
        &self.0
    }

    /// What lies between these seconds of it.
    pub fn between(&self, from: f32, to: f32) -> Self {
        let end = count(to).min(self.0.len());
        Self(self.0[count(from).min(end)..end].to_vec())
    }

    /// How long it lasts.
    pub fn seconds(&self) -> f32 {
        self.0.len() as f32 / 8_000.0
    }

    /// The root mean square, 1 is full scale.
    pub fn level(&self) -> f32 {
        let squares: f64 = self.0.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
        (squares / self.0.len().max(1) as f64).sqrt() as f32 / 32_768.0
    }

    /// As it goes over the telephone line (ITU-T G.711, A-law).
    pub fn alaw(&self) -> Vec<u8> {
        self.0.iter().map(|&sample| alaw(sample)).collect()
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s at level {:.4}", self.seconds(), self.level())
    }
}

fn count(seconds: f32) -> usize {
    (seconds * 8_000.0) as usize
}

fn alaw(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let magnitude = (if sample >= 0 { sample } else { !sample }) as u16 >> 3;
    let segment = (16 - magnitude.leading_zeros() as u16).saturating_sub(5);
    let step = magnitude >> segment.max(1) & 0x0f;
    (sign | (segment << 4 | step) as u8) ^ 0x55
}

/// How alike two sounds are as far as both go (1: the same, but for the level).
pub fn likeness(original: &[i16], heard: &[i16]) -> f64 {
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (&a, &b) in original.iter().zip(heard) {
        let (a, b) = (f64::from(a), f64::from(b));
        both += a * b;
        one += a * a;
        other += b * b;
    }
    both / (one * other).sqrt().max(1.0)
}
