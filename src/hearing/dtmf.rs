//! Keys that arrive as sound: DTMF tones in the caller's own audio (ITU-T Q.23), decoded as Q.24 asks.
//!
//! A key is a row tone and a column tone at once, near its nominal frequencies, neither much louder than the
//! other, with next to nothing beside them, and steady for 40 ms. Speech imitates that for a moment now and then, but
//! not for four windows in a row. The windows cost more than the rest of the ear together, so they
//! are looked at only where the spectrum's strongest line lies where a key's lines lie.

use super::features::{Lines, STEP};

const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[u8; 4]; 4] = [*b"123A", *b"456B", *b"789C", *b"*0#D"];

/// 25 ms, every 5 ms: several lie within the shortest key, and the rows are still told apart.
const WINDOW: usize = 200;
const HOP: usize = 40;
/// A receiver takes what lies within 1.5 % and nothing beyond 3.5 % (Q.24); each of these three takes half of 2.4 %.
const DETUNED: [f32; 3] = [0.988, 1.0, 1.012];
/// Share of the window's energy that the two tones hold; a window that they fill by less than this shows nothing.
const PUREST_OF_OTHERS: f32 = 0.8;
/// Power by which a tone stands above the others of its group (8 dB).
const ABOVE_OTHERS: f32 = 6.3;
/// Power of the column over that of the row, and the other way round: Q.24 asks for 4 and 8 dB.
const TWIST: (f32, f32) = (4.0, 10.0);
/// Mean power of the two tones, from -42 dBFS.
const QUIETEST: f32 = 32_768.0 * 32_768.0 * 6.3e-5;
/// A window with less than a quarter of the loudest's power lies over an end of the key.
const WITHIN_KEY: f32 = 0.25;
/// Windows in a row that show the same key before it counts: 35 ms of it.
const CERTAIN: u32 = 4;
/// Windows without the key that end it: a gap of 10 ms, which Q.24 hears through, empties five, one of 40 ms eleven.
const ENDED: u32 = 7;

/// The running state of one call.
pub(super) struct Dtmf {
    /// The end of what came before, then the step before this one.
    sound: [i16; WINDOW + STEP],
    worth_a_look: bool,
    run: Option<Run>,
}

/// Windows that show one key.
#[derive(Clone, Copy)]
struct Run {
    key: u8,
    shown: u32,
    missed: u32,
    loudest: f32,
}

impl Dtmf {
    pub(super) fn new() -> Self {
        Self {
            sound: [0; WINDOW + STEP],
            worth_a_look: false,
            run: None,
        }
    }

    /// Takes a step and its lines; a key that became certain in the step before.
    pub(super) fn step(&mut self, samples: &[i16; STEP], lines: &Lines) -> Option<u8> {
        let looks_like_keys = lines.level > -50.0
            && lines.purity > 0.3
            && [lines.first, lines.second]
                .iter()
                .any(|line| (660.0..985.0).contains(line) || (1_160.0..1_700.0).contains(line));
        let mut found = None;
        if looks_like_keys || self.worth_a_look || self.run.is_some() {
            for end in (HOP..=STEP).step_by(HOP) {
                let window = &self.sound[end..end + WINDOW];
                found = self.run_on(shown(window)).or(found);
            }
        }
        self.worth_a_look = looks_like_keys;
        self.sound.copy_within(STEP.., 0);
        self.sound[WINDOW..].copy_from_slice(samples);
        found
    }

    fn run_on(&mut self, shown: Option<(u8, f32)>) -> Option<u8> {
        let same =
            |run: &Run, key: u8, power: f32| run.key == key && power >= WITHIN_KEY * run.loudest;
        match (&mut self.run, shown) {
            (Some(run), Some((key, power))) if same(run, key, power) => {
                run.shown += 1;
                run.missed = 0;
                run.loudest = run.loudest.max(power);
                (run.shown == CERTAIN).then_some(key)
            }
            (Some(run), shown) => {
                run.missed += 1;
                let other = shown.is_some_and(|(key, _)| key != run.key);
                if other || run.missed >= ENDED || run.shown < CERTAIN {
                    self.run = shown.map(|(key, power)| Run::new(key, power));
                }
                None
            }
            (None, shown) => {
                self.run = shown.map(|(key, power)| Run::new(key, power));
                None
            }
        }
    }
}

impl Run {
    fn new(key: u8, power: f32) -> Self {
        Self {
            key,
            shown: 1,
            missed: 0,
            loudest: power,
        }
    }
}

/// The key that a window shows, and its power.
fn shown(window: &[i16]) -> Option<(u8, f32)> {
    let energy: f32 = window.iter().map(|&x| f32::from(x).powi(2)).sum();
    let mean = energy / WINDOW as f32;
    if mean < QUIETEST {
        return None;
    }
    let (row, low) = strongest(window, &ROWS)?;
    let (column, high) = strongest(window, &COLUMNS)?;
    let level = low + high >= PUREST_OF_OTHERS * mean;
    let even = high <= TWIST.0 * low && low <= TWIST.1 * high;
    (level && even).then_some((KEYS[row][column], low + high))
}

/// The one tone of a group that stands out, and its mean power.
fn strongest(window: &[i16], group: &[f32; 4]) -> Option<(usize, f32)> {
    let powers = group.map(|hertz| {
        DETUNED
            .map(|by| power(window, hertz * by))
            .into_iter()
            .fold(0.0, f32::max)
    });
    let best = (0..4).max_by(|&a, &b| powers[a].total_cmp(&powers[b]))?;
    let alone = (0..4).all(|i| i == best || powers[i] * ABOVE_OTHERS <= powers[best]);
    alone.then_some((best, powers[best]))
}

/// Mean power of the tone of one frequency, by Goertzel's recurrence.
fn power(window: &[i16], hertz: f32) -> f32 {
    let turn = 2.0 * (std::f32::consts::TAU * hertz / 8_000.0).cos();
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for &sample in window {
        let now = f32::from(sample) + turn * last - before;
        before = last;
        last = now;
    }
    let squared = last * last + before * before - turn * last * before;
    2.0 * squared / (WINDOW * WINDOW) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::Recogniser;

    struct Tone {
        on_ms: u32,
        off_ms: u32,
        detuned: f64,
        /// Column over row, in decibels.
        twist_db: f64,
        level_dbfs: f64,
    }

    const USUAL: Tone = Tone {
        on_ms: 80,
        off_ms: 80,
        detuned: 1.0,
        twist_db: 0.0,
        level_dbfs: -16.0,
    };

    fn keyed(text: &str, tone: &Tone) -> Vec<i16> {
        let mut sound = vec![0_i16; 4_000];
        for key in text.bytes() {
            let (row, column) = (0..16)
                .map(|i| (i / 4, i % 4))
                .find(|&(r, c)| KEYS[r][c] == key)
                .unwrap();
            let row_level = 32_768.0 * 10_f64.powf((tone.level_dbfs - tone.twist_db / 2.0) / 20.0);
            let column_level =
                32_768.0 * 10_f64.powf((tone.level_dbfs + tone.twist_db / 2.0) / 20.0);
            let wave = |hertz: f32, i: u32| {
                (f64::from(hertz) * tone.detuned * std::f64::consts::TAU * f64::from(i) / 8_000.0)
                    .sin()
            };
            sound.extend((0..tone.on_ms * 8).map(|i| {
                (row_level * wave(ROWS[row], i) + column_level * wave(COLUMNS[column], i)) as i16
            }));
            sound.extend((0..tone.off_ms * 8).map(|_| 0));
        }
        sound.extend([0; 4_000]);
        sound
    }

    fn heard(sound: &[i16]) -> String {
        let mut recogniser = Recogniser::default();
        recogniser.push(sound);
        recogniser.finish().keys().to_owned()
    }

    #[test]
    fn every_key_is_read() {
        let all = "1234567890*#ABCD0011";
        assert_eq!(heard(&keyed(all, &USUAL)), all);
    }

    #[test]
    fn what_q24_asks_a_receiver_to_take() {
        let number = "0911123456";
        for tone in [
            Tone {
                on_ms: 40,
                off_ms: 40,
                ..USUAL
            },
            Tone {
                on_ms: 50,
                off_ms: 50,
                ..USUAL
            },
            Tone {
                on_ms: 400,
                off_ms: 60,
                ..USUAL
            },
            Tone {
                detuned: 1.015,
                ..USUAL
            },
            Tone {
                detuned: 0.985,
                ..USUAL
            },
            Tone {
                twist_db: 4.0,
                ..USUAL
            },
            Tone {
                twist_db: -8.0,
                ..USUAL
            },
            Tone {
                level_dbfs: -32.0,
                ..USUAL
            },
            Tone {
                level_dbfs: -8.0,
                ..USUAL
            },
        ] {
            let Tone {
                on_ms,
                off_ms,
                detuned,
                twist_db,
                level_dbfs,
            } = tone;
            for shift in [0, 13, 37, 160] {
                let sound = keyed(number, &tone);
                assert_eq!(
                    heard(&sound[shift..]),
                    number,
                    "{on_ms}/{off_ms} ms, {detuned}, {twist_db} dB, {level_dbfs} dBFS, {shift}"
                );
            }
        }
    }

    #[test]
    fn what_it_asks_a_receiver_to_leave() {
        for tone in [
            Tone { on_ms: 15, ..USUAL },
            Tone {
                detuned: 1.035,
                ..USUAL
            },
            Tone {
                detuned: 0.965,
                ..USUAL
            },
            Tone {
                level_dbfs: -60.0,
                ..USUAL
            },
        ] {
            let Tone {
                on_ms,
                detuned,
                level_dbfs,
                ..
            } = tone;
            assert_eq!(
                heard(&keyed("0911123456", &tone)),
                "",
                "{on_ms} ms, {detuned}, {level_dbfs} dBFS"
            );
        }
    }
}
