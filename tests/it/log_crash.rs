//! The call log when the process is killed, the journal is cut, and anything happens in any order.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;
use voicemail_guard::call_log::{Durability, JOURNAL, LOCK, UNREADABLE, waiting};
use voicemail_guard::call_record::{CallRecord, EndedBy, Verdict};

use crate::support::call_log::{Lock, all, flush, left_open, open};
use crate::support::records::{closed, opened};

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
        let unfinished = left_open(&mut restarted);
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
        assert!(left_open(&mut open(folder.path())).is_empty(), "{step}");
    }
}

const CHILD: &str = "LOG_TEST_CHILD";
const CHILD_FOLDER: &str = "LOG_TEST_FOLDER";

fn start_child(step: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log_crash::killed_at_any_step", "--nocapture"])
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
        "closed" | "closed in the journal" => {
            call.close_and_deliver(closed(1, Verdict::Message), &[]);
        }
        "many" => {
            // Killed while it goes on: what was reported as durable must be there.
            for n in 2.. {
                log.open_call(opened(n))
                    .close_and_deliver(closed(n, Verdict::Message), &[]);
                if n == 41 {
                    assert_eq!(flush(&log), Durability::Database);
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
        Durability::Journal
    } else {
        Durability::Database
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
                    fs::remove_file(folder.path().join(LOCK)).ok();
                    log = Some(open(folder.path()).log);
                }
                Step::Lock => {}
            }
            let durability = flush(log.as_ref().unwrap());
            if lock.is_none() {
                prop_assert_eq!(durability, Durability::Database);
                prop_assert_eq!(all(folder.path()), model.records());
            } else {
                prop_assert!(durability <= Durability::Journal);
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
        fs::write(folder.path().join(JOURNAL), &whole.as_bytes()[..cut]).unwrap();

        // A guard that cannot file them at once appends behind the cut.
        let mut model = Model::default();
        let log;
        if more {
            let lock = Lock::take(folder.path());
            log = open(folder.path()).log;
            log.close_call(closed(9, Verdict::Hangup));
            prop_assert_eq!(flush(&log), Durability::Journal);
            lock.release();
            model.file(9, closed(9, Verdict::Hangup));
        } else {
            log = open(folder.path()).log;
        }
        prop_assert_eq!(flush(&log), Durability::Database);
        let mut end = 0;
        for (n, record, line) in lines {
            end += line.len();
            // A line that lacks nothing but its end is whole.
            if end <= cut + 1 {
                model.file(n, record);
            }
        }
        prop_assert_eq!(all(folder.path()), model.records());
        let (before, behind) = whole.as_bytes().split_at(cut);
        let torn = before.rsplit(|&byte| byte == b'\n').next().unwrap();
        let is_whole = behind.starts_with(b"\n");
        let aside = fs::read(folder.path().join(UNREADABLE)).unwrap_or_default();
        let aside = aside.strip_suffix(b"\n").unwrap_or(&aside);
        prop_assert_eq!(aside, if is_whole { b"" } else { torn });
    }
}
