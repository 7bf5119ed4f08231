//! What is asked of the log, and what it answers.

use jiff::Timestamp;

use crate::call_record::{CallId, CallRecord, MailboxName, Verdict};
use crate::case::{Case, Correction};
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
    /// Calls that were this: as somebody says, where the guard judged them wrongly.
    pub verdict: Option<Verdict>,
    /// Calls of which somebody says that the guard judged them wrongly.
    pub judged_wrong: bool,
    /// Calls for this mailbox.
    pub mailbox: Option<MailboxName>,
    /// Those for one of these mailboxes; all where there is no list.
    pub mailboxes: Option<Vec<String>>,
    /// Those that come behind this call in the order.
    pub behind: Option<CallId>,
    /// At most this many.
    pub limit: Option<u32>,
}

/// Which cases are wanted; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseQuery {
    /// This one.
    pub id: Option<CallId>,
    /// Those with a call that is wanted; its `limit` and `order` do not matter.
    pub calls: Query,
    /// How they stand.
    pub standing: Standing,
    /// Those for one of these mailboxes; all where there is no list.
    pub mailboxes: Option<Vec<String>>,
    /// Those in whose names and notes all of these words begin a word.
    pub words: Vec<String>,
    /// At most this many.
    pub limit: Option<u32>,
    /// So many are left out before.
    pub offset: u32,
}

/// How the cases stand that are wanted, and so which of them come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Any; the latest call first.
    #[default]
    Any,
    /// Open; the most urgent first, of these who waits longest.
    Open,
    /// To be rung now: open, with something to ring about, the next try due; the same order.
    ToRing(Timestamp),
    /// Claimed by this person, then; the same order.
    ClaimedBy(String, Timestamp),
    /// Open, and to be rung again later than then; the same order.
    Later(Timestamp),
    /// Open without anything to ring about; the latest call first.
    Junk,
    /// Closed; the latest first.
    Closed,
}

/// A case with its calls counted, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedCase {
    /// The case; its times are those of the calls that are still there.
    pub case: Case,
    /// The most urgent of its calls, of several the latest; `None` where it is gone or cannot be read.
    pub lead: Option<CallRecord>,
    /// What somebody said that this one really was.
    pub correction: Option<Correction>,
    /// Since when the caller waits: the begin of the first call with something to ring about.
    pub waiting_since: Option<Timestamp>,
    /// The number, in E.164 form where it has one; empty where the callers of this case show none.
    pub number: String,
    /// The mailbox.
    pub mailbox: MailboxName,
    /// Its calls.
    pub calls: u32,
    /// How many of them are up.
    pub up: u32,
    /// How many of them were what, those that were judged wrongly by what somebody says; those that
    /// are up are nothing yet.
    pub verdicts: Vec<(Verdict, u32)>,
}

/// What waits for the team, in cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// To be rung now ([`Standing::ToRing`]), by urgency: watched callers first.
    pub watched: u32,
    /// Those with a message.
    pub message: u32,
    /// Those of whom it is not sure.
    pub unsure: u32,
    /// How many of these nobody has claimed.
    pub unclaimed: u32,
    /// How many of these have waited too long.
    pub late: u32,
    /// Since when the one that has waited longest does.
    pub oldest: Option<Timestamp>,
    /// Open, and claimed by somebody.
    pub claimed: u32,
    /// Open, and to be rung again later ([`Standing::Later`]).
    pub later: u32,
}

/// A call with what is known of it beside its record.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedCall {
    /// What the guard noted.
    pub record: CallRecord,
    /// Its case.
    pub case: Option<CaseOfCall>,
    /// What somebody said that it really was.
    pub correction: Option<Correction>,
    /// Of a wait in a queue: the call to a mailbox that the caller made from there.
    pub went_to: Option<WentTo>,
}

/// The call that somebody made who has waited in a queue before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentTo {
    /// The call.
    pub id: CallId,
    /// The mailbox that it was for.
    pub mailbox: MailboxName,
}

impl From<CallRecord> for ListedCall {
    fn from(record: CallRecord) -> Self {
        Self {
            record,
            case: None,
            correction: None,
            went_to: None,
        }
    }
}

impl ListedCall {
    /// What the call was: by what somebody says, else by the guard; nothing yet while it is up.
    pub fn verdict(&self) -> Option<Verdict> {
        let correction = self.correction.as_ref();
        correction.map_or(self.record.verdict, |of| Some(of.verdict))
    }
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
