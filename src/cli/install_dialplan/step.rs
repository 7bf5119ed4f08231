//! One thing that is done to an Asterisk.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use super::Error;
use super::file::{self, Owner};

/// One thing to do.
#[derive(Debug)]
pub(super) enum Step {
    /// A folder that is not there.
    Folder {
        path: PathBuf,
        mode: u32,
        owner: Owner,
    },
    /// A file that is not there, or not the same.
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
        owner: Owner,
        /// Whether somebody else's is there.
        replaces: bool,
    },
    /// Lines at the end of a file that is there.
    Append { path: PathBuf, text: String },
    /// The rights of a folder.
    Mode {
        path: PathBuf,
        before: u32,
        after: u32,
    },
}

impl Step {
    /// Does it.
    pub(super) fn take(&self) -> Result<(), Error> {
        let path = self.path();
        match self {
            Self::Folder { mode, owner, .. } => file::make_folder(path, *mode, *owner),
            Self::Write {
                bytes,
                owner,
                replaces,
                ..
            } => {
                if *replaces {
                    file::replace(path, &file::free_to_keep(path), bytes, 0o644, *owner)
                } else {
                    file::write(path, bytes, 0o644, *owner)
                }
            }
            Self::Append { text, .. } => file::append(path, text),
            Self::Mode { after, before, .. } => file::set_mode(path, *before, *after).map(drop),
        }
        .map_err(Error::failed(path))
    }

    /// What it is about.
    pub(super) fn path(&self) -> &Path {
        let (Self::Folder { path, .. }
        | Self::Write { path, .. }
        | Self::Append { path, .. }
        | Self::Mode { path, .. }) = self;
        path
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let path = self.path().display();
        match self {
            Self::Folder { mode, owner, .. } => write!(f, "make {path}/, {mode:04o} {owner}"),
            Self::Write {
                owner,
                replaces: false,
                ..
            } => write!(f, "write {path}, 0644 {owner}"),
            Self::Write { .. } => {
                let kept = file::free_to_keep(self.path());
                write!(f, "replace {path}; the old one stays as {}", kept.display())
            }
            Self::Append { text, .. } => write!(f, "append to {path}:\n{}", indented(text)),
            Self::Mode { before, after, .. } => {
                write!(
                    f,
                    "open {path}/ to its group: {after:04o} instead of {before:04o}"
                )
            }
        }
    }
}

fn indented(text: &str) -> String {
    let shown = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'));
    shown
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
