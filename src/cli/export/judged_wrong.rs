//! `export --judged-wrong FOLDER`: recordings of calls that were judged wrongly, with what they
//! really were.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::ExitCode;

use super::Error;
use super::truth::Truth;
use crate::audio::file::{Format, decode};
use crate::audio::{MediaTime, wav};
use crate::call_log::{ListedCall, Query, Reader};
use crate::call_record::{CallId, CallRecord, Verdict};
use crate::hearing::Recogniser;
use crate::recordings;
use crate::text::shown;

/// The truth, a line a recording.
const MANIFEST: &str = "manifest.jsonl";
/// The recordings.
const WAV: &str = "wav";

pub(super) fn run(
    folder: &Path,
    data_folder: &Path,
    out: &mut dyn Write,
) -> Result<ExitCode, Error> {
    let mut calls = Vec::new();
    let mut unreadable = None;
    let query = Query {
        judged_wrong: true,
        ..Query::default()
    };
    Reader::open(data_folder)?.each_with_case(&query, |call| {
        match call {
            Ok(call) => calls.push(call),
            Err(error) => unreadable = Some(error),
        }
        unreadable.is_none()
    })?;
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    if calls.is_empty() {
        writeln!(
            out,
            "No call is marked as judged wrongly; voicemail-guard judge ID VERDICT marks one."
        )?;
        return Ok(ExitCode::from(1));
    }
    let (written, left_out) = write_all(folder, data_folder, &calls)?;
    if written > 0 {
        writeln!(
            out,
            "Recordings written to {}, their truth in {MANIFEST}: {written}.",
            shown(&folder.to_string_lossy())
        )?;
    } else {
        writeln!(out, "Nothing was written.")?;
    }
    if !left_out.is_empty() {
        let ids: Vec<_> = left_out.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "Left out, since no recording of them is there: {} ({}).",
            ids.len(),
            ids.join(", ")
        )?;
    }
    Ok(ExitCode::from(u8::from(written == 0)))
}

/// Writes the recordings that are there, and then what is true of them; how many, and of which
/// calls there are none.
///
/// The manifest comes last: without it nobody takes the folder for complete.
fn write_all(
    folder: &Path,
    data_folder: &Path,
    calls: &[ListedCall],
) -> Result<(usize, Vec<CallId>), Error> {
    must_be_empty(folder)?;
    let (mut manifest, mut left_out) = (String::new(), Vec::new());
    let mut written = 0;
    for call in calls {
        let (record, Some(correction)) = (&call.record, &call.correction) else {
            continue;
        };
        let (Some(samples), Some(judged)) = (samples(data_folder, record), record.verdict) else {
            left_out.push(record.id);
            continue;
        };
        if written == 0 {
            make(folder)?;
        }
        let truth = truth(record, (judged, correction.verdict), &samples);
        write_new(&folder.join(WAV).join(&truth.file), &wav::encode(&samples))?;
        let line = serde_json::to_string(&truth).map_err(io::Error::from)?;
        manifest.extend([line.as_str(), "\n"]);
        written += 1;
    }
    if written > 0 {
        write_new(&folder.join(MANIFEST), manifest.as_bytes())?;
    }
    Ok((written, left_out))
}

/// The recording of a call; `None` where it is gone or nobody can read it.
fn samples(data_folder: &Path, record: &CallRecord) -> Option<Vec<i16>> {
    let bytes = fs::read(recordings::path(data_folder, record)?).ok()?;
    let sound = decode(&bytes, Format::Wav).ok()?;
    (!sound.samples.is_empty()).then_some(sound.samples)
}

fn truth(record: &CallRecord, verdicts: (Verdict, Verdict), samples: &[i16]) -> Truth {
    let length = MediaTime::from_samples(samples.len() as u64);
    if !record.timeline.is_empty() {
        return Truth::of(record.id, verdicts, length, &record.timeline);
    }
    let mut recogniser = Recogniser::default();
    recogniser.push(samples);
    Truth::of(record.id, verdicts, length, recogniser.finish().segments())
}

fn must_be_empty(folder: &Path) -> Result<(), Error> {
    match folder.read_dir().map(|mut entries| entries.next()) {
        Ok(None) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if folder.is_symlink() {
                return Err(Error::LeadsNowhere(folder.into()));
            }
            Ok(())
        }
        Ok(Some(_)) => Err(Error::NotEmpty(folder.into())),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(Error::NotEmpty(folder.into()))
        }
        Err(error) => Err(failed(folder)(error)),
    }
}

/// Makes what is not there yet for its owner alone: the folder and the one for the recordings. One that is there,
/// perhaps behind a link, stays as it is: what is written into it nobody else can read.
fn make(folder: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
        .recursive(true)
        .create(folder)
        .map_err(failed(folder))?;
    let wav = folder.join(WAV);
    builder.recursive(false).create(&wav).map_err(failed(&wav))
}

/// Writes a file that is not there yet, for its owner alone.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File {
        path: path.into(),
        source,
    }
}
