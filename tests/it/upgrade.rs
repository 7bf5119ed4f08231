//! What each release has written goes on to work: its settings, its call log, its journal. A release freezes them in a
//! folder of its own below tests/written, which never changes again.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call_log::{CaseQuery, DATABASE, JOURNAL, Query, Reader, UNREADABLE};
use voicemail_guard::call_record::{CallId, Verdict};
use voicemail_guard::config::Config;

use crate::support::call_log::{flush, open};
use crate::support::command_line::run;
use crate::support::sources::root;

fn releases() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("tests/written")).unwrap();
    let folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    assert!(folders.iter().any(|folder| folder.ends_with("0.1.0")));
    folders
}

#[test]
fn the_settings_of_every_release_are_taken() {
    for release in releases() {
        let taken = Config::load(&release.join("settings.toml"));
        assert!(taken.is_ok(), "{}: {taken:?}", release.display());
    }
}

/// A setting that is taken and means something else would be worse than one that is refused.
#[test]
fn the_settings_of_0_1_0_mean_what_they_meant() {
    let config = Config::load(&root().join("tests/written/0.1.0/settings.toml")).unwrap();
    let of = |name: &str| config.policy(&name.into());
    assert_eq!(of("100@default").questions, 3);
    let seconds = |name: &str| {
        let policy = of(name);
        [policy.pause, policy.longest_message, policy.longest_call].map(|it| it.as_secs())
    };
    assert_eq!(seconds("100@default"), [9, 90, 500]);
    assert_eq!(seconds("200@sales"), [11, 90, 500]);
    assert_eq!(config.deliver_to(&"100@default".into()).len(), 3);
    assert_eq!(config.deliver_to(&"200@sales".into()), []);
    assert_eq!(
        (config.limits.calls, config.limits.connections),
        (399, 1999)
    );
    assert_eq!(config.delivery.voicemail.most_messages, 99);
    assert_eq!(config.web.users.len(), 1);
    assert!(config.web.has_login());
}

#[test]
fn the_call_log_of_every_release_is_read_and_upgraded() {
    for release in releases() {
        let folder = TempDir::new().unwrap();
        let database = Connection::open(folder.path().join(DATABASE)).unwrap();
        let sql = fs::read_to_string(release.join("calls.sql")).unwrap();
        database.execute_batch(&sql).unwrap();
        let rows = |table: &str| -> usize {
            let sql = format!("SELECT count(*) FROM {table}");
            let counted: u32 = database.query_row(&sql, [], |row| row.get(0)).unwrap();
            counted as usize
        };
        let expected = [
            rows("calls"),
            rows("cases"),
            rows("outbox"),
            rows("tokens"),
            rows("corrections"),
        ];
        assert!(expected.iter().all(|count| *count > 0), "{expected:?}");
        drop(database);
        let seen = || {
            let reader = Reader::open(folder.path()).unwrap();
            let calls = reader.calls(&Query::default()).unwrap();
            let cases = reader.cases(&CaseQuery::default()).unwrap();
            let (deliveries, tokens) = (reader.undelivered().unwrap(), reader.tokens().unwrap());
            let judged = calls
                .iter()
                .filter(|call| reader.correction(call.id).unwrap().is_some())
                .count();
            assert_eq!(
                [
                    calls.len(),
                    cases.len(),
                    deliveries.len(),
                    tokens.len(),
                    judged
                ],
                expected
            );
            let mut imported = 0;
            reader.imported(None, &mut |_| imported += 1).unwrap();
            assert!(imported > 0);
            format!("{calls:?}\n{cases:?}\n{deliveries:?}\n{tokens:?}")
        };
        // Who only reads, reads it as it is; a guard upgrades it, and nothing is lost.
        let before = seen();
        let figures = run(
            folder.path(),
            &["figures", "--since", "2026-11-24", "--until", "2026-11-24"],
        );
        let log = open(folder.path()).log;
        flush(&log);
        drop(log);
        assert_eq!(seen(), before, "{}", release.display());
        let after = run(
            folder.path(),
            &["figures", "--since", "2026-11-24", "--until", "2026-11-24"],
        );
        assert_eq!(after, figures, "{}", release.display());
    }
}

#[test]
fn the_journal_of_every_release_is_filed() {
    for release in releases() {
        let folder = TempDir::new().unwrap();
        let journal = fs::read_to_string(release.join(JOURNAL)).unwrap();
        for kind in ["open", "update", "close"] {
            let begins = format!("{{\"entry\":\"{kind}\",");
            assert!(
                journal.lines().any(|line| line.starts_with(&begins)),
                "no {kind}"
            );
        }
        fs::write(folder.path().join(JOURNAL), &journal).unwrap();
        let log = open(folder.path()).log;
        flush(&log);
        let reader = Reader::open(folder.path()).unwrap();
        for line in journal.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = CallId::parse(line["record"]["id"].as_str().unwrap()).unwrap();
            let call = reader.call(id).unwrap().unwrap();
            assert_eq!(call.uniqueid, line["record"]["uniqueid"]);
            if line["entry"] == "close" {
                assert_eq!(call.verdict, Some(Verdict::Message));
                assert_eq!(call.linkedid, line["record"]["linkedid"]);
                let wanted = line["record"]["deliver_to"].as_array().unwrap().len();
                assert_eq!(reader.undelivered().unwrap().len(), wanted);
            }
        }
        assert!(!folder.path().join(UNREADABLE).exists());
    }
}
