//! Where callers went who have waited in a queue.

use rusqlite::{Connection, OptionalExtension, params};

use super::Reader;
use crate::call_log::error::LogError;
use crate::call_log::query::WentTo;
use crate::call_record::{CallId, CallRecord};

impl Reader {
    /// The call to a mailbox that the caller of this wait made afterwards; `None` of any other record.
    pub fn went_to(&self, record: &CallRecord) -> Result<Option<WentTo>, LogError> {
        of(&self.connection, record).map_err(|error| self.failed(error))
    }
}

/// The same: the first call of that channel which names the wait.
pub(super) fn of(connection: &Connection, record: &CallRecord) -> rusqlite::Result<Option<WentTo>> {
    if record.queue.is_none() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT id, box FROM calls WHERE uniqueid = ?1 AND {NAMES} ORDER BY started_ms, seq LIMIT 1"
    );
    let found: Option<(String, String)> = connection
        .prepare_cached(&sql)?
        .query_row((&record.uniqueid, record.id.to_string()), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.and_then(|(id, mailbox)| {
        Some(WentTo {
            id: CallId::parse(&id)?,
            mailbox: mailbox.into(),
        })
    }))
}

/// Takes the wait in this row, which is about to go, out of the calls that name it.
pub(super) fn forget(connection: &Connection, seq: i64, id: &str) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE calls SET record = json_remove(record, '$.came_from')
         WHERE uniqueid = (SELECT uniqueid FROM calls WHERE seq = ?1) AND {NAMES}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.execute(params![seq, id]).map(drop)
}

/// Whether a row's call came from the wait of this identifier.
const NAMES: &str = "iif(json_valid(record), record ->> '$.came_from.id', NULL) = ?2";
