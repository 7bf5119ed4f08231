//! What is said of it: by the command, in the lists, and in figures.

use std::process::ExitCode;

use clap::Parser;
use jiff::civil::date;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::call_log::{CaseQuery, DATABASE, Query, Reader};
use voicemail_guard::call_record::{CallId, Verdict};
use voicemail_guard::case::Judgement;
use voicemail_guard::cli::Cli;
use voicemail_guard::figures::Period;

use super::super::{BERLIN, by, filed, hangup, run};
use super::{say, was};

#[test]
#[expect(clippy::too_many_lines, reason = "one call, looked at everywhere")]
fn the_command_says_what_it_did_and_the_lists_show_who_said_so() {
    let junk = hangup(1, 0, BERLIN);
    let message = by(2, 200, "030 222", Verdict::Message);
    let (folder, _log) = filed(&[junk.clone(), message.clone()]);
    let folder = folder.path();
    let id = junk.id.to_string();
    let judge = |arguments: &[&str]| {
        let who: &[&str] = if arguments.contains(&"--as") {
            &[]
        } else {
            &["--as", "dora"]
        };
        run(folder, &[&["judge"], arguments, who].concat())
    };
    let (code, out) = judge(&[
        &id,
        "message",
        "--as",
        "bert",
        "wants",
        "the invoice \u{1b}[2J",
    ]);
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(
        out.starts_with(&format!("Call {id}: message, says bert (command line, 20"))
            && out.contains("the guard said hangup.\n")
            && out.contains("urgency message"),
        "{out}"
    );
    let (_, table) = run(folder, &["calls", "--width", "200"]);
    assert!(table.contains("hangup, was message (bert)"), "{table}");
    let (_, table) = run(folder, &["calls", "--cases", "--width", "200"]);
    assert!(table.contains("1 message (bert)"), "{table}");
    let (_, card) = run(folder, &["call", &id]);
    assert!(
        card.contains("\nVerdict    hangup, ") && !card.contains('\u{1b}'),
        "{card}"
    );
    assert!(card.contains("\nIn truth   message, says bert ("), "{card}");
    let (_, history) = run(folder, &["case", &id]);
    assert!(history.contains("hangup, was message (bert)"), "{history}");
    assert!(
        history.contains(&format!(
            "bert: judged call {id}: message: wants the invoice"
        )),
        "{history}"
    );
    // A note finds its case.
    let query = CaseQuery {
        words: vec!["invoice".into()],
        ..CaseQuery::default()
    };
    assert_eq!(
        Reader::open(folder).unwrap().count_cases(&query).unwrap(),
        1
    );

    let ids = |arguments: &[&str]| -> Vec<String> {
        let line = [&["calls", "--format", "json"], arguments].concat();
        let (_, out) = run(folder, &line);
        let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .map(|call: Value| call["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let other = message.id.to_string();
    assert_eq!(ids(&["--judged-wrong"]), [id.as_str()]);
    assert_eq!(ids(&["--judged-wrong", "--number", "030222"]), [""; 0]);
    assert_eq!(ids(&["--verdict", "hangup"]), [""; 0]);
    assert_eq!(
        ids(&["--verdict", "message"]),
        [other.as_str(), id.as_str()]
    );
    assert_eq!(
        ids(&["--verdict", "message", "--number", "0301234567"]),
        [id.as_str()]
    );
    let (_, out) = run(folder, &["calls", "--format", "json", "--judged-wrong"]);
    let call: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(call["verdict"], "hangup");
    let correction = &call["correction"];
    assert_eq!(
        (
            &correction["verdict"],
            &correction["by"],
            &correction["via"]
        ),
        (&"message".into(), &"bert".into(), &"command".into())
    );
    let (_, out) = run(
        folder,
        &["calls", "--cases", "--format", "json", "--judged-wrong"],
    );
    let case: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&case["correction"]["by"], &case["urgency"]),
        (&"bert".into(), &"message".into())
    );
    let (_, csv) = run(folder, &["calls", "--format", "csv", "--judged-wrong"]);
    assert!(csv.contains(",\"message\",\"bert\","), "{csv}");

    for (arguments, code, expected) in [
        (&["7777", "message"][..], 1, "There is no call"),
        (
            &[&id, "hangup"],
            1,
            "nothing was changed, the guard says so, too: hangup",
        ),
        (
            &[&id, "message"],
            1,
            "it is noted already: message, says bert",
        ),
        (&[&id[..3], "tone"], 1, "may be several calls"),
        (
            &[&id, "--withdraw", "--as", "carl"],
            0,
            "taken back; the guard's verdict counts again, hangup",
        ),
        (
            &[&id, "--withdraw"],
            1,
            "nobody has said that the verdict is wrong",
        ),
    ] {
        let (ended, out) = judge(arguments);
        assert!(out.contains(expected), "{arguments:?}: {out}");
        assert_eq!(ended, ExitCode::from(code), "{arguments:?}");
    }
    let (_, history) = run(folder, &["case", &id]);
    assert!(
        history.contains(&format!("carl: took back the verdict on call {id}")),
        "{history}"
    );
    for wrong in [
        &["judge", &id, "unsure"][..],
        &["judge", &id, "spam"],
        &["judge", &id],
        &["judge", &id, "tone", "--withdraw"],
    ] {
        let error = Cli::try_parse_from([&["voicemail-guard"], wrong].concat()).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{wrong:?}");
        if wrong.len() == 3 {
            let text = error.to_string();
            assert!(
                text.contains("one of message, rambler, hangup, mutter, hold_music, aside, silent, no_audio, tone"),
                "{text}"
            );
        }
    }
}

#[test]
fn how_many_were_judged_wrongly_by_day_and_mailbox() {
    let mut other_box = hangup(3, 2, "030 3");
    other_box.mailbox = "200@default".into();
    let next_day = hangup(4, 1_440, "030 4");
    let calls = [
        hangup(1, 0, "030 1"),
        hangup(2, 1, "030 2"),
        other_box,
        next_day,
        hangup(5, 2, "030 5"),
    ];
    let (folder, log) = filed(&calls);
    for call in &calls[..4] {
        was(&log, call, Verdict::Message);
    }
    let reader = Reader::open(folder.path()).unwrap();
    let (day, next) = (date(2026, 11, 24), date(2026, 11, 25));
    let counted = || {
        let tally = reader.tally(Period::new(day, next), None).unwrap();
        let wrong = tally.calls.into_iter().filter(|of| of.counts.wrong > 0);
        wrong
            .map(|of| (of.day, of.mailbox, of.verdict, of.counts.wrong))
            .collect::<Vec<_>>()
    };
    let hangups =
        |day, mailbox: &str, calls| (day, mailbox.to_owned(), Some(Verdict::Hangup), calls);
    assert_eq!(
        counted(),
        [
            hangups(day, "100@default", 2),
            hangups(day, "200@default", 1),
            hangups(next, "100@default", 1)
        ]
    );
    say(&log, calls[0].id, Judgement::Withdrawn);
    say(&log, calls[3].id, Judgement::Withdrawn);
    assert_eq!(
        counted(),
        [
            hangups(day, "100@default", 1),
            hangups(day, "200@default", 1)
        ]
    );
    // A correction goes with its call.
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    database.execute("DELETE FROM calls", []).unwrap();
    assert_eq!(counted(), []);
    let left: u32 = database
        .query_row("SELECT count(*) FROM corrections", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

/// Where nobody has started this version on the data folder yet, nothing is marked and everything
/// is found.
#[test]
fn a_database_of_an_older_version_is_searched_as_it_is() {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join(DATABASE)).unwrap();
    database
        .execute_batch(include_str!("../../../log/version-2.sql"))
        .unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let found = |judged_wrong, verdict| {
        let query = Query {
            judged_wrong,
            verdict,
            ..Query::default()
        };
        let mut found = 0;
        let each = |_| {
            found += 1;
            true
        };
        reader.each_with_case(&query, each).unwrap();
        found
    };
    assert_eq!(
        (found(false, Some(Verdict::Hangup)), found(true, None)),
        (2, 0)
    );
    let id = CallId::parse("6aq6scwt0001").unwrap();
    assert_eq!(reader.correction(id).unwrap(), None);
    let line = [
        "voicemail-guard",
        "judge",
        &id.to_string(),
        "message",
        "--as",
        "anna",
    ];
    let Cli { command, .. } = Cli::try_parse_from(line).unwrap();
    let voicemail_guard::cli::Command::Judge(arguments) = command else {
        panic!("another command");
    };
    let refused = voicemail_guard::cli::judge::run(&arguments, folder.path(), &mut Vec::new());
    assert!(refused.is_err());
}
