//! What deletes is killed in the middle: nothing goes that is not due, and what was begun is
//! finished.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use voicemail_guard::call_record::{CallId, CallRecord, Pseudonym, Verdict};
use voicemail_guard::clock::{self, Clock};
use voicemail_guard::sweep::Swept;

use super::house::{FORMS, House, by_another, by_them};
use super::retention::{call, rules, sweep, sweeper};
use super::{block_on, days, open_at, put_audio};
use crate::support::call_log::{all, flush};
use crate::support::sources::files_below;

const CHILD: &str = "PRIVACY_TEST_CHILD";
const CHILD_FOLDER: &str = "PRIVACY_TEST_FOLDER";

fn start(test: &str, folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("privacy::killed::{test}"),
            "--nocapture",
        ])
        .env(CHILD, test)
        .env(CHILD_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let seen = lines
        .map_while(Result::ok)
        .any(|line| line.contains("READY"));
    assert!(seen, "the child ended by itself");
    child
}

fn ready() {
    let mut out = std::io::stdout();
    writeln!(out, "READY").unwrap();
    out.flush().unwrap();
}

/// Kills a child once so many recordings in a folder are gone.
fn kill_after(gone: usize, mut child: Child, folder: &Path, recordings: usize) {
    for _ in 0..10_000 {
        if files_below(folder, ".wav").len() + gone <= recordings {
            break;
        }
        clock::block(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

fn begin() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_sweep() {
    const DUE: u32 = 600;
    if std::env::var_os(CHILD).is_some() {
        let folder = std::env::var_os(CHILD_FOLDER).unwrap();
        let folder = Path::new(&folder);
        let log = open_at(folder, begin() + days(400));
        let sweeper = sweeper(folder, &log);
        ready();
        block_on(sweeper.round(&rules(), begin() + days(400), Clock::default())).unwrap();
        loop {
            std::thread::park();
        }
    }
    let mut in_the_middle = 0;
    for after in [0, 1, 120, 230, 390] {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let log = open_at(path, begin());
        let file = |n: u32, day: i64| {
            let record = call(n, day, Verdict::Message);
            put_audio(path, &record);
            log.close_call(record.clone());
            record
        };
        // A third of each: over altogether, over but for the record, not over.
        let gone: Vec<_> = (0..DUE / 3).map(|n| file(n, 0)).collect();
        let reduced: Vec<_> = (DUE / 3..2 * DUE / 3).map(|n| file(n, 200)).collect();
        let whole: Vec<_> = (2 * DUE / 3..DUE).map(|n| file(n, 390)).collect();
        flush(&log);
        drop(log);
        kill_after(after, start("a_sweep", path), path, DUE as usize);

        let has_sound = |record: &CallRecord| path.join(record.audio.as_ref().unwrap()).exists();
        let log = open_at(path, begin() + days(400));
        let left = all(path);
        let ids: BTreeSet<_> = left.iter().map(|record| record.id).collect();
        let known = |records: &[CallRecord]| records.iter().all(|of| ids.contains(&of.id));
        assert!(known(&reduced) && known(&whole), "{after}");
        for record in &whole {
            assert!(left.contains(record) && has_sound(record), "{after}");
        }
        let is_begun = left.len() < DUE as usize;
        let is_done = !gone.iter().any(|of| ids.contains(&of.id))
            && left.iter().filter(|of| of.audio.is_none()).count() == reduced.len();
        in_the_middle += usize::from(is_begun && !is_done);

        let sweeper = sweeper(path, &log);
        sweep(&sweeper, &rules(), begin() + days(400));
        let left = all(path);
        assert_eq!(left.len(), reduced.len() + whole.len(), "{after}");
        for record in gone.iter().chain(&reduced) {
            assert!(!has_sound(record), "{after}");
        }
        for record in &left {
            let is_whole = whole.contains(record);
            let is_reduced = record.audio.is_none() && Pseudonym::is_one(&record.caller.number);
            assert!(is_whole || is_reduced, "{after}: {record:?}");
        }
        let again = sweep(&sweeper, &rules(), begin() + days(400));
        assert_eq!(again, Swept::default());
    }
    // Else this proves nothing.
    assert!(in_the_middle > 0, "no sweep was killed in the middle");
}

#[test]
fn an_erasing() {
    const CALLS: u32 = 150;
    let theirs = |n: u32| {
        let mut record = by_them(n, "091112345678", Some("+4991112345678"));
        record.id = CallId::new(record.started, n);
        record
    };
    if std::env::var_os(CHILD).is_some() {
        let folder = std::env::var_os(CHILD_FOLDER).unwrap();
        let house = House::at(Path::new(&folder));
        ready();
        house.erase(&["--number", "0911/12345678", "--yes"], "");
        loop {
            std::thread::park();
        }
    }
    for after in [0, 1, 40, 149] {
        let house = House::new();
        let log = house.open();
        let mut others = Vec::new();
        for n in 0..CALLS {
            let (one, other) = (theirs(2 * n), by_another(2 * n + 1));
            for record in [&one, &other] {
                put_audio(&house.data(), record);
                log.close_call(record.clone());
            }
            others.push(other);
        }
        flush(&log);
        drop(log);
        let child = start("an_erasing", house.folder());
        kill_after(after, child, house.folder(), 2 * CALLS as usize);

        let left = all(&house.data());
        let others_left: Vec<_> = left.iter().filter(|of| others.contains(of)).collect();
        assert_eq!(others_left.len(), others.len(), "{after}");
        // All or nothing of the rows; what is left of files goes with the next sweep of a guard.
        assert!(left.len() == others.len() || left.len() == 2 * others.len());
        if left.len() > others.len() {
            house.erase(&["--number", "0911/12345678", "--yes"], "");
        }
        let log = house.open();
        let sweeper = sweeper(&house.data(), &log);
        sweep(&sweeper, &rules(), others[0].started + days(1));
        for n in 0..CALLS {
            let record = theirs(2 * n);
            let sound = house.data().join(record.audio.unwrap());
            assert!(!sound.exists(), "{after}");
        }
        assert_eq!(all(&house.data()), others, "{after}");
        for record in &others {
            assert!(house.data().join(record.audio.as_ref().unwrap()).exists());
        }
        assert_eq!(house.grep(&FORMS), [], "{after}");
    }
}
