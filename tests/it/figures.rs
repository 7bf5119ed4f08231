//! The figures that the log keeps, against the records it holds, and as they are printed.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::{Change, DATABASE, Reader};
use voicemail_guard::call_record::{
    Asked, CallRecord, CallbackSource, EndedBy, Mode, Presentation, Verdict, WouldHave,
};
use voicemail_guard::case::{Author, Step, Via};
use voicemail_guard::figures::{Counts, GREETING, Period, Tally};
use voicemail_guard::hearing::{Class, ClassSeconds};
use voicemail_guard::prompts::Prompt;

use crate::support::call_log::{all, filed, flush, open};
use crate::support::command_line::run;
use crate::support::records::{closed, opened};

type Key = (jiff::civil::Date, String, Option<Verdict>);

fn local_day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned_datetime(TimeZone::system()).date()
}

/// What is to be counted of a call, by its record.
fn counts(record: &CallRecord) -> Counts {
    let ended_by = record.ended_by.unwrap();
    let verdict = record.verdict.unwrap();
    let heard = Class::ALL.into_iter().map(|class| record.seconds.of(class));
    let heard: Duration = heard.map(Duration::from).sum();
    let recorded = Duration::from_millis((heard.as_secs_f64() * 1_000.0).round() as u64)
        .saturating_sub(GREETING);
    let taken = matches!(
        ended_by,
        EndedBy::Caller | EndedBy::Guard | EndedBy::Limit | EndedBy::Exit
    );
    let unheard = taken
        && !verdict.is_delivered()
        && record.mode != Mode::Observe
        && record.watched.is_none();
    let ended = unheard && ended_by == EndedBy::Guard;
    let asks = [
        Prompt::GreetingWithheld,
        Prompt::NumberFirst,
        Prompt::EnterNumber,
    ];
    let asked = record
        .asked
        .iter()
        .any(|of| asks.iter().any(|ask| of.prompt == *ask));
    let is_shown = record.caller.presentation == Presentation::Shown
        && record.callback.best_form() == record.caller.best_form();
    let observed = record.mode == Mode::Observe;
    let would_have = record.would_have.filter(|_| observed);
    Counts {
        calls: 1,
        unheard: unheard.into(),
        unheard_for: if unheard { recorded } else { Duration::ZERO },
        ended: ended.into(),
        ended_after: if ended { recorded } else { Duration::ZERO },
        asked: asked.into(),
        rescued: (record.callback.source.is_keyed() && !is_shown).into(),
        wrong: 0,
        observed: (observed && record.was_let_in()).into(),
        would_end: would_have.is_some().into(),
        would_save: would_have.map_or(Duration::ZERO, |of| of.saved_s.into()),
    }
}

fn of_records(records: &[CallRecord]) -> BTreeMap<Key, Counts> {
    let mut sums = BTreeMap::<Key, Counts>::new();
    for record in records.iter().filter(|record| record.ended.is_some()) {
        let verdict = record.verdict.filter(|_| record.was_let_in());
        let key = (
            local_day(record.started),
            record.mailbox.to_string(),
            verdict,
        );
        *sums.entry(key).or_default() += counts(record);
    }
    sums
}

fn of_tally(tally: Tally) -> BTreeMap<Key, Counts> {
    let counted = tally.calls.into_iter().filter(|of| of.counts.calls != 0);
    counted
        .map(|of| ((of.day, of.mailbox, of.verdict), of.counts))
        .collect()
}

fn november() -> Period {
    Period::new("2026-11-01".parse().unwrap(), "2026-11-30".parse().unwrap())
}

fn tally(folder: &TempDir) -> Tally {
    Reader::open(folder.path())
        .unwrap()
        .tally(november(), None)
        .unwrap()
}

fn any_record(n: u32) -> impl Strategy<Value = CallRecord> {
    use EndedBy::{
        Asterisk, Bypassed, Caller, Exit, Guard, HandedOn, Limit, Overloaded, Recovered, Rejected,
    };
    let ends = [
        Caller, Guard, Limit, Exit, HandedOn, Overloaded, Bypassed, Rejected, Asterisk, Recovered,
    ];
    let sources = [
        CallbackSource::KeyedConfirmed,
        CallbackSource::Keyed,
        CallbackSource::CallerIdConfirmed,
        CallbackSource::CallerId,
        CallbackSource::None,
    ];
    let prompts = [
        Prompt::Greeting,
        Prompt::GreetingWithheld,
        Prompt::NumberFirst,
        Prompt::StillThere,
    ];
    (
        (
            0..Verdict::ALL.len(),
            0..ends.len(),
            0..sources.len(),
            0..prompts.len(),
            0..3_usize,
        ),
        (
            0..200_000_u64,
            0..3_u64,
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
        ),
    )
        .prop_map(
            move |((verdict, end, source, prompt, mode), (ms, hours, own, watched, hidden))| {
                let mut record = closed(n, Verdict::ALL[verdict]);
                record.started += SignedDuration::from_hours(hours as i64 * 11);
                record.ended = Some(record.started + SignedDuration::from_secs(60));
                record.ended_by = Some(ends[end]);
                record.mode = [Mode::Observe, Mode::Guide, Mode::Enforce][mode];
                record.mailbox = if own { "100@default" } else { "../'; drop@x" }.into();
                record.watched = watched.then(|| "_0911X.".into());
                record.seconds = ClassSeconds {
                    music: MediaTime::from_millis(ms),
                    ..ClassSeconds::default()
                };
                record.asked = vec![Asked {
                    prompt: prompts[prompt].into(),
                    at: MediaTime::ZERO,
                    answer: None,
                }];
                record.callback.source = sources[source];
                if own {
                    record.callback.number = record.caller.number.clone();
                    record.callback.e164 = record.caller.e164.clone();
                }
                if hidden {
                    record.caller.presentation = Presentation::Withheld;
                }
                record.would_have = watched.then(|| WouldHave {
                    ended_by: Guard,
                    verdict: Verdict::HoldMusic,
                    at: MediaTime::from_secs(30),
                    saved_s: MediaTime::from_millis(ms),
                });
                record
            },
        )
}

/// What happens to a log.
#[derive(Clone, Debug)]
enum Happens {
    Opened(u32),
    Closed(Box<CallRecord>),
    Deleted(u32),
    /// Its record is changed after the call: a delivery is noted, say.
    Rewritten(u32),
    Broken(u32),
}

fn anything() -> impl Strategy<Value = Happens> {
    let call = || 0..8_u32;
    prop_oneof![
        2 => call().prop_map(Happens::Opened),
        5 => call().prop_flat_map(any_record).prop_map(|record| Happens::Closed(Box::new(record))),
        2 => call().prop_map(Happens::Deleted),
        1 => call().prop_map(Happens::Rewritten),
        1 => call().prop_map(Happens::Broken),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is filed, late, twice or again, and whatever is deleted, by whomever: the sums are those of the calls.
    #[test]
    fn the_sums_are_those_of_the_calls(all_that in prop::collection::vec(anything(), 1..30)) {
        let folder = TempDir::new().unwrap();
        let log = open(folder.path()).log;
        flush(&log);
        let beside = Connection::open(folder.path().join(DATABASE)).unwrap();
        let mut broken = 0;
        for happens in all_that {
            let id = |n| closed(n, Verdict::Message).id.to_string();
            match happens {
                Happens::Opened(n) => drop(log.open_call(opened(n))),
                Happens::Closed(record) => log.close_call(*record),
                Happens::Deleted(n) => {
                    flush(&log);
                    beside.execute("DELETE FROM calls WHERE id = ?1", [id(n)]).unwrap();
                }
                Happens::Rewritten(n) => {
                    flush(&log);
                    let sql = "UPDATE calls SET record = json_set(record, '$.seconds.music', 77.5)
                               WHERE id = ?1 AND json_valid(record) AND ended_ms IS NOT NULL";
                    beside.execute(sql, [id(n)]).unwrap();
                }
                Happens::Broken(n) => {
                    flush(&log);
                    let sql = "UPDATE calls SET record = '{broken' WHERE id = ?1 AND ended_ms IS NOT NULL";
                    broken += beside.execute(sql, [id(n)]).unwrap();
                }
            }
        }
        flush(&log);
        let calls: i64 = beside
            .query_row("SELECT count(*) FROM calls WHERE ended_ms IS NOT NULL", [], |row| row.get(0))
            .unwrap();
        let sums = of_tally(tally(&folder));
        let counted: u64 = sums.values().map(|of| of.calls).sum();
        prop_assert_eq!(counted, calls as u64);
        if broken == 0 {
            prop_assert_eq!(sums, of_records(&all(folder.path())));
        }
    }
}

#[test]
fn a_wait_lasts_from_the_first_message_until_somebody_spoke_to_the_caller() {
    let call = |n: u32, verdict| {
        let mut record = closed(n, verdict);
        record.repeat_window_s = Some(3_600);
        record
    };
    let records = [
        call(1, Verdict::Message),
        call(2, Verdict::Message),
        call(3, Verdict::Hangup),
        call(4, Verdict::Message),
    ];
    let (folder, log) = filed(&records);
    let at = |minutes| records[0].started + SignedDuration::from_mins(minutes);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (record, step, minutes) in [
        (&records[0], Step::Reached, 45),
        // Settled without a word to the caller.
        (&records[1], Step::Done, 50),
        (&records[3], Step::NotReached { next_try: None }, 60),
    ] {
        let change = Change {
            case: record.id,
            step,
            note: None,
            author: Author {
                who: "anna".into(),
                via: Via::Page,
            },
            seen: None,
            at: at(minutes),
        };
        runtime.block_on(log.change_case(change)).unwrap();
    }
    let spoken_to = tally(&folder).called_back;
    let waited: Vec<_> = spoken_to
        .iter()
        .map(|of| (&*of.mailbox, of.waited))
        .collect();
    assert_eq!(waited, [("100@default", Duration::from_mins(45))]);
    let reader = Reader::open(folder.path()).unwrap();
    let mine = reader
        .tally(november(), Some(&["200@default".into()]))
        .unwrap();
    assert_eq!(mine, Tally::default());
}

#[test]
fn the_command_prints_what_was_counted() {
    let mut hold = closed(1, Verdict::HoldMusic);
    hold.ended_by = Some(EndedBy::Guard);
    let mut observed = closed(2, Verdict::Silent);
    observed.mode = Mode::Observe;
    observed.would_have = Some(WouldHave {
        ended_by: EndedBy::Guard,
        verdict: Verdict::Silent,
        at: MediaTime::from_secs(30),
        saved_s: MediaTime::from_secs(90),
    });
    let mut hidden = closed(3, Verdict::Message);
    hidden.caller.presentation = Presentation::Withheld;
    hidden.mailbox = "200@default".into();
    let (folder, _log) = filed(&[hold, observed, hidden]);
    let since = ["figures", "--since", "2026-11-24", "--until", "2026-11-24"];
    let (code, table) = run(folder.path(), &since);
    assert_eq!(code, ExitCode::SUCCESS);
    for line in [
        "24 Nov 2026: 3 calls.",
        "  1 hold_music, 33.3 %",
        "Spared: at least 0.1 min, at most 2.0 min; calls with nothing left that were recorded: 1, of which the guard ended 1.",
        "Numbers rescued: 3; asked for: in 0 calls.",
        "Calls only observed: 1; enforce would have ended 1 of them earlier and saved at most 1.5 min.",
    ] {
        assert!(table.contains(line), "{line}\n{table}");
    }
    let (_, json) = run(
        folder.path(),
        &[&since[..], &["--format", "json", "--box", "200"]].concat(),
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["box"], &json["total"]["calls"]),
        (&"200@default".into(), &1.into())
    );
    let (_, csv) = run(folder.path(), &[&since[..], &["--format", "csv"]].concat());
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let to_come = [
        "figures",
        "--since",
        "2026-11-24",
        "--until",
        "2090-01-01",
        "--format",
        "json",
    ];
    let (_, json) = run(folder.path(), &to_come);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["since"], "2026-11-24");
    let (code, none) = run(
        folder.path(),
        &["figures", "--until", "2026-01-31", "--since", "2026-01-01"],
    );
    assert_eq!(
        (code, &*none),
        (ExitCode::SUCCESS, "1 Jan – 31 Jan 2026: no calls.\n")
    );
}
