//! For how long calls are kept: when each is looked at next, when nothing is deleted at all, and
//! which calls were erased.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::{begin, moment};
use crate::call_log::kept::Pause;
use crate::call_record::{CallId, CallRecord};
use crate::keeping::{Kind, Kinds};

/// An administrator has so long to set other rules before the first thing is deleted.
const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A clock that shows so much more, or less, than at the last sweep may be wrong.
const JUMP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So long it has to be set right, before anything is deleted by it.
const AFTER_JUMP: SignedDuration = SignedDuration::from_hours(24);
/// Rows that are looked at again in one transaction.
const MOST_AGAIN: i64 = 20_000;

/// The migration that brings what is here.
pub(super) const KEEPING: &str = "
    -- When something of a call that is over is due to be deleted, and what is gone: a bit for each kind.
    CREATE TABLE keeping (
        seq       INTEGER PRIMARY KEY REFERENCES calls (seq) ON DELETE CASCADE,
        ended_ms  INTEGER NOT NULL,
        look_ms   INTEGER,
        gone      INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    INSERT INTO keeping (seq, ended_ms, look_ms)
        SELECT seq, ended_ms, ended_ms FROM calls WHERE ended_ms IS NOT NULL;
    CREATE INDEX keeping_look ON keeping (look_ms) WHERE look_ms IS NOT NULL;
    -- By which rules look_ms was set.
    ALTER TABLE guard ADD COLUMN keep_rules TEXT;
    -- Until when nothing is deleted of a log that was there before anything was; -1 until it is swept first.
    ALTER TABLE guard ADD COLUMN keep_all_until_ms INTEGER;
    -- When it was swept last, and until when nothing is deleted since the clock jumped.
    ALTER TABLE guard ADD COLUMN swept_ms INTEGER;
    ALTER TABLE guard ADD COLUMN jump_until_ms INTEGER;
    UPDATE guard SET keep_all_until_ms = -1 WHERE EXISTS (SELECT 1 FROM calls);

    -- Calls that were erased: what was on its way of them when that happened is not filed again.
    CREATE TABLE erased (call INTEGER PRIMARY KEY, started_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;

    -- What was counted of calls that are gone, as figures and by the same days; it names nobody.
    CREATE TABLE figures_of_gone (
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
    -- How long somebody had waited who was spoken to, of cases that are gone.
    CREATE TABLE waits_of_gone (day INTEGER NOT NULL, box TEXT NOT NULL, waited_ms INTEGER NOT NULL) STRICT;
    CREATE INDEX waits_of_gone_day ON waits_of_gone (day, box);

    INSERT INTO case_words (case_words, rank) VALUES ('secure-delete', 1);
";

/// What hangs on a deleted row is deleted with it, and what is deleted is overwritten.
pub(super) fn leave_nothing_behind(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)
}

/// From its end on a call is looked at.
pub(super) fn file(connection: &Connection, seq: i64, record: &CallRecord) -> rusqlite::Result<()> {
    let Some(ended) = record.ended else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO keeping (seq, ended_ms, look_ms) VALUES (?1, ?2, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute((seq, ended.as_millisecond()))
        .map(drop)
}

/// A call has a recording again, and perhaps a timeline: whatever was deleted of it is looked for
/// once more.
pub(super) fn audio_came(connection: &Connection, call: CallId) -> rusqlite::Result<()> {
    let came = Kinds::NONE.with(Kind::Audio).with(Kind::Timeline);
    connection
        .prepare_cached(
            "UPDATE keeping SET gone = gone & ~?2, look_ms = ended_ms
             WHERE seq = (SELECT seq FROM calls WHERE id = ?1)",
        )?
        .execute((call.to_string(), came.bits()))
        .map(drop)
}

/// Whether there is a call whose recording is kept.
pub(super) fn keeps_audio(connection: &Connection, call: CallId) -> rusqlite::Result<bool> {
    let audio = Kinds::NONE.with(Kind::Audio).bits();
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM calls c LEFT JOIN keeping k USING (seq)
             WHERE c.id = ?1 AND coalesce(k.gone, 0) & ?2 = 0)",
        )?
        .query_row((call.to_string(), audio), |row| row.get(0))
}

/// Begins a sweep; why nothing is deleted now, if that is so.
pub(super) fn begin_sweep(
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Option<Pause>> {
    let sql = "SELECT keep_all_until_ms, swept_ms, jump_until_ms FROM guard";
    let times: [Option<i64>; 3] =
        connection.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    let after = |pause| now.checked_add(pause).unwrap_or(Timestamp::MAX);
    let [upgraded, swept, jumped] = times;
    let upgraded = match upgraded {
        Some(-1) => Some(after(GRACE)),
        upgraded => upgraded.map(moment),
    };
    let has_jumped = swept.is_some_and(|swept| now.duration_since(moment(swept)).abs() > JUMP);
    let jumped = if has_jumped {
        Some(after(AFTER_JUMP))
    } else {
        jumped.map(moment)
    };
    connection.execute(
        "UPDATE guard SET keep_all_until_ms = ?1, swept_ms = ?2, jump_until_ms = ?3",
        (
            upgraded.map(Timestamp::as_millisecond),
            now.as_millisecond(),
            jumped.map(Timestamp::as_millisecond),
        ),
    )?;
    let is_ahead = |until: &Timestamp| *until > now;
    let upgraded = upgraded.filter(is_ahead).map(Pause::Upgrade);
    Ok(upgraded.or_else(|| jumped.filter(is_ahead).map(Pause::Clock)))
}

/// Has calls behind this row looked at again if these are other rules than before.
pub(super) fn go_by_rules(
    connection: &mut Connection,
    rules: &str,
    after: i64,
) -> rusqlite::Result<Option<i64>> {
    let changing = begin(connection)?;
    let known: Option<String> =
        changing.query_row("SELECT keep_rules FROM guard", [], |row| row.get(0))?;
    if known.as_deref() == Some(rules) {
        return Ok(None);
    }
    let last: Option<i64> = changing
        .query_row(
            "SELECT seq FROM keeping WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET ?2",
            (after, MOST_AGAIN - 1),
            |row| row.get(0),
        )
        .optional()?;
    changing.execute(
        "UPDATE keeping SET look_ms = ended_ms
         WHERE seq > ?1 AND seq <= ?2 AND look_ms IS NOT ended_ms",
        (after, last.unwrap_or(i64::MAX)),
    )?;
    if last.is_none() {
        changing.execute("UPDATE guard SET keep_rules = ?1", [rules])?;
    }
    changing.commit()?;
    Ok(last)
}

/// Notes that a call was erased.
pub(super) fn note_erased(
    connection: &Connection,
    call: CallId,
    started: Timestamp,
    at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO erased (call, started_ms, at_ms) VALUES (?1, ?2, ?3)",
        )?
        .execute((bits(call), started.as_millisecond(), at.as_millisecond()))
        .map(drop)
}

pub(super) fn was_erased(connection: &Connection, call: CallId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erased WHERE call = ?1)")?
        .query_row([bits(call)], |row| row.get(0))
}

/// The calls that were erased since then, and when they began.
pub(super) fn erased_since(
    connection: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<(CallId, Timestamp)>> {
    let erased = all_erased(connection)?.into_iter();
    let late = erased.filter(|(_, _, at)| *at >= since);
    Ok(late.map(|(call, started, _)| (call, started)).collect())
}

/// All calls that were erased: which, when they began, and when that was.
pub(super) fn all_erased(
    connection: &Connection,
) -> rusqlite::Result<Vec<(CallId, Timestamp, Timestamp)>> {
    let mut erased = connection.prepare_cached("SELECT call, started_ms, at_ms FROM erased")?;
    let rows = erased.query_map([], |row| {
        let bits: i64 = row.get(0)?;
        let call = CallId::from_bits(bits.cast_unsigned());
        Ok((call, moment(row.get(1)?), moment(row.get(2)?)))
    })?;
    rows.collect()
}

/// A call as a number: sixty bits.
fn bits(call: CallId) -> i64 {
    call.bits().cast_signed()
}

/// Empties the write-ahead log; `false` if somebody reads in it now.
pub(super) fn truncate_wal(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(sql, [], |row| row.get::<_, i64>(0).map(|busy| busy == 0))
}
