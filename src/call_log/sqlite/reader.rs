//! Searching the log: a typed query, bound parameters only, read beside the guard that writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params_from_iter};

use super::case_list::Placing;
use super::search::{Columns, Statement};
use super::{
    case_list, cases, corrections, digests, figures, from_queue, listening, outbox, refused,
    salvage, schema, tokens,
};
use crate::access::Token;
use crate::call_log::DATABASE;
use crate::call_log::case_change::CaseEvent;
use crate::call_log::error::{LogError, StoreError};
use crate::call_log::listening::Listening;
use crate::call_log::query::{
    Backlog, CaseOfCall, CaseQuery, CountedCase, ListedCall, Query, SetAside,
};
use crate::call_log::queue::Delivery;
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::case::Case;
use crate::figures::{Period, Tally};
use crate::token::Hash;

/// How long a reader waits for a database that is locked.
const READER_WAITS: Duration = Duration::from_secs(2);
/// Calls that one reference may mean before the rest is left out.
const MOST_FOUND: u32 = 20;

/// What takes the record of each row, and the row; whether it wants the next.
type EachRow<'a> = dyn FnMut(Result<CallRecord, LogError>, &Row<'_>) -> rusqlite::Result<bool> + 'a;

/// Reads the log of a data folder, also while a guard works on it.
pub struct Reader {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    /// Not in a database from before cases were what they are now.
    pub(super) has_cases: bool,
}

impl Reader {
    /// Opens the log of this data folder; [`LogError::Missing`] where there is none.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(DATABASE);
        LogError::unless_there(&path)?;
        let failed = |error| LogError::Database {
            path: path.clone(),
            source: refused(error),
        };
        let (connection, found) = open_beside(&path).map_err(failed)?;
        if found > schema::KNOWN {
            return Err(LogError::Newer {
                path,
                found,
                known: schema::KNOWN,
            });
        }
        if found == 0 {
            return Err(LogError::Missing { path });
        }
        Ok(Self {
            path,
            connection,
            has_cases: found >= schema::WITH_CASES,
        })
    }

    /// Hands every call that is wanted to `each`, in order, until it says `false`.
    ///
    /// A record that cannot be read comes as [`LogError::Record`], and the next follows.
    pub fn each(
        &self,
        query: &Query,
        mut each: impl FnMut(Result<CallRecord, LogError>) -> bool,
    ) -> Result<(), LogError> {
        let Statement { sql, values } = query.statement("id, record", self.columns());
        self.select(&sql, values, &mut each)
            .map_err(|error| self.failed(error))
    }

    /// The same, each call with its case and what somebody said that it really was.
    pub fn each_with_case(
        &self,
        query: &Query,
        mut each: impl FnMut(Result<ListedCall, LogError>) -> bool,
    ) -> Result<(), LogError> {
        let columns = format!("id, record, started_ms, seq, {}", self.columns().case);
        let Statement { sql, values } = query.statement(&columns, self.columns());
        let mut placing = Placing::new(&self.connection);
        let mut each = |call: Result<CallRecord, LogError>, row: &Row<'_>| {
            let case = match row.get(4)? {
                Some(case_seq) => placing.place(case_seq, (row.get(2)?, row.get(3)?))?,
                None => None,
            };
            let correction = if self.has_cases {
                corrections::of(&self.connection, row.get(3)?)?
            } else {
                None
            };
            let went_to = match &call {
                Ok(record) => from_queue::of(&self.connection, record)?,
                Err(_) => None,
            };
            Ok(each(call.map(|record| ListedCall {
                record,
                case,
                correction,
                went_to,
            })))
        };
        self.select_rows(&sql, values, &mut each)
            .map_err(|error| self.failed(error))
    }

    fn columns(&self) -> Columns {
        if self.has_cases {
            Columns::NOW
        } else {
            Columns::OLDER
        }
    }

    /// All calls that are wanted.
    pub fn calls(&self, query: &Query) -> Result<Vec<CallRecord>, LogError> {
        let mut calls = Vec::new();
        let mut broken = None;
        self.each(query, |call| match call {
            Ok(call) => {
                calls.push(call);
                true
            }
            Err(error) => {
                broken = Some(error);
                false
            }
        })?;
        broken.map_or(Ok(calls), Err)
    }

    /// The calls a reference may mean: an identifier, its beginning, or Asterisk's uniqueid or linkedid.
    ///
    /// At most twenty, newest first.
    pub fn find(&self, reference: &str) -> Result<Vec<CallRecord>, LogError> {
        let reference = reference.trim();
        if reference.is_empty() {
            return Ok(Vec::new());
        }
        let from = CallId::parse_prefix(reference);
        let mut found = Vec::new();
        let mut broken = None;
        let sql = "SELECT id, record FROM calls WHERE uniqueid = ?1
             OR linkedid = ?1 OR (id >= ?2 AND id < ?2 || '~')
             ORDER BY +started_ms DESC, +seq DESC LIMIT ?3";
        let values = vec![
            reference.to_owned().into(),
            // No identifier begins with a tilde.
            from.unwrap_or_else(|| "~".into()).into(),
            MOST_FOUND.into(),
        ];
        self.select(sql, values, &mut |call| {
            match call {
                Ok(call) => found.push(call),
                Err(error) => broken = Some(error),
            }
            true
        })
        .map_err(|error| self.failed(error))?;
        match broken {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    /// Deliveries that are not made yet, those that were given up among them, oldest first.
    pub fn undelivered(&self) -> Result<Vec<Delivery>, LogError> {
        outbox::all(&self.connection).map_err(|error| self.failed(error))
    }

    /// The broken databases that lie beside this one, oldest first.
    pub fn set_aside(&self) -> Result<Vec<SetAside>, LogError> {
        salvage::set_aside(&self.connection, &self.path).map_err(|error| self.failed(error))
    }

    /// The case of a call, if it has one.
    pub fn case_of(&self, call: CallId) -> Result<Option<CaseOfCall>, LogError> {
        if !self.has_cases {
            return Ok(None);
        }
        case_list::of_call(&self.connection, call).map_err(|error| self.failed(error))
    }

    /// The calls of a case, oldest first.
    pub fn calls_of_case(&self, case: CallId) -> Result<Vec<CallRecord>, LogError> {
        let mut calls = Vec::new();
        if !self.has_cases {
            return Ok(calls);
        }
        let sql =
            "SELECT id, record FROM calls WHERE case_seq = (SELECT seq FROM cases WHERE id = ?1)
             ORDER BY started_ms, seq";
        // One that cannot be read is reported where it is asked for itself.
        let each = &mut |call: Result<CallRecord, LogError>| {
            calls.extend(call.ok());
            true
        };
        self.select(sql, vec![case.to_string().into()], each)
            .map_err(|error| self.failed(error))?;
        Ok(calls)
    }

    /// The cases that are wanted; none in a database from before they were what they are now.
    pub fn cases(&self, query: &CaseQuery) -> Result<Vec<CountedCase>, LogError> {
        if !self.has_cases {
            return Ok(Vec::new());
        }
        case_list::listed(&self.connection, query).map_err(|error| self.failed(error))
    }

    /// How many cases are wanted.
    pub fn count_cases(&self, query: &CaseQuery) -> Result<u32, LogError> {
        if !self.has_cases {
            return Ok(0);
        }
        case_list::count(&self.connection, query).map_err(|error| self.failed(error))
    }

    /// How many of the calls that are wanted are in no case.
    pub fn calls_without_case(&self, query: &Query) -> Result<u32, LogError> {
        let unlimited = Query {
            limit: None,
            ..query.clone()
        };
        let Statement { sql, values } = unlimited.statement(self.columns().case, self.columns());
        let count = format!("SELECT count(*) - count(case_seq) FROM ({sql})");
        self.connection
            .query_row(&count, params_from_iter(&values), |row| row.get(0))
            .map_err(|error| self.failed(error))
    }

    /// The calls for a mailbox that began since then and have ended, by verdict, the most first.
    pub fn verdicts_since(
        &self,
        mailbox: &str,
        since: Timestamp,
    ) -> Result<Vec<(Verdict, u64)>, LogError> {
        digests::verdicts(&self.connection, mailbox, since).map_err(|error| self.failed(error))
    }

    /// This call.
    pub fn call(&self, id: CallId) -> Result<Option<CallRecord>, LogError> {
        let mut found = None;
        let sql = "SELECT id, record FROM calls WHERE id = ?1";
        self.select(sql, vec![id.to_string().into()], &mut |call| {
            found = Some(call);
            true
        })
        .map_err(|error| self.failed(error))?;
        found.transpose()
    }

    /// The case that is called after this call.
    pub fn case(&self, id: CallId) -> Result<Option<Case>, LogError> {
        if !self.has_cases {
            return Ok(None);
        }
        let found = cases::read(&self.connection, "id = ?1", id.to_string());
        let found = found.map_err(|error| self.failed(error))?;
        Ok(found.map(|(_, case)| case))
    }

    /// The case that an identifier means, or the beginning of one: its own, or that of one of its calls.
    pub fn find_case(&self, reference: &str) -> Result<Option<Case>, LogError> {
        if let Some(id) = CallId::parse(reference.trim())
            && let Some(case) = self.case(id)?
        {
            return Ok(Some(case));
        }
        let mut found: Option<Case> = None;
        for call in self.find(reference)? {
            let case = self.case_of(call.id)?.map(|of| of.case);
            match (&found, case) {
                (Some(found), Some(case)) if found.id != case.id => return Ok(None),
                (None, case) => found = case,
                _ => {}
            }
        }
        Ok(found)
    }

    /// The mailboxes that have been called, in order; not the queues in which callers waited.
    pub fn mailboxes(&self) -> Result<Vec<String>, LogError> {
        // From one to the next by the index, whatever the number of calls.
        let sql = "WITH RECURSIVE called (box) AS (
                SELECT min(box) FROM calls
                UNION ALL SELECT (SELECT min(box) FROM calls WHERE box > called.box) FROM called
                WHERE called.box IS NOT NULL)
             SELECT box FROM called WHERE box != '' AND box NOT LIKE '%@queue'";
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.failed(error))
    }

    /// The mailbox of a call, also of one whose record cannot be read.
    pub fn mailbox_of(&self, call: CallId) -> Result<Option<String>, LogError> {
        let sql = "SELECT box FROM calls WHERE id = ?1";
        let read = || -> rusqlite::Result<Option<String>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let id = call.to_string();
            statement.query_row([id], |row| row.get(0)).optional()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Who listened to the recording of a call, the first first.
    pub fn listenings(&self, call: CallId) -> Result<Vec<Listening>, LogError> {
        if !self.has_cases {
            return Ok(Vec::new());
        }
        listening::of(&self.connection, call).map_err(|error| self.failed(error))
    }

    /// The tokens of the programming interface, by name.
    pub fn tokens(&self) -> Result<Vec<Token>, LogError> {
        if !self.has_cases {
            return Ok(Vec::new());
        }
        tokens::all(&self.connection).map_err(|error| self.failed(error))
    }

    /// The token whose secret has this hash.
    pub fn token(&self, hash: &Hash) -> Result<Option<Token>, LogError> {
        if !self.has_cases {
            return Ok(None);
        }
        tokens::by_hash(&self.connection, hash).map_err(|error| self.failed(error))
    }

    /// How many cases of these mailboxes wait for the team; of all mailboxes where there is no list.
    pub fn backlog(
        &self,
        mailboxes: Option<&[String]>,
        now: Timestamp,
        late_since: Timestamp,
    ) -> Result<Backlog, LogError> {
        if !self.has_cases {
            return Ok(Backlog::default());
        }
        let read = case_list::backlog(&self.connection, mailboxes, (now, late_since));
        read.map_err(|error| self.failed(error))
    }

    /// What was counted in a period, of these mailboxes; of all where there is no list.
    ///
    /// # Errors
    /// The log cannot be read now, or an older version has written it.
    pub fn tally(&self, period: Period, mailboxes: Option<&[String]>) -> Result<Tally, LogError> {
        if !self.has_cases {
            return Err(LogError::Older {
                path: self.path.clone(),
            });
        }
        figures::tally(&self.connection, period, mailboxes).map_err(|error| self.failed(error))
    }

    /// What was done about a case, oldest first.
    pub fn case_events(&self, case: CallId) -> Result<Vec<CaseEvent>, LogError> {
        if !self.has_cases {
            return Ok(Vec::new());
        }
        cases::events(&self.connection, case).map_err(|error| self.failed(error))
    }

    fn select(
        &self,
        sql: &str,
        values: Vec<Value>,
        each: &mut dyn FnMut(Result<CallRecord, LogError>) -> bool,
    ) -> rusqlite::Result<()> {
        self.select_rows(sql, values, &mut |call, _| Ok(each(call)))
    }

    /// `sql` gives `id, record` and more.
    fn select_rows(
        &self,
        sql: &str,
        values: Vec<Value>,
        each: &mut EachRow<'_>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let json: String = row.get(1)?;
            let record = match serde_json::from_str(&json) {
                Ok(record) => Ok(record),
                Err(source) => Err(LogError::Record {
                    id: row.get(0)?,
                    source,
                }),
            };
            if !each(record, row)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn failed(&self, error: rusqlite::Error) -> LogError {
        LogError::Database {
            path: self.path.clone(),
            source: refused(error),
        }
    }
}

/// What SQLite itself finds wrong with a database: `ok`, or the first damage. Waits a moment for one that is locked.
pub fn quick_check(path: &Path) -> Result<String, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let check = |connection: Connection| {
        connection.busy_timeout(READER_WAITS)?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    let checked = Connection::open_with_flags(path, flags).and_then(check);
    checked.map_err(refused)
}

fn open_beside(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(probe);
    match opened {
        // Who may not write in the folder cannot make the file that WAL wants; where no guard is at work
        // and all is in the main file, it can be read as it is.
        Err(error) if wants_to_write(&error) && !wal_has_content(path) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable(path), flags).and_then(probe)
        }
        other => other,
    }
}

fn probe(connection: Connection) -> rusqlite::Result<(Connection, i64)> {
    connection.busy_timeout(READER_WAITS)?;
    let found = schema::version(&connection)?;
    Ok((connection, found))
}

fn wants_to_write(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

fn wal_has_content(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

fn immutable(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_an_uri() {
        assert_eq!(
            immutable(Path::new("/a b/ü?#%.sqlite")),
            "file:/a%20b/%C3%BC%3F%23%25.sqlite?immutable=1"
        );
    }
}
