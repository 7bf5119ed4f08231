//! Sounds to hear: made by arithmetic, and committed clips.

use std::f32::consts::{PI, TAU};
use std::path::Path;

const RATE: f32 = 8_000.0;

/// Sines of equal strength in a cadence of (on, off) seconds.
pub(crate) fn tone(hertz: &[f32], cadence: &[(f32, f32)], secs: f32, dbfs: f32) -> Vec<i16> {
    let period: f32 = cadence.iter().map(|(on, off)| on + off).sum();
    let amplitude = 10f32.powf(dbfs / 20.0) * (2.0 / hertz.len() as f32).sqrt();
    (0..(secs * RATE) as usize)
        .map(|n| {
            let t = n as f32 / RATE;
            let mut at = t % period;
            let sounds = cadence.iter().any(|&(on, off)| {
                let inside = (0.0..on).contains(&at);
                at -= on + off;
                inside
            });
            let wave: f64 = hertz
                .iter()
                .map(|&f| (std::f64::consts::TAU * f64::from(f) * n as f64 / 8_000.0).sin())
                .sum();
            if sounds {
                (amplitude * wave as f32 * 32_767.0) as i16
            } else {
                0
            }
        })
        .collect()
}

/// Two tones in turn: `(bit, its length in bits)`, zeros at the first frequency and ones at the second.
pub(crate) fn keyed_tones(bits: &[(bool, f32)], baud: f32, hertz: [f32; 2], dbfs: f32) -> Vec<i16> {
    let amplitude = 10f32.powf(dbfs / 20.0) * std::f32::consts::SQRT_2 * 32_767.0;
    let (mut phase, mut place, mut until) = (0.0_f32, 0.0_f32, 0.0_f32);
    let mut sound = Vec::new();
    for &(bit, length) in bits {
        until += length * RATE / baud;
        while place < until {
            phase += std::f32::consts::TAU * hertz[usize::from(bit)] / RATE;
            sound.push((amplitude * phase.sin()) as i16);
            place += 1.0;
        }
    }
    sound
}

/// Characters as a textphone sends them: mark, a start bit, `width` bits, mark again.
pub(crate) fn typed(characters: u32, width: u32) -> Vec<(bool, f32)> {
    let mut bits = vec![(true, 30.0)];
    for character in 0..characters {
        let code = character.wrapping_mul(2_654_435_761) >> 11;
        bits.push((false, 1.0));
        bits.extend((0..width).map(|bit| (code >> bit & 1 == 1, 1.0)));
        bits.push((true, 2.0 + (code & 7) as f32));
    }
    bits
}

/// White noise of this level under a sound, always the same.
pub(crate) fn over_noise(sound: &[i16], dbfs: f32) -> Vec<i16> {
    let amplitude = 10f32.powf(dbfs / 20.0) * 3f32.sqrt() * 32_767.0;
    let mut state = 0x2545_f491_u32;
    sound
        .iter()
        .map(|&s| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let random = state as f32 / 2_147_483_648.0 - 1.0;
            (f32::from(s) + amplitude * random).clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

/// Noise of a steady level and a steady spectrum: flat, falling by 3 dB an octave, or by 6 dB.
pub(crate) fn steady_noise(colour: &str, len: usize, dbfs: f32) -> Vec<i16> {
    let white: Vec<f32> = over_noise(&vec![0; len], -20.0)
        .iter()
        .map(|&s| f32::from(s))
        .collect();
    let low_pass = |keep: f32| {
        let mut last = 0.0;
        let filtered = white.iter().map(move |&s| {
            last = keep * last + (1.0 - keep) * s;
            last
        });
        filtered.collect::<Vec<f32>>()
    };
    // Pink as a sum of low passes an octave and a half apart, each as strong in its band.
    let coloured: Vec<f32> = match colour {
        "white" => white,
        "brown" => low_pass(0.99),
        _ => {
            let bands = [0.997, 0.98, 0.92, 0.7, 0.1].map(low_pass);
            (0..len).map(|n| bands.iter().map(|b| b[n]).sum()).collect()
        }
    };
    let power = coloured.iter().map(|v| v * v).sum::<f32>() / len as f32;
    let gain = 10f32.powf(dbfs / 20.0) * 32_767.0 / power.sqrt();
    coloured
        .iter()
        .map(|v| (gain * v).clamp(-32_768.0, 32_767.0) as i16)
        .collect()
}

/// A tune of decaying notes, as a music box plays it.
pub(crate) fn music_box(secs: f32) -> Vec<i16> {
    const TUNE: [f32; 16] = [
        659.3, 587.3, 523.3, 587.3, 659.3, 659.3, 659.3, 587.3, 587.3, 587.3, 659.3, 784.0, 784.0,
        659.3, 523.3, 440.0,
    ];
    let mut sound = vec![0.0; (secs * RATE) as usize];
    let beat = 0.35 * RATE;
    for (k, f) in TUNE.iter().cycle().enumerate() {
        let start = (k as f32 * beat) as usize;
        if start >= sound.len() {
            break;
        }
        for (n, to) in sound[start..].iter_mut().take(16_000).enumerate() {
            let t = n as f32 / RATE;
            let phase = TAU * f * t;
            *to += 0.12
                * (-4.0 * t).exp()
                * (phase.sin() + 0.4 * (-6.0 * t).exp() * (2.76 * phase).sin());
            *to += 0.05 * (-5.0 * t).exp() * (phase * 0.5).sin();
        }
    }
    sound.iter().map(|v| (v * 32_767.0) as i16).collect()
}

pub(crate) fn twice(sound: &[i16]) -> Vec<i16> {
    [sound, sound].concat()
}

/// A committed clip, µ-law (ITU-T G.711).
pub(crate) fn clip(name: &str) -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/audio")
        .join(name);
    let bytes = std::fs::read(path).expect("a committed clip");
    bytes
        .iter()
        .map(|b| {
            let b = !b;
            let magnitude = (((i32::from(b & 15) << 3) + 132) << (b >> 4 & 7)) - 132;
            (if b & 0x80 == 0 { magnitude } else { -magnitude }) as i16
        })
        .collect()
}

/// What a device makes that speaks for somebody without vocal cords: syllables on one pitch, with consonants of noise
/// and pauses between them.
pub(crate) fn speech_on_one_pitch(seed: u32, hertz: f32, secs: f32) -> Vec<i16> {
    const VOWELS: [[f32; 3]; 5] = [
        [700.0, 1_200.0, 2_500.0],
        [300.0, 2_200.0, 2_900.0],
        [500.0, 1_500.0, 2_500.0],
        [350.0, 800.0, 2_400.0],
        [450.0, 1_900.0, 2_600.0],
    ];
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32
    };
    let len = (secs * 8_000.0) as usize;
    let mut sound = Vec::with_capacity(len);
    let mut rings = [[0.0_f32; 2]; 3];
    let mut turn = 0.0;
    while sound.len() < len {
        let (length, kind, loud) = (960.0 + 1_440.0 * random(), random(), 0.5 + 0.5 * random());
        let vowel = VOWELS[(random() * 4.99) as usize];
        for _ in 0..length as usize {
            turn += hertz / 8_000.0;
            let pulse = if turn >= 1.0 { 1.0 } else { 0.0 };
            turn %= 1.0;
            let source = match kind {
                ..0.15 => 0.0,
                ..0.3 => 0.1 * (random() - 0.5),
                _ => pulse,
            };
            let mut sum = 0.0;
            for (n, (ring, formant)) in rings.iter_mut().zip(vowel).enumerate() {
                let radius = (-PI * 90.0 / 8_000.0).exp();
                let (twice, square) = (
                    2.0 * radius * (TAU * formant / 8_000.0).cos(),
                    radius.powi(2),
                );
                let now = source + twice * ring[0] - square * ring[1];
                *ring = [now, ring[0]];
                sum += now / (n + 1) as f32;
            }
            sound.push((sum * loud * 2_000.0) as i16);
        }
    }
    sound.truncate(len);
    over_noise(&sound, -58.0)
}
