//! Repeat callers, pure: which calls are one case, and when a case is closed.
//!
//! A case is one caller's matter with one mailbox: the calls by one number for one mailbox, each of
//! them within the window of the call before. The mailbox is what the team of a hotline answers
//! for, so calls for two mailboxes are two cases, and calls that came in by several numbers for one
//! mailbox are one. Numbers are compared in their E.164 form ([`number::identity`]). A caller who
//! withholds the number, or of whom none is known, has no case: nothing distinguishes them from
//! others. Nor has a call whose request names no mailbox, for which nobody answers; nor one that a
//! list sent straight to `VoiceMail()` or turned away: what became of the one the guard does not
//! know, and the other is not to be called back.
//!
//! A case is open until callers have what they called for, as far as that can be known: they have
//! left a message and the team can hear it (the guard knows), or they were connected with somebody
//! (as Asterisk's manager interface reports). Then every case of theirs that is open for that
//! mailbox is closed, and their next call opens another. A message can be heard when it has reached
//! one of its destinations; where it has none, when it is filed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call_record::{CallId, CallRecord, EndedBy, Presentation};
use crate::number::{self, Home, Trunk};

/// A case as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The call that opened it; the case is called after it for good.
    pub id: CallId,
    /// When its first call began.
    pub first: Timestamp,
    /// When its last call began.
    pub last: Timestamp,
    /// How it was closed; `None` while it is open.
    pub closed: Option<Closed>,
}

/// How a case was closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// By what.
    pub by: ClosedBy,
    /// The call that closed it, where it was one of the guard's own.
    pub call: Option<CallId>,
}

/// What closes a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The caller left a message, and it is where the team can hear it. The guard knows that by
    /// itself.
    Message,
    /// The caller called again and somebody answered. Asterisk's manager interface reported it.
    Answered,
    /// Somebody here called the number and was answered. Asterisk's manager interface reported it.
    CalledBack,
}

impl ClosedBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Message, Self::Answered, Self::CalledBack];

    /// The word for it in the log's database and in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Answered => "answered",
            Self::CalledBack => "called_back",
        }
    }

    /// Whose knowledge it is: `guard`, or `manager` for Asterisk's manager interface.
    pub fn known_by(self) -> &'static str {
        match self {
            Self::Message => "guard",
            Self::Answered | Self::CalledBack => "manager",
        }
    }
}

/// The number whose cases a call belongs to; `None` where it forms none.
pub fn number_of(record: &CallRecord) -> Option<String> {
    record.repeat_window_s?;
    if matches!(record.ended_by, Some(EndedBy::Bypassed | EndedBy::Rejected)) {
        return None;
    }
    let caller = &record.caller;
    match caller.presentation {
        Presentation::Shown => number::identity(&caller.number, caller.e164.as_ref()),
        Presentation::Withheld | Presentation::Unavailable => None,
    }
}

impl Case {
    /// Whether a call by the same number for the same mailbox that began then is one of this case.
    ///
    /// It is where it began within the window of the others. A call that began after the case was
    /// closed is another matter; one that began before belongs to it, even if it is filed later.
    pub fn takes(&self, started: Timestamp, window: SignedDuration) -> bool {
        let away = if started < self.first {
            self.first.duration_since(started)
        } else {
            started.duration_since(self.last)
        };
        away <= window && self.closed.is_none_or(|closed| started <= closed.at)
    }

    /// The same case with one more call.
    #[must_use]
    pub fn with(mut self, started: Timestamp) -> Self {
        self.first = self.first.min(started);
        self.last = self.last.max(started);
        self
    }
}

/// How a message closes the open cases of its number and mailbox, if the record has one; for when
/// the team can hear it.
pub fn closed_by_message(record: &CallRecord) -> Option<Closed> {
    record.leaves_a_message().then(|| Closed {
        at: record.ended.unwrap_or(record.started),
        by: ClosedBy::Message,
        call: Some(record.id),
    })
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
    /// The number ([`number_of`]).
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
