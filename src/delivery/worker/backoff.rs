//! When a failed delivery is tried again, and when it is given up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::call_log::Delivery;
use crate::delivery::DeliveryError;

/// After the first failure.
const SHORTEST: Duration = Duration::from_secs(5);
/// After many.
const LONGEST: Duration = Duration::from_mins(15);

/// The longest wait there is, jitter included: whatever is due later than this was put there by a
/// clock that has been set back since.
const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST.as_secs() * 5 / 4);

/// How long to wait after `failures` failures: from five seconds on twice as long each time, a
/// quarter of an hour at the most, a quarter more or less by `jitter` (0 to 1), so that what failed
/// together is not tried together.
pub(crate) fn wait(failures: u32, jitter: f64) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled
        .min(LONGEST)
        .mul_f64(0.75 + 0.5 * jitter.clamp(0.0, 1.0))
}

/// When a delivery that has failed now is tried again: no earlier than its receiver asked. `None`
/// where no attempt can succeed, or where it has been tried for `limit`: it is given up. `jitter`
/// as of [`wait`].
pub(super) fn next_attempt(
    delivery: &Delivery,
    failed: &DeliveryError,
    now: Timestamp,
    limit: Duration,
    jitter: f64,
) -> Option<Timestamp> {
    let tried_for = now.duration_since(delivery.since);
    let limit = SignedDuration::try_from(limit).unwrap_or_default();
    if matches!(failed, DeliveryError::Permanent { .. }) || tried_for >= limit {
        return None;
    }
    let wait = wait(delivery.failures + 1, jitter);
    let wait = match failed {
        DeliveryError::Busy { after, .. } => wait.max(*after).min(LONGEST_WAIT),
        _ => wait,
    };
    Some(now.checked_add(wait).unwrap_or(now))
}

/// How long until a delivery is to be tried; a time that no back-off gives was set by another
/// clock.
pub(super) fn until_due(delivery: &Delivery, now: Timestamp) -> Duration {
    let ahead = Duration::try_from(delivery.due.duration_since(now)).unwrap_or_default();
    if ahead > LONGEST_WAIT {
        Duration::ZERO
    } else {
        ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_log::Stage;
    use crate::call_record::{CallId, Destination};
    use proptest::prelude::*;

    #[test]
    fn a_failure_is_tried_again_or_given_up() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let transient = || DeliveryError::transient("x");
        let settings = || DeliveryError::Settings("x".into());
        let after = |seconds| DeliveryError::Busy {
            why: "x".into(),
            after: Duration::from_secs(seconds),
        };
        // Tried for so many seconds, failed so often before: tried again after so many.
        let rows = [
            ("its first failure", 0, 0, transient(), Some(5)),
            ("its fourth", 60, 3, transient(), Some(40)),
            ("its hundredth", 3_599, 99, transient(), Some(900)),
            ("it wants a setting", 60, 3, settings(), Some(40)),
            ("the limit is reached", 3_600, 3, transient(), None),
            ("a setting, and the limit", 3_600, 3, settings(), None),
            (
                "no attempt can succeed",
                0,
                0,
                DeliveryError::permanent("x"),
                None,
            ),
            ("asked to wait longer", 0, 0, after(60), Some(60)),
            ("asked to wait less", 60, 3, after(1), Some(40)),
            ("asked to wait too long", 0, 0, after(90_000), Some(1_125)),
        ];
        for (what, tried_for, failures, failed, expected) in rows {
            let since = now - SignedDuration::from_secs(tried_for);
            let delivery = Delivery {
                seq: 1,
                call: CallId::new(now, 1),
                mailbox: "100@default".into(),
                to: Destination::Mail,
                stage: Stage::Waiting,
                since,
                due: since,
                failures,
                why: None,
                spool: None,
                case: None,
            };
            let hour = Duration::from_hours(1);
            let next = next_attempt(&delivery, &failed, now, hour, 0.5);
            let wait = next.map(|at| at.duration_since(now).as_secs());
            assert_eq!(wait, expected, "{what}");
        }
    }

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
