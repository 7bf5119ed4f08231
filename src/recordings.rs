//! The recordings of calls: the tap's raw file becomes a WAV file below the data folder, whose
//! place stands in the record.
//!
//! The WAV is written under a temporary name, made durable and renamed; only then the raw file
//! goes. At every moment one of the two is whole, so a crash, a full disk or a folder that is
//! read-only loses no sound. The same call serves a raw file that an earlier run left behind, and
//! one that has been kept already.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rustix::fs::OFlags;
use tokio::task::spawn_blocking;
use tracing::{error, warn};

use crate::audio::file::{Format, decode};
use crate::audio::resample::Resampler;
use crate::audio::{MediaTime, wav};
use crate::call_record::{CallId, CallRecord};
use crate::hearing::{Recogniser, Timeline};
use crate::tap::raw::{self, Form, Halves};
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
    let Some(raw) = Raw::open(tap_folder, id)? else {
        return Ok(path.is_file().then_some(place));
    };
    let raw_path = raw.path.clone();
    let about = raw.file.metadata();
    let bytes = about
        .map_err(|error| raw::unreadable(&raw_path, error))?
        .len();
    let there = path.is_file();
    if bytes >= 2 && !there {
        write(raw, &path, gaps)?;
    }
    if let Err(error) = fs::remove_file(&raw_path) {
        warn!(event = "leftover_recording", file = %raw_path.display(), %error,
            "the raw recording cannot be removed; the guard's user needs to write in the tap folder");
    }
    Ok((there || bytes >= 2).then_some(place))
}

/// Keeps the sound of a call that is over, beside all others; where it is kept, `None` where there is none, or it could
/// not be kept.
pub(crate) async fn kept(
    folder: PathBuf,
    data: PathBuf,
    id: CallId,
    started: Timestamp,
    gaps: Vec<Gap>,
) -> Option<String> {
    let kept = spawn_blocking(move || keep(&folder, &data, id, started, &gaps));
    match kept.await {
        Ok(Ok(place)) => place,
        Ok(Err(error)) => {
            error!(event = "audio_lost", %error, "the audio could not be kept");
            None
        }
        Err(error) => {
            warn!(event = "audio_lost", %error, "keeping the audio broke off");
            None
        }
    }
}

/// Reads what there is of a call's sound, kept or still raw, as samples at 8 kHz, in pieces; the
/// gaps of a raw file are filled with silence.
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
    gaps: &[Gap],
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
    let Some(raw) = Raw::open(tap_folder, id)? else {
        return Ok(());
    };
    raw.filled(gaps, &mut |samples| {
        each(samples);
        Ok(())
    })
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
    read(tap_folder, data, id, started, &[], each)?;
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
        ids.extend(name.to_str().and_then(Form::call));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Removes what there is of a call's sound, raw and kept; whether there was any.
///
/// Blocks. `noted` is the place that the record has.
///
/// # Errors
/// Something of it stays.
pub fn remove(
    tap_folder: &Path,
    data: &Path,
    (id, started): (CallId, Timestamp),
    noted: Option<&str>,
) -> io::Result<bool> {
    let turn = &TURNS[id.bits() as usize % TURNS.len()];
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = data.join(place(id, started));
    // What a record says is a place below the data folder, and nothing else.
    let is_below = |place: &&str| {
        let parts = Path::new(place).components();
        place.starts_with("audio/") && parts.into_iter().all(|c| matches!(c, Component::Normal(_)))
    };
    let noted = noted.filter(is_below).map(|place| data.join(place));
    let half = kept.with_extension("wav.part");
    let raw = Form::ALL.map(|form| form.path(tap_folder, id));
    let (mut was_there, mut failed) = (false, None);
    for path in raw.into_iter().chain([half, kept]).chain(noted) {
        match fs::remove_file(&path) {
            Ok(()) => was_there = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(was_there), Err)
}

/// The kept recordings of all days that are wanted, by their calls; whole or half written.
///
/// Blocks. `is_wanted` is asked with the moment at which the day's calls are over.
pub fn kept_on_days(data: &Path, is_wanted: impl Fn(Timestamp) -> bool) -> Vec<(CallId, PathBuf)> {
    let mut found = Vec::new();
    for (day, folder) in days(data) {
        let begins = TimeZone::UTC
            .to_timestamp(day.to_datetime(Time::midnight()))
            .ok();
        // A call of the last second of that day may have lasted for hours.
        let over =
            begins.and_then(|begins| begins.checked_add(SignedDuration::from_hours(48)).ok());
        if !over.is_some_and(&is_wanted) {
            continue;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let stem = path
                .file_name()
                .and_then(|name| name.to_str()?.split('.').next());
            let id = stem.and_then(CallId::parse);
            found.extend(id.map(|id| (id, path)));
        }
    }
    found
}

/// Removes the folders of days that are over and have nothing in them. Blocks.
pub fn remove_empty_folders(data: &Path, now: Timestamp) {
    let today = TimeZone::UTC.to_datetime(now).date();
    for (day, folder) in days(data) {
        // In those of yesterday and today something may be about to be written.
        if today.since(day).is_ok_and(|since| since.get_days() > 2)
            && fs::remove_dir(&folder).is_ok()
        {
            let above = folder.ancestors().skip(1).take(2);
            above.for_each(|folder| drop(fs::remove_dir(folder)));
        }
    }
}

/// The folders of [`place`], by their days.
fn days(data: &Path) -> Vec<(Date, PathBuf)> {
    let below = |folder: &Path| -> Vec<(i16, PathBuf)> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let number = |path: PathBuf| Some((path.file_name()?.to_str()?.parse().ok()?, path));
        entries.filter_map(|entry| number(entry.path())).collect()
    };
    let mut found = Vec::new();
    for (year, months) in below(&data.join("audio")) {
        for (month, days) in below(&months) {
            for (day, folder) in below(&days) {
                let date = i8::try_from(month).ok().zip(i8::try_from(day).ok());
                let date = date.and_then(|(month, day)| Date::new(year, month, day).ok());
                found.extend(date.map(|date| (date, folder)));
            }
        }
    }
    found
}

/// When a call's raw file was last written to, if there is one that tells.
pub(crate) fn raw_written(tap_folder: &Path, id: CallId) -> Option<Timestamp> {
    let path = Form::ALL.map(|form| form.path(tap_folder, id));
    let written = |path| fs::metadata(path).and_then(|file| file.modified());
    let written = path.into_iter().find_map(|path| written(path).ok());
    written.and_then(|at| Timestamp::try_from(at).ok())
}

struct Raw {
    path: PathBuf,
    file: File,
    rate_hz: u32,
}

impl Raw {
    /// The raw file of a call, whichever tap has left it; `None` where there is none.
    fn open(tap_folder: &Path, id: CallId) -> Result<Option<Self>, TapError> {
        for form in Form::ALL {
            let path = form.path(tap_folder, id);
            match raw::open(&path) {
                Ok((file, _)) => {
                    return Ok(Some(Self {
                        path,
                        file,
                        rate_hz: form.rate_hz(),
                    }));
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// All samples at 8 kHz, and silence where there were gaps.
    fn filled<E: From<TapError>>(
        self,
        gaps: &[Gap],
        put: &mut dyn FnMut(&[i16]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut read, mut gaps) = (0, gaps);
        self.resampled(&mut |mut samples| {
            while let [gap, later @ ..] = gaps {
                let ahead = gap.at.samples().saturating_sub(read);
                if ahead >= samples.len() as u64 {
                    break;
                }
                let (first, rest) = samples.split_at(ahead as usize);
                read += ahead;
                put(first)?;
                silence(gap.lost, put)?;
                (samples, gaps) = (rest, later);
            }
            read += samples.len() as u64;
            put(samples)
        })?;
        gaps.iter().try_for_each(|gap| silence(gap.lost, put))
    }

    fn resampled<E: From<TapError>>(
        mut self,
        each: &mut dyn FnMut(&[i16]) -> Result<(), E>,
    ) -> Result<(), E> {
        let unreadable = |error| E::from(raw::unreadable(&self.path, error));
        let mut resampler =
            Resampler::new(self.rate_hz).map_err(|error| unreadable(io::Error::other(error)))?;
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
fn write(raw: Raw, path: &Path, gaps: &[Gap]) -> Result<(), KeepError> {
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
    raw: Raw,
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
    let (mut out, mut written) = (BufWriter::new(file), 0);
    out.write_all(&wav::header(0)).map_err(failed)?;
    raw.filled(gaps, &mut |samples| {
        written += samples.len() as u64;
        samples
            .iter()
            .try_for_each(|sample| out.write_all(&sample.to_le_bytes()))
            .map_err(failed)
    })?;
    out.seek(SeekFrom::Start(0)).map_err(failed)?;
    out.write_all(&wav::header(written)).map_err(failed)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).map_err(failed)
}

/// Puts so much silence.
fn silence<E>(length: MediaTime, put: &mut dyn FnMut(&[i16]) -> Result<(), E>) -> Result<(), E> {
    const ZEROS: [i16; 4_096] = [0; 4_096];
    let mut left = length.samples();
    while left > 0 {
        let take = left.min(ZEROS.len() as u64);
        put(&ZEROS[..take as usize])?;
        left -= take;
    }
    Ok(())
}

/// The sound of a call is kept by one at a time; calls that share a turn wait for one another.
static TURNS: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_file_is_read_as_it_will_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (tap, data) = (folder.path(), folder.path());
        let started = Timestamp::UNIX_EPOCH;
        let gap = |at, lost| Gap {
            at: MediaTime::from_millis(at),
            lost: MediaTime::from_millis(lost),
        };
        let gaps = [gap(0, 30), gap(250, 700), gap(1_000, 100)];
        for (n, form) in (1..).zip(Form::ALL) {
            let id = CallId::new(started, n);
            let second = (0..form.rate_hz()).map(|n| (n % 4_801) as i16 - 2_400);
            let bytes: Vec<u8> = second.flat_map(i16::to_le_bytes).collect();
            fs::write(form.path(tap, id), bytes).unwrap();
            let sound = |gaps: &[Gap]| {
                let mut sound = Vec::new();
                let each = &mut |samples: &[i16]| sound.extend_from_slice(samples);
                read(tap, data, id, started, gaps, each).unwrap();
                sound
            };
            let raw = sound(&gaps);
            assert_eq!(raw.len(), 8_000 + 240 + 5_600 + 800, "{form:?}");
            assert!(raw[2_240..7_840].iter().all(|&sample| sample == 0));
            assert!(raw[7_840..8_000].iter().any(|&sample| sample != 0));
            keep(tap, data, id, started, &gaps).unwrap();
            assert_eq!(sound(&[]), raw, "{form:?}");
        }
    }
}
