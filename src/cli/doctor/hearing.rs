//! What is in a growing raw file of MixMonitor's, as far as loud and quiet go.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::delivery::blocking;
use crate::doctor::Heard;
use crate::tap::monitor::FILE_RATE_HZ;

/// Sound is looked at in pieces of 20 ms.
const PIECE: Duration = Duration::from_millis(20);
/// Bytes of one.
const PIECE_BYTES: usize = FILE_RATE_HZ as usize / 50 * 2;
/// A piece of a higher mean is sound: no line noise of a channel inside Asterisk, and any prompt or voice.
const LOUD: u32 = 150;
/// Bytes read at once; the file has 96 kB a second.
const MOST_READ: u64 = 4 << 20;

/// A file that is followed.
#[derive(Debug)]
pub(super) struct Following {
    path: PathBuf,
    at: u64,
    since: Instant,
    first: Option<Instant>,
    loud: u32,
    quiet: u32,
}

impl Following {
    /// From its beginning on.
    pub(super) fn new(path: PathBuf, now: Instant) -> Self {
        Self {
            path,
            at: 0,
            since: now,
            first: None,
            loud: 0,
            quiet: 0,
        }
    }

    /// From what it has now on.
    pub(super) fn from_its_end(path: PathBuf, now: Instant) -> Self {
        let at = std::fs::metadata(&path).map_or(0, |about| about.len());
        Self {
            at: at - at % PIECE_BYTES as u64,
            ..Self::new(path, now)
        }
    }

    /// Reads what is new; an error is what the system says.
    pub(super) async fn look(&mut self, now: Instant) -> Result<(), String> {
        let (path, at) = (self.path.clone(), self.at);
        let read = blocking(move || read_from(&path, at)).await;
        let bytes = read.map_err(|error| error.to_string())?;
        let bytes = bytes.map_err(|error| format!("{}: {error}", self.path.display()))?;
        for piece in bytes.chunks_exact(PIECE_BYTES) {
            self.at += PIECE_BYTES as u64;
            if is_loud(piece) {
                self.first.get_or_insert(now);
                self.loud += 1;
                self.quiet = 0;
            } else {
                self.quiet += 1;
            }
        }
        Ok(())
    }

    /// When the first sound was there.
    pub(super) fn first(&self) -> Option<Instant> {
        self.first
    }

    /// How much sound there is.
    pub(super) fn sound(&self) -> Duration {
        PIECE * self.loud
    }

    /// For how long it has been quiet at its end.
    pub(super) fn quiet(&self) -> Duration {
        PIECE * self.quiet
    }

    /// What was heard until now.
    pub(super) fn heard(&self, now: Instant) -> Heard {
        Heard {
            first: self.first.map(|first| first - self.since),
            sound: self.sound(),
            listened: now - self.since,
        }
    }
}

fn read_from(path: &Path, at: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_loud(piece: &[u8]) -> bool {
    let samples = piece
        .chunks_exact(2)
        .map(|two| i16::from_le_bytes([two[0], two[1]]));
    let sum: u32 = samples.map(|sample| u32::from(sample.unsigned_abs())).sum();
    sum > LOUD * (piece.len() / 2) as u32
}

/// Where the first sound is in samples at 8 kHz.
pub(super) fn silence_before(samples: &[i16]) -> Duration {
    let pieces = samples.chunks(8_000 / 50);
    let is_quiet = |piece: &&[i16]| {
        let bytes: Vec<u8> = piece
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        !is_loud(&bytes)
    };
    PIECE * pieces.take_while(is_quiet).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[tokio::test]
    async fn sound_and_quiet_are_told_apart_as_the_file_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sln48");
        let now = Clock::default().now();
        let mut following = Following::new(path.clone(), now);
        assert!(following.look(now).await.unwrap_err().contains("a.sln48"));
        let pieces = |loud: usize, quiet: usize| {
            let mut bytes = 2_000_i16.to_le_bytes().repeat(loud * PIECE_BYTES / 2);
            bytes.resize((loud + quiet) * PIECE_BYTES, 0);
            bytes
        };
        let mut written = pieces(0, 5);
        // Half a piece is looked at when it is whole.
        written.extend(&pieces(1, 0)[..100]);
        std::fs::write(&path, &written).unwrap();
        following.look(now).await.unwrap();
        assert_eq!(
            (following.first(), following.sound()),
            (None, Duration::ZERO)
        );
        written.extend(&pieces(10, 3)[100..]);
        std::fs::write(&path, &written).unwrap();
        let later = now + Duration::from_secs(1);
        following.look(later).await.unwrap();
        assert_eq!(following.first(), Some(later));
        assert_eq!(following.sound(), 10 * PIECE);
        assert_eq!(following.quiet(), 3 * PIECE);
        let mut end = Following::from_its_end(path, now);
        end.look(now).await.unwrap();
        assert_eq!((end.sound(), end.quiet()), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn the_silence_before_a_voice_is_measured() {
        let samples = [vec![0; 1_600], vec![3_000; 160]].concat();
        assert_eq!(silence_before(&samples), 10 * PIECE);
        assert_eq!(silence_before(&[]), Duration::ZERO);
    }
}
