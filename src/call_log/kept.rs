//! What is known of calls of which something may be due to be deleted, and what was decided about them.

use jiff::Timestamp;

use crate::call_record::{CallId, MailboxName, Verdict};
use crate::keeping::{Due, Held};

/// A call of which something may be due.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its row.
    pub seq: i64,
    /// The call, as it stands there.
    pub id: String,
    /// The same; `None` where the row is not one of ours.
    pub call: Option<CallId>,
    /// When it began.
    pub started: Timestamp,
    /// The mailbox.
    pub mailbox: MailboxName,
    /// What the caller was.
    pub verdict: Verdict,
    /// What somebody says that the call really was.
    pub corrected: Option<Verdict>,
    /// Where its recording is kept, below the data folder.
    pub audio: Option<String>,
    /// What the decision goes by.
    pub held: Held,
}

/// What was decided about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// Its row.
    pub seq: i64,
    /// The call; where another has the row by now, nothing is done.
    pub id: String,
    /// What goes, and when it is looked at again.
    pub due: Due,
}

/// Why nothing is deleted now, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The log is one of an earlier version, which deleted nothing by itself: a week from the first
    /// sweep on.
    Upgrade(Timestamp),
    /// The clock shows a week more, or less, than at the last sweep, and may be wrong: a day from
    /// then on.
    Clock(Timestamp),
}
