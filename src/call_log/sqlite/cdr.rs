//! A database in which Asterisk keeps its call detail records: `cdr_sqlite3_custom`, table `cdr`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::refused;
use crate::call_log::error::LogError;

/// How long Asterisk is waited for.
const WAITS: Duration = Duration::from_secs(5);
/// Rows of a page. Asterisk waits a second for who reads, and then loses its record.
const PAGE: u32 = 500;

/// The table `cdr` of a database, read page by page.
pub struct CdrDatabase {
    path: PathBuf,
    connection: Connection,
    columns: Vec<&'static str>,
    /// Behind this row the next page begins.
    last: i64,
}

impl CdrDatabase {
    /// Opens a database to read those of its columns that are `wanted`; `None` where it has no
    /// table `cdr` with one of them.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path, wanted: &[&'static str]) -> Result<Option<Self>, LogError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
            connection.busy_timeout(WAITS)?;
            // What a stranger's views and triggers call must be harmless.
            connection.pragma_update(None, "trusted_schema", false)?;
            let columns = columns(&connection, wanted)?;
            Ok((connection, columns))
        });
        let (connection, columns) = opened.map_err(|error| LogError::Database {
            path: path.into(),
            source: refused(error),
        })?;
        Ok((!columns.is_empty()).then(|| Self {
            path: path.into(),
            connection,
            columns,
            last: i64::MIN,
        }))
    }

    /// The wanted columns that are there.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The next rows, a cell for each column; none at the end.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn next_page(&mut self) -> Result<Vec<Vec<String>>, LogError> {
        let Self {
            connection,
            columns,
            last,
            ..
        } = self;
        read(connection, columns, last).map_err(|error| LogError::Database {
            path: self.path.clone(),
            source: refused(error),
        })
    }
}

fn columns(
    connection: &Connection,
    wanted: &[&'static str],
) -> rusqlite::Result<Vec<&'static str>> {
    let sql = "SELECT lower(name) FROM pragma_table_info('cdr') WHERE EXISTS
         (SELECT 1 FROM sqlite_schema WHERE lower(name) = 'cdr' AND type = 'table')";
    let mut statement = connection.prepare(sql)?;
    let there: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let is_there = |name: &&&str| there.iter().any(|known| known == **name);
    Ok(wanted.iter().filter(is_there).copied().collect())
}

fn read(
    connection: &Connection,
    columns: &[&str],
    last: &mut i64,
) -> rusqlite::Result<Vec<Vec<String>>> {
    let cells: Vec<_> = columns
        .iter()
        .map(|name| format!("CAST(\"{name}\" AS TEXT)"))
        .collect();
    let sql = format!(
        "SELECT rowid, {} FROM cdr WHERE rowid > ?1 ORDER BY rowid LIMIT {PAGE}",
        cells.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([*last])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        *last = row.get(0)?;
        let cells = (1..=columns.len()).map(|at| {
            let cell = row.get_ref(at)?;
            let bytes = cell.as_bytes_or_null()?.unwrap_or_default();
            Ok(String::from_utf8_lossy(bytes).into_owned())
        });
        page.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(page)
}
