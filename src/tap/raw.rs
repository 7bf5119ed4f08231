//! The raw files of the tap folder: 16 bits, one channel, least significant byte first.
//!
//! Other programs can write into that folder, so nothing but a regular file is ever opened.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::TapError;
use crate::call_record::CallId;

/// Which tap leaves a raw file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// MixMonitor: at 48 kHz it writes most often.
    Monitor,
    /// The spy, as it comes.
    Spy,
}

impl Form {
    pub(crate) const ALL: [Self; 2] = [Self::Monitor, Self::Spy];

    /// Samples a second.
    pub(crate) const fn rate_hz(self) -> u32 {
        match self {
            Self::Monitor => 48_000,
            Self::Spy => 8_000,
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Monitor => "sln48",
            Self::Spy => "sln",
        }
    }

    /// The file's name, made from our own identifier only.
    pub(crate) fn file_name(self, id: CallId) -> String {
        format!("{id}.{}", self.ending())
    }

    /// The file of a call in this folder.
    pub(crate) fn path(self, folder: &Path, id: CallId) -> PathBuf {
        folder.join(self.file_name(id))
    }

    /// The call that a file of this name is of.
    pub(crate) fn call(name: &str) -> Option<CallId> {
        let (id, _) = name.split_once('.')?;
        let id = CallId::parse(id)?;
        let is_of = |form: &Self| form.file_name(id) == name;
        Self::ALL.iter().any(is_of).then_some(id)
    }
}

/// What distinguishes one file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl From<&Metadata> for Identity {
    fn from(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
        }
    }
}

/// What lies under this name, links not followed.
pub(super) fn look(path: &Path) -> Result<Metadata, TapError> {
    let meta = fs::symlink_metadata(path).map_err(|source| unreadable(path, source))?;
    check(path, &meta)?;
    Ok(meta)
}

/// Opens a regular file and nothing else: no link, no pipe, no device.
pub(crate) fn open(path: &Path) -> Result<(File, Identity), TapError> {
    look(path)?;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|source| unreadable(path, source))?;
    // Looked at again: another file may have taken its place in between.
    let meta = file.metadata().map_err(|source| unreadable(path, source))?;
    check(path, &meta)?;
    Ok((file, Identity::from(&meta)))
}

pub(crate) fn unreadable(path: &Path, source: io::Error) -> TapError {
    TapError::Unreadable {
        path: path.into(),
        source,
    }
}

/// Bytes into samples; half a sample waits for its other half.
#[derive(Default)]
pub(crate) struct Halves(Option<u8>);

impl Halves {
    pub(crate) fn join(&mut self, mut bytes: &[u8], out: &mut Vec<i16>) {
        out.clear();
        if let (Some(low), Some((&high, rest))) = (self.0, bytes.split_first()) {
            out.push(i16::from_le_bytes([low, high]));
            self.0 = None;
            bytes = rest;
        }
        let (pairs, rest) = bytes.as_chunks::<2>();
        out.extend(pairs.iter().map(|&pair| i16::from_le_bytes(pair)));
        if let Some(&low) = rest.first() {
            self.0 = Some(low);
        }
    }
}

/// Reads until the buffer is full or the file ends.
pub(crate) fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn check(path: &Path, meta: &Metadata) -> Result<(), TapError> {
    if meta.is_file() {
        return Ok(());
    }
    Err(TapError::NoFile {
        path: path.into(),
        found: kind(meta.file_type()),
    })
}

fn kind(file: FileType) -> &'static str {
    if file.is_symlink() {
        "a symbolic link"
    } else if file.is_dir() {
        "a folder"
    } else if file.is_fifo() {
        "a named pipe"
    } else if file.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
