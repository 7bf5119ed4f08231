//! A folder with everything that a guard has, and the calls that lie in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use tempfile::TempDir;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, Callback, CallbackSource, Presentation, Verdict};
use voicemail_guard::cli::{Cli, Command, erase};
use voicemail_guard::config::Config;
use voicemail_guard::recordings;

use super::open_at;
use crate::support::records::closed;
use crate::support::sources::files_below;

/// A folder with everything that a guard has: data, tap folder, spool.
pub(super) struct House {
    /// Removed with this.
    _own: Option<TempDir>,
    folder: PathBuf,
    pub(super) config: Config,
}

impl House {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["log", "tap", "spool/default"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let house = Self::at(folder.path());
        Self {
            _own: Some(folder),
            ..house
        }
    }

    /// One that is there already.
    pub(super) fn at(folder: &Path) -> Self {
        let mut config = Config::default();
        config.tap.folder_as_guard_sees_it = folder.join("tap");
        config.delivery.voicemail.spool = folder.join("spool");
        Self {
            _own: None,
            folder: folder.into(),
            config,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Not called data: such folders are passed by when files are looked for.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn open(&self) -> CallLog {
        open_at(&self.data(), "2026-11-24T10:00:00Z".parse().unwrap())
    }

    /// What `erase` ends with, and what it prints.
    pub(super) fn erase(&self, arguments: &[&str], answer: &str) -> (ExitCode, String) {
        let line = [&["voicemail-guard", "erase"], arguments].concat();
        let Command::Erase(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("another command");
        };
        let mut out = Vec::new();
        let ended = erase::run(
            &args,
            &self.config,
            &self.data(),
            &mut answer.as_bytes(),
            &mut out,
        );
        let out = String::from_utf8(out).unwrap();
        (ended.unwrap_or_else(|error| panic!("{error}: {out}")), out)
    }

    /// The files in which any of these texts stands; if the number is among them, also those in which
    /// it stands written in any other way, whatever its code of characters.
    #[track_caller]
    pub(super) fn grep(&self, texts: &[&str]) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for file in files_below(&self.folder, "") {
            let bytes = fs::read(&file).unwrap();
            let name = file.strip_prefix(&self.folder).unwrap();
            for text in texts {
                if contains(&bytes, text.as_bytes()) {
                    found.push((name.to_owned(), (*text).to_owned()));
                }
            }
            // Sound, and SQLite's list of pages one after the other, have bytes like digits.
            let is_sound = name.components().any(|part| part.as_os_str() == "audio");
            let is_binary = is_sound || name.ends_with("log/calls.sqlite-shm");
            if texts.contains(&SUBSCRIBER) && !is_binary && has_digits(&bytes, SUBSCRIBER) {
                found.push((name.to_owned(), SUBSCRIBER.to_owned()));
            }
        }
        found
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}

/// Whether these digits stand there, forwards or backwards, with whatever may stand between the
/// digits of a number: signs, or the other halves of wide characters.
fn has_digits(bytes: &[u8], digits: &str) -> bool {
    let bare: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !b" -/.()\0\xa0\xc2".contains(byte))
        .collect();
    let back: String = digits.chars().rev().collect();
    contains(&bare, digits.as_bytes()) || contains(&bare, back.as_bytes())
}

#[test]
fn digits_are_seen_however_they_are_written() {
    for text in [
        "x0911/1234-5678y",
        "(0911) 12 34 56 78",
        "+49 (0)911.12345678",
        "87654321119",
        "1\u{a0}2345678",
    ] {
        assert!(has_digits(text.as_bytes(), SUBSCRIBER), "{text}");
    }
    let wide: Vec<u8> = "12345678"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(has_digits(&wide, SUBSCRIBER));
    assert!(!has_digits(b"1234567 and 8", SUBSCRIBER));
}

/// What the number of the caller who is erased ends with.
const SUBSCRIBER: &str = "12345678";

/// Every form of the caller's number and name that may stand anywhere.
pub(super) const FORMS: [&str; 9] = [
    SUBSCRIBER,
    "1234 5678",
    "1234-5678",
    "87654321",
    "Äpfelmüller",
    "äpfelmüller",
    "apfelmuller",
    "Zwetschgen",
    "zwetschgen",
];

/// The `n`th call, by the caller who is erased, with the number as it was sent.
pub(super) fn by_them(n: u32, sent: &str, e164: Option<&str>) -> CallRecord {
    let mut record = closed(n, Verdict::Message);
    record.caller.number = sent.into();
    record.caller.e164 = e164.map(|e164| e164.parse().unwrap());
    record.caller.name = "Jörg Äpfelmüller".into();
    record.caller.presentation = Presentation::Shown;
    record.callback = Callback {
        number: sent.into(),
        e164: record.caller.e164.clone(),
        source: CallbackSource::CallerId,
        confirmed: false,
    };
    record.channel = "PJSIP/091112345678-0000002a".into();
    record.repeat_window_s = Some(86_400);
    record.audio = Some(recordings::place(record.id, record.started));
    record
}

pub(super) fn by_another(n: u32) -> CallRecord {
    let mut record = closed(n, Verdict::Unsure);
    record.caller.name = "Anna Beispiel".into();
    record.callback.number = "030 5550123".into();
    record.callback.e164 = "+49305550123".parse().ok();
    record.repeat_window_s = Some(86_400);
    record.audio = Some(recordings::place(record.id, record.started));
    record
}
