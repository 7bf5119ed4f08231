//! When a failed delivery is tried again.

use std::time::Duration;

/// After the first failure.
const SHORTEST: Duration = Duration::from_secs(5);
/// After many.
const LONGEST: Duration = Duration::from_mins(15);

/// The longest wait there is, jitter included: whatever is due later than this was put there by a clock
/// that has been set back since.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST.as_secs() * 5 / 4);

/// How long to wait after `failures` failures: from five seconds on twice as long each time, a quarter of
/// an hour at the most, a quarter more or less by `jitter` (0 to 1), so that what failed together is not
/// tried together.
pub(crate) fn wait(failures: u32, jitter: f64) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled
        .min(LONGEST)
        .mul_f64(0.75 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_doubles_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<_> = (1..=10).map(|n| wait(n, 0.5).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(failures: u32, jitter: f64) {
            let waited = wait(failures, jitter);
            prop_assert!(waited >= SHORTEST.mul_f64(0.75) && waited <= LONGEST_WAIT);
        }

        #[test]
        fn more_failures_never_wait_less(failures in 1..100u32, jitter in 0.0..=1.0) {
            prop_assert!(wait(failures + 1, jitter) >= wait(failures, jitter));
        }
    }
}
