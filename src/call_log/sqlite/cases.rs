//! Cases in the database: what [`case`](mod@crate::case) decides, in tables; how they are filed and changed.
//!
//! A call's case is decided when the call is first filed, by the window in its record, and once more
//! when it ends with something to ring about after its case was closed. The id of a case is that of
//! the call that opened it, and stays when that call is gone; the case goes with its last call. Calls that were filed before there were cases have none: nobody noted then
//! which window held, and who got through, so all of them would stand open.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::{begin, moment, via_of};
use crate::call_log::case_change::{CaseEvent, Change, Changed};
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::case::{
    self, Case, Claim, Closed, ClosedBy, Connected, Membership, Open, Step, Urgency, Via,
};
use crate::number::Home;

/// Cases of one number and mailbox that are looked at for one call; those within its window are
/// few.
const MOST_LOOKED_AT: u32 = 16;
/// Calls of a case whose dialled numbers are looked at, newest first.
const MOST_DIALLED: u32 = 200;

/// The columns of a case, as [`case_in`] reads them.
pub(super) const CASE: &str = "c.seq, c.id, c.first_ms, c.last_ms, c.closed_ms, c.closed_by, c.closed_call, c.urgency,
    c.claimed_by, c.claimed_ms, c.claimed_until_ms, c.tries, c.next_try_ms, c.decided_ms, c.closed_who,
    c.version";

/// Gives a filed call its case, if it has none yet, and the case what it makes of it.
pub(super) fn file(
    connection: &Connection,
    seq: i64,
    case_seq: Option<i64>,
    record: &CallRecord,
) -> rusqlite::Result<()> {
    let Some(of) = Membership::of(record) else {
        return Ok(());
    };
    let is_of = match case_seq {
        Some(case_seq) => {
            let reopened = || CaseEvent {
                at: record.ended.unwrap_or(record.started),
                who: None,
                via: Via::Guard,
                what: Step::Reopen.as_str().into(),
                note: None,
                call: None,
                verdict: None,
            };
            now_of(connection, case_seq, record, record.verdict, reopened)?
        }
        None => join(connection, record, &of)?,
    };
    let Some(is_of) = is_of else {
        return Ok(());
    };
    if case_seq != Some(is_of) {
        connection
            .prepare_cached("UPDATE calls SET case_seq = ?2 WHERE seq = ?1")?
            .execute((seq, is_of))?;
    }
    if record.ended.is_none() {
        return Ok(());
    }
    add_words(connection, is_of, &record.caller.name)?;
    let urgency = Urgency::of(record);
    connection
        .prepare_cached(
            "UPDATE cases SET
                lead_seq = iif(?2 >= urgency, ?3, lead_seq),
                urgency = max(urgency, ?2),
                waiting_ms = iif(?2 > 0, min(coalesce(waiting_ms, ?4), ?4), waiting_ms),
                verdicts = verdicts | ?5,
                version = version + (?2 > 0)
             WHERE seq = ?1",
        )?
        .execute((
            is_of,
            number_of(urgency),
            seq,
            record.started.as_millisecond(),
            record.verdict.map_or(0, bit_of),
        ))
        .map(drop)
}

/// The row of the case that a call belongs to which was of the one in this row, now that it was this: another where
/// what the caller went on to say is another matter, or the same once more, of which the event is noted.
pub(super) fn now_of(
    connection: &Connection,
    case_seq: i64,
    record: &CallRecord,
    verdict: Option<Verdict>,
    reopened: impl FnOnce() -> CaseEvent,
) -> rusqlite::Result<Option<i64>> {
    if record.ended.is_none() {
        return Ok(Some(case_seq));
    }
    let case = read(connection, "seq = ?1", case_seq)?.map(|(_, case)| case);
    match case.filter(|case| case.outlived_by(record, verdict)) {
        None => Ok(Some(case_seq)),
        // A case is called after the call that opened it, so that one has no other to open.
        Some(case) if case.id == record.id => {
            reopen(connection, case_seq, &case, &reopened())?;
            Ok(Some(case_seq))
        }
        Some(_) => {
            let of = Membership::of(record);
            open(
                connection,
                record,
                of.as_ref().map_or("", Membership::number),
            )
        }
    }
}

fn reopen(
    connection: &Connection,
    seq: i64,
    case: &Case,
    event: &CaseEvent,
) -> rusqlite::Result<()> {
    let open = Case {
        closed: None,
        ..case.clone()
    };
    write(connection, seq, &open)?;
    note_event(connection, seq, event)
}

/// The case that a call belongs to, made where there is none.
fn join(
    connection: &Connection,
    record: &CallRecord,
    of: &Membership,
) -> rusqlite::Result<Option<i64>> {
    let Membership::Number(number) = of else {
        return open(connection, record, "");
    };
    let window = SignedDuration::from_secs(record.repeat_window_s.unwrap_or(0).into());
    let mut near = connection.prepare_cached(&format!(
        "SELECT {CASE} FROM cases c WHERE number = ?1 AND box = ?2 ORDER BY last_ms DESC LIMIT ?3",
    ))?;
    let mut rows = near.query((number, record.mailbox.as_str(), MOST_LOOKED_AT))?;
    while let Some(row) = rows.next()? {
        let found = case_in(row)?.filter(|case| case.takes(record.started, window));
        if let Some(case) = found {
            let (case_seq, case) = (row.get::<_, i64>(0)?, case.with(record.started));
            connection
                .prepare_cached("UPDATE cases SET first_ms = ?2, last_ms = ?3 WHERE seq = ?1")?
                .execute((
                    case_seq,
                    case.first.as_millisecond(),
                    case.last.as_millisecond(),
                ))?;
            return Ok(Some(case_seq));
        }
    }
    open(connection, record, number)
}

fn open(
    connection: &Connection,
    record: &CallRecord,
    number: &str,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "INSERT INTO cases (id, number, box, first_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (id) DO NOTHING RETURNING seq",
        )?
        .query_row(
            (
                record.id.to_string(),
                number,
                record.mailbox.as_str(),
                record.started.as_millisecond(),
            ),
            |row| row.get(0),
        )
        .optional()
}

/// What the database keeps of a verdict of one of a case's calls.
pub(super) fn bit_of(verdict: Verdict) -> i64 {
    let at = Verdict::ALL.iter().position(|known| *known == verdict);
    at.map_or(0, |at| 1 << at)
}

/// What the database keeps of how urgent a case is.
pub(super) fn number_of(urgency: Urgency) -> i64 {
    let at = Urgency::ALL.iter().position(|known| *known == urgency);
    at.map_or(0, |at| at as i64)
}

pub(super) fn read(
    connection: &Connection,
    condition: &str,
    value: impl ToSql,
) -> rusqlite::Result<Option<(i64, Case)>> {
    let case = connection
        .prepare_cached(&format!("SELECT {CASE} FROM cases c WHERE {condition}"))?
        .query_row([value], |row| Ok((row.get(0)?, case_in(row)?)))
        .optional()?;
    Ok(case.and_then(|(seq, case)| Some((seq, case?))))
}

/// The case of a row with the columns of [`CASE`].
///
/// `None` where a newer version has written what this one does not know.
pub(super) fn case_in(row: &Row<'_>) -> rusqlite::Result<Option<Case>> {
    let id: String = row.get(1)?;
    let time = |column| row.get::<_, Option<i64>>(column).map(|ms| ms.map(moment));
    let closed = match time(4)? {
        None => None,
        Some(at) => {
            let by: Option<String> = row.get(5)?;
            let call: Option<String> = row.get(6)?;
            let by = ClosedBy::ALL
                .into_iter()
                .find(|known| by.as_deref() == Some(known.as_str()));
            let Some(by) = by else { return Ok(None) };
            Some(Closed {
                at,
                by,
                who: row.get(14)?,
                call: call.as_deref().and_then(CallId::parse),
            })
        }
    };
    let Some(id) = CallId::parse(&id) else {
        return Ok(None);
    };
    let urgency: u32 = row.get(7)?;
    let claim = match (row.get(8)?, time(9)?, time(10)?) {
        (Some(by), Some(since), Some(until)) => Some(Claim { by, since, until }),
        _ => None,
    };
    Ok(Some(Case {
        id,
        first: time(2)?.unwrap_or(Timestamp::UNIX_EPOCH),
        last: time(3)?.unwrap_or(Timestamp::UNIX_EPOCH),
        urgency: Urgency::ALL[(urgency as usize).min(Urgency::ALL.len() - 1)],
        claim,
        tries: row.get(11)?,
        next_try: time(12)?,
        decided: time(13)?,
        closed,
        version: row.get(15)?,
    }))
}

/// Writes what can change of a case.
fn write(connection: &Connection, seq: i64, case: &Case) -> rusqlite::Result<()> {
    let ms = |at: Timestamp| at.as_millisecond();
    let closed = case.closed.as_ref();
    let claim = case.claim.as_ref();
    connection
        .prepare_cached(
            "UPDATE cases SET closed_ms = ?2, closed_by = ?3, closed_who = ?4, claimed_by = ?5,
                claimed_ms = ?6, claimed_until_ms = ?7, tries = ?8, next_try_ms = ?9, decided_ms = ?10,
                version = ?11
             WHERE seq = ?1",
        )?
        .execute((
            seq,
            closed.map(|closed| ms(closed.at)),
            closed.map(|closed| closed.by.as_str()),
            closed.and_then(|closed| closed.who.as_deref()),
            claim.map(|claim| claim.by.as_str()),
            claim.map(|claim| ms(claim.since)),
            claim.map(|claim| ms(claim.until)),
            case.tries,
            case.next_try.map(ms),
            case.decided.map(ms),
            case.version,
        ))
        .map(drop)
}

pub(super) fn note_event(
    connection: &Connection,
    seq: i64,
    event: &CaseEvent,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO case_events (case_seq, at_ms, who, via, what, note, call, verdict)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            seq,
            event.at.as_millisecond(),
            &event.who,
            event.via.as_str(),
            &event.what,
            &event.note,
            event.call.map(|call| call.to_string()),
            event.verdict.map(Verdict::as_str),
        ))?;
    let Some(note) = &event.note else {
        return Ok(());
    };
    add_words(connection, seq, note)
}

/// Words by which a case is found.
pub(super) fn add_words(connection: &Connection, seq: i64, words: &str) -> rusqlite::Result<()> {
    if words.trim().is_empty() {
        return Ok(());
    }
    connection
        .prepare_cached("INSERT OR IGNORE INTO case_texts (case_seq, words) VALUES (?1, ?2)")?
        .execute((seq, words))
        .map(drop)
}

/// Takes a step in a case.
pub(super) fn change(connection: &mut Connection, change: &Change) -> rusqlite::Result<Changed> {
    let changing = begin(connection)?;
    let Some((seq, case)) = read(&changing, "id = ?1", change.case.to_string())? else {
        return Ok(Changed::Missing);
    };
    let author = &change.author;
    let next = case.after(change.step, &author.who, change.seen, change.at);
    let next = match next {
        Ok(next) => next,
        Err(refusal) => return Ok(Changed::Refused(refusal)),
    };
    write(&changing, seq, &next)?;
    let event = CaseEvent {
        at: change.at,
        who: Some(author.who.clone()),
        via: author.via,
        what: change.step.as_str().into(),
        note: change.note.clone(),
        call: None,
        verdict: None,
    };
    note_event(&changing, seq, &event)?;
    changing.commit()?;
    Ok(Changed::Done(Box::new(next)))
}

/// What was done about a case, oldest first.
pub(super) fn events(connection: &Connection, case: CallId) -> rusqlite::Result<Vec<CaseEvent>> {
    connection
        .prepare_cached(
            "SELECT at_ms, who, via, what, note, call, verdict FROM case_events
             WHERE case_seq = (SELECT seq FROM cases WHERE id = ?1) ORDER BY seq",
        )?
        .query_map([case.to_string()], |row| {
            let via: String = row.get(2)?;
            let (call, verdict): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
            Ok(CaseEvent {
                at: moment(row.get(0)?),
                who: row.get(1)?,
                via: via_of(&via),
                what: row.get(3)?,
                note: row.get(4)?,
                call: call.as_deref().and_then(CallId::parse),
                verdict: verdict.and_then(|word| word.parse().ok()),
            })
        })?
        .collect()
}

/// Closes the cases that a connection between two telephones closes, and returns them.
pub(super) fn close_connected(
    connection: &mut Connection,
    connected: &Connected,
    at: Timestamp,
    homes: &[Home],
) -> rusqlite::Result<Vec<CallId>> {
    let numbers = connected.callers(homes).into_iter();
    let numbers: BTreeSet<_> = numbers.chain(connected.answerers(homes)).collect();
    let closing = begin(connection)?;
    let mut open = Vec::new();
    for number in numbers {
        open.extend(open_cases(&closing, &number, at)?);
    }
    let mut closed = Vec::new();
    for (case, by) in case::closed_by_connection(connected, homes, &open) {
        let found = read(&closing, "id = ?1", case.id.to_string())?;
        let next = found.and_then(|(seq, case)| Some((seq, case.after_connection(by, at)?)));
        let Some((seq, next)) = next else { continue };
        write(&closing, seq, &next)?;
        let event = CaseEvent {
            at,
            who: None,
            via: Via::Asterisk,
            what: by.as_str().into(),
            note: None,
            call: None,
            verdict: None,
        };
        note_event(&closing, seq, &event)?;
        closed.push(next.id);
    }
    closing.commit()?;
    Ok(closed)
}

fn open_cases(connection: &Connection, number: &str, at: Timestamp) -> rusqlite::Result<Vec<Open>> {
    let mut cases = connection.prepare_cached(
        "SELECT seq, id FROM cases WHERE number = ?1 AND closed_ms IS NULL AND first_ms <= ?2",
    )?;
    let mut dialled = connection.prepare_cached(
        "SELECT record ->> 'dnid' FROM calls WHERE case_seq = ?1
         ORDER BY started_ms DESC, seq DESC LIMIT ?2",
    )?;
    let mut rows = cases.query((number, at.as_millisecond()))?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let Some(id) = CallId::parse(&id) else {
            continue;
        };
        let dialled: BTreeSet<Option<String>> = dialled
            .query_map((seq, MOST_DIALLED), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        open.push(Open {
            id,
            number: number.to_owned(),
            dialled: dialled
                .into_iter()
                .flatten()
                .filter(|number| !number.is_empty())
                .collect(),
        });
    }
    Ok(open)
}
