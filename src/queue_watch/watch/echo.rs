//! Whether what we say comes back: a speakerphone sends the queue's music back as well, and then it is not theirs.
//!
//! The question is compared with what is heard while it is said, at every delay up to [`LONGEST_DELAY`], by the phases
//! of both spectra alone (GCC-PHAT; C. Knapp and G. Carter, 1976): how loud the one and how coloured the other is does
//! not matter, and whatever else is heard only lowers the peak that an echo makes.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::audio::RATE_HZ;

/// An echo comes back within this many samples: two seconds, with the time for which sound is held back.
pub(crate) const LONGEST_DELAY: usize = 2 * RATE_HZ as usize;

/// The peak of an echo stands out by so much among the delays at which there is none (times their root mean square).
const STANDS_OUT: f32 = 8.0;

/// The band of the telephone, in Hz.
const BAND_HZ: std::ops::Range<usize> = 300..3_400;

/// Whether `said` is in `heard`, which began with it and goes on for [`LONGEST_DELAY`] behind it.
pub(crate) fn is_in(said: &[i16], heard: &[i16]) -> bool {
    peak(said, heard) >= STANDS_OUT
}

/// How far the best delay stands out.
fn peak(said: &[i16], heard: &[i16]) -> f32 {
    if said.is_empty() || heard.is_empty() {
        return 0.0;
    }
    let length = (said.len() + heard.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(length);
    let backward = planner.plan_fft_inverse(length);
    let spectrum = |samples: &[i16]| {
        let mut time = vec![0.0; length];
        for (to, &from) in time.iter_mut().zip(samples) {
            *to = f32::from(from);
        }
        let mut spectrum = forward.make_output_vec();
        // Both have the length that was planned for.
        forward.process(&mut time, &mut spectrum).ok()?;
        Some(spectrum)
    };
    let (Some(said), Some(mut both)) = (spectrum(said), spectrum(heard)) else {
        return 0.0;
    };
    let bin = |hz: usize| hz * length / RATE_HZ as usize;
    let band = bin(BAND_HZ.start)..bin(BAND_HZ.end);
    for (at, (bin, said)) in both.iter_mut().zip(said).enumerate() {
        let cross = *bin * said.conj();
        *bin = if band.contains(&at) && cross.norm() > 0.0 {
            cross / cross.norm()
        } else {
            Complex::default()
        };
    }
    let mut delays = backward.make_output_vec();
    if backward.process(&mut both, &mut delays).is_err() {
        return 0.0;
    }
    delays.truncate(LONGEST_DELAY.min(heard.len()));
    let squares: f32 = delays.iter().map(|delay| delay * delay).sum();
    let root_mean_square = (squares / delays.len() as f32).sqrt();
    let best = delays.iter().map(|delay| delay.abs()).fold(0.0, f32::max);
    if root_mean_square > 0.0 {
        best / root_mean_square
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] =
        include_bytes!("../../../asterisk-conf/sounds/en/voicemail-guard/still-waiting.wav");

    fn question() -> Vec<i16> {
        let samples = QUESTION[44..].chunks_exact(2);
        samples
            .map(|two| i16::from_le_bytes([two[0], two[1]]))
            .collect()
    }

    /// Chords that go on for so long, at about -20 dBFS.
    fn music(samples: usize, key: f32) -> Vec<f32> {
        let chord = |at: usize| {
            [1.0, 1.26, 1.5, 2.0].map(|tone| tone * key * [1.0, 1.12, 0.89][at / 4_000 % 3])
        };
        let wave = |at: usize, hz: f32| (at as f32 * hz * std::f32::consts::TAU / 8_000.0).sin();
        (0..samples)
            .map(|at| chord(at).iter().map(|hz| 1_200.0 * wave(at, *hz)).sum())
            .collect()
    }

    fn noise(samples: usize, level: f32) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..samples).map(|_| level * next()).collect()
    }

    /// What a speakerphone sends back of what it plays: later, duller, and with the room's own answers.
    fn through_a_room(played: &[f32], delay: usize) -> Vec<f32> {
        let mut dull = 0.0;
        let mut back = vec![0.0; played.len()];
        for (at, sample) in played.iter().enumerate() {
            dull += 0.4 * (sample - dull);
            for (later, gain) in [(0, 1.0), (37, 0.6), (91, -0.5), (230, 0.35), (611, 0.2)] {
                if let Some(to) = back.get_mut(at + delay + later) {
                    *to += gain * dull;
                }
            }
        }
        back
    }

    fn mixed(parts: &[(&[f32], f32)]) -> Vec<i16> {
        let length = parts.iter().map(|(part, _)| part.len()).max().unwrap();
        let sum = |at: usize| {
            let parts = parts.iter();
            parts
                .map(|(part, gain)| gain * part.get(at).unwrap_or(&0.0))
                .sum::<f32>()
        };
        (0..length).map(|at| sum(at) as i16).collect()
    }

    #[test]
    fn a_speakerphone_is_known_by_the_question_that_comes_back() {
        let question = question();
        let length = question.len() + LONGEST_DELAY;
        let mut played: Vec<f32> = question.iter().map(|&sample| f32::from(sample)).collect();
        played.resize(length, 0.0);
        let ours = music(length, 220.0);
        for (sample, music) in played.iter_mut().zip(&ours) {
            *sample += music;
        }
        let room = noise(length, 100.0);
        for delay in [300, 3_200, 9_000, 14_000] {
            for db in [-6, -20, -30] {
                let gain = 10_f32.powf(db as f32 / 20.0);
                let echo = through_a_room(&played, delay);
                let heard = mixed(&[(&echo, gain), (&room, 0.3)]);
                let peak = peak(&question, &heard);
                assert!(peak >= STANDS_OUT, "{db} dB after {delay}: {peak}");
            }
        }
    }

    #[test]
    fn what_is_theirs_is_no_echo() {
        let question = question();
        let length = question.len() + LONGEST_DELAY;
        let mut other: Vec<f32> = question
            .iter()
            .rev()
            .map(|&sample| f32::from(sample))
            .collect();
        other.resize(length, 0.0);
        for (name, heard) in [
            ("their music", mixed(&[(&music(length, 196.0), 1.0)])),
            ("a room", mixed(&[(&noise(length, 900.0), 1.0)])),
            (
                "another voice",
                mixed(&[(&other, 1.0), (&noise(length, 60.0), 1.0)]),
            ),
            ("nothing", vec![0; length]),
        ] {
            let peak = peak(&question, &heard);
            assert!(peak < STANDS_OUT, "{name}: {peak}");
        }
    }
}
