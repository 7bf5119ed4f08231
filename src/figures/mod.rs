//! The figures of the team's page and of `figures`, pure: what is counted of calls and cases, by day, by week and
//! mailbox.
//!
//! What is counted of one call is kept by the call log's database for each day, mailbox and verdict ([`Counted`]);
//! here it is added up. What the guard spared the team is given as two bounds, since nobody knows how long a
//! caller whom the guard stopped would have gone on ([`Sum::spared_at_least`], [`Sum::spared_at_most`]).

mod period;
mod queues;
mod waits;

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use jiff::civil::Date;

use crate::call_record::Verdict;

pub use period::{NoPeriod, Period, Span, Week};
pub use queues::{CountedWaits, DEAD_AIR, QueueCounts, QueueFigures};
pub use waits::Waits;

/// What a greeting takes: so much of a call is not counted as recorded.
pub const GREETING: Duration = Duration::from_secs(10);

/// What is kept of the calls of one day, mailbox and verdict. Lengths are of the caller's sound, without the
/// [`GREETING`] of each call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that have ended.
    pub calls: u64,
    /// Of these, junk that was recorded and delivered nowhere.
    pub unheard: u64,
    /// What was recorded of it.
    pub unheard_for: Duration,
    /// Of these, those that the guard ended.
    pub ended: u64,
    /// What was recorded of them.
    pub ended_after: Duration,
    /// Calls in which the caller was asked for the number.
    pub asked: u64,
    /// Calls in which a number was keyed in that the network did not show.
    pub rescued: u64,
    /// Calls of which somebody says that the guard judged them wrongly.
    pub wrong: u64,
    /// Calls that were only observed.
    pub observed: u64,
    /// Of these, those that enforce would have ended earlier.
    pub would_end: u64,
    /// By how much in all; at most, since nobody was really asked.
    pub would_save: Duration,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.unheard += other.unheard;
        self.unheard_for += other.unheard_for;
        self.ended += other.ended;
        self.ended_after += other.ended_after;
        self.asked += other.asked;
        self.rescued += other.rescued;
        self.wrong += other.wrong;
        self.observed += other.observed;
        self.would_end += other.would_end;
        self.would_save += other.would_save;
    }
}

/// Calls that are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The day on which they began, in the zone of the guard.
    pub day: Date,
    /// The mailbox.
    pub mailbox: String,
    /// The verdict; `None` where the guard did not deal with them: a list said so, or it had no room.
    pub verdict: Option<Verdict>,
    /// What is counted of them.
    pub counts: Counts,
}

/// A caller who was spoken to: reached, called back, or put through when they rang again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledBack {
    /// The day on which that was.
    pub day: Date,
    /// The mailbox.
    pub mailbox: String,
    /// How long they had waited since their first message.
    pub waited: Duration,
}

/// What the log has counted in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Its calls.
    pub calls: Vec<Counted>,
    /// The callers who were spoken to in it.
    pub called_back: Vec<CalledBack>,
    /// The waits in queues that began in it.
    pub waits: Vec<CountedWaits>,
}

/// What comes together of some calls and cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Of all calls.
    pub counts: Counts,
    /// Calls by verdict, in the order of [`Verdict::ALL`].
    by_verdict: [u64; Verdict::ALL.len()],
    /// Calls that the guard did not deal with.
    pub passed_by: u64,
    /// Calls that the guard ended, by mailbox, and what was recorded of them.
    ended: BTreeMap<String, (u64, Duration)>,
    /// How long callers waited who were spoken to.
    pub waits: Waits,
}

impl Sum {
    fn add(&mut self, counted: &Counted) {
        let counts = counted.counts;
        self.counts += counts;
        match counted.verdict {
            Some(verdict) => self.by_verdict[place(verdict)] += counts.calls,
            None => self.passed_by += counts.calls,
        }
        if counts.ended > 0 {
            let (calls, after) = self.ended.entry(counted.mailbox.clone()).or_default();
            *calls += counts.ended;
            *after += counts.ended_after;
        }
    }

    /// Calls with this verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.by_verdict[place(verdict)]
    }

    /// Calls that the guard dealt with.
    pub fn judged(&self) -> u64 {
        self.by_verdict.iter().sum()
    }

    /// Calls of this group.
    pub fn group(&self, group: Group) -> u64 {
        match group {
            Group::PassedBy => self.passed_by,
            group => Verdict::ALL
                .into_iter()
                .filter(|verdict| Group::of(Some(*verdict)) == group)
                .map(|verdict| self.of(verdict))
                .sum(),
        }
    }

    /// The share of calls that could not be told apart; `None` without calls.
    pub fn unsure_share(&self) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| self.of(Verdict::Unsure) as f64 / judged as f64)
    }

    /// Recordings that nobody has to listen to: so much plain `VoiceMail()` would have recorded at least.
    pub fn spared_at_least(&self) -> Duration {
        self.counts.unheard_for
    }

    /// The same, if every caller whom the guard stopped had gone on to the longest message of the mailbox.
    pub fn spared_at_most(&self, longest: impl Fn(&str) -> Duration) -> Duration {
        let more = self.ended.iter().map(|(mailbox, (calls, after))| {
            let calls = u32::try_from(*calls).unwrap_or(u32::MAX);
            longest(mailbox)
                .saturating_mul(calls)
                .saturating_sub(*after)
        });
        self.counts.unheard_for + more.sum::<Duration>()
    }
}

fn place(verdict: Verdict) -> usize {
    let at = Verdict::ALL.iter().position(|known| *known == verdict);
    at.unwrap_or_default()
}

/// Verdicts that a picture shows as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Messages.
    Message,
    /// Those who talked past the limit.
    Rambler,
    /// Perhaps a message.
    Unsure,
    /// Nothing that anybody could call back about.
    Junk,
    /// Calls that the guard did not deal with.
    PassedBy,
}

impl Group {
    /// All of them, as they are stacked, the lowest first.
    pub const ALL: [Self; 5] = [
        Self::Message,
        Self::Rambler,
        Self::Unsure,
        Self::Junk,
        Self::PassedBy,
    ];

    /// The group of a verdict, or of a call without one.
    pub fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            None => Self::PassedBy,
            Some(Verdict::Message) => Self::Message,
            Some(Verdict::Rambler) => Self::Rambler,
            Some(Verdict::Unsure) => Self::Unsure,
            Some(_) => Self::Junk,
        }
    }

    /// The word for it in what machines and style sheets read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Rambler => "rambler",
            Self::Unsure => "unsure",
            Self::Junk => "junk",
            Self::PassedBy => "passed_by",
        }
    }
}

/// The figures of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The period.
    pub period: Period,
    /// Of the whole period.
    pub total: Sum,
    /// Of each day, those without calls as well.
    pub days: Vec<(Date, Sum)>,
    /// Of each day and mailbox that has something.
    pub by_day: BTreeMap<(Date, String), Sum>,
    /// Of each week and mailbox that has something.
    pub by_week: BTreeMap<(Week, String), Sum>,
    /// Of the queues in which callers waited.
    pub queues: QueueFigures,
}

impl Figures {
    /// Adds up what was counted; what lies outside the period is left out.
    pub fn of(period: Period, tally: &Tally) -> Self {
        let mut figures = Self {
            period,
            total: Sum::default(),
            days: period.days().map(|day| (day, Sum::default())).collect(),
            by_day: BTreeMap::new(),
            by_week: BTreeMap::new(),
            queues: QueueFigures::of(
                tally
                    .waits
                    .iter()
                    .filter(|of| period.place(of.day).is_some()),
            ),
        };
        for counted in tally.calls.iter().filter(|of| of.counts.calls > 0) {
            figures.each(counted.day, &counted.mailbox, |sum| sum.add(counted));
        }
        for spoken in &tally.called_back {
            figures.each(spoken.day, &spoken.mailbox, |sum| {
                sum.waits.add(spoken.waited);
            });
        }
        figures
    }

    fn each(&mut self, day: Date, mailbox: &str, add: impl Fn(&mut Sum)) {
        let Some((_, of_day)) = self
            .period
            .place(day)
            .and_then(|place| self.days.get_mut(place))
        else {
            return;
        };
        add(of_day);
        add(&mut self.total);
        add(self.by_day.entry((day, mailbox.to_owned())).or_default());
        let week = Week::of(day);
        add(self.by_week.entry((week, mailbox.to_owned())).or_default());
    }

    /// The columns of a picture: each day, or each week where there are too many days.
    pub fn columns(&self) -> Vec<(Date, Sum)> {
        if !self.period.is_long() {
            return self.days.clone();
        }
        let mut columns: Vec<(Date, Sum)> = Vec::new();
        for day in self.period.days() {
            let monday = Week::of(day).monday();
            if columns.last().is_none_or(|(last, _)| *last != monday) {
                columns.push((monday, Sum::default()));
            }
        }
        for ((week, _), sum) in &self.by_week {
            if let Some((_, column)) = columns.iter_mut().find(|(day, _)| *day == week.monday()) {
                column.merge(sum);
            }
        }
        columns
    }
}

impl Sum {
    fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        for (of, more) in self.by_verdict.iter_mut().zip(other.by_verdict) {
            *of += more;
        }
        self.passed_by += other.passed_by;
        for (mailbox, (calls, after)) in &other.ended {
            let mine = self.ended.entry(mailbox.clone()).or_default();
            mine.0 += calls;
            mine.1 += *after;
        }
        self.waits.merge(&other.waits);
    }
}

#[cfg(test)]
mod tests;
