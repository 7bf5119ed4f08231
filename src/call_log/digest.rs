//! Which digests have been sent.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

/// That something has been done about the digest of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestNote {
    /// The mailbox.
    pub mailbox: String,
    /// The day.
    pub day: Date,
    /// Who got it; `None` once nothing more is to be done that day.
    pub recipient: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What is known of the digests of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestsOfDay {
    /// Mailboxes of which any digest, of whatever day, is known.
    pub known: BTreeSet<String>,
    /// Mailboxes for which nothing more is to be done that day.
    pub settled: BTreeSet<String>,
    /// Mailboxes and those who have got its digest of that day.
    pub served: BTreeSet<(String, String)>,
}
