//! Which tables a database has.

use rusqlite::Connection;

/// Whether the database, perhaps of an older version, has this table.
pub(in crate::call_log::sqlite) fn has_table(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
    connection.query_row(sql, [name], |row| row.get(0))
}
