//! The call log: one row per call, opened at the prelude, closed exactly once, searched by the team.
//!
//! ```text
//! session ── open, close ──► queue ──► writer thread ──► calls.sqlite
//!                                           │ busy, broken, full
//!                                           └──► calls.journal (JSON lines) ──► filed later
//! calls, call, the page ── Reader ──► calls.sqlite (read only, beside the writer)
//! ```
//!
//! Nothing here makes a call wait: the handle only puts an entry into a queue. An entry that the database
//! does not take at once goes to the journal; one that the journal does not take either is kept in memory;
//! both are tried again every second and at the next start. Filing is idempotent (an entry for a row that
//! is closed changes nothing), so an entry may be filed twice, but a call is never closed twice.
//!
//! The record itself is stored as JSON; the columns beside it are its index. Which calls are one caller's case
//! is decided in [`case`](crate::case) and kept beside the calls. Not here: what a verdict means,
//! repair of audio, days of keeping.

mod cases;
pub mod export;
mod handle;
mod journal;
mod outbox;
mod query;
mod schema;
mod store;
mod writer;

use std::io;
use std::path::PathBuf;

pub use cases::{CaseOfCall, CountedCase};
pub use handle::{CallLog, OpenCall, Opened, Safe};
pub use outbox::{Duty, Outbox, OutboxError, Outcome, Stage};
pub use query::{Order, Query, Reader, waiting};

/// Name of the database in the data folder.
pub const DATABASE: &str = "calls.sqlite";
/// Name of the journal in the data folder: entries that wait for the database.
pub const JOURNAL: &str = "calls.journal";
/// Name of the file that journal lines nobody can read are moved to.
pub const UNREADABLE: &str = "calls.journal.unreadable";
/// Name of the file that keeps a second guard off the data folder.
pub const LOCK: &str = "guard.lock";

/// Why the log cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another guard works on the data folder.
    #[error("another guard{} works on {}; two guards need two data folders", .process.map(|p| format!(" (process {p})")).unwrap_or_default(), .folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The other guard's process, where it can be told.
        process: Option<u32>,
    },
    /// The database was written by a newer version of this program.
    #[error("{} has schema {found}, this version knows up to {known}: it was written by a newer version; install that one, or name another data folder", .path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// There is no call log in the folder.
    #[error("no call log at {}; the guard makes it at its first start (voicemail-guard serve), another place is named by --data or VOICEMAIL_GUARD_DATA", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The database refused.
    #[error("{}: {source}", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A row is there, but its record cannot be read.
    #[error("the record of call {id} cannot be read: {source}")]
    Record {
        /// The call.
        id: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
