//! What is erased is gone from every file, and what others left is not.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use voicemail_guard::call_log::{
    CallLog, CaseQuery, Change, DATABASE, Durability, JOURNAL, Listening, Reader, Settlement,
    UNREADABLE,
};
use voicemail_guard::call_record::{CallRecord, Destination, EndedBy, Verdict};
use voicemail_guard::case::{Author, Step, Via};
use voicemail_guard::cli::{Cli, Command, erase};
use voicemail_guard::delivery::spool::Spool;
use voicemail_guard::keeping::Days;
use voicemail_guard::recordings;
use voicemail_guard::tap::monitor;

use super::house::{FORMS, House, by_another, by_them};
use super::{block_on, days, open_at, put_audio};
use crate::support::call_log::{Lock, all, flush};
use crate::support::records::{closed, opened};
use crate::support::sources::files_below;

fn note(case: &CallRecord, text: &str) -> Change {
    Change {
        case: case.id,
        seen: None,
        step: Step::Note,
        note: Some(text.into()),
        author: Author {
            who: "bert".into(),
            via: Via::Page,
        },
        at: case.ended.unwrap() + SignedDuration::from_mins(3),
    }
}

/// A folder in which the caller is everywhere, and two others are; the guard is up.
fn filled(house: &House) -> (CallLog, Vec<CallRecord>, Vec<CallRecord>) {
    // What an earlier version, which did not overwrite what it deleted, and a broken database have
    // left.
    let broken = house.data().join("calls.broken-20261101T000000Z.sqlite");
    let ours = by_them(90, "091112345678", Some("+4991112345678"));
    {
        let log = open_at(&house.data(), "2026-11-01T00:00:00Z".parse().unwrap());
        log.close_call(ours.clone());
        log.close_call(by_another(91));
        put_audio(&house.data(), &ours);
        flush(&log);
        drop(log);
        fs::rename(house.data().join(DATABASE), &broken).unwrap();
    }
    let log = house.open();
    let database = Connection::open(house.data().join(DATABASE)).unwrap();
    database
        .execute_batch(
            "PRAGMA secure_delete = OFF;
             CREATE TABLE remnants (text TEXT);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
             INSERT INTO remnants SELECT 'gone: 0911 1234 5678, 091112345678 ' || i FROM n;
             DELETE FROM remnants; DROP TABLE remnants;",
        )
        .unwrap();
    let theirs = vec![
        by_them(1, "0911/12345678", Some("+4991112345678")),
        by_them(2, "+49 911 12345678", Some("+4991112345678")),
        by_them(3, "091112345678", None),
        by_them(4, "0049-911-1234-5678", None),
        {
            // Somebody else's telephone, their number to call back.
            let mut record = by_another(5);
            record.callback.number = "091112345678".into();
            record.callback.e164 = "+4991112345678".parse().ok();
            record
        },
    ];
    let mut redirected = by_another(6);
    redirected.rdnis = "0911 12345678".into();
    let others = vec![redirected, by_another(7)];
    for record in theirs.iter().chain(&others) {
        put_audio(&house.data(), record);
        let call = log.open_call(CallRecord {
            ended: None,
            verdict: None,
            ended_by: None,
            timeline: Vec::new(),
            ..record.clone()
        });
        call.save();
        call.close_and_deliver(record.clone(), &[]);
    }
    flush(&log);
    for change in [
        note(&theirs[0], "wants Zwetschgen, ring 0911/12345678"),
        note(
            &others[1],
            "same matter as Tel. +49 (0)911 1234-5678, ask Anna",
        ),
    ] {
        block_on(log.change_case(change)).unwrap();
    }
    block_on(log.note_listening(Listening {
        call: theirs[0].id,
        who: "bert".into(),
        address: "192.0.2.1".into(),
        at: theirs[0].started + days(1),
    }))
    .unwrap();
    fs::write(
        house
            .folder()
            .join("tap")
            .join(monitor::file_name(theirs[1].id)),
        "raw",
    )
    .unwrap();
    let replay = format!("tap/replay-{}.sln", theirs[1].id);
    fs::write(house.folder().join(replay), "raw").unwrap();
    let line = format!("{}\n", serde_json::to_string(&theirs[2]).unwrap());
    let mut lines = line[..line.len() - 40].to_owned() + "\n{\"entry\": \"of another\n";
    lines.push_str(&line);
    fs::write(house.data().join(UNREADABLE), lines).unwrap();
    (log, theirs, others)
}

#[test]
fn a_number_is_erased_from_every_file_while_the_guard_works() {
    let house = House::new();
    let (log, theirs, others) = filled(&house);
    let files: BTreeSet<_> = house
        .grep(&FORMS)
        .into_iter()
        .map(|found| found.0)
        .collect();
    assert!(files.len() >= 3, "there is too little to erase: {files:?}");
    let (code, out) = house.erase(&["--number", "(0911) 1234 5678"], "yes\n");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert_eq!(house.grep(&FORMS), [], "{out}");
    for said in [
        "Erased: 5 calls, 5 recordings.",
        "The number is found nowhere in",
        "in a note of bert's on case",
        "calls.broken-20261101T000000Z.sqlite, a broken database, has it",
        "2 lines of calls.journal.unreadable have it",
        "100@default msg0000",
        "uniqueid pbx-",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    let of_broken = by_them(90, "091112345678", None);
    for record in theirs.iter().chain([&of_broken]) {
        let file = recordings::place(record.id, record.started);
        assert!(!house.data().join(file).exists());
    }
    // What others left is as it was, but for the number.
    let mut left = others.clone();
    left[0].rdnis = "[erased]".into();
    assert_eq!(all(&house.data()), left);
    for record in &others {
        assert!(house.data().join(record.audio.as_ref().unwrap()).exists());
    }
    let reader = Reader::open(&house.data()).unwrap();
    let notes = reader.case_events(others[1].id).unwrap();
    let note = notes[0].note.as_deref();
    assert_eq!(note, Some("same matter as Tel. [erased], ask Anna"));
    let found = |word: &str| {
        let query = CaseQuery {
            words: vec![word.into()],
            ..CaseQuery::default()
        };
        reader.cases(&query).unwrap().len()
    };
    assert_eq!(
        [found("matter"), found("anna"), found("zwetschgen")],
        [1, 2, 0]
    );
    assert_eq!(reader.cases(&CaseQuery::default()).unwrap().len(), 2);
    // Nothing that was on its way brings it back, and the log goes on.
    log.close_call(theirs[0].clone());
    log.close_call(by_another(8));
    assert_eq!(flush(&log), Durability::Database);
    assert_eq!(all(&house.data()).len(), 3);
    assert_eq!(house.grep(&FORMS), []);
    let (code, out) = house.erase(&["--number", "0911 12345678"], "yes\n");
    assert_eq!(code, ExitCode::from(1));
    assert!(out.starts_with("There is nothing of"), "{out}");
}

#[test]
fn a_number_is_erased_where_no_guard_is_at_work() {
    let house = House::new();
    let (log, theirs, others) = filled(&house);
    // The guard died: entries wait in its journal, a call was never closed.
    let lock = Lock::take(&house.data());
    log.close_call(by_them(20, "0911 1234 5678", Some("+4991112345678")));
    let up = by_them(21, "091112345678", Some("+4991112345678"));
    let up = CallRecord {
        ended: None,
        verdict: None,
        ended_by: None,
        ..up
    };
    std::mem::forget(log.open_call(up));
    assert_eq!(flush(&log), Durability::Journal);
    lock.release();
    let journal = fs::read(house.data().join(JOURNAL)).unwrap();
    let database = fs::read(house.data().join(DATABASE)).unwrap();
    let wal = fs::read(house.data().join("calls.sqlite-wal")).unwrap();
    let other = House::new();
    for (name, bytes) in [
        (JOURNAL, journal),
        (DATABASE, database),
        ("calls.sqlite-wal", wal),
    ] {
        fs::write(other.data().join(name), bytes).unwrap();
    }
    let (code, out) = other.erase(&["--number", "+4991112345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    let calls = theirs.len() + 2;
    assert!(out.contains(&format!("Erased: {calls} calls")), "{out}");
    assert_eq!(other.grep(&FORMS), []);
    assert_eq!(all(&other.data()).len(), others.len());
}

#[test]
fn what_is_not_delivered_and_what_is_up_is_named_and_stays() {
    let house = House::new();
    let log = house.open();
    let mut record = by_them(1, "091112345678", Some("+4991112345678"));
    record.ended_by = Some(EndedBy::Caller);
    record.delivered.clear();
    log.close_and_deliver(record.clone(), &[Destination::Mailbox, Destination::Mail]);
    let up = log.open_call(CallRecord {
        caller: record.caller.clone(),
        ..opened(2)
    });
    flush(&log);
    // Prepared in the spool, as if the guard had died then.
    let outbox = log.outbox();
    let due = block_on(outbox.due()).unwrap();
    let delivery = due.iter().find(|of| of.to == Destination::Mailbox).unwrap();
    let spool = Spool::new(house.config.delivery.voicemail.clone(), "mark".into());
    spool.prepare(&record, &vec![1_000; 16_000]).unwrap();
    let prepared = Settlement::Prepared(house.folder().join("spool"));
    block_on(outbox.settle(delivery, prepared)).unwrap();
    let prepared = files_below(&house.folder().join("spool"), ".txt");
    assert_eq!(prepared.len(), 1);

    let (code, out) = house.erase(&["--number", "091112345678", "--yes"], "");
    assert_eq!(code, ExitCode::from(1));
    let first = out.lines().next().unwrap();
    assert!(
        first.starts_with(&format!("NOT DELIVERED: call {}", record.id)),
        "{out}"
    );
    assert!(
        out.contains("Nothing was erased") && out.contains("--undelivered-too"),
        "{out}"
    );
    assert_eq!(all(&house.data()).len(), 2);
    let flags = ["--number", "091112345678", "--undelivered-too"];
    let (code, out) = house.erase(&[&flags[..], &["--dry-run"]].concat(), "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    let (code, out) = house.erase(&flags, "no\n");
    assert!(
        code == ExitCode::from(1) && out.ends_with("Nothing was erased.\n"),
        "{out}"
    );
    assert_eq!(all(&house.data()).len(), 2);

    let (code, out) = house.erase(&flags, "yes\n");
    assert_eq!(code, ExitCode::from(1));
    assert!(out.contains("(still up, stays)"), "{out}");
    assert!(
        out.contains(&format!("Call {} is still up", up.id())),
        "{out}"
    );
    assert_eq!(all(&house.data()).len(), 1);
    assert_eq!(block_on(outbox.due()).unwrap(), []);
    let in_spool = files_below(&house.folder().join("spool"), "");
    assert_eq!(in_spool, Vec::<PathBuf>::new());
    // Once it is over, all goes.
    up.close_and_deliver(
        CallRecord {
            audio: None,
            caller: record.caller.clone(),
            ..closed(2, Verdict::Hangup)
        },
        &[],
    );
    flush(&log);
    let (code, out) = house.erase(&flags, "yes\n");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert_eq!(house.grep(&FORMS), []);
}

#[test]
fn one_call_is_erased_and_the_rest_of_its_case_stays() {
    let house = House::new();
    let (log, theirs, others) = filled(&house);
    let mut record = theirs[1].clone();
    record.caller.name = "Quittenkönig".into();
    record.id = voicemail_guard::call_record::CallId::new(record.started, 77);
    record.audio = None;
    log.close_call(record.clone());
    flush(&log);
    let id = record.id.to_string();
    let (code, out) = house.erase(&["--call", &id, "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("Erased: 1 call,"), "{out}");
    assert_eq!(house.grep(&["Quittenk", "quittenk", &id]), []);
    assert_eq!(all(&house.data()).len(), theirs.len() + others.len());
    let reader = Reader::open(&house.data()).unwrap();
    let case = reader.case_of(theirs[0].id).unwrap().unwrap();
    assert_eq!((case.case.id, case.calls), (theirs[0].id, 2));
}

#[test]
fn a_pseudonym_is_erased_by_its_number() {
    let mut house = House::new();
    house.config.keep.open_cases = Days::Of(0);
    let log = house.open();
    let record = by_them(1, "091112345678", Some("+4991112345678"));
    log.close_call(record.clone());
    log.close_call(by_another(2));
    flush(&log);
    let sweeper = voicemail_guard::sweep::Sweeper {
        keeper: log.keeper(),
        data: house.data(),
        tap_folder: house.folder().join("tap"),
    };
    let later: Timestamp = record.started + days(200);
    let clock = voicemail_guard::clock::Clock::faster(1e6);
    block_on(sweeper.round(&house.config.keep, later, clock)).unwrap();
    assert_eq!(house.grep(&FORMS), []);
    let (code, out) = house.erase(&["--number", "0911/12345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("Erased: 1 call,"), "{out}");
    assert_eq!(all(&house.data()).len(), 1);
}

/// Only a guard upgrades what an older version has left, whatever it is asked for.
#[test]
fn an_older_log_is_refused_and_stays_as_it_is() {
    let house = House::new();
    drop(house.open());
    let database = Connection::open(house.data().join(DATABASE)).unwrap();
    let version = || -> i64 {
        let version = database.query_row("PRAGMA user_version", [], |row| row.get(0));
        version.unwrap()
    };
    let older = version() - 1;
    database.pragma_update(None, "user_version", older).unwrap();
    for line in [
        &["--call", "6b4ac0k3j4x7", "--yes"][..],
        &["--call", "6b4ac0k3j4x7", "--dry-run"],
        &["--number", "0911/12345678", "--yes"],
    ] {
        let line = [&["voicemail-guard", "erase"], line].concat();
        let Command::Erase(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("another command");
        };
        let (mut asked, mut out) = (&b""[..], Vec::new());
        let ended = erase::run(&args, &house.config, &house.data(), &mut asked, &mut out);
        let said = ended.unwrap_err().to_string();
        assert!(
            said.contains("was written by an older version; start"),
            "{said}"
        );
        assert_eq!(version(), older);
    }
}

#[test]
fn what_names_nobody_is_refused() {
    let house = House::new();
    let log = house.open();
    log.close_call(by_another(1));
    flush(&log);
    for line in [
        &["--number", "anonymous"][..],
        &["--number", ""],
        &["--number", "12"],
        // The letter O.
        &["--number", "0911/1234567O"],
        &["--number", "O911/1234567"],
    ] {
        let line = [&["voicemail-guard", "erase"], line].concat();
        let Command::Erase(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("another command");
        };
        let ended = erase::run(
            &args,
            &house.config,
            &house.data(),
            &mut &b""[..],
            &mut Vec::new(),
        );
        assert!(matches!(ended, Err(erase::Error::Usage(_))));
    }
    for line in [&[][..], &["--number", "1", "--call", "2"]] {
        let line = [&["voicemail-guard", "erase"], line].concat();
        assert!(Cli::try_parse_from(line).is_err());
    }
    // By the end of a number nobody is erased.
    let (code, _) = house.erase(&["--number", "345678", "--yes"], "");
    assert_eq!(code, ExitCode::from(1));
    assert_eq!(all(&house.data()).len(), 1);
    let folder: &Path = house.folder();
    let mut file = fs::File::create(folder.join("log").join("mine.txt")).unwrap();
    file.write_all(b"0911 20000001").unwrap();
    let (code, out) = house.erase(&["--number", "0911 20000001", "--yes"], "");
    assert_eq!(code, ExitCode::from(1), "{out}");
    assert!(out.contains("mine.txt still has it"), "{out}");
}
