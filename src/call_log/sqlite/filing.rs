//! Filing an entry of the journal: the call's row, its numbers, its case, its deliveries.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};

use super::{calls, cases, keeping, outbox};
use crate::call_log::journal::Entry;
use crate::call_record::{CallRecord, Verdict};
use crate::number::{self, E164};

/// Files one entry; whether it changed anything. An opening never changes a row that is there, the others never one
/// that is closed; nothing brings back a call that was erased.
pub(super) fn file(connection: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    let record = entry.record();
    if keeping::was_erased(connection, record.id)? {
        return Ok(false);
    }
    let sql = match entry {
        Entry::Open(_) => OPEN,
        Entry::Update(_) | Entry::Close(_) => UPDATE,
    };
    let json = calls::to_json(record)?;
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
    cases::file(connection, seq, case_seq, record)?;
    keeping::file(connection, seq, record)?;
    outbox::insert(connection, record, entry.deliver_to())?;
    Ok(true)
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

pub(super) fn file_numbers(
    connection: &Connection,
    seq: i64,
    record: &CallRecord,
) -> rusqlite::Result<()> {
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
