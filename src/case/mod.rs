//! Cases, pure: which calls are one caller's matter, and until when it is open.
//!
//! A case is everything of one caller with one mailbox until they have been helped: the calls by one number
//! for one mailbox, each within the window of the call before, or whenever it comes while a message of the
//! case waits. The mailbox is what the team of a hotline answers for, so calls for two mailboxes are two
//! cases, and calls that came in by several numbers for one mailbox are one. Numbers are compared in their
//! E.164 form ([`number::identity`]). A caller who withholds the number, or of whom none is known, has a case
//! for each call: nothing distinguishes them from others. In no case is a call whose request names no mailbox,
//! for which nobody answers; nor one that a list sent straight to `VoiceMail()` or turned away: what became of
//! the one the guard does not know, and the other is not to be called back; nor a test call by `doctor`.
//!
//! A message does not close a case, it is what somebody has to call back about. A case is open until the team
//! says that it is done ([`Step`]), or the caller was connected with somebody (as Asterisk's manager
//! interface reports). The next call opens another, and so does a message whose caller was still speaking when
//! the case was closed; that of the call which opened the case opens it once more.

mod correction;
mod step;
mod urgency;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call_record::{CallId, CallRecord, EndedBy, Presentation, Reason, Verdict};
use crate::number::{self, Home, Trunk};

pub use correction::{Correction, Judgement, Judging, NotCorrected};
pub use step::{Author, Claim, LONGEST_NAME, LONGEST_NOTE, Refusal, State, Step, Via};
pub use urgency::Urgency;

/// A case as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The call that opened it; the case is called after it for good.
    pub id: CallId,
    /// When its first call began.
    pub first: Timestamp,
    /// When its last call began.
    pub last: Timestamp,
    /// The most urgent of its calls.
    pub urgency: Urgency,
    /// Who works on it.
    pub claim: Option<Claim>,
    /// How often nobody answered when the team rang.
    pub tries: u32,
    /// When the team wants to ring again.
    pub next_try: Option<Timestamp>,
    /// When somebody of the team last decided something.
    pub decided: Option<Timestamp>,
    /// How it was closed; `None` while it is open.
    pub closed: Option<Closed>,
    /// Counts what has changed about it, so that nobody decides on a case as it was.
    pub version: u32,
}

/// How a case was closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// By what.
    pub by: ClosedBy,
    /// Who of the team closed it.
    pub who: Option<String>,
    /// The call that closed it, where it was one of the guard's own.
    pub call: Option<CallId>,
}

/// What closes a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The caller left a message: versions before the team could close cases closed them so.
    Message,
    /// The caller called again and somebody answered. Asterisk's manager interface reported it.
    Answered,
    /// Somebody here called the number and was answered. Asterisk's manager interface reported it.
    CalledBack,
    /// The team reached the caller.
    Reached,
    /// The team has settled it otherwise.
    Done,
    /// The team says that there is nothing to do.
    NothingToDo,
}

impl ClosedBy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Message,
        Self::Answered,
        Self::CalledBack,
        Self::Reached,
        Self::Done,
        Self::NothingToDo,
    ];

    /// The word for it in the log's database and in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Answered => "answered",
            Self::CalledBack => "called_back",
            Self::Reached => "reached",
            Self::Done => "done",
            Self::NothingToDo => "nothing_to_do",
        }
    }

    /// Whose knowledge it is: `guard`, `manager` for Asterisk's manager interface, or `team`.
    pub fn known_by(self) -> &'static str {
        match self {
            Self::Message => "guard",
            Self::Answered | Self::CalledBack => "manager",
            Self::Reached | Self::Done | Self::NothingToDo => "team",
        }
    }
}

/// Whose case a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// That of this number, in the form in which numbers are compared.
    Number(String),
    /// One of its own.
    Alone,
}

impl Membership {
    /// Whose case the call is; `None` where it is in none.
    pub fn of(record: &CallRecord) -> Option<Self> {
        let passed_by = matches!(record.ended_by, Some(EndedBy::Bypassed | EndedBy::Rejected));
        let nobodys =
            |reason: &Reason| matches!(reason, Reason::NoMailbox | Reason::ImpossibleMailbox(_));
        let waits = record.queue.is_some();
        if passed_by || waits || record.is_test || record.reasons.iter().any(nobodys) {
            return None;
        }
        let caller = &record.caller;
        let number = match caller.presentation {
            Presentation::Shown if record.repeat_window_s.is_some() => {
                number::identity(&caller.number, caller.e164.as_ref())
            }
            _ => None,
        };
        Some(number.map_or(Self::Alone, Self::Number))
    }

    /// The number; empty for a case of one call.
    pub fn number(&self) -> &str {
        match self {
            Self::Number(number) => number,
            Self::Alone => "",
        }
    }
}

impl Case {
    /// A case that this call opens.
    pub fn opened_by(record: &CallRecord) -> Self {
        Self {
            id: record.id,
            first: record.started,
            last: record.started,
            urgency: Urgency::Junk,
            claim: None,
            tries: 0,
            next_try: None,
            decided: None,
            closed: None,
            version: 0,
        }
    }

    /// Whether a call by the same number for the same mailbox that began then is one of this case.
    ///
    /// It is where it began within the window of the others, or while a message of theirs waits. A call that
    /// began after the case was closed is another matter; one that began before belongs to it, even if it is
    /// filed later.
    pub fn takes(&self, started: Timestamp, window: SignedDuration) -> bool {
        if let Some(closed) = &self.closed
            && started > closed.at
        {
            return false;
        }
        let away = if started < self.first {
            self.first.duration_since(started)
        } else {
            started.duration_since(self.last)
        };
        let waits = self.closed.is_none() && self.urgency > Urgency::Junk && started >= self.first;
        waits || away <= window
    }

    /// Whether a call of this case, now that it has ended and was this, is another matter: who
    /// closed the case cannot have known what the caller went on to say.
    pub fn outlived_by(&self, record: &CallRecord, verdict: Option<Verdict>) -> bool {
        let (Some(closed), Some(ended)) = (&self.closed, record.ended) else {
            return false;
        };
        ended > closed.at && Urgency::judged(record, verdict) > Urgency::Junk
    }

    /// The same case with one more call.
    #[must_use]
    pub fn with(mut self, started: Timestamp) -> Self {
        self.first = self.first.min(started);
        self.last = self.last.max(started);
        self
    }
}

/// Two telephones that were connected, as Asterisk's manager interface reports it; numbers as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Who called.
    pub caller: String,
    /// The number they dialled to reach this Asterisk, where that is known.
    pub dialled: Option<String>,
    /// Who answered.
    pub answered: String,
}

impl Connected {
    /// Every number that the caller may be, by the home countries and trunks of all mailboxes.
    pub fn callers(&self, homes: &[Home]) -> BTreeSet<String> {
        let forms = homes.iter().map(|home| {
            let e164 = home.trunk.e164(&self.caller, Some(home.country));
            number::identity(&self.caller, e164.as_ref())
        });
        forms.flatten().collect()
    }

    /// The same of who answered, as somebody dials it: the trunk has no part in it but the outside
    /// line.
    pub fn answerers(&self, homes: &[Home]) -> BTreeSet<String> {
        let forms = homes.iter().flat_map(|home| {
            let dialled = Trunk {
                outside_line: home.trunk.outside_line.clone(),
                ..Trunk::default()
            };
            [dialled, Trunk::default()].map(|trunk| {
                let e164 = trunk.e164(&self.answered, Some(home.country));
                number::identity(&self.answered, e164.as_ref())
            })
        });
        forms.flatten().collect()
    }
}

/// An open case, as far as it matters for closing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// The case.
    pub id: CallId,
    /// The number ([`Membership::number`]).
    pub number: String,
    /// The numbers dialled in its calls; none where the network sends none.
    pub dialled: BTreeSet<String>,
}

/// Which of these open cases are closed by that connection, and by what.
///
/// * The caller of a case was connected: the cases close whose calls came in by the number that was
///   dialled this time, or by none that is known. A caller who reaches the sales team has not reached
///   the hotline.
/// * The number of a case was called from here and answered: the case closes if it is the only one
///   that is open for the number. Which of two mailboxes somebody called back for is not known.
pub fn closed_by_connection<'a>(
    connected: &Connected,
    homes: &[Home],
    open: &'a [Open],
) -> Vec<(&'a Open, ClosedBy)> {
    let callers = connected.callers(homes);
    let answerers = connected.answerers(homes);
    let called_back: Vec<_> = open
        .iter()
        .filter(|case| answerers.contains(&case.number))
        .collect();
    let dialled_there = |case: &&Open| {
        let dialled = connected.dialled.as_ref();
        case.dialled.is_empty() || dialled.is_some_and(|number| case.dialled.contains(number))
    };
    let mut closed: Vec<_> = open
        .iter()
        .filter(|case| callers.contains(&case.number))
        .filter(dialled_there)
        .map(|case| (case, ClosedBy::Answered))
        .collect();
    if let [only] = called_back[..]
        && !closed.iter().any(|(case, _)| case.id == only.id)
    {
        closed.push((only, ClosedBy::CalledBack));
    }
    closed
}

#[cfg(test)]
pub(crate) mod tests;
