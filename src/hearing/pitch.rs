//! The pitch of a sound: of a voice, of one instrument. What stays on one pitch for long is no music.

use super::features::STEP;

/// Lags that are tried, in samples: 400 to 60 Hz.
const SHORTEST: usize = 20;
const LONGEST: usize = 133;
/// How alike a sound with a pitch is to itself a period later, at least.
const ALIKE: f32 = 0.6;
/// Of the periods that are alike the shortest counts that comes this close to the best: twice a period is one, too.
const AS_GOOD: f32 = 0.85;
/// Power of a sample below which there is nothing to hear: 60 dB below full scale.
const FAINT: f32 = 1_074.0;

/// The pitch of 40 ms in hertz; `None` where the sound has none.
pub(super) fn pitch(samples: &[i16; STEP]) -> Option<f32> {
    let mean = samples.iter().map(|&s| f32::from(s)).sum::<f32>() / STEP as f32;
    let sound = samples.map(|s| f32::from(s) - mean);
    // Of all that lies before each sample.
    let mut energy = [0.0; STEP + 1];
    for (n, s) in sound.iter().enumerate() {
        energy[n + 1] = energy[n] + s * s;
    }
    let all = energy[STEP];
    if all < FAINT * STEP as f32 {
        return None;
    }
    let alike: [f32; LONGEST - SHORTEST + 1] = std::array::from_fn(|n| {
        let lag = SHORTEST + n;
        let energies = (all - energy[lag]) * energy[STEP - lag];
        product(&sound[lag..], &sound) / energies.max(1.0).sqrt()
    });
    let best = alike.iter().copied().fold(0.0, f32::max);
    if best < ALIKE {
        return None;
    }
    let is_peak = |near: &[f32]| near[1] >= near[0] && near[1] >= near[2];
    let (n, near) = alike
        .windows(3)
        .enumerate()
        .find(|(_, near)| is_peak(near) && near[1] >= AS_GOOD * best)?;
    // A parabola through the three has its summit between them.
    let bend = near[0] - 2.0 * near[1] + near[2];
    let aside = if bend < 0.0 {
        0.5 * (near[0] - near[2]) / bend
    } else {
        0.0
    };
    Some(8_000.0 / ((SHORTEST + n + 1) as f32 + aside))
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    fn sound(of: impl Fn(usize) -> f32) -> [i16; STEP] {
        std::array::from_fn(|n| of(n) as i16)
    }

    #[test]
    fn a_buzz_has_the_pitch_of_its_period() {
        for hertz in [75.0, 110.0, 152.5, 240.0, 390.0] {
            let partials = |n: usize| {
                let turn = TAU * hertz * n as f32 / 8_000.0;
                (1..6).map(|k| (turn * k as f32).cos() * 2_000.0).sum()
            };
            let heard = pitch(&sound(partials)).unwrap();
            assert!((heard / hertz - 1.0).abs() < 0.02, "{heard} for {hertz}");
        }
    }

    #[test]
    fn noise_silence_and_a_standing_level_have_none() {
        let noise = |n: usize| (n as u32).wrapping_mul(2_654_435_761).rotate_left(9) % 8_000;
        assert_eq!(
            pitch(&sound(|n| noise(n * n + 7 * n) as f32 - 4_000.0)),
            None
        );
        assert_eq!(pitch(&[0; STEP]), None);
        assert_eq!(pitch(&[9_000; STEP]), None);
        assert_eq!(pitch(&[i16::MIN; STEP]), None);
    }
}
