//! What is looked for in files, and in which of them it is found.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Error;
use crate::call_record::CallId;
use crate::number::Mention;

/// Read at a time.
const CHUNK: usize = 1 << 20;
/// What is looked for is no longer.
const LONGEST: usize = 256;

/// What is looked for.
pub(super) enum Trace {
    /// A number.
    Number(Mention),
    /// A call.
    Call(CallId),
}

impl Trace {
    /// Whether it stands among these bytes.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Number(number) => number.is_in_bytes(bytes),
            Self::Call(id) => {
                let id = id.to_string();
                bytes
                    .windows(id.len())
                    .any(|window| window == id.as_bytes())
            }
        }
    }

    /// Whether it stands in this line of text, for itself: not as part of another number.
    pub(super) fn is_in_line(&self, line: &[u8]) -> bool {
        match self {
            Self::Number(number) => number.is_in(&String::from_utf8_lossy(line)),
            Self::Call(_) => self.is_in(line),
        }
    }

    /// Whether its bytes, perhaps as part of something else, stand in a file.
    fn is_in_file(&self, path: &Path) -> io::Result<bool> {
        let mut is_in = false;
        chunks(path, |bytes| {
            is_in |= self.is_in(bytes);
            !is_in
        })?;
        Ok(is_in)
    }

    /// Whether it stands for itself in the texts of a file.
    pub(super) fn in_file(&self, path: &Path) -> io::Result<InFile> {
        let mut found = InFile::default();
        chunks(path, |bytes| {
            let here = match self {
                Self::Number(number) if number.is_in_bytes(bytes) => {
                    let here = number.search(&String::from_utf8_lossy(bytes));
                    InFile {
                        is_in: here.without.is_some(),
                        has_unsure: here.has_unsure,
                    }
                }
                Self::Number(_) => InFile::default(),
                Self::Call(_) => InFile {
                    is_in: self.is_in(bytes),
                    has_unsure: false,
                },
            };
            found = found.or(here);
            !found.is_in
        })?;
        Ok(found)
    }
}

/// What was found in a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InFile {
    /// It stands there.
    pub(super) is_in: bool,
    /// There are digits that may be it, or another.
    pub(super) has_unsure: bool,
}

impl InFile {
    /// What is thought of a file that cannot be read.
    pub(super) const ALL: Self = Self {
        is_in: true,
        has_unsure: true,
    };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            is_in: self.is_in || other.is_in,
            has_unsure: self.has_unsure || other.has_unsure,
        }
    }
}

/// Hands the bytes of a file to `goes_on`, some at a time, until that has seen enough.
fn chunks(path: &Path, mut goes_on: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    loop {
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut bytes)?;
        if !goes_on(&bytes) || read == 0 {
            return Ok(());
        }
        // It may lie across the border.
        bytes.drain(..bytes.len().saturating_sub(LONGEST));
    }
}

/// The files in a data folder in which it is found; recordings, which are sound, are not searched.
pub(super) fn files_with(data: &Path, trace: &Trace) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let failed = |path: &Path, source| Error::File {
        path: path.into(),
        source,
    };
    for entry in fs::read_dir(data).map_err(|error| failed(data, error))? {
        let path = entry?.path();
        if !path.is_file() {
            continue;
        }
        match trace.is_in_file(&path) {
            Ok(true) => found.push(path),
            // Gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path, error)),
            Ok(false) => {}
        }
    }
    found.sort();
    Ok(found)
}
