//! `export --number`: everything about a person, for themselves (GDPR, Art. 15 and 20).
//!
//! Who of the team did something, and who listened, is the team's and not in it (Art. 15 (4)).

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::Error;
use super::exported::{Corrected, Exported, Note};
use super::page::page;
use crate::call_log::{Eraser, Found, Reader, Stage};
use crate::call_record::Pseudonym;
use crate::cli::erase::{Names, whole};
use crate::keeping::is_from;
use crate::number::Mention;
use crate::recordings;
use crate::text::{counted, plain_json, shown};
use crate::wording::Language;

/// What is wanted, and for whom.
pub(super) struct Wanted {
    pub(super) number: Mention,
    /// The number as it was typed.
    pub(super) typed: String,
    pub(super) called_back_too: bool,
    pub(super) language: Language,
}

pub(super) fn run(
    wanted: &Wanted,
    file: &Path,
    data: &Path,
    out: &mut dyn Write,
) -> Result<ExitCode, Error> {
    if fs::symlink_metadata(file).is_ok() {
        return Err(Error::Exists(file.into()));
    }
    let names = Names::of(&wanted.number, data)?;
    let eraser = Eraser::open(data)?;
    let found = eraser.calls_of(&wanted.number, &names.sure)?;
    let unsure = eraser.unsure_calls(&wanted.number, &found, &names.unsure)?;
    let (own, by_others): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|call| is_by(call, &wanted.number, &names.sure));
    let mut calls = own;
    if wanted.called_back_too {
        calls.extend(by_others.iter().cloned());
        calls.sort_by_key(|call| call.started);
    }
    let reader = Reader::open(data)?;
    let mut exported = Vec::new();
    let mut unreadable = 0;
    for call in &calls {
        match exported_of(call, &reader, data)? {
            Some(call) => exported.push(call),
            None => unreadable += 1,
        }
    }
    if exported.is_empty() {
        if unsure.is_empty() && by_others.is_empty() {
            whole(&wanted.number, &wanted.typed)?;
        }
        writeln!(out, "There is nothing of this number; nothing was written.")?;
    } else {
        write(file, &exported, wanted, data)?;
        let recordings = exported.iter().filter(|call| call.recording.is_some());
        writeln!(
            out,
            "Written to {}: {}, {}.",
            shown(&file.to_string_lossy()),
            counted(exported.len(), "call"),
            counted(recordings.count(), "recording")
        )?;
    }
    if unreadable > 0 {
        writeln!(
            out,
            "Left out: {} that cannot be read.",
            counted(unreadable, "record")
        )?;
    }
    if !wanted.called_back_too && !by_others.is_empty() {
        let ids: Vec<_> = by_others.iter().map(|call| call.id.to_string()).collect();
        writeln!(
            out,
            "Left out, since they came from other telephones: {}. Look whether they are this person's, then say --called-back-too.",
            ids.join(", ")
        )?;
    }
    if !unsure.is_empty() {
        let ids: Vec<_> = unsure.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "Left out, since their digits may be this number or another's: {}. Look at them; they can be shown by voicemail-guard call.",
            ids.join(", ")
        )?;
    }
    Ok(ExitCode::from(u8::from(exported.is_empty())))
}

/// Whether a call came from this number, not only asks to be called back there.
fn is_by(call: &Found, number: &Mention, pseudonyms: &[Pseudonym]) -> bool {
    let record = call.record.as_ref();
    record.is_some_and(|record| is_from(record, number, pseudonyms))
}

fn exported_of(call: &Found, reader: &Reader, data: &Path) -> Result<Option<Exported>, Error> {
    let Some(record) = call.record.clone() else {
        return Ok(None);
    };
    let mut notes = Vec::new();
    if let Some(case) = reader.case_of(call.id)? {
        for event in reader.case_events(case.case.id)? {
            notes.push(Note {
                at: event.at,
                what: event.what,
                call: event.call,
                verdict: event.verdict,
                text: event.note,
            });
        }
    }
    let correction = reader.correction(call.id)?.map(|of| Corrected {
        at: of.at,
        verdict: of.verdict,
        text: of.note,
    });
    let listened = reader.listenings(call.id)?;
    let undelivered = call.undelivered.iter();
    let undelivered = undelivered.filter(|delivery| delivery.stage != Stage::Stored);
    let has_recording = recordings::path(data, &record).is_some_and(|path| path.is_file());
    Ok(Some(Exported {
        record: serde_json::to_value(&record).map_err(io::Error::from)?,
        recording: has_recording.then(|| format!("recordings/{}.wav", call.id)),
        notes,
        correction,
        listened: listened.iter().map(|listening| listening.at).collect(),
        undelivered: undelivered
            .map(|delivery| delivery.to.as_str().to_owned())
            .collect(),
        call: record,
    }))
}

/// Writes the archive: whole, or not at all.
fn write(file: &Path, calls: &[Exported], wanted: &Wanted, data: &Path) -> Result<(), Error> {
    let failed = |source| Error::File {
        path: file.into(),
        source,
    };
    // Only its owner may read it, and nothing that is there is written over.
    let archive = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::Exists(file.into()),
            _ => failed(source),
        })?;
    let written = fill(archive, calls, wanted, data).map_err(failed);
    if written.is_err() {
        fs::remove_file(file).ok();
    }
    written
}

fn fill(archive: File, calls: &[Exported], wanted: &Wanted, data: &Path) -> io::Result<()> {
    let mut zip = ZipWriter::new(archive);
    // Telephone sound hardly gets smaller.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o600);
    let shown = page(calls, &TimeZone::system(), wanted.language);
    zip.start_file("index.html", options)?;
    zip.write_all(shown.as_bytes())?;
    zip.start_file("calls.json", options)?;
    zip.write_all(plain_json(&serde_json::to_string_pretty(calls)?).as_bytes())?;
    for call in calls {
        let path = recordings::path(data, &call.call);
        if let (Some(name), Some(path)) = (&call.recording, path) {
            zip.start_file(name.as_str(), options)?;
            io::copy(&mut File::open(path)?, &mut zip)?;
        }
    }
    zip.finish()?.sync_all()
}
