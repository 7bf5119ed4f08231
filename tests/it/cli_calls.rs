//! `calls` and `call`: what people and machines read of the log.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_log::export::{self, Csv};
use voicemail_guard::call_record::{
    CallRecord, Callback, Caller, EndedBy, Mode, Presentation, Reason, Verdict, WouldHave,
};
use voicemail_guard::cli::{call, calls};
use voicemail_guard::clock::Clock;
use voicemail_guard::text::is_hostile;
use voicemail_guard::wording::support_line;

use crate::support::command_line::{Command, run};
use crate::support::records::{closed, opened};

fn log(records: &[CallRecord]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    for record in records {
        if record.ended.is_some() {
            log.close_call(record.clone());
        } else {
            std::mem::forget(log.open_call(record.clone()));
        }
    }
    log.flush().blocking_recv().unwrap();
    folder
}

fn hostile() -> CallRecord {
    let mut record = closed(3, Verdict::HoldMusic);
    record.caller.name = "\u{1b}[2J\u{202e}evil\r\n2026-11-24 forged".into();
    record.caller.number = "=cmd|' /C calc'!A0".into();
    record.caller.e164 = None;
    record.mailbox = "1;drop\t".into();
    record.reasons = vec![Reason::Text("music for 21 s\nand more".into())];
    record.ended_by = Some(EndedBy::Guard);
    record
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

#[test]
fn the_table_shows_what_was_found() {
    let mut wide = closed(2, Verdict::Rambler);
    wide.caller.name = "山田太郎 ✆".into();
    let folder = log(&[closed(1, Verdict::Message), wide, hostile(), opened(4)]);
    let (code, out) = run(folder.path(), &["calls"]);
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(!out.chars().any(|c| c != '\n' && is_hostile(c)), "{out:?}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4 + 4, "{out}");
    assert!(
        out.contains("+4991120000001") && out.contains("(up)") && out.contains("hold_music"),
        "{out}"
    );
    // All columns begin at the same place, wide characters counted twice.
    let id_column = |line: &str| {
        let before = line.rfind(' ').map(|at| &line[..at]).unwrap();
        before
            .chars()
            .map(|c| {
                if ('\u{2e80}'..'\u{a000}').contains(&c) {
                    2
                } else {
                    1
                }
            })
            .sum::<usize>()
    };
    let columns: Vec<usize> = [
        closed(1, Verdict::Message).id,
        closed(2, Verdict::Rambler).id,
    ]
    .map(|id| {
        id_column(
            lines
                .iter()
                .find(|line| line.contains(&id.to_string()))
                .unwrap()
                .trim_end(),
        )
    })
    .to_vec();
    assert_eq!(columns[0], columns[1], "{out}");
}

#[test]
fn what_enforce_would_have_saved_is_summed_up() {
    let observed = |n, saved: Option<u64>| CallRecord {
        mode: Mode::Observe,
        would_have: saved.map(|saved| WouldHave {
            ended_by: EndedBy::Guard,
            verdict: Verdict::HoldMusic,
            at: MediaTime::from_secs(36),
            saved_s: MediaTime::from_secs(saved),
        }),
        ..closed(n, Verdict::HoldMusic)
    };
    let enforced = closed(4, Verdict::Message);
    let saving = observed(1, Some(100));
    let folder = log(&[
        saving.clone(),
        observed(2, Some(80)),
        observed(3, None),
        enforced.clone(),
    ]);
    let (_, out) = run(folder.path(), &["calls"]);
    let sum = "Observed: 3; enforce would have ended 2 of them earlier and saved 3.0 minutes.";
    assert!(out.ends_with(&format!("{sum}\n")), "{out}");
    let (_, out) = run(folder.path(), &["calls", "--verdict", "message"]);
    assert!(!out.contains("Observed"), "{out}");
    let card = |record: &CallRecord| run(folder.path(), &["call", &record.id.to_string()]).1;
    let said = "Enforce    would have ended this call after 36.0 s as hold_music, 100.0 s earlier";
    assert!(card(&saving).contains(said), "{}", card(&saving));
    let none = card(&observed(3, None));
    assert!(
        none.contains("would not have ended this call earlier"),
        "{none}"
    );
    assert!(!card(&enforced).contains("Enforce"));
    let (_, json) = run(folder.path(), &["calls", "--format", "json"]);
    assert!(json.contains(r#""saved_s":100.0"#), "{json}");
}

#[test]
fn a_record_from_before_the_reckoning_is_read() {
    let mut old = serde_json::to_value(closed(1, Verdict::Message)).unwrap();
    let fields = old.as_object_mut().unwrap();
    assert!(!fields.contains_key("would_have"), "{fields:?}");
    let record: CallRecord = serde_json::from_value(old).unwrap();
    assert_eq!(record, closed(1, Verdict::Message));
}

#[test]
fn searching_and_exit_codes() {
    let folder = log(&[closed(1, Verdict::Message), closed(2, Verdict::Hangup)]);
    for (line, found) in [
        (&["calls", "--number", "0911/20000002"][..], 1),
        (&["calls", "--number", "+49 171 2345678"], 2),
        (&["calls", "--number", "-5"], 0),
        (&["calls", "--verdict", "message"], 1),
        (&["calls", "--box", "100@default", "--limit", "1"], 1),
        (
            &["calls", "--since", "2026-11-24", "--until", "2026-11-25"],
            2,
        ),
        (&["calls", "--until", "2026-11-20"], 0),
        (&["calls", "--since", "2026-11-24T09:12:05Z"], 1),
        (&["calls", "--number", "anonymous"], 0),
        (&["calls", "--number", "anonymous", "--box", "100"], 0),
        (&["calls", "--number", "withheld"], 0),
        (
            &["calls", "--since", "24.11.2026", "--until", "24.11.2026"],
            2,
        ),
    ] {
        let (code, out) = run(folder.path(), &[line, &["--format", "json"]].concat());
        assert_eq!(out.lines().count(), found, "{line:?}");
        assert_eq!(code == ExitCode::SUCCESS, found > 0, "{line:?}");
    }
    for wrong in [
        &["calls", "--since", "tomorrow"][..],
        &["calls", "--verdict", "junk"],
        &["calls", "--limit", "-1"],
        &["calls", "--format", "xml"],
        &["calls", "--sort", "1;drop"],
        &["call"],
    ] {
        let error = Command::try_parse_from([&["voicemail-guard"], wrong].concat())
            .err()
            .unwrap();
        assert_eq!(error.exit_code(), 2, "{wrong:?}");
    }
    let nothing = calls::Args {
        number: Some(" ".into()),
        ..calls::Args::default()
    };
    let error = calls::run(&nothing, folder.path(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.exit_code(), ExitCode::from(2));
    let (code, out) = run(folder.path(), &["calls", "--number", "000111"]);
    assert_eq!(
        (code, out.as_str()),
        (ExitCode::from(1), "No calls found.\n")
    );
}

#[test]
fn who_withholds_the_number_is_found_by_that_word() {
    let mut withheld = closed(2, Verdict::Hangup);
    withheld.caller = Caller::default();
    withheld.caller.presentation = Presentation::Withheld;
    let mut named = closed(3, Verdict::Hangup);
    named.caller.number = "Anonymous".into();
    let folder = log(&[closed(1, Verdict::Message), withheld, named]);
    for (line, found) in [
        (&["calls", "--number", "withheld"][..], 2),
        (&["calls", "--number", "Number withheld", "--limit", "1"], 1),
        (
            &["calls", "--number", "anonymous", "--verdict", "message"],
            0,
        ),
    ] {
        let (_, out) = run(folder.path(), &[line, &["--format", "json"]].concat());
        assert_eq!(out.lines().count(), found, "{line:?}: {out}");
    }
}

#[test]
fn without_a_log_it_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let error = calls::run(&calls::Args::default(), folder.path(), &mut Vec::new()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("no call log") && text.contains("serve") && text.contains("--data"),
        "{text}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = log(&[closed(1, Verdict::Message)]);
    for format in [
        calls::OutputFormat::Table,
        calls::OutputFormat::Json,
        calls::OutputFormat::Csv,
    ] {
        let args = calls::Args {
            format,
            ..calls::Args::default()
        };
        assert_eq!(
            calls::run(&args, folder.path(), &mut Gone).unwrap(),
            ExitCode::SUCCESS
        );
    }
}

#[test]
fn json_has_exactly_the_promised_fields_in_order() {
    let line = export::json(&closed(1, Verdict::Message), &berlin());
    let expected = concat!(
        r#"{"id":"6aq6scwt0001","started":"2026-11-24T10:12:04.25+01:00","ended":"2026-11-24T10:12:35.75+01:00","#,
        r#""box":"100@default","uniqueid":"pbx-1795511524.1","linkedid":"pbx-1795511524.1","#,
        r#""channel":"PJSIP/trunk-00000001","caller":{"number":"091120000001","e164":"+4991120000001","#,
        r#""name":"Jürgen Müller","presentation":"shown"},"dnid":"08001234567","rdnis":"","#,
        r#""verdict":"message","confidence":0.93,"#,
        r#""reasons":["14.2 s of speech","a number was keyed in"],"#,
        r#""seconds":{"speech":14.2,"silence":3.0,"music":0.0,"tone":0.0,"noise":0.0},"#,
        r#""asked":[{"prompt":"still-there","at":12.0,"answer":"voice"}],"#,
        r#""callback":{"number":"0171 2345678","e164":"+491712345678","source":"keyed_confirmed","confirmed":true},"#,
        r#""mode":"enforce","ended_by":"caller","audio":"audio/2026-11/example.wav","#,
        r#""delivered":["voicemail 100@default msg0000 at 2026-11-24T10:12:35+01:00"]}"#,
    );
    assert_eq!(line, expected);

    let up: Value = serde_json::from_str(&export::json(&opened(1), &TimeZone::UTC)).unwrap();
    assert_eq!(up["started"], "2026-11-24T09:12:04.25+00:00");
    assert!(up["ended"].is_null() && up["verdict"].is_null() && up["audio"].is_null());
}

#[test]
fn json_lines_of_a_hostile_call_stay_lines() {
    let folder = log(&[hostile()]);
    let (_, out) = run(folder.path(), &["calls", "--format", "json"]);
    assert_eq!(out.lines().count(), 1);
    let line: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(line["caller"]["name"], hostile().caller.name);
    assert!(out.contains("\\u001b[2J\\u202eevil"), "{out}");
    let started: Timestamp = line["started"].as_str().unwrap().parse().unwrap();
    assert_eq!(started, hostile().started);
}

/// RFC 4180, every cell between quotation marks.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut chars = csv.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match (c, quoted) {
            ('"', true) if chars.next_if_eq(&'"').is_some() => row.last_mut().unwrap().push('"'),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(String::new()),
            ('\r', false) => assert_eq!(chars.next(), Some('\n')),
            (c, true) => row.last_mut().unwrap().push(c),
            (c, false) => panic!("{c:?} outside of a cell"),
        }
        if c == '\r' && !quoted {
            rows.push(vec![String::new()]);
        }
    }
    rows.pop();
    rows
}

#[test]
fn csv_begins_with_its_columns() {
    let folder = log(&[closed(1, Verdict::Message), hostile()]);
    let (code, out) = run(folder.path(), &["calls", "--format", "csv"]);
    assert_eq!(code, ExitCode::SUCCESS);
    let rows = cells(&out);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], export::CSV_COLUMNS);
    let column = |name: &str| export::CSV_COLUMNS.iter().position(|c| *c == name).unwrap();
    assert_eq!(rows[1][column("number")], "'=cmd|' /C calc'!A0");
    assert_eq!(rows[2][column("e164")], "'+4991120000001");
    assert_eq!(
        export::csv_value(&rows[2][column("e164")]),
        "+4991120000001"
    );
    assert_eq!(rows[2][column("speech")], "14.200");
    let times: Vec<_> = ["started", "ended"]
        .map(|name| rows[2][column(name)].len())
        .to_vec();
    assert_eq!(times, ["2026-11-24T10:12:04+01:00".len(); 2], "{rows:?}");
    assert!(
        rows[2][column("delivered")].ends_with("\"]") && !out.contains("Z\"\"]"),
        "{out}"
    );
}

#[test]
fn csv_opens_in_an_excel_with_decimal_commas() {
    let folder = log(&[closed(1, Verdict::Message), hostile()]);
    let (code, out) = run(folder.path(), &["calls", "--format", "csv-excel"]);
    assert_eq!(code, ExitCode::SUCCESS);
    let text = out.strip_prefix('\u{feff}').unwrap();
    assert!(text.starts_with("\"id\";\"started\";"), "{text}");
    let rows = cells(&text.replace("\";\"", "\",\""));
    let column = |name: &str| export::CSV_COLUMNS.iter().position(|c| *c == name).unwrap();
    assert_eq!(rows[2].len(), export::CSV_COLUMNS.len());
    assert_eq!(rows[2][column("speech")], "14,200");
    assert_eq!(rows[2][column("confidence")], "0,93");
    assert_eq!(rows[2][column("name")], "Jürgen Müller");
    assert_eq!(rows[1][column("number")], "'=cmd|' /C calc'!A0");
    let started = &rows[2][column("started")];
    assert!(
        started.parse::<jiff::civil::DateTime>().is_ok() && started.len() == 19,
        "{started}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn csv_is_harmless_and_gives_back_all_that_can_be_seen(
        name in prop_oneof![
            any::<String>(),
            "['=+@\t\r\n\"-][a-z'\"=,;\\\\]{0,8}",
            "＝.{0,4}",
            "[\u{1b}\u{7}\u{202e}\u{200b}]{0,2}[=a-z\u{9b}\u{2066}]{0,4}",
        ],
        number in prop_oneof![any::<String>(), "[=+@'-]{0,3}[0-9]{0,9}"],
        reason in any::<String>(),
    ) {
        let mut record = closed(1, Verdict::Message);
        record.caller.name.clone_from(&name);
        record.caller.number.clone_from(&number);
        record.reasons = vec![Reason::Text(reason.clone())];
        let rows = cells(&export::csv(Csv::Plain, &record.clone().into(), &[], &TimeZone::UTC));
        prop_assert_eq!(rows.len(), 1);
        prop_assert!(!rows[0].concat().chars().any(is_hostile), "{:?}", rows);
        for cell in &rows[0] {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{:?}", cell);
        }
        let value = |column: &str| {
            let at = export::CSV_COLUMNS.iter().position(|c| *c == column).unwrap();
            export::csv_value(&rows[0][at])
        };
        // Nothing that can be seen changes; what cannot is escaped.
        let seen = |text: &str| text.chars().map(|c| match c {
            c if is_hostile(c) => c.escape_default().to_string(),
            c => c.to_string(),
        }).collect::<String>();
        prop_assert_eq!(value("name"), seen(&name));
        prop_assert_eq!(value("number"), seen(&number));
        let reasons: Vec<String> = serde_json::from_str(value("reasons")).unwrap();
        prop_assert_eq!(reasons, [reason]);
    }

    #[test]
    fn the_support_line_is_one_line(name in any::<String>(), number in any::<String>(), reason in any::<String>()) {
        let mut record = closed(1, Verdict::Message);
        record.caller.name = name;
        record.caller.number = number;
        record.caller.e164 = None;
        record.reasons = vec![Reason::Text(reason)];
        let line = support_line(&record, &TimeZone::UTC);
        prop_assert!(!line.chars().any(is_hostile), "{:?}", line);
    }
}

#[test]
fn the_support_line_reads_like_a_sentence() {
    let check =
        |record: &CallRecord, expected: &str| assert_eq!(support_line(record, &berlin()), expected);
    check(
        &closed(1, Verdict::Message),
        "2026-11-24 10:12:04 +4991120000001 \"Jürgen Müller\" called box 100@default and left a message: \
         message, 93 % sure, because 14.2 s of speech; a number was keyed in. \
         Call back +491712345678 (keyed in and confirmed by the caller). \
         The call was ended by the caller after 31 s. Call 6aq6scwt0001.",
    );
    let mut withheld = closed(2, Verdict::Hangup);
    withheld.caller = Caller::default();
    withheld.caller.presentation = Presentation::Withheld;
    withheld.callback = Callback::default();
    withheld.reasons = Vec::new();
    check(
        &withheld,
        "2026-11-24 10:12:05 number withheld called box 100@default and hung up at once: hangup, 93 % sure. \
         The call was ended by the caller after 31 s. Call 6aq6sdw20002.",
    );
    check(
        &opened(1),
        "2026-11-24 10:12:04 +4991120000001 \"Jürgen Müller\" called box 100@default and is still there. \
         Call 6aq6scwt0001.",
    );
}

fn card(record: &CallRecord) -> String {
    let folder = Path::new("/var/lib/voicemail-guard");
    call::card(
        &record.clone().into(),
        &[],
        &[],
        folder,
        (Timestamp::UNIX_EPOCH, &berlin()),
    )
}

#[test]
fn the_card_answers_the_dispute() {
    insta::assert_snapshot!("card_message", card(&closed(1, Verdict::Message)));
    insta::assert_snapshot!("card_hostile", card(&hostile()));
    insta::assert_snapshot!("card_up", card(&opened(1)));
}

#[test]
fn a_call_over_the_clock_change_shows_both_offsets() {
    let mut call = closed(1, Verdict::Message);
    call.started = "2026-10-25T00:59:30Z".parse().unwrap();
    call.ended = Some("2026-10-25T01:00:30Z".parse().unwrap());
    let card = card(&call);
    let when = card.lines().find(|line| line.starts_with("When")).unwrap();
    assert!(
        when.ends_with("02:59:30 (UTC+02:00) to 02:00:30 (UTC+01:00) (60 s)"),
        "{when}"
    );
}

#[test]
fn a_card_is_found_by_what_people_have_at_hand() {
    let folder = log(&[closed(1, Verdict::Message), closed(2, Verdict::Hangup)]);
    let id = opened(1).id.to_string();
    for reference in [
        id.as_str(),
        &id[..9],
        &id.to_uppercase(),
        opened(1).uniqueid.as_str(),
    ] {
        let (code, out) = run(folder.path(), &["call", reference]);
        assert_eq!(code, ExitCode::SUCCESS, "{reference}");
        assert!(out.starts_with(&format!("Call {id}: ")), "{out}");
    }
    let (code, out) = run(folder.path(), &["call", &id[..3]]);
    assert_eq!(code, ExitCode::from(1));
    assert!(
        out.contains("may be any of these") && out.lines().count() == 3,
        "{out}"
    );
    let (code, out) = run(folder.path(), &["call", "\u{1b}[31m"]);
    assert_eq!(code, ExitCode::from(1));
    assert_eq!(out, "There is no call \"\\u{1b}[31m\".\n");
}
