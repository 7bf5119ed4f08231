//! The call log: exactly one closed record per call, whatever becomes of database, disk and process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/records.rs"]
mod records;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::SignedDuration;
use proptest::prelude::*;
use records::{closed, opened};
use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call::record::{CallRecord, Callback, EndedBy};
use voicemail_guard::call::verdict::Verdict;
use voicemail_guard::clock::Clock;
use voicemail_guard::log::{
    CallLog, DATABASE, JOURNAL, LogError, Opened, Order, Query, Reader, Safe, UNREADABLE, waiting,
};
use voicemail_guard::number::Needle;

fn open(folder: &Path) -> Opened {
    CallLog::open(folder, Clock::default()).unwrap()
}

fn flush(log: &CallLog) -> Safe {
    log.flush().blocking_recv().unwrap()
}

fn all(folder: &Path) -> Vec<CallRecord> {
    let query = Query {
        order: Order::OldestFirst,
        ..Query::default()
    };
    Reader::open(folder).unwrap().calls(&query).unwrap()
}

fn told(opened: &mut Opened) -> Vec<CallRecord> {
    std::iter::from_fn(|| opened.unfinished.try_recv().ok()).collect()
}

/// Keeps everybody else from writing.
struct Lock(Connection);

impl Lock {
    fn take(folder: &Path) -> Self {
        let connection = Connection::open(folder.join(DATABASE)).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Self(connection)
    }

    fn release(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn a_call_is_opened_and_closed_once() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let call = log.open_call(opened(1));
    assert_eq!(flush(&log), Safe::Database);
    assert_eq!(all(folder.path()), [opened(1)]);

    call.close(closed(1, Verdict::Message));
    log.close_call(closed(1, Verdict::Hangup));
    assert_eq!(flush(&log), Safe::Database);
    assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
}

#[test]
fn a_record_dropped_closes_itself() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let mut call = log.open_call(opened(1));
    call.explain("the tap could not be read");
    drop(call);
    let panicked = log.open_call(opened(2));
    catch_unwind(AssertUnwindSafe(move || {
        let _in_the_call = panicked;
        std::panic::resume_unwind(Box::new("a fault in one call"));
    }))
    .unwrap_err();
    flush(&log);

    let records = all(folder.path());
    let reasons: Vec<_> = records.iter().map(|r| r.reasons.as_slice()).collect();
    assert_eq!(reasons[0], ["the tap could not be read"]);
    assert_eq!(reasons[1], ["the guard failed before the call was over"]);
    for record in &records {
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
        log.open_call(opened(n)).close(closed(n, Verdict::Message));
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
    early.close(closed(1, Verdict::Message));
    let late = log.open_call(opened(2));
    assert_eq!(flush(&log), Safe::Journal);
    assert_eq!(waiting(folder.path()), 2);

    lock.release();
    assert_eq!(flush(&log), Safe::Database);
    assert_eq!(waiting(folder.path()), 0);
    late.close(closed(2, Verdict::Hangup));
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
    log.open_call(opened(1)).close(closed(1, Verdict::Message));
    assert_eq!(flush(&log), Safe::Memory);
    assert_eq!(flush(&log), Safe::Memory);
    lock.release();
    assert_eq!(flush(&log), Safe::Database);
    assert_eq!(all(folder.path()), [closed(1, Verdict::Message)]);
}

#[test]
fn a_database_locked_at_the_start_keeps_no_guard_from_starting() {
    let folder = TempDir::new().unwrap();
    let crashed = open(folder.path()).log;
    std::mem::forget(crashed.open_call(opened(1)));
    flush(&crashed);
    let lock = {
        let connection = Connection::open(folder.path().join(DATABASE)).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Lock(connection)
    };
    std::mem::forget(crashed.open_call(opened(2)));
    assert_eq!(flush(&crashed), Safe::Journal);
    // The crashed guard's lock on the folder goes with its process; here it is taken from its file.
    fs::remove_file(folder.path().join(voicemail_guard::log::LOCK)).unwrap();

    let mut started = open(folder.path());
    let own = started.log.open_call(opened(3));
    assert_eq!(flush(&started.log), Safe::Journal);
    assert!(
        told(&mut started).is_empty(),
        "the database cannot be searched yet"
    );

    lock.release();
    assert_eq!(flush(&started.log), Safe::Database);
    assert_eq!(told(&mut started), [opened(1), opened(2)]);
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
        assert_eq!(flush(&log), Safe::Database);
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
    assert_eq!(flush(&log), Safe::Database);
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
            "CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN new.box = 'refused'
             BEGIN SELECT raise(ABORT, 'refused'); END",
        )
        .unwrap();
    let refused = CallRecord {
        box_name: "refused".into(),
        ..closed(1, Verdict::Message)
    };
    log.close_call(refused);
    log.close_call(closed(2, Verdict::Message));
    assert_eq!(flush(&log), Safe::Database);
    assert_eq!(all(folder.path()), [closed(2, Verdict::Message)]);
    let aside = fs::read_to_string(folder.path().join(UNREADABLE)).unwrap();
    assert!(aside.contains("\"box\":\"refused\""), "{aside}");
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
            record.box_name = "200@default".into();
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
    for hostile in ["' OR 1=1 --", "%", "_", "*", "\u{0}", "=cmd|x", "🙂"] {
        check(hostile, 0);
    }
}

#[test]
fn a_search_takes_every_condition() {
    let (_folder, reader) = searchable();
    let check = |query: Query, expected: usize| {
        assert_eq!(reader.calls(&query).unwrap().len(), expected, "{query:?}");
    };
    let at = |seconds| Some(opened(0).started + SignedDuration::from_secs(seconds));
    let any = Query::default;
    let in_box = |name: &str| Some(name.to_owned());
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
            box_name: in_box("200@default"),
            ..any()
        },
        15,
    );
    check(
        Query {
            box_name: in_box("' OR 1 --"),
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
        box_name: in_box("200@default"),
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

    let ids = |order| -> Vec<_> {
        let query = Query {
            limit: Some(2),
            order,
            ..any()
        };
        reader
            .calls(&query)
            .unwrap()
            .iter()
            .map(|call| call.id)
            .collect()
    };
    assert_eq!(ids(Order::NewestFirst), [opened(30).id, opened(29).id]);
    assert_eq!(ids(Order::OldestFirst), [opened(0).id, opened(1).id]);
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

/// What the child of [`killed_at_any_step`] does before it waits to be killed.
const STEPS: [(&str, usize); 6] = [
    ("opened", 0),
    ("saved", 0),
    ("closed", 1),
    ("opened in the journal", 0),
    ("closed in the journal", 1),
    ("many", 40),
];

/// The test is its own child: started with [`CHILD`] set, it works until it is killed.
#[test]
fn killed_at_any_step() {
    if let Ok(step) = std::env::var(CHILD) {
        return work_until_killed(&step);
    }
    for (step, expected_closed) in STEPS {
        let folder = TempDir::new().unwrap();
        drop(open(folder.path()));
        let lock = step.ends_with("journal").then(|| Lock::take(folder.path()));
        let mut child = start_child(step, folder.path());
        wait_for(&mut child, "READY");
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(lock) = lock {
            assert!(waiting(folder.path()) > 0, "{step}");
            lock.release();
        }

        let mut restarted = open(folder.path());
        let unfinished = told(&mut restarted);
        let before = all(folder.path());
        let finished = before
            .iter()
            .filter(|record| record.ended.is_some())
            .count();
        assert!(finished >= expected_closed, "{step}: {finished} closed");
        assert_eq!(unfinished.len(), before.len() - finished, "{step}");
        for mut record in unfinished {
            record.ended_by = Some(EndedBy::Recovered);
            restarted.log.close_call(record);
        }
        drop(restarted);
        let after = all(folder.path());
        assert!(!after.is_empty(), "{step}");
        assert_eq!(after.len(), before.len(), "{step}");
        assert!(
            after
                .iter()
                .all(|record| record.ended.is_some() && record.verdict.is_some()),
            "{step}"
        );
        assert!(told(&mut open(folder.path())).is_empty(), "{step}");
    }
}

const CHILD: &str = "LOG_TEST_CHILD";
const CHILD_FOLDER: &str = "LOG_TEST_FOLDER";

fn start_child(step: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed_at_any_step", "--nocapture"])
        .env(CHILD, step)
        .env(CHILD_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_for(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let seen = lines.map_while(Result::ok).any(|line| line.contains(word));
    assert!(seen, "the child ended by itself");
}

fn work_until_killed(step: &str) {
    let folder = std::env::var_os(CHILD_FOLDER).unwrap();
    let log = open(Path::new(&folder)).log;
    let mut call = log.open_call(opened(1));
    match step {
        "saved" => {
            call.record_mut().callback.number = "0171 2345678".into();
            call.save();
        }
        "closed" | "closed in the journal" => call.close(closed(1, Verdict::Message)),
        "many" => {
            // Killed while it goes on: what was told to be safe must be there.
            for n in 2.. {
                log.open_call(opened(n)).close(closed(n, Verdict::Message));
                if n == 41 {
                    assert_eq!(flush(&log), Safe::Database);
                    ready();
                }
            }
        }
        _ => {
            assert!(step.starts_with("opened"));
            std::mem::forget(call);
        }
    }
    let expected = if step.ends_with("journal") {
        Safe::Journal
    } else {
        Safe::Database
    };
    assert_eq!(flush(&log), expected);
    ready();
    loop {
        std::thread::park();
    }
}

fn ready() {
    let mut out = std::io::stdout();
    writeln!(out, "READY").unwrap();
    out.flush().unwrap();
}

/// What may happen to a log.
#[derive(Clone, Debug)]
enum Step {
    Open(u32),
    Update(u32, u8),
    Close(u32, usize),
    Lock,
    Unlock,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..6u32).prop_map(Step::Open),
        2 => (0..6u32, any::<u8>()).prop_map(|(n, rdnis)| Step::Update(n, rdnis)),
        3 => (0..6u32, 0..10usize).prop_map(|(n, verdict)| Step::Close(n, verdict)),
        1 => Just(Step::Lock),
        1 => Just(Step::Unlock),
        1 => Just(Step::Restart),
    ]
}

/// What a log must hold, in the simplest words: the first close of a call stays.
#[derive(Default)]
struct Model(BTreeMap<u32, CallRecord>);

impl Model {
    fn open(&mut self, n: u32) {
        self.0.entry(n).or_insert_with(|| opened(n));
    }

    fn file(&mut self, n: u32, record: CallRecord) {
        let is_closed = self.0.get(&n).is_some_and(|record| record.ended.is_some());
        if !is_closed {
            self.0.insert(n, record);
        }
    }

    fn records(&self) -> Vec<CallRecord> {
        self.0.values().cloned().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_equals_its_model_after_any_steps(steps in prop::collection::vec(step(), 1..24)) {
        let folder = TempDir::new().unwrap();
        let mut log = Some(open(folder.path()).log);
        let mut lock = None;
        let mut model = Model::default();
        for step in steps {
            let current = log.as_ref().unwrap();
            match step {
                Step::Open(n) => {
                    std::mem::forget(current.open_call(opened(n)));
                    model.open(n);
                }
                Step::Update(n, rdnis) => {
                    let mut call = current.open_call(opened(n));
                    model.open(n);
                    call.record_mut().rdnis = rdnis.to_string();
                    call.save();
                    model.file(n, call.record().clone());
                    std::mem::forget(call);
                }
                Step::Close(n, verdict) => {
                    let record = closed(n, Verdict::ALL[verdict]);
                    current.close_call(record.clone());
                    model.file(n, record);
                }
                Step::Lock if lock.is_none() => lock = Some(Lock::take(folder.path())),
                Step::Unlock => if let Some(lock) = lock.take() { Lock::release(lock) },
                Step::Restart => {
                    // Calls that were forgotten hold a handle; the journal and the rows are what counts.
                    drop(log.take());
                    fs::remove_file(folder.path().join(voicemail_guard::log::LOCK)).ok();
                    log = Some(open(folder.path()).log);
                }
                Step::Lock => {}
            }
            let safe = flush(log.as_ref().unwrap());
            if lock.is_none() {
                prop_assert_eq!(safe, Safe::Database);
                prop_assert_eq!(all(folder.path()), model.records());
            } else {
                prop_assert!(safe <= Safe::Journal);
            }
        }
    }

    #[test]
    fn a_journal_cut_anywhere_gives_back_every_whole_line(cut in any::<prop::sample::Index>(), more in any::<bool>()) {
        let folder = TempDir::new().unwrap();
        drop(open(folder.path()));
        let mut lines = Vec::new();
        for n in 0..4 {
            let entry = |kind: &str, record: CallRecord| {
                serde_json::json!({ "entry": kind, "record": record }).to_string() + "\n"
            };
            lines.push((n, opened(n), entry("open", opened(n))));
            let over = closed(n, Verdict::Message);
            lines.push((n, over.clone(), entry("close", over)));
        }
        let whole: String = lines.iter().map(|(_, _, line)| line.as_str()).collect();
        let cut = cut.index(whole.len() + 1);
        fs::write(folder.path().join(JOURNAL), &whole[..cut]).unwrap();

        // A guard that cannot file them at once appends behind the cut.
        let mut model = Model::default();
        let log;
        if more {
            let lock = Lock::take(folder.path());
            log = open(folder.path()).log;
            log.close_call(closed(9, Verdict::Hangup));
            prop_assert_eq!(flush(&log), Safe::Journal);
            lock.release();
            model.file(9, closed(9, Verdict::Hangup));
        } else {
            log = open(folder.path()).log;
        }
        prop_assert_eq!(flush(&log), Safe::Database);
        let mut end = 0;
        for (n, record, line) in lines {
            end += line.len();
            // A line that lacks nothing but its end is whole.
            if end <= cut + 1 {
                model.file(n, record);
            }
        }
        prop_assert_eq!(all(folder.path()), model.records());
        let torn = whole[..cut].rsplit('\n').next().unwrap();
        let is_whole = whole[cut..].starts_with('\n');
        let aside = fs::read_to_string(folder.path().join(UNREADABLE)).unwrap_or_default();
        prop_assert_eq!(aside.trim_end_matches('\n'), if is_whole { "" } else { torn });
    }
}
