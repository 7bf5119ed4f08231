//! Textphones: what deaf and speech-impaired callers type arrives as two tones in turn (ITU-T V.18).
//!
//! Baudot (annex A) takes 1,400 and 1,800 Hz at 45.45 or 50 bits a second, V.21 (annexes D and F) 980 and 1,180 Hz or
//! 1,650 and 1,850 Hz at 300, EDT (annex C) the lower pair at 110, Bell 103 (annex D) 1,070 and 1,270 Hz. One bit
//! lasts 3.3 ms at least, so the frequency is measured every millisecond over two: for a sine wave
//! `x[n-1] + x[n+1]` is `2 cos(w)` times `x[n]`, and what is left over shows that it is not one.

use super::features::{Lines, STEP};

/// Frequencies of a pair in hertz.
const PAIRS: [(f32, f32); 4] = [
    (1_400.0, 1_800.0),
    (980.0, 1_180.0),
    (1_650.0, 1_850.0),
    (1_070.0, 1_270.0),
];
/// How far a measured frequency may lie from its place, in hertz.
const NEAR_HZ: f32 = 55.0;
/// Samples that one measurement looks at, and from one to the next.
const WINDOW: usize = 18;
const HOP: usize = 8;
/// Share of the energy that may be left over beside the sine wave.
const LEFT_OVER: f32 = 0.15;
const QUIETEST_DBFS: f32 = -45.0;
/// Steps with sound that must show the pair before it counts: a second of typing.
const CERTAIN: usize = 25;
/// Share of measurements that lie at either frequency, and at each.
const SHARE: f32 = 0.7;
const SHARE_OF_EACH: f32 = 0.12;
/// Changes from one frequency to the other in [`CERTAIN`] steps. Whistling, warbling and melodies change less often.
const CHANGES: u32 = 12;
/// Steps without the pair after which the typing pauses.
const PAUSE: u64 = 12;

/// What one step shows of one pair.
#[derive(Clone, Copy, Default)]
struct Shown {
    first: u32,
    second: u32,
    others: u32,
    changes: u32,
}

impl Shown {
    fn add(&mut self, of: Shown) {
        self.first += of.first;
        self.second += of.second;
        self.others += of.others;
        self.changes += of.changes;
    }

    fn share(&self, of: u32) -> f32 {
        of as f32 / (self.first + self.second + self.others).max(1) as f32
    }

    fn is_pair(&self) -> bool {
        self.share(self.first + self.second) >= SHARE
    }

    fn is_text(&self) -> bool {
        self.is_pair()
            && self.share(self.first.min(self.second)) >= SHARE_OF_EACH
            && self.changes >= CHANGES
    }
}

/// The running state of one call.
pub(super) struct Textphone {
    /// Newest last; only steps with sound.
    shown: [[Shown; PAIRS.len()]; CERTAIN],
    begun: [u64; CERTAIN],
    last: [Option<bool>; PAIRS.len()],
    before: [f32; WINDOW],
    step: u64,
    pair: Option<usize>,
    last_on: u64,
}

impl Textphone {
    pub(super) fn new() -> Self {
        Self {
            shown: [[Shown::default(); PAIRS.len()]; CERTAIN],
            begun: [0; CERTAIN],
            last: [None; PAIRS.len()],
            before: [0.0; WINDOW],
            step: 0,
            pair: None,
            last_on: 0,
        }
    }

    /// Takes a step and its lines; the step at which the typing began, once it is certain.
    pub(super) fn step(&mut self, samples: &[i16; STEP], lines: &Lines) -> Option<u64> {
        let at = self.step;
        self.step += 1;
        let mut sound = [0.0; WINDOW + STEP];
        sound[..WINDOW].copy_from_slice(&self.before);
        for (to, &from) in sound[WINDOW..].iter_mut().zip(samples) {
            *to = f32::from(from);
        }
        self.before.copy_from_slice(&sound[STEP..]);
        let in_band = PAIRS
            .iter()
            .any(|&(low, high)| (low - 2.0 * NEAR_HZ..high + 2.0 * NEAR_HZ).contains(&lines.first));
        if lines.level < QUIETEST_DBFS {
            return None;
        }
        let shown = if in_band {
            self.look(&sound)
        } else {
            [Shown {
                others: 1 + (STEP / HOP) as u32,
                ..Shown::default()
            }; PAIRS.len()]
        };
        if let Some(pair) = self.pair {
            if shown[pair].is_pair() {
                self.last_on = at;
            }
            return None;
        }
        self.shown.rotate_left(1);
        self.begun.rotate_left(1);
        self.shown[CERTAIN - 1] = shown;
        self.begun[CERTAIN - 1] = at;
        self.pair = (0..PAIRS.len()).find(|&pair| self.sum(pair).is_text());
        self.pair?;
        self.last_on = at;
        Some(self.begun[0])
    }

    /// Whether somebody types now, short pauses included.
    pub(super) fn types(&self) -> bool {
        self.pair.is_some() && self.step - self.last_on <= PAUSE
    }

    fn sum(&self, pair: usize) -> Shown {
        let mut sum = Shown::default();
        for shown in &self.shown {
            sum.add(shown[pair]);
        }
        sum
    }

    fn look(&mut self, sound: &[f32; WINDOW + STEP]) -> [Shown; PAIRS.len()] {
        let mut shown = [Shown::default(); PAIRS.len()];
        for end in (WINDOW + HOP..=WINDOW + STEP).step_by(HOP) {
            let hertz = frequency(&sound[end - WINDOW..end]);
            for ((shown, last), &(first, second)) in
                shown.iter_mut().zip(&mut self.last).zip(&PAIRS)
            {
                let near = |place: f32| hertz.is_some_and(|hertz| (hertz - place).abs() < NEAR_HZ);
                let is_second = near(second);
                if !is_second && !near(first) {
                    shown.others += 1;
                    continue;
                }
                shown.second += u32::from(is_second);
                shown.first += u32::from(!is_second);
                shown.changes += u32::from(last.is_some_and(|last| last != is_second));
                *last = Some(is_second);
            }
        }
        shown
    }
}

/// The frequency of a sine wave in hertz; `None` for anything else.
fn frequency(window: &[f32]) -> Option<f32> {
    let (mut both, mut own, mut sides) = (0.0, 0.0, 0.0);
    for of in window.windows(3) {
        let around = of[0] + of[2];
        both += around * of[1];
        own += of[1] * of[1];
        sides += around * around;
    }
    let left = sides - both * both / own.max(1.0);
    let half = both / (2.0 * own.max(1.0));
    (left <= LEFT_OVER * own && half.abs() < 1.0)
        .then(|| half.acos() * 8_000.0 / std::f32::consts::TAU)
}
