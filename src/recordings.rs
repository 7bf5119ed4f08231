//! The recordings of calls: the tap's raw file becomes a WAV file below the data folder, whose
//! place stands in the record.
//!
//! The WAV is written under a temporary name, made durable and renamed; only then the raw file
//! goes. At every moment one of the two is whole, so a crash, a full disk or a folder that is
//! read-only loses no sound. The same call serves a raw file that an earlier run left behind, and
//! one that has been kept already.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::fs::OFlags;

use crate::audio::file::{Format, decode};
use crate::audio::resample::Resampler;
use crate::audio::{MediaTime, wav};
use crate::call_record::{CallId, CallRecord};
use crate::hearing::{Recogniser, Timeline};
use crate::tap::monitor::{self, FILE_RATE_HZ};
use crate::tap::raw::{self, Halves};
use crate::tap::{Gap, TapError};

/// Why the sound could not be kept; the raw file stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The raw file cannot be read.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// The data folder cannot be written.
    #[error("cannot keep the audio as {path}: {source}; the raw recording stays in the tap folder")]
    Write {
        /// The file below the data folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where the audio of a call is kept, relative to the data folder; the day is UTC's.
pub fn place(id: CallId, started: Timestamp) -> String {
    let day = started
        .to_zoned_datetime(TimeZone::UTC)
        .strftime("%Y/%m/%d")
        .to_string();
    format!("audio/{day}/{id}.wav")
}

/// The kept audio of a call, if the record says that there is some.
pub fn path(data: &Path, record: &CallRecord) -> Option<PathBuf> {
    record.audio.as_ref().map(|place| data.join(place))
}

/// Turns the raw file into 8 kHz, 16-bit WAV with its gaps filled, and only then removes it.
///
/// Blocks. Gives the place below the data folder, also of what was kept before, or `None` when no
/// sound ever came. A raw file that cannot be removed is a warning in the log.
///
/// # Errors
/// The raw file cannot be read or the data folder not be written; the raw file stays where it is.
pub fn keep(
    tap_folder: &Path,
    data: &Path,
    id: CallId,
    started: Timestamp,
    gaps: &[Gap],
) -> Result<Option<String>, KeepError> {
    let turn = &TURNS[id.bits() as usize % TURNS.len()];
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let place = place(id, started);
    let path = data.join(&place);
    let raw_path = tap_folder.join(monitor::file_name(id));
    let file = match raw::open(&raw_path) {
        Ok((file, _)) => file,
        Err(error) if error.is_not_found() => return Ok(path.is_file().then_some(place)),
        Err(error) => return Err(error.into()),
    };
    let bytes = file
        .metadata()
        .map_err(|error| raw::unreadable(&raw_path, error))?
        .len();
    let there = path.is_file();
    if bytes >= 2 && !there {
        write(
            Raw {
                path: &raw_path,
                file,
            },
            &path,
            gaps,
        )?;
    }
    if let Err(error) = fs::remove_file(&raw_path) {
        tracing::warn!(file = %raw_path.display(), %error,
            "the raw recording cannot be removed; the guard's user needs to write in the tap folder");
    }
    Ok((there || bytes >= 2).then_some(place))
}

/// Reads what there is of a call's sound, kept or still raw, as samples at 8 kHz, in pieces.
///
/// Blocks. Gives nothing when there is no file.
///
/// # Errors
/// There is a file, but it cannot be read.
pub fn read(
    tap_folder: &Path,
    data: &Path,
    id: CallId,
    started: Timestamp,
    each: &mut dyn FnMut(&[i16]),
) -> Result<(), TapError> {
    let kept = data.join(place(id, started));
    if kept.is_file() {
        let unreadable = |error| raw::unreadable(&kept, error);
        let bytes = fs::read(&kept).map_err(unreadable)?;
        let sound = decode(&bytes, Format::Wav);
        each(
            &sound
                .map_err(|error| unreadable(io::Error::other(error)))?
                .samples,
        );
        return Ok(());
    }
    let path = tap_folder.join(monitor::file_name(id));
    match raw::open(&path) {
        Ok((file, _)) => Raw { path: &path, file }.resampled(&mut |samples| {
            each(samples);
            Ok(())
        }),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Keeps a recording late, and hears it as it is kept: where its gaps were, nobody knows any more,
/// and the timeline of the call may show them.
///
/// Blocks.
///
/// # Errors
/// As [`keep`]; or what was kept cannot be read.
pub fn keep_late(
    tap_folder: &Path,
    data: &Path,
    id: CallId,
    started: Timestamp,
) -> Result<Option<(String, Timeline)>, KeepError> {
    let Some(place) = keep(tap_folder, data, id, started, &[])? else {
        return Ok(None);
    };
    let mut recogniser = Recogniser::default();
    let each = &mut |samples: &[i16]| recogniser.push(samples);
    read(tap_folder, data, id, started, each)?;
    Ok(Some((place, recogniser.finish())))
}

/// The calls whose raw files lie in the tap folder, oldest first.
///
/// # Errors
/// The folder cannot be read.
pub fn left_behind(tap_folder: &Path) -> io::Result<Vec<CallId>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(tap_folder)? {
        let name = entry?.file_name();
        let id = name
            .to_str()
            .and_then(|name| CallId::parse(name.strip_suffix(".sln48")?));
        ids.extend(id.filter(|&id| name.to_str() == Some(&monitor::file_name(id))));
    }
    ids.sort_unstable();
    Ok(ids)
}

struct Raw<'a> {
    path: &'a Path,
    file: File,
}

impl Raw<'_> {
    fn resampled<E: From<TapError>>(
        mut self,
        each: &mut dyn FnMut(&[i16]) -> Result<(), E>,
    ) -> Result<(), E> {
        let unreadable = |error| E::from(raw::unreadable(self.path, error));
        let mut resampler =
            Resampler::new(FILE_RATE_HZ).map_err(|error| unreadable(io::Error::other(error)))?;
        let mut bytes = vec![0; 65_536];
        let (mut halves, mut wide, mut samples) = (Halves::default(), Vec::new(), Vec::new());
        loop {
            let filled = raw::fill(&mut self.file, &mut bytes).map_err(unreadable)?;
            halves.join(&bytes[..filled], &mut wide);
            samples.clear();
            resampler.push(&wide, &mut samples);
            if filled < bytes.len() {
                break;
            }
            each(&samples)?;
        }
        resampler.finish(&mut samples);
        each(&samples)
    }
}

/// Writes under a temporary name, makes it durable, renames it.
fn write(raw: Raw<'_>, path: &Path, gaps: &[Gap]) -> Result<(), KeepError> {
    let failed = |source| KeepError::Write {
        path: path.into(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    // Voices are for the guard's user and its group alone.
    DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(folder)
        .map_err(failed)?;
    let half = path.with_extension("wav.part");
    let written = write_half(raw, &half, gaps, &failed).and_then(|()| {
        fs::rename(&half, path).map_err(failed)?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    });
    if written.is_err() {
        let _ = fs::remove_file(&half);
    }
    written
}

fn write_half(
    raw: Raw<'_>,
    half: &Path,
    gaps: &[Gap],
    failed: &dyn Fn(io::Error) -> KeepError,
) -> Result<(), KeepError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(half)
        .map_err(failed)?;
    let mut out = Filled {
        out: BufWriter::new(file),
        gaps,
        read: 0,
        written: 0,
    };
    out.out.write_all(&wav::header(0)).map_err(failed)?;
    raw.resampled(&mut |samples| out.samples(samples).map_err(failed))?;
    out.finish().map_err(failed)
}

/// Writes samples, and silence where there were gaps.
struct Filled<'a> {
    out: BufWriter<File>,
    gaps: &'a [Gap],
    read: u64,
    written: u64,
}

impl Filled<'_> {
    fn samples(&mut self, mut samples: &[i16]) -> io::Result<()> {
        while let [gap, later @ ..] = self.gaps {
            let ahead = gap.at.samples().saturating_sub(self.read);
            if ahead >= samples.len() as u64 {
                break;
            }
            let (first, rest) = samples.split_at(ahead as usize);
            self.put(first)?;
            self.silence(gap.lost)?;
            samples = rest;
            self.gaps = later;
        }
        self.put(samples)
    }

    fn put(&mut self, samples: &[i16]) -> io::Result<()> {
        self.read += samples.len() as u64;
        self.written += samples.len() as u64;
        samples
            .iter()
            .try_for_each(|sample| self.out.write_all(&sample.to_le_bytes()))
    }

    fn silence(&mut self, length: MediaTime) -> io::Result<()> {
        self.written += length.samples();
        io::copy(&mut io::repeat(0).take(length.samples() * 2), &mut self.out).map(drop)
    }

    fn finish(mut self) -> io::Result<()> {
        for gap in std::mem::take(&mut self.gaps) {
            self.silence(gap.lost)?;
        }
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&wav::header(self.written))?;
        self.out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()
    }
}

/// The sound of a call is kept by one at a time; calls that share a turn wait for one another.
static TURNS: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];
