//! How much sound is missing: what came, against the time that passed. Pure.
//!
//! A file from MixMonitor holds the packets that came and nothing of the time when none did. It
//! grows in pieces of 32,768 bytes, and we look at it from time to time, so its size says little
//! about one instant but much about a stretch: what had been written by a certain time cannot hold
//! sound that came later. Only what follows from that is reported as lost. Our own late looks prove
//! nothing and cost nothing.

use std::time::Duration;

/// No growth for this long means that no packets come.
const STANDS_STILL: Duration = Duration::from_secs(1);

/// A piece that is not written yet holds 341 ms of sound, a packet up to 60 ms.
const UNWRITTEN: Duration = Duration::from_millis(401);

/// Losses are reported in steps of at least so much.
const STEP_US: i64 = 200_000;

/// The last step, when packets come again, is a packet at least.
const LAST_STEP_US: i64 = 20_000;

/// Losses without standing still (packet loss, a caller whose telephone sends nothing in pauses)
/// are believed when this many pieces in a row came late.
const PIECES: usize = 3;

/// Compares one call's sound with the time. All times count from the start of the tap.
#[derive(Debug)]
pub(super) struct Pace {
    /// The sound may be ahead by this much, if the tap began before we knew.
    ahead_us: i64,
    reported_us: i64,
    late_us: [i64; PIECES],
    /// The last look.
    looked: Duration,
    grown: Duration,
    stands: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            ahead_us: 0,
            reported_us: 0,
            late_us: [i64::MIN; PIECES],
            looked: Duration::ZERO,
            grown: Duration::ZERO,
            stands: false,
        }
    }
}

impl Pace {
    /// At `before` no more than `sound` had been written; what else is known to be missing.
    pub(super) fn stood(&mut self, before: Duration, sound: Duration) -> Option<Duration> {
        self.looked = before;
        if before.saturating_sub(self.grown) < STANDS_STILL {
            return None;
        }
        self.stands = true;
        self.report(micros(before) - micros(sound) - micros(UNWRITTEN), STEP_US)
    }

    /// The look that ended at `after` was the first to see `sound`; what else is known to be
    /// missing before the sound that is new.
    pub(super) fn grew(&mut self, after: Duration, sound: Duration) -> Option<Duration> {
        // Written after the last look, so the sound is at least so late.
        let late = micros(self.looked) - micros(sound);
        self.late_us.rotate_left(1);
        self.late_us[PIECES - 1] = late;
        if self.reported_us == 0 {
            self.ahead_us = self.ahead_us.min(micros(after) - micros(sound));
        }
        self.looked = after;
        self.grown = after;
        if std::mem::take(&mut self.stands) {
            return self.report(late, LAST_STEP_US);
        }
        self.report(self.late_us.into_iter().min().unwrap_or(i64::MIN), STEP_US)
    }

    fn report(&mut self, late_us: i64, least: i64) -> Option<Duration> {
        let added = late_us
            .saturating_sub(self.ahead_us)
            .saturating_sub(self.reported_us);
        if added < least {
            return None;
        }
        self.reported_us += added;
        Some(Duration::from_micros(added.cast_unsigned()))
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACKET_MS: u64 = 20;
    const PIECE_US: u64 = 341_333;

    /// What has been written by `ms` when packets come but in these stretches of silence, in µs.
    fn written_us(ms: u64, silent: &[(u64, u64)]) -> u64 {
        let received = (0..ms / PACKET_MS)
            .filter(|packet| {
                !silent
                    .iter()
                    .any(|s| (s.0..s.0 + s.1).contains(&(packet * PACKET_MS)))
            })
            .count() as u64
            * PACKET_MS
            * 1_000;
        received / PIECE_US * PIECE_US
    }

    /// Looks at these times; what was reported, as (when, how much) in ms.
    fn reported(looks: impl Iterator<Item = u64>, silent: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut pace = Pace::default();
        let mut seen = 0;
        looks
            .filter_map(|ms| {
                let written = written_us(ms, silent);
                let (at, sound) = (Duration::from_millis(ms), Duration::from_micros(written));
                let added = if written > seen {
                    pace.grew(at, sound)
                } else {
                    pace.stood(at, sound)
                };
                seen = written;
                added.map(|lost| (ms, lost.as_millis() as u64))
            })
            .collect()
    }

    fn sum(reported: &[(u64, u64)]) -> u64 {
        reported.iter().map(|t| t.1).sum()
    }

    #[test]
    fn steady_packets_lose_nothing() {
        assert_eq!(reported((0..600).map(|i| i * 100), &[]), []);
    }

    #[test]
    fn a_caller_without_packets_is_reported_from_the_first_second_on() {
        let reported = reported((0..100).map(|i| i * 100), &[(0, 20_000)]);
        assert_eq!(reported[0].0, 1_000);
        assert!((9_000..9_900).contains(&sum(&reported)), "{reported:?}");
    }

    #[test]
    fn a_gap_is_reported_while_it_lasts_and_corrected_when_it_ends() {
        let silent = [(8_000, 4_000)];
        let reported = reported((0..300).map(|i| i * 100), &silent);
        assert!((8_900..9_500).contains(&reported[0].0), "{reported:?}");
        assert!(sum(&reported).abs_diff(4_000) < 200, "{reported:?}");
        assert!(reported.iter().all(|t| t.0 < 12_800), "{reported:?}");
    }

    #[test]
    fn short_losses_add_up_and_are_reported() {
        let silent: Vec<(u64, u64)> = (1..20).map(|i| (i * 1_500, 500)).collect();
        let reported = reported((0..400).map(|i| i * 100), &silent);
        assert!(sum(&reported).abs_diff(19 * 500) < 500, "{reported:?}");
    }

    #[test]
    fn our_own_late_looks_are_no_loss() {
        assert_eq!(reported((0..40).map(|i| i * 2_900), &[]), []);
    }

    proptest! {
        #[test]
        fn no_more_is_reported_than_is_missing(
            waits in prop::collection::vec(prop_oneof![9 => 90_u64..130, 1 => 100_u64..4_000], 1..300),
            silent in prop::collection::vec((0_u64..30_000, 0_u64..6_000), 0..6),
        ) {
            let looks: Vec<u64> = waits
                .iter()
                .scan(0, |at, wait| { *at += wait; Some(*at) })
                .collect();
            let mut so_far = 0;
            for (ms, lost) in reported(looks.into_iter(), &silent) {
                so_far += lost;
                let missing = (0..ms / PACKET_MS)
                    .filter(|packet| silent.iter().any(|s| (s.0..s.0 + s.1).contains(&(packet * PACKET_MS))))
                    .count() as u64 * PACKET_MS;
                prop_assert!(so_far <= missing + 2 * PACKET_MS, "{so_far} ms of {missing} at {ms}");
            }
        }
    }
}
