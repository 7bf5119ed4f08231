//! The days and weeks that figures are about.

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// The most days of a period; a mistyped year is not counted day by day.
const MOST_DAYS: i32 = 3_700;
/// Days that a picture has columns for; of a longer period it shows weeks.
const MOST_COLUMNS: i32 = 35;

/// Days, the first and the last among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: Date,
    last: Date,
}

impl Period {
    /// From one day to another; of those that are turned round or too far apart, the last days.
    pub fn new(first: Date, last: Date) -> Self {
        let earliest = last.saturating_sub((MOST_DAYS - 1).days());
        let first = first.clamp(earliest, last);
        Self { first, last }
    }

    /// The days that somebody asks for. Nothing is counted of days to come: until one of them is until today. Without
    /// a first day it is the usual period's, or the last where that is earlier.
    ///
    /// # Errors
    /// There is no such period, or it is too long; the first day is never another than the one asked for.
    pub fn asked(since: Option<Date>, until: Option<Date>, today: Date) -> Result<Self, NoPeriod> {
        let last = until.unwrap_or(today).min(today);
        let first = since.unwrap_or_else(|| Span::default().until(today).first().min(last));
        match until {
            Some(until) if first > until => Err(NoPeriod::TurnedRound),
            _ if first > last => Err(NoPeriod::ToCome),
            _ if between(first, last) >= MOST_DAYS => Err(NoPeriod::TooLong),
            _ => Ok(Self { first, last }),
        }
    }

    /// The first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day.
    pub fn last(self) -> Date {
        self.last
    }

    /// Every day.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first
            .series(1.day())
            .take_while(move |day| *day <= self.last)
    }

    /// Whether it has more days than a picture has columns for.
    pub fn is_long(self) -> bool {
        between(self.first, self.last) >= MOST_COLUMNS
    }

    /// Which day of it this is, from 0.
    pub(super) fn place(self, day: Date) -> Option<usize> {
        (day <= self.last).then(|| usize::try_from(between(self.first, day)).ok())?
    }
}

/// Why there are no figures of the days that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPeriod {
    /// The first day is behind the last.
    #[error("since is later than until: no day is in between")]
    TurnedRound,
    /// The first day is behind today.
    #[error("since is a day to come: nothing is counted yet")]
    ToCome,
    /// Of so many days nothing is counted day by day.
    #[error("since is more than {MOST_DAYS} days before the last day: take a later one")]
    TooLong,
}

/// Days from one to another.
fn between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

/// A period that one can choose by its name: it ends today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// Seven days.
    Days,
    /// This week and the three before.
    #[default]
    FourWeeks,
    /// This week and the twelve before.
    Quarter,
    /// This week and the 52 before.
    Year,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Days, Self::FourWeeks, Self::Quarter, Self::Year];

    /// The word for it in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Days => "7d",
            Self::FourWeeks => "4w",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Its days, where today is this one.
    pub fn until(self, today: Date) -> Period {
        let weeks_back = |weeks: i64| Week::of(today).monday().saturating_sub(weeks.weeks());
        let first = match self {
            Self::Days => today.saturating_sub(6.days()),
            Self::FourWeeks => weeks_back(3),
            Self::Quarter => weeks_back(12),
            Self::Year => weeks_back(52),
        };
        Period::new(first, today)
    }
}

/// A week from Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week(Date);

impl Week {
    /// The week of a day.
    pub fn of(day: Date) -> Self {
        let back = i64::from(day.weekday().to_monday_zero_offset());
        Self(day.saturating_sub(back.days()))
    }

    /// Its first day.
    pub fn monday(self) -> Date {
        self.0
    }

    /// Its number in its year, by ISO 8601.
    pub fn number(self) -> i8 {
        ISOWeekDate::from(self.0).week()
    }

    /// Its name by ISO 8601, such as `2026-W48`.
    pub fn name(self) -> String {
        let week = ISOWeekDate::from(self.0);
        debug_assert_eq!(week.weekday(), Weekday::Monday);
        format!("{}-W{:02}", week.year(), week.week())
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn spans_end_today_and_begin_on_mondays() {
        for (today, span, first, days, is_long) in [
            ("2026-11-29", Span::Days, "2026-11-23", 7, false),
            ("2026-11-29", Span::FourWeeks, "2026-11-02", 28, false),
            ("2026-11-30", Span::FourWeeks, "2026-11-09", 22, false),
            ("2026-11-29", Span::Quarter, "2026-08-31", 91, true),
            ("2026-11-29", Span::Year, "2025-11-24", 371, true),
            ("2024-03-01", Span::Days, "2024-02-24", 7, false),
        ] {
            let period = span.until(day(today));
            assert_eq!(period.first(), day(first), "{today} {span:?}");
            assert_eq!(period.days().count(), days, "{today} {span:?}");
            assert_eq!(period.days().last(), Some(day(today)));
            assert_eq!(period.is_long(), is_long, "{today} {span:?}");
        }
    }

    #[test]
    fn no_period_is_endless_or_turned_round() {
        let turned = Period::new(day("2026-12-01"), day("2026-11-29"));
        assert_eq!(turned.days().count(), 1);
        let endless = Period::new(day("0001-01-01"), day("2026-11-29"));
        assert_eq!(endless.days().count(), 3_700);
        assert_eq!(endless.place(day("2026-11-29")), Some(3_699));
        assert_eq!(endless.place(day("2026-11-30")), None);
        assert_eq!(endless.place(day("1990-01-01")), None);
    }

    proptest! {
        #[test]
        fn the_first_day_is_the_one_asked_for_and_the_last_never_to_come(
            today in 0_i32..=20_000,
            since in option::of(-1_000_000_i32..=3_000_000),
            until in option::of(-1_000_000_i32..=3_000_000),
            near in any::<bool>(),
        ) {
            let at = |days: i32| day("2000-01-01").saturating_add(days.days());
            let asked = |days: i32| at(if near { today + days % 5_000 } else { days });
            let (since, until, today) = (since.map(asked), until.map(asked), at(today));
            let last = until.map_or(today, |until| until.min(today));
            match Period::asked(since, until, today) {
                Ok(period) => {
                    prop_assert_eq!(period.last(), last);
                    prop_assert_eq!(period.first(), since.unwrap_or(period.first()));
                    let days = i32::try_from(period.days().count()).unwrap();
                    prop_assert!((1..=MOST_DAYS).contains(&days), "{}", days);
                }
                Err(NoPeriod::TurnedRound) => prop_assert!(since > until && until.is_some()),
                Err(NoPeriod::ToCome) => prop_assert!(since > Some(today)),
                Err(NoPeriod::TooLong) => prop_assert!(between(since.unwrap(), last) >= MOST_DAYS),
            }
            let usual = Period::asked(None, until, today).unwrap();
            prop_assert!(usual.first() <= usual.last());
        }
    }

    #[test]
    fn until_a_day_to_come_is_until_today() {
        let asked =
            |since, until| Period::asked(Some(day(since)), Some(day(until)), day("2026-11-29"));
        let plain = asked("2026-11-01", "2026-11-29").unwrap();
        for until in ["2026-11-30", "2040-01-01", "9999-12-31"] {
            assert_eq!(asked("2026-11-01", until), Ok(plain), "{until}");
            assert_eq!(asked("2026-11-30", until), Err(NoPeriod::ToCome), "{until}");
        }
        assert_eq!(asked("0001-01-01", "9999-12-31"), Err(NoPeriod::TooLong));
        assert_eq!(
            asked("2026-11-02", "2026-11-01"),
            Err(NoPeriod::TurnedRound)
        );
    }

    #[test]
    fn weeks_have_the_names_of_the_calendar() {
        for (on, name, monday) in [
            ("2026-11-29", "2026-W48", "2026-11-23"),
            ("2026-11-30", "2026-W49", "2026-11-30"),
            ("2027-01-01", "2026-W53", "2026-12-28"),
            ("2024-12-31", "2025-W01", "2024-12-30"),
        ] {
            let week = Week::of(day(on));
            assert_eq!(
                (week.name(), week.monday()),
                (name.into(), day(monday)),
                "{on}"
            );
        }
    }
}
