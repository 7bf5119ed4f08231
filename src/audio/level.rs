//! How loud speech is, and making it as loud as wanted without clipping.
//!
//! Levels are in dBov: 0 is the level of a full-scale 16-bit square wave (ITU-T G.100.1), so all
//! are negative. Speech is measured as its active level: the pauses between words do not count.

use super::RATE_HZ;

/// The active speech level in dBov, after ITU-T P.56, method B; `None` where there is no speech.
///
/// Its constants: an envelope of two averages of 30 ms each, a hangover of 200 ms, a margin of 15.9
/// dB between the level and the threshold that calls a sample active. Between two thresholds, 6 dB
/// apart, the level is interpolated. Below about -70 dBov there is no speech.
pub fn active_speech_level(samples: impl IntoIterator<Item = i16>) -> Option<f64> {
    let decay = (-1.0 / (f64::from(RATE_HZ) * 0.03)).exp();
    let (mut average, mut envelope, mut energy) = (0.0, 0.0, 0.0);
    let mut thresholds: [Threshold; THRESHOLDS] = std::array::from_fn(|power| Threshold {
        least: f64::from(1_u32 << power),
        active: 0,
        hangover: HANGOVER,
    });
    for sample in samples {
        let sample = f64::from(sample);
        energy += sample * sample;
        average = decay * average + (1.0 - decay) * sample.abs();
        envelope = decay * envelope + (1.0 - decay) * average;
        for threshold in &mut thresholds {
            threshold.take(envelope);
        }
    }
    let mut below: Option<(f64, f64)> = None;
    for threshold in thresholds.iter().take_while(|t| t.active > 0) {
        let level = 10.0 * (energy / threshold.active as f64).log10();
        let over = level - 20.0 * threshold.least.log10();
        if over <= MARGIN_DB {
            let (level_below, over_below) = below?;
            let share = (over_below - MARGIN_DB) / (over_below - over);
            return Some(level_below + share * (level - level_below) - FULL_SCALE_DB);
        }
        below = Some((level, over));
    }
    None
}

/// Makes samples louder or, with a negative gain, softer; never clips.
///
/// Up to 3 dB below full scale the gain is exact; above, peaks are rounded off towards full scale.
pub fn amplify(samples: &mut [i16], gain_db: f64) {
    let gain = 10_f64.powf(gain_db / 20.0) / FULL_SCALE;
    for sample in samples {
        let wanted = f64::from(*sample) * gain;
        let over = wanted.abs() - KNEE;
        let limited = if over > 0.0 {
            (KNEE + (1.0 - KNEE) * (over / (1.0 - KNEE)).tanh()).copysign(wanted)
        } else {
            wanted
        };
        *sample = (limited * f64::from(i16::MAX)).round() as i16;
    }
}

/// How long the envelope has been above one threshold, in samples.
struct Threshold {
    least: f64,
    active: u64,
    hangover: u32,
}

impl Threshold {
    fn take(&mut self, envelope: f64) {
        if envelope >= self.least {
            self.hangover = 0;
        } else if self.hangover < HANGOVER {
            self.hangover += 1;
        } else {
            return;
        }
        self.active += 1;
    }
}

/// Powers of two from 1 to 16,384.
const THRESHOLDS: usize = 15;
const HANGOVER: u32 = RATE_HZ / 5;
const MARGIN_DB: f64 = 15.9;
const FULL_SCALE: f64 = 32_768.0;
/// `20 log10(32,768)`.
const FULL_SCALE_DB: f64 = 90.308_998_699_194_36;
/// 3 dB below full scale.
const KNEE: f64 = 0.707;

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone that is on for the first `on` of every second.
    fn bursts(amplitude: f64, on: f64, seconds: u32) -> Vec<i16> {
        (0..seconds * RATE_HZ)
            .map(|n| {
                let at = f64::from(n) / f64::from(RATE_HZ);
                let sound = if at.fract() < on { amplitude } else { 0.0 };
                (sound * (std::f64::consts::TAU * 440.0 * at).sin()) as i16
            })
            .collect()
    }

    #[track_caller]
    fn check_level(samples: &[i16], expected: f64, within: f64) {
        let level = active_speech_level(samples.iter().copied()).unwrap_or(f64::NAN);
        assert!(
            (level - expected).abs() <= within,
            "{level}, not {expected}"
        );
    }

    #[test]
    fn a_steady_tone_has_its_effective_value() {
        for amplitude in [100.0, 1_000.0, 10_000.0, 32_000.0] {
            let expected = 20.0 * (amplitude / 2_f64.sqrt() / FULL_SCALE).log10();
            check_level(&bursts(amplitude, 1.0, 4), expected, 0.15);
        }
    }

    #[test]
    fn pauses_do_not_count() {
        let tone = bursts(4_000.0, 1.0, 10);
        let mut pauses = tone.clone();
        pauses.extend(vec![0; 60 * RATE_HZ as usize]);
        let level = active_speech_level(tone).unwrap_or(f64::NAN);
        check_level(&pauses, level, 0.3);
    }

    #[test]
    fn silence_has_no_level() {
        assert_eq!(active_speech_level([]), None);
        assert_eq!(active_speech_level(vec![0; 80_000]), None);
        assert_eq!(active_speech_level(vec![1; 80_000]), None);
    }

    #[test]
    fn below_the_knee_the_gain_is_exact() {
        let mut samples = [0, 100, -100, 5_000, -5_000];
        amplify(&mut samples, 20.0 * 4_f64.log10());
        assert_eq!(samples, [0, 400, -400, 19_999, -19_999]);
        amplify(&mut samples, -20.0 * 4_f64.log10());
        assert_eq!(samples, [0, 100, -100, 5_000, -5_000]);
    }

    #[test]
    fn loud_samples_stay_apart_and_never_wrap() {
        let mut samples: Vec<i16> = (-400..=400).map(|n| n * 80).collect();
        let before = samples.clone();
        amplify(&mut samples, 6.0);
        assert!(samples.is_sorted());
        assert!(
            before
                .iter()
                .zip(&samples)
                .all(|(a, b)| a.signum() == b.signum())
        );
        amplify(&mut samples, 60.0);
        assert!(samples.iter().all(|&sample| sample != i16::MIN));
    }
}
