//! The journal: entries that wait for the database, one JSON object a line, only ever appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{JOURNAL, UNREADABLE};
use crate::call_record::{CallRecord, Destination};

/// Room kept for the journal, so that calls can be closed on a full disk: a thousand records or so.
const RESERVE_BYTES: u64 = 1024 * 1024;

/// What is to be filed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", content = "record", rename_all = "snake_case")]
pub(super) enum Entry {
    /// A call has begun.
    Open(Box<CallRecord>),
    /// More is known of a call that is up.
    Update(Box<CallRecord>),
    /// A call is over.
    Close(Box<Closing>),
}

/// A closed record, and where its message is to go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Closing {
    #[serde(flatten)]
    pub(super) record: CallRecord,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deliver_to: Vec<Destination>,
}

impl Entry {
    pub(super) fn record(&self) -> &CallRecord {
        match self {
            Self::Open(record) | Self::Update(record) => record,
            Self::Close(closing) => &closing.record,
        }
    }

    /// Where the message goes, now that the call is over.
    pub(super) fn deliver_to(&self) -> &[Destination] {
        match self {
            Self::Open(_) | Self::Update(_) => &[],
            Self::Close(closing) => &closing.deliver_to,
        }
    }
}

pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    /// Bytes of whole lines.
    len: u64,
    /// Whether an append failed half-way and could not be taken back.
    torn: bool,
}

impl Journal {
    /// Opens the journal, what an earlier run left in it included.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o640)
            .open(folder.join(JOURNAL))?;
        let mut journal = Self {
            folder: folder.into(),
            len: file.metadata()?.len(),
            file,
            torn: false,
        };
        journal.torn = journal.ends_torn()?;
        journal.reserve();
        // The name must outlive a power cut as the lines do.
        File::open(folder).and_then(|folder| folder.sync_all()).ok();
        Ok(journal)
    }

    /// Whether nothing waits in it.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends entries; they are on the disk when this returns. None of them is there if it fails.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        if self.torn {
            lines.push(b'\n');
        }
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        let written = self
            .file
            .write_all(&lines)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.len += lines.len() as u64;
                self.torn = false;
                Ok(())
            }
            Err(error) => {
                if self.file.set_len(self.len).is_err() {
                    self.len = self.file.metadata().map_or(self.len, |m| m.len());
                    self.torn = true;
                }
                Err(error)
            }
        }
    }

    /// Hands every readable entry to `file` in order, and returns the lines that cannot be read.
    pub(super) fn replay<E>(
        &mut self,
        mut file: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<Vec<Vec<u8>>, ReplayError<E>> {
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(ReplayError::Read)?;
        let mut reader = BufReader::new(&self.file);
        let mut unreadable = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(ReplayError::Read)?;
            if read == 0 {
                return Ok(unreadable);
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(entry) => file(entry).map_err(ReplayError::File)?,
                Err(_) => unreadable.push(line.strip_suffix(b"\n").unwrap_or(&line).to_vec()),
            }
        }
    }

    /// Keeps lines that nobody can file: nothing is thrown away.
    pub(super) fn set_aside(&self, lines: &[Vec<u8>]) -> io::Result<()> {
        let mut aside = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(self.folder.join(UNREADABLE))?;
        let mut bytes = lines.join(&b'\n');
        bytes.push(b'\n');
        aside.write_all(&bytes)?;
        aside.sync_data()
    }

    /// Everything in it has been filed.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.len = 0;
        self.torn = false;
        self.file.sync_data()?;
        self.reserve();
        Ok(())
    }

    fn ends_torn(&mut self) -> io::Result<bool> {
        if self.len == 0 {
            return Ok(false);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }

    /// Asks the file system for room behind the end; one that cannot do so is no worse than before.
    fn reserve(&self) {
        #[cfg(target_os = "linux")]
        rustix::fs::fallocate(
            &self.file,
            rustix::fs::FallocateFlags::KEEP_SIZE,
            0,
            self.len + RESERVE_BYTES,
        )
        .ok();
    }
}

pub(super) enum ReplayError<E> {
    /// The journal cannot be read.
    Read(io::Error),
    /// The entry cannot be filed.
    File(E),
}

/// Entries that wait in the journal of a data folder, and so are not found in the database yet.
pub fn waiting(folder: &Path) -> usize {
    std::fs::read(folder.join(JOURNAL)).map_or(0, |lines| {
        let lines = lines.split(|&byte| byte == b'\n');
        lines.filter(|line| !line.is_empty()).count()
    })
}
