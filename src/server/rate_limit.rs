//! What a flood would say again and again: at most once a second, the rest counted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One kind of line for the log.
#[derive(Debug, Default)]
pub(crate) struct RateLimit(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    last: Option<Instant>,
    left_out: u64,
}

impl RateLimit {
    /// Whether the line is to be logged now: then how many were left out since the last.
    pub(crate) fn allow(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= PAUSE);
        if is_due {
            said.last = Some(now);
            return Some(std::mem::take(&mut said.left_out));
        }
        said.left_out += 1;
        None
    }
}

const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn the_first_is_logged_and_then_one_a_second_with_the_count() {
        let (limit, now) = (RateLimit::default(), Clock::default().now());
        let after = |ms| limit.allow(now + Duration::from_millis(ms));
        assert_eq!([after(0), after(1), after(999)], [Some(0), None, None]);
        assert_eq!([after(1_000), after(1_500)], [Some(2), None]);
        assert_eq!(after(9_000), Some(1));
    }
}
