//! `import` as an administrator meets it: old mailboxes of every kind, call detail records in every
//! form, and a run that is killed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::call_log::{DATABASE, guard_at_work};

use super::{House, guard, text};

mod cdr;
mod killed;
mod unread;

const MESSAGE: &[u8] = include_bytes!("../../../../examples/calls/message.wav");
const TONE: &[u8] = include_bytes!("../../../../examples/calls/tone.wav");
const HANGUP: &[u8] = include_bytes!("../../../../examples/calls/hangup.wav");
const SPEECH: &[u8] = include_bytes!("../../../audio/speech.ulaw");
/// 2024-11-18 10:00:00 UTC.
const NOVEMBER: i64 = 1_731_924_000;
const DAY: i64 = 86_400;

/// Old mailboxes, and a data folder beside them.
struct Old(TempDir);

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

impl Old {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path("spool").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A message with its text.
    fn message(&self, name: &str, began: i64, caller_id: &str, sounds: &[(&str, &[u8])]) {
        self.put(&format!("{name}.txt"), &message_text(began, caller_id));
        for (ending, sound) in sounds {
            self.put(&format!("{name}.{ending}"), sound);
        }
    }

    fn command(&self, data: &str, args: &[&str]) -> Command {
        let mut command = guard();
        command
            .current_dir(self.0.path())
            .env("TZ", "UTC")
            .args(["import", "--data", data])
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = self.command("data", args).output().unwrap();
        Ran {
            code: output.status.code(),
            out: text(&output),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Every file of the mailboxes, with all that a reader could change of it.
    fn files(&self) -> BTreeMap<PathBuf, (u64, u32, i64, i64, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path("spool")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                let bytes = fs::read(&path).unwrap_or_default();
                let seen = (meta.ino(), meta.mode(), meta.mtime(), meta.ctime(), bytes);
                files.insert(path, seen);
            }
        }
        files
    }
}

fn message_text(began: i64, caller_id: &str) -> Vec<u8> {
    format!(
        ";\n; Message Information file\n;\n[message]\norigmailbox=100\ncontext=in\nexten=100\nrdnis=unknown\n\
         priority=2\ncallerchan=PJSIP/trunk-{began:08x}\ncallerid={caller_id}\norigdate=Mon\norigtime={began}\n\
         category=\nmsg_id={began}-00000002\nflag=\nduration=7\n"
    )
    .into_bytes()
}

fn filled() -> Old {
    let old = Old::new();
    let box_100 = |name: &str| format!("default/100/{name}");
    let anna = "\"Anna Schmidt\" <09115550000>";
    let message = &[("WAV", &b"no sound"[..]), ("wav", MESSAGE)];
    old.message(&box_100("INBOX/msg0000"), NOVEMBER, anna, message);
    old.message(
        &box_100("Old/msg0000"),
        NOVEMBER - DAY,
        "Unknown",
        &[("wav", TONE)],
    );
    old.message(
        &box_100("Old/msg0001"),
        NOVEMBER - 40 * DAY,
        anna,
        &[("wav", HANGUP)],
    );
    old.message(
        "sales/7/Urgent/msg0000",
        NOVEMBER,
        anna,
        &[("ulaw", SPEECH)],
    );
    old.put(&box_100("unavail.wav"), TONE);
    old.put(&box_100("tmp/qXyZ12.wav"), TONE);
    old
}

#[test]
fn old_mailboxes_are_heard_and_reported() {
    let old = filled();
    let before = old.files();
    let ran = old.run(&["spool", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = ran.json();
    assert_eq!(
        report["boxes"],
        serde_json::json!(["100@default", "7@sales"])
    );
    assert_eq!(
        (&report["first"], &report["last"]),
        (&"2024-10-09".into(), &"2024-11-18".into())
    );
    for (verdict, messages) in [("message", 2), ("tone", 1), ("hangup", 1)] {
        assert_eq!(
            report["verdicts"][verdict]["messages"], messages,
            "{report}"
        );
    }
    assert_eq!(report["all"]["messages"], 4);
    assert_eq!(report["nothing_left"]["messages"], 2);
    assert_eq!(report["nothing_left"]["no_number"], 1);
    let sound = report["nothing_left"]["seconds"].as_f64().unwrap();
    assert!((12.7..12.9).contains(&sound), "{sound}");
    assert_eq!(report["months"][0]["month"], "2024-10");
    assert_eq!(report["not_counted"], serde_json::json!({"rows": 0}));
    assert!(
        ran.err
            .contains("4 messages to be heard, 4 of them heard now"),
        "{}",
        ran.err
    );

    // Moved by Asterisk or restored from a copy, each is known again.
    fs::rename(
        old.path("spool/default/100/Old"),
        old.path("spool/default/100/Family"),
    )
    .unwrap();
    let again = old.run(&["spool/default/100", "--json"]);
    assert!(
        again
            .err
            .contains("3 messages to be heard, 0 of them heard now"),
        "{}",
        again.err
    );
    assert_eq!(again.json()["all"], report["all"]);
    fs::rename(
        old.path("spool/default/100/Family"),
        old.path("spool/default/100/Old"),
    )
    .unwrap();
    let mut after = old.files();
    after.retain(|path, _| !path.ends_with("100/Old") && !path.ends_with("default/100"));
    let mut before = before;
    before.retain(|path, _| !path.ends_with("100/Old") && !path.ends_with("default/100"));
    assert!(before == after, "something was changed in the mailboxes");
}

#[test]
fn the_report_is_for_people_in_their_language() {
    let old = filled();
    let ran = old.run(&["spool", "--since", "2024-11-01"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 100),
        "{}",
        ran.out
    );
    for words in [
        "Before the guard: 17 Nov – 18 Nov 2024\n",
        "Mailboxes (2): 100@default, 7@sales\n",
        "Nothing left: 1 of 3 messages (33.3 %), 0.2 min of sound.",
        "No number from the network: 1 of 3 messages, 0 of them for the team.",
        "the verdicts are of the sound alone",
        "Nov 2024",
        "Found in this run, and not counted:\n  1: from before --since\n",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    fs::write(old.path("de.toml"), "[defaults]\nlanguage = 'de'\n").unwrap();
    let ran = old.run(&["--report", "--config", "de.toml"]);
    for words in [
        "Vor Voicemail Guard: 17.11. – 18.11.2024\n",
        "Maschine",
        "1 von 3",
        "11.2024",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 100),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("--since"), "{}", ran.out);
}

#[test]
fn nothing_of_it_is_a_call_and_nobody_is_named() {
    let old = filled();
    let cdr = cdr::row(
        NOVEMBER,
        "2024-11-18 10:00:00",
        "VoiceMail",
        30,
        "09115550000",
    );
    fs::write(old.path("Master.csv"), cdr).unwrap();
    assert_eq!(old.run(&["spool", "--cdr", "Master.csv"]).code, Some(0));
    let mut calls = guard();
    let calls = calls.current_dir(old.0.path());
    let calls = calls.args(["calls", "--data", "data", "--format", "json"]);
    let calls = calls.output().unwrap();
    assert_eq!((calls.status.code(), text(&calls).as_str()), (Some(1), ""));
    let database = Connection::open(old.path("data").join(DATABASE)).unwrap();
    for table in ["calls", "cases", "outbox"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = database.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    drop(database);
    for entry in fs::read_dir(old.path("data")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for secret in ["Anna", "9115550000", "trunk-"] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} is in the data folder");
        }
    }
    let forgotten = old.run(&["--forget"]);
    assert_eq!(forgotten.out, "Forgotten: 5 messages and calls.\n");
    let empty = old.run(&["--report"]);
    assert_eq!(
        (empty.code, empty.out.as_str()),
        (Some(1), "Nothing was imported.\n")
    );
}

#[test]
fn what_cannot_be_heard_is_counted_and_stops_nothing() {
    let old = filled();
    let number = |n: u32| format!("default/200/INBOX/msg{n:04}");
    old.message(&number(0), NOVEMBER, "1", &[]);
    old.message(&number(1), NOVEMBER, "1", &[("wav", b"")]);
    old.message(
        &number(2),
        NOVEMBER,
        "1",
        &[("wav", b"RIFF....JUNK"), ("gsm", b"none")],
    );
    old.message(&number(3), NOVEMBER, "1", &[("g729", b"sound")]);
    old.put(&format!("{}.wav", number(4)), TONE);
    let unfinished = message_text(NOVEMBER, "1");
    let unfinished = String::from_utf8(unfinished)
        .unwrap()
        .replace("duration=7\n", "");
    old.put(&format!("{}.txt", number(5)), unfinished.as_bytes());
    old.put(&format!("{}.wav", number(5)), TONE);
    let of_guard = message_text(NOVEMBER, "1");
    let of_guard = String::from_utf8(of_guard)
        .unwrap()
        .replace("context=in", "context=voicemail-guard");
    old.put(&format!("{}.txt", number(6)), of_guard.as_bytes());
    old.put(&format!("{}.wav", number(6)), TONE);
    old.message(&number(7), NOVEMBER, "1", &[]);
    symlink(
        "/dev/zero",
        old.path("spool").join(format!("{}.ulaw", number(7))),
    )
    .unwrap();
    symlink("INBOX", old.path("spool/default/200/Old")).unwrap();
    // Without an end in its text, and from long ago: nobody records it any more.
    old.put(&format!("{}.txt", number(8)), unfinished.as_bytes());
    old.put(&format!("{}.wav", number(8)), TONE);
    let long_ago =
        fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH + Duration::from_hours(400_000));
    for ending in ["txt", "wav"] {
        let file = old.path("spool").join(format!("{}.{ending}", number(8)));
        fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_times(long_ago)
            .unwrap();
    }
    let ran = old.run(&["spool", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = ran.json();
    assert_eq!(report["all"]["messages"], 5, "{report}");
    let expected = serde_json::json!({
        "no_sound": 1, "empty": 1, "damaged": 1, "other_form": 1, "in_progress": 2, "by_guard": 1, "no_file": 2,
        "rows": 0
    });
    assert_eq!(report["not_counted"], expected, "{}", ran.err);
    for fault in [
        "200/INBOX/msg0000: a text without sound\n",
        "200/INBOX/msg0002: damaged, no sound can be made of it\n",
        "200/Old: a link or no plain file\n",
    ] {
        assert!(ran.err.contains(fault), "{fault}: {}", ran.err);
    }
    assert!(!ran.err.contains("msg0005"), "{}", ran.err);
}

#[test]
fn what_is_named_and_not_there_is_a_mistake() {
    let old = filled();
    for args in [
        ["spool", "nowhere"],
        ["spool/default/100/unavail.wav", "spool"],
        ["--cdr", "none.csv"],
    ] {
        let ran = old.run(&args);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(2), ""),
            "{args:?}: {}",
            ran.err
        );
        let named = args
            .iter()
            .any(|name| ran.err.starts_with(&format!("voicemail-guard: {name}: ")));
        assert!(named, "{args:?}: {}", ran.err);
    }
    assert!(!old.path("data").exists());
    assert_eq!(old.run(&[]).code, Some(2));
    assert_eq!(old.run(&["spool", "--report"]).code, Some(2));
    let none = old.run(&["--report"]);
    assert!(
        none.code == Some(1) && none.err.contains("no call log at"),
        "{}",
        none.err
    );
}

#[test]
fn it_works_beside_a_guard_at_work() {
    let house = House::new();
    let (mut serving, _log, _) = house.serve();
    let old = filled();
    let ran = house
        .command("import")
        .arg(old.path("spool"))
        .output()
        .unwrap();
    let data = house.path("data");
    assert!(guard_at_work(&data));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(!guard_at_work(&data));
    assert!(ran.status.success(), "{ran:?}");
    assert!(text(&ran).contains("Before the guard"));
    assert!(!String::from_utf8(ran.stderr).unwrap().contains("root's"));
}
