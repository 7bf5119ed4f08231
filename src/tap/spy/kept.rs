//! What is heard, kept while it is heard.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

use crate::clock::Clock;
use crate::tap::TapError;

/// The raw file that grows with what is heard.
pub(crate) struct Kept {
    path: PathBuf,
    file: Option<File>,
    unwritten: Vec<u8>,
}

impl Kept {
    pub(crate) async fn make(path: &Path) -> Result<Self, TapError> {
        let path = path.to_owned();
        let making = tokio::task::spawn_blocking(move || {
            let flags = OFlags::NOFOLLOW.bits().cast_signed();
            let file = OpenOptions::new()
                .append(true)
                .create_new(true)
                .mode(0o640)
                .custom_flags(flags)
                .open(&path);
            match file {
                Ok(file) => Ok(Self {
                    path,
                    file: Some(file),
                    unwritten: Vec::new(),
                }),
                Err(source) => Err(TapError::NotKept { path, source }),
            }
        });
        making.await.unwrap_or(Err(TapError::BrokeOff))
    }

    pub(crate) async fn keep(&mut self, samples: &[i16], clock: Clock) -> Result<(), TapError> {
        let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
        self.unwritten.extend(bytes);
        if self.unwritten.len() >= PIECE {
            self.write(clock).await?;
        }
        Ok(())
    }

    /// On a thread that may block: a disk that hangs holds up no other call.
    pub(crate) async fn write(&mut self, clock: Clock) -> Result<(), TapError> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        let bytes = std::mem::take(&mut self.unwritten);
        let writing = tokio::task::spawn_blocking(move || {
            let written = file.write_all(&bytes);
            (file, written)
        });
        let path = self.path.clone();
        tokio::select! {
            written = writing => match written {
                Ok((file, Ok(()))) => self.file = Some(file),
                Ok((_, Err(source))) => return Err(TapError::NotKept { path, source }),
                Err(_) => return Err(TapError::BrokeOff),
            },
            () = clock.sleep(LONGEST_WRITE) => {
                let waited = LONGEST_WRITE;
                return Err(TapError::NoAnswer { path, waited });
            }
        }
        Ok(())
    }
}

/// Bytes that are written at once: as much sound as Asterisk's own files are behind by.
const PIECE: usize = 8_000 * 2 * 34 / 100;

/// A disk that takes longer hangs.
const LONGEST_WRITE: Duration = Duration::from_secs(8);
