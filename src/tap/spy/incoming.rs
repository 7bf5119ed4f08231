//! How much of the sound is missing: what came, against the time that passed.

use std::time::{Duration, Instant};

use crate::audio::MediaTime;
use crate::tap::Gap;
use crate::tap::pace::Pace;

/// What has come, against the time that has passed.
pub(super) struct Incoming {
    /// The line is there; the first sound follows half a second later.
    connected: Instant,
    /// From when on sound that does not come is missing.
    since: Option<Instant>,
    samples: MediaTime,
    pace: Pace,
    pub(super) gaps: Vec<Gap>,
}

impl Incoming {
    pub(super) fn new(connected: Instant) -> Self {
        Self {
            connected,
            since: None,
            samples: MediaTime::ZERO,
            pace: Pace::default(),
            gaps: Vec::new(),
        }
    }

    /// These samples have come now; what was missing before them.
    pub(super) fn came(&mut self, samples: &[i16], now: Instant) -> Option<MediaTime> {
        let added = MediaTime::from_samples(samples.len() as u64);
        let began = now.checked_sub(Duration::from(added)).unwrap_or(now);
        let since = *self.since.get_or_insert(began);
        let all = Duration::from(self.samples + added);
        let lost = self.pace.grew(now.saturating_duration_since(since), all);
        let lost = lost.map(|lost| self.gap(lost));
        self.samples += added;
        lost
    }

    /// Nothing has come until now; what is missing by that.
    pub(super) fn stood(&mut self, now: Instant) -> Option<MediaTime> {
        if self.since.is_none() && now - self.connected >= FIRST_SOUND {
            self.since = Some(self.connected);
        }
        let waited = now.saturating_duration_since(self.since?);
        let lost = self.pace.stood(waited, Duration::from(self.samples))?;
        Some(self.gap(lost))
    }

    fn gap(&mut self, lost: Duration) -> MediaTime {
        let lost = MediaTime::from(lost);
        Gap::add(&mut self.gaps, self.samples, lost);
        lost
    }
}

/// The first sound of a caller who sends any has come this long after the connection.
const FIRST_SOUND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    /// What is reported as missing, in ms, and at which second of the sound it is in the end: looks every 100 ms, sound
    /// as `comes` says of each.
    fn lost(seconds: u64, comes: impl Fn(u64) -> bool) -> (u64, Vec<(f64, f64)>) {
        let began = Clock::default().now();
        let mut incoming = Incoming::new(began);
        let mut lost = MediaTime::ZERO;
        for look in 1..=seconds * 10 {
            let now = began + Duration::from_millis(look * 100);
            let found = if comes(look) {
                incoming.came(&[9; 800], now)
            } else {
                incoming.stood(now)
            };
            lost += found.unwrap_or_default();
        }
        let seconds = |gap: &Gap| (gap.at.as_secs_f64(), gap.lost.as_secs_f64());
        (
            lost.samples() / 8,
            incoming.gaps.iter().map(seconds).collect(),
        )
    }

    #[test]
    fn sound_that_begins_late_is_no_loss_and_sound_that_stops_is() {
        assert_eq!(lost(30, |_| true), (0, vec![]));
        assert_eq!(lost(30, |look| look > 7), (0, vec![]));
        let (missing, gaps) = lost(30, |look| !(100..140).contains(&look));
        assert!((3_700..=4_000).contains(&missing), "{missing}");
        assert!((gaps.len(), gaps[0].0) == (1, 9.9), "{gaps:?}");
        let (missing, _) = lost(30, |_| false);
        assert!((29_000..30_000).contains(&missing), "{missing}");
    }

    #[test]
    fn sound_that_comes_late_all_at_once_is_no_loss() {
        let began = Clock::default().now();
        let mut incoming = Incoming::new(began);
        for look in 1..100 {
            let now = began + Duration::from_millis(look * 100);
            let stalls = look % 10 < 6;
            let found = if stalls {
                incoming.stood(now)
            } else if look % 10 == 6 {
                incoming.came(&[9; 800 * 7], now)
            } else {
                incoming.came(&[9; 800], now)
            };
            assert_eq!(found, None, "{look}");
        }
    }
}
