//! What is counted of calls, kept by triggers in the database itself: whoever files, changes or deletes a call, the
//! counts follow.
//!
//! Days are those of the guard's time zone. Its offsets stand in the database, so that SQL can tell the day of a
//! call; where they are others than last time (another zone, or new rules for it) all is counted anew.

mod queues;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use rusqlite::{Connection, params_from_iter};

use super::begin;
use super::search::Statement;
use crate::call_record::Verdict;
use crate::figures::{CalledBack, Counted, Counts, Period, Tally};

pub(super) use queues::QUEUE_FIGURES;

/// The migration that brings the counts.
pub(super) const FIGURES: &str = "
    -- The offsets of the guard's time zone, each with the moment from which it holds.
    CREATE TABLE local_offsets (
        from_ms    INTEGER PRIMARY KEY,
        offset_ms  INTEGER NOT NULL
    ) STRICT;

    -- What is counted of a call that has ended: lengths are of its sound, without ten seconds for the greeting.
    CREATE VIEW counted_calls AS
    SELECT seq, day, box, iif(is_passed_by, '', verdict) AS kind, 1 AS calls,
           is_unheard AS unheard, is_unheard * recorded_ms AS unheard_ms,
           is_unheard AND ended_by = 'guard' AS ended,
           (is_unheard AND ended_by = 'guard') * recorded_ms AS ended_ms,
           asked, rescued, coalesce(corrected != verdict, 0) AS wrong,
           mode = 'observe' AND NOT is_passed_by AS observed,
           mode = 'observe' AND would_s IS NOT NULL AS would_end,
           iif(mode = 'observe', CAST(round(1000 * coalesce(would_s, 0)) AS INTEGER), 0) AS would_ms
    FROM (
        SELECT *,
               ended_by IN ('refused', 'straight', 'turned_away') AS is_passed_by,
               verdict NOT IN ('message', 'rambler', 'unsure') AND mode != 'observe' AND watched IS NULL
                   AND ended_by IN ('caller', 'guard', 'limit', 'exit') AS is_unheard
        FROM (
            SELECT seq, box, verdict, corrected,
                   (started_ms + coalesce((SELECT offset_ms FROM local_offsets WHERE from_ms <= started_ms
                                           ORDER BY from_ms DESC LIMIT 1), 0)) / 86400000 AS day,
                   coalesce(r ->> '$.ended_by', '') AS ended_by,
                   coalesce(r ->> '$.mode', '') AS mode,
                   r ->> '$.watched' AS watched,
                   r ->> '$.would_have.saved_s' AS would_s,
                   max(CAST(round(1000 * (
                       coalesce(r ->> '$.seconds.speech', 0) + coalesce(r ->> '$.seconds.silence', 0)
                       + coalesce(r ->> '$.seconds.music', 0) + coalesce(r ->> '$.seconds.tone', 0)
                       + coalesce(r ->> '$.seconds.noise', 0))) AS INTEGER) - 10000, 0) AS recorded_ms,
                   EXISTS (SELECT 1 FROM json_each(r, '$.asked')
                           WHERE CASE type WHEN 'object' THEN value ->> '$.prompt' END
                           IN ('greeting-withheld', 'number-first', 'enter-number')) AS asked,
                   coalesce(r ->> '$.callback.source' IN ('keyed', 'keyed_confirmed')
                       AND (r ->> '$.caller.presentation' != 'shown'
                            OR coalesce(r ->> '$.callback.e164', r ->> '$.callback.number')
                               != coalesce(r ->> '$.caller.e164', r ->> '$.caller.number')), 0) AS rescued
            FROM (SELECT seq, started_ms, box, verdict, corrected, iif(json_valid(record), record, '{}') AS r
                  FROM calls WHERE ended_ms IS NOT NULL AND verdict IS NOT NULL)));

    -- The sums of that by day in the guard's time zone, mailbox and verdict.
    CREATE TABLE figures (
        day         INTEGER NOT NULL,
        box         TEXT NOT NULL,
        kind        TEXT NOT NULL,
        calls       INTEGER NOT NULL,
        unheard     INTEGER NOT NULL,
        unheard_ms  INTEGER NOT NULL,
        ended       INTEGER NOT NULL,
        ended_ms    INTEGER NOT NULL,
        asked       INTEGER NOT NULL,
        rescued     INTEGER NOT NULL,
        wrong       INTEGER NOT NULL,
        observed    INTEGER NOT NULL,
        would_end   INTEGER NOT NULL,
        would_ms    INTEGER NOT NULL,
        PRIMARY KEY (day, box, kind)
    ) STRICT, WITHOUT ROWID;
    -- Calls that are counted (sign 1) or not any more (sign -1): whoever writes here has them added.
    CREATE VIEW counting AS SELECT NULL AS seq, NULL AS sign;
    CREATE TRIGGER call_is_counted_in_sums INSTEAD OF INSERT ON counting BEGIN
        INSERT INTO figures
        SELECT day, box, kind, NEW.sign * calls, NEW.sign * unheard, NEW.sign * unheard_ms, NEW.sign * ended,
               NEW.sign * ended_ms, NEW.sign * asked, NEW.sign * rescued, NEW.sign * wrong, NEW.sign * observed,
               NEW.sign * would_end, NEW.sign * would_ms
        FROM counted_calls WHERE seq = NEW.seq
        ON CONFLICT (day, box, kind) DO UPDATE SET
            calls = calls + excluded.calls, unheard = unheard + excluded.unheard,
            unheard_ms = unheard_ms + excluded.unheard_ms, ended = ended + excluded.ended,
            ended_ms = ended_ms + excluded.ended_ms, asked = asked + excluded.asked,
            rescued = rescued + excluded.rescued, wrong = wrong + excluded.wrong, observed = observed + excluded.observed,
            would_end = would_end + excluded.would_end, would_ms = would_ms + excluded.would_ms;
    END;
    CREATE TRIGGER call_comes_to_figures AFTER INSERT ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (NEW.seq, 1);
    END;
    CREATE TRIGGER call_leaves_figures BEFORE DELETE ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (OLD.seq, -1);
    END;
    CREATE TRIGGER call_was_counted BEFORE UPDATE OF started_ms, ended_ms, box, verdict, corrected, record ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (OLD.seq, -1);
    END;
    CREATE TRIGGER call_is_counted AFTER UPDATE OF started_ms, ended_ms, box, verdict, corrected, record ON calls BEGIN
        INSERT INTO counting (seq, sign) VALUES (NEW.seq, 1);
    END;

    -- How long callers had waited who were spoken to.
    CREATE INDEX cases_spoken_to ON cases (closed_ms, box, waiting_ms, closed_by)
        WHERE closed_by IN ('answered', 'called_back', 'reached') AND waiting_ms IS NOT NULL;
";

/// From when on the offsets of a zone are kept, and until when.
const OFFSETS_FROM: Date = date(2000, 1, 1);
const OFFSETS_UNTIL: Date = date(2100, 1, 1);

/// The zone's offsets (ms), each with the moment (ms) from which it holds.
fn offsets(zone: &TimeZone) -> Vec<(i64, i64)> {
    let at = |day: Date| {
        day.to_zoned_datetime(TimeZone::UTC)
            .map(|day| day.timestamp())
    };
    let (Ok(from), Ok(until)) = (at(OFFSETS_FROM), at(OFFSETS_UNTIL)) else {
        return Vec::new();
    };
    let ms = |seconds: i32| i64::from(seconds) * 1_000;
    let changes = zone
        .following(from)
        .take_while(|change| change.timestamp() < until);
    let changes = changes.map(|change| {
        let holds_from = change.timestamp().as_millisecond();
        (holds_from, ms(change.offset().seconds()))
    });
    let first = (0, ms(zone.to_offset(from).seconds()));
    std::iter::once(first).chain(changes).collect()
}

/// Has days be those of this zone; counts all calls anew where they were not.
pub(super) fn keep_zone(connection: &mut Connection, zone: &TimeZone) -> rusqlite::Result<()> {
    let offsets = offsets(zone);
    if kept_offsets(connection)? == offsets {
        return Ok(());
    }
    let change = begin(connection)?;
    change.execute("DELETE FROM local_offsets", [])?;
    for row in offsets {
        change.execute(
            "INSERT INTO local_offsets (from_ms, offset_ms) VALUES (?1, ?2)",
            row,
        )?;
    }
    change.execute("DELETE FROM figures", [])?;
    change.execute(&format!("INSERT INTO figures {RECOUNT}"), [])?;
    queues::recount(&change)?;
    change.commit()
}

/// What stands in `figures`, made of the calls and of what was counted of those that are gone.
const RECOUNT: &str = "
    SELECT day, box, kind, sum(calls), sum(unheard), sum(unheard_ms), sum(ended), sum(ended_ms), sum(asked),
           sum(rescued), sum(wrong), sum(observed), sum(would_end), sum(would_ms)
    FROM (SELECT day, box, kind, calls, unheard, unheard_ms, ended, ended_ms, asked, rescued, wrong, observed,
                 would_end, would_ms FROM counted_calls
          UNION ALL SELECT * FROM figures_of_gone)
    GROUP BY day, box, kind";

/// Has what is counted of a call stay when its row goes, which is about to.
pub(super) fn keep_of(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO figures_of_gone
             SELECT day, box, kind, calls, unheard, unheard_ms, ended, ended_ms, asked, rescued, wrong, observed,
                    would_end, would_ms
             FROM counted_calls WHERE seq = ?1
             ON CONFLICT (day, box, kind) DO UPDATE SET
                 calls = calls + excluded.calls, unheard = unheard + excluded.unheard,
                 unheard_ms = unheard_ms + excluded.unheard_ms, ended = ended + excluded.ended,
                 ended_ms = ended_ms + excluded.ended_ms, asked = asked + excluded.asked,
                 rescued = rescued + excluded.rescued, wrong = wrong + excluded.wrong,
                 observed = observed + excluded.observed, would_end = would_end + excluded.would_end,
                 would_ms = would_ms + excluded.would_ms",
        )?
        .execute([seq])?;
    queues::keep_of(connection, seq)?;
    // Once more, since its row takes it along.
    connection
        .prepare_cached("INSERT INTO counting (seq, sign) VALUES (?1, 1)")?
        .execute([seq])?;
    let goes_with_it = format!(
        "INSERT INTO waits_of_gone
         SELECT (closed_ms + coalesce((SELECT offset_ms FROM local_offsets WHERE from_ms <= closed_ms
                                       ORDER BY from_ms DESC LIMIT 1), 0)) / {DAY_MS},
                box, max(closed_ms - waiting_ms, 0)
         FROM cases WHERE seq = (SELECT case_seq FROM calls WHERE seq = ?1) AND {SPOKEN_TO}
             AND NOT EXISTS (SELECT 1 FROM calls WHERE case_seq = cases.seq AND seq != ?1)"
    );
    connection
        .prepare_cached(&goes_with_it)?
        .execute([seq])
        .map(drop)
}

/// What was counted in a period, of these mailboxes; of all where there is no list.
pub(super) fn tally(
    connection: &Connection,
    period: Period,
    mailboxes: Option<&[String]>,
) -> rusqlite::Result<Tally> {
    let days = [number_of(period.first()), number_of(period.last())];
    let wanted = |column: &str, bounds: [i64; 2]| {
        let mut made = Statement::default();
        made.and(&format!("{column} BETWEEN ? AND ?"), bounds);
        if let Some(mailboxes) = mailboxes {
            made.among("box", mailboxes);
        }
        made
    };

    let Statement { sql, values } = wanted("day", days);
    let sql = format!(
        "SELECT day, box, kind, calls, unheard, unheard_ms, ended, ended_ms, asked, rescued, wrong, observed,
                would_end, would_ms
         FROM figures WHERE TRUE{sql}"
    );
    let calls = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            let number = |column| {
                row.get::<_, i64>(column)
                    .map(|of| u64::try_from(of).unwrap_or(0))
            };
            let length = |column| number(column).map(Duration::from_millis);
            let kind: String = row.get(2)?;
            Ok(Counted {
                day: day_of(row.get(0)?),
                mailbox: row.get(1)?,
                verdict: kind.parse::<Verdict>().ok(),
                counts: Counts {
                    calls: number(3)?,
                    unheard: number(4)?,
                    unheard_for: length(5)?,
                    ended: number(6)?,
                    ended_after: length(7)?,
                    asked: number(8)?,
                    rescued: number(9)?,
                    wrong: number(10)?,
                    observed: number(11)?,
                    would_end: number(12)?,
                    would_save: length(13)?,
                },
            })
        })?
        .collect::<rusqlite::Result<_>>()?;

    // A day of any zone begins and ends within a day of UTC's.
    let around = [(days[0] - 1) * DAY_MS, (days[1] + 2) * DAY_MS];
    let offsets = kept_offsets(connection)?;
    let Statement { sql, values } = wanted("closed_ms", around);
    let sql = format!(
        "SELECT closed_ms, box, max(closed_ms - waiting_ms, 0)
         FROM cases WHERE {SPOKEN_TO}{sql}"
    );
    let mut called_back = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            let closed: i64 = row.get(0)?;
            let before = offsets.partition_point(|(from, _)| *from <= closed);
            let offset = before.checked_sub(1).map_or(0, |at| offsets[at].1);
            Ok(CalledBack {
                day: day_of((closed + offset).div_euclid(DAY_MS)),
                mailbox: row.get(1)?,
                waited: Duration::from_millis(u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0)),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let Statement { sql, values } = wanted("day", days);
    let sql = format!("SELECT day, box, waited_ms FROM waits_of_gone WHERE TRUE{sql}");
    let of_gone = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            let waited: i64 = row.get(2)?;
            Ok(CalledBack {
                day: day_of(row.get(0)?),
                mailbox: row.get(1)?,
                waited: Duration::from_millis(waited.unsigned_abs()),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    called_back.extend(of_gone);
    let waits = queues::tally(connection, days, mailboxes)?;
    Ok(Tally {
        calls,
        called_back,
        waits,
    })
}

const DAY_MS: i64 = 86_400_000;

/// The condition of the index `cases_spoken_to`.
const SPOKEN_TO: &str =
    "closed_by IN ('answered', 'called_back', 'reached') AND waiting_ms IS NOT NULL";

fn kept_offsets(connection: &Connection) -> rusqlite::Result<Vec<(i64, i64)>> {
    connection
        .prepare_cached("SELECT from_ms, offset_ms FROM local_offsets ORDER BY from_ms")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// A day as the database has it: counted from 1970.
fn number_of(day: Date) -> i64 {
    let days = date(1970, 1, 1)
        .until(day)
        .map_or(0, |span| span.get_days());
    days.into()
}

fn day_of(number: i64) -> Date {
    let day = number.checked_mul(DAY_MS).map(Timestamp::from_millisecond);
    match day {
        Some(Ok(day)) => day.to_zoned_datetime(TimeZone::UTC).date(),
        _ => date(1970, 1, 1),
    }
}

#[cfg(test)]
mod tests;
