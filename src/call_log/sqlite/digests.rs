//! Which digests have been sent.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::call_log::digest::{DigestNote, DigestsOfDay};
use crate::call_record::Verdict;

/// The migration that brings the digests.
pub(super) const DIGESTS: &str = "
    -- Who has got the digest of a mailbox on which day; with no recipient: nothing more is to be done that day.
    CREATE TABLE digests (
        box        TEXT NOT NULL,
        day        TEXT NOT NULL,
        recipient  TEXT NOT NULL,
        at_ms      INTEGER NOT NULL,
        PRIMARY KEY (box, day, recipient)
    ) STRICT, WITHOUT ROWID;
";

/// Rows are kept so long: longer than any mailbox waits for its next digest.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Forgets what was done about digests long ago.
pub(super) fn forget_old(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let before = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    connection
        .prepare_cached("DELETE FROM digests WHERE at_ms < ?1")?
        .execute([before.as_millisecond()])
        .map(drop)
}

/// Notes what has been done about a digest; it is on the disk when this returns.
pub(super) fn note(connection: &Connection, note: &DigestNote) -> rusqlite::Result<()> {
    forget_old(connection, note.at)?;
    connection
        .prepare_cached(
            "INSERT INTO digests (box, day, recipient, at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute((
            &note.mailbox,
            note.day.to_string(),
            note.recipient.as_deref().unwrap_or_default(),
            note.at.as_millisecond(),
        ))
        .map(drop)
}

/// What is known of the digests of a day.
pub(super) fn of_day(connection: &Connection, day: Date) -> rusqlite::Result<DigestsOfDay> {
    let day = day.to_string();
    let known = connection
        .prepare_cached("SELECT DISTINCT box FROM digests")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<BTreeSet<String>>>()?;
    let mut found = DigestsOfDay {
        known,
        ..DigestsOfDay::default()
    };
    let mut statement =
        connection.prepare_cached("SELECT box, recipient FROM digests WHERE day = ?1")?;
    let mut rows = statement.query([day])?;
    while let Some(row) = rows.next()? {
        let (mailbox, recipient): (String, String) = (row.get(0)?, row.get(1)?);
        if recipient.is_empty() {
            found.settled.insert(mailbox);
        } else {
            found.served.insert((mailbox, recipient));
        }
    }
    Ok(found)
}

/// The calls for a mailbox that began since then and have ended, by verdict.
pub(super) fn verdicts(
    connection: &Connection,
    mailbox: &str,
    since: Timestamp,
) -> rusqlite::Result<Vec<(Verdict, u64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT verdict, count(*) FROM calls WHERE box = ?1 AND started_ms >= ?2 AND verdict IS NOT NULL
         GROUP BY verdict",
    )?;
    let mut rows = statement.query((mailbox, since.as_millisecond()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let word: String = row.get(0)?;
        let calls = row.get::<_, i64>(1)?.unsigned_abs();
        found.extend(word.parse().ok().map(|verdict| (verdict, calls)));
    }
    found.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    Ok(found)
}
