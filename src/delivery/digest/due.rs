//! When a mailbox's digest is due, pure: by the calendar and clock of the guard's time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

use crate::config::DigestDays;

/// So long after its time a digest says that it is late.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// When a mailbox wants its digest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    /// The time of day.
    pub(super) at: Time,
    /// The days.
    pub(super) days: &'a DigestDays,
}

/// What is to be done about a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before then.
    At(Timestamp),
    /// It is to be sent now.
    Now(Slot),
}

/// The digest of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The day.
    pub(super) day: Date,
    /// When it was to be sent.
    pub(super) at: Timestamp,
    /// When the one before was: what has happened since is in this one.
    pub(super) since: Timestamp,
    /// Whether that was a while ago.
    pub(super) is_late: bool,
}

impl Plan<'_> {
    /// What is to be done now; `is_settled` says whether today's has been sent, or need not be.
    ///
    /// A digest that was missed is sent later the same day, and never on another. A time of day that the clocks
    /// leave out is as much later, one that they show twice is the first of the two.
    pub(super) fn due(&self, now: &ZonedDateTime, is_settled: bool) -> Due {
        let today = self.on(now.date(), now).filter(|_| !is_settled);
        match today {
            Some(at) if at <= now.timestamp() => Due::Now(Slot {
                day: now.date(),
                at,
                since: self.before(now),
                is_late: now.timestamp().duration_since(at) > LATE,
            }),
            Some(at) => Due::At(at),
            None => Due::At(self.after(now)),
        }
    }

    /// The digest as if it were due at once.
    pub(super) fn at_once(&self, now: &ZonedDateTime) -> Slot {
        Slot {
            day: now.date(),
            at: now.timestamp(),
            since: self.before(now),
            is_late: false,
        }
    }

    /// When it is sent on this day, if it is.
    fn on(&self, day: Date, now: &ZonedDateTime) -> Option<Timestamp> {
        let wanted = self.days.contains(day.weekday());
        let at = wanted
            .then(|| DateTime::from_parts(day, self.at).to_zoned_datetime(now.time_zone().clone()));
        Some(at?.ok()?.timestamp())
    }

    fn near(&self, now: &ZonedDateTime, mut days: impl Iterator<Item = i64>) -> Option<Timestamp> {
        days.find_map(|away| self.on(now.date().saturating_add(away.days()), now))
    }

    fn before(&self, now: &ZonedDateTime) -> Timestamp {
        let found = self.near(now, (1..=7).map(|back| -back));
        found.unwrap_or_else(|| now.timestamp() - SignedDuration::from_hours(24))
    }

    fn after(&self, now: &ZonedDateTime) -> Timestamp {
        let found = self.near(now, 1..=7);
        found.unwrap_or_else(|| now.timestamp() + SignedDuration::from_hours(24))
    }
}

/// The day whose digest counts as sent when a mailbox is first seen to want one: what was to be sent before anybody
/// wanted it is not late.
pub(super) fn settled_at_first(plan: Plan<'_>, now: &ZonedDateTime) -> Date {
    match plan.due(now, false) {
        Due::Now(slot) => slot.day,
        Due::At(_) => now.date().yesterday().unwrap_or(now.date()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(now: &str, at: &str, days: &[&str], is_settled: bool) -> (String, String, bool) {
        let days = DigestDays::parse(days).unwrap();
        let at = at.parse().unwrap();
        let plan = Plan { at, days: &days };
        let now: ZonedDateTime = now.parse().unwrap();
        match plan.due(&now, is_settled) {
            Due::At(at) => ("later".into(), at.to_string(), false),
            Due::Now(slot) => (
                format!("{} since {}", slot.day, slot.since),
                slot.at.to_string(),
                slot.is_late,
            ),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table of days")]
    fn a_digest_is_sent_once_a_day_at_its_time_or_later_that_day() {
        let work = ["mon", "tue", "wed", "thu", "fri"];
        let all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        for (now, at, days, is_settled, expected) in [
            // Before its time, at it, and later, on a Tuesday.
            (
                "2026-11-24T07:29:59+01[Europe/Berlin]",
                "07:30",
                &work[..],
                false,
                ("later", "2026-11-24T06:30:00Z", false),
            ),
            (
                "2026-11-24T07:30:00+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                (
                    "2026-11-24 since 2026-11-23T06:30:00Z",
                    "2026-11-24T06:30:00Z",
                    false,
                ),
            ),
            (
                "2026-11-24T07:40:00+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                (
                    "2026-11-24 since 2026-11-23T06:30:00Z",
                    "2026-11-24T06:30:00Z",
                    false,
                ),
            ),
            (
                "2026-11-24T07:40:01+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                (
                    "2026-11-24 since 2026-11-23T06:30:00Z",
                    "2026-11-24T06:30:00Z",
                    true,
                ),
            ),
            (
                "2026-11-24T23:59:59+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                (
                    "2026-11-24 since 2026-11-23T06:30:00Z",
                    "2026-11-24T06:30:00Z",
                    true,
                ),
            ),
            // Once sent it is tomorrow's turn, over a weekend Monday's.
            (
                "2026-11-24T12:00:00+01[Europe/Berlin]",
                "07:30",
                &work,
                true,
                ("later", "2026-11-25T06:30:00Z", false),
            ),
            (
                "2026-11-27T12:00:00+01[Europe/Berlin]",
                "07:30",
                &work,
                true,
                ("later", "2026-11-30T06:30:00Z", false),
            ),
            (
                "2026-11-28T12:00:00+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                ("later", "2026-11-30T06:30:00Z", false),
            ),
            // Monday's has what happened since Friday's.
            (
                "2026-11-30T08:00:00+01[Europe/Berlin]",
                "07:30",
                &work,
                false,
                (
                    "2026-11-30 since 2026-11-27T06:30:00Z",
                    "2026-11-30T06:30:00Z",
                    true,
                ),
            ),
            // Yesterday's is not made up for.
            (
                "2026-11-25T00:00:00+01[Europe/Berlin]",
                "07:30",
                &all,
                false,
                ("later", "2026-11-25T06:30:00Z", false),
            ),
            // One day a week: since a week ago.
            (
                "2026-11-25T09:00:00+01[Europe/Berlin]",
                "09:00",
                &["wed"],
                false,
                (
                    "2026-11-25 since 2026-11-18T08:00:00Z",
                    "2026-11-25T08:00:00Z",
                    false,
                ),
            ),
            (
                "2026-11-25T09:00:00+01[Europe/Berlin]",
                "09:00",
                &["wed"],
                true,
                ("later", "2026-12-02T08:00:00Z", false),
            ),
            // In the night in which 02:30 is left out, and in the one in which it comes twice.
            (
                "2026-03-29T01:59:59+01[Europe/Berlin]",
                "02:30",
                &all,
                false,
                ("later", "2026-03-29T01:30:00Z", false),
            ),
            (
                "2026-03-29T03:30:00+02[Europe/Berlin]",
                "02:30",
                &all,
                false,
                (
                    "2026-03-29 since 2026-03-28T01:30:00Z",
                    "2026-03-29T01:30:00Z",
                    false,
                ),
            ),
            (
                "2026-10-25T02:30:00+02[Europe/Berlin]",
                "02:30",
                &all,
                false,
                (
                    "2026-10-25 since 2026-10-24T00:30:00Z",
                    "2026-10-25T00:30:00Z",
                    false,
                ),
            ),
            (
                "2026-10-25T02:30:00+01[Europe/Berlin]",
                "02:30",
                &all,
                true,
                ("later", "2026-10-26T01:30:00Z", false),
            ),
        ] {
            let expected = (expected.0.to_owned(), expected.1.to_owned(), expected.2);
            assert_eq!(
                due(now, at, days, is_settled),
                expected,
                "{now} {at} {days:?} {is_settled}"
            );
        }
    }

    #[test]
    fn what_nobody_wanted_yet_is_not_late() {
        let days = DigestDays::default();
        let at = "07:30".parse().unwrap();
        for (now, settled) in [
            ("2026-11-24T07:00:00+01[Europe/Berlin]", "2026-11-23"),
            ("2026-11-24T15:00:00+01[Europe/Berlin]", "2026-11-24"),
            ("2026-11-28T15:00:00+01[Europe/Berlin]", "2026-11-27"),
        ] {
            let plan = Plan { at, days: &days };
            let now: ZonedDateTime = now.parse().unwrap();
            assert_eq!(settled_at_first(plan, &now).to_string(), settled);
        }
    }
}
