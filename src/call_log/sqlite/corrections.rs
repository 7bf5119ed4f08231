//! What people said that calls really were, beside what the guard said; and what becomes of their
//! cases.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::case_upkeep::{self, Weight};
use super::{Reader, begin, cases, moment, via_of};
use crate::call_log::case_change::{CaseEvent, Judged};
use crate::call_log::error::LogError;
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::case::{Author, Case, Correction, Judging, NotCorrected, Step};

pub(super) const JUDGED: &str = "
    -- What people said that calls really were; the call's own row keeps what the guard said.
    CREATE TABLE corrections (
        call_seq  INTEGER PRIMARY KEY REFERENCES calls (seq) ON DELETE CASCADE,
        verdict   TEXT NOT NULL,
        who       TEXT NOT NULL,
        via       TEXT NOT NULL,
        at_ms     INTEGER NOT NULL,
        note      TEXT
    ) STRICT;
    -- The verdict of its correction once more, so that the one that counts has an index.
    ALTER TABLE calls ADD COLUMN corrected TEXT;
    DROP INDEX calls_verdict;
    CREATE INDEX calls_verdict ON calls (coalesce(corrected, verdict), started_ms, seq);
    CREATE INDEX calls_corrected ON calls (started_ms, seq) WHERE corrected IS NOT NULL;

    ALTER TABLE case_events ADD COLUMN call TEXT;
    ALTER TABLE case_events ADD COLUMN verdict TEXT;
";

impl Reader {
    /// What somebody said that a call really was.
    pub fn correction(&self, call: CallId) -> Result<Option<Correction>, LogError> {
        if !self.has_cases {
            return Ok(None);
        }
        of_call(&self.connection, call).map_err(|error| self.failed(error))
    }

    /// What was said that the calls of a case really were.
    pub fn corrections(&self, case: CallId) -> Result<BTreeMap<CallId, Correction>, LogError> {
        if !self.has_cases {
            return Ok(BTreeMap::new());
        }
        of_case(&self.connection, case).map_err(|error| self.failed(error))
    }
}

/// The columns of a correction, as [`correction_in`] reads them.
const CORRECTION: &str = "verdict, who, via, at_ms, note";

/// Notes what somebody says of a call, and moves its case to where it belongs.
pub(super) fn judge(connection: &mut Connection, judging: &Judging) -> rusqlite::Result<Judged> {
    let changing = begin(connection)?;
    let found: Option<(i64, Option<i64>, String)> = changing
        .prepare_cached("SELECT seq, case_seq, record FROM calls WHERE id = ?1")?
        .query_row([judging.call.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((seq, case_seq, json)) = found else {
        return Ok(Judged::Missing);
    };
    let Ok(record) = serde_json::from_str::<CallRecord>(&json) else {
        return Ok(Judged::Refused(NotCorrected::Unreadable));
    };
    let standing = of(&changing, seq)?;
    let correction = match Correction::after(standing.as_ref(), &record, judging) {
        Ok(correction) => correction,
        Err(why) => return Ok(Judged::Refused(why)),
    };
    write(&changing, seq, correction.as_ref())?;
    let verdict = correction.as_ref().map(|of| of.verdict);
    let case = match case_seq {
        Some(case_seq) => {
            let event = event(judging, verdict);
            let counts = verdict.or(record.verdict);
            in_its_case(&changing, (seq, case_seq), &record, counts, &event)?
        }
        None => None,
    };
    changing.commit()?;
    Ok(Judged::Done(correction, case.map(Box::new)))
}

fn event(judging: &Judging, verdict: Option<Verdict>) -> CaseEvent {
    let what = match verdict {
        Some(_) => CaseEvent::JUDGED,
        None => CaseEvent::WITHDRAWN,
    };
    CaseEvent {
        at: judging.at,
        who: Some(judging.author.who.clone()),
        via: judging.author.via,
        what: what.into(),
        note: judging.note.clone(),
        call: Some(judging.call),
        verdict,
    }
}

fn write(
    connection: &Connection,
    seq: i64,
    correction: Option<&Correction>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE calls SET corrected = ?2 WHERE seq = ?1")?
        .execute((seq, correction.map(|of| of.verdict.as_str())))?;
    let Some(correction) = correction else {
        connection
            .prepare_cached("DELETE FROM corrections WHERE call_seq = ?1")?
            .execute([seq])?;
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO corrections
                (call_seq, verdict, who, via, at_ms, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            seq,
            correction.verdict.as_str(),
            &correction.author.who,
            correction.author.via.as_str(),
            correction.at.as_millisecond(),
            &correction.note,
        ))
        .map(drop)
}

/// Notes in the case of a call, by its row and that of its case, what somebody says that it was;
/// returns the case that it is in then.
fn in_its_case(
    connection: &Connection,
    (seq, case_seq): (i64, i64),
    record: &CallRecord,
    verdict: Option<Verdict>,
    event: &CaseEvent,
) -> rusqlite::Result<Option<Case>> {
    let reopened = || CaseEvent {
        what: Step::Reopen.as_str().into(),
        note: None,
        verdict: None,
        ..event.clone()
    };
    let is_of = cases::now_of(connection, case_seq, record, verdict, reopened)?;
    let is_of = is_of.unwrap_or(case_seq);
    if is_of != case_seq {
        connection
            .prepare_cached("UPDATE calls SET case_seq = ?2 WHERE seq = ?1")?
            .execute((seq, is_of))?;
        cases::add_words(connection, is_of, &record.caller.name)?;
        weigh(connection, case_seq)?;
    }
    cases::note_event(connection, is_of, event)?;
    weigh(connection, is_of)
}

/// Finds out anew what its calls make of a case; one without calls goes.
fn weigh(connection: &Connection, case_seq: i64) -> rusqlite::Result<Option<Case>> {
    let Weight {
        urgency: most,
        lead,
        waiting_ms: waiting,
        verdicts,
    } = case_upkeep::weigh(connection, case_seq)?;
    let Some((_, case)) = cases::read(connection, "seq = ?1", case_seq)? else {
        return Ok(None);
    };
    let case = case.after_correction(most);
    connection
        .prepare_cached(
            "UPDATE cases SET lead_seq = coalesce(?2, lead_seq), urgency = ?3, waiting_ms = ?4,
                verdicts = ?5, version = ?6
             WHERE seq = ?1",
        )?
        .execute((
            case_seq,
            lead,
            cases::number_of(most),
            waiting,
            verdicts,
            case.version,
        ))?;
    connection
        .prepare_cached(
            "DELETE FROM cases WHERE seq = ?1
                AND NOT EXISTS (SELECT 1 FROM calls WHERE case_seq = ?1)",
        )?
        .execute([case_seq])?;
    Ok(Some(case))
}

/// What somebody said of the call in this row.
pub(super) fn of(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Correction>> {
    read(connection, "call_seq = ?1", seq)
}

/// What somebody said of this call.
pub(super) fn of_call(
    connection: &Connection,
    call: CallId,
) -> rusqlite::Result<Option<Correction>> {
    let condition = "call_seq = (SELECT seq FROM calls WHERE id = ?1)";
    read(connection, condition, call.to_string())
}

fn read(
    connection: &Connection,
    condition: &str,
    value: impl ToSql,
) -> rusqlite::Result<Option<Correction>> {
    let sql = format!("SELECT {CORRECTION} FROM corrections WHERE {condition}");
    let found = connection
        .prepare_cached(&sql)?
        .query_row([value], |row| correction_in(row, 0))
        .optional()?;
    Ok(found.flatten())
}

/// What was said of the calls of a case.
pub(super) fn of_case(
    connection: &Connection,
    case: CallId,
) -> rusqlite::Result<BTreeMap<CallId, Correction>> {
    let mut found = connection.prepare_cached(
        "SELECT c.id, o.verdict, o.who, o.via, o.at_ms, o.note
         FROM calls c JOIN corrections o ON o.call_seq = c.seq
         WHERE c.case_seq = (SELECT seq FROM cases WHERE id = ?1)",
    )?;
    let mut rows = found.query([case.to_string()])?;
    let mut corrections = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let call = CallId::parse(&row.get::<_, String>(0)?);
        corrections.extend(call.zip(correction_in(row, 1)?));
    }
    Ok(corrections)
}

/// The correction in a row from this column on; `None` where a newer version has written what this
/// one does not know.
fn correction_in(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Correction>> {
    let (word, via): (String, String) = (row.get(first)?, row.get(first + 2)?);
    let Ok(verdict) = word.parse() else {
        return Ok(None);
    };
    Ok(Some(Correction {
        verdict,
        author: Author {
            who: row.get(first + 1)?,
            via: via_of(&via),
        },
        at: moment(row.get(first + 3)?),
        note: row.get(first + 4)?,
    }))
}
