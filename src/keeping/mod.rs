//! For how long what is kept: days by verdict and kind, and what is due at which time; pure.
//!
//! Days count from the end of the call, 24 hours each. A message waits for as long as nobody has got
//! it, and, up to a limit, for as long as its case is open.

mod forget;
mod pseudonym;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use forget::{Mentioned, forget, is_from, is_of, may_be_of, mentioned_in};
pub use pseudonym::Pseudonyms;
pub use rules::{KeepRules, Keeping};

/// What of a call is kept for a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The recording.
    Audio,
    /// What was heard in it, and when.
    Timeline,
    /// Number and name of the caller, the number to call back, the team's notes; then a pseudonym
    /// stands there.
    Number,
    /// The record, and so everything.
    Record,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Audio, Self::Timeline, Self::Number, Self::Record];

    /// The word for it in settings and in the technical log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Timeline => "timeline",
            Self::Number => "number",
            Self::Record => "record",
        }
    }
}

/// Some of the kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Those of these bits, as the database has them.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// A bit for each, by its place in [`Kind::ALL`].
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether this one is among them.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

/// A number of days, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Days {
    /// So many.
    Of(u32),
    /// Until somebody deletes it.
    Forever,
}

impl Days {
    /// The most days that can be set: a hundred years.
    pub const MOST: u32 = 36_500;

    /// When they are over that began then; `None` if never.
    pub fn end(self, began: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Of(days) => Some(
                began
                    .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
                    .unwrap_or(Timestamp::MAX),
            ),
            Self::Forever => None,
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(1) => f.write_str("1 day"),
            Self::Of(days) => write!(f, "{days} days"),
            Self::Forever => f.write_str("forever"),
        }
    }
}

/// For how long each kind is kept of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The recording.
    pub audio: Days,
    /// What was heard.
    pub timeline: Days,
    /// Number and name.
    pub number: Days,
    /// The record.
    pub record: Days,
}

impl Keep {
    /// The same for every kind.
    pub const fn all(days: Days) -> Self {
        Self {
            audio: days,
            timeline: days,
            number: days,
            record: days,
        }
    }

    /// What is set for this kind.
    pub fn set(&self, kind: Kind) -> Days {
        match kind {
            Kind::Audio => self.audio,
            Kind::Timeline => self.timeline,
            Kind::Number => self.number,
            Kind::Record => self.record,
        }
    }

    /// What holds for this kind: nothing outlives its record.
    pub fn of(&self, kind: Kind) -> Days {
        self.set(kind).min(self.record)
    }

    /// The longer of both for each kind: of a call that somebody says was another than the guard
    /// thought.
    #[must_use]
    pub fn longer(&self, other: &Self) -> Self {
        let longer = |kind| self.of(kind).max(other.of(kind));
        Self {
            audio: longer(Kind::Audio),
            timeline: longer(Kind::Timeline),
            number: longer(Kind::Number),
            record: longer(Kind::Record),
        }
    }
}

/// What holds back that anything of a call is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Its message is still to be delivered, or could be delivered nowhere: for as long as that is so.
    Undelivered,
    /// There is something to ring about, and its case is open: for [`KeepRules::open_cases`].
    OpenCase,
}

/// What is known of a call that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// When it ended.
    pub ended: Timestamp,
    /// What of it is gone.
    pub gone: Kinds,
    /// What it waits for.
    pub waits: Option<Wait>,
}

/// What is to be done about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// What is deleted now; the record alone where that is due.
    pub now: Kinds,
    /// When there is more to be done; `None` if never.
    pub next: Option<Timestamp>,
}

/// A call that waits is looked at again after this long.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What is due of a call; one with an open case waits for so many days.
pub fn due(held: Held, keep: &Keep, open_cases: Days, now: Timestamp) -> Due {
    let due = by_days(held, keep, now);
    if due.now.is_empty() {
        return due;
    }
    let waits_until = match held.waits {
        None => return due,
        Some(Wait::Undelivered) => None,
        Some(Wait::OpenCase) => open_cases.end(held.ended),
    };
    if waits_until.is_some_and(|until| until <= now) {
        return due;
    }
    let again = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
    Due {
        now: Kinds::NONE,
        next: Some(waits_until.map_or(again, |until| until.min(again))),
    }
}

fn by_days(held: Held, keep: &Keep, now: Timestamp) -> Due {
    let end = |kind| keep.of(kind).end(held.ended);
    let is_over = |kind| end(kind).is_some_and(|end| end <= now);
    if is_over(Kind::Record) {
        return Due {
            now: Kinds::NONE.with(Kind::Record),
            next: None,
        };
    }
    let left = Kind::ALL.into_iter().filter(|kind| !held.gone.has(*kind));
    let (over, later): (Vec<_>, Vec<_>) = left.partition(|kind| is_over(*kind));
    Due {
        now: over.into_iter().fold(Kinds::NONE, Kinds::with),
        next: later.into_iter().filter_map(end).min(),
    }
}
