//! The call log: exactly one closed record per call, whatever becomes of database, disk and process.

use std::fs;
use std::os::unix::fs::symlink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jiff::SignedDuration;
use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call_log::{
    CallLog, DATABASE, Durability, JOURNAL, LogError, Query, Reader, UNREADABLE, waiting,
};
use voicemail_guard::call_record::{CallRecord, Callback, EndedBy, Reason, Trouble, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::number::Needle;

use crate::support::call_log::{Lock, all, flush, left_open, open};
use crate::support::records::{closed, opened};

#[test]
fn a_call_is_opened_and_closed_once() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let call = log.open_call(opened(1));
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(folder.path()), [opened(1)]);

    call.close_and_deliver(closed(1, Verdict::Message), &[]);
    log.close_call(closed(1, Verdict::Hangup));
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
}

#[test]
fn a_record_dropped_closes_itself() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    drop(log.open_call(opened(1)));
    let panicked = log.open_call(opened(2));
    catch_unwind(AssertUnwindSafe(move || {
        let _in_the_call = panicked;
        std::panic::resume_unwind(Box::new("a fault in one call"));
    }))
    .unwrap_err();
    flush(&log);

    let records = all(folder.path());
    for (record, failed) in records.iter().zip([false, true]) {
        let why = Reason::Trouble(Trouble::Abandoned { failed });
        assert_eq!(record.reasons, [why]);
        assert_eq!(record.verdict, Some(Verdict::Unsure));
        assert_eq!(record.ended_by, Some(EndedBy::HandedOn));
        assert!(record.ended.unwrap() >= record.started);
    }
}

#[test]
fn what_is_saved_is_there_and_never_reopens_a_call() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let mut call = log.open_call(opened(1));
    call.record_mut().callback.number = "0171 2345678".into();
    call.save();
    flush(&log);
    let query = Query {
        number: Needle::read("2345678", None),
        ..Query::default()
    };
    let found = Reader::open(folder.path()).unwrap().calls(&query).unwrap();
    assert_eq!(found, [call.record().clone()]);

    log.close_call(closed(1, Verdict::Message));
    call.save();
    flush(&log);
    assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
}

#[test]
fn the_last_handle_writes_what_is_left() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for n in 0..500 {
        log.open_call(opened(n))
            .close_and_deliver(closed(n, Verdict::Message), &[]);
    }
    drop(log);
    let records = all(folder.path());
    assert_eq!(records.len(), 500);
    assert!(
        records
            .iter()
            .all(|record| record.verdict == Some(Verdict::Message))
    );
    assert_eq!(waiting(folder.path()), 0);
}

#[test]
fn a_locked_database_sends_entries_through_the_journal() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let early = log.open_call(opened(1));
    flush(&log);

    let lock = Lock::take(folder.path());
    early.close_and_deliver(closed(1, Verdict::Message), &[]);
    let late = log.open_call(opened(2));
    assert_eq!(flush(&log), Durability::Journal);
    assert_eq!(waiting(folder.path()), 2);

    lock.release();
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(waiting(folder.path()), 0);
    late.close_and_deliver(closed(2, Verdict::Hangup), &[]);
    flush(&log);
    assert_eq!(
        all(folder.path()),
        [closed(1, Verdict::Message), closed(2, Verdict::Hangup)]
    );
}

#[test]
fn entries_wait_in_memory_when_the_journal_is_full_too() {
    let folder = TempDir::new().unwrap();
    symlink("/dev/full", folder.path().join(JOURNAL)).unwrap();
    let log = open(folder.path()).log;
    let lock = Lock::take(folder.path());
    log.open_call(opened(1))
        .close_and_deliver(closed(1, Verdict::Message), &[]);
    assert_eq!(flush(&log), Durability::Memory);
    assert_eq!(flush(&log), Durability::Memory);
    lock.release();
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
}

#[test]
fn a_database_locked_at_the_start_keeps_no_guard_from_starting() {
    let folder = TempDir::new().unwrap();
    let crashed = open(folder.path()).log;
    std::mem::forget(crashed.open_call(opened(1)));
    flush(&crashed);
    let lock = Lock::take(folder.path());
    std::mem::forget(crashed.open_call(opened(2)));
    assert_eq!(flush(&crashed), Durability::Journal);
    // The crashed guard's lock on the folder goes with its process; here it is taken from its file.
    fs::remove_file(folder.path().join(voicemail_guard::call_log::LOCK)).unwrap();

    let mut started = open(folder.path());
    let own = started.log.open_call(opened(3));
    assert_eq!(flush(&started.log), Durability::Journal);
    assert!(
        left_open(&mut started).is_empty(),
        "the database cannot be searched yet"
    );

    lock.release();
    assert_eq!(flush(&started.log), Durability::Database);
    assert_eq!(left_open(&mut started), [opened(1), opened(2)]);
    assert!(started.unfinished.is_closed());
    drop(own);
}

#[test]
fn a_broken_database_is_moved_aside_at_the_start() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join(DATABASE);
    for content in [
        b"this is no database, but it is long enough to be read".repeat(100),
        vec![0xff; 9],
    ] {
        fs::write(&database, &content).unwrap();
        let log = open(folder.path()).log;
        log.close_call(closed(1, Verdict::Message));
        assert_eq!(flush(&log), Durability::Database);
        assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
        assert!(
            broken(folder.path()).contains(&content),
            "the broken file is kept as it was"
        );
    }
}

#[test]
fn a_database_that_breaks_at_work_is_moved_aside_and_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for n in 0..300 {
        log.close_call(closed(n, Verdict::Message));
    }
    drop(log);
    let database = folder.path().join(DATABASE);
    let mut bytes = fs::read(&database).unwrap();
    // All pages but the first, which holds schema and version.
    let pages = bytes.len() - 4096;
    bytes[4096..].copy_from_slice(&b"broken! ".repeat(pages / 8));
    fs::write(&database, &bytes).unwrap();

    let log = open(folder.path()).log;
    log.close_call(closed(1_000, Verdict::Message));
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(folder.path()), [closed(1_000, Verdict::Message)]);
    assert!(broken(folder.path()).contains(&bytes));
}

fn broken(folder: &Path) -> Vec<Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.to_string_lossy().contains("broken-") && path.extension().unwrap() == "sqlite"
        })
        .map(|path| fs::read(path).unwrap())
        .collect()
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    let connection = Connection::open(folder.path().join(DATABASE)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);

    let refused = CallLog::open(folder.path(), Clock::default())
        .err()
        .unwrap();
    assert!(
        matches!(refused, LogError::Newer { found: 99, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("newer version"), "{refused}");
    let refused = Reader::open(folder.path()).err().unwrap();
    assert!(
        matches!(refused, LogError::Newer { found: 99, .. }),
        "{refused}"
    );
    assert!(broken(folder.path()).is_empty());
}

#[test]
fn a_second_guard_is_refused_and_readers_are_not() {
    let folder = TempDir::new().unwrap();
    let first = open(folder.path()).log;
    first.close_call(closed(1, Verdict::Message));
    flush(&first);
    let refused = CallLog::open(folder.path(), Clock::default())
        .err()
        .unwrap();
    let expected = format!("another guard (process {})", std::process::id());
    assert!(refused.to_string().starts_with(&expected), "{refused}");
    assert_eq!(all(folder.path()).len(), 1);

    drop(first);
    drop(open(folder.path()));
}

#[test]
fn an_entry_refused_for_good_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let connection = Connection::open(folder.path().join(DATABASE)).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN new.box = 'refused@default'
             BEGIN SELECT raise(ABORT, 'refused'); END",
        )
        .unwrap();
    let refused = CallRecord {
        mailbox: "refused@default".into(),
        ..closed(1, Verdict::Message)
    };
    log.close_call(refused);
    log.close_call(closed(2, Verdict::Message));
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(folder.path()), [closed(2, Verdict::Message)]);
    let aside = fs::read_to_string(folder.path().join(UNREADABLE)).unwrap();
    assert!(aside.contains("\"box\":\"refused@default\""), "{aside}");
}

#[test]
fn there_is_no_log_before_the_first_start() {
    let folder = TempDir::new().unwrap();
    let missing = Reader::open(folder.path()).err().unwrap();
    assert!(
        missing.to_string().contains("at its first start"),
        "{missing}"
    );
}

/// Thirty calls of three verdicts for two boxes, and a withheld one that keyed in a short number.
fn searchable() -> (TempDir, Reader) {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let verdicts = [Verdict::Message, Verdict::Hangup, Verdict::HoldMusic];
    for n in 0..30 {
        let mut record = closed(n, verdicts[n as usize % 3]);
        record.callback = Callback::default();
        if n % 2 == 0 {
            record.mailbox = "200@default".into();
        }
        log.close_call(record);
    }
    let mut withheld = closed(30, Verdict::Message);
    withheld.caller.number = "anonymous".into();
    withheld.caller.e164 = None;
    withheld.callback.number = "12345".into();
    withheld.callback.e164 = None;
    log.close_call(withheld);
    flush(&log);
    let reader = Reader::open(folder.path()).unwrap();
    (folder, reader)
}

fn number(text: &str) -> Query {
    Query {
        number: Needle::read(text, None),
        ..Query::default()
    }
}

#[test]
fn a_number_is_found_however_it_is_written() {
    let (_folder, reader) = searchable();
    let check = |text: &str, expected: usize| {
        assert_eq!(
            reader.calls(&number(text)).unwrap().len(),
            expected,
            "{text}"
        );
    };
    for text in [
        "+49 911 20000007",
        "0911/20000007",
        "20000007",
        "0007",
        "00007",
    ] {
        check(text, 1);
    }
    check("anonymous", 1);
    check("12345", 1);
    check("2345", 1);
    check("45", 0);
    check("0911 200000", 0);
    for hostile in ["' OR 1=1 --", "%", "_", "*", "=cmd|x", "🙂"] {
        check(hostile, 0);
    }
    assert_eq!(Needle::read("\u{0}", None), None, "nothing to search for");
}

#[test]
fn a_search_takes_every_condition() {
    let (_folder, reader) = searchable();
    let check = |query: Query, expected: usize| {
        assert_eq!(reader.calls(&query).unwrap().len(), expected, "{query:?}");
    };
    let at = |seconds| Some(opened(0).started + SignedDuration::from_secs(seconds));
    let any = Query::default;
    let in_box = |name: &str| Some(name.into());
    check(any(), 31);
    check(
        Query {
            since: at(20),
            ..any()
        },
        11,
    );
    check(
        Query {
            until: at(20),
            ..any()
        },
        20,
    );
    check(
        Query {
            since: at(5),
            until: at(6),
            ..any()
        },
        1,
    );
    check(
        Query {
            verdict: Some(Verdict::Hangup),
            ..any()
        },
        10,
    );
    check(
        Query {
            mailbox: in_box("200@default"),
            ..any()
        },
        15,
    );
    check(
        Query {
            mailbox: in_box("' OR 1 --"),
            ..any()
        },
        0,
    );
    check(
        Query {
            limit: Some(u32::MAX),
            ..any()
        },
        31,
    );
    check(
        Query {
            limit: Some(0),
            ..any()
        },
        0,
    );
    let all_at_once = Query {
        verdict: Some(Verdict::Message),
        mailbox: in_box("200@default"),
        since: at(6),
        until: at(19),
        ..number("2000 0012")
    };
    check(all_at_once.clone(), 1);
    check(
        Query {
            until: at(12),
            ..all_at_once
        },
        0,
    );

    let query = Query {
        limit: Some(2),
        ..any()
    };
    let newest = reader.calls(&query).unwrap();
    let ids: Vec<_> = newest.iter().map(|call| call.id).collect();
    assert_eq!(ids, [opened(30).id, opened(29).id]);
}

#[test]
fn a_call_is_found_by_id_prefix_and_uniqueid() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for n in 0..3 {
        log.close_call(closed(n, Verdict::Message));
    }
    flush(&log);
    let reader = Reader::open(folder.path()).unwrap();
    let id = opened(1).id.to_string();
    let find = |text: &str| reader.find(text).unwrap().len();
    assert_eq!(find(&id), 1);
    assert_eq!(find(&id.to_uppercase()), 1);
    assert_eq!(find(&id[..8]), 1);
    assert_eq!(find(&id[..4]), 3);
    assert_eq!(find(&opened(2).uniqueid), 1);
    for nothing in ["", " ", "~", "zzzz", "' OR 1=1 --", "ä", "%"] {
        assert_eq!(find(nothing), 0, "{nothing:?}");
    }
}
