//! What commands say of days, mailboxes and calls that there are not; and of notes in lines.

use std::path::Path;

use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::Verdict;
use voicemail_guard::clock::Clock;

use super::{guard, text};
use crate::support::records::closed;

/// The exit code, and what stands on both outputs.
fn run(data: &Path, line: &[&str]) -> (Option<i32>, String) {
    let mut command = guard();
    command.args(line).arg("--data").arg(data);
    for user in ["SUDO_USER", "USER", "LOGNAME"] {
        command.env_remove(user);
    }
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let said = format!("{}{error}", text(&output));
    (output.status.code(), said)
}

#[test]
fn what_there_is_not_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let log = CallLog::open(data, Clock::default()).unwrap().log;
    log.close_call(closed(1, Verdict::Message));
    log.flush().blocking_recv().unwrap();
    let long = "x".repeat(2_001);
    for (line, code, said) in [
        (
            &["figures", "--since", "9999-12-31"][..],
            2,
            "--since is a day to come: nothing is counted yet",
        ),
        (
            &["figures", "--since", "2026-11-24", "--until", "2026-11-23"],
            2,
            "--since is later than --until",
        ),
        (
            &["calls", "--since", "5000000d"],
            2,
            "the calendar has no such time",
        ),
        (
            &["figures", "--box", "555"],
            2,
            "555@default is neither in the settings, nor has it been called",
        ),
        (
            &["digest", "--box", "555"],
            2,
            "555@default is neither in the settings, nor has it been called",
        ),
        (&["figures", "--box", "../x"], 2, "is no mailbox's name"),
        (
            &["judge", "6aq6scwt0009", "message"],
            1,
            "There is no call \"6aq6scwt0009\".",
        ),
        (
            &["judge", "6aq6scwt0009", "message", &long],
            1,
            "There is no call \"6aq6scwt0009\".",
        ),
        (
            &["judge", "6aq6scwt0001", "tone"],
            2,
            "who does this is not known",
        ),
    ] {
        let (exit, text) = run(data, line);
        assert_eq!(exit, Some(code), "{line:?}: {text}");
        assert!(text.contains(said), "{line:?}: {text}");
    }
    for known in [
        &["figures", "--box", "100"][..],
        &["digest", "--box", "100@default"],
    ] {
        assert_eq!(run(data, known).0, Some(0), "{known:?}");
    }
}

#[test]
fn a_note_of_two_lines_has_no_sign_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let log = CallLog::open(data, Clock::default()).unwrap().log;
    let mut record = closed(1, Verdict::Message);
    record.repeat_window_s = Some(3_600);
    log.close_call(record.clone());
    log.flush().blocking_recv().unwrap();
    drop(log);
    let id = record.id.to_string();
    let note = "rang at ten\n\nagain at two";
    for line in [
        &["case", &id, "note", note, "--as", "anna"][..],
        &["judge", &id, "tone", note, "--as", "anna"],
    ] {
        let (exit, text) = run(data, line);
        assert_eq!(exit, Some(0), "{text}");
    }
    for line in [&["case", &id][..], &["call", &id]] {
        let (_, text) = run(data, line);
        assert!(text.contains(": rang at ten again at two\n"), "{text}");
        assert!(!text.contains("\\n"), "{text}");
    }
}
