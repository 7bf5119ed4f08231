//! What is counted of callers who waited in queues: kept as the sums of calls are, by the same days.

use jiff::civil::Date;
use rusqlite::{Connection, params_from_iter};

use super::super::search::Statement;
use super::super::table::has_table;
use super::day_of;
use crate::figures::{CountedWaits, QueueCounts};

/// The migration that brings the counts.
pub(in super::super) const QUEUE_FIGURES: &str = "
    -- What is counted of a wait in a queue that has ended.
    CREATE VIEW counted_waits AS
    SELECT seq, day, box, 1 AS waits, asked, answered, nobody AND how NOT IN ('', 'manager_lost') AS nobody,
           nobody AND how = 'answered' AS in_vain, nobody AND how = 'ended' AS taken_out
    FROM (
        SELECT seq, box,
               (started_ms + coalesce((SELECT offset_ms FROM local_offsets WHERE from_ms <= started_ms
                                       ORDER BY from_ms DESC LIMIT 1), 0)) / 86400000 AS day,
               coalesce(r ->> '$.queue.ended', '') AS how,
               coalesce(r ->> '$.queue.nobody.heard', '') IN ('music', 'tone', 'noise')
                   AND r ->> '$.queue.nobody.back_s' IS NULL AS nobody,
               EXISTS (SELECT 1 FROM json_each(r, '$.asked')) AS asked,
               EXISTS (SELECT 1 FROM json_each(r, '$.asked')
                       WHERE CASE type WHEN 'object' THEN value ->> '$.answer' END IS NOT NULL) AS answered
        FROM (SELECT seq, started_ms, box, iif(json_valid(record), record, '{}') AS r
              FROM calls WHERE ended_ms IS NOT NULL AND verdict IS NULL AND box LIKE '%@queue'));

    -- The sums of that by day in the guard's time zone and queue; and of the waits that are gone.
    CREATE TABLE queue_figures (
        day        INTEGER NOT NULL,
        box        TEXT NOT NULL,
        waits      INTEGER NOT NULL,
        asked      INTEGER NOT NULL,
        answered   INTEGER NOT NULL,
        nobody     INTEGER NOT NULL,
        in_vain    INTEGER NOT NULL,
        taken_out  INTEGER NOT NULL,
        PRIMARY KEY (day, box)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE queue_figures_of_gone (
        day        INTEGER NOT NULL,
        box        TEXT NOT NULL,
        waits      INTEGER NOT NULL,
        asked      INTEGER NOT NULL,
        answered   INTEGER NOT NULL,
        nobody     INTEGER NOT NULL,
        in_vain    INTEGER NOT NULL,
        taken_out  INTEGER NOT NULL,
        PRIMARY KEY (day, box)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO queue_figures
        SELECT day, box, sum(waits), sum(asked), sum(answered), sum(nobody), sum(in_vain), sum(taken_out)
        FROM counted_waits GROUP BY day, box;
    CREATE TRIGGER wait_is_counted_in_sums INSTEAD OF INSERT ON counting BEGIN
        INSERT INTO queue_figures
        SELECT day, box, NEW.sign * waits, NEW.sign * asked, NEW.sign * answered, NEW.sign * nobody,
               NEW.sign * in_vain, NEW.sign * taken_out
        FROM counted_waits WHERE seq = NEW.seq
        ON CONFLICT (day, box) DO UPDATE SET
            waits = waits + excluded.waits, asked = asked + excluded.asked, answered = answered + excluded.answered,
            nobody = nobody + excluded.nobody, in_vain = in_vain + excluded.in_vain,
            taken_out = taken_out + excluded.taken_out;
    END;
";

/// Counts all waits anew.
pub(super) fn recount(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM queue_figures;
         INSERT INTO queue_figures
         SELECT day, box, sum(waits), sum(asked), sum(answered), sum(nobody), sum(in_vain), sum(taken_out)
         FROM (SELECT day, box, waits, asked, answered, nobody, in_vain, taken_out FROM counted_waits
               UNION ALL SELECT * FROM queue_figures_of_gone)
         GROUP BY day, box;",
    )
}

/// Has what is counted of a wait stay when its row goes, which is about to.
pub(super) fn keep_of(connection: &Connection, seq: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO queue_figures_of_gone
             SELECT day, box, waits, asked, answered, nobody, in_vain, taken_out FROM counted_waits WHERE seq = ?1
             ON CONFLICT (day, box) DO UPDATE SET
                 waits = waits + excluded.waits, asked = asked + excluded.asked,
                 answered = answered + excluded.answered, nobody = nobody + excluded.nobody,
                 in_vain = in_vain + excluded.in_vain, taken_out = taken_out + excluded.taken_out",
        )?
        .execute([seq])
        .map(drop)
}

/// What was counted from one day to another, of these queues; of all where there is no list.
pub(super) fn tally(
    connection: &Connection,
    days: [i64; 2],
    queues: Option<&[String]>,
) -> rusqlite::Result<Vec<CountedWaits>> {
    if !has_table(connection, "queue_figures")? {
        return Ok(Vec::new());
    }
    let mut wanted = Statement::default();
    wanted.and("day BETWEEN ? AND ?", days);
    if let Some(queues) = queues {
        wanted.among("box", queues);
    }
    let Statement { sql, values } = wanted;
    let sql = format!(
        "SELECT day, box, waits, asked, answered, nobody, in_vain, taken_out FROM queue_figures WHERE TRUE{sql}"
    );
    connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            let number = |column| {
                row.get::<_, i64>(column)
                    .map(|of| u64::try_from(of).unwrap_or(0))
            };
            let day: Date = day_of(row.get(0)?);
            Ok(CountedWaits {
                day,
                queue: row.get(1)?,
                counts: QueueCounts {
                    waits: number(2)?,
                    asked: number(3)?,
                    answered: number(4)?,
                    nobody: number(5)?,
                    in_vain: number(6)?,
                    taken_out: number(7)?,
                },
            })
        })?
        .collect()
}
