//! Waits in queues: what their records are in the log, and the settings for them.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::Value;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::export::{self, Csv};
use voicemail_guard::call_log::{CaseQuery, DATABASE, Query, Reader};
use voicemail_guard::call_record::{
    Answer, Asked, CallId, CallRecord, CameFrom, Destination, EndedBy, Instead, MailboxName, Mode,
    Nobody, QueueWait, Verdict, WaitEnd,
};
use voicemail_guard::config::Config;
use voicemail_guard::prompts::Prompt;

use crate::support::call_log::{all, filed, flush};
use crate::support::command_line::run;
use crate::support::records::{closed, opened};

/// The `n`th caller of the morning, who waited in the queue.
fn waited(n: u32, ended: WaitEnd, nobody: Option<Nobody>) -> CallRecord {
    let closed = closed(n, Verdict::Message);
    CallRecord {
        mailbox: MailboxName::of_queue("support").unwrap(),
        queue: Some(QueueWait {
            position: Some(2),
            waited_s: Some(31),
            ended: Some(ended),
            nobody,
            ..QueueWait::new("support".into())
        }),
        mode: Mode::Observe,
        ended: closed.ended,
        ended_by: Some(EndedBy::Asterisk),
        ..opened(n)
    }
}

const NOBODY: Nobody = Nobody {
    heard: Instead::Music,
    after_s: 20,
    back_s: None,
};

#[test]
fn a_wait_is_a_record_without_a_verdict_a_delivery_or_a_case() {
    let wait = waited(1, WaitEnd::Answered, Some(NOBODY));
    let (folder, log) = filed(&[]);
    log.close_and_deliver(wait.clone(), &[Destination::Mail, Destination::Mailbox]);
    log.close_call(closed(2, Verdict::Message));
    flush(&log);
    let records = all(folder.path());
    assert_eq!(records[0], wait);
    let reader = Reader::open(folder.path()).unwrap();
    assert!(reader.undelivered().unwrap().is_empty());
    // The message's.
    assert_eq!(reader.cases(&CaseQuery::default()).unwrap().len(), 1);
    assert_eq!(reader.mailboxes().unwrap(), ["100@default"]);
}

#[test]
fn a_wait_is_shown_for_people_and_machines() {
    let mailbox = CallRecord {
        uniqueid: opened(2).uniqueid,
        ..closed(4, Verdict::HoldMusic)
    };
    let (folder, _log) = filed(&[
        waited(1, WaitEnd::Answered, Some(NOBODY)),
        waited(2, WaitEnd::Left, None),
        waited(3, WaitEnd::Ended, Some(NOBODY)),
        mailbox.clone(),
    ]);
    let (code, out) = run(folder.path(), &["calls", "--width", "400"]);
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(out.contains("support@queue"), "{out}");
    assert!(
        out.contains("waited 31 s, answered; nobody there (music)"),
        "{out}"
    );
    let sums = "Waited in queues: 3; nobody was there at the end of 2. Of these answered in vain: 1; taken out of the queue: 1.";
    assert!(out.contains(sums), "{out}");
    assert!(!out.contains("Observed:"), "{out}");

    let id = waited(2, WaitEnd::Left, None).id.to_string();
    let (_, card) = run(folder.path(), &["call", &id]);
    assert!(
        card.contains("joined the queue support in place 2"),
        "{card}"
    );
    assert!(
        card.contains(&format!("After      {}", mailbox.id)),
        "{card}"
    );
    let (_, card) = run(folder.path(), &["call", &mailbox.id.to_string()]);
    assert!(card.contains(&format!("Before     {id}")), "{card}");

    let (_, json) = run(folder.path(), &["calls", "--format", "json"]);
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = lines.last().unwrap();
    assert_eq!(
        (&first["kind"], &first["verdict"]),
        (&"queue".into(), &Value::Null)
    );
    assert_eq!(first["queue"]["nobody"]["heard"], "music");
    assert_eq!(first["queue"]["ended"], "answered");
    assert!(lines[0].get("kind").is_none() && lines[0].get("queue").is_none());

    let reader = Reader::open(folder.path()).unwrap();
    let mut rows = Vec::new();
    reader
        .each_with_case(&Query::default(), |call| {
            rows.push(export::csv(Csv::Plain, &call.unwrap(), &[], &TimeZone::UTC));
            true
        })
        .unwrap();
    let wait = rows.last().unwrap();
    assert!(
        wait.ends_with("\"queue\",\"support\",\"2\",\"31\",\"answered\",\"music\",\"\",\"\"\r\n"),
        "{wait}"
    );
    assert!(
        rows[0].ends_with("\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n"),
        "{}",
        rows[0]
    );
}

/// Somebody who went on from the queue to the mailbox, and the call of another Asterisk's channel of the same name.
fn from_queue_to_mailbox() -> [CallRecord; 3] {
    let wait = waited(1, WaitEnd::Left, Some(NOBODY));
    let call = CallRecord {
        uniqueid: wait.uniqueid.clone(),
        came_from: Some(CameFrom {
            id: wait.id,
            queue: "support".into(),
            nobody: Some(Instead::Music),
        }),
        ..closed(2, Verdict::HoldMusic)
    };
    let another = CallRecord {
        uniqueid: wait.uniqueid.clone(),
        ..closed(3, Verdict::Message)
    };
    [wait, call, another]
}

#[test]
fn the_call_behind_a_wait_and_the_wait_name_each_other() {
    let [wait, call, another] = from_queue_to_mailbox();
    let (folder, _log) = filed(&[wait.clone(), another.clone(), call.clone()]);
    let (_, json) = run(folder.path(), &["calls", "--format", "json"]);
    let line = |id: CallId| -> Value {
        let lines = json.lines().map(serde_json::from_str::<Value>);
        let mut lines = lines.map(Result::unwrap);
        lines.find(|line| line["id"] == id.to_string()).unwrap()
    };
    let went_to = serde_json::json!({"id": call.id.to_string(), "box": "100@default"});
    assert_eq!(line(wait.id)["went_to"], went_to);
    assert!(line(wait.id).get("came_from").is_none());
    let came_from =
        serde_json::json!({"id": wait.id.to_string(), "queue": "support", "nobody": "music"});
    assert_eq!(line(call.id)["came_from"], came_from);
    assert!(line(call.id).get("went_to").is_none());
    let of_another = line(another.id);
    assert!(of_another.get("went_to").is_none() && of_another.get("came_from").is_none());
    let (_, csv) = run(folder.path(), &["calls", "--format", "csv"]);
    let row = |id: CallId| {
        let begins = format!("\"{id}\"");
        csv.lines().find(|row| row.starts_with(&begins)).unwrap()
    };
    assert!(row(wait.id).ends_with(&format!("\"\",\"{}\"", call.id)));
    assert!(row(call.id).ends_with(&format!("\"{}\",\"\"", wait.id)));
    let (_, card) = run(folder.path(), &["call", &call.id.to_string()]);
    assert!(card.contains(&format!("Before     {}", wait.id)), "{card}");
}

#[test]
fn waits_are_counted_in_the_figures_and_stay_there() {
    let asked = |answer| Asked {
        prompt: Prompt::StillWaiting.into(),
        at: MediaTime::from_secs(30),
        answer,
    };
    let with = |record: CallRecord, asked| CallRecord { asked, ..record };
    let back = Nobody {
        back_s: Some(25),
        ..NOBODY
    };
    let elsewhere = CallRecord {
        mailbox: MailboxName::of_queue("sales").unwrap(),
        ..waited(5, WaitEnd::HungUp, None)
    };
    let records = [
        with(
            waited(1, WaitEnd::Answered, Some(NOBODY)),
            vec![asked(None), asked(None)],
        ),
        with(
            waited(2, WaitEnd::Ended, Some(NOBODY)),
            vec![asked(None), asked(None)],
        ),
        with(
            waited(3, WaitEnd::Answered, Some(back)),
            vec![asked(None), asked(Some(Answer::Key))],
        ),
        waited(4, WaitEnd::HungUp, None),
        elsewhere,
        closed(6, Verdict::Message),
    ];
    let (folder, log) = filed(&records);
    let day = |more: &[&str]| {
        let day = ["figures", "--since", "2026-11-24", "--until", "2026-11-24"];
        let (code, out) = run(folder.path(), &[&day[..], more].concat());
        assert_eq!(code, ExitCode::SUCCESS);
        out
    };
    let table = day(&["--width", "200"]);
    for line in [
        "24 Nov 2026: 1 calls.",
        "Waited in queues: 5; asked: 3, of whom 1 answered. Nobody was there at the end of 2: answered in vain 1, taken out of the queue 1. Agents' time saved: at most 0.5 min; lost: 0.5 min.",
        "An agent is taken to lose 30 seconds",
    ] {
        assert!(table.contains(line), "{line}\n{table}");
    }
    let json: Value = serde_json::from_str(&day(&["--format", "json"])).unwrap();
    let support = serde_json::json!({
        "day": "2026-11-24", "box": "support@queue", "waits": 4, "asked": 3, "answered": 1, "nobody": 2,
        "answered_in_vain": 1, "taken_out": 1, "saved_s_at_most": 30.0, "lost_s": 30.0
    });
    assert_eq!(json["queues"]["days"][1], support);
    assert_eq!(json["queues"]["total"]["waits"], 5);
    assert_eq!(json["days"].as_array().unwrap().len(), 1);
    let csv = day(&["--format", "csv"]);
    let row = csv.lines().last().unwrap();
    assert!(
        row.starts_with("\"2026-11-24\",\"support@queue\",\"\""),
        "{row}"
    );
    assert!(
        row.ends_with("\"4\",\"3\",\"1\",\"2\",\"1\",\"1\",\"30.000\",\"30.000\""),
        "{row}"
    );
    let commas = csv.lines().map(|row| row.matches("\",\"").count());
    assert_eq!(commas.collect::<BTreeSet<_>>().len(), 1, "{csv}");
    // Of one mailbox alone no queue is told.
    assert!(!day(&["--box", "100"]).contains("queue"));
    drop(log);
    let database = rusqlite::Connection::open(folder.path().join(DATABASE)).unwrap();
    let sums = || -> Vec<(String, i64)> {
        let mut sums = database
            .prepare("SELECT box, waits FROM queue_figures ORDER BY box")
            .unwrap();
        let rows = sums.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let erased = records[3].id.to_string();
    database
        .execute("DELETE FROM calls WHERE id = ?1", [&erased])
        .unwrap();
    assert_eq!(
        sums(),
        [("sales@queue".into(), 1), ("support@queue".into(), 3)]
    );
}

fn mistakes(text: &str) -> Vec<String> {
    let problems = Config::parse(text.as_bytes()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_manager_interface_has_two_names_of_which_one_is_to_be_used() {
    let user = |text: &str| Config::parse(text.as_bytes()).unwrap().delivery.ami.user;
    assert_eq!(user("[ami]\nuser = 'a'\n"), "a");
    assert_eq!(user("[delivery.ami]\nuser = 'b'\n"), "b");
    for both in [
        "[delivery.ami]\nuser = 'a'\n[ami]\nuser = 'b'\n",
        "[ami]\nuser = 'b'\n\n[delivery.ami]\nuser = 'a'\n",
    ] {
        let found = mistakes(both);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("keep one of the two"), "{found:?}");
    }
    let replay = "[delivery.voicemail]\nmethod = 'replay'\n[ami]\nuser = 3\n";
    assert_eq!(mistakes(replay).len(), 1);
}

#[test]
fn a_queue_has_settings_as_a_mailbox_has() {
    let text = "[defaults]\nqueue_idle_s = 20\n[box.\"support@queue\"]\nqueue_mode = 'guide'\nqueue_silence_s = 'off'\n";
    let config = Config::parse(text.as_bytes()).unwrap();
    let settings = |queue: &str| config.queue_settings(&MailboxName::of_queue(queue).unwrap());
    assert_eq!(settings("support").mode, Mode::Guide);
    assert_eq!(settings("support").silence, None);
    assert!(!settings("support").keep_audio);
    assert_eq!(settings("sales").mode, Mode::Observe);
    for queue in ["support", "sales"] {
        assert_eq!(settings(queue).idle, Duration::from_secs(20));
    }
    assert!(MailboxName::of_queue("a b").is_none() && MailboxName::of_queue("").is_none());
    let elsewhere = "[queue]\nlisten = ['192.0.2.10:4576']\n";
    assert!(
        mistakes(elsewhere)[0].contains("allow"),
        "{:?}",
        mistakes(elsewhere)
    );
    let allowed = format!("{elsewhere}[listen]\nallow = ['192.0.2.0/24']\n");
    Config::parse(allowed.as_bytes()).unwrap();
}
