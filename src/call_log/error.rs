//! What the call log may be refused by its database and its files.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// Why the log cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another guard works on the data folder.
    #[error("another guard{} works on {}; two guards need two data folders", .process.map(|p| format!(" (process {p})")).unwrap_or_default(), .folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The other guard's process, where it is known.
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
    /// The database was written by an older version of this program, and no guard of this one has opened it yet.
    #[error("{} was written by an older version; start the guard of this version once (voicemail-guard serve), then try again", .path.display())]
    Older {
        /// The database.
        path: PathBuf,
    },
    /// There is no call log in the folder.
    #[error("no call log at {}; the guard makes it at its first start (voicemail-guard serve), another place is named by --data or VOICEMAIL_GUARD_DATA", .path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Whether there is one cannot be seen from here.
    #[error("{} cannot be seen: {source}; run this as the user that runs the guard", .path.display())]
    Hidden {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database refused.
    #[error("{}: {source}", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: StoreError,
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

impl LogError {
    /// That the log is there, at this path.
    pub(crate) fn unless_there(path: &Path) -> Result<(), Self> {
        let path = path.to_owned();
        match path.try_exists() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Self::Missing { path }),
            Err(source) => Err(Self::Hidden { path, source }),
        }
    }
}

/// What the database said, by what it means for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds it; it is there again in a moment.
    #[error(transparent)]
    Locked(Cause),
    /// It is no sound database.
    #[error(transparent)]
    Broken(Cause),
    /// One entry is at fault, not the database.
    #[error(transparent)]
    Entry(Cause),
    /// Anything else, such as a full disk.
    #[error(transparent)]
    Other(Cause),
}

/// The database's own error.
type Cause = Box<dyn Error + Send + Sync>;

/// Why the outbox could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The log's database is not there now.
    #[error("the call log's database cannot be used now")]
    Away,
    /// It refused.
    #[error("the call log's database: {0}")]
    Refused(#[from] StoreError),
}
