//! A database that breaks still has pending deliveries: they are taken over into the new one, and made once.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use voicemail_guard::call_log::{
    CallLog, DATABASE, Delivery, JOURNAL, Query, Reader, SetAside, Settlement,
};
use voicemail_guard::call_record::{CallRecord, Destination, Verdict};

use crate::support::call_log::{flush, left_open, open};
use crate::support::records::{closed, opened};

const PAGE: usize = 4096;
const RECIPIENT: &str = "a@example.com";

/// A data folder with many calls; two messages are owed to three places, one call was never closed.
fn owing() -> TempDir {
    let folder = TempDir::new().unwrap();
    let log = open(folder.path()).log;
    for n in 100..140 {
        log.close_call(closed(n, Verdict::Message));
    }
    let message = |n| CallRecord {
        delivered: Vec::new(),
        ..closed(n, Verdict::Message)
    };
    log.close_and_deliver(message(1), &[Destination::Mailbox, Destination::Mail]);
    log.close_and_deliver(message(2), &[Destination::Mail]);
    for n in 140..180 {
        log.close_call(closed(n, Verdict::Message));
    }
    block_on(async {
        let outbox = log.outbox();
        for delivery in outbox.due().await.unwrap() {
            match delivery.to {
                Destination::Mailbox => {
                    let prepared = Settlement::Prepared("/spool".into());
                    outbox.settle(&delivery, prepared).await.unwrap();
                }
                _ => outbox
                    .note_served(&delivery, RECIPIENT.into())
                    .await
                    .unwrap(),
            }
        }
    });
    drop(log);
    let line = serde_json::json!({ "entry": "open", "record": opened(3) });
    fs::write(folder.path().join(JOURNAL), format!("{line}\n")).unwrap();
    drop(open(folder.path()));
    folder
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(future)
}

fn copy(folder: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    let database = folder.path().join(DATABASE);
    fs::copy(database, copy.path().join(DATABASE)).unwrap();
    copy
}

fn set_aside(folder: &Path) -> Vec<SetAside> {
    Reader::open(folder).unwrap().set_aside().unwrap()
}

/// Makes every delivery as a worker does, which tries again when the outbox fails; each that was made, in order.
fn deliver(log: &CallLog) -> Vec<Delivery> {
    let outbox = log.outbox();
    let mut made = Vec::new();
    let mut failures = 0;
    block_on(async {
        loop {
            assert!(failures < 20, "the outbox fails for good");
            let Ok(due) = outbox.due().await else {
                failures += 1;
                continue;
            };
            if due.is_empty() {
                return;
            }
            for delivery in due {
                let Ok(Some(_)) = outbox.record(delivery.call).await else {
                    failures += 1;
                    continue;
                };
                made.push(delivery.clone());
                let done = || {
                    Settlement::Done(Some("mail there at 2026-11-24T09:12:35Z".parse().unwrap()))
                };
                while outbox.settle(&delivery, done()).await.is_err() {
                    failures += 1;
                    assert!(failures < 20, "the outbox fails for good");
                }
            }
        }
    });
    made
}

fn keys(made: &[Delivery]) -> Vec<(Destination, u32)> {
    let call = |delivery: &Delivery| if delivery.call == opened(1).id { 1 } else { 2 };
    let mut keys: Vec<_> = made
        .iter()
        .map(|delivery| (delivery.to, call(delivery)))
        .collect();
    keys.sort_unstable();
    keys
}

fn expected() -> Vec<(Destination, u32)> {
    let mut expected = vec![
        (Destination::Mailbox, 1),
        (Destination::Mail, 1),
        (Destination::Mail, 2),
    ];
    expected.sort_unstable();
    expected
}

#[test]
fn whichever_page_breaks_every_delivery_is_made_once_or_known_to_be_lost() {
    let folder = owing();
    let sound = fs::read(folder.path().join(DATABASE)).unwrap();
    let mut lost_with = Vec::new();
    for page in 0..sound.len() / PAGE {
        let folder = copy(&folder);
        let mut bytes = sound.clone();
        bytes[page * PAGE..][..PAGE].copy_from_slice(&b"broken! ".repeat(PAGE / 8));
        fs::write(folder.path().join(DATABASE), &bytes).unwrap();
        let log = open(folder.path()).log;
        let made = deliver(&log);
        flush(&log);
        drop(log);
        let made = keys(&made);
        let aside = set_aside(folder.path());
        let mut once = made.clone();
        once.dedup();
        assert_eq!(made, once, "page {page}: made twice");
        if made != expected() {
            let takeover = aside[0].takeover.unwrap();
            let known = made.len() + takeover.unreadable as usize;
            assert!(
                known == expected().len() || !takeover.is_complete,
                "page {page}: {made:?}, {takeover:?}"
            );
            lost_with.push(page + 1);
        }
        let reader = Reader::open(folder.path());
        let Ok(calls) = reader.and_then(|reader| reader.calls(&Query::default())) else {
            assert!(
                aside.is_empty(),
                "page {page}: the new one is broken as well"
            );
            continue;
        };
        for call in calls.iter().filter(|call| !call.delivered.is_empty()) {
            let owed = [opened(1).id, opened(2).id].contains(&call.id);
            assert!(!owed || made.len() >= call.delivered.len(), "page {page}");
        }
    }
    // Where the rows and the records themselves stand, and the list of tables.
    assert!(lost_with.len() <= 6, "{lost_with:?}");
}

#[test]
fn what_is_taken_over_is_as_it_was() {
    let folder = owing();
    let database = folder.path().join(DATABASE);
    let before = Reader::open(folder.path()).unwrap().undelivered().unwrap();
    let mut bytes = fs::read(&database).unwrap();
    // The header, which says what the file is.
    bytes[..100].fill(0x55);
    fs::write(&database, &bytes).unwrap();

    let mut opened_again = open(folder.path());
    assert_eq!(left_open(&mut opened_again), [opened(3)]);
    let log = opened_again.log;
    flush(&log);
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.undelivered().unwrap(), before);
    let aside = reader.set_aside().unwrap();
    let takeover = aside[0].takeover.unwrap();
    assert_eq!(
        (aside.len(), takeover.deliveries, takeover.unreadable),
        (1, 3, 0)
    );
    assert!(takeover.is_complete);
    assert_eq!(fs::read(folder.path().join(&aside[0].file)).unwrap(), bytes);
    for delivery in before.iter().filter(|of| of.to == Destination::Mail) {
        let served = block_on(log.outbox().served(delivery)).unwrap();
        let first = delivery.call == opened(1).id;
        assert_eq!(served, if first { vec![RECIPIENT] } else { vec![] });
    }
    assert_eq!(keys(&deliver(&log)), expected());
    drop((log, reader));
    // What was taken over is taken over once.
    let log = open(folder.path()).log;
    assert_eq!(deliver(&log), []);
}

#[test]
fn of_a_file_that_was_cut_off_the_beginning_is_taken_over() {
    let folder = owing();
    let database = folder.path().join(DATABASE);
    let bytes = fs::read(&database).unwrap();
    fs::write(&database, &bytes[..bytes.len() - 5 * PAGE]).unwrap();
    let log = open(folder.path()).log;
    assert_eq!(keys(&deliver(&log)), expected());
    assert_eq!(set_aside(folder.path()).len(), 1);
}

#[test]
fn of_a_file_that_is_no_database_nothing_is_claimed() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(DATABASE), b"no database ".repeat(1_000)).unwrap();
    let log = open(folder.path()).log;
    assert_eq!(deliver(&log), []);
    let takeover = set_aside(folder.path())[0].takeover.unwrap();
    assert!(!takeover.is_complete, "{takeover:?}");
}

#[test]
fn a_guard_that_dies_before_it_has_taken_over_does_so_at_its_next_start() {
    let folder = owing();
    let aside = "calls.broken-20261124T101203Z.sqlite";
    fs::rename(folder.path().join(DATABASE), folder.path().join(aside)).unwrap();
    let log = open(folder.path()).log;
    assert_eq!(keys(&deliver(&log)), expected());
    assert_eq!(set_aside(folder.path())[0].file, aside);
}
