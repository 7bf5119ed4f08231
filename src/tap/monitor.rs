//! The tap `monitor`: follows the raw file that Asterisk's MixMonitor writes of the caller alone.
//!
//! Asterisk writes 48 kHz signed linear in pieces of 32,768 bytes, one every 0.34 s. The file stands
//! still while no packets come, and is never made at all where none ever came.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Gap, TapError, TapEvent};
use crate::audio::MediaTime;
use crate::audio::resample::{Resampler, UnusualRate};
use crate::call::TAP_ID;
use crate::call::record::CallId;
use crate::clock::Clock;

/// Samples a second of the file.
pub const FILE_RATE_HZ: u32 = 48_000;

/// The file's name, made from our own identifier only.
pub fn file_name(id: CallId) -> String {
    format!("{id}.sln48")
}

/// The options of `EXEC MixMonitor` that record the caller alone into the folder, as Asterisk sees it.
///
/// The monitor's id is left in [`TAP_ID`], so that nobody else's recording is ever stopped by us.
pub fn mix_monitor_options(folder_as_asterisk_sees_it: &Path, id: CallId) -> String {
    format!(
        ",r({})i({TAP_ID})",
        folder_as_asterisk_sees_it.join(file_name(id)).display()
    )
}

/// Follows the file until told to finish, then reads it to its end. Ends when nobody listens any more.
pub async fn follow(
    mut monitor: Monitor,
    clock: Clock,
    finish: CancellationToken,
    events: mpsc::Sender<TapEvent>,
) {
    let mut finishing: Option<Instant> = None;
    loop {
        let now = clock.now();
        let polled = tokio::task::spawn_blocking(move || {
            let polled = monitor.poll(now);
            (monitor, polled)
        });
        let Ok((followed, polled)) = polled.await else {
            return;
        };
        monitor = followed;
        let news = match polled {
            Ok(news) => news,
            Err(error) => {
                let _ = events.send(TapEvent::Failed(error)).await;
                return;
            }
        };
        for event in news {
            if events.send(event).await.is_err() {
                return;
            }
        }
        match finishing {
            Some(since) if monitor.is_complete(since, clock.now()) => {
                let (rest, gaps) = monitor.finish();
                let _ = events.send(TapEvent::Samples(rest)).await;
                let _ = events.send(TapEvent::Finished(gaps)).await;
                return;
            }
            Some(_) => clock.sleep(FLUSH_POLL).await,
            None => tokio::select! {
                () = clock.sleep(POLL) => {}
                () = finish.cancelled() => finishing = Some(clock.now()),
            },
        }
    }
}

/// The file that is followed, and how far it has been.
pub struct Monitor {
    path: PathBuf,
    file: Option<(File, u64)>,
    offset: u64,
    odd_byte: Option<u8>,
    resampler: Resampler,
    samples: MediaTime,
    gaps: Vec<Gap>,
    since: Instant,
    grown: Instant,
}

impl Monitor {
    /// For the file of this call in the folder as the guard sees it.
    pub fn new(folder: &Path, id: CallId, now: Instant) -> Result<Self, UnusualRate> {
        Ok(Self {
            path: folder.join(file_name(id)),
            file: None,
            offset: 0,
            odd_byte: None,
            resampler: Resampler::new(FILE_RATE_HZ)?,
            samples: MediaTime::ZERO,
            gaps: Vec::new(),
            since: now,
            grown: now,
        })
    }

    /// Reads what is new.
    pub fn poll(&mut self, now: Instant) -> Result<Vec<TapEvent>, TapError> {
        let bytes = self.read()?;
        if bytes.is_empty() {
            return Ok(self.stood_still(now).into_iter().collect());
        }
        self.grown = now;
        let whole: Vec<u8> = self.odd_byte.take().into_iter().chain(bytes).collect();
        let pairs = whole.chunks_exact(2);
        self.odd_byte = pairs.remainder().first().copied();
        let wide: Vec<i16> = pairs
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let mut samples = Vec::with_capacity(wide.len() / 6 + 1);
        self.resampler.push(&wide, &mut samples);
        self.samples += MediaTime::from_samples(samples.len() as u64);
        Ok(vec![TapEvent::Samples(samples)])
    }

    /// What the resampler still holds, and the gaps.
    fn finish(self) -> (Vec<i16>, Vec<Gap>) {
        let mut rest = Vec::new();
        self.resampler.finish(&mut rest);
        (rest, self.gaps)
    }

    /// Whether the last piece is on the disk: the final flush leaves no multiple of the buffer.
    fn is_complete(&self, finishing: Instant, now: Instant) -> bool {
        let waited = now.saturating_duration_since(finishing);
        let settled = now.saturating_duration_since(self.grown) >= FLUSH_POLL;
        let flushed =
            self.offset % STDIO_BUFFER != 0 || (self.offset == 0 && waited >= NOTHING_COMES);
        (flushed && settled && waited >= FLUSH_POLL) || waited >= LONGEST_FLUSH
    }

    /// How much more sound is missing, once the file has stood still for longer than a late flush.
    fn stood_still(&mut self, now: Instant) -> Option<TapEvent> {
        if now.saturating_duration_since(self.grown) < STANDS_STILL {
            return None;
        }
        let expected = now
            .saturating_duration_since(self.since)
            .saturating_sub(IN_THE_BUFFER);
        let told = self
            .gaps
            .iter()
            .fold(MediaTime::ZERO, |sum, gap| sum + gap.lost);
        let lost = MediaTime::from(expected) - (self.samples + told);
        if lost == MediaTime::ZERO {
            return None;
        }
        match self.gaps.last_mut() {
            Some(gap) if gap.at == self.samples => gap.lost += lost,
            _ => self.gaps.push(Gap {
                at: self.samples,
                lost,
            }),
        }
        Some(TapEvent::StoodStill(lost))
    }

    fn read(&mut self) -> Result<Vec<u8>, TapError> {
        let unreadable = |source| TapError::Unreadable {
            path: self.path.clone(),
            source,
        };
        if self.file.is_none() {
            match open(&self.path) {
                Ok(opened) => self.file = Some(opened),
                Err(TapError::Unreadable { source, .. })
                    if source.kind() == ErrorKind::NotFound =>
                {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(error),
            }
        }
        let Some((file, inode)) = &mut self.file else {
            return Ok(Vec::new());
        };
        let size = file.metadata().map_err(unreadable)?.len();
        let same = std::fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.ino() == *inode);
        if size < self.offset || !same {
            return Err(TapError::Replaced {
                path: self.path.clone(),
            });
        }
        let mut bytes = Vec::new();
        let most = (size - self.offset).min(MOST_AT_ONCE);
        file.take(most)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        self.offset += bytes.len() as u64;
        Ok(bytes)
    }
}

/// Opens a regular file and nothing else: no link, no pipe, no device.
pub(super) fn open(path: &Path) -> Result<(File, u64), TapError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let unreadable = |source| TapError::Unreadable {
        path: path.into(),
        source,
    };
    let meta = std::fs::symlink_metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(TapError::NoFile { path: path.into() });
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(TapError::NoFile { path: path.into() });
    }
    Ok((file, meta.ino()))
}

/// Asterisk flushes every 0.34 s; we look three times as often.
const POLL: Duration = Duration::from_millis(100);

/// How often we look while the last flush is awaited.
const FLUSH_POLL: Duration = Duration::from_millis(40);

/// Asterisk's stdio buffer (`setvbuf` in `main/file.c`).
const STDIO_BUFFER: u64 = 32_768;

/// The sound that may lie in that buffer, and our own lateness.
const IN_THE_BUFFER: Duration = Duration::from_millis(400);

/// No growth for so long means that no packets come.
const STANDS_STILL: Duration = Duration::from_millis(1_000);

/// A file that has not appeared so long after the end does not come.
const NOTHING_COMES: Duration = Duration::from_millis(150);

/// The last flush takes milliseconds; after this we go on without it.
const LONGEST_FLUSH: Duration = Duration::from_secs(1);

/// Four seconds of sound: enough to catch up, little enough for hundreds of calls.
const MOST_AT_ONCE: u64 = 384_000;
