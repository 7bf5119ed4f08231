//! The days that are set, for every verdict and mailbox.

use std::collections::BTreeMap;

use super::{Days, Keep, Kind};
use crate::call_record::{MailboxName, Verdict};

/// The days for each verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping([Keep; Verdict::ALL.len()]);

impl Keeping {
    /// Calls that are delivered: disputes ("I did leave a message") are settled within three
    /// months, and who called is asked for within half a year; figures are compared with those of a
    /// year ago.
    pub const DELIVERED: Keep = Keep {
        audio: Days::Of(90),
        timeline: Days::Of(90),
        number: Days::Of(180),
        record: Days::Of(365),
    };
    /// The rest: nobody meant to leave it, and it is kept to see whether the guard was right.
    pub const JUNK: Keep = Keep {
        audio: Days::Of(7),
        timeline: Days::Of(30),
        number: Days::Of(30),
        record: Days::Of(365),
    };

    /// By verdict.
    pub fn new(of: impl Fn(Verdict) -> Keep) -> Self {
        Self(Verdict::ALL.map(of))
    }

    /// What holds for a verdict.
    pub fn of(&self, verdict: Verdict) -> &Keep {
        let at = Verdict::ALL.iter().position(|known| *known == verdict);
        &self.0[at.unwrap_or_default()]
    }

    fn longest(&self, kind: Kind) -> Days {
        let days = self.0.iter().map(|keep| keep.of(kind));
        days.max().unwrap_or(Days::Forever)
    }
}

impl Default for Keeping {
    fn default() -> Self {
        Self::new(|verdict| {
            if verdict.is_delivered() {
                Self::DELIVERED
            } else {
                Self::JUNK
            }
        })
    }
}

/// The days for each verdict and mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepRules {
    /// Of the mailboxes that have none of their own.
    pub all: Keeping,
    /// Of the others, by their whole names.
    pub mailboxes: BTreeMap<String, Keeping>,
    /// For how long at most a call with something to ring about waits for its case to be closed.
    pub open_cases: Days,
}

impl Default for KeepRules {
    fn default() -> Self {
        Self {
            all: Keeping::default(),
            mailboxes: BTreeMap::new(),
            open_cases: Self::OPEN_CASES,
        }
    }
}

impl KeepRules {
    /// What nobody has done anything about for a year, nobody will.
    pub const OPEN_CASES: Days = Days::Of(365);

    /// What holds for a mailbox.
    pub fn of(&self, mailbox: &MailboxName) -> &Keeping {
        self.mailboxes.get(mailbox.as_str()).unwrap_or(&self.all)
    }

    /// The rules of all mailboxes; those that hold for the rest have no name.
    pub fn each(&self) -> impl Iterator<Item = (Option<&str>, &Keeping)> {
        let own = self.mailboxes.iter();
        let own = own.map(|(name, keeping)| (Some(name.as_str()), keeping));
        std::iter::once((None, &self.all)).chain(own)
    }

    /// The longest that this kind is kept of any call.
    pub fn longest(&self, kind: Kind) -> Days {
        let longest = self.each().map(|(_, keeping)| keeping.longest(kind));
        longest.max().unwrap_or(Days::Forever)
    }

    /// A text that is another where the rules are others.
    pub fn fingerprint(&self) -> String {
        format!("{self:?}")
    }
}
