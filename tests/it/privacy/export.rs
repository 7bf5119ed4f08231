//! What a person gets who asks what is kept about them.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::call_log::{Change, Listening};
use voicemail_guard::call_record::{CallId, CallRecord, Reason, Trouble, Verdict};
use voicemail_guard::case::{Author, Judgement, Judging, Step, Via};
use voicemail_guard::cli::{Cli, Command, export};
use voicemail_guard::recordings;
use zip::ZipArchive;

use super::{block_on, open_at, put_audio};
use crate::support::call_log::flush;
use crate::support::records::closed;

const NUMBER: &str = "0911 20000001";

pub(super) fn exported(
    data: &Path,
    arguments: &[&str],
) -> Result<(ExitCode, String), export::Error> {
    let line = [&["voicemail-guard", "export"], arguments].concat();
    let Command::Export(args) = Cli::try_parse_from(line).unwrap().command else {
        panic!("another command");
    };
    let mut out = Vec::new();
    let code = export::run(&args, data, &mut out)?;
    Ok((code, String::from_utf8(out).unwrap()))
}

fn text(archive: &mut ZipArchive<File>, name: &str) -> String {
    let mut text = String::new();
    archive
        .by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Two calls by a person, one by another who names their number, and one that is nothing to them.
fn filled(data: &Path) -> [CallRecord; 4] {
    let log = open_at(data, "2026-11-24T10:00:00Z".parse().unwrap());
    let mut calls = [1, 2, 3, 4].map(|n| closed(n, Verdict::Message));
    calls[0].caller.name = "Ö <script>alert(1)</script> \u{202e}".into();
    calls[1].caller = calls[0].caller.clone();
    calls[2].callback.number = "+49 911 20000001".into();
    calls[2].callback.e164 = "+4991120000001".parse().ok();
    for call in &mut calls {
        call.id = CallId::new(call.started, 9);
        call.repeat_window_s = Some(86_400);
        call.audio = Some(recordings::place(call.id, call.started));
        log.close_call(call.clone());
    }
    put_audio(data, &calls[0]);
    flush(&log);
    block_on(log.change_case(Change {
        case: calls[0].id,
        seen: None,
        step: Step::Reached,
        note: Some("will send the contract".into()),
        author: Author {
            who: "anna".into(),
            via: Via::Page,
        },
        at: calls[1].started,
    }))
    .unwrap();
    block_on(log.note_listening(Listening {
        call: calls[0].id,
        who: "anna".into(),
        address: "192.0.2.7".into(),
        at: calls[1].started,
    }))
    .unwrap();
    calls
}

#[test]
fn a_person_gets_everything_about_them_and_nothing_about_others() {
    let folder = TempDir::new().unwrap();
    let calls = filled(folder.path());
    let file = folder.path().join("person.zip");
    let name = file.to_str().unwrap();
    let arguments = ["--number", NUMBER, "--language", "de", name];
    let (code, out) = exported(folder.path(), &arguments).unwrap();
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("2 calls, 1 recording."), "{out}");
    assert!(out.contains(&calls[2].id.to_string()), "{out}");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut archive = ZipArchive::new(File::open(&file).unwrap()).unwrap();
    let recording = format!("recordings/{}.wav", calls[0].id);
    let mut names: Vec<_> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["calls.json", "index.html", &recording]);
    assert_eq!(text(&mut archive, &recording), "RIFF");
    let page = text(&mut archive, "index.html");
    for said in [
        "<html lang=\"de\">",
        "Was über Ihre Anrufe gespeichert ist",
        "hat eine Nachricht hinterlassen",
        "will send the contract",
        "&lt;script&gt;",
        &format!("<audio controls src=\"{recording}\">"),
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    let json = text(&mut archive, "calls.json");
    let read: Value = serde_json::from_str(&json).unwrap();
    let read = read.as_array().unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0]["id"], calls[0].id.to_string());
    assert_eq!(read[0]["caller"]["name"], calls[0].caller.name);
    assert_eq!(read[0]["notes"][0]["note"], "will send the contract");
    assert_eq!(read[0]["timeline"].as_array().unwrap().len(), 2);
    assert_eq!(read[1]["recording"], Value::Null);
    assert_eq!(read[0]["listened"].as_array().unwrap().len(), 1);
    // Who of the team it was is not the person's to know.
    for text in [&page, &json] {
        assert!(!text.contains("anna") && !text.contains("192.0.2.7"));
        assert!(!text.contains(&calls[3].id.to_string()));
    }

    // Nothing is written over.
    let again = exported(folder.path(), &arguments);
    assert!(matches!(again, Err(export::Error::Exists(_))));
    let other = folder.path().join("all.zip");
    let name = other.to_str().unwrap();
    let arguments = ["--number", NUMBER, "--called-back-too", name];
    let (_, out) = exported(folder.path(), &arguments).unwrap();
    assert!(
        out.contains("3 calls") && !out.contains("Left out"),
        "{out}"
    );
}

#[test]
fn a_page_cannot_be_written_by_those_who_called() {
    let folder = TempDir::new().unwrap();
    let log = open_at(folder.path(), "2026-11-24T10:00:00Z".parse().unwrap());
    let evil = "\"'><script>alert(1)</script><img src=x onerror=y>\u{202e}\u{1b}[2J</dd>";
    let mut call = closed(1, Verdict::Message);
    call.caller.number = evil.into();
    call.caller.name = evil.into();
    call.callback.number = evil.into();
    call.callback.e164 = None;
    call.dnid = evil.into();
    call.rdnis = evil.into();
    call.channel = evil.into();
    call.uniqueid = evil.into();
    call.linkedid = evil.into();
    call.mailbox = evil.into();
    call.watched = Some(evil.into());
    call.reasons = vec![
        Reason::Text(evil.into()),
        Reason::Straight(evil.into()),
        Reason::Trouble(Trouble::Command(evil.into())),
    ];
    log.close_call(call.clone());
    flush(&log);
    let author = || Author {
        who: "q7x".into(),
        via: Via::Page,
    };
    block_on(log.change_case(Change {
        case: call.id,
        seen: None,
        step: Step::Note,
        note: Some(evil.into()),
        author: author(),
        at: call.started,
    }))
    .unwrap();
    block_on(log.judge(Judging {
        call: call.id,
        judgement: Judgement::Was(Verdict::Aside),
        note: Some(evil.into()),
        author: author(),
        at: call.started,
    }))
    .unwrap();
    for language in ["de", "en"] {
        let file = folder.path().join(format!("{language}.zip"));
        let arguments = [
            "--number",
            NUMBER,
            "--language",
            language,
            file.to_str().unwrap(),
        ];
        let (code, out) = exported(folder.path(), &arguments).unwrap();
        assert_eq!(code, ExitCode::SUCCESS, "{out}");
        let mut archive = ZipArchive::new(File::open(&file).unwrap()).unwrap();
        let page = text(&mut archive, "index.html");
        // The only tags are the page's own, and none has an attribute of theirs.
        for tag in page.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let name = tag.trim_start_matches('/');
            let name = name.split(' ').next().unwrap();
            let own = [
                "!DOCTYPE", "html", "meta", "title", "style", "h1", "h2", "p", "dl", "dt", "dd",
            ];
            assert!(own.contains(&name), "{tag}: {page}");
            assert!(!tag.contains("onerror"), "{tag}");
        }
        assert!(page.matches("&lt;script&gt;").count() >= 5, "{page}");
        for c in ['\u{202e}', '\u{1b}'] {
            assert!(!page.contains(c), "{c:?}");
        }
        let json = text(&mut archive, "calls.json");
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read[0]["caller"]["name"], evil);
        assert_eq!(read[0]["correction"]["verdict"], "aside");
        assert_eq!(read[0]["correction"]["note"], evil);
        assert!(!json.contains("q7x") && !page.contains("q7x"));
        for name in archive.file_names() {
            let name = name.unwrap();
            assert!(!name.contains("..") && !name.starts_with('/'), "{name}");
        }
    }
}

#[test]
fn of_a_number_that_never_called_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    filled(folder.path());
    let file = folder.path().join("nobody.zip");
    let arguments = ["--number", "0911 555", file.to_str().unwrap()];
    let (code, out) = exported(folder.path(), &arguments).unwrap();
    assert_eq!(code, ExitCode::from(1));
    assert!(out.starts_with("There is nothing of this number"), "{out}");
    assert!(!file.exists());
    for line in [&["--number", NUMBER][..], &["a.zip"], &[]] {
        let line = [&["voicemail-guard", "export"], line].concat();
        assert!(Cli::try_parse_from(line).is_err());
    }
}
