//! What is counted of callers who waited in queues.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use jiff::civil::Date;

use super::Week;

/// What an agent is taken to lose with a caller who is not there: to say the greeting twice, listen, hang up.
pub const DEAD_AIR: Duration = Duration::from_secs(30);

/// What is kept of the waits of one day and queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Waits that have ended.
    pub waits: u64,
    /// Of these, those in which the caller was asked.
    pub asked: u64,
    /// Of these, those in which they answered the question.
    pub answered: u64,
    /// Waits at whose end nobody was there.
    pub nobody: u64,
    /// Of these, those that an agent answered.
    pub in_vain: u64,
    /// Of these, those that the guard ended.
    pub taken_out: u64,
}

impl QueueCounts {
    /// What was saved of agents' time, at most: some would have hung up before an agent answered.
    pub fn saved_at_most(&self) -> Duration {
        Self::dead_air(self.taken_out)
    }

    /// What agents have lost with callers who were not there.
    pub fn lost(&self) -> Duration {
        Self::dead_air(self.in_vain)
    }

    fn dead_air(calls: u64) -> Duration {
        DEAD_AIR.saturating_mul(u32::try_from(calls).unwrap_or(u32::MAX))
    }

    /// All of them, in the order in which they are printed.
    pub fn all(&self) -> [u64; 6] {
        let Self {
            waits,
            asked,
            answered,
            nobody,
            in_vain,
            taken_out,
        } = *self;
        [waits, asked, answered, nobody, in_vain, taken_out]
    }
}

impl AddAssign for QueueCounts {
    fn add_assign(&mut self, other: Self) {
        self.waits += other.waits;
        self.asked += other.asked;
        self.answered += other.answered;
        self.nobody += other.nobody;
        self.in_vain += other.in_vain;
        self.taken_out += other.taken_out;
    }
}

/// Waits that are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedWaits {
    /// The day on which they began, in the zone of the guard.
    pub day: Date,
    /// The queue, such as `support@queue`.
    pub queue: String,
    /// What is counted of them.
    pub counts: QueueCounts,
}

/// The waits of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Of the whole period.
    pub total: QueueCounts,
    /// Of each day and queue that has some.
    pub by_day: BTreeMap<(Date, String), QueueCounts>,
    /// Of each week and queue that has some.
    pub by_week: BTreeMap<(Week, String), QueueCounts>,
}

impl QueueFigures {
    /// Adds up what was counted.
    pub(super) fn of<'a>(counted: impl Iterator<Item = &'a CountedWaits>) -> Self {
        let mut figures = Self::default();
        for of in counted.filter(|of| of.counts.waits > 0) {
            let (day, week) = (of.day, Week::of(of.day));
            figures.total += of.counts;
            *figures.by_day.entry((day, of.queue.clone())).or_default() += of.counts;
            *figures.by_week.entry((week, of.queue.clone())).or_default() += of.counts;
        }
        figures
    }
}
