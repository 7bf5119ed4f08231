//! What is asked to be changed of a case or said of its calls, what came of it, and what is kept of
//! it.

use jiff::Timestamp;

use crate::call_record::{CallId, Verdict};
use crate::case::{Author, Case, Correction, NotCorrected, Refusal, Step, Via};

/// A step that somebody takes in a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The case.
    pub case: CallId,
    /// The version of it that they looked at, where that is known.
    pub seen: Option<u32>,
    /// What they do.
    pub step: Step,
    /// What they have to say about it.
    pub note: Option<String>,
    /// Who they are.
    pub author: Author,
    /// Now.
    pub at: Timestamp,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// It was taken; the case as it is now.
    Done(Box<Case>),
    /// It was not taken.
    Refused(Refusal),
    /// There is no such case.
    Missing,
}

/// What came of somebody's saying what a call really was.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// It is noted: what stands now, which is nothing where it was withdrawn, and the call's case,
    /// if it is in one.
    Done(Option<Correction>, Option<Box<Case>>),
    /// Nothing was changed.
    Refused(NotCorrected),
    /// There is no such call.
    Missing,
}

/// What was done about a case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseEvent {
    /// When.
    pub at: Timestamp,
    /// By whom; nobody where Asterisk reported it.
    pub who: Option<String>,
    /// What they worked with.
    pub via: Via,
    /// The step ([`Step::as_str`]), what closed it
    /// ([`ClosedBy::as_str`](crate::case::ClosedBy::as_str)), [`Self::JUDGED`] or
    /// [`Self::WITHDRAWN`].
    pub what: String,
    /// What they had to say.
    pub note: Option<String>,
    /// The call of the case that it is about.
    pub call: Option<CallId>,
    /// What they say that this call was.
    pub verdict: Option<Verdict>,
}

impl CaseEvent {
    /// Somebody said what a call really was.
    pub const JUDGED: &str = "judged";
    /// Somebody took back what was said of a call.
    pub const WITHDRAWN: &str = "judgement_withdrawn";
}
