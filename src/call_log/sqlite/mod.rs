//! The log in SQLite: everything that knows SQL.

mod calls;
mod case_list;
mod case_upkeep;
mod cases;
mod cdr;
mod corrections;
mod digests;
mod erasing;
mod figures;
mod filing;
mod from_queue;
mod imported;
mod imported_tables;
mod keeping;
mod listening;
mod mentions;
mod outbox;
mod reader;
mod removal;
mod retention;
mod salvage;
mod schema;
mod search;
mod table;
mod tokens;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

pub use cdr::CdrDatabase;
pub use erasing::{Eraser, Found};
pub use imported::ImportLog;
pub use mentions::{Elsewhere, NoteWithNumber, OthersCall, Place};
pub use reader::{Reader, quick_check};

use super::case_change::{Change, Changed, Judged};
use super::digest::{DigestNote, DigestsOfDay};
use super::error::{LogError, StoreError};
use super::journal::Entry;
use super::kept::{Decided, Kept, Pause};
use super::listening::Listening;
use super::query::SetAside;
use super::queue::{self, Delivery, Key, Settlement};
use super::store::{Filing, Result, Store};
use crate::access::Token;
use crate::call_record::{CallId, CallRecord};
use crate::case::{Connected, Judging, Via};
use crate::hearing::Segment;
use crate::keeping::Pseudonyms;
use crate::number::Home;
use crate::token::Hash;

/// Opens the database for writing: makes or migrates it, and takes over what those that were set aside beside it
/// owed.
pub(super) fn open(path: &Path) -> std::result::Result<Box<dyn Store>, LogError> {
    let (mut connection, is_new) = schema::open(path)?;
    let usable = calls::probe(&connection)
        .and_then(|()| salvage::take_over_all(&mut connection, path, is_new));
    match usable {
        Ok(()) => Ok(Box::new(Database { connection })),
        Err(error) => Err(LogError::Database {
            path: path.into(),
            source: refused(error),
        }),
    }
}

/// Takes a step in a case of a log that another process may be writing.
pub fn change_case(folder: &Path, change: &Change) -> std::result::Result<Changed, LogError> {
    let (path, mut connection) = schema::open_beside_writer(folder)?;
    cases::change(&mut connection, change).map_err(|error| LogError::Database {
        path,
        source: refused(error),
    })
}

/// Notes what somebody says that a call really was, in a log that another process may be writing.
pub fn judge(folder: &Path, judging: &Judging) -> std::result::Result<Judged, LogError> {
    let (path, mut connection) = schema::open_beside_writer(folder)?;
    corrections::judge(&mut connection, judging).map_err(|error| LogError::Database {
        path,
        source: refused(error),
    })
}

/// Keeps a new token by the hash of its secret, in a log that another process may be writing; whether there is none
/// of that name yet.
pub fn add_token(folder: &Path, token: &Token, hash: &Hash) -> std::result::Result<bool, LogError> {
    let (path, connection) = schema::open_beside_writer(folder)?;
    tokens::add(&connection, token, hash).map_err(|error| LogError::Database {
        path,
        source: refused(error),
    })
}

/// Has a token not be taken any more, from now on; whether there is one of that name.
pub fn revoke_token(folder: &Path, name: &str) -> std::result::Result<bool, LogError> {
    let (path, connection) = schema::open_beside_writer(folder)?;
    tokens::revoke(&connection, name).map_err(|error| LogError::Database {
        path,
        source: refused(error),
    })
}

/// Removes a test call of `doctor` that is over, from a log that another process may be writing; whether there was one.
pub fn remove_test(folder: &Path, call: CallId) -> std::result::Result<bool, LogError> {
    let (path, mut connection) = schema::open_beside_writer(folder)?;
    removal::remove_test(&mut connection, call).map_err(|error| LogError::Database {
        path,
        source: refused(error),
    })
}

/// Moves a broken database aside with all that belongs to it; returns its new name.
pub(super) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    schema::set_aside(path, now)
}

struct Database {
    connection: Connection,
}

impl Store for Database {
    fn filing(&mut self) -> Result<Box<dyn Filing + '_>> {
        let filing = begin(&mut self.connection).map_err(refused)?;
        Ok(Box::new(filing))
    }

    fn unfinished(&self) -> Result<(Vec<CallRecord>, Vec<String>)> {
        calls::unfinished(&self.connection).map_err(refused)
    }

    fn record(&self, call: CallId) -> Result<Option<CallRecord>> {
        calls::record(&self.connection, call).map_err(refused)
    }

    fn mailbox_of(&self, id: CallId) -> Result<Option<String>> {
        calls::mailbox_of(&self.connection, id).map_err(refused)
    }

    fn note_audio(&self, call: CallId, place: &str, timeline: &[Segment]) -> Result<()> {
        let change = |record: &mut CallRecord| {
            record.audio = Some(place.to_owned());
            record.timeline = timeline.to_vec();
        };
        let amended = calls::amend(&self.connection, call, change);
        amended
            .and_then(|_| keeping::audio_came(&self.connection, call))
            .map_err(refused)
    }

    fn due(&self) -> Result<Vec<Delivery>> {
        let rows = outbox::candidates(&self.connection).map_err(refused)?;
        Ok(queue::due(rows))
    }

    fn retry_all_now(&self) -> Result<()> {
        outbox::retry_all_now(&self.connection).map_err(refused)
    }

    fn has_pending(&self, call: CallId) -> Result<bool> {
        outbox::has_pending(&self.connection, call).map_err(refused)
    }

    fn settle(&mut self, key: Key, settlement: Settlement) -> Result<()> {
        outbox::settle(&mut self.connection, key, settlement).map_err(refused)
    }

    fn served(&self, key: Key) -> Result<Vec<String>> {
        outbox::served(&self.connection, key).map_err(refused)
    }

    fn note_served(&self, key: Key, recipient: &str) -> Result<()> {
        outbox::note_served(&self.connection, key, recipient).map_err(refused)
    }

    fn installation(&self) -> Result<String> {
        let sql = "SELECT id FROM guard";
        let id = self.connection.query_row(sql, [], |row| row.get(0));
        id.map_err(refused)
    }

    fn close_connected(
        &mut self,
        connected: &Connected,
        at: Timestamp,
        homes: &[Home],
    ) -> Result<Vec<CallId>> {
        cases::close_connected(&mut self.connection, connected, at, homes).map_err(refused)
    }

    fn change_case(&mut self, change: &Change) -> Result<Changed> {
        cases::change(&mut self.connection, change).map_err(refused)
    }

    fn judge(&mut self, judging: &Judging) -> Result<Judged> {
        corrections::judge(&mut self.connection, judging).map_err(refused)
    }

    fn note_listening(&mut self, listening: &Listening) -> Result<()> {
        listening::note(&self.connection, listening).map_err(refused)
    }

    fn note_token_used(&mut self, name: &str, at: Timestamp) -> Result<()> {
        tokens::note_used(&self.connection, name, at).map_err(refused)
    }

    fn digests_of(&self, day: Date) -> Result<DigestsOfDay> {
        digests::of_day(&self.connection, day).map_err(refused)
    }

    fn note_digest(&mut self, note: &DigestNote) -> Result<()> {
        digests::note(&self.connection, note).map_err(refused)
    }

    fn any_call_since(&self, since: Timestamp) -> Result<bool> {
        calls::any_since(&self.connection, since).map_err(refused)
    }

    fn begin_sweep(&mut self, now: Timestamp) -> Result<Option<Pause>> {
        let paused = keeping::begin_sweep(&self.connection, now).map_err(refused)?;
        if paused.is_none() {
            digests::forget_old(&self.connection, now).map_err(refused)?;
        }
        Ok(paused)
    }

    fn keeps_audio(&self, call: CallId) -> Result<bool> {
        keeping::keeps_audio(&self.connection, call).map_err(refused)
    }

    fn go_by_rules(&mut self, rules: &str, after: i64) -> Result<Option<i64>> {
        keeping::go_by_rules(&mut self.connection, rules, after).map_err(refused)
    }

    fn kept_until(&self, now: Timestamp, most: u32) -> Result<Vec<Kept>> {
        retention::kept_until(&self.connection, now, most).map_err(refused)
    }

    fn keep_no_longer(&mut self, decided: &[Decided], pseudonyms: &Pseudonyms) -> Result<()> {
        retention::keep_no_longer(&mut self.connection, decided, pseudonyms).map_err(refused)
    }

    fn erased_since(&self, since: Timestamp) -> Result<Vec<(CallId, Timestamp)>> {
        keeping::erased_since(&self.connection, since).map_err(refused)
    }

    fn forget_set_aside(&self, file: &str) -> Result<()> {
        salvage::forget(&self.connection, file).map_err(refused)
    }

    fn set_aside(&self) -> Result<Vec<SetAside>> {
        let path = self.connection.path().map(PathBuf::from);
        salvage::set_aside(&self.connection, &path.unwrap_or_default()).map_err(refused)
    }

    fn truncate_wal(&self) -> Result<bool> {
        keeping::truncate_wal(&self.connection).map_err(refused)
    }
}

impl Filing for Transaction<'_> {
    fn file(&self, entry: &Entry) -> Result<()> {
        filing::file(self, entry).map(drop).map_err(refused)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        Transaction::commit(*self).map_err(refused)
    }
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// What an error of SQLite means for the log.
fn refused(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Broken,
        Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            StoreError::Entry
        }
        _ => StoreError::Other,
    };
    kind(error.into())
}

fn via_of(word: &str) -> Via {
    let known = Via::ALL.into_iter().find(|known| known.as_str() == word);
    known.unwrap_or(Via::Command)
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
