//! A year of calls and sweeps: nothing goes early, nothing stays late.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call_log::{
    CaseQuery, Change, DATABASE, Durability, Pause, Query, Reader, UNREADABLE,
};
use voicemail_guard::call_record::{CallId, CallRecord, Pseudonym, Verdict};
use voicemail_guard::case::{Author, Step, Via};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::Config;
use voicemail_guard::figures::{Period, Tally};
use voicemail_guard::keeping::{Days, KeepRules, Kind};
use voicemail_guard::number::Needle;
use voicemail_guard::recordings;
use voicemail_guard::sweep::{KEY, Sweeper, Swept};

use super::{block_on, days, open_at, put_audio};
use crate::support::call_log::{all, filed, flush};
use crate::support::records::closed;

/// The `n`th call, that many days after the first of the year.
pub(super) fn call(n: u32, day: i64, verdict: Verdict) -> CallRecord {
    let started = "2026-01-01T10:00:00Z".parse::<Timestamp>().unwrap()
        + days(day)
        + SignedDuration::from_secs(i64::from(n % 3_600));
    let mut record = closed(n, verdict);
    record.id = CallId::new(started, n);
    record.started = started;
    record.ended = Some(started + SignedDuration::from_secs(40));
    // Every tenth of three hundred callers calls again and again.
    let caller = n % 300;
    record.caller.number = format!("0911{:08}", 30_000_000 + caller);
    record.caller.e164 = format!("+49911{:08}", 30_000_000 + caller).parse().ok();
    record.caller.name = format!("Caller {caller}");
    record.repeat_window_s = Some(86_400);
    record.audio = Some(recordings::place(record.id, started));
    record
}

pub(super) fn sweeper(folder: &Path, log: &voicemail_guard::call_log::CallLog) -> Sweeper {
    Sweeper {
        keeper: log.keeper(),
        data: folder.into(),
        tap_folder: folder.join("tap"),
    }
}

pub(super) fn sweep(sweeper: &Sweeper, rules: &KeepRules, now: Timestamp) -> Swept {
    // A clock that runs fast, so that the breaths between transactions are none.
    let round = |now| block_on(sweeper.round(rules, now, Clock::faster(1e6))).unwrap();
    let swept = round(now);
    match swept.paused {
        // Between two sweeps of these tests there may be a year, and then nothing goes for a day.
        Some(Pause::Clock(until)) => round(until),
        _ => swept,
    }
}

/// The defaults, where nothing waits for its case to be closed.
pub(super) fn rules() -> KeepRules {
    KeepRules {
        open_cases: Days::Of(0),
        ..KeepRules::default()
    }
}

#[test]
fn a_year_of_calls_is_kept_as_long_as_it_says() {
    let folder = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let log = open_at(folder.path(), begin);
    let sweeper = sweeper(folder.path(), &log);
    let rules = Config::parse(
        b"[keep.verdict.tone]\naudio_days = 0\n[box.\"200@default\".keep]\nrecord_days = 20\n\
          [keep]\nnumber_days = 120\nopen_case_days = 0",
    )
    .unwrap()
    .keep;
    let mut records = Vec::new();
    for day in 0..400 {
        for i in 0..2_u32 {
            let n = day as u32 * 2 + i;
            let mut record = call(n, day, Verdict::ALL[n as usize % 10]);
            if n.is_multiple_of(7) {
                record.mailbox = "200".into();
            }
            put_audio(folder.path(), &record);
            log.close_call(record.clone());
            records.push(record);
        }
        if day % 5 != 0 {
            continue;
        }
        flush(&log);
        let now = begin + days(day + 1);
        sweep(&sweeper, &rules, now);
        let kept = all(folder.path());
        for record in &records {
            let found = kept.iter().find(|kept| kept.id == record.id);
            is_kept_as_it_says(folder.path(), record, found, &rules, now);
        }
    }
    let kept = all(folder.path());
    assert!(kept.len() < records.len() - 50);
    the_same_caller_has_the_same_pseudonym(&records, &kept);
    nobody_is_found_by_a_number_that_is_gone(folder.path(), &records, &kept);
    assert!(!folder.path().join("audio/2026/01").exists());
    assert!(folder.path().join("audio/2027").exists());
    let key = fs::metadata(folder.path().join(KEY)).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777,
        0o600
    );
    // What was counted is what is counted of a log of which nothing was deleted.
    let (undeleted, _log) = filed(&records);
    assert_eq!(counted(folder.path()), counted(undeleted.path()));
    // Nothing more is due, and nothing is done twice.
    sweep(&sweeper, &rules, begin + days(401));
    let again = sweep(&sweeper, &rules, begin + days(401));
    assert_eq!(again, Swept::default());
}

/// Whether what there is of a call then is what its days leave of it, no less and no more.
#[track_caller]
fn is_kept_as_it_says(
    folder: &Path,
    record: &CallRecord,
    found: Option<&CallRecord>,
    rules: &KeepRules,
    now: Timestamp,
) {
    let keep = rules.of(&record.mailbox).of(record.verdict.unwrap());
    let is_over = |kind| {
        let end = keep.of(kind).end(record.ended.unwrap());
        end.is_some_and(|end| end <= now)
    };
    let file = folder.join(record.audio.as_ref().unwrap());
    assert_eq!(found.is_none(), is_over(Kind::Record), "{now} {record:?}");
    assert_eq!(!file.exists(), is_over(Kind::Audio), "{now} {record:?}");
    let Some(found) = found else { return };
    assert_eq!(found.audio.is_none(), is_over(Kind::Audio));
    assert_eq!(found.timeline.is_empty(), is_over(Kind::Timeline));
    let is_pseudonym = Pseudonym::is_one(&found.caller.number);
    assert_eq!(is_pseudonym, is_over(Kind::Number), "{now} {found:?}");
    if is_pseudonym {
        assert!(Pseudonym::is_one(&found.callback.number));
        let gone = (
            &found.caller.e164,
            &found.callback.e164,
            found.caller.name.as_str(),
        );
        assert_eq!(gone, (&None, &None, ""));
    } else {
        assert_eq!(
            (&found.caller, &found.callback),
            (&record.caller, &record.callback)
        );
    }
    // What the figures are made of stays.
    assert_eq!(
        (found.verdict, found.seconds, found.started, &found.asked),
        (
            record.verdict,
            record.seconds,
            record.started,
            &record.asked
        )
    );
}

/// The pseudonym of a call's caller, if its number is gone and the rest is not.
fn pseudonym<'a>(record: &CallRecord, kept: &'a [CallRecord]) -> Option<&'a str> {
    let kept = kept.iter().find(|kept| kept.id == record.id)?;
    let number = kept.caller.number.as_str();
    Pseudonym::is_one(number).then_some(number)
}

fn the_same_caller_has_the_same_pseudonym(records: &[CallRecord], kept: &[CallRecord]) {
    let named: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record, pseudonym(record, kept)?)))
        .collect();
    let mut pairs = 0;
    for (one, name) in &named {
        for (other, others) in &named {
            assert_eq!(name == others, one.caller.number == other.caller.number);
            pairs += usize::from(name == others && one.id != other.id);
        }
    }
    assert!(pairs > 20, "nobody called twice: {pairs}");
}

fn nobody_is_found_by_a_number_that_is_gone(
    folder: &Path,
    records: &[CallRecord],
    kept: &[CallRecord],
) {
    let reader = Reader::open(folder).unwrap();
    for record in records {
        if pseudonym(record, kept).is_none() {
            continue;
        }
        let query = Query {
            number: Needle::read(&record.caller.number, None),
            ..Query::default()
        };
        let found = reader.calls(&query).unwrap();
        assert!(found.iter().all(|found| found.id != record.id));
    }
}

fn counted(folder: &Path) -> Tally {
    let period = Period::new(date(2026, 1, 1), date(2027, 12, 31));
    Reader::open(folder).unwrap().tally(period, None).unwrap()
}

#[test]
fn a_case_loses_its_number_and_notes_with_its_last_call() {
    let folder = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let log = open_at(folder.path(), begin);
    let sweeper = sweeper(folder.path(), &log);
    let first = call(1, 0, Verdict::Hangup);
    let mut second = call(2, 0, Verdict::Message);
    second.caller = first.caller.clone();
    for record in [&first, &second] {
        log.close_call(record.clone());
    }
    flush(&log);
    let note = Change {
        case: first.id,
        seen: None,
        step: Step::Note,
        note: Some("wants Zeppelin".into()),
        author: Author {
            who: "anna".into(),
            via: Via::Command,
        },
        at: begin + days(1),
    };
    block_on(log.change_case(note)).unwrap();
    let rules = rules();
    let found = |word: &str| {
        let query = CaseQuery {
            words: vec![word.into()],
            ..CaseQuery::default()
        };
        let reader = Reader::open(folder.path()).unwrap();
        let cases = reader.cases(&query).unwrap();
        let notes = reader.case_events(first.id).unwrap();
        (
            cases.first().map(|case| case.number.clone()),
            notes.first().and_then(|event| event.note.clone()),
        )
    };
    let number = "+4991130000001".to_owned();
    let all_there = (Some(number), Some("wants Zeppelin".to_owned()));
    assert_eq!(found("zeppelin"), all_there);
    sweep(&sweeper, &rules, begin + days(40));
    assert_eq!(
        found("zeppelin"),
        all_there,
        "the message's number is kept longer"
    );
    assert_eq!(all(folder.path())[0].caller.name, "");
    sweep(&sweeper, &rules, begin + days(190));
    assert_eq!(found("zeppelin"), (None, None));
    assert_eq!(found("caller"), (None, None));
    let case = Reader::open(folder.path())
        .unwrap()
        .cases(&CaseQuery::default());
    assert!(Pseudonym::is_one(&case.unwrap()[0].number));
}

#[test]
fn other_rules_hold_for_what_is_there() {
    let folder = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let log = open_at(folder.path(), begin);
    let sweeper = sweeper(folder.path(), &log);
    for n in 0..250 {
        log.close_call(call(n, 0, Verdict::Message));
    }
    flush(&log);
    let parsed = |text: &str| Config::parse(text.as_bytes()).unwrap().keep;
    let forever = parsed(
        "[keep]\naudio_days = 'forever'\ntimeline_days = 'forever'\nnumber_days = 'forever'\nrecord_days = 'forever'\nopen_case_days = 0",
    );
    assert_eq!(
        sweep(&sweeper, &forever, begin + days(9_000)),
        Swept::default()
    );
    let year = parsed("[keep]\naudio_days = 'forever'\nrecord_days = 365\nopen_case_days = 0");
    let swept = sweep(&sweeper, &year, begin + days(100));
    assert_eq!(swept.kinds, [0, 250, 0, 0]);
    let swept = sweep(&sweeper, &year, begin + days(366));
    assert_eq!(swept.kinds, [0, 0, 0, 250]);
}

#[test]
fn what_lies_beside_the_database_goes_too() {
    let folder = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let aside = folder.path().join("calls.broken-20260101T000000Z.sqlite");
    fs::write(&aside, "no database at all".repeat(300)).unwrap();
    fs::write(
        folder
            .path()
            .join("calls.broken-20260101T000000Z.sqlite-wal"),
        "x",
    )
    .unwrap();
    let log = open_at(folder.path(), begin);
    let sweeper = sweeper(folder.path(), &log);
    let orphan = call(1, 0, Verdict::Message);
    put_audio(folder.path(), &orphan);
    fs::write(folder.path().join(UNREADABLE), "{\"entry\":\"op").unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(begin.as_second() as u64);
    fs::File::options()
        .append(true)
        .open(folder.path().join(UNREADABLE))
        .and_then(|file| file.set_modified(long_ago))
        .unwrap();
    flush(&log);
    let rules = rules();
    assert_eq!(sweep(&sweeper, &rules, begin + days(80)), Swept::default());
    // Whose the recording is may stand in the broken database.
    assert_eq!(sweep(&sweeper, &rules, begin + days(95)), Swept::default());
    let swept = sweep(&sweeper, &rules, begin + days(365));
    assert_eq!((swept.orphans, swept.files), (0, 2));
    let swept = sweep(&sweeper, &rules, begin + days(367));
    assert_eq!((swept.orphans, swept.files), (1, 0));
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("calls.sqlite-"))
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["audio", "calls.journal", "calls.sqlite", "guard.lock", KEY]
    );
}

#[test]
fn a_log_of_an_earlier_version_is_kept_whole_for_a_week() {
    let folder = TempDir::new().unwrap();
    let old = Connection::open(folder.path().join(DATABASE)).unwrap();
    old.execute_batch(include_str!("../../log/version-2.sql"))
        .unwrap();
    drop(old);
    let begin: Timestamp = "2031-01-01T00:00:00Z".parse().unwrap();
    let log = open_at(folder.path(), begin);
    let sweeper = sweeper(folder.path(), &log);
    let before = all(folder.path());
    assert!(before.len() > 1 && before.iter().any(|record| record.timeline.is_empty()));
    let rules = rules();
    for (day, waits) in [(0, true), (6, true), (8, false)] {
        let swept = sweep(&sweeper, &rules, begin + days(day));
        let until = waits.then(|| Pause::Upgrade(begin + days(7)));
        assert_eq!(swept.paused, until, "{day}");
        assert_eq!(all(folder.path()).is_empty(), !waits, "{day}");
    }
}

/// A sweep of thousands of calls lets in between what calls have to file.
#[test]
fn calls_are_filed_while_it_sweeps() {
    let folder = TempDir::new().unwrap();
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let log = open_at(folder.path(), begin);
    for n in 0..4_000 {
        log.close_call(call(n, i64::from(n / 100), Verdict::Message));
    }
    flush(&log);
    let sweeper = sweeper(folder.path(), &log);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = Clock::default();
    let mut filed = 0;
    runtime.block_on(async {
        let swept = tokio::spawn(async move {
            let rules = rules();
            sweeper.round(&rules, begin + days(250), clock).await
        });
        while !swept.is_finished() {
            log.close_call(call(10_000 + filed, 260, Verdict::Message));
            assert_eq!(log.flush().await.unwrap(), Durability::Database);
            clock.sleep(Duration::from_millis(5)).await;
            filed += 1;
        }
        assert_eq!(
            swept.await.unwrap().unwrap().kinds,
            [4_000, 4_000, 4_000, 0]
        );
    });
    // A batch takes 20 ms at least, for the others' sake.
    assert!(filed > 40, "the sweep let {filed} calls in");
    assert_eq!(all(folder.path()).len(), 4_000 + filed as usize);
}
