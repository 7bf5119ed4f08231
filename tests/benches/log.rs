//! How fast the log answers with a million calls in it, and how fast it files them.
//!
//! `cargo bench --bench log`; the database is made at the first run and kept under `target/`.
//! `LOG_BENCH_CALLS` makes another number of calls.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/records.rs"]
mod records;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::Bencher;
use jiff::SignedDuration;
use records::{closed, opened};
use tempfile::TempDir;
use voicemail_guard::call_log::{CallLog, CaseQuery, ListedCall, Query, Reader, Standing};
use voicemail_guard::call_record::{CallRecord, Callback, Presentation, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::number::{Needle, normalise};

static READER_FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let calls = std::env::var("LOG_BENCH_CALLS").map_or(1_000_000, |n| n.parse().unwrap());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{calls}"));
    if !folder.join("complete").exists() {
        fill(&folder, calls);
        std::fs::write(folder.join("complete"), "").unwrap();
    }
    folder
});

fn main() {
    LazyLock::force(&READER_FOLDER);
    divan::main();
}

/// A call every 40 s, numbers spread over a region, every third caller one of a hundred.
fn call(n: u32) -> CallRecord {
    let spread = n.wrapping_mul(2_654_435_761) % 10_000_000;
    let subscriber = if n.is_multiple_of(3) { n % 300 } else { spread };
    let mut record = closed(n, Verdict::ALL[n as usize % Verdict::ALL.len()]);
    let later = SignedDuration::from_secs(i64::from(n) * 39);
    record.started += later;
    record.ended = record.ended.map(|ended| ended + later);
    record.caller.number = format!("0911{:07}", 2_000_000 + subscriber);
    record.caller.e164 = format!("+49911{:07}", 2_000_000 + subscriber).parse().ok();
    record.mailbox = format!("{}@default", 100 + n % 8).into();
    record.caller.presentation = Presentation::Shown;
    record.repeat_window_s = Some(86_400);
    if !n.is_multiple_of(5) {
        record.callback = Callback::default();
    }
    record
}

fn fill(folder: &Path, calls: u32) {
    std::fs::remove_dir_all(folder).ok();
    let log = CallLog::open(folder, Clock::default()).unwrap().log;
    for n in 0..calls {
        log.close_call(call(n));
        if n % 5_000 == 0 {
            log.flush().blocking_recv().unwrap();
        }
    }
}

fn search(bencher: Bencher, query: &Query) {
    let reader = Reader::open(&READER_FOLDER).unwrap();
    bencher.bench_local(|| reader.calls(query).unwrap());
}

fn table() -> Query {
    Query {
        limit: Some(50),
        ..Query::default()
    }
}

#[divan::bench(args = ["+49 911 2000123", "0911/2000123", "0123", "123", "anonymous"])]
fn number(bencher: Bencher, text: &str) {
    let number = Needle::read(text, Some("DE".parse().unwrap()));
    search(bencher, &Query { number, ..table() });
}

#[divan::bench]
fn since_a_day(bencher: Bencher) {
    let since = Some(opened(0).started + SignedDuration::from_hours(24 * 400));
    search(bencher, &Query { since, ..table() });
}

#[divan::bench]
fn since_a_day_and_verdict_and_box(bencher: Bencher) {
    let query = Query {
        since: Some(opened(0).started + SignedDuration::from_hours(24 * 400)),
        verdict: Some(Verdict::Message),
        mailbox: Some("104@default".into()),
        ..table()
    };
    search(bencher, &query);
}

#[divan::bench]
fn newest(bencher: Bencher) {
    search(bencher, &table());
}

/// The newest fifty calls, each with its case, as the table shows them.
#[divan::bench]
fn newest_with_cases(bencher: Bencher) {
    let reader = Reader::open(&READER_FOLDER).unwrap();
    bencher.bench_local(|| {
        let mut in_a_case = 0;
        let each = |call: Result<ListedCall, _>| {
            in_a_case += usize::from(call.unwrap().case.is_some());
            true
        };
        reader.each_with_case(&table(), each).unwrap();
        in_a_case
    });
}

/// The open cases of a week.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn open_cases_of_a_week(bencher: Bencher) {
    let reader = Reader::open(&READER_FOLDER).unwrap();
    let query = CaseQuery {
        calls: Query {
            since: Some(opened(0).started + SignedDuration::from_hours(24 * 38)),
            until: Some(opened(0).started + SignedDuration::from_hours(24 * 45)),
            ..Query::default()
        },
        standing: Standing::Open,
        limit: Some(50),
        ..CaseQuery::default()
    };
    bencher.bench_local(|| reader.cases(&query).unwrap());
}

#[divan::bench]
fn one_by_prefix(bencher: Bencher) {
    let reader = Reader::open(&READER_FOLDER).unwrap();
    let id = opened(1_000).id.to_string();
    bencher.bench_local(|| reader.find(&id[..10]).unwrap());
}

/// What a call pays for its entry: the queue, not the disk.
#[divan::bench(sample_count = 50, sample_size = 20)]
fn hand_over(bencher: Bencher) {
    let folder = TempDir::new().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    bencher
        .with_inputs(|| call(1))
        .bench_local_values(|record| log.close_call(record));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn file_a_thousand(bencher: Bencher) {
    let folder = TempDir::new().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let mut next = 0;
    bencher.bench_local(|| {
        for n in next..next + 1_000 {
            log.close_call(call(n));
        }
        next += 1_000;
        log.flush().blocking_recv().unwrap()
    });
}

#[divan::bench(args = ["+4991112345678", "0911/12345678", "200", "anonymous"])]
fn normalise_a_number(bencher: Bencher, raw: &str) {
    let home = Some("DE".parse().unwrap());
    bencher.bench(|| normalise(divan::black_box(raw), home));
}
