//! Who listened to which recording.

use rusqlite::Connection;

use super::moment;
use crate::call_log::listening::Listening;
use crate::call_record::CallId;

/// The migration that brings them.
pub(super) const LISTENED: &str = "
    -- Who had which recording sent to them: once for each user, address and hour.
    CREATE TABLE listened (
        call_seq  INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
        who       TEXT NOT NULL,
        address   TEXT NOT NULL,
        hour      INTEGER NOT NULL,
        at_ms     INTEGER NOT NULL,
        PRIMARY KEY (call_seq, who, address, hour)
    ) STRICT, WITHOUT ROWID;
";

/// Notes that somebody listened to a call that is there; once for each hour.
pub(super) fn note(connection: &Connection, listening: &Listening) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO listened (call_seq, who, address, hour, at_ms)
             SELECT seq, ?2, ?3, ?4, ?5 FROM calls WHERE id = ?1",
        )?
        .execute((
            listening.call.to_string(),
            &listening.who,
            &listening.address,
            listening.hour(),
            listening.at.as_millisecond(),
        ))
        .map(drop)
}

/// Who listened to a call, the first first.
pub(super) fn of(connection: &Connection, call: CallId) -> rusqlite::Result<Vec<Listening>> {
    connection
        .prepare_cached(
            "SELECT who, address, at_ms FROM listened
             WHERE call_seq = (SELECT seq FROM calls WHERE id = ?1) ORDER BY at_ms, who",
        )?
        .query_map([call.to_string()], |row| {
            Ok(Listening {
                call,
                who: row.get(0)?,
                address: row.get(1)?,
                at: moment(row.get(2)?),
            })
        })?
        .collect()
}
