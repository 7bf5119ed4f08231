//! Removing a test call of `doctor`, and nothing else.

use rusqlite::Connection;

use super::begin;
use crate::call_record::CallId;

/// Removes a test call that is over, with what is still to be delivered of it; whether there was one. What it counts
/// for in figures goes with its row.
pub(super) fn remove_test(connection: &mut Connection, call: CallId) -> rusqlite::Result<bool> {
    let removing = begin(connection)?;
    let removed = removing.execute(
        "DELETE FROM calls WHERE id = ?1 AND ended_ms IS NOT NULL
             AND iif(json_valid(record), record ->> '$.test', 0) = 1",
        [call.to_string()],
    )?;
    if removed > 0 {
        removing.execute("DELETE FROM outbox WHERE call = ?1", [call.to_string()])?;
    }
    removing.commit()?;
    Ok(removed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_log::sqlite::schema;

    #[test]
    fn only_a_test_call_that_is_over_goes_and_takes_its_deliveries_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = schema::open(&folder.path().join("calls.sqlite")).unwrap();
        let call = |n| CallId::new(jiff::Timestamp::UNIX_EPOCH, n);
        for (n, ended, record) in [
            (1, Some(2), r#"{"test": true}"#),
            (2, None, r#"{"test": true}"#),
            (3, Some(2), "{}"),
            (4, Some(2), r#"{"test": false}"#),
            (5, Some(2), "no JSON, 1"),
        ] {
            log.execute(
                "INSERT INTO calls (id, started_ms, ended_ms, box, uniqueid, linkedid, number, record)
                 VALUES (?1, 1, ?2, 'b', '', '', '', ?3)",
                (call(n).to_string(), ended, record),
            )
            .unwrap();
            log.execute(
                "INSERT INTO outbox (call, box, destination, stage, since_ms, due_ms)
                 VALUES (?1, 'b', 'mail', 'waiting', 1, 1)",
                [call(n).to_string()],
            )
            .unwrap();
        }
        for n in 1..=6 {
            assert_eq!(remove_test(&mut log, call(n)).unwrap(), n == 1, "{n}");
        }
        for table in ["calls", "outbox"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let left: i64 = log.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(left, 4, "{table}");
        }
    }
}
