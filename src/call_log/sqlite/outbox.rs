//! The outbox: deliveries that are still to be made, in the log's database, so that a record and its deliveries
//! are written in one transaction. What is tried and what comes of it is decided in [`super::queue`].

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

use super::{begin, calls, case_list, moment, queue, table};
use crate::call_log::queue::{Delivery, Key, Settlement, Stage};
use crate::call_record::{CallId, CallRecord, Destination, PlaceInCase};

/// Puts the deliveries of a closed record into the outbox, with what is said of its case.
///
/// The place is fixed here: calls of the case that are filed later, or deleted, change no mail that was sent once.
pub(super) fn insert(
    connection: &Connection,
    record: &CallRecord,
    to: &[Destination],
) -> rusqlite::Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let since = record.ended.unwrap_or(record.started).as_millisecond();
    let of = case_list::of_call(connection, record.id)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (call, box, destination, stage, since_ms, due_ms,
                             case_id, case_place, case_first_ms)
         VALUES (?1, ?2, ?3, 'waiting', ?4, ?4, ?5, ?6, ?7)
         ON CONFLICT (call, destination) DO NOTHING",
    )?;
    for to in to {
        insert.execute((
            record.id.to_string(),
            record.mailbox.as_str(),
            to.as_str(),
            since,
            of.as_ref().map(|of| of.case.id.to_string()),
            of.as_ref().map(|of| of.place),
            of.as_ref().map(|of| of.case.first.as_millisecond()),
        ))?;
    }
    Ok(())
}

/// All that [`queue::due`] has to choose from.
pub(super) fn candidates(connection: &Connection) -> rusqlite::Result<Vec<Delivery>> {
    // Of a long queue that nobody has tried yet only the first is read.
    let sql = "SELECT * FROM outbox
         WHERE stage != 'given_up' AND (stage != 'waiting' OR failures > 0) OR seq IN (
             SELECT min(seq) FROM outbox WHERE stage = 'waiting' AND failures = 0
             GROUP BY box, destination)";
    deliveries(connection, sql, [])
}

/// All that is not delivered yet, what was given up included, oldest first; nothing in a database that
/// an older version has written.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Delivery>> {
    if table::has_table(connection, "outbox")? {
        deliveries(connection, "SELECT * FROM outbox ORDER BY seq", [])
    } else {
        Ok(Vec::new())
    }
}

/// The delivery of one row; `None` where it is gone, or a newer version has put there what this one does not know.
pub(super) fn delivery(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Delivery>> {
    let found = deliveries(connection, "SELECT * FROM outbox WHERE seq = ?1", [seq]);
    Ok(found?.pop())
}

/// What is not delivered yet of a call, what was given up included.
pub(super) fn of_call(connection: &Connection, call: CallId) -> rusqlite::Result<Vec<Delivery>> {
    let sql = "SELECT * FROM outbox WHERE call = ?1 ORDER BY seq";
    deliveries(connection, sql, [call.to_string()])
}

/// `sql` gives whole rows. What a newer version has put there is left to it.
fn deliveries(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_and_then(values, read)?;
    rows.filter_map(Result::transpose).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<Delivery>> {
    let (call, to): (String, String) = (row.get("call")?, row.get("destination")?);
    let stage: String = row.get("stage")?;
    let at = |column| row.get(column).map(moment);
    let (Some(call), Some(to), Some(stage)) = (
        CallId::parse(&call),
        Destination::parse(&to),
        Stage::parse(&stage),
    ) else {
        return Ok(None);
    };
    let spool: Option<Vec<u8>> = newer(row, "spool")?;
    Ok(Some(Delivery {
        seq: row.get("seq")?,
        call,
        mailbox: row.get::<_, String>("box")?.into(),
        to,
        stage,
        since: at("since_ms")?,
        due: at("due_ms")?,
        failures: row.get("failures")?,
        why: row.get("why")?,
        spool: spool.map(|bytes| OsString::from_vec(bytes).into()),
        case: place_in_case(row)?,
    }))
}

fn place_in_case(row: &Row<'_>) -> rusqlite::Result<Option<PlaceInCase>> {
    let case: Option<String> = newer(row, "case_id")?;
    let case = case.as_deref().and_then(CallId::parse);
    let (Some(case), Some(place), Some(first)) = (
        case,
        newer(row, "case_place")?,
        newer(row, "case_first_ms")?,
    ) else {
        return Ok(None);
    };
    let first = moment(first);
    Ok(Some(PlaceInCase { case, place, first }))
}

/// The value in a column that not every version has.
fn newer<T: FromSql>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    match row.as_ref().column_index(column) {
        Ok(column) => row.get(column),
        Err(_) => Ok(None),
    }
}

pub(super) fn retry_all_now(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "UPDATE outbox SET due_ms = since_ms WHERE stage != 'given_up'";
    connection.execute(sql, []).map(drop)
}

pub(super) fn has_pending(connection: &Connection, call: CallId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE call = ?1 AND stage != 'given_up')",
        )?
        .query_row([call.to_string()], |row| row.get(0))
}

pub(super) fn settle(
    connection: &mut Connection,
    (call, to): Key,
    settlement: Settlement,
) -> rusqlite::Result<()> {
    let settling = begin(connection)?;
    let found = deliveries(
        &settling,
        "SELECT * FROM outbox WHERE call = ?1 AND destination = ?2",
        (call.to_string(), to.as_str()),
    );
    let Some(delivery) = found?.pop() else {
        return Ok(());
    };
    let seq = delivery.seq;
    let others = deliveries(
        &settling,
        "SELECT * FROM outbox
         WHERE box = ?1 AND destination = ?2 AND stage = 'waiting' AND failures > 0",
        (delivery.mailbox.as_str(), to.as_str()),
    )?;
    let changes = queue::settle(delivery, others, settlement);
    for row in &changes.rows {
        write(&settling, row)?;
    }
    if changes.is_done {
        settling
            .prepare_cached("DELETE FROM outbox WHERE seq = ?1")?
            .execute([seq])?;
    }
    if let Some(entry) = changes.entry {
        calls::amend(&settling, call, |record| record.delivered.push(entry))?;
    }
    settling.commit()
}

/// Writes what an attempt can change of a row.
fn write(connection: &Connection, row: &Delivery) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE outbox SET stage = ?2, due_ms = ?3, failures = ?4, why = ?5, spool = ?6
             WHERE seq = ?1",
        )?
        .execute((
            row.seq,
            row.stage.as_str(),
            row.due.as_millisecond(),
            row.failures,
            &row.why,
            row.spool.as_ref().map(|spool| spool.as_os_str().as_bytes()),
        ))
        .map(drop)
}

/// Gives the delivery of the same call to the same destination the progress of one that was taken over.
pub(super) fn take_over(
    connection: &Connection,
    delivery: &Delivery,
    served: &[String],
) -> rusqlite::Result<()> {
    let case = delivery.case;
    let seq: i64 = connection
        .prepare_cached(
            "UPDATE outbox SET since_ms = ?3, case_id = ?4, case_place = ?5, case_first_ms = ?6
             WHERE call = ?1 AND destination = ?2 RETURNING seq",
        )?
        .query_row(
            (
                delivery.call.to_string(),
                delivery.to.as_str(),
                delivery.since.as_millisecond(),
                case.map(|of| of.case.to_string()),
                case.map(|of| of.place),
                case.map(|of| of.first.as_millisecond()),
            ),
            |row| row.get(0),
        )?;
    let taken_over = Delivery {
        seq,
        ..delivery.clone()
    };
    write(connection, &taken_over)?;
    for recipient in served {
        note_served(connection, delivery.key(), recipient)?;
    }
    Ok(())
}

pub(super) fn served(connection: &Connection, key: Key) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "SELECT recipient FROM outbox_told
             WHERE seq = (SELECT seq FROM outbox WHERE call = ?1 AND destination = ?2)",
        )?
        .query_map((key.0.to_string(), key.1.as_str()), |row| row.get(0))?
        .collect()
}

pub(super) fn note_served(
    connection: &Connection,
    key: Key,
    recipient: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO outbox_told (seq, recipient)
             SELECT seq, ?3 FROM outbox WHERE call = ?1 AND destination = ?2
             ON CONFLICT DO NOTHING",
        )?
        .execute((key.0.to_string(), key.1.as_str(), recipient))
        .map(drop)
}
