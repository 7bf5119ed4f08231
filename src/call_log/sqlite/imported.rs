//! What was imported of old messages and calls: tables of their own, which nothing else reads.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use rusqlite::{Connection, Row};

use super::{Reader, begin, refused, schema};
use crate::call_log::error::LogError;
use crate::imported::{Imported, Key, OldCall, OldMessage};

/// The imported messages and calls of a data folder, to be added to, also while a guard works on
/// it.
pub struct ImportLog {
    path: PathBuf,
    connection: Connection,
}

impl ImportLog {
    /// Opens the log of this data folder; [`LogError::Missing`] where there is none.
    ///
    /// # Errors
    /// There is no log, or it cannot be written.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let (path, connection) = schema::open_beside_writer(folder)?;
        Ok(Self { path, connection })
    }

    /// The messages that have been heard.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn heard(&self) -> Result<HashSet<Key>, LogError> {
        let read = || -> rusqlite::Result<HashSet<Key>> {
            let sql = "SELECT key FROM imported_messages";
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.failed(error))
    }

    /// Adds them all, or none; they are on the disk when this returns. What is there stays as it
    /// is, but that a call's message was found.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn add(&mut self, imported: &[(Key, Imported)]) -> Result<(), LogError> {
        let added = add(&mut self.connection, imported);
        added.map_err(|error| self.failed(error))
    }

    /// Forgets everything that was imported; how many messages and calls.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn forget(&mut self) -> Result<usize, LogError> {
        let forgotten = forget(&mut self.connection);
        forgotten.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> LogError {
        LogError::Database {
            path: self.path.clone(),
            source: refused(error),
        }
    }
}

impl Reader {
    /// Hands everything that was imported to `each`, in an order that does not change; of days
    /// since one where it is given.
    ///
    /// # Errors
    /// The log cannot be read now, or an older version has written it.
    pub fn imported(
        &self,
        since: Option<Date>,
        each: &mut dyn FnMut(Imported),
    ) -> Result<(), LogError> {
        if !self.has_cases {
            return Err(LogError::Older {
                path: self.path.clone(),
            });
        }
        let since = since.map_or_else(String::new, |day| day.to_string());
        read(&self.connection, &since, each).map_err(|error| self.failed(error))
    }
}

fn add(connection: &mut Connection, imported: &[(Key, Imported)]) -> rusqlite::Result<()> {
    let adding = begin(connection)?;
    for (key, imported) in imported {
        match imported {
            Imported::Message(of) => adding
                .prepare_cached(
                    "INSERT INTO imported_messages
                     (key, day, box, length_ms, verdict, confidence, has_number, keys)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
                )?
                .execute((
                    key,
                    of.day.to_string(),
                    &of.mailbox,
                    millis(of.length),
                    of.verdict.as_str(),
                    of.confidence,
                    of.has_number,
                    of.keys,
                ))?,
            Imported::Call(of) => adding
                .prepare_cached(
                    "INSERT INTO imported_calls (key, day, box, length_ms, has_number, left_message)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET left_message =
                     max(ifnull(left_message, excluded.left_message),
                         ifnull(excluded.left_message, left_message))",
                )?
                .execute((
                    key,
                    of.day.to_string(),
                    &of.mailbox,
                    millis(of.length),
                    of.has_number,
                    of.left_message,
                ))?,
        };
    }
    adding.commit()
}

fn forget(connection: &mut Connection) -> rusqlite::Result<usize> {
    let forgetting = begin(connection)?;
    let messages = forgetting.execute("DELETE FROM imported_messages", [])?;
    let calls = forgetting.execute("DELETE FROM imported_calls", [])?;
    forgetting.commit()?;
    Ok(messages + calls)
}

fn millis(of: Duration) -> i64 {
    i64::try_from(of.as_millis()).unwrap_or(i64::MAX)
}

fn read(
    connection: &Connection,
    since: &str,
    each: &mut dyn FnMut(Imported),
) -> rusqlite::Result<()> {
    let sql = "SELECT day, box, length_ms, has_number, verdict, confidence, keys
         FROM imported_messages WHERE day >= ?1 ORDER BY key";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([since])?;
    while let Some(row) = rows.next()? {
        let verdict: String = row.get(4)?;
        // What cannot be read is not counted.
        if let (Ok(verdict), Some(day)) = (verdict.parse(), day_in(row)?) {
            each(Imported::Message(OldMessage {
                day,
                mailbox: row.get(1)?,
                length: length_in(row)?,
                verdict,
                confidence: row.get(5)?,
                has_number: row.get(3)?,
                keys: row.get(6)?,
            }));
        }
    }
    let sql = "SELECT day, box, length_ms, has_number, left_message
         FROM imported_calls WHERE day >= ?1 ORDER BY key";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([since])?;
    while let Some(row) = rows.next()? {
        if let Some(day) = day_in(row)? {
            each(Imported::Call(OldCall {
                day,
                mailbox: row.get(1)?,
                length: length_in(row)?,
                has_number: row.get(3)?,
                left_message: row.get(4)?,
            }));
        }
    }
    Ok(())
}

fn day_in(row: &Row<'_>) -> rusqlite::Result<Option<Date>> {
    let day: String = row.get(0)?;
    Ok(day.parse().ok())
}

fn length_in(row: &Row<'_>) -> rusqlite::Result<Duration> {
    let ms: i64 = row.get(2)?;
    Ok(Duration::from_millis(ms.unsigned_abs()))
}
