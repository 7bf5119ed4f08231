//! Call detail records from a file: CSV in any of Asterisk's orders or with names over its columns,
//! or a database of SQLite.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ring::digest::{Context, SHA256};

use super::Moment;
use super::spool::Channels;
use crate::call_log::{CdrDatabase, LogError};
use crate::imported::cdr::{CdrRow, Columns, NAMES};
use crate::imported::csv::{Next, Records, delimiter_of};
use crate::imported::{Imported, Key};

/// Calls that are put into the log at once.
const BATCH: usize = 1_000;
/// What a database of SQLite begins with.
const OF_SQLITE: &[u8] = b"SQLite format 3\0";

/// Why not all of a file was read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The guard's own log cannot be written.
    Log(LogError),
    /// The file cannot be read, or is none of call detail records.
    File(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::File(format!("cannot be read: {error}"))
    }
}

/// What takes calls into the log.
type Take<'a> = dyn FnMut(&[(Key, Imported)]) -> Result<(), LogError> + 'a;

/// The calls of one file.
pub(super) struct Calls<'a> {
    moment: &'a Moment,
    /// The messages of the mailboxes, where those are read in the same run.
    messages: Option<&'a Channels>,
    batch: Vec<(Key, Imported)>,
    /// Rows that were read.
    pub(super) rows: u64,
    /// Of these, calls that are wanted.
    pub(super) in_voicemail: u64,
    /// Lines that are no row.
    pub(super) broken: u64,
    /// The file says by itself which columns it has.
    has_names: bool,
}

impl<'a> Calls<'a> {
    pub(super) fn new(moment: &'a Moment, messages: Option<&'a Channels>) -> Self {
        Self {
            moment,
            messages,
            batch: Vec::new(),
            rows: 0,
            in_voicemail: 0,
            broken: 0,
            has_names: false,
        }
    }

    /// Reads a file to its end and hands its calls over.
    pub(super) fn read(&mut self, path: &Path, take: &mut Take<'_>) -> Result<(), Trouble> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            let why = "is a folder; --cdr takes a file, such as Master.csv";
            return Err(Trouble::File(why.into()));
        }
        let mut beginning = Vec::new();
        file.by_ref().take(64 << 10).read_to_end(&mut beginning)?;
        if beginning.starts_with(OF_SQLITE) {
            self.read_database(path, take)?;
        } else {
            self.read_csv(&beginning, &mut file, take)?;
        }
        self.put(take)?;
        if self.rows == 0 && beginning.iter().all(u8::is_ascii_whitespace) {
            return Err(Trouble::File("is empty".into()));
        }
        if self.rows == 0 && (self.broken > 0 || !self.has_names) {
            return Err(Trouble::File(
                "no line of it is a call detail record; expected is the CSV of cdr_csv or cdr_custom, CSV with the \
                 names of the columns in its first line (calldate or start, lastapp, channel …), or a database of \
                 SQLite with a table cdr"
                    .into(),
            ));
        }
        Ok(())
    }

    fn read_csv(
        &mut self,
        beginning: &[u8],
        file: &mut File,
        take: &mut Take<'_>,
    ) -> Result<(), Trouble> {
        let mut records = Records::new(delimiter_of(beginning));
        let mut named = None;
        let mut is_first = true;
        let mut piece = beginning.to_vec();
        loop {
            let at_end = piece.is_empty();
            records.push(&piece);
            while let Some(next) = records.next(at_end) {
                let Next::Record(cells) = next else {
                    self.broken += 1;
                    continue;
                };
                if is_first {
                    is_first = false;
                    named = Columns::named(&cells);
                    if named.is_some() {
                        self.has_names = true;
                        continue;
                    }
                }
                let columns = named.clone().or_else(|| Columns::of_row(&cells));
                self.row(columns.as_ref(), &cells, take)?;
            }
            if at_end {
                return Ok(());
            }
            piece.clear();
            file.by_ref().take(64 << 10).read_to_end(&mut piece)?;
        }
    }

    fn read_database(&mut self, path: &Path, take: &mut Take<'_>) -> Result<(), Trouble> {
        let refused = |error: LogError| Trouble::File(format!("cannot be read: {error}"));
        let database = CdrDatabase::open(path, &NAMES).map_err(refused)?;
        let known = database.and_then(|database| {
            let columns = Columns::named(database.columns())?;
            Some((database, columns))
        });
        let Some((mut database, columns)) = known else {
            return Err(Trouble::File(
                "has no table cdr with the columns lastapp and start or calldate".into(),
            ));
        };
        self.has_names = true;
        loop {
            let page = database.next_page().map_err(refused)?;
            if page.is_empty() {
                return Ok(());
            }
            for cells in page {
                self.row(Some(&columns), &cells, take)?;
            }
        }
    }

    fn row(
        &mut self,
        columns: Option<&Columns>,
        cells: &[String],
        take: &mut Take<'_>,
    ) -> Result<(), Trouble> {
        let read = columns.and_then(|columns| columns.read(cells, &self.moment.zone));
        let Some(mut row) = read else {
            self.broken += 1;
            return Ok(());
        };
        self.rows += 1;
        let left = self.messages.map(|channels| {
            let times = channels.get(&row.channel).map_or(&[][..], Vec::as_slice);
            times.iter().any(|at| row.may_have_left_one_at(*at))
        });
        let is_wanted = row.was_in_voicemail || left == Some(true);
        if is_wanted && self.moment.wants(row.began) {
            self.in_voicemail += 1;
            let key = key_of(&row);
            row.call.left_message = left;
            self.batch.push((key, Imported::Call(row.call)));
        }
        if self.batch.len() >= BATCH {
            self.put(take)?;
        }
        Ok(())
    }

    fn put(&mut self, take: &mut Take<'_>) -> Result<(), Trouble> {
        take(&self.batch).map_err(Trouble::Log)?;
        self.batch.clear();
        Ok(())
    }
}

/// By what a call is recognised in whatever form its row comes.
fn key_of(row: &CdrRow) -> Key {
    let mut context = Context::new(&SHA256);
    let name = if row.channel.is_empty() {
        &row.unique
    } else {
        &row.channel
    };
    context.update(&row.began.as_second().to_le_bytes());
    context.update(name.as_bytes());
    let mut key = Key::default();
    key.copy_from_slice(context.finish().as_ref());
    key
}
