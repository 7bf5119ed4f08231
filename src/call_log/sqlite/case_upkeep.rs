//! What its calls make of a case; and what it is once some are gone, or have lost their numbers.

use rusqlite::Connection;

use super::cases::{bit_of, number_of};
use crate::call_record::Verdict;
use crate::case::Urgency;

/// What those of its calls that have ended make of a case.
pub(super) struct Weight {
    /// That of the most urgent one.
    pub(super) urgency: Urgency,
    /// The row of the call that is shown for it; none has ended where there is none.
    pub(super) lead: Option<i64>,
    /// When the first began that there is something to ring about.
    pub(super) waiting_ms: Option<i64>,
    /// A bit for each verdict.
    pub(super) verdicts: i64,
}

/// Weighs the calls of a case, by what the team says that they were where it says so.
pub(super) fn weigh(connection: &Connection, case_seq: i64) -> rusqlite::Result<Weight> {
    let mut calls = connection.prepare_cached(
        "SELECT seq, started_ms, record, coalesce(corrected, verdict) FROM calls
         WHERE case_seq = ?1 AND ended_ms IS NOT NULL ORDER BY started_ms, seq",
    )?;
    let mut rows = calls.query([case_seq])?;
    let mut weight = Weight {
        urgency: Urgency::Junk,
        lead: None,
        waiting_ms: None,
        verdicts: 0,
    };
    while let Some(row) = rows.next()? {
        let (seq, started): (i64, i64) = (row.get(0)?, row.get(1)?);
        let word: Option<String> = row.get(3)?;
        let verdict = word.and_then(|word| word.parse::<Verdict>().ok());
        let urgency = match serde_json::from_str(row.get_ref(2)?.as_str()?) {
            Ok(record) => Urgency::judged(&record, verdict),
            Err(_) => verdict.map_or(Urgency::Junk, Urgency::by_verdict),
        };
        if urgency >= weight.urgency {
            (weight.urgency, weight.lead) = (urgency, Some(seq));
        }
        if urgency > Urgency::Junk {
            weight.waiting_ms = weight.waiting_ms.or(Some(started));
        }
        weight.verdicts |= verdict.map_or(0, bit_of);
    }
    Ok(weight)
}

/// Has a case show its calls as they are now. One whose last call is gone is gone itself.
pub(super) fn refresh(connection: &Connection, case: i64) -> rusqlite::Result<()> {
    let weight = weigh(connection, case)?;
    connection
        .prepare_cached(
            "UPDATE cases SET
                lead_seq = coalesce(?2, lead_seq), urgency = ?3, verdicts = ?5,
                waiting_ms = iif(closed_ms IS NULL, ?4, waiting_ms),
                first_ms = (SELECT min(started_ms) FROM calls WHERE case_seq = ?1),
                last_ms = (SELECT max(started_ms) FROM calls WHERE case_seq = ?1)
             WHERE seq = ?1",
        )?
        .execute((
            case,
            weight.lead,
            number_of(weight.urgency),
            weight.waiting_ms,
            weight.verdicts,
        ))?;
    forget_who(connection, case)?;
    refresh_words(connection, case)
}

/// Where all calls of a case have lost their numbers, the case loses it and the team's notes, too.
fn forget_who(connection: &Connection, case: i64) -> rusqlite::Result<()> {
    let number_bit = 1 << crate::keeping::Kind::Number as u8;
    let is_known: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM calls c LEFT JOIN keeping k USING (seq)
             WHERE c.case_seq = ?1 AND coalesce(k.gone, 0) & ?2 = 0)",
        )?
        .query_row((case, number_bit), |row| row.get(0))?;
    if is_known {
        return Ok(());
    }
    connection
        .prepare_cached(
            "UPDATE cases SET number = (SELECT number FROM calls WHERE case_seq = ?1 LIMIT 1)
             WHERE seq = ?1 AND number != ''",
        )?
        .execute([case])?;
    connection
        .prepare_cached(
            "UPDATE case_events SET note = NULL WHERE case_seq = ?1 AND note IS NOT NULL",
        )?
        .execute([case])
        .map(drop)
}

/// A case is found by the names and notes that are still there, and by no other.
fn refresh_words(connection: &Connection, case: i64) -> rusqlite::Result<()> {
    const WORDS: &str = "
        SELECT record ->> '$.caller.name' AS words FROM calls WHERE case_seq = ?1 AND json_valid(record)
        UNION SELECT note FROM case_events WHERE case_seq = ?1";
    connection
        .prepare_cached(&format!(
            "DELETE FROM case_texts WHERE case_seq = ?1
             AND words NOT IN (SELECT words FROM ({WORDS}) WHERE words IS NOT NULL)"
        ))?
        .execute([case])?;
    connection
        .prepare_cached(&format!(
            "INSERT OR IGNORE INTO case_texts (case_seq, words)
             SELECT ?1, words FROM ({WORDS}) WHERE trim(words) != ''"
        ))?
        .execute([case])
        .map(drop)
}
