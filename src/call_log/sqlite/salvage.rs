//! A broken database that was set aside still has pending deliveries: they, their records and the
//! records of calls that were not closed are read from it as far as it can be read, and filed in the new one.
//!
//! SQLite refuses what lies behind a broken page, not the rest: the rows of the outbox are listed by the table
//! from both ends and by its indexes, and each is read by itself. Where the first page is broken, its like from a
//! new database is tried on a copy. The broken file itself stays as it is.
//!
//! What the new database knows of a call counts: of one that is closed there nothing is taken over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use tracing::{error, info};

use super::{begin, filing, keeping, moment, outbox, schema, table};
use crate::call_log::journal::{Closing, Entry};
use crate::call_log::query::{SetAside, Takeover};
use crate::call_log::queue::Delivery;
use crate::call_record::{CallId, CallRecord};

/// How far behind a broken page rows are looked for one by one.
const FARTHEST: i64 = 100_000;

/// The broken databases beside the one at `path`, oldest first.
pub(super) fn set_aside(connection: &Connection, path: &Path) -> rusqlite::Result<Vec<SetAside>> {
    let known = table::has_table(connection, "set_aside")?;
    let mut found = Vec::new();
    for file in schema::broken_beside(path) {
        let takeover = if known {
            noted(connection, &file)?
        } else {
            None
        };
        found.push(SetAside { file, takeover });
    }
    Ok(found)
}

fn noted(connection: &Connection, file: &str) -> rusqlite::Result<Option<Takeover>> {
    let sql = "SELECT deliveries, unreadable, is_complete FROM set_aside WHERE file = ?1";
    connection.query_row(sql, [file], takeover_in).optional()
}

fn takeover_in(row: &Row<'_>) -> rusqlite::Result<Takeover> {
    Ok(Takeover {
        deliveries: row.get("deliveries")?,
        unreadable: row.get("unreadable")?,
        is_complete: row.get("is_complete")?,
    })
}

/// Notes what was taken over of a broken database; `insert` says what becomes of a note that is there.
fn note(
    connection: &Connection,
    insert: &str,
    file: &str,
    takeover: &Takeover,
) -> rusqlite::Result<()> {
    connection
        .prepare(&format!("{insert} INTO set_aside VALUES (?1, ?2, ?3, ?4)"))?
        .execute(params![
            file,
            takeover.deliveries,
            takeover.unreadable,
            takeover.is_complete
        ])?;
    Ok(())
}

/// The calls in a broken database whose records are wanted, and when they began, as far as it comes.
pub(super) fn calls_in(
    path: &Path,
    is_wanted: impl Fn(&CallRecord) -> bool,
) -> rusqlite::Result<Vec<(CallId, Timestamp)>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let broken = Connection::open_with_flags(path, flags)?;
    broken.pragma_update(None, "writable_schema", true)?;
    let mut statement = broken.prepare("SELECT id, started_ms, record FROM calls NOT INDEXED")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Ok(Some(row)) = rows.next() {
        let record = row.get_ref(2)?.as_str().ok();
        let record = record.and_then(|json| serde_json::from_str(json).ok());
        if record.is_some_and(|record| is_wanted(&record)) {
            let id = CallId::parse(row.get_ref(0)?.as_str()?);
            let started = moment(row.get(1)?);
            found.extend(id.map(|id| (id, started)));
        }
    }
    Ok(found)
}

/// The file is not there any more.
pub(super) fn forget(connection: &Connection, file: &str) -> rusqlite::Result<()> {
    connection
        .execute("DELETE FROM set_aside WHERE file = ?1", [file])
        .map(drop)
}

/// Takes over the pending deliveries of the broken databases beside the one at `path`, each once.
pub(super) fn take_over_all(
    connection: &mut Connection,
    path: &Path,
    is_new: bool,
) -> rusqlite::Result<()> {
    let waiting = set_aside(connection, path)?.into_iter();
    for SetAside { file, .. } in waiting.filter(|aside| aside.takeover.is_none()) {
        let found = Salvaged::of(&path.with_file_name(&file));
        let filing = begin(connection)?;
        let takeover = found.file(&filing, is_new)?;
        note(&filing, "INSERT", &file, &takeover)?;
        filing.commit()?;
        let (deliveries, unreadable) = (takeover.deliveries, takeover.unreadable);
        if takeover.is_complete && unreadable == 0 {
            info!(
                event = "salvage_done",
                file, deliveries, "the deliveries that a broken database owed were taken over"
            );
        } else {
            error!(
                event = "salvage_incomplete",
                file,
                deliveries,
                unreadable,
                "not all that a broken database owed could be read and taken over"
            );
        }
    }
    Ok(())
}

/// What could be read of a broken database.
#[derive(Default)]
struct Salvaged {
    installation: Option<String>,
    deliveries: Vec<(Delivery, Vec<String>)>,
    /// Of the calls that are to be delivered, and of those that were never closed.
    records: BTreeMap<CallId, CallRecord>,
    /// Rows of the outbox that are there and cannot be read.
    unreadable: u32,
    is_complete: bool,
    /// Those that had been set aside before.
    earlier: Vec<(String, Takeover)>,
    /// The calls that were erased, so that nothing of them is filed again: which, when they began, when that was.
    erased: Vec<(CallId, Timestamp, Timestamp)>,
}

impl Salvaged {
    fn of(broken: &Path) -> Self {
        let mended = broken.with_extension("mended");
        let found = match Self::read(broken) {
            Ok(found) => found,
            // Its first page, without which nothing can be found.
            Err(_) => copy_with_new_first_page(broken, &mended)
                .map_err(|error| error.to_string())
                .and_then(|()| Self::read(&mended).map_err(|error| error.to_string()))
                .inspect_err(|error| error!(event = "salvage_failed", %error, file = %broken.display(), "nothing can be read of a broken database"))
                .unwrap_or_default(),
        };
        for part in ["", "-wal", "-shm"] {
            fs::remove_file(schema::beside(&mended, part)).ok();
        }
        found
    }

    fn read(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let broken = Connection::open_with_flags(path, flags)?;
        // Else a file that was cut off is refused whole.
        broken.pragma_update(None, "writable_schema", true)?;
        if !table::has_table(&broken, "calls")? {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
        if !table::has_table(&broken, "outbox")? {
            // An older version delivered nothing.
            return Ok(Self {
                is_complete: true,
                ..Self::default()
            });
        }
        let mut found = Self::default();
        let installation = broken.query_row("SELECT id FROM guard", [], |row| row.get(0));
        found.installation = installation.ok();
        found.read_outbox(&broken);
        found.read_records(&broken);
        if let Ok(mut earlier) = broken.prepare("SELECT * FROM set_aside") {
            let read = |row: &Row<'_>| Ok((row.get("file")?, takeover_in(row)?));
            let rows = earlier.query_map([], read);
            found.earlier = rows.into_iter().flatten().map_while(Result::ok).collect();
        }
        found.erased = keeping::all_erased(&broken).unwrap_or_default();
        Ok(found)
    }

    fn read_outbox(&mut self, broken: &Connection) {
        let lists = [
            "SELECT seq FROM outbox NOT INDEXED ORDER BY seq",
            "SELECT seq FROM outbox INDEXED BY sqlite_autoindex_outbox_1 ORDER BY call, destination",
            "SELECT seq FROM outbox NOT INDEXED ORDER BY seq DESC",
        ];
        let mut known = BTreeSet::new();
        for sql in lists {
            self.is_complete |= list(broken, sql, &mut known).is_ok();
        }
        let mut possible = known.clone();
        if !self.is_complete {
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";
            let given = broken.query_row(sql, [], |row| row.get(0)).ok();
            let last = known.last().copied().max(given).unwrap_or(FARTHEST);
            possible.extend((last - FARTHEST).max(1)..=last);
        }
        for seq in possible {
            match outbox::delivery(broken, seq) {
                Ok(Some(delivery)) => {
                    let served = outbox::served(broken, delivery.key()).unwrap_or_default();
                    self.deliveries.push((delivery, served));
                }
                _ if known.contains(&seq) => self.unreadable += 1,
                _ => {}
            }
        }
    }

    fn read_records(&mut self, broken: &Connection) {
        let mut rows = BTreeSet::new();
        let unfinished = "SELECT seq FROM calls INDEXED BY calls_unfinished WHERE ended_ms IS NULL";
        let mut all_found = list(broken, unfinished, &mut rows).is_ok();
        let wanted: BTreeSet<_> = self.deliveries.iter().map(|(of, _)| of.call).collect();
        for call in &wanted {
            let found = broken
                .prepare_cached("SELECT seq FROM calls WHERE id = ?1")
                .and_then(|mut call_of| call_of.query_row([call.to_string()], |row| row.get(0)));
            all_found &= found.map(|seq| rows.insert(seq)).is_ok();
        }
        if !all_found {
            // Not by an index that is broken itself: by the table, from both ends.
            for order in ["", " DESC"] {
                let sql = format!("SELECT seq FROM calls NOT INDEXED ORDER BY seq{order}");
                list(broken, &sql, &mut rows).ok();
            }
        }
        for seq in rows {
            let record = read_record(broken, seq).ok().flatten();
            let needed =
                |record: &CallRecord| record.ended.is_none() || wanted.contains(&record.id);
            if let Some(record) = record.filter(needed) {
                self.records.insert(record.id, record);
            }
        }
        let before = self.deliveries.len();
        self.deliveries.retain(|(delivery, _)| {
            let is_there = self.records.contains_key(&delivery.call);
            if !is_there {
                error!(event = "salvage_unreadable", call = %delivery.call, r#box = delivery.mailbox.as_str(), to = delivery.to.as_str(), "the record of a call that was to be delivered cannot be read in the broken database; its recording is still in the data folder");
            }
            is_there
        });
        self.unreadable += (before - self.deliveries.len()) as u32;
    }

    fn file(self, filing: &Connection, is_new: bool) -> rusqlite::Result<Takeover> {
        if let Some(id) = self.installation.filter(|_| is_new) {
            filing.execute("UPDATE guard SET id = ?1", [id])?;
        }
        for (call, started, at) in self.erased {
            keeping::note_erased(filing, call, started, at)?;
        }
        for (file, takeover) in self.earlier {
            note(filing, "INSERT OR IGNORE", &file, &takeover)?;
        }
        let mut takeover = Takeover {
            deliveries: 0,
            unreadable: self.unreadable,
            is_complete: self.is_complete,
        };
        let mut owed: BTreeMap<CallId, Vec<_>> = BTreeMap::new();
        for row in &self.deliveries {
            owed.entry(row.0.call).or_default().push(row);
        }
        let mut calls: Vec<_> = self.records.into_values().collect();
        // In the order in which they stood there, so that messages stay in order.
        calls.sort_by_key(|record| owed.get(&record.id).map_or(i64::MAX, |rows| rows[0].0.seq));
        for record in calls {
            let Some(owed) = owed.remove(&record.id) else {
                filing::file(filing, &Entry::Open(Box::new(record)))?;
                continue;
            };
            let closing = Closing {
                deliver_to: owed.iter().map(|(of, _)| of.to).collect(),
                record,
            };
            let entry = Entry::Close(Box::new(closing));
            if !filing::file(filing, &entry)? {
                continue;
            }
            for (delivery, served) in owed {
                outbox::take_over(filing, delivery, served)?;
                takeover.deliveries += 1;
            }
        }
        Ok(takeover)
    }
}

/// Adds the numbers that a statement gives, as far as it comes.
fn list(broken: &Connection, sql: &str, into: &mut BTreeSet<i64>) -> rusqlite::Result<()> {
    let mut statement = broken.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        into.insert(row.get(0)?);
    }
    Ok(())
}

fn read_record(broken: &Connection, seq: i64) -> rusqlite::Result<Option<CallRecord>> {
    let json: String = broken
        .prepare_cached("SELECT record FROM calls WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?;
    Ok(serde_json::from_str(&json).ok())
}

/// A page of the databases that are made here.
const PAGE_BYTES: usize = 4096;
/// SQLite's header in the first page; the list of tables stands behind it.
const HEADER_BYTES: usize = 100;

/// Copies a database; its first page, or where the list of tables is whole only the header, becomes that of a new
/// one.
fn copy_with_new_first_page(broken: &Path, copy: &Path) -> io::Result<()> {
    for part in ["", "-wal", "-shm"] {
        fs::remove_file(schema::beside(copy, part)).ok();
    }
    let (fresh, _) = schema::open(copy).map_err(io::Error::other)?;
    let close = |(_, error)| io::Error::other(error);
    fresh.close().map_err(close)?;
    let mut first = vec![0; PAGE_BYTES];
    File::open(copy)?.read_exact(&mut first)?;
    fs::remove_file(copy)?;
    let mut file = File::open(broken)?;
    let pages = file.metadata()?.len() / PAGE_BYTES as u64;
    first[28..32].copy_from_slice(&(pages as u32).to_be_bytes());
    let mut old = vec![0; PAGE_BYTES];
    file.read_exact(&mut old)?;
    let lists_tables = matches!(old[HEADER_BYTES], 0x05 | 0x0D);
    if lists_tables {
        first.truncate(HEADER_BYTES);
    }
    let mut mended = OpenOptions::new();
    let mut mended = mended.write(true).create_new(true).mode(0o640).open(copy)?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file, &mut mended)?;
    mended.seek(SeekFrom::Start(0))?;
    mended.write_all(&first)?;
    match fs::copy(schema::beside(broken, "-wal"), schema::beside(copy, "-wal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
