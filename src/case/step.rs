//! What the team does with a case, and when it may.

use jiff::Timestamp;

use super::{Case, Closed, ClosedBy};

/// Characters of a note.
pub const LONGEST_NOTE: usize = 2_000;
/// Characters of the name of somebody of the team.
pub const LONGEST_NAME: usize = 64;

/// Who works on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The name of who claimed it.
    pub by: String,
    /// When.
    pub since: Timestamp,
    /// When it lapses, so that nothing is left lying by who went home.
    pub until: Timestamp,
}

/// Who did something with a case, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Their name.
    pub who: String,
    /// What they did it with.
    pub via: Via,
}

/// What somebody worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The command line.
    Command,
    /// The page.
    Page,
    /// The programming interface.
    Api,
    /// Nobody: Asterisk reported it.
    Asterisk,
    /// Nobody: the guard did it, since a message came after the case was closed.
    Guard,
}

impl Via {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Command,
        Self::Page,
        Self::Api,
        Self::Asterisk,
        Self::Guard,
    ];

    /// The word for it in the log's database and in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Page => "page",
            Self::Api => "api",
            Self::Asterisk => "asterisk",
            Self::Guard => "guard",
        }
    }
}

/// What somebody of the team does with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// They work on it now.
    Claim {
        /// When the claim lapses.
        until: Timestamp,
    },
    /// They do not work on it any more.
    Release,
    /// They rang and reached the caller: it is closed.
    Reached,
    /// They rang, and nobody answered.
    NotReached {
        /// When they want to ring again.
        next_try: Option<Timestamp>,
    },
    /// It is settled in another way.
    Done,
    /// There is nothing to do.
    NothingToDo,
    /// It was closed by mistake.
    Reopen,
    /// Nothing but a note.
    Note,
}

impl Step {
    /// The word for it in the log's database and in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim { .. } => "claim",
            Self::Release => "release",
            Self::Reached => "reached",
            Self::NotReached { .. } => "not_reached",
            Self::Done => "done",
            Self::NothingToDo => "nothing_to_do",
            Self::Reopen => "reopen",
            Self::Note => "note",
        }
    }

    fn closes_by(self) -> Option<ClosedBy> {
        match self {
            Self::Reached => Some(ClosedBy::Reached),
            Self::Done => Some(ClosedBy::Done),
            Self::NothingToDo => Some(ClosedBy::NothingToDo),
            _ => None,
        }
    }
}

/// How a case stands for the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody works on it.
    Open,
    /// Somebody does.
    Claimed,
    /// Nobody answered, and the next try is not due yet.
    Later,
    /// It is closed.
    Closed,
}

impl State {
    /// The word for it in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Later => "later",
            Self::Closed => "closed",
        }
    }
}

/// Why a step was not taken; the case is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else works on it.
    #[error("{} has claimed it", .0.by)]
    Claimed(Claim),
    /// It is closed already.
    #[error("it is closed already")]
    Closed(Closed),
    /// It is open, there is nothing to reopen.
    #[error("it is open")]
    Open,
    /// It has changed since it was looked at.
    #[error("it has changed since you looked at it")]
    Changed,
}

impl Case {
    /// The claim that holds.
    pub fn claim_at(&self, now: Timestamp) -> Option<&Claim> {
        self.claim.as_ref().filter(|claim| now < claim.until)
    }

    /// How it stands now.
    pub fn state(&self, now: Timestamp) -> State {
        if self.closed.is_some() {
            State::Closed
        } else if self.claim_at(now).is_some() {
            State::Claimed
        } else if self.next_try.is_some_and(|at| at > now) {
            State::Later
        } else {
            State::Open
        }
    }

    /// The case after a step.
    ///
    /// `seen` is the version that was looked at, where that is known. A note is always taken. Nobody takes a
    /// step in a case that another has claimed, but for reopening one that is closed.
    ///
    /// # Errors
    /// The step does not fit the case as it stands.
    pub fn after(
        &self,
        step: Step,
        who: &str,
        seen: Option<u32>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let mut next = self.clone();
        if step == Step::Note {
            return Ok(next);
        }
        match (&self.closed, step) {
            (Some(_), Step::Reopen) => next.closed = None,
            (Some(closed), _) => return Err(Refusal::Closed(closed.clone())),
            (None, Step::Reopen) => return Err(Refusal::Open),
            (None, _) => {}
        }
        let claim = self.claim_at(now);
        if let Some(claim) = claim.filter(|claim| claim.by != who && step != Step::Reopen) {
            return Err(Refusal::Claimed(claim.clone()));
        }
        if seen.is_some_and(|seen| seen != self.version) {
            return Err(Refusal::Changed);
        }
        match step {
            Step::Claim { until } => {
                next.claim = Some(Claim {
                    by: who.into(),
                    since: now,
                    until,
                });
            }
            Step::NotReached { next_try } => {
                next.tries += 1;
                next.next_try = next_try;
                next.claim = None;
            }
            _ => next.claim = None,
        }
        if let Some(by) = step.closes_by() {
            next.closed = Some(Closed {
                at: now,
                by,
                who: Some(who.into()),
                call: None,
            });
        }
        if next.closed.is_some() || step == Step::Reopen {
            next.next_try = None;
        }
        next.decided = Some(now);
        next.version += 1;
        Ok(next)
    }

    /// The case after the caller was connected with somebody; `None` where it stays as it is. What a person has
    /// decided stands against what was reported before.
    pub fn after_connection(&self, by: ClosedBy, at: Timestamp) -> Option<Self> {
        if self.closed.is_some() || self.decided.is_some_and(|decided| decided > at) {
            return None;
        }
        let mut next = self.clone();
        next.closed = Some(Closed {
            at,
            by,
            who: None,
            call: None,
        });
        (next.claim, next.next_try) = (None, None);
        next.version += 1;
        Some(next)
    }
}
