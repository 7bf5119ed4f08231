//! Cases in the database: what [`case`](mod@crate::case) decides, in tables; how they are filed,
//! closed and read.
//!
//! A call's case is decided once, when the call is first filed, by the window in its record. The id
//! of a case is that of the call that opened it, and stays when that call is gone; the case goes
//! with its last call. Calls that were filed before there were cases have none: nobody noted then
//! which window held, and who got through, so all of them would stand open.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{begin, moment, schema};
use crate::call_log::query::{CaseOfCall, CountedCase};
use crate::call_record::{CallId, CallRecord, Destination, Verdict};
use crate::case::{self, Case, Closed, ClosedBy, Connected, Open};
use crate::number::Home;

/// Cases of one number and mailbox that are looked at for one call; those within its window are
/// few.
const MOST_LOOKED_AT: u32 = 16;
/// Calls of a case whose dialled numbers are looked at, newest first.
const MOST_DIALLED: u32 = 200;

/// Gives a filed call its case, if it has none yet, and closes what it closes. A message that is
/// still to be delivered closes nothing yet: [`close_by_message`] does, when it is where the team
/// can hear it.
pub(super) fn file(
    connection: &Connection,
    seq: i64,
    case_seq: Option<i64>,
    record: &CallRecord,
    deliver_to: &[Destination],
) -> rusqlite::Result<()> {
    let Some(number) = case::number_of(record) else {
        return Ok(());
    };
    if case_seq.is_none() {
        join(connection, seq, record, &number)?;
    }
    match record.ended {
        Some(ended) if deliver_to.is_empty() => close_by_message(connection, record, ended),
        _ => Ok(()),
    }
}

/// Closes the cases that a message closes. Those that began after the caller had left it are
/// another matter.
pub(super) fn close_by_message(
    connection: &Connection,
    record: &CallRecord,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (Some(number), Some(closed)) = (case::number_of(record), case::closed_by_message(record))
    else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "UPDATE cases SET closed_ms = ?1, closed_by = ?2, closed_call = ?3
             WHERE number = ?4 AND box = ?5 AND closed_ms IS NULL AND first_ms <= ?6",
        )?
        .execute((
            closed.at.max(now).as_millisecond(),
            closed.by.as_str(),
            closed.call.map(|id| id.to_string()),
            number,
            record.mailbox.as_str(),
            closed.at.as_millisecond(),
        ))
        .map(drop)
}

fn join(
    connection: &Connection,
    seq: i64,
    record: &CallRecord,
    number: &str,
) -> rusqlite::Result<()> {
    let window = SignedDuration::from_secs(record.repeat_window_s.unwrap_or(0).into());
    let started = record.started.as_millisecond();
    let window_ms = window.as_millis() as i64;
    let mut near = connection.prepare_cached(
        "SELECT seq, id, first_ms, last_ms, closed_ms, closed_by, closed_call FROM cases
         WHERE number = ?1 AND box = ?2 AND last_ms >= ?3 AND first_ms <= ?4
         ORDER BY last_ms DESC LIMIT ?5",
    )?;
    let mut rows = near.query((
        number,
        record.mailbox.as_str(),
        started.saturating_sub(window_ms),
        started.saturating_add(window_ms),
        MOST_LOOKED_AT,
    ))?;
    let mut joined = None;
    while let Some(row) = rows.next()? {
        let found = case_in(row)?.filter(|case| case.takes(record.started, window));
        if let Some(case) = found {
            joined = Some((row.get::<_, i64>(0)?, case.with(record.started)));
            break;
        }
    }
    drop(rows);
    let case_seq = match joined {
        Some((case_seq, case)) => {
            connection
                .prepare_cached("UPDATE cases SET first_ms = ?2, last_ms = ?3 WHERE seq = ?1")?
                .execute((
                    case_seq,
                    case.first.as_millisecond(),
                    case.last.as_millisecond(),
                ))?;
            Some(case_seq)
        }
        None => connection
            .prepare_cached(
                "INSERT INTO cases (id, number, box, first_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (id) DO NOTHING RETURNING seq",
            )?
            .query_row(
                (
                    record.id.to_string(),
                    number,
                    record.mailbox.as_str(),
                    started,
                ),
                |row| row.get(0),
            )
            .optional()?,
    };
    connection
        .prepare_cached("UPDATE calls SET case_seq = ?2 WHERE seq = ?1")?
        .execute((seq, case_seq))
        .map(drop)
}

/// The case of a row: `seq, id, first_ms, last_ms, closed_ms, closed_by, closed_call` and more.
///
/// `None` where a newer version has written what this one does not know.
fn case_in(row: &Row<'_>) -> rusqlite::Result<Option<Case>> {
    let id: String = row.get(1)?;
    let closed = match row.get::<_, Option<i64>>(4)? {
        None => None,
        Some(ms) => {
            let by: Option<String> = row.get(5)?;
            let call: Option<String> = row.get(6)?;
            let by = ClosedBy::ALL
                .into_iter()
                .find(|known| by.as_deref() == Some(known.as_str()));
            let Some(by) = by else { return Ok(None) };
            Some(Closed {
                at: moment(ms),
                by,
                call: call.as_deref().and_then(CallId::parse),
            })
        }
    };
    Ok(CallId::parse(&id).map(|id| Case {
        id,
        first: row.get(2).map_or(Timestamp::UNIX_EPOCH, moment),
        last: row.get(3).map_or(Timestamp::UNIX_EPOCH, moment),
        closed,
    }))
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
    let mut close = closing.prepare_cached(
        "UPDATE cases SET closed_ms = ?2, closed_by = ?3 WHERE id = ?1 AND closed_ms IS NULL",
    )?;
    let mut closed = Vec::new();
    for (case, by) in case::closed_by_connection(connected, homes, &open) {
        close.execute((case.id.to_string(), at.as_millisecond(), by.as_str()))?;
        closed.push(case.id);
    }
    drop(close);
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

/// Whether the database has cases at all.
pub(super) fn are_there(connection: &Connection) -> rusqlite::Result<bool> {
    schema::has_table(connection, "cases")
}

/// The case of a call, if it has one.
pub(super) fn of_call(
    connection: &Connection,
    call: CallId,
) -> rusqlite::Result<Option<CaseOfCall>> {
    let place = connection
        .prepare_cached(
            "SELECT case_seq, started_ms, seq FROM calls WHERE id = ?1 AND case_seq IS NOT NULL",
        )?
        .query_row([call.to_string()], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
        })
        .optional()?;
    match place {
        Some((case_seq, call)) => Placing::new(connection).place(case_seq, call),
        None => Ok(None),
    }
}

/// Finds calls in their cases; each case is read once, however many of its calls are looked for.
pub(super) struct Placing<'a> {
    connection: &'a Connection,
    read: BTreeMap<i64, Option<CallsOfCase>>,
}

struct CallsOfCase {
    case: Case,
    /// When they began, in milliseconds, and their rows: in order.
    calls: Vec<(i64, i64)>,
}

impl<'a> Placing<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        let read = BTreeMap::new();
        Self { connection, read }
    }

    /// The case in this row, and which of its calls the one is that began then (ms) and stands in
    /// that row.
    pub(super) fn place(
        &mut self,
        case_seq: i64,
        call: (i64, i64),
    ) -> rusqlite::Result<Option<CaseOfCall>> {
        let of = match self.read.entry(case_seq) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(new) => new.insert(calls_of(self.connection, case_seq)?),
        };
        Ok(of.as_ref().map(|of| {
            let at = of.calls.partition_point(|&other| other <= call);
            CaseOfCall {
                case: of.case.clone(),
                calls: of.calls.len() as u32,
                place: at as u32,
            }
        }))
    }
}

fn calls_of(connection: &Connection, case_seq: i64) -> rusqlite::Result<Option<CallsOfCase>> {
    let case = connection
        .prepare_cached(
            "SELECT seq, id, first_ms, last_ms, closed_ms, closed_by, closed_call FROM cases
             WHERE seq = ?1",
        )?
        .query_row([case_seq], case_in)
        .optional()?;
    let Some(mut case) = case.flatten() else {
        return Ok(None);
    };
    let calls: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT started_ms, seq FROM calls WHERE case_seq = ?1 ORDER BY started_ms, seq",
        )?
        .query_map([case_seq], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    // Those that are still there.
    if let (Some(first), Some(last)) = (calls.first(), calls.last()) {
        (case.first, case.last) = (moment(first.0), moment(last.0));
    }
    Ok(Some(CallsOfCase { case, calls }))
}

/// The cases with these rows of calls among them, those with the latest call first.
///
/// `calls` is a statement that gives their `case_seq`, with its values.
pub(super) fn counted(
    connection: &Connection,
    (calls, values): (&str, Vec<rusqlite::types::Value>),
    open_only: bool,
    limit: Option<u32>,
) -> rusqlite::Result<Vec<CountedCase>> {
    let open = if open_only {
        "AND c.closed_ms IS NULL AND o.calls > o.up"
    } else {
        ""
    };
    let limit = limit.map_or(String::new(), |limit| format!("LIMIT {limit}"));
    let sql = format!(
        "SELECT c.seq, c.id, o.first, o.last, c.closed_ms, c.closed_by, c.closed_call, c.number, c.box,
                o.verdicts, o.calls, o.up
         FROM cases c JOIN (
             SELECT case_seq, min(started_ms) AS first, max(started_ms) AS last, count(*) AS calls,
                    sum(ended_ms IS NULL) AS up,
                    group_concat(coalesce(verdict, ''), ' ') AS verdicts
             FROM calls WHERE case_seq IN ({calls}) GROUP BY case_seq) o ON o.case_seq = c.seq
         WHERE TRUE {open} ORDER BY o.last DESC, c.seq DESC {limit}"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut cases = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(case) = case_in(row)? else { continue };
        let words: String = row.get(9)?;
        let mut verdicts: BTreeMap<usize, u32> = BTreeMap::new();
        for word in words.split(' ') {
            let known = Verdict::ALL
                .iter()
                .position(|verdict| verdict.as_str() == word);
            if let Some(at) = known {
                *verdicts.entry(at).or_default() += 1;
            }
        }
        let verdicts = verdicts.into_iter();
        cases.push(CountedCase {
            case,
            number: row.get(7)?,
            mailbox: row.get::<_, String>(8)?.into(),
            calls: row.get(10)?,
            up: row.get(11)?,
            verdicts: verdicts.map(|(at, n)| (Verdict::ALL[at], n)).collect(),
        });
    }
    Ok(cases)
}
