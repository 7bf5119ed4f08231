//! What cannot be read is named, and the exit code says so, also where an earlier report is there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use rusqlite::Connection;
use rustix::process::geteuid;

use super::super::nobody::{NOBODY, as_nobody};
use super::{NOVEMBER, Old, Ran, TONE, cdr, filled, text};

/// Old mailboxes of which there is a report already.
fn reported() -> Old {
    let old = filled();
    assert_eq!(old.run(&["spool"]).code, Some(0));
    old
}

fn database(old: &Old, name: &str) -> Vec<u8> {
    let database = Connection::open(old.path(name)).unwrap();
    let rows = "CREATE TABLE cdr (calldate TEXT, channel TEXT, lastapp TEXT);
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
        INSERT INTO cdr SELECT '2024-11-18 10:00:00', 'PJSIP/' || n || hex(zeroblob(40)), 'VoiceMail' FROM n;";
    database.execute_batch(rows).unwrap();
    drop(database);
    fs::read(old.path(name)).unwrap()
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_rest_is_imported() {
    let old = reported();
    let whole = database(&old, "whole.db");
    fs::write(old.path("half.db"), &whole[..whole.len() / 2]).unwrap();
    fs::write(old.path("start.db"), &whole[..60]).unwrap();
    let mut changed = whole;
    changed[4096..].fill(0xff);
    fs::write(old.path("changed.db"), changed).unwrap();
    Connection::open(old.path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE cdr (start TEXT)")
        .unwrap();
    fs::create_dir(old.path("folder")).unwrap();
    fs::write(old.path("empty.csv"), "").unwrap();
    fs::write(old.path("blank.csv"), "\n \n\r\n").unwrap();
    fs::write(
        old.path("names.csv"),
        "calldate;channel\n2024-11-18 10:00:00;PJSIP/1\n",
    )
    .unwrap();
    fs::write(old.path("only-names.csv"), "calldate,channel\n").unwrap();
    fs::write(old.path("sound.csv"), TONE).unwrap();
    let good = cdr::row(NOVEMBER, "2024-11-18 10:00:00", "VoiceMail", 30, "1");
    fs::write(old.path("good.csv"), good).unwrap();
    for (file, why) in [
        ("half.db", "cannot be read: "),
        ("start.db", ""),
        ("changed.db", "cannot be read: "),
        (
            "other.db",
            "has no table cdr with the columns lastapp and start or calldate",
        ),
        ("folder", "is a folder"),
        ("empty.csv", "is empty"),
        ("blank.csv", "is empty"),
        ("names.csv", "no line of it is a call detail record"),
        ("only-names.csv", "no line of it is a call detail record"),
        ("sound.csv", "no line of it is a call detail record"),
    ] {
        old.run(&["--forget"]);
        let ran = old.run(&["--cdr", file, "--cdr", "good.csv", "spool", "--json"]);
        assert_eq!(ran.code, Some(2), "{file}: {}", ran.err);
        let named = format!("voicemail-guard: {file}: {why}");
        assert!(ran.err.contains(&named), "{named}: {}", ran.err);
        assert!(
            ran.err.contains("not all of it could be read"),
            "{file}: {}",
            ran.err
        );
        assert_eq!(ran.json()["all"]["messages"], 4, "{file}");
        let calls = ran.json()["calls"]["calls"].as_u64().unwrap();
        assert!(calls >= 1, "{file}");
    }
    fs::write(old.path("no-calls.csv"), "calldate,channel,lastapp\n").unwrap();
    for file in ["no-calls.csv", "good.csv"] {
        assert_eq!(old.run(&["--cdr", file]).code, Some(0), "{file}");
    }
}

/// As a user who is not root, for whom rights count.
fn as_somebody(old: &Old) -> Ran {
    if geteuid().is_root() {
        for entry in fs::read_dir(old.path("data")).unwrap() {
            chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(old.path("data"), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = as_nobody(old.0.path(), &["import", "--data", "data", "spool"]);
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        out: text(&output),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_mailbox_without_rights_is_named() {
    let old = reported();
    let closed = old.path("spool/default/100");
    let rights = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
    rights(0o000);
    let ran = as_somebody(&old);
    rights(0o755);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let named = "spool/default/100: cannot be read: no right to";
    assert!(ran.err.contains(named), "{}", ran.err);
    assert!(ran.out.contains("Before the guard"), "{}", ran.out);
    let again = as_somebody(&old);
    assert_eq!(again.code, Some(0), "{}", again.err);
}

#[test]
fn all_that_is_older_is_not_nothing() {
    let old = reported();
    let ran = old.run(&["--report", "--since", "2024-12-01"]);
    let older = "Nothing that was imported is from 1 Dec 2024 or later; all of it is older.\n";
    assert_eq!((ran.code, &*ran.out), (Some(1), older));
    fs::write(old.path("de.toml"), "[defaults]\nlanguage = 'de'\n").unwrap();
    let ran = old.run(&["--report", "--since", "2024-12-01", "--config", "de.toml"]);
    assert_eq!(
        ran.out,
        "Vom 1.12.2024 an wurde nichts importiert; alles Importierte ist älter.\n"
    );
    old.run(&["--forget"]);
    let ran = old.run(&["--report", "--since", "2024-12-01"]);
    assert_eq!((ran.code, &*ran.out), (Some(1), "Nothing was imported.\n"));
}
