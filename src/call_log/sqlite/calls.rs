//! Calls: filing entries, and what the database holds after each.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{cases, outbox};
use crate::call_log::journal::Entry;
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::number::{self, E164};

/// Files one entry; whether it changed anything. An opening never changes a row that is there, the others never one
/// that is closed.
pub(super) fn file(connection: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    let record = entry.record();
    let sql = match entry {
        Entry::Open(_) => OPEN,
        Entry::Update(_) | Entry::Close(_) => UPDATE,
    };
    let json = to_json(record)?;
    let row: Option<(i64, Option<i64>)> = connection
        .prepare_cached(sql)?
        .query_row(
            named_params! {
                ":id": record.id.to_string(),
                ":started": record.started.as_millisecond(),
                ":ended": record.ended.map(Timestamp::as_millisecond),
                ":box": record.mailbox.as_str(),
                ":uniqueid": record.uniqueid,
                ":linkedid": record.linkedid,
                ":verdict": record.verdict.map(Verdict::as_str),
                ":number": record.caller.number,
                ":e164": record.caller.e164.as_ref().map(E164::as_str),
                ":callback": record.callback.e164.as_ref().map(E164::as_str),
                ":record": json,
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((seq, case_seq)) = row else {
        return Ok(false);
    };
    file_numbers(connection, seq, record)?;
    cases::file(connection, seq, case_seq, record, entry.deliver_to())?;
    outbox::insert(connection, record, entry.deliver_to())?;
    Ok(true)
}

fn to_json(record: &CallRecord) -> rusqlite::Result<String> {
    serde_json::to_string(record)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

const OPEN: &str = "
    INSERT INTO calls (id, started_ms, ended_ms, box, uniqueid, linkedid, verdict, number, e164,
                       callback_e164, record)
    VALUES (:id, :started, :ended, :box, :uniqueid, :linkedid, :verdict, :number, :e164, :callback,
            :record)
    ON CONFLICT (id) DO NOTHING
    RETURNING seq, case_seq";

const UPDATE: &str = "
    INSERT INTO calls (id, started_ms, ended_ms, box, uniqueid, linkedid, verdict, number, e164,
                       callback_e164, record)
    VALUES (:id, :started, :ended, :box, :uniqueid, :linkedid, :verdict, :number, :e164, :callback,
            :record)
    ON CONFLICT (id) DO UPDATE SET
        started_ms = excluded.started_ms, ended_ms = excluded.ended_ms, box = excluded.box,
        uniqueid = excluded.uniqueid, linkedid = excluded.linkedid, verdict = excluded.verdict,
        number = excluded.number, e164 = excluded.e164, callback_e164 = excluded.callback_e164,
        record = excluded.record
    WHERE calls.ended_ms IS NULL
    RETURNING seq, case_seq";

fn file_numbers(connection: &Connection, seq: i64, record: &CallRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM call_numbers WHERE seq = ?1")?
        .execute([seq])?;
    let caller = number::search_key(&record.caller.number, record.caller.e164.as_ref());
    let callback = number::search_key(&record.callback.number, record.callback.e164.as_ref());
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO call_numbers (key, started_ms, seq) VALUES (?1, ?2, ?3)",
    )?;
    for key in [caller, callback] {
        if !key.is_empty() {
            insert.execute((key, record.started.as_millisecond(), seq))?;
        }
    }
    Ok(())
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
