//! Which of the deliveries to one box may be tried, when some of them fail.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Unit};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use voicemail_guard::audio::wav;
use voicemail_guard::call_log::{CallLog, Delivery, Settlement};
use voicemail_guard::call_record::{CallRecord, Destination, Verdict};
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::delivery::Worker;

use crate::support::call_log::{clock, open};
use crate::support::records::closed;

struct Box100 {
    _folder: TempDir,
    log: CallLog,
    now: Timestamp,
}

impl Box100 {
    /// With so many messages that are to go there.
    fn pending(messages: u32, to: Destination) -> Self {
        let folder = TempDir::new().unwrap();
        let log = open(folder.path()).log;
        for n in 1..=messages {
            let record = CallRecord {
                delivered: Vec::new(),
                ..closed(n, Verdict::Message)
            };
            log.close_and_deliver(record, &[to]);
        }
        Self {
            _folder: folder,
            log,
            now: clock().date().round(Unit::Millisecond).unwrap(),
        }
    }

    async fn due(&self) -> Vec<Delivery> {
        self.log.outbox().due().await.unwrap()
    }

    async fn seqs(&self) -> Vec<i64> {
        self.due()
            .await
            .iter()
            .map(|delivery| delivery.seq)
            .collect()
    }

    async fn note(&self, delivery: &Delivery, outcome: Settlement) {
        self.log.outbox().settle(delivery, outcome).await.unwrap();
    }

    async fn fails(&self, delivery: &Delivery, wait_s: i64) {
        let due = self.now + SignedDuration::from_secs(wait_s);
        let why = "x".to_owned();
        self.note(delivery, Settlement::Later { due, why }).await;
    }
}

#[tokio::test]
async fn what_has_failed_three_times_lets_the_next_one_pass() {
    let pending = Box100::pending(3, Destination::Mail);
    for _ in 0..3 {
        let due = pending.due().await;
        assert_eq!((due.len(), due[0].seq), (1, 1));
        assert!(!due[0].is_overtaken());
        pending.fails(&due[0], 20).await;
    }
    assert_eq!(pending.seqs().await, [2, 1]);
    let due = pending.due().await;
    assert!(due[1].is_overtaken());
    pending.note(&due[0], Settlement::Done(None)).await;
    assert_eq!(pending.seqs().await, [3, 1]);
    pending.note(&due[1], Settlement::Done(None)).await;
    assert_eq!(pending.seqs().await, [3]);
}

#[tokio::test]
async fn a_message_that_waits_for_room_in_its_box_stays_first() {
    let pending = Box100::pending(2, Destination::Mailbox);
    let head = pending.due().await.remove(0);
    pending
        .note(&head, Settlement::Prepared("/spool".into()))
        .await;
    for _ in 0..10 {
        pending.fails(&head, 20).await;
    }
    assert_eq!(pending.seqs().await, [1]);
}

/// A server that is down is asked by one message at a time, at most as often as one alone would ask.
#[tokio::test]
async fn of_those_that_were_passed_one_is_tried_at_a_time_in_turns() {
    const COUNT: u32 = 4;
    let pending = Box100::pending(COUNT, Destination::Webhook);
    for _ in 0..3 * COUNT {
        let head = pending.due().await.remove(0);
        pending.fails(&head, 20).await;
    }
    let (mut tried, mut last) = (Vec::new(), 0);
    for wait_s in [60, 120, 180, 240] {
        let due = pending.due().await;
        assert_eq!(due.len(), 1);
        assert!(due[0].due >= pending.now + SignedDuration::from_secs(last));
        pending.fails(&due[0], wait_s).await;
        tried.push(due[0].seq);
        last = wait_s;
    }
    tried.sort_unstable();
    assert_eq!(tried, [1, 2, 3, 4]);
    // It is there again: nobody waits any longer.
    for n in 0..COUNT as usize {
        let due = pending.due().await;
        assert_eq!(due[0].due <= pending.now, n > 0, "{due:?}");
        pending.note(&due[0], Settlement::Done(None)).await;
    }
    assert!(pending.due().await.is_empty());
}

#[tokio::test]
async fn new_settings_have_all_that_waits_tried_at_once_however_much_it_is() {
    const BOXES: u32 = 20;
    let folder = TempDir::new().unwrap();
    let (data, spool) = (folder.path().join("data"), folder.path().join("spool"));
    fs::create_dir_all(spool.join("default")).unwrap();
    let log = open(&data).log;
    fs::write(data.join("a.wav"), wav::encode(&[1000; 8_000])).unwrap();
    for n in 1..=BOXES {
        let record = CallRecord {
            mailbox: format!("{}@default", 100 + n).into(),
            audio: Some("a.wav".into()),
            delivered: Vec::new(),
            ..closed(n, Verdict::Message)
        };
        log.close_and_deliver(record, &[Destination::Mailbox]);
    }
    let clock = clock();
    let due = async || log.outbox().due().await.unwrap();
    for delivery in due().await {
        let due = clock.date() + SignedDuration::from_mins(10);
        let why = "x".to_owned();
        let later = Settlement::Later { due, why };
        log.outbox().settle(&delivery, later).await.unwrap();
    }
    let mut config = Config::default();
    config.delivery.voicemail.spool = spool;
    let settings = SharedConfig::new(config.clone());
    let worker = Worker::new(&settings, log.outbox(), data, clock).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker.run(stop.clone()));
    settings.replace(config);
    let patience = clock.now() + Duration::from_mins(1);
    while !due().await.is_empty() {
        assert!(clock.now() < patience, "{:?}", due().await);
        clock.sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    working.await.unwrap();
}
