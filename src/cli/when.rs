//! Times as people type them: `2026-11-23`, `2026-11-23 14:00`, `today`, `yesterday`, `2h`, `3d`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};

/// A time or a day, not yet placed in a zone.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// A time ago: `30m`, `2h`, `3d`, `2w`.
    Ago(Span),
    /// Days before today: `today` is none, `yesterday` one.
    DaysBack(i64),
    /// The whole of this day.
    Day(Date),
    /// This time of the local day.
    Local(DateTime),
    /// This time of today, or of some days before.
    TimeOf(i64, Time),
    /// This moment, with an offset.
    Exact(Timestamp),
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no time {0:?}; write 2026-11-23, 23.11.2026, \"2026-11-23 14:00\", 14:00 (of today), today, yesterday, \
     \"yesterday 14:00\", 30m, 2h or 3d"
)]
pub struct NoTime(String);

impl FromStr for When {
    type Err = NoTime;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase();
        match word.as_str() {
            "today" => return Ok(Self::DaysBack(0)),
            "yesterday" => return Ok(Self::DaysBack(1)),
            "now" => return Ok(Self::Ago(Span::new())),
            _ => {}
        }
        ago(&word)
            .map(Self::Ago)
            .or_else(|| time_of_day(&word))
            .or_else(|| german(&word))
            .or_else(|| word.to_uppercase().parse().ok().map(Self::Exact))
            .or_else(|| day(&word).map(Self::Day))
            .or_else(|| word.to_uppercase().parse().ok().map(Self::Local))
            .ok_or_else(|| NoTime(text.into()))
    }
}

fn ago(word: &str) -> Option<Span> {
    let unit = word.chars().next_back()?;
    let count: i64 = word[..word.len() - unit.len_utf8()]
        .trim_end()
        .parse()
        .ok()?;
    if count < 0 {
        return None;
    }
    let span = Span::new();
    match unit {
        's' => span.try_seconds(count),
        'm' => span.try_minutes(count),
        'h' => span.try_hours(count),
        'd' => span.try_days(count),
        'w' => span.try_weeks(count),
        _ => return None,
    }
    .ok()
}

/// `5:40`, `05:40:30`, `today 5:40`, `yesterday 05:40`.
fn time_of_day(word: &str) -> Option<When> {
    let (days, time) = match word.split_once(char::is_whitespace) {
        Some(("today", time)) => (0, time),
        Some(("yesterday", time)) => (1, time),
        Some(_) => return None,
        None => (0, word),
    };
    clock(time.trim()).map(|time| When::TimeOf(days, time))
}

/// Hours and minutes, perhaps seconds; the hour with one figure or two.
fn clock(word: &str) -> Option<Time> {
    let mut parts = word.split(':');
    let hour = figures(parts.next()?, 2)?;
    let minute = parts.next().filter(|part| part.len() == 2)?;
    let second = parts.next().unwrap_or("00");
    if parts.next().is_some() || second.len() != 2 {
        return None;
    }
    let [hour, minute, second] = [hour, figures(minute, 2)?, figures(second, 2)?];
    let small = |n: i16| i8::try_from(n).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()
}

/// `23.11.2026`, `23.11.26`, and with a time of day behind it.
fn german(word: &str) -> Option<When> {
    let (date, time) = match word.split_once(char::is_whitespace) {
        Some((date, time)) => (date, Some(clock(time.trim())?)),
        None => (word, None),
    };
    let mut parts = date.split('.');
    let mut next = |most| parts.next().and_then(|part| figures(part, most));
    let (day, month, year) = (next(2)?, next(2)?, next(4)?);
    let year = match date.rsplit('.').next().map(str::len) {
        Some(2) => 2000 + year,
        Some(4) => year,
        _ => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(time.map_or(When::Day(date), |time| {
        When::Local(DateTime::from_parts(date, time))
    }))
}

fn figures(word: &str, most: usize) -> Option<i16> {
    let plain = !word.is_empty() && word.len() <= most && word.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| word.parse().ok())?
}

fn day(word: &str) -> Option<Date> {
    (word.len() == "2026-11-23".len()).then(|| word.parse().ok())?
}

impl When {
    /// The moment from which on something is since this time: of a day, its first moment.
    pub fn begins(&self, now: &ZonedDateTime) -> Result<Timestamp, jiff::Error> {
        Ok(match *self {
            Self::Ago(span) => now.checked_sub(span)?.timestamp(),
            Self::DaysBack(days) => now.checked_sub(days.days())?.start_of_day()?.timestamp(),
            Self::Day(day) => day
                .to_zoned_datetime(now.time_zone().clone())?
                .start_of_day()?
                .timestamp(),
            Self::Local(time) => time.to_zoned_datetime(now.time_zone().clone())?.timestamp(),
            Self::TimeOf(days, time) => {
                let day = now.checked_sub(days.days())?.date();
                DateTime::from_parts(day, time)
                    .to_zoned_datetime(now.time_zone().clone())?
                    .timestamp()
            }
            Self::Exact(moment) => moment,
        })
    }

    /// A time to come: a length from now, a time of today or else of tomorrow, or the one that is named; `None` where
    /// that is over.
    pub fn to_come(&self, now: &ZonedDateTime) -> Result<Option<Timestamp>, jiff::Error> {
        let at = match *self {
            Self::Ago(span) => now.checked_add(span)?.timestamp(),
            Self::TimeOf(0, _) => {
                let today = self.begins(now)?;
                if today > now.timestamp() {
                    today
                } else {
                    let today = today.to_zoned_datetime(now.time_zone().clone());
                    today.checked_add(1.day())?.timestamp()
                }
            }
            _ => self.begins(now)?,
        };
        Ok((at > now.timestamp()).then_some(at))
    }

    /// The moment up to which something is until this time: of a day, the first one of the next.
    pub fn ends(&self, now: &ZonedDateTime) -> Result<Timestamp, jiff::Error> {
        match *self {
            Self::DaysBack(days) => {
                let day = now.checked_sub(days.days())?.date();
                Self::Day(day.tomorrow()?).begins(now)
            }
            Self::Day(day) => Self::Day(day.tomorrow()?).begins(now),
            Self::Ago(_) | Self::Local(_) | Self::TimeOf(..) | Self::Exact(_) => self.begins(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, begins: &str, ends: &str) {
        // The morning after the night in which clocks went back in Berlin.
        let now: ZonedDateTime = "2026-10-25T09:30:00+01:00[Europe/Berlin]".parse().unwrap();
        let when: When = text.parse().unwrap();
        assert_eq!(
            when.begins(&now).unwrap().to_string(),
            begins,
            "{text} begins"
        );
        assert_eq!(when.ends(&now).unwrap().to_string(), ends, "{text} ends");
    }

    #[test]
    fn days_have_two_ends_and_moments_one() {
        check("today", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        check("Yesterday", "2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z");
        check("2026-10-23", "2026-10-22T22:00:00Z", "2026-10-23T22:00:00Z");
        check("23.10.2026", "2026-10-22T22:00:00Z", "2026-10-23T22:00:00Z");
        check("1.9.26", "2026-08-31T22:00:00Z", "2026-09-01T22:00:00Z");
        for (text, moment) in [
            ("2026-10-23 14:00", "2026-10-23T12:00:00Z"),
            ("2026-10-23T14:00:30", "2026-10-23T12:00:30Z"),
            ("2026-10-23t14:00:00z", "2026-10-23T14:00:00Z"),
            ("2026-10-23 14:00:00+02:00", "2026-10-23T12:00:00Z"),
            ("2h", "2026-10-25T06:30:00Z"),
            ("90m", "2026-10-25T07:00:00Z"),
            ("1d", "2026-10-24T07:30:00Z"),
            ("1w", "2026-10-18T07:30:00Z"),
            ("05:40", "2026-10-25T04:40:00Z"),
            ("5:40", "2026-10-25T04:40:00Z"),
            ("05:40:30", "2026-10-25T04:40:30Z"),
            ("today 05:40", "2026-10-25T04:40:00Z"),
            ("Yesterday 14:00", "2026-10-24T12:00:00Z"),
            ("23.10.2026 14:00", "2026-10-23T12:00:00Z"),
            ("23.10.26 4:00", "2026-10-23T02:00:00Z"),
            ("now", "2026-10-25T08:30:00Z"),
            // Shown twice by clocks of that night: the first one counts.
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            check(text, moment, moment);
        }
    }

    #[test]
    fn no_times() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01",
            "2026-02-30",
            "-3d",
            "3",
            "d",
            "3y",
            "24:00",
            "14:0",
            "14",
            "tomorrow 14:00",
            "29.02.2026",
            "23.11.",
            "23.11.026",
            "2026.11.23",
            "+1:00",
            "ä",
            "99999999999999h",
            "1;drop",
        ] {
            assert!(text.parse::<When>().is_err(), "{text:?}");
        }
        let now: ZonedDateTime = "2026-10-25T09:30:00+01:00[Europe/Berlin]".parse().unwrap();
        assert!("175000h".parse::<When>().unwrap().begins(&now).is_ok());
        assert!("5000000d".parse::<When>().unwrap().begins(&now).is_err());
    }
}
