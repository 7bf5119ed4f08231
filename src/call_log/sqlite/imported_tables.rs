//! The tables of what was imported from before the guard.

/// The migration that brings the tables.
pub(super) const IMPORTED: &str = "
    -- Old messages and calls from before the guard. None of them is a call: they are delivered nowhere and stand in
    -- no list and no figures. `key` is a SHA-256 by which one is recognised when it is imported again.
    CREATE TABLE imported_messages (
        key         BLOB NOT NULL PRIMARY KEY,
        day         TEXT NOT NULL,
        box         TEXT NOT NULL,
        length_ms   INTEGER NOT NULL,
        verdict     TEXT NOT NULL,
        confidence  REAL NOT NULL,
        has_number  INTEGER NOT NULL,
        keys        INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE imported_calls (
        key           BLOB NOT NULL PRIMARY KEY,
        day           TEXT NOT NULL,
        box           TEXT NOT NULL,
        length_ms     INTEGER NOT NULL,
        has_number    INTEGER NOT NULL,
        -- Nothing where nobody looked for its message.
        left_message  INTEGER
    ) STRICT, WITHOUT ROWID;
";
