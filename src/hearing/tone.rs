//! Machine signals by frequency and cadence: what each looks like stands in tables, apart from the state.
//!
//! Sources: ITU-T E.180 and its supplement 2 (busy, congestion, dial and ringing tone by country), E.180 clause 9
//! (special information tone), T.30 (1,100 Hz calling tone), V.25 (2,100 Hz answer tone). Cadences are measured in
//! steps of 40 ms, so every length is uncertain by one step at either end. A burst counts only while nearly all
//! energy lies in one or two lines that stand still; speech and music rarely do that in a regular beat.

use super::Signal;
use super::features::{Lines, STEP};
use super::howler::Howler;
use crate::audio::MediaTime;

/// What was recognised, and the step at which its first burst began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recognised {
    pub(super) signal: Signal,
    pub(super) start: u64,
}

/// Where the lower and the higher of a burst's two lines may lie, in hertz; a single line is both.
struct Band {
    low: (f32, f32),
    high: (f32, f32),
}

/// A repeated burst and pause, lengths in steps.
struct Cadence {
    signal: Signal,
    bands: &'static [Band],
    on: (u64, u64),
    off: (u64, u64),
    /// Bursts of one kind that must have ended before the newest began.
    ended: usize,
    /// The most by which the lengths of bursts, and of pauses, may differ.
    spread: u64,
}

/// A line that never stops.
struct Continuous {
    signal: Signal,
    hertz: (f32, f32),
    /// A second line, or zero for a pure tone.
    second: f32,
    steps: u64,
    /// The most by which the frequency may wander, in hertz.
    wander: f32,
}

/// Lines of busy, congestion and ringing tone: 400 to 480 Hz alone or beating, or 480 and 620 Hz together.
const CALL_PROGRESS: [Band; 2] = [
    Band {
        low: (388.0, 492.0),
        high: (388.0, 492.0),
    },
    Band {
        low: (468.0, 492.0),
        high: (606.0, 634.0),
    },
];
const FAX: [Band; 1] = [Band {
    low: (1_060.0, 1_140.0),
    high: (1_060.0, 1_140.0),
}];
const MODEM: [Band; 1] = [Band {
    low: (2_080.0, 2_120.0),
    high: (2_080.0, 2_120.0),
}];

const CADENCES: [Cadence; 5] = [
    Cadence {
        signal: Signal::Busy,
        bands: &CALL_PROGRESS,
        on: (8, 15),
        off: (7, 15),
        ended: 2,
        spread: 2,
    },
    Cadence {
        signal: Signal::Congestion,
        bands: &CALL_PROGRESS,
        on: (4, 8),
        off: (3, 8),
        ended: 3,
        spread: 2,
    },
    Cadence {
        signal: Signal::Ringback,
        bands: &CALL_PROGRESS,
        on: (20, 56),
        off: (60, 135),
        ended: 1,
        spread: 3,
    },
    Cadence {
        signal: Signal::FaxCng,
        bands: &FAX,
        on: (10, 16),
        off: (60, 90),
        ended: 1,
        spread: 2,
    },
    Cadence {
        signal: Signal::ModemAnswer,
        bands: &MODEM,
        on: (60, 110),
        off: (1, 60),
        ended: 1,
        spread: 60,
    },
];

/// The longest pause between two bursts of a signal, with room for what the segments make of its ends.
pub(super) fn longest_pause(signal: Signal) -> MediaTime {
    let cadences = CADENCES.iter().filter(|cadence| cadence.signal == signal);
    let steps = cadences.map(|cadence| cadence.off.1).max().unwrap_or(0);
    let longest = MediaTime::from_samples((steps + ENDS) * STEP as u64);
    longest.max(SHORTEST_LONGEST_PAUSE)
}

/// Steps that segments may add to a pause.
const ENDS: u64 = 10;
/// So long a gap in any signal, also in one that never stops, is no end of it.
const SHORTEST_LONGEST_PAUSE: MediaTime = MediaTime::from_millis(1_200);

const CONTINUOUS: [Continuous; 5] = [
    Continuous {
        signal: Signal::Dial,
        hertz: (417.0, 433.0),
        second: 0.0,
        steps: 75,
        wander: 4.0,
    },
    Continuous {
        signal: Signal::Dial,
        hertz: (434.0, 446.0),
        second: 0.0,
        steps: 90,
        wander: 3.0,
    },
    Continuous {
        signal: Signal::Dial,
        hertz: (340.0, 360.0),
        second: 440.0,
        steps: 60,
        wander: 5.0,
    },
    Continuous {
        signal: Signal::ModemAnswer,
        hertz: (2_080.0, 2_120.0),
        second: 0.0,
        steps: 35,
        wander: 10.0,
    },
    // No whistle, flute or glass holds a note so still for five seconds.
    Continuous {
        signal: Signal::Steady,
        hertz: (200.0, 3_700.0),
        second: 0.0,
        steps: 125,
        wander: 4.0,
    },
];

/// Three rising tones: 950, 1,400 and 1,800 Hz, 330 ms each (some networks 276 and 380 ms).
const SIT: [(f32, f32); 3] = [(895.0, 1_005.0), (1_345.0, 1_455.0), (1_740.0, 1_860.0)];
const SIT_STEPS: (u64, u64) = (4, 12);

/// How pure a step must be to belong to a burst.
const PURE: f32 = 0.8;
const QUIETEST_DBFS: f32 = -50.0;
/// A step this far below its burst shows nothing about lines: half of its window is empty.
const FADING_DB: f32 = 2.5;
/// A step this far below its burst lies behind its end.
const ENDED_DB: f32 = 9.0;
/// A line that jumps further than this begins another burst.
const JUMP_HZ: f32 = 70.0;
/// Bursts remembered.
const MEMORY: usize = 4;

#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    start: u64,
    len: u64,
    low: (f32, f32),
    high: (f32, f32),
    level: (f32, f32),
}

impl Burst {
    fn new(start: u64, low: f32, high: f32, level: f32) -> Self {
        Self {
            start,
            len: 1,
            low: (low, low),
            high: (high, high),
            level: (level, level),
        }
    }

    fn take(&mut self, low: f32, high: f32, level: f32) {
        let widen = |(a, b): (f32, f32), v: f32| (a.min(v), b.max(v));
        self.len += 1;
        // The window still holds the onset in the first two steps: lines and level are not yet its own.
        if self.len <= 3 {
            *self = Self {
                len: self.len,
                ..Self::new(self.start, low, high, level)
            };
        } else if level > self.level.1 - FADING_DB {
            self.low = widen(self.low, low);
            self.high = widen(self.high, high);
            self.level = widen(self.level, level);
        }
    }

    /// Whether a pure step belongs to this burst: the same line, and not the tail behind its end.
    fn continues(&self, low: f32, level: f32) -> bool {
        let fading = level < self.level.1 - FADING_DB;
        self.len < 3
            || (level > self.level.1 - ENDED_DB && (fading || (self.hertz() - low).abs() < JUMP_HZ))
    }

    fn end(&self) -> u64 {
        self.start + self.len
    }

    fn hertz(&self) -> f32 {
        f32::midpoint(self.low.0, self.low.1)
    }

    fn within(&self, bands: &[Band]) -> bool {
        let inside = |(low, high): (f32, f32), range: (f32, f32)| low >= range.0 && high <= range.1;
        bands
            .iter()
            .any(|band| inside(self.low, band.low) && inside(self.high, band.high))
    }
}

/// The running state of one call.
pub(super) struct Tones {
    open: Option<Burst>,
    ended: [Burst; MEMORY],
    count: usize,
    step: u64,
    signal: Option<Signal>,
    last_on: u64,
    howler: Howler,
}

impl Tones {
    pub(super) fn new() -> Self {
        Self {
            open: None,
            ended: [Burst::default(); MEMORY],
            count: 0,
            step: 0,
            signal: None,
            last_on: 0,
            howler: Howler::default(),
        }
    }

    /// Whether a recognised signal is sounding now, short pauses of its cadence included.
    pub(super) fn sounding(&self) -> bool {
        self.signal.is_some() && self.step.saturating_sub(self.last_on) < 22
    }

    /// Takes the lines of the next step.
    pub(super) fn step(&mut self, lines: &Lines) -> Option<Recognised> {
        let at = self.step;
        self.step += 1;
        if self.howler.hears(at, lines) && self.signal == Some(Signal::OffHook) {
            self.last_on = at;
        }
        if let Some(begun) = self.howler.certain()
            && self.signal != Some(Signal::OffHook)
        {
            return self.recognise(Signal::OffHook, begun);
        }
        let pure = lines.purity > PURE && lines.level > QUIETEST_DBFS;
        let (low, high) = if lines.second > 0.0 {
            (lines.first.min(lines.second), lines.first.max(lines.second))
        } else {
            (lines.first, lines.first)
        };
        match &mut self.open {
            Some(open) if pure && open.continues(low, lines.level) => {
                open.take(low, high, lines.level);
                let open = *open;
                if self.signal.is_some() && open.len >= 3 {
                    self.last_on = at;
                }
                return self.lasting(&open).or_else(|| self.beginning(&open));
            }
            open => {
                let ended = open.take();
                if pure {
                    *open = Some(Burst::new(at, low, high, lines.level));
                }
                if let Some(burst) = ended.filter(|b| b.len >= 3) {
                    self.ended.rotate_right(1);
                    self.ended[0] = burst;
                    self.count = (self.count + 1).min(MEMORY);
                    return self.information();
                }
            }
        }
        if at.saturating_sub(self.last_on) > 160 {
            self.signal = None;
        }
        None
    }

    fn recognise(&mut self, signal: Signal, start: u64) -> Option<Recognised> {
        self.last_on = self.step;
        if self.signal == Some(signal) {
            return None;
        }
        self.signal = Some(signal);
        Some(Recognised { signal, start })
    }

    /// A line that goes on and on.
    fn lasting(&mut self, open: &Burst) -> Option<Recognised> {
        let found = CONTINUOUS.iter().find(|c| {
            open.len >= c.steps
                && open.low.0 >= c.hertz.0
                && open.low.1 <= c.hertz.1
                && open.low.1 - open.low.0 <= c.wander
                && open.level.1 - open.level.0 < 4.0
                && if c.second > 0.0 {
                    open.high.0 > c.second - 8.0 && open.high.1 < c.second + 8.0
                } else {
                    open.high.1 - open.low.0 <= 2.0 * c.wander
                }
        })?;
        self.recognise(found.signal, open.start)
    }

    /// A burst that has just begun, and those before it.
    fn beginning(&mut self, open: &Burst) -> Option<Recognised> {
        if open.len != 4 {
            return None;
        }
        let british = [
            (Signal::Congestion, self.alternates(open)),
            (Signal::Ringback, self.rings_twice(open)),
        ];
        let signal = british
            .iter()
            .find(|(_, found)| *found)
            .map(|(signal, _)| *signal)
            .or_else(|| {
                CADENCES
                    .iter()
                    .find(|c| self.beats(c, open))
                    .map(|c| c.signal)
            })?;
        let first = self.ended[self.count.min(3) - 1].start;
        self.recognise(signal, first)
    }

    fn beats(&self, cadence: &Cadence, open: &Burst) -> bool {
        if self.count < cadence.ended {
            return false;
        }
        let bursts = &self.ended[..cadence.ended];
        let alike = |b: &Burst| {
            b.within(cadence.bands)
                && (b.hertz() - open.hertz()).abs() < 12.0 + (b.low.1 - b.low.0)
                && b.low.1 - b.low.0 < 60.0
                && (cadence.on.0..=cadence.on.1).contains(&b.len)
        };
        let gaps = |k: usize| {
            let next = if k == 0 {
                open.start
            } else {
                bursts[k - 1].start
            };
            next - bursts[k].end()
        };
        let regular = |of: &dyn Fn(usize) -> u64| {
            let (low, high) = (0..bursts.len())
                .map(of)
                .fold((u64::MAX, 0), |(l, h), v| (l.min(v), h.max(v)));
            high - low <= cadence.spread
        };
        bursts.iter().all(alike)
            && (0..bursts.len()).all(|k| (cadence.off.0..=cadence.off.1).contains(&gaps(k)))
            && regular(&|k| bursts[k].len)
            && regular(&gaps)
    }

    /// Congestion of the United Kingdom: 400 ms and 225 ms in turn, always 750 ms apart.
    fn alternates(&self, open: &Burst) -> bool {
        let [last, before, ..] = &self.ended;
        let apart =
            |later: &Burst, earlier: &Burst| (later.start - earlier.start).abs_diff(19) <= 2;
        self.count >= 2
            && [last, before]
                .iter()
                .all(|b| b.within(&CALL_PROGRESS) && (4..=13).contains(&b.len))
            && last.len.abs_diff(before.len) >= 3
            && apart(open, last)
            && apart(last, before)
    }

    /// Ringing of the United Kingdom: twice 400 ms, 200 ms apart, then 2 s of nothing.
    fn rings_twice(&self, open: &Burst) -> bool {
        let [last, before, ..] = &self.ended;
        self.count >= 2
            && [last, before]
                .iter()
                .all(|b| b.within(&CALL_PROGRESS) && (8..=13).contains(&b.len))
            && (3..=8).contains(&(last.start - before.end()))
            && (42..=58).contains(&(open.start - last.end()))
    }

    /// Three rising tones.
    fn information(&mut self) -> Option<Recognised> {
        if self.count < 3 {
            return None;
        }
        let [third, second, first, _] = self.ended;
        let rising = [first, second, third].iter().zip(SIT).all(|(b, range)| {
            b.low.0 >= range.0 && b.low.1 <= range.1 && (SIT_STEPS.0..=SIT_STEPS.1).contains(&b.len)
        });
        let joined = second.start - first.end() <= 3 && third.start - second.end() <= 3;
        if rising && joined {
            return self.recognise(Signal::Sit, first.start);
        }
        None
    }
}
