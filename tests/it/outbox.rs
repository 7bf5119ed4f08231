//! The outbox and its worker: what is pending stands in the log until it is made, whatever happens.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use voicemail_guard::audio::wav;
use voicemail_guard::call_log::{
    CallLog, Delivery, Durability, JOURNAL, Reader, Settlement, Stage,
};
use voicemail_guard::call_record::{
    CallRecord, Delivered, Destination, EndedBy, Mode, Verdict, destinations_of,
};
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::delivery::Worker;
use voicemail_guard::hearing::ClassSeconds;

use crate::support::call_log::{Lock, all, clock, flush, open};
use crate::support::records::{closed, opened};

const BOX: [Destination; 1] = [Destination::Mailbox];

fn due(log: &CallLog) -> Vec<Delivery> {
    block_on(log.outbox().due()).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(future)
}

fn undelivered(n: u32) -> CallRecord {
    CallRecord {
        delivered: Vec::new(),
        ..closed(n, Verdict::Message)
    }
}

#[test]
fn what_is_delivered_where() {
    let message = || undelivered(1);
    let wanted = Destination::ALL;
    let rows = [
        ("a message", message(), &wanted[..]),
        ("junk", closed(1, Verdict::HoldMusic), &[]),
        (
            "observed",
            CallRecord {
                mode: Mode::Observe,
                ..message()
            },
            &[],
        ),
        (
            "refused",
            CallRecord {
                ended_by: Some(EndedBy::Overloaded),
                ..closed(1, Verdict::Unsure)
            },
            &[],
        ),
        (
            "handed on after the caller had spoken",
            CallRecord {
                ended_by: Some(EndedBy::HandedOn),
                callback: opened(1).callback,
                ..closed(1, Verdict::Unsure)
            },
            &wanted[..],
        ),
        (
            "handed on before the caller spoke",
            CallRecord {
                ended_by: Some(EndedBy::HandedOn),
                callback: opened(1).callback,
                seconds: ClassSeconds::default(),
                ..closed(1, Verdict::Unsure)
            },
            &[],
        ),
        (
            "recovered",
            CallRecord {
                ended_by: Some(EndedBy::Recovered),
                ..message()
            },
            &wanted[..],
        ),
        (
            "without a sound, but with a number",
            CallRecord {
                audio: None,
                seconds: ClassSeconds::default(),
                ..closed(1, Verdict::Unsure)
            },
            &wanted[1..],
        ),
    ];
    for (who, record, expected) in rows {
        assert_eq!(destinations_of(&record, &wanted), expected, "{who}");
        assert_eq!(destinations_of(&record, &[]), [], "{who}");
    }
}

#[test]
fn a_delivery_is_owed_from_the_close_until_it_is_made() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    log.open_call(opened(1))
        .close_and_deliver(undelivered(1), &BOX);
    log.open_call(opened(2))
        .close_and_deliver(closed(2, Verdict::Hangup), &BOX);
    log.close_and_deliver(undelivered(1), &Destination::ALL);
    let pending = due(&log);
    assert_eq!(pending.len(), 1, "{pending:?}");
    let delivery = &pending[0];
    assert_eq!(
        (delivery.call, delivery.to, delivery.stage),
        (opened(1).id, Destination::Mailbox, Stage::Waiting)
    );
    assert_eq!(
        Some(delivery.since.as_millisecond()),
        undelivered(1).ended.map(jiff::Timestamp::as_millisecond)
    );
    let note = |outcome| block_on(log.outbox().settle(delivery, outcome)).unwrap();
    note(Settlement::Prepared("/spool".into()));
    assert_eq!(due(&log)[0].stage, Stage::Prepared);
    let there: Delivered = "voicemail 100@default at 2026-11-24T09:12:35Z"
        .parse()
        .unwrap();
    note(Settlement::Stored(there.clone()));
    assert_eq!(due(&log)[0].stage, Stage::Stored);
    note(Settlement::Done(None));
    note(Settlement::Done(Some(there.clone())));
    assert_eq!(due(&log), []);
    assert_eq!(all(folder.path())[0].delivered, [there]);
}

#[test]
fn only_the_oldest_of_a_box_is_tried() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for n in 1..=6 {
        let mailbox = format!("{}@default", 100 + n % 2);
        let record = CallRecord {
            mailbox: mailbox.into(),
            ..undelivered(n)
        };
        log.close_and_deliver(record, &[Destination::Mailbox, Destination::Mail]);
    }
    let first: Vec<_> = due(&log).iter().map(|delivery| delivery.call).collect();
    assert_eq!(first, [1, 1, 2, 2].map(|n| opened(n).id));
    let delivery = due(&log).remove(0);
    block_on(log.outbox().settle(
        &delivery,
        Settlement::GivenUp {
            why: "x".into(),
            entry: None,
        },
    ))
    .unwrap();
    assert_eq!(due(&log)[1].call, opened(2).id);
    assert_eq!(
        due(&log).iter().filter(|d| d.call == opened(3).id).count(),
        1
    );
}

#[test]
fn a_delivery_outlives_a_database_that_is_locked() {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    let lock = Lock::take(folder.path());
    log.open_call(opened(1))
        .close_and_deliver(undelivered(1), &BOX);
    assert_eq!(flush(&log), Durability::Journal);
    drop(log);
    lock.release();
    let log = open(folder.path()).log;
    assert_eq!(due(&log).len(), 1);
    assert_eq!(all(folder.path()), [undelivered(1)]);
}

#[test]
fn a_journal_of_an_older_version_is_read() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    let record = serde_json::to_string(&undelivered(1)).unwrap();
    let line = format!("{{\"entry\":\"close\",\"record\":{record}}}\n");
    fs::write(folder.path().join(JOURNAL), line).unwrap();
    let log = open(folder.path()).log;
    assert_eq!(due(&log), []);
    drop(log);
    assert_eq!(all(folder.path()), [undelivered(1)]);
}

#[test]
fn a_database_of_an_older_version_gets_its_outbox() {
    let folder = TempDir::new().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("calls.sqlite")).unwrap();
    database
        .execute_batch(include_str!("../log/version-2.sql"))
        .unwrap();
    // The version before had no more than the calls.
    database
        .execute_batch("DROP TABLE outbox; DROP TABLE guard; PRAGMA user_version = 1")
        .unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.undelivered().unwrap(), []);
    drop((reader, database));
    let log = open(folder.path()).log;
    log.close_and_deliver(undelivered(2), &BOX);
    assert_eq!(due(&log).len(), 1);
}

/// A guard's data folder and a spool.
struct House {
    folder: TempDir,
    config: Config,
}

impl House {
    fn new(settings: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("guard.toml");
        let spool = folder.path().join("spool");
        let text = format!(
            "{settings}\n[delivery.voicemail]\nspool = '{}'\n",
            spool.display()
        );
        fs::write(&file, text).unwrap();
        fs::create_dir_all(spool.join("default")).unwrap();
        Self {
            config: Config::load(&file).unwrap(),
            folder,
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Files a call with its audio.
    fn files(&self, log: &CallLog, n: u32) {
        let path = self.data().join(closed(n, Verdict::Message).audio.unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wav::encode(&vec![1000; 16_000])).unwrap();
        log.close_and_deliver(undelivered(n), &BOX);
    }

    /// Lets the worker work until the outbox looks as wanted.
    fn works_until(&self, log: &CallLog, wanted: impl Fn(&[Delivery]) -> bool) {
        let clock = clock();
        block_on(async {
            let stop = CancellationToken::new();
            let worker = Worker::new(
                &SharedConfig::new(self.config.clone()),
                log.outbox(),
                self.data(),
                clock,
            )
            .await;
            let working = tokio::spawn(worker.run(stop.clone()));
            let patience = clock.now() + std::time::Duration::from_secs(30);
            while !wanted(&log.outbox().due().await.unwrap()) {
                assert!(clock.now() < patience, "{:?}", log.outbox().due().await);
                clock.sleep(std::time::Duration::from_millis(5)).await;
            }
            stop.cancel();
            working.await.unwrap();
        });
    }

    fn inbox(&self) -> Vec<String> {
        let inbox = self.folder.path().join("spool/default/100/INBOX");
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        names(&inbox)
    }
}

#[test]
fn the_worker_delivers_what_is_owed_and_notes_it() {
    let house = House::new("");
    let log = open(&house.data()).log;
    house.files(&log, 1);
    house.files(&log, 2);
    house.works_until(&log, <[Delivery]>::is_empty);
    assert_eq!(
        house.inbox(),
        ["msg0000.txt", "msg0000.wav", "msg0001.txt", "msg0001.wav"]
    );
    let delivered: Vec<_> = all(&house.data())
        .into_iter()
        .map(|call| call.delivered)
        .collect();
    for (n, entries) in delivered.iter().enumerate() {
        assert_eq!(entries.len(), 1);
        let expected = format!("voicemail 100@default msg000{n} at 20");
        assert!(entries[0].to_string().starts_with(&expected), "{entries:?}");
    }
}

#[test]
fn what_was_prepared_in_another_spool_is_delivered_into_the_one_that_is_set() {
    let house = House::new("");
    let spool = house.folder.path().join("spool");
    fs::create_dir_all(spool.join("default/100/tmp")).unwrap();
    fs::create_dir_all(spool.join("default/100/INBOX")).unwrap();
    let log = open(&house.data()).log;
    let moved = std::path::PathBuf::from("/another/spool");
    for (n, put_down_in) in [(1, moved), (2, spool)] {
        house.files(&log, n);
        let prepared = Settlement::Prepared(put_down_in);
        block_on(log.outbox().settle(&due(&log)[0], prepared)).unwrap();
        house.works_until(&log, <[Delivery]>::is_empty);
        // The second can only have been delivered and deleted since.
        assert_eq!(house.inbox(), ["msg0000.txt", "msg0000.wav"]);
    }
    let delivered: Vec<_> = all(&house.data())
        .into_iter()
        .flat_map(|call| call.delivered)
        .collect();
    let beginnings = [
        "voicemail 100@default msg0000 at ",
        "voicemail 100@default at ",
    ];
    assert_eq!(delivered.len(), 2, "{delivered:?}");
    for (entry, beginning) in delivered.iter().zip(beginnings) {
        assert!(entry.to_string().starts_with(beginning), "{delivered:?}");
    }
}

#[test]
fn a_lamp_that_cannot_be_lit_holds_no_message_back() {
    // A port that nobody listens on: it was ours a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let house = House::new(&format!(
        "[delivery.ami]\naddress = '{address}'\nuser = 'x'\nsecret = 'y'"
    ));
    let log = open(&house.data()).log;
    house.files(&log, 1);
    house.files(&log, 2);
    house.works_until(&log, |deliveries| {
        deliveries.len() == 2
            && deliveries
                .iter()
                .all(|d| d.stage == Stage::Stored && d.failures > 0)
    });
    assert_eq!(house.inbox().len(), 4);
    let why = due(&log)[0].why.clone().unwrap();
    assert!(why.contains(&address.to_string()), "{why}");
    assert!(
        all(&house.data())
            .iter()
            .all(|call| call.delivered.len() == 1)
    );
}

#[test]
fn what_fails_waits_and_is_given_up_in_the_end() {
    let house = House::new("");
    fs::remove_dir(house.folder.path().join("spool/default")).unwrap();
    let log = open(&house.data()).log;
    house.files(&log, 1);
    // Its call was on the morning of a day that is over by the next one.
    let now = clock().date();
    let young = CallRecord {
        ended: Some(now),
        mailbox: "200@elsewhere".into(),
        ..undelivered(2)
    };
    fs::write(
        house.data().join(young.audio.clone().unwrap()),
        wav::encode(&[5; 800]),
    )
    .unwrap();
    let old = CallRecord {
        ended: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        mailbox: "300@elsewhere".into(),
        ..undelivered(3)
    };
    log.close_and_deliver(young, &BOX);
    log.close_and_deliver(old, &BOX);
    let tried = |deliveries: &[Delivery]| {
        let young = deliveries
            .iter()
            .any(|d| d.call == opened(2).id && d.failures == 1);
        young && !deliveries.iter().any(|d| d.call == opened(3).id)
    };
    house.works_until(&log, tried);
    drop(log);
    let left = Reader::open(&house.data()).unwrap().undelivered().unwrap();
    let stage = |n| left.iter().find(|d| d.call == opened(n).id).unwrap();
    assert_eq!(stage(3).stage, Stage::GivenUp);
    assert_eq!(stage(2).stage, Stage::Waiting);
    assert!(stage(2).due > now);
    assert!(
        stage(2)
            .why
            .as_ref()
            .unwrap()
            .contains("no mailboxes of that context")
    );
}

#[test]
fn new_settings_are_taken_by_a_working_worker_and_what_waits_is_tried_at_once() {
    let full = House::new("");
    let file = full.folder.path().join("guard.toml");
    let roomy = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{roomy}most_messages = 1\n")).unwrap();
    let settings = SharedConfig::new(Config::load(&file).unwrap());
    let log = open(&full.data()).log;
    full.files(&log, 1);
    full.files(&log, 2);
    let clock = clock();
    block_on(async {
        let stop = CancellationToken::new();
        let worker = Worker::new(&settings, log.outbox(), full.data(), clock).await;
        let working = tokio::spawn(worker.run(stop.clone()));
        // A failure waits for seconds at least: longer than this test has patience.
        let patience = clock.now() + std::time::Duration::from_secs(30);
        let until = async |wanted: fn(&[Delivery]) -> bool| {
            while !wanted(&log.outbox().due().await.unwrap()) {
                assert!(clock.now() < patience, "{:?}", log.outbox().due().await);
                clock.sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        until(|deliveries| matches!(deliveries, [second] if second.failures == 1)).await;
        let due = log.outbox().due().await.unwrap()[0].due;
        assert!(full.inbox().len() == 2 && due > clock.date());
        settings.replace(Config::parse(roomy.as_bytes()).unwrap());
        until(<[Delivery]>::is_empty).await;
        assert!(clock.date() < due, "it did not wait for its time");
        stop.cancel();
        working.await.unwrap();
    });
    assert_eq!(full.inbox().len(), 4);
}

#[test]
fn a_watched_hangup_is_a_second_of_silence_in_the_box() {
    let house = House::new("");
    let log = open(&house.data()).log;
    let watched = CallRecord {
        watched: Some("_0911X.".into()),
        audio: None,
        seconds: ClassSeconds::default(),
        delivered: Vec::new(),
        ..closed(1, Verdict::Hangup)
    };
    log.close_and_deliver(watched, &BOX);
    house.works_until(&log, <[Delivery]>::is_empty);
    assert_eq!(house.inbox(), ["msg0000.txt", "msg0000.wav"]);
    let inbox = house.folder.path().join("spool/default/100/INBOX");
    let text = fs::read_to_string(inbox.join("msg0000.txt")).unwrap();
    assert!(
        text.contains("\nduration=1\n") && text.contains("091120000001"),
        "{text}"
    );
}
