//! What is asked to be changed of a case, what came of it, and what is kept of it.

use jiff::Timestamp;

use crate::call_record::CallId;
use crate::case::{Author, Case, Refusal, Step, Via};

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

/// What was done about a case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseEvent {
    /// When.
    pub at: Timestamp,
    /// By whom; nobody where Asterisk reported it.
    pub who: Option<String>,
    /// What they worked with.
    pub via: Via,
    /// The step ([`Step::as_str`]), or what closed it ([`ClosedBy::as_str`](crate::case::ClosedBy::as_str)).
    pub what: String,
    /// What they had to say.
    pub note: Option<String>,
}
