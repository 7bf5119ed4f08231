//! Opening the database: settings, migrations, what its errors mean.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{LogError, cases};

/// Migrations in order; a database whose `user_version` is n has seen the first n of them.
const MIGRATIONS: [&str; 6] = [FIRST, OUTBOX, TOLD, cases::MIGRATION, PLACE_TOLD, SPOOL];

const FIRST: &str = "
    CREATE TABLE calls (
        seq            INTEGER PRIMARY KEY,
        id             TEXT NOT NULL UNIQUE,
        started_ms     INTEGER NOT NULL,
        ended_ms       INTEGER,
        box            TEXT NOT NULL,
        uniqueid       TEXT NOT NULL,
        linkedid       TEXT NOT NULL,
        verdict        TEXT,
        number         TEXT NOT NULL,
        e164           TEXT,
        callback_e164  TEXT,
        record         TEXT NOT NULL
    ) STRICT;
    CREATE INDEX calls_started ON calls (started_ms, seq);
    CREATE INDEX calls_box ON calls (box, started_ms, seq);
    CREATE INDEX calls_verdict ON calls (verdict, started_ms, seq);
    CREATE INDEX calls_uniqueid ON calls (uniqueid);
    CREATE INDEX calls_linkedid ON calls (linkedid);
    CREATE INDEX calls_unfinished ON calls (seq) WHERE ended_ms IS NULL;

    -- What a call is found by: its numbers, digits from the last to the first.
    CREATE TABLE call_numbers (
        key         TEXT NOT NULL,
        started_ms  INTEGER NOT NULL,
        seq         INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
        PRIMARY KEY (key, started_ms, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX call_numbers_seq ON call_numbers (seq);
";

const OUTBOX: &str = "
    CREATE TABLE outbox (
        seq          INTEGER PRIMARY KEY AUTOINCREMENT,
        call         TEXT NOT NULL,
        box          TEXT NOT NULL,
        destination  TEXT NOT NULL,
        stage        TEXT NOT NULL,
        since_ms     INTEGER NOT NULL,
        due_ms       INTEGER NOT NULL,
        failures     INTEGER NOT NULL DEFAULT 0,
        why          TEXT,
        UNIQUE (call, destination)
    ) STRICT;
    CREATE INDEX outbox_order ON outbox (box, destination, seq) WHERE stage IN ('waiting', 'prepared');

    -- What this installation marks as its own elsewhere, such as a lock in a voice box.
    CREATE TABLE guard (id TEXT NOT NULL) STRICT;
    INSERT INTO guard (id) VALUES (lower(hex(randomblob(8))));
";

const TOLD: &str = "
    -- Who has got his of a delivery to several recipients, for as long as the delivery is under way.
    CREATE TABLE outbox_told (
        seq        INTEGER NOT NULL REFERENCES outbox (seq) ON DELETE CASCADE,
        recipient  TEXT NOT NULL,
        PRIMARY KEY (seq, recipient)
    ) STRICT, WITHOUT ROWID;
";

const PLACE_TOLD: &str = "
    -- What is told of the case of a delivered call, as it was when the call was closed: every attempt says the same.
    ALTER TABLE outbox ADD COLUMN case_id TEXT;
    ALTER TABLE outbox ADD COLUMN case_place INTEGER;
    ALTER TABLE outbox ADD COLUMN case_first_ms INTEGER;
";

const SPOOL: &str = "
    -- The spool in which a prepared message lies: another may be set when it is to be put in place.
    ALTER TABLE outbox ADD COLUMN spool BLOB;
";

/// The newest schema known here.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Opens the database for writing, makes or migrates it.
pub(super) fn open(path: &Path) -> Result<Connection, LogError> {
    // Made here rather than by SQLite, so that others on the machine cannot read who called.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o640)
        .open(path)
        .map_err(|source| LogError::File {
            path: path.into(),
            source,
        })?;
    let failed = |source| LogError::Database {
        path: path.into(),
        source,
    };
    let mut connection = Connection::open(path).map_err(failed)?;
    prepare(&mut connection).map_err(failed)?;
    let found = version(&connection).map_err(failed)?;
    if found > KNOWN {
        return Err(LogError::Newer {
            path: path.into(),
            found,
            known: KNOWN,
        });
    }
    if found < KNOWN {
        migrate(&mut connection).map_err(failed)?;
    }
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the database, perhaps of an older version, has this table.
pub(super) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
    connection.query_row(sql, [name], |row| row.get(0))
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let migration = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&migration)?;
    for step in &MIGRATIONS[found.clamp(0, KNOWN) as usize..] {
        migration.execute_batch(step)?;
    }
    migration.pragma_update(None, "user_version", KNOWN)?;
    migration.commit()
}

/// Whether an error means that the file is no sound database.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Whether an error is about one entry, not about the database.
pub(super) fn is_about_entry(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
    )
}

/// Moves a broken database aside with all that belongs to it; returns its new name.
pub(super) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let mut aside = path.with_extension(format!("broken-{stamp}.sqlite"));
    let mut more = 0;
    while aside.exists() {
        more += 1;
        aside = path.with_extension(format!("broken-{stamp}-{more}.sqlite"));
    }
    for part in ["-wal", "-shm", ""] {
        match std::fs::rename(beside(path, part), beside(&aside, part)) {
            Err(error) if part.is_empty() || error.kind() != io::ErrorKind::NotFound => {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of each older version, with a call and a delivery in it where it has them, is brought up to
    /// now.
    #[test]
    fn every_older_database_is_upgraded() {
        for seen in 1..MIGRATIONS.len() {
            let folder = tempfile::TempDir::new().unwrap();
            let path = folder.path().join("calls.sqlite");
            let old = Connection::open(&path).unwrap();
            for step in &MIGRATIONS[..seen] {
                old.execute_batch(step).unwrap();
            }
            old.execute_batch(
                "INSERT INTO calls (id, started_ms, box, uniqueid, linkedid, number, record)
                 VALUES ('a', 1, '100@default', 'u', 'l', '030', '{}'), ('b', 2, '100@default', 'u', 'l', '030', '{}')",
            )
            .unwrap();
            old.pragma_update(None, "user_version", i64::try_from(seen).unwrap())
                .unwrap();
            drop(old);
            let opened = open(&path).unwrap();
            assert_eq!(version(&opened).unwrap(), KNOWN);
            let count = |sql| {
                opened
                    .query_row(sql, [], |row| row.get::<_, i64>(0))
                    .unwrap()
            };
            assert_eq!(
                count("SELECT count(*) FROM calls WHERE case_seq IS NULL"),
                2
            );
            assert_eq!(count("SELECT count(*) FROM cases"), 0);
            assert_eq!(count("SELECT count(*) FROM outbox"), 0);
        }
    }
}
