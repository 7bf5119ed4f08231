//! What the database holds of calls that have been filed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::call_record::{CallId, CallRecord};

pub(super) fn to_json(record: &CallRecord) -> rusqlite::Result<String> {
    serde_json::to_string(record)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The records of rows that were never closed, oldest first.
///
/// A record that cannot be read stays as it is; its id is in the second list.
pub(super) fn unfinished(
    connection: &Connection,
) -> rusqlite::Result<(Vec<CallRecord>, Vec<String>)> {
    let mut rows =
        connection.prepare("SELECT id, record FROM calls WHERE ended_ms IS NULL ORDER BY seq")?;
    let mut records = Vec::new();
    let mut unreadable = Vec::new();
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let json: String = row.get(1)?;
        match serde_json::from_str(&json) {
            Ok(record) => records.push(record),
            Err(_) => unreadable.push(row.get(0)?),
        }
    }
    Ok((records, unreadable))
}

/// The record of a call, if it can be read.
pub(super) fn record(
    connection: &Connection,
    call: CallId,
) -> rusqlite::Result<Option<CallRecord>> {
    let json: Option<String> = connection
        .prepare_cached("SELECT record FROM calls WHERE id = ?1")?
        .query_row([call.to_string()], |row| row.get(0))
        .optional()?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

/// The mailbox of the call or the case with this identifier, also of one whose record cannot be
/// read.
pub(super) fn mailbox_of(connection: &Connection, id: CallId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT box FROM calls WHERE id = ?1 UNION ALL SELECT box FROM cases WHERE id = ?1",
        )?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()
}

/// Changes the record of a closed call in what only delivery knows, and returns it.
pub(super) fn amend(
    connection: &Connection,
    call: CallId,
    change: impl FnOnce(&mut CallRecord),
) -> rusqlite::Result<Option<CallRecord>> {
    let Some(mut record) = record(connection, call)? else {
        return Ok(None);
    };
    change(&mut record);
    connection
        .prepare_cached("UPDATE calls SET record = ?2 WHERE id = ?1")?
        .execute((call.to_string(), to_json(&record)?))?;
    Ok(Some(record))
}

pub(super) fn any_since(connection: &Connection, since: Timestamp) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM calls WHERE started_ms >= ?1)")?
        .query_row([since.as_millisecond()], |row| row.get(0))
}

/// Touches the pages that every later write needs, so that a broken file is seen at the start.
pub(super) fn probe(connection: &Connection) -> rusqlite::Result<()> {
    let newest: Option<i64> = connection
        .query_row(
            "SELECT seq FROM calls ORDER BY started_ms DESC, seq DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(newest) = newest {
        connection.query_row(
            "SELECT length(record) FROM calls WHERE seq = ?1",
            [newest],
            |row| row.get::<_, i64>(0),
        )?;
    }
    connection
        .query_row("SELECT key FROM call_numbers LIMIT 1", [], |row| {
            row.get::<_, String>(0)
        })
        .optional()?;
    Ok(())
}
