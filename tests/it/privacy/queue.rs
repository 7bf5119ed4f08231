//! The recording of a wait in a queue, where one is kept, is one like any other: kept for its days, given out, erased.

use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;
use voicemail_guard::call_log::Reader;
use voicemail_guard::call_record::{CallRecord, MailboxName, QueueWait, WaitEnd};
use voicemail_guard::figures::Period;
use voicemail_guard::keeping::KeepRules;
use voicemail_guard::recordings;

use super::export::exported;
use super::house::{House, by_them};
use super::retention::{sweep, sweeper};
use super::{days, open_at, put_audio};
use crate::support::call_log::{all, flush};

/// The caller who is erased, in the queue, with what was heard of them.
fn wait() -> CallRecord {
    let call = by_them(1, "091112345678", Some("+4991112345678"));
    CallRecord {
        mailbox: MailboxName::of_queue("support").unwrap(),
        queue: Some(QueueWait {
            waited_s: Some(40),
            ended: Some(WaitEnd::HungUp),
            ..QueueWait::new("support".into())
        }),
        verdict: None,
        audio: Some(recordings::place(call.id, call.started)),
        delivered: Vec::new(),
        repeat_window_s: None,
        ..call
    }
}

#[test]
fn the_recording_of_a_wait_is_kept_for_its_days_and_the_wait_stays_counted() {
    let folder = TempDir::new().unwrap();
    let wait = wait();
    let began: Timestamp = wait.started;
    let log = open_at(folder.path(), began);
    let sweeper = sweeper(folder.path(), &log);
    put_audio(folder.path(), &wait);
    log.close_call(wait.clone());
    flush(&log);
    let file = folder.path().join(wait.audio.as_ref().unwrap());
    let counted = || {
        let last = began.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let period = Period::new(last.yesterday().unwrap(), last.tomorrow().unwrap());
        let tally = Reader::open(folder.path()).unwrap().tally(period, None);
        let waits = tally.unwrap().waits;
        waits.iter().map(|of| of.counts.waits).sum::<u64>()
    };
    for (day, has_audio, records) in [
        (89, true, 1),
        (91, false, 1),
        (364, false, 1),
        (366, false, 0),
    ] {
        sweep(&sweeper, &KeepRules::default(), began + days(day));
        assert_eq!(file.exists(), has_audio, "day {day}");
        let kept = all(folder.path());
        assert_eq!(kept.len(), records, "day {day}");
        assert!(kept.iter().all(|kept| kept.audio.is_some() == has_audio));
        assert_eq!(counted(), 1, "day {day}");
    }
}

#[test]
fn a_person_gets_what_was_heard_of_their_wait() {
    let folder = TempDir::new().unwrap();
    let wait = wait();
    let log = open_at(folder.path(), wait.started);
    put_audio(folder.path(), &wait);
    log.close_call(wait);
    flush(&log);
    let file = folder.path().join("person.zip");
    let arguments = ["--number", "0911 12345678", file.to_str().unwrap()];
    let (_, out) = exported(folder.path(), &arguments).unwrap();
    assert!(out.contains("1 call, 1 recording."), "{out}");
}

#[test]
fn a_wait_is_erased_with_what_was_heard_of_it() {
    for by in ["--number", "--call"] {
        let house = House::new();
        let wait = wait();
        let log = house.open();
        put_audio(&house.data(), &wait);
        log.close_call(wait.clone());
        flush(&log);
        let kept = house.data().join(wait.audio.as_ref().unwrap());
        // What could not be kept, of a wait before.
        let raw = house.folder().join("tap").join(format!("{}.sln", wait.id));
        fs::write(&raw, [0; 320]).unwrap();
        let id = wait.id.to_string();
        let which = if by == "--call" {
            &*id
        } else {
            "0911 12345678"
        };
        let (_, out) = house.erase(&[by, which, "--yes"], "");
        assert!(out.contains("Erased: 1 call,"), "{out}");
        assert!(!kept.exists() && !raw.exists(), "{out}");
        assert_eq!(house.grep(&[&id]), []);
        let period = "2026-11-24".parse().unwrap();
        let reader = Reader::open(&house.data()).unwrap();
        let tally = reader.tally(Period::new(period, period), None).unwrap();
        let waits: u64 = tally.waits.iter().map(|of| of.counts.waits).sum();
        assert_eq!(waits, 1, "what is counted names nobody");
    }
}
