//! Reading cases: the one of a call, and lists of them with their calls counted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::cases::{CASE, bit_of, case_in, read};
use super::corrections;
use super::moment;
use super::search::{Columns, Statement, first_ms};
use crate::call_log::query::{Backlog, CaseOfCall, CaseQuery, CountedCase, Query, Standing};
use crate::call_record::{CallId, Verdict};
use crate::case::Case;

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

    /// The case in this row, and which of its calls the one is that began then (ms) and stands in that row.
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
    let Some((_, mut case)) = read(connection, "seq = ?1", case_seq)? else {
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

/// A query of cases `c`.
struct Wanted {
    /// The conditions.
    conditions: Statement,
    order: &'static str,
    /// Which index is gone through: SQLite would guess, and may go through all of them.
    by: &'static str,
}

fn wanted(query: &CaseQuery) -> Wanted {
    let mut made = Statement::default();
    let by_urgency = "c.urgency DESC, c.waiting_ms, c.last_ms DESC, c.seq";
    let by_last = "c.last_ms DESC, c.seq DESC";
    let open = " AND c.closed_ms IS NULL";
    // Who is still talking is nobody to call back.
    let over =
        " AND EXISTS (SELECT 1 FROM calls o WHERE o.case_seq = c.seq AND o.ended_ms IS NOT NULL)";
    let (order, index) = match &query.standing {
        Standing::Any => (by_last, "INDEXED BY cases_last"),
        Standing::Open => {
            made.sql.extend([open, over]);
            (by_urgency, "INDEXED BY cases_open")
        }
        Standing::ToRing(now) => {
            made.sql.extend([open, " AND c.urgency > 0"]);
            made.and("coalesce(c.next_try_ms, 0) <= ?", [now.as_millisecond()]);
            (by_urgency, "INDEXED BY cases_open")
        }
        Standing::ClaimedBy(who, now) => {
            made.sql.push_str(open);
            made.and("c.claimed_by = ?", [who.clone()]);
            made.and("c.claimed_until_ms > ?", [now.as_millisecond()]);
            (by_urgency, "INDEXED BY cases_claimed")
        }
        Standing::Later(now) => {
            made.sql.push_str(open);
            made.and("c.next_try_ms > ?", [now.as_millisecond()]);
            (by_urgency, "INDEXED BY cases_later")
        }
        Standing::Junk => {
            made.sql.extend([open, " AND c.urgency = 0", over]);
            (by_last, "INDEXED BY cases_junk")
        }
        Standing::Closed => {
            made.sql.push_str(" AND c.closed_ms IS NOT NULL");
            ("c.closed_ms DESC, c.seq DESC", "INDEXED BY cases_closed")
        }
    };
    if let Some(id) = query.id {
        made.and("c.id = ?", [id.to_string()]);
    }
    if let Some(mailboxes) = &query.mailboxes {
        made.among("c.box", mailboxes);
    }
    if !query.words.is_empty() {
        let words = query.words.iter();
        // Each a string of FTS5, so that nothing in it is a word of its language.
        let words: Vec<_> = words
            .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
            .collect();
        made.and(
            "c.seq IN (SELECT t.case_seq FROM case_texts t
                       WHERE t.seq IN (SELECT rowid FROM case_words WHERE case_words MATCH ?
                                       ORDER BY rowid DESC LIMIT 2000))",
            [words.join(" ")],
        );
    }
    // What every call of a case has in common with it, or is kept of them with it, needs no look at the calls.
    let mut calls = Query {
        limit: None,
        ..query.calls.clone()
    };
    if let Some(mailbox) = calls.mailbox.take() {
        made.and("c.box = ?", [mailbox.as_str().to_owned()]);
    }
    if let Some(since) = calls.since {
        made.and("c.last_ms >= ?", [first_ms(since)]);
    }
    if let Some(until) = calls.until {
        made.and("c.first_ms < ?", [first_ms(until)]);
    }
    if let Some(verdict) = calls.verdict {
        made.and("c.verdicts & ? != 0", [bit_of(verdict)]);
    }
    if calls.since.is_none() && calls.until.is_none() {
        calls.verdict = None;
    }
    let by_calls = calls.number.is_some() || calls.withheld || calls.judged_wrong;
    let are_found = !query.words.is_empty() || by_calls;
    if by_calls {
        let Statement { sql, values } = calls.statement("case_seq", Columns::NOW);
        made.and(&format!("c.seq IN ({sql})"), values);
    } else if calls != Query::default() {
        let Statement { sql, values } = calls.of_case();
        made.and(&sql, values);
    }
    Wanted {
        conditions: made,
        order,
        by: match query.id {
            Some(_) => "",
            None if are_found => "NOT INDEXED",
            None => index,
        },
    }
}

/// The cases that are wanted.
pub(super) fn listed(
    connection: &Connection,
    query: &CaseQuery,
) -> rusqlite::Result<Vec<CountedCase>> {
    let Wanted {
        conditions: Statement { sql, mut values },
        order,
        by,
    } = wanted(query);
    // What is shown is read of those alone that are shown.
    let sql = format!(
        "SELECT {CASE}, c.number, c.box, c.waiting_ms, c.lead_seq,
                (SELECT record FROM calls WHERE seq = c.lead_seq) AS lead
         FROM (SELECT c.seq AS wanted FROM cases c {by} WHERE TRUE {sql} ORDER BY {order} LIMIT ? OFFSET ?)
         JOIN cases c ON c.seq = wanted ORDER BY {order}"
    );
    let limit = query.limit.map_or(-1, i64::from);
    values.extend([limit.into(), i64::from(query.offset).into()]);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut cases = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(case) = case_in(row)? else { continue };
        let lead: Option<String> = row.get("lead")?;
        let waiting: Option<i64> = row.get("waiting_ms")?;
        let correction = match row.get("lead_seq")? {
            Some(seq) => corrections::of(connection, seq)?,
            None => None,
        };
        let mut counted = CountedCase {
            case,
            lead: lead.and_then(|json| serde_json::from_str(&json).ok()),
            correction,
            waiting_since: waiting.map(moment),
            number: row.get("number")?,
            mailbox: row.get::<_, String>("box")?.into(),
            calls: 0,
            up: 0,
            verdicts: Vec::new(),
        };
        count_calls(connection, row.get(0)?, &mut counted)?;
        cases.push(counted);
    }
    Ok(cases)
}

/// How many cases are wanted.
pub(super) fn count(connection: &Connection, query: &CaseQuery) -> rusqlite::Result<u32> {
    let Wanted { conditions, by, .. } = wanted(query);
    let Statement { sql, values } = conditions;
    connection.query_row(
        &format!("SELECT count(*) FROM cases c {by} WHERE TRUE {sql}"),
        params_from_iter(values),
        |row| row.get(0),
    )
}

/// What waits for the team, at `now`; what has waited since `late` or longer is late.
pub(super) fn backlog(
    connection: &Connection,
    mailboxes: Option<&[String]>,
    (now, late): (Timestamp, Timestamp),
) -> rusqlite::Result<Backlog> {
    let listed = mailboxes.map(|listed| {
        let names = listed.iter().map(String::as_str);
        names.collect::<serde_json::Value>().to_string()
    });
    // Junk that nobody works on may be all there is, and is not read.
    let mut statement = connection.prepare_cached(
        "WITH waiting AS (
             SELECT urgency, waiting_ms, claimed_by, claimed_until_ms, next_try_ms, box FROM cases
             WHERE closed_ms IS NULL AND urgency > 0
             UNION ALL
             SELECT urgency, waiting_ms, claimed_by, claimed_until_ms, next_try_ms, box FROM cases
             WHERE closed_ms IS NULL AND (claimed_by IS NOT NULL OR next_try_ms IS NOT NULL)
                   AND urgency = 0),
         open AS (
             SELECT urgency, waiting_ms,
                    urgency > 0 AND coalesce(next_try_ms, 0) <= ?1 AS due,
                    coalesce(next_try_ms, 0) > ?1 AS later,
                    claimed_by IS NOT NULL AND claimed_until_ms > ?1 AS claimed
             FROM waiting
             WHERE ?3 IS NULL OR box IN (SELECT value FROM json_each(?3)))
         SELECT total(due AND urgency = 3), total(due AND urgency = 2), total(due AND urgency = 1),
                total(due AND NOT claimed), total(due AND waiting_ms <= ?2),
                min(iif(due, waiting_ms, NULL)), total(claimed), total(later)
         FROM open",
    )?;
    let values = (now.as_millisecond(), late.as_millisecond(), listed);
    statement.query_row(values, |row| {
        let count = |at: usize| row.get::<_, f64>(at).map(|count| count as u32);
        Ok(Backlog {
            watched: count(0)?,
            message: count(1)?,
            unsure: count(2)?,
            unclaimed: count(3)?,
            late: count(4)?,
            oldest: row.get::<_, Option<i64>>(5)?.map(moment),
            claimed: count(6)?,
            later: count(7)?,
        })
    })
}

fn count_calls(
    connection: &Connection,
    case_seq: i64,
    counted: &mut CountedCase,
) -> rusqlite::Result<()> {
    let mut calls = connection.prepare_cached(
        "SELECT coalesce(corrected, verdict), count(*), sum(ended_ms IS NULL), min(started_ms),
                max(started_ms)
         FROM calls WHERE case_seq = ?1 GROUP BY 1",
    )?;
    let mut rows = calls.query([case_seq])?;
    let mut times = Vec::new();
    while let Some(row) = rows.next()? {
        let (word, calls): (Option<String>, u32) = (row.get(0)?, row.get(1)?);
        counted.calls += calls;
        counted.up += row.get::<_, u32>(2)?;
        times.extend([moment(row.get(3)?), moment(row.get(4)?)]);
        let known = Verdict::ALL
            .into_iter()
            .find(|verdict| word.as_deref() == Some(verdict.as_str()));
        counted
            .verdicts
            .extend(known.map(|verdict| (verdict, calls)));
    }
    let place = |of: Verdict| Verdict::ALL.iter().position(|verdict| *verdict == of);
    counted.verdicts.sort_by_key(|(verdict, _)| place(*verdict));
    // Those that are still there.
    if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
        (counted.case.first, counted.case.last) = (*first, *last);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::number::Needle;

    /// The steps in which SQLite answers a query.
    fn plan(connection: &Connection, query: &CaseQuery) -> Vec<String> {
        let Wanted {
            conditions: Statement { sql, values },
            order,
            by,
        } = wanted(query);
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT c.seq FROM cases c {by} WHERE TRUE {sql} ORDER BY {order}"
        );
        let mut statement = connection.prepare(&sql).unwrap();
        let steps = statement.query_map(params_from_iter(values), |row| row.get(3));
        steps.unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn no_list_goes_through_all_calls_nor_sorts_all_cases() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, _) = super::super::schema::open(&folder.path().join("log")).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let calls = [
            Query::default(),
            Query {
                mailbox: Some("100@default".into()),
                verdict: Some(Verdict::Tone),
                ..Query::default()
            },
            Query {
                since: Some(now),
                until: Some(now),
                verdict: Some(Verdict::Tone),
                ..Query::default()
            },
            Query {
                number: Needle::read("0911 123", Some("DE".parse().unwrap())),
                ..Query::default()
            },
        ];
        let (few, all) = (true, false);
        for (standing, are_few) in [
            (Standing::Any, all),
            (Standing::Open, all),
            (Standing::ToRing(now), all),
            (Standing::ClaimedBy("anna".into(), now), few),
            (Standing::Later(now), few),
            (Standing::Junk, all),
            (Standing::Closed, all),
        ] {
            for calls in &calls {
                for words in [vec![], vec!["anna".to_owned()]] {
                    let are_few = are_few || calls.number.is_some() || !words.is_empty();
                    let query = CaseQuery {
                        calls: calls.clone(),
                        standing: standing.clone(),
                        words,
                        ..CaseQuery::default()
                    };
                    let plan = plan(&connection, &query);
                    let has = |what: &str| plan.iter().any(|step| step.contains(what));
                    assert!(!has("SCAN calls") && !has("SCAN k"), "{query:?}: {plan:#?}");
                    let is_bare =
                        |step: &String| step.starts_with("SCAN c") && !step.contains("INDEX");
                    assert!(!plan.iter().any(is_bare), "{query:?}: {plan:#?}");
                    assert!(are_few || !has("ORDER BY"), "{query:?}: {plan:#?}");
                }
            }
        }
    }
}
