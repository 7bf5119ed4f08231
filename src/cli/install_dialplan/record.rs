//! What was done, so that exactly that can be taken back. The file is root's: what stands in it, root does.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::Error;
use super::file::{self, Owner};
use super::step::Step;

/// All that was done, in its order.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Record {
    pub(super) done: Vec<Done>,
}

/// One thing that was done.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Done {
    /// A folder was made.
    Folder { path: PathBuf },
    /// A file was written; what it is, in hexadecimal digits of its SHA-256, and whether it stands for one that was
    /// kept.
    File {
        path: PathBuf,
        sha256: String,
        replaced: bool,
    },
    /// Lines were put at the end of a file, which was kept.
    Lines { path: PathBuf, text: String },
    /// A folder's rights were changed.
    Mode {
        path: PathBuf,
        before: u32,
        after: u32,
    },
}

impl Record {
    /// The one that is there, if any.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::failed(path)(error)),
        };
        let record = serde_json::from_slice(&text);
        record
            .map(Some)
            .map_err(|error| Error::BadRecord(path.display().to_string(), error))
    }

    /// Writes it, with its folder.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| Error::failed(path)(error.into()))?;
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| file::write(path, &text, 0o644, Owner::mine()));
        written.map_err(Error::failed(path))
    }

    /// Notes what is about to be done.
    pub(super) fn add(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Folder { path, .. } => self.done.push(Done::Folder { path: path.clone() }),
                Step::Write {
                    path,
                    bytes,
                    replaces,
                    ..
                } => self.file(path, bytes, *replaces),
                Step::Append { path, text } => {
                    let (path, text) = (path.clone(), text.clone());
                    self.done.push(Done::Lines { path, text });
                }
                Step::Mode {
                    path,
                    before,
                    after,
                } => self.done.push(Done::Mode {
                    path: path.clone(),
                    before: *before,
                    after: *after,
                }),
            }
        }
    }

    /// A newer one of our own is no new entry: what was there before the first is what comes back.
    fn file(&mut self, wanted: &Path, bytes: &[u8], replaces: bool) {
        let new = hash(bytes);
        for done in &mut self.done {
            match done {
                Done::File { path, sha256, .. } if path == wanted && !replaces => {
                    *sha256 = new;
                    return;
                }
                _ => {}
            }
        }
        self.done.push(Done::File {
            path: wanted.to_owned(),
            sha256: new,
            replaced: replaces,
        });
    }

    /// Whether this command wrote the file, and nobody has changed it.
    pub(super) fn wrote(&self, wanted: &Path, bytes: &[u8]) -> bool {
        self.done.iter().any(|done| match done {
            Done::File { path, sha256, .. } => path == wanted && *sha256 == hash(bytes),
            _ => false,
        })
    }

    /// Whether this command made the folder.
    pub(super) fn made(&self, wanted: &Path) -> bool {
        let made = |done: &Done| matches!(done, Done::Folder { path } if path == wanted);
        self.done.iter().any(made)
    }
}

/// In hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    let hash = digest(&SHA256, bytes);
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
