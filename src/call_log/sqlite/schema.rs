//! Opening the database: settings, migrations, what its errors mean.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags};

use super::corrections::JUDGED;
use super::digests::DIGESTS;
use super::figures::{self, FIGURES, QUEUE_FIGURES};
use super::imported_tables::IMPORTED;
use super::keeping::{self, KEEPING};
use super::listening::LISTENED;
use super::{begin, refused};
use crate::call_log::DATABASE;
use crate::call_log::error::LogError;

/// How long the writer waits for another who changes something about a case; then its entries go to the journal.
const WRITER_WAITS: Duration = Duration::from_millis(100);
/// How long others wait for the writer.
const OTHERS_WAIT: Duration = Duration::from_secs(5);

/// Migrations in order; a database whose `user_version` is n has seen the first n of them.
const MIGRATIONS: [&str; 17] = [
    FIRST,
    OUTBOX,
    SERVED,
    CASES,
    PLACE_IN_CASE,
    SPOOL,
    SET_ASIDE,
    TEAM,
    LISTENED,
    TOKENS,
    DESK_INDEX,
    JUDGED,
    FIGURES,
    DIGESTS,
    KEEPING,
    IMPORTED,
    QUEUE_FIGURES,
];

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

    -- What this installation marks as its own elsewhere, such as a lock in a mailbox.
    CREATE TABLE guard (id TEXT NOT NULL) STRICT;
    INSERT INTO guard (id) VALUES (lower(hex(randomblob(8))));
";

const SERVED: &str = "
    -- Who has got theirs of a delivery to several recipients, for as long as the delivery is under way.
    CREATE TABLE outbox_told (
        seq        INTEGER NOT NULL REFERENCES outbox (seq) ON DELETE CASCADE,
        recipient  TEXT NOT NULL,
        PRIMARY KEY (seq, recipient)
    ) STRICT, WITHOUT ROWID;
";

const CASES: &str = "
    CREATE TABLE cases (
        seq          INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE,
        number       TEXT NOT NULL,
        box          TEXT NOT NULL,
        first_ms     INTEGER NOT NULL,
        last_ms      INTEGER NOT NULL,
        closed_ms    INTEGER,
        closed_by    TEXT,
        closed_call  TEXT
    ) STRICT;
    CREATE INDEX cases_number ON cases (number, box, last_ms);
    CREATE INDEX cases_last ON cases (last_ms);

    ALTER TABLE calls ADD COLUMN case_seq INTEGER;
    CREATE INDEX calls_case ON calls (case_seq, started_ms, seq) WHERE case_seq IS NOT NULL;

    -- Whoever deletes calls, for whatever reason, leaves no empty case behind.
    CREATE TRIGGER case_goes_with_its_last_call AFTER DELETE ON calls WHEN OLD.case_seq IS NOT NULL
    BEGIN
        DELETE FROM cases WHERE seq = OLD.case_seq
            AND NOT EXISTS (SELECT 1 FROM calls WHERE case_seq = OLD.case_seq);
    END;
";

const PLACE_IN_CASE: &str = "
    -- What is said of the case of a delivered call, as it was when the call was closed: every attempt says the same.
    ALTER TABLE outbox ADD COLUMN case_id TEXT;
    ALTER TABLE outbox ADD COLUMN case_place INTEGER;
    ALTER TABLE outbox ADD COLUMN case_first_ms INTEGER;
";

const SPOOL: &str = "
    -- The spool in which a prepared message lies: another may be set when it is to be put in place.
    ALTER TABLE outbox ADD COLUMN spool BLOB;
";

const SET_ASIDE: &str = "
    -- What became of the deliveries in a broken database that was set aside, by the name of its file.
    CREATE TABLE set_aside (
        file         TEXT NOT NULL PRIMARY KEY,
        deliveries   INTEGER NOT NULL,
        unreadable   INTEGER NOT NULL,
        is_complete  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

const TEAM: &str = "
    -- What the team does with a case, and what is shown of it in a list.
    ALTER TABLE cases ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cases ADD COLUMN waiting_ms INTEGER;
    -- A bit for each verdict of its calls, by its place in Verdict::ALL.
    ALTER TABLE cases ADD COLUMN verdicts INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cases ADD COLUMN lead_seq INTEGER;
    ALTER TABLE cases ADD COLUMN claimed_by TEXT;
    ALTER TABLE cases ADD COLUMN claimed_ms INTEGER;
    ALTER TABLE cases ADD COLUMN claimed_until_ms INTEGER;
    ALTER TABLE cases ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cases ADD COLUMN next_try_ms INTEGER;
    ALTER TABLE cases ADD COLUMN decided_ms INTEGER;
    ALTER TABLE cases ADD COLUMN closed_who TEXT;
    ALTER TABLE cases ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX cases_open ON cases (urgency DESC, waiting_ms, last_ms DESC) WHERE closed_ms IS NULL;
    CREATE INDEX cases_closed ON cases (closed_ms) WHERE closed_ms IS NOT NULL;

    UPDATE cases SET (urgency, waiting_ms) = (
        SELECT coalesce(max(u), 0), min(iif(u > 0, started_ms, NULL)) FROM (
            SELECT started_ms, CASE
                WHEN verdict IS NULL THEN 0
                WHEN record ->> '$.watched' IS NOT NULL THEN 3
                WHEN verdict IN ('message', 'rambler') THEN 2
                WHEN verdict = 'unsure' THEN 1
                ELSE 0 END AS u
            FROM calls WHERE case_seq = cases.seq));
    UPDATE cases SET verdicts = (
        SELECT coalesce(sum(DISTINCT CASE verdict
            WHEN 'message' THEN 1 WHEN 'rambler' THEN 2 WHEN 'hangup' THEN 4 WHEN 'mutter' THEN 8
            WHEN 'hold_music' THEN 16 WHEN 'aside' THEN 32 WHEN 'silent' THEN 64 WHEN 'no_audio' THEN 128
            WHEN 'tone' THEN 256 WHEN 'unsure' THEN 512 ELSE 0 END), 0)
        FROM calls WHERE case_seq = cases.seq);
    UPDATE cases SET lead_seq = (
        SELECT seq FROM calls WHERE case_seq = cases.seq
        ORDER BY record ->> '$.watched' IS NOT NULL DESC, verdict IN ('message', 'rambler') DESC,
                 verdict = 'unsure' DESC, started_ms DESC LIMIT 1);

    CREATE TABLE case_events (
        seq       INTEGER PRIMARY KEY,
        case_seq  INTEGER NOT NULL REFERENCES cases (seq) ON DELETE CASCADE,
        at_ms     INTEGER NOT NULL,
        who       TEXT,
        via       TEXT NOT NULL,
        what      TEXT NOT NULL,
        note      TEXT
    ) STRICT;
    CREATE INDEX case_events_case ON case_events (case_seq, seq);

    -- What a case is found by: the names of its callers, and the team's notes.
    CREATE TABLE case_texts (
        seq       INTEGER PRIMARY KEY,
        case_seq  INTEGER NOT NULL REFERENCES cases (seq) ON DELETE CASCADE,
        words     TEXT NOT NULL,
        UNIQUE (case_seq, words)
    ) STRICT;
    CREATE VIRTUAL TABLE case_words USING fts5 (
        words, content = 'case_texts', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2');
    CREATE TRIGGER case_text_is_found AFTER INSERT ON case_texts BEGIN
        INSERT INTO case_words (rowid, words) VALUES (NEW.seq, NEW.words);
    END;
    CREATE TRIGGER case_text_is_gone AFTER DELETE ON case_texts BEGIN
        INSERT INTO case_words (case_words, rowid, words) VALUES ('delete', OLD.seq, OLD.words);
    END;
    INSERT OR IGNORE INTO case_texts (case_seq, words)
        SELECT case_seq, record ->> '$.caller.name' FROM calls
        WHERE case_seq IN (SELECT seq FROM cases) AND trim(record ->> '$.caller.name') != '';

    CREATE TRIGGER case_shows_another_call AFTER DELETE ON calls WHEN OLD.case_seq IS NOT NULL
    BEGIN
        UPDATE cases SET lead_seq = (
            SELECT seq FROM calls WHERE case_seq = OLD.case_seq ORDER BY started_ms DESC LIMIT 1)
        WHERE seq = OLD.case_seq AND lead_seq = OLD.seq;
    END;
";

const TOKENS: &str = "
    -- Who may use the programming interface: of each token what it may do and the SHA-256 of its secret.
    CREATE TABLE tokens (
        name        TEXT NOT NULL PRIMARY KEY,
        hash        BLOB NOT NULL UNIQUE,
        role        TEXT NOT NULL,
        -- A list in JSON; nothing where it sees every mailbox.
        mailboxes   TEXT,
        made_ms     INTEGER NOT NULL,
        used_ms     INTEGER,
        expires_ms  INTEGER
    ) STRICT, WITHOUT ROWID;
    -- What somebody works on is counted again and again, among any number of open cases with nothing to ring about.
    CREATE INDEX cases_taken ON cases (urgency)
        WHERE closed_ms IS NULL AND (claimed_by IS NOT NULL OR next_try_ms IS NOT NULL);
";

const DESK_INDEX: &str = "
    -- Each list of the page has its index, in its order, with all that is filtered by: what is not wanted is passed
    -- over without a look at the case. `seq` and `closed_ms` stand in them so that they cover what is asked for.
    DROP INDEX cases_last;
    DROP INDEX cases_open;
    DROP INDEX cases_closed;
    CREATE INDEX cases_last ON cases (last_ms DESC, seq DESC, box, verdicts);
    CREATE INDEX cases_open ON cases
        (urgency DESC, waiting_ms, last_ms DESC, seq, box, verdicts, next_try_ms, closed_ms)
        WHERE closed_ms IS NULL;
    CREATE INDEX cases_junk ON cases (last_ms DESC, seq DESC, box, verdicts, urgency, closed_ms)
        WHERE closed_ms IS NULL AND urgency = 0;
    CREATE INDEX cases_closed ON cases (closed_ms DESC, seq DESC, box, verdicts, last_ms)
        WHERE closed_ms IS NOT NULL;
    CREATE INDEX cases_claimed ON cases (claimed_by) WHERE closed_ms IS NULL AND claimed_by IS NOT NULL;
    CREATE INDEX cases_later ON cases (next_try_ms) WHERE closed_ms IS NULL AND next_try_ms IS NOT NULL;
";

/// From here on all lists are read as they are; what came later, [`has_table`](super::table::has_table) says.
pub(super) const WITH_CASES: i64 = 16;

/// The newest schema known here.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Opens the database for writing, makes or migrates it; whether it is new.
pub(super) fn open(path: &Path) -> Result<(Connection, bool), LogError> {
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
    let failed = |error| LogError::Database {
        path: path.into(),
        source: refused(error),
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
    figures::keep_zone(&mut connection, &TimeZone::system()).map_err(failed)?;
    Ok((connection, found == 0))
}

/// Opens the database of this data folder to change something in it beside the guard that writes it.
pub(super) fn open_beside_writer(folder: &Path) -> Result<(PathBuf, Connection), LogError> {
    let path = folder.join(DATABASE);
    LogError::unless_there(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&path, flags).and_then(|connection| {
        connection.busy_timeout(OTHERS_WAIT)?;
        keeping::leave_nothing_behind(&connection)?;
        let found = version(&connection)?;
        Ok((connection, found))
    });
    match opened {
        Ok((connection, KNOWN)) => Ok((path, connection)),
        Ok((_, found)) if found > KNOWN => Err(LogError::Newer {
            path,
            found,
            known: KNOWN,
        }),
        Ok(_) => Err(LogError::Older { path }),
        Err(error) => Err(LogError::Database {
            path,
            source: refused(error),
        }),
    }
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(WRITER_WAITS)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    keeping::leave_nothing_behind(connection)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let migration = begin(connection)?;
    let found = version(&migration)?;
    for step in &MIGRATIONS[found.clamp(0, KNOWN) as usize..] {
        migration.execute_batch(step)?;
    }
    migration.pragma_update(None, "user_version", KNOWN)?;
    migration.commit()
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

/// The file names of databases that were set aside beside this one, oldest first.
pub(super) fn broken_beside(path: &Path) -> Vec<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let beginning = format!("{stem}.broken-");
    let folder = path.parent().and_then(|folder| folder.read_dir().ok());
    let names = folder.into_iter().flatten().flatten();
    let mut names: Vec<_> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(&beginning) && name.ends_with(".sqlite"))
        .collect();
    names.sort();
    names
}

/// The name of what belongs to a database, such as its `-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::super::cases::bit_of;
    use super::*;
    use crate::call_record::Verdict;

    /// A database of each older version, with a call and a delivery in it where it has them, is
    /// brought up to now.
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
            let (opened, is_new) = open(&path).unwrap();
            assert!(!is_new);
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

    /// What a list is searched by is there for the cases of older versions, too.
    #[test]
    fn cases_of_an_older_version_are_ranked_and_found() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("calls.sqlite");
        let old = Connection::open(&path).unwrap();
        for step in MIGRATIONS.iter().take_while(|step| **step != TEAM) {
            old.execute_batch(step).unwrap();
        }
        for (seq, verdict) in (1_i64..).zip(Verdict::ALL) {
            let record = format!("{{\"caller\": {{\"name\": \"Schmidt {seq}\"}}}}");
            old.execute(
                "INSERT INTO cases (seq, id, number, box, first_ms, last_ms) VALUES (?1, ?1, '', '', ?1, ?1)",
                [seq],
            )
            .unwrap();
            old.execute(
                "INSERT INTO calls (id, started_ms, box, uniqueid, linkedid, number, verdict, record, case_seq)
                 VALUES (?1, ?1, '', '', '', '', ?2, ?3, ?1)",
                (seq, verdict.as_str(), record),
            )
            .unwrap();
        }
        let seen = MIGRATIONS.iter().position(|step| *step == TEAM).unwrap();
        old.pragma_update(None, "user_version", seen as i64)
            .unwrap();
        drop(old);
        let (opened, _) = open(&path).unwrap();
        for (seq, verdict) in (1_i64..).zip(Verdict::ALL) {
            let sql = "SELECT verdicts, urgency, lead_seq, (SELECT rowid FROM case_words
                       WHERE case_words MATCH 'schmidt ' || ?1) FROM cases WHERE seq = ?1";
            let row: (i64, i64, i64, i64) = opened
                .query_row(sql, [seq], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .unwrap();
            let urgency = match verdict {
                Verdict::Message | Verdict::Rambler => 2,
                Verdict::Unsure => 1,
                _ => 0,
            };
            assert_eq!(row, (bit_of(verdict), urgency, seq, seq), "{verdict}");
        }
    }
}
