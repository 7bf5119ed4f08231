//! What every test of the call log does.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call_log::{CallLog, DATABASE, Durability, Opened, Query, Reader};
use voicemail_guard::call_record::CallRecord;
use voicemail_guard::clock::Clock;

/// The clock of tests with calls of [`super::records`]: it shows the end of their morning now.
pub(crate) fn clock() -> Clock {
    Clock::starting("2026-11-24T10:00:00Z".parse().unwrap())
}

pub(crate) fn open(folder: &Path) -> Opened {
    CallLog::open(folder, clock()).unwrap()
}

pub(crate) fn flush(log: &CallLog) -> Durability {
    log.flush().blocking_recv().unwrap()
}

/// A log of these calls, which have ended, in a folder of its own.
pub(crate) fn filed(records: &[CallRecord]) -> (TempDir, CallLog) {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for record in records {
        log.close_call(record.clone());
    }
    flush(&log);
    (folder, log)
}

/// Every call, the oldest first.
pub(crate) fn all(folder: &Path) -> Vec<CallRecord> {
    let reader = Reader::open(folder).unwrap();
    let mut calls = reader.calls(&Query::default()).unwrap();
    calls.reverse();
    calls
}

pub(crate) fn left_open(opened: &mut Opened) -> Vec<CallRecord> {
    std::iter::from_fn(|| opened.unfinished.try_recv().ok()).collect()
}

/// Keeps everybody else from writing.
pub(crate) struct Lock(Connection);

impl Lock {
    pub(crate) fn take(folder: &Path) -> Self {
        let connection = Connection::open(folder.join(DATABASE)).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Self(connection)
    }

    pub(crate) fn release(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}
