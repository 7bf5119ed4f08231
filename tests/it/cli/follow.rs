//! `calls --follow`: each call as it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use jiff::{SignedDuration, Timestamp};
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::clock::Clock;

use super::guard;
use crate::support::records::closed;

/// A call that began so many minutes ago and lasted one.
fn ended(number: u32, minutes: i64, now: Timestamp) -> CallRecord {
    let started = now - SignedDuration::from_mins(minutes);
    CallRecord {
        started,
        ended: Some(started + SignedDuration::from_mins(1)),
        ..closed(number, Verdict::Message)
    }
}

fn follow(folder: &Path, more: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut child = guard()
        .args(["calls", "--follow", "--data"])
        .arg(folder)
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn line(lines: &mut impl BufRead) -> String {
    let mut line = String::new();
    assert!(lines.read_line(&mut line).unwrap() > 0, "it ended");
    line
}

#[test]
fn calls_are_printed_as_they_end_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let now = Clock::default().date();
    let (earlier, longer, later) = (ended(1, 30, now), ended(2, 20, now), ended(3, 5, now));
    log.close_call(ended(4, 90, now));
    let up = CallRecord {
        ended: None,
        verdict: None,
        ..longer.clone()
    };
    log.close_call(earlier.clone());
    let open = log.open_call(up);
    log.flush().blocking_recv().unwrap();

    let (mut child, mut lines) = follow(folder.path(), &["--since", "1h"]);
    assert!(line(&mut lines).contains(&earlier.id.to_string()));
    log.close_call(later.clone());
    assert!(line(&mut lines).contains(&later.id.to_string()));
    // It began before that one and ends behind it.
    std::mem::forget(open);
    log.close_call(longer.clone());
    let last = line(&mut lines);
    assert!(
        last.contains(&longer.id.to_string()) && last.contains("Call back"),
        "{last}"
    );
    child.kill().unwrap();
    let mut rest = String::new();
    lines.read_line(&mut rest).unwrap();
    assert_eq!(rest, "");
    child.wait().unwrap();
}

#[test]
fn without_since_only_news_and_as_csv() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let now = Clock::default().date();
    let (old, new, other) = (ended(1, 30, now), ended(2, 10, now), ended(3, 9, now));
    log.close_call(old);
    log.flush().blocking_recv().unwrap();
    let (mut child, mut lines) = follow(
        folder.path(),
        &["--format", "csv", "--number", &new.caller.number],
    );
    // Behind the first look.
    let head = line(&mut lines);
    assert!(head.contains("verdict"), "{head}");
    log.close_call(other);
    log.close_call(new.clone());
    let row = line(&mut lines);
    assert!(row.contains(&new.id.to_string()), "{row}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_ends_when_nobody_reads_and_where_there_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _) = follow(folder.path(), &[]);
    assert_eq!(child.wait().unwrap().code(), Some(1));

    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let (mut child, mut lines) = follow(folder.path(), &["--format", "csv"]);
    line(&mut lines);
    drop(lines);
    log.close_call(ended(1, 2, Clock::default().date()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let both = guard()
        .args(["calls", "--follow", "--open"])
        .output()
        .unwrap();
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}
