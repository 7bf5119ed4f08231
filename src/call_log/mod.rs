//! The call log: one row per call, opened at the prelude, closed exactly once, searched by the team.
//!
//! ```text
//! session ── open, close ──► queue ──► writer thread ──► calls.sqlite
//!                                           │ busy, broken, full
//!                                           └──► calls.journal (JSON lines) ──► filed later
//! calls, call ── Reader ──► calls.sqlite (read only, beside the writer)
//! import ── ImportLog ────► calls.sqlite (tables of its own, beside the writer)
//! ```
//!
//! Nothing here makes a call wait: the handle only puts an entry into a queue. An entry that the database
//! does not take at once goes to the journal; one that the journal does not take either is kept in memory;
//! both are tried again every second and at the next start. Filing is idempotent (an entry for a row that
//! is closed changes nothing), so an entry may be filed twice, but a call is never closed twice.
//!
//! The record itself is stored as JSON; the columns beside it are its index. Which calls are one caller's case
//! is decided in [`case`](crate::case) and kept beside the calls; which delivery is tried, and what comes of it, in
//! `queue`. The writer knows its database as a `Store`; SQL stands in `sqlite` alone. Not here: what a verdict
//! means, repair of audio, how long what is kept ([`keeping`](crate::keeping)).

mod case_change;
mod correction_line;
mod csv;
mod digest;
mod error;
pub mod export;
pub mod export_figures;
mod handle;
mod journal;
mod keeper;
mod kept;
pub mod leftovers;
mod listening;
mod news;
mod outbox;
mod owed_line;
mod query;
mod queue;
mod sqlite;
mod store;
mod thread;
mod time;
mod writer;

pub use case_change::{CaseEvent, Change, Changed, Judged};
pub use digest::{DigestNote, DigestsOfDay};
pub use error::{LogError, OutboxError, StoreError};
pub use handle::{CallLog, OpenCall, Opened, guard_at_work};
pub use journal::waiting;
pub use keeper::Keeper;
pub use kept::{Decided, Kept, Pause};
pub use listening::Listening;
pub use news::News;
pub use outbox::Outbox;
pub use query::{
    Backlog, CaseOfCall, CaseQuery, CountedCase, ListedCall, Query, SetAside, Standing, Takeover,
};
pub use queue::{Delivery, Settlement, Stage};
pub use sqlite::{
    CdrDatabase, Elsewhere, Eraser, Found, ImportLog, NoteWithNumber, OthersCall, Place, Reader,
    add_token, change_case, judge, quick_check, remove_test, revoke_token,
};
pub use writer::Durability;

/// Name of the database in the data folder.
pub const DATABASE: &str = "calls.sqlite";
/// Name of the journal in the data folder: entries that wait for the database.
pub const JOURNAL: &str = "calls.journal";
/// Name of the file that journal lines nobody can read are moved to.
pub const UNREADABLE: &str = "calls.journal.unreadable";
/// Name of the file that keeps a second guard off the data folder.
pub const LOCK: &str = "guard.lock";
