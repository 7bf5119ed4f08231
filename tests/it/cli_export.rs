//! `export`: what it writes, who can read it, and that the ear's training takes it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::audio::wav;
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::cli::{Cli, Command, export};
use voicemail_guard::recordings;

use crate::support::call_log::{flush, open};
use crate::support::command_line::run;
use crate::support::records::closed;
use crate::support::sources::root;

#[path = "../../examples/support/ear_rows.rs"]
mod ear_rows;

/// A call with a recording of so many samples, if any.
fn call(data: &Path, n: u32, verdict: Verdict, samples: Option<usize>) -> CallRecord {
    let mut record = closed(n, verdict);
    let place = recordings::place(record.id, record.started);
    if let Some(samples) = samples {
        let path = data.join(&place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let sound: Vec<i16> = (0..samples).map(|at| (at % 200 * 90) as i16).collect();
        fs::write(path, wav::encode(&sound)).unwrap();
    }
    record.audio = Some(place);
    record
}

/// A data folder with three calls that were judged wrongly, one of them without its recording, and
/// one that was not.
fn data() -> (TempDir, [CallRecord; 4]) {
    let data = TempDir::new().unwrap();
    let log = open(data.path()).log;
    let mut unheard = call(data.path(), 2, Verdict::Message, Some(30_000));
    unheard.timeline.clear();
    let calls = [
        call(data.path(), 1, Verdict::HoldMusic, Some(40_000)),
        unheard,
        call(data.path(), 3, Verdict::Silent, None),
        call(data.path(), 4, Verdict::Silent, Some(8_000)),
    ];
    for record in &calls {
        log.close_call(record.clone());
    }
    flush(&log);
    for (record, verdict) in calls.iter().zip(["message", "tone", "message"]) {
        let (_, out) = run(
            data.path(),
            &[
                "judge",
                &record.id.to_string(),
                verdict,
                "--as",
                "anna",
                "secret",
            ],
        );
        assert!(out.contains("says anna"), "{out}");
    }
    (data, calls)
}

fn exported(data: &Path, folder: &Path) -> (ExitCode, String) {
    run(
        data,
        &["export", "--judged-wrong", folder.to_str().unwrap()],
    )
}

fn refused(data: &Path, folder: &Path) -> export::Error {
    let line = [
        "voicemail-guard",
        "export",
        "--judged-wrong",
        folder.to_str().unwrap(),
    ];
    let Ok(Cli {
        command: Command::Export(arguments),
        ..
    }) = Cli::try_parse_from(line)
    else {
        panic!("{line:?}");
    };
    export::run(&arguments, data, &mut Vec::new()).unwrap_err()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_judged_wrongly_is_written_for_its_owner_alone_and_nothing_else() {
    let (data, calls) = data();
    let place = TempDir::new().unwrap();
    let folder = place.path().join("wrong");
    let (code, out) = exported(data.path(), &folder);
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains(": 2.\n"), "{out}");
    assert!(
        out.contains(&format!(
            "no recording of them is there: 1 ({})",
            calls[2].id
        )),
        "{out}"
    );
    assert_eq!((mode(&folder), mode(&folder.join("wav"))), (0o700, 0o700));
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(
        names(&folder),
        ["manifest.jsonl", "wav"].map(String::from).into()
    );
    let files = [0, 1].map(|n: usize| format!("{}.wav", calls[n].id));
    assert_eq!(names(&folder.join("wav")), files.clone().into());
    for (file, record) in files.iter().zip(&calls) {
        let path = folder.join("wav").join(file);
        assert_eq!(mode(&path), 0o600);
        let kept = recordings::path(data.path(), record).unwrap();
        assert_eq!(fs::read(path).unwrap(), fs::read(kept).unwrap());
    }
    let manifest = folder.join("manifest.jsonl");
    assert_eq!(mode(&manifest), 0o600);
    let text = fs::read_to_string(&manifest).unwrap();
    for personal in ["Müller", "0171", "0911", "20000001", "anna", "secret"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    let truth: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The newest first, as everywhere.
    let said = |of: &Value| {
        [
            of["file"].clone(),
            of["verdict"].clone(),
            of["judged"].clone(),
        ]
    };
    assert_eq!(
        said(&truth[1]),
        [files[0].as_str(), "message", "hold_music"].map(Value::from)
    );
    assert_eq!(
        said(&truth[0]),
        [files[1].as_str(), "tone", "message"].map(Value::from)
    );

    // Nothing is ever written over, nor beside what is there.
    let error = refused(data.path(), &folder);
    assert!(
        error
            .to_string()
            .contains("is not an empty folder; nothing was written"),
        "{error}"
    );
    assert_eq!(error.exit_code(), ExitCode::from(2));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    assert!(matches!(
        refused(data.path(), &manifest),
        export::Error::NotEmpty(_)
    ));
}

#[test]
fn a_folder_that_is_there_stays_as_it_is() {
    let (data, _) = data();
    let place = TempDir::new().unwrap();
    let [plain, shared] = ["plain", "shared"].map(|name| place.path().join(name));
    let link = place.path().join("link");
    symlink(&shared, &link).unwrap();
    // Nobody makes a folder behind a link by mistake.
    let error = refused(data.path(), &link);
    assert!(
        error
            .to_string()
            .ends_with("is a link that leads nowhere; nothing was written"),
        "{error}"
    );
    assert_eq!(error.exit_code(), ExitCode::from(2));
    assert!(!shared.exists());
    for folder in [&plain, &shared] {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (given, folder) in [(&plain, &plain), (&link, &shared)] {
        assert_eq!(exported(data.path(), given).0, ExitCode::SUCCESS);
        assert_eq!(mode(folder), 0o755);
        assert_eq!(mode(&folder.join("wav")), 0o700);
        assert_eq!(mode(&folder.join("manifest.jsonl")), 0o600);
    }
}

#[test]
fn a_file_beside_the_folder_is_a_mistake() {
    let line = [
        "voicemail-guard",
        "export",
        "--judged-wrong",
        "wrong",
        "x.zip",
    ];
    let refused = Cli::try_parse_from(line).unwrap_err().to_string();
    assert!(refused.contains("cannot be used with"), "{refused}");
}

#[test]
fn where_there_is_nothing_to_write_no_folder_is_made() {
    let data = TempDir::new().unwrap();
    let log = open(data.path()).log;
    let record = call(data.path(), 1, Verdict::Hangup, None);
    log.close_call(record.clone());
    flush(&log);
    let folder = data.path().join("wrong");
    let (code, out) = exported(data.path(), &folder);
    assert_eq!(code, ExitCode::from(1));
    assert!(out.contains("No call is marked as judged wrongly"), "{out}");
    run(
        data.path(),
        &["judge", &record.id.to_string(), "message", "--as", "anna"],
    );
    let (code, out) = exported(data.path(), &folder);
    assert_eq!(code, ExitCode::from(1));
    assert!(
        out.starts_with("Nothing was written.\n") && out.contains(&record.id.to_string()),
        "{out}"
    );
    assert!(!folder.exists());
}

/// The example that measures recordings for the training reads what was exported, and every line
/// has all that the training asks of it.
#[test]
fn the_training_takes_what_was_exported() {
    let (data, calls) = data();
    let folder = data.path().join("wrong");
    exported(data.path(), &folder);
    ear_rows::write(&folder).unwrap();
    let index = fs::read_to_string(folder.join("rows.txt")).unwrap();
    // A row for 40 ms of 5 s and of 3.75 s.
    let rows =
        [(&calls[1], 93), (&calls[0], 125)].map(|(call, n)| format!("{}.wav {n}\n", call.id));
    assert_eq!(index, rows.concat());
    let measured = fs::metadata(folder.join("rows.f32")).unwrap().len();
    assert_eq!(measured, 218 * 45 * 4);

    let text = fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let classes = ["speech", "silence", "music", "tone", "noise"];
    let sources = ["train.py", "report.py", "doubt.py"].map(|name| {
        let path = root().join("src/hearing/train").join(name);
        fs::read_to_string(path).unwrap()
    });
    // What is asked of a line is called `t` there, and of a segment `s`.
    let asked = |of: &str| -> BTreeSet<String> {
        let places = sources.iter().flat_map(|source| {
            let found = source.match_indices(of);
            found.filter_map(|(at, _)| {
                let before = source[..at].chars().next_back()?;
                let key = source[at + of.len()..].split('"').next()?;
                (!before.is_alphanumeric() && before != '_').then(|| key.to_owned())
            })
        });
        places.collect()
    };
    let (of_call, of_segment) = (asked("t[\""), asked("s[\""));
    assert!(
        of_call.contains("dur") && of_segment.contains("alt"),
        "the training is read differently"
    );
    for line in text.lines() {
        let truth: Value = serde_json::from_str(line).unwrap();
        for key in &of_call {
            assert!(truth.get(key).is_some(), "{key}: {line}");
        }
        let (length, mut end) = (truth["dur"].as_f64().unwrap(), 0.0);
        let segments = truth["segments"].as_array().unwrap();
        assert!(!segments.is_empty(), "{line}");
        for of in segments {
            for key in &of_segment {
                assert!(of.get(key).is_some(), "{key}: {line}");
            }
            let start = of["start"].as_f64().unwrap();
            assert!(start >= end, "{line}");
            end = of["end"].as_f64().unwrap();
            assert!(end <= length, "{line}");
            let also = of["alt"].as_array().unwrap().iter();
            for class in also.chain([&of["class"]]) {
                assert!(classes.contains(&class.as_str().unwrap()), "{line}");
            }
        }
    }
}
