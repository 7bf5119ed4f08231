//! What is asked of the log, and what it answers.

use jiff::Timestamp;

use crate::call_record::{MailboxName, Verdict};
use crate::case::Case;
use crate::number::Needle;

/// Which calls are wanted, the latest first; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Calls from this number, or with it as the number to call back.
    pub number: Option<Needle>,
    /// Calls by callers who withheld their number.
    pub withheld: bool,
    /// Calls that began then or later.
    pub since: Option<Timestamp>,
    /// Calls that began before.
    pub until: Option<Timestamp>,
    /// Calls with this verdict.
    pub verdict: Option<Verdict>,
    /// Calls for this mailbox.
    pub mailbox: Option<MailboxName>,
    /// At most this many.
    pub limit: Option<u32>,
}

/// A case with its calls counted, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedCase {
    /// The case; its times are those of the calls that are still there.
    pub case: Case,
    /// The number, in E.164 form where it has one.
    pub number: String,
    /// The mailbox.
    pub mailbox: MailboxName,
    /// Its calls.
    pub calls: u32,
    /// How many of them are up.
    pub up: u32,
    /// How many of them have which verdict; those that are up have none.
    pub verdicts: Vec<(Verdict, u32)>,
}

/// The case of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseOfCall {
    /// The case.
    pub case: Case,
    /// Its calls.
    pub calls: u32,
    /// Which of them this one is, by its begin, from 1.
    pub place: u32,
}

/// A database that was broken and has been set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The name of its file in the data folder.
    pub file: String,
    /// What became of the deliveries that it owed; `None` until a guard has looked into it.
    pub takeover: Option<Takeover>,
}

/// What could be taken over from a broken database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Takeover {
    /// Deliveries that were taken over.
    pub deliveries: u32,
    /// Deliveries that stand in it and could not be read.
    pub unreadable: u32,
    /// Whether it could be seen how many deliveries stand in it; else there may have been more.
    pub is_complete: bool,
}
