//! What is not to be logged is not: numbers, names and whatever a caller sent in the technical log of the call log; secrets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/records.rs"]
mod records;

use std::fmt::{Debug, Write};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};

use records::{closed, opened};
use rusqlite::Connection;
use tempfile::TempDir;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use voicemail_guard::call_log::{CallLog, DATABASE, Durability, JOURNAL};
use voicemail_guard::call_record::{CallRecord, Verdict};
use voicemail_guard::clock::Clock;
use voicemail_guard::config::Config;

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        self.0.lock().unwrap().push_str(&(line.0 + "\n"));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

fn flush(log: &CallLog) -> Durability {
    log.flush().blocking_recv().unwrap()
}

#[test]
fn trouble_is_told_without_a_word_of_the_caller() {
    let heard = Heard::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(heard.clone()))
        .unwrap();
    let folder = TempDir::new().unwrap();
    let database = folder.path().join(DATABASE);
    let refused = CallRecord {
        mailbox: "refused".into(),
        ..closed(3, Verdict::Message)
    };

    // Refused entry, locked database, full journal, torn journal, broken database, one after the other.
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let other = Connection::open(&database).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN new.box = 'refused@default'
             BEGIN SELECT raise(ABORT, 'refused'); END;",
        )
        .unwrap();
    log.close_call(refused);
    assert_eq!(flush(&log), Durability::Database);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    log.open_call(opened(1))
        .close_and_deliver(closed(1, Verdict::Message), &[]);
    assert_eq!(flush(&log), Durability::Journal);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(flush(&log), Durability::Database);
    drop((log, other));

    let torn = serde_json::to_string(&opened(2)).unwrap();
    fs::write(folder.path().join(JOURNAL), &torn[..torn.len() / 2]).unwrap();
    fs::write(&database, "Jürgen Müller +4991120000001".repeat(400)).unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    drop(log);

    fs::remove_file(folder.path().join(JOURNAL)).unwrap();
    symlink("/dev/full", folder.path().join(JOURNAL)).unwrap();
    let log = CallLog::open(folder.path(), Clock::default()).unwrap().log;
    let other = Connection::open(&database).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    log.close_call(closed(4, Verdict::Message));
    assert_eq!(flush(&log), Durability::Memory);
    drop(log);

    let heard = heard.0.lock().unwrap().clone();
    for reported in [
        "refuses an entry",
        "entries wait in the journal",
        "is written again",
        "nobody can read",
        "moved aside",
        "entries wait in memory",
        "are lost",
    ] {
        assert!(
            heard.contains(reported),
            "{reported:?} is not logged in\n{heard}"
        );
    }
    for private in [
        "0000001", "0000002", "0000003", "0000004", "2345678", "Jürgen", "Müller", "0800",
    ] {
        assert!(
            !heard.contains(private),
            "{private:?} is logged in\n{heard}"
        );
    }
}

#[test]
fn what_was_to_be_a_secret_in_the_configuration_is_not_repeated() {
    for wrong in [
        "[delivery.ami]\nsecret = 12345678",
        "[delivery.ami]\nsecret = \"12345678\\n\"",
        "[delivery.mail]\npassword = 12345678.5",
        "[delivery.mail]\npassword = [12345678]",
        "[delivery.webhook]\nsecret = {a = 12345678}",
        "[delivery.webhook]\nurl = 'http://user:12345678@example.com/'",
        "[delivery.webhook]\nurl = 'http://user:12345678@'",
    ] {
        let reported = Config::parse(wrong.as_bytes()).unwrap_err();
        let reported = reported.iter().map(ToString::to_string).collect::<String>();
        assert!(reported.contains("[delivery."), "{reported}");
        assert!(!reported.contains("5678"), "{reported}");
    }
}
