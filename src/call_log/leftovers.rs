//! What lies beside the database: broken ones that were set aside, and lines of the journal that
//! nobody can read.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::UNREADABLE;

/// What belongs to a database, beside its own file.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// The files of a database that was set aside, by the name of its own file.
pub fn files_of_set_aside(folder: &Path, file: &str) -> Vec<PathBuf> {
    let parts = PARTS
        .iter()
        .map(|part| folder.join(format!("{file}{part}")));
    parts.filter(|path| path.exists()).collect()
}

/// Removes the files of a database that was set aside.
///
/// # Errors
/// One of them cannot be removed.
pub fn remove_set_aside(folder: &Path, file: &str) -> io::Result<()> {
    // Its own last: as long as it is there, it is found again.
    let mut files = files_of_set_aside(folder, file);
    files.reverse();
    files.iter().try_for_each(fs::remove_file)
}

/// When a database was set aside, by its file's name; `None` where that does not say so.
pub fn set_aside_at(file: &str) -> Option<Timestamp> {
    let (_, stamp) = file.split_once(".broken-")?;
    let stamp = stamp.get(..16)?;
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

/// How many lines that nobody can read are wanted.
///
/// # Errors
/// They are there and cannot be read.
pub fn count_unreadable(folder: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> io::Result<usize> {
    let bytes = match fs::read(folder.join(UNREADABLE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        read => read?,
    };
    let lines = bytes.split(|&byte| byte == b'\n');
    Ok(lines.filter(|line| is_wanted(line)).count())
}

/// Overwrites the wanted ones of the lines that nobody can read with blanks: a guard may be
/// appending to them.
///
/// # Errors
/// They are there and cannot be read or written.
pub fn blank_unreadable(folder: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    let path = folder.join(UNREADABLE);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    let file = OpenOptions::new().write(true).open(&path)?;
    let mut at = 0;
    for line in bytes.split(|&byte| byte == b'\n') {
        if is_wanted(line) {
            file.write_all_at(&vec![b' '; line.len()], at)?;
        }
        at += line.len() as u64 + 1;
    }
    file.sync_all()
}
