//! Whether this machine or Asterisk's is overloaded, as the calls that are up see it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::call_record::CallId;

/// The calls that had a late reply in the last moments.
#[derive(Debug, Default)]
pub struct Overload(Mutex<VecDeque<(Instant, CallId)>>);

impl Overload {
    /// Asterisk has answered this call late; whether that begins an overload.
    pub(super) fn note(&self, id: CallId, now: Instant) -> bool {
        let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        late.retain(|(at, _)| now.saturating_duration_since(*at) < WINDOW);
        let before = late.len();
        late.retain(|(_, call)| *call != id);
        late.push_back((now, id));
        before < CALLS && late.len() >= CALLS
    }

    /// Whether calls that begin now are better left to Asterisk alone. One channel that hangs is no overload.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        let late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = late
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) < WINDOW);
        recent.count() >= CALLS
    }
}

/// So many calls have to have seen it,
const CALLS: usize = 3;

/// in this time.
const WINDOW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_calls_within_ten_seconds_are_an_overload_and_one_call_is_not() {
        let overload = Overload::default();
        let begin = crate::clock::Clock::default().now();
        let at = |s| begin + Duration::from_secs(s);
        let id = |n| CallId::new(jiff::Timestamp::UNIX_EPOCH, n);
        for s in 0..5 {
            assert!(!overload.note(id(1), at(s)));
        }
        assert!(!overload.is_on(at(5)), "one call that hangs");
        assert!(!overload.note(id(2), at(6)) && !overload.is_on(at(6)));
        assert!(overload.note(id(3), at(7)), "it begins");
        assert!(!overload.note(id(3), at(7)), "it has begun already");
        assert!(overload.is_on(at(7)) && overload.is_on(at(13)));
        assert!(!overload.is_on(at(14)), "the first is long ago");
    }
}
