//! The sound of a wait, where it is to be kept: a raw file in the tap folder as long as the wait lasts, as of a call.
//!
//! Only what has been heard gets there, and only a while after that: nothing that somebody has said to an agent.

use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::warn;

use super::watch::held_back::{HeldBack, Piece};
use crate::audio::MediaTime;
use crate::call_record::WaitEnd;
use crate::clock::Clock;
use crate::tap::TapError;
use crate::tap::spy::kept::Kept;

/// What is heard of one wait, on its way to the disk.
pub(super) struct Sound {
    held_back: HeldBack,
    /// `None` where the disk does not keep up.
    pieces: Option<mpsc::Sender<Piece>>,
    writing: JoinHandle<Result<(), TapError>>,
}

impl Sound {
    /// Begins this file with the first sound that comes.
    pub(super) fn begin(path: PathBuf, clock: Clock) -> Self {
        let (pieces, received) = mpsc::channel(WAITING);
        Self {
            held_back: HeldBack::before_the_disk(),
            pieces: Some(pieces),
            writing: tokio::spawn(write(path, received, clock)),
        }
    }

    /// Takes what was heard at `now`.
    pub(super) fn heard(&mut self, piece: Piece, now: Instant) {
        self.held_back.push(piece, now);
        while let Some(piece) = self.held_back.ripe(now) {
            let pieces = self.pieces.as_ref();
            if pieces.is_some_and(|pieces| pieces.try_send(piece).is_err()) {
                self.pieces = None;
            }
        }
    }

    /// Writes what may still be kept of a wait that has ended so; the file is whole then.
    pub(super) async fn end(self, ended: Option<WaitEnd>) {
        if let Some(pieces) = self.pieces {
            for piece in self.held_back.at_the_end(ended) {
                if pieces.send(piece).await.is_err() {
                    break;
                }
            }
        }
        let why = match self.writing.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        warn!(event = "audio_lost", %why, "what was heard of a caller in a queue could not be kept to its end");
    }
}

/// Writes until there is no more; silence where no sound came, so that the places in it are those of the timeline.
async fn write(
    path: PathBuf,
    mut pieces: mpsc::Receiver<Piece>,
    clock: Clock,
) -> Result<(), TapError> {
    let (mut length, mut file) = (MediaTime::ZERO, None);
    while let Some(piece) = pieces.recv().await {
        let samples = match (piece, &file) {
            (Piece::Samples(samples), _) => samples,
            (Piece::Gap(lost), Some(_)) => silence(lost),
            // Of who sends nothing at all there is no file.
            (Piece::Gap(lost), None) => {
                length += lost;
                continue;
            }
        };
        if length >= LONGEST {
            continue;
        }
        let kept: &mut Kept = match &mut file {
            Some(kept) => kept,
            none => {
                let kept = none.insert(Kept::make(&path).await?);
                let mut before = length;
                while before > MediaTime::ZERO {
                    let piece = before.min(MediaTime::from_secs(1));
                    kept.keep(&silence(piece), clock).await?;
                    before = before - piece;
                }
                kept
            }
        };
        length += MediaTime::from_samples(samples.len() as u64);
        kept.keep(&samples, clock).await?;
    }
    match &mut file {
        Some(kept) => kept.write(clock).await,
        None => Ok(()),
    }
}

fn silence(length: MediaTime) -> Vec<i16> {
    vec![0; usize::try_from(length.samples()).unwrap_or_default()]
}

/// So many pieces of 20 ms may wait for the disk.
const WAITING: usize = 1_000;

/// What is heard of a wait after that is not kept.
const LONGEST: MediaTime = MediaTime::from_secs(3_600);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What a file holds of these pieces, and of a wait that ended so.
    async fn kept(pieces: &[Piece], ended: WaitEnd) -> Option<Vec<i16>> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("wait.sln");
        let clock = Clock::default();
        let mut sound = Sound::begin(path.clone(), clock);
        for piece in pieces {
            sound.heard(piece.clone(), clock.now());
        }
        sound.end(Some(ended)).await;
        let bytes = fs::read(path).ok()?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        assert!(rest.is_empty());
        Some(pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect())
    }

    #[tokio::test]
    async fn sound_that_never_came_is_silence_in_its_place() {
        let gap = |samples| Piece::Gap(MediaTime::from_samples(samples));
        let pieces = [
            gap(12_000),
            Piece::Samples(vec![7; 160]),
            gap(8_000),
            Piece::Samples(vec![9; 160]),
        ];
        let expected = [vec![0; 12_000], vec![7; 160], vec![0; 8_000], vec![9; 160]];
        let whole = kept(&pieces, WaitEnd::HungUp).await;
        assert_eq!(whole, Some(expected.concat()));
        assert_eq!(kept(&pieces[..1], WaitEnd::HungUp).await, None);
    }

    #[tokio::test]
    async fn what_was_heard_right_before_an_answer_is_not_kept() {
        let pieces = vec![Piece::Samples(vec![7; 160]); 50];
        assert_eq!(kept(&pieces, WaitEnd::Answered).await, None);
        assert_eq!(kept(&pieces, WaitEnd::Left).await, Some(vec![7; 8_000]));
    }
}
