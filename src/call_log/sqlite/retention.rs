//! Deleting what is kept no longer: which calls may have something due, and how it goes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{begin, calls, case_upkeep, figures, filing, from_queue, moment};
use crate::call_log::kept::{Decided, Kept};
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::case::Urgency;
use crate::keeping::{Held, Kind, Kinds, Pseudonyms, Wait, forget};
use crate::number::E164;

/// The calls of which something may be due by then, the longest due first.
pub(super) fn kept_until(
    connection: &Connection,
    now: Timestamp,
    most: u32,
) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(
            "SELECT k.seq, c.id, c.started_ms, c.box, c.verdict, c.corrected, k.ended_ms, k.gone, c.record,
                    (SELECT min(o.stage = 'given_up') FROM outbox o WHERE o.call = c.id) AS given_up,
                    coalesce(s.closed_ms IS NULL AND s.urgency > 0, 0) AS is_open,
                    s.closed_ms IS NOT NULL AS is_closed
             FROM keeping k JOIN calls c USING (seq) LEFT JOIN cases s ON s.seq = c.case_seq
             WHERE k.look_ms <= ?1 ORDER BY k.look_ms LIMIT ?2",
        )?
        .query_map((now.as_millisecond(), most), kept_in)?
        .collect()
}

fn kept_in(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let id: String = row.get("id")?;
    let word = |column| -> rusqlite::Result<Option<Verdict>> {
        let word: Option<String> = row.get(column)?;
        Ok(word.and_then(|word| word.parse().ok()))
    };
    // One that only a newer version knows is kept as long as any.
    let verdict = word("verdict")?.unwrap_or(Verdict::Unsure);
    let corrected = word("corrected")?;
    let record: Option<CallRecord> = serde_json::from_str(row.get_ref("record")?.as_str()?).ok();
    let counts = corrected.unwrap_or(verdict);
    let urgency = record.as_ref().map_or_else(
        || Urgency::by_verdict(counts),
        |record| Urgency::judged(record, Some(counts)),
    );
    let was_delivered = record.as_ref().is_some_and(|of| !of.delivered.is_empty());
    let given_up: Option<bool> = row.get("given_up")?;
    let (is_open, is_closed): (bool, bool) = (row.get("is_open")?, row.get("is_closed")?);
    let waits = match given_up {
        Some(false) => Some(Wait::Undelivered),
        // Nobody has got it, unless the team has dealt with the case.
        Some(true) if !was_delivered && !is_closed => Some(Wait::Undelivered),
        _ if is_open && urgency > Urgency::Junk => Some(Wait::OpenCase),
        _ => None,
    };
    Ok(Kept {
        seq: row.get("seq")?,
        call: CallId::parse(&id),
        id,
        started: moment(row.get("started_ms")?),
        mailbox: row.get::<_, String>("box")?.into(),
        verdict,
        corrected,
        audio: record.and_then(|record| record.audio),
        held: Held {
            ended: moment(row.get("ended_ms")?),
            gone: Kinds::from_bits(row.get("gone")?),
            waits,
        },
    })
}

/// Deletes what was decided to be due, all or nothing.
pub(super) fn keep_no_longer(
    connection: &mut Connection,
    decided: &[Decided],
    pseudonyms: &Pseudonyms,
) -> rusqlite::Result<()> {
    let changing = begin(connection)?;
    let mut cases = BTreeSet::new();
    for Decided { seq, id, due } in decided {
        if !is_still(&changing, *seq, id)? {
            continue;
        }
        if due.now.has(Kind::Record) {
            cases.extend(delete(&changing, *seq, id)?);
            continue;
        }
        if !due.now.is_empty() {
            cases.extend(reduce(&changing, *seq, due.now, pseudonyms)?);
        }
        changing
            .prepare_cached("UPDATE keeping SET gone = gone | ?2, look_ms = ?3 WHERE seq = ?1")?
            .execute((seq, due.now.bits(), due.next.map(Timestamp::as_millisecond)))?;
    }
    for case in cases {
        case_upkeep::refresh(&changing, case)?;
    }
    changing.commit()
}

/// Whether a row is still the call's that was looked at: SQLite gives the numbers of deleted rows
/// to new ones.
pub(super) fn is_still(connection: &Connection, seq: i64, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM calls WHERE seq = ?1 AND id = ?2)")?
        .query_row((seq, id), |row| row.get(0))
}

/// Deletes a call with all that belongs to it, if the row is still that call's; its case, if it has
/// one. What was counted of it stays.
pub(super) fn delete(connection: &Connection, seq: i64, id: &str) -> rusqlite::Result<Option<i64>> {
    if !is_still(connection, seq, id)? {
        return Ok(None);
    }
    figures::keep_of(connection, seq)?;
    from_queue::forget(connection, seq, id)?;
    connection
        .prepare_cached("DELETE FROM outbox WHERE call = ?1")?
        .execute([id])?;
    let case = connection
        .prepare_cached("DELETE FROM calls WHERE seq = ?1 RETURNING case_seq")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(case.flatten())
}

/// Takes out of a call what is kept no longer; its case, where that is another by it.
fn reduce(
    connection: &Connection,
    seq: i64,
    kinds: Kinds,
    pseudonyms: &Pseudonyms,
) -> rusqlite::Result<Option<i64>> {
    let found: Option<(String, Option<i64>)> = connection
        .prepare_cached("SELECT record, case_seq FROM calls WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((json, case)) = found else {
        return Ok(None);
    };
    let Ok(mut record) = serde_json::from_str::<CallRecord>(&json) else {
        // Nobody can read it: what stands in it goes with its row.
        return Ok(None);
    };
    forget(&mut record, kinds, pseudonyms);
    write(connection, seq, &record)?;
    if kinds.has(Kind::Number) {
        connection
            .prepare_cached("UPDATE corrections SET note = NULL WHERE call_seq = ?1")?
            .execute([seq])?;
    }
    Ok(case.filter(|_| kinds.has(Kind::Number)))
}

/// Writes a record of which something was taken out, and by what it is found.
pub(super) fn write(
    connection: &Connection,
    seq: i64,
    record: &CallRecord,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE calls SET record = ?2, number = ?3, e164 = ?4, callback_e164 = ?5 WHERE seq = ?1",
        )?
        .execute((
            seq,
            calls::to_json(record)?,
            &record.caller.number,
            record.caller.e164.as_ref().map(E164::as_str),
            record.callback.e164.as_ref().map(E164::as_str),
        ))?;
    filing::file_numbers(connection, seq, record)
}
