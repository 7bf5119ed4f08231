//! Repeat callers in the call log: which calls are one case, what closes it, what is shown of it.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use jiff::SignedDuration;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::{CallLog, CaseQuery, CountedCase, DATABASE, Query, Reader};
use voicemail_guard::call_record::{
    CallId, CallRecord, Callback, CallbackSource, Caller, EndedBy, Presentation, Reason, Verdict,
};
use voicemail_guard::case::{ClosedBy, Connected, Urgency};
use voicemail_guard::cli::calls;
use voicemail_guard::clock::Clock;
use voicemail_guard::number::{Country, Home, normalise};

use crate::support::call_log::{Lock, all, filed, flush, open};
use crate::support::command_line::{Command, run};
use crate::support::records::closed;

mod judged;
mod team;
mod waiting;

/// The `n`th call of the morning, so many minutes after the first, by this number.
fn by(n: u32, minutes: i64, number: &str, verdict: Verdict) -> CallRecord {
    let mut record = closed(n, verdict);
    let later = SignedDuration::from_mins(minutes);
    record.started += later;
    record.ended = record.ended.map(|ended| ended + later);
    record.id = CallId::new(record.started, n);
    record.caller = Caller {
        number: number.into(),
        e164: normalise(number, Some(Country::default())),
        name: "Jürgen Müller".into(),
        presentation: Presentation::Shown,
    };
    record.callback = Callback {
        number: record.caller.number.clone(),
        e164: record.caller.e164.clone(),
        source: CallbackSource::CallerId,
        confirmed: false,
    };
    if verdict.is_delivered() {
        record.reasons = vec![Reason::Speech(MediaTime::from_millis(14_200))];
    } else {
        record.delivered = Vec::new();
    }
    record.repeat_window_s = Some(3600);
    record
}

fn hangup(n: u32, minutes: i64, number: &str) -> CallRecord {
    by(n, minutes, number, Verdict::Hangup)
}

fn cases(folder: &Path) -> Vec<CountedCase> {
    let reader = Reader::open(folder).unwrap();
    let mut cases = reader.cases(&CaseQuery::default()).unwrap();
    cases.reverse();
    cases
}

/// Calls per case, and what closed it.
fn outline(folder: &Path) -> Vec<(u32, Option<ClosedBy>)> {
    let cases = cases(folder).into_iter();
    let outline = cases.map(|of| (of.calls, of.case.closed.as_ref().map(|closed| closed.by)));
    outline.collect()
}

const BERLIN: &str = "030 1234567";

#[test]
fn three_calls_however_they_send_the_number_are_one_case() {
    let (folder, _log) = filed(&[
        hangup(1, 0, BERLIN),
        hangup(2, 20, "+49301234567"),
        by(3, 70, "0049301234567", Verdict::Mutter),
        hangup(4, 71, "030 1234568"),
    ]);
    let cases = cases(folder.path());
    assert_eq!(outline(folder.path()), [(3, None), (1, None)]);
    let first = &cases[0];
    assert_eq!(first.case.id, hangup(1, 0, BERLIN).id);
    assert_eq!(first.number, "+49301234567");
    assert_eq!(first.mailbox.as_str(), "100@default");
    let begins = [hangup(1, 0, BERLIN).started, hangup(3, 70, BERLIN).started];
    assert_eq!([first.case.first, first.case.last], begins);
    assert_eq!(first.verdicts, [(Verdict::Hangup, 2), (Verdict::Mutter, 1)]);
}

#[test]
fn a_call_after_the_window_or_for_another_box_is_another_case() {
    let mut other_box = hangup(3, 5, BERLIN);
    other_box.mailbox = "200@default".into();
    let (folder, _log) = filed(&[hangup(1, 0, BERLIN), other_box, hangup(2, 61, BERLIN)]);
    assert_eq!(outline(folder.path()), [(1, None), (1, None), (1, None)]);
}

#[test]
fn who_shows_no_number_has_a_case_for_each_call_and_off_is_off() {
    let with = |n, presentation| {
        let mut record = hangup(n, 0, BERLIN);
        record.caller.presentation = presentation;
        record
    };
    let mut off = hangup(5, 0, BERLIN);
    off.repeat_window_s = None;
    let (folder, _log) = filed(&[
        with(1, Presentation::Withheld),
        with(2, Presentation::Withheld),
        with(3, Presentation::Unavailable),
        hangup(4, 0, "anonymous"),
        off,
    ]);
    assert_eq!(outline(folder.path()), [(1, None); 5]);
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.calls_without_case(&Query::default()).unwrap(), 0);
}

#[test]
fn a_message_waits_until_somebody_rings_back() {
    let message = by(3, 20, BERLIN, Verdict::Message);
    // The window is an hour; who left a message calls about it two days later, too.
    let (folder, _log) = filed(&[
        hangup(1, 0, BERLIN),
        hangup(2, 10, BERLIN),
        message.clone(),
        hangup(4, 3_000, BERLIN),
    ]);
    assert_eq!(outline(folder.path()), [(4, None)]);
    let case = cases(folder.path()).remove(0);
    assert_eq!(case.case.urgency, Urgency::Message);
    assert_eq!(case.waiting_since, Some(message.started));
    assert_eq!(case.lead.map(|lead| lead.id), Some(message.id));
}

#[test]
fn a_call_that_was_refused_closes_nothing() {
    let mut refused = by(1, 0, BERLIN, Verdict::Unsure);
    refused.ended_by = Some(EndedBy::Overloaded);
    let (folder, _log) = filed(&[refused]);
    assert_eq!(outline(folder.path()), [(1, None)]);
}

#[test]
fn a_call_has_its_case_from_its_begin() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let mut up = by(1, 0, BERLIN, Verdict::Message);
    (up.ended, up.verdict, up.ended_by) = (None, None, None);
    let mut open_call = log.open_call(up.clone());
    flush(&log);
    assert_eq!(outline(folder.path()), [(1, None)]);
    open_call.record_mut().callback.number = "0171 2345678".into();
    open_call.save();
    open_call.close_and_deliver(by(1, 0, BERLIN, Verdict::Message), &[]);
    flush(&log);
    assert_eq!(outline(folder.path()), [(1, None)]);
    assert_eq!(cases(folder.path())[0].case.urgency, Urgency::Message);
}

#[test]
fn what_waited_in_the_journal_has_its_case_too() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    flush(&log);
    let lock = Lock::take(folder.path());
    log.close_call(hangup(1, 0, BERLIN));
    log.close_call(by(2, 5, BERLIN, Verdict::Message));
    flush(&log);
    lock.release();
    flush(&log);
    assert_eq!(outline(folder.path()), [(2, None)]);
    assert_eq!(cases(folder.path())[0].case.urgency, Urgency::Message);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(future)
}

fn connected(caller: &str, dialled: &str, answered: &str) -> Connected {
    Connected {
        caller: caller.into(),
        dialled: Some(dialled.into()),
        answered: answered.into(),
    }
}

fn note(log: &CallLog, connected: Connected, minutes: i64) -> usize {
    let at = hangup(0, minutes, BERLIN).started;
    let noting = log.note_connected(connected, at, vec![Home::default()]);
    block_on(noting).unwrap().len()
}

#[test]
fn an_answered_call_closes_what_came_in_by_the_same_number() {
    let (folder, log) = filed(&[hangup(1, 0, BERLIN), hangup(2, 1, BERLIN)]);
    let dnid = hangup(1, 0, BERLIN).dnid;
    for (nothing, minutes) in [
        (connected("030 7654321", &dnid, "200"), 30),
        (connected("anonymous", &dnid, "200"), 30),
        // They reached somebody else, or did so before they rang the hotline.
        (connected(BERLIN, "0911999", "200"), 30),
        (connected(BERLIN, &dnid, "200"), -10),
    ] {
        assert_eq!(note(&log, nothing.clone(), minutes), 0, "{nothing:?}");
    }
    assert_eq!(note(&log, connected("+49301234567", &dnid, "200"), 30), 1);
    assert_eq!(outline(folder.path()), [(2, Some(ClosedBy::Answered))]);
    let closed = cases(folder.path()).remove(0).case.closed.unwrap();
    assert_eq!(
        (closed.call, closed.at),
        (None, hangup(0, 30, BERLIN).started)
    );
    assert_eq!(note(&log, connected(BERLIN, &dnid, "200"), 40), 0);
    log.close_call(hangup(3, 31, BERLIN));
    flush(&log);
    assert_eq!(
        outline(folder.path()),
        [(2, Some(ClosedBy::Answered)), (1, None)]
    );
}

#[test]
fn a_caller_who_was_called_back_is_reached() {
    let mut other_box = hangup(2, 5, "030 555");
    other_box.mailbox = "200@default".into();
    let (folder, log) = filed(&[hangup(1, 0, BERLIN), hangup(3, 4, "030 555"), other_box]);
    assert_eq!(
        note(&log, connected("200", "030 1234567", "0301234567"), 30),
        1
    );
    // For which of the two boxes is not known.
    assert_eq!(note(&log, connected("200", "030555", "030555"), 30), 0);
    let expected = [(1, Some(ClosedBy::CalledBack)), (1, None), (1, None)];
    assert_eq!(outline(folder.path()), expected);
}

#[test]
fn it_is_known_whether_there_were_calls() {
    let (_folder, log) = filed(&[hangup(1, 0, BERLIN)]);
    let since = |minutes| hangup(0, minutes, BERLIN).started;
    assert!(block_on(log.any_call_since(since(-1))).unwrap());
    assert!(!block_on(log.any_call_since(since(1))).unwrap());
}

#[test]
fn a_case_goes_with_its_last_call() {
    let (folder, log) = filed(&[hangup(1, 0, BERLIN), hangup(2, 5, BERLIN)]);
    drop(log);
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    let delete = |record: CallRecord| {
        let deleted = database.execute("DELETE FROM calls WHERE id = ?1", [record.id.to_string()]);
        assert_eq!(deleted.unwrap(), 1);
    };
    delete(hangup(1, 0, BERLIN));
    let left = &cases(folder.path())[0];
    assert_eq!((left.calls, left.case.id), (1, hangup(1, 0, BERLIN).id));
    assert_eq!(left.case.first, hangup(2, 5, BERLIN).started);
    delete(hangup(2, 5, BERLIN));
    let rows = database.query_row("SELECT count(*) FROM cases", [], |row| row.get::<_, u32>(0));
    assert_eq!(rows.unwrap(), 0);
}

/// The case of the first caller of a morning.
const ID: &str = "6aq6scwt0001";

/// Three cases: one that is closed, one of a hang-up, one of a caller without a number.
fn a_morning() -> TempDir {
    let mut withheld = hangup(5, 3, "");
    withheld.caller.presentation = Presentation::Withheld;
    let (folder, _log) = filed(&[
        hangup(1, 0, BERLIN),
        by(2, 20, "+49301234567", Verdict::Mutter),
        by(3, 40, "030 1234567", Verdict::Message),
        hangup(4, 41, "0911 7654321"),
        withheld,
    ]);
    let (code, out) = run(folder.path(), &["case", ID, "reached", "--as", "anna"]);
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    folder
}

/// In whose zone the times are is no matter of these tests.
fn without_times(text: &str) -> String {
    let form = "YYYY-MM-DD HH:MM:SS";
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let time = rest.get(..form.len());
        if time.is_some_and(|time| time.parse::<jiff::civil::DateTime>().is_ok()) {
            out.push_str(form);
            rest = &rest[form.len()..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

#[test]
fn the_list_of_cases() {
    let folder = a_morning();
    let (code, out) = run(folder.path(), &["calls", "--cases"]);
    assert_eq!(code, ExitCode::SUCCESS);
    insta::assert_snapshot!("list", without_times(&out));
    let (_, open) = run(folder.path(), &["calls", "--cases", "--open"]);
    assert!(
        open.contains("+499117654321") && !open.contains("+49301234567"),
        "{open}"
    );
    let (_, one) = run(
        folder.path(),
        &["calls", "--cases", "--number", "030/1234567"],
    );
    assert!(
        !one.contains("+499117654321") && one.contains("+49301234567"),
        "{one}"
    );
    let (code, none) = run(
        folder.path(),
        &["calls", "--cases", "--until", "2026-11-20"],
    );
    assert_eq!(
        (code, none.as_str()),
        (ExitCode::from(1), "No cases found.\n")
    );
    for wrong in [&["calls", "--open"][..], &["calls", "--cases", "7"]] {
        assert!(Command::try_parse_from([&["voicemail-guard"], wrong].concat()).is_err());
    }
    let csv = calls::Args {
        cases: true,
        format: calls::OutputFormat::Csv,
        ..calls::Args::default()
    };
    let error = calls::run(&csv, folder.path(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::from(2));
}

#[test]
fn a_case_for_machines() {
    let folder = a_morning();
    let (_, out) = run(folder.path(), &["calls", "--cases", "--format", "json"]);
    let cases: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(cases.len(), 3, "{out}");
    let [open, closed, _] = &cases[..] else {
        unreachable!()
    };
    assert_eq!(
        (open["number"].as_str(), open["closed"].is_null()),
        (Some("+499117654321"), true)
    );
    assert_eq!(closed["calls"], 3);
    assert_eq!(
        closed["verdicts"][0],
        serde_json::json!({"verdict": "message", "calls": 1})
    );
    assert_eq!(closed["closed"]["by"], "reached");
    assert_eq!(closed["closed"]["known_by"], "team");
    assert_eq!(closed["closed"]["who"], "anna");
    assert_eq!(
        (&closed["state"], &open["state"]),
        (&"closed".into(), &"open".into())
    );
    assert_eq!(
        (&closed["urgency"], &open["urgency"]),
        (&"message".into(), &"junk".into())
    );

    let (_, out) = run(folder.path(), &["calls", "--format", "json"]);
    let calls: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let of = |n: usize| &calls[n]["case"];
    assert_eq!(of(3)["calls"], 1, "a withheld number: {out}");
    assert_eq!(
        (&of(2)["place"], &of(2)["calls"]),
        (&Value::from(2), &Value::from(3))
    );
    assert_eq!(of(2)["id"], closed["id"]);
    let (_, out) = run(folder.path(), &["calls", "--format", "csv", "--limit", "2"]);
    assert!(
        out.contains(&format!(
            "\"{}\",\"3\",\"3\",",
            closed["id"].as_str().unwrap()
        )),
        "{out}"
    );
}

#[test]
fn a_call_shows_its_case_and_the_other_calls() {
    let folder = a_morning();
    let (_, out) = run(folder.path(), &["calls"]);
    insta::assert_snapshot!("calls", without_times(&out));
    let id = by(2, 20, "", Verdict::Mutter).id.to_string();
    let (_, out) = run(folder.path(), &["call", &id]);
    let case: Vec<_> = out
        .lines()
        .skip_while(|line| !line.starts_with("Case"))
        .take_while(|line| !line.starts_with("End"))
        .collect();
    insta::assert_snapshot!("card", without_times(&case.join("\n")));
    let alone = hangup(4, 41, "").id.to_string();
    let (_, out) = run(folder.path(), &["call", &alone]);
    assert!(
        out.contains("Case       the only call by this number for the box so far; open\n"),
        "{out}"
    );
}

#[test]
fn a_thousand_calls_of_one_caller_are_one_short_card() {
    let calls: Vec<_> = (0..1_000).map(|n| hangup(n, 0, BERLIN)).collect();
    let (folder, _log) = filed(&calls);
    assert_eq!(outline(folder.path()), [(1_000, None)]);
    assert_eq!(all(folder.path()).len(), 1_000);
    let (_, out) = run(folder.path(), &["call", &calls[500].id.to_string()]);
    assert!(out.contains("501st call since "), "{out}");
    assert!(out.contains(", of 1000 by this number"), "{out}");
    assert!(out.contains("and 979 more"), "{out}");
    assert!(out.lines().count() < 60, "{out}");
}

#[test]
fn an_old_database_is_upgraded_and_its_calls_stay_without_a_case() {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    database
        .execute_batch(include_str!("../../log/version-2.sql"))
        .unwrap();
    drop(database);
    // Who only reads, reads it as it is.
    let (code, out) = run(folder.path(), &["calls"]);
    assert_eq!(
        (code, out.contains("+49301234567")),
        (ExitCode::SUCCESS, true),
        "{out}"
    );
    assert_eq!(outline(folder.path()), []);
    let card = run(folder.path(), &["call", "6aq6scwt0001"]).1;
    assert!(
        card.contains("030 1234567") && !card.contains("Case"),
        "{card}"
    );

    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    log.close_call(hangup(3, 10, BERLIN));
    flush(&log);
    let reader = Reader::open(folder.path()).unwrap();
    let in_none = reader.calls_without_case(&Query::default()).unwrap();
    assert_eq!((outline(folder.path()), in_none), (vec![(1, None)], 2));
    assert_eq!(cases(folder.path())[0].case.id, hangup(3, 10, "").id);
    assert_eq!(all(folder.path()).len(), 3);
}
