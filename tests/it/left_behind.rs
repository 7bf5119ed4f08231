//! What a fault in a call and a folder that could not be written leave behind, and who takes it up.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use voicemail_guard::audio::file::{Format, decode};
use voicemail_guard::audio::{MediaTime, g711};
use voicemail_guard::call_log::{Opened, Reader};
use voicemail_guard::call_record::{
    CallRecord, Destination, EndedBy, MailboxName, QueueWait, Reason, Trouble, Verdict,
};
use voicemail_guard::config::{Config, SharedConfig};
use voicemail_guard::delivery::Worker;
use voicemail_guard::hearing::{Class, Segment};
use voicemail_guard::recordings;
use voicemail_guard::recover::{Cause, recover, recover_all, sweep_tap_folder};
use voicemail_guard::session::{Guard, Overload};
use voicemail_guard::tap::Gap;
use voicemail_guard::tap::monitor::{self, Folder};
use voicemail_guard::wording::{self, Language};

use crate::support::call_log::{all, clock, open};
use crate::support::listeners::all_three_were_asked;
use crate::support::records::{closed, opened};

struct House {
    folder: TempDir,
    guard: Arc<Guard>,
}

impl House {
    fn new() -> (Self, Opened) {
        let folder = TempDir::new().unwrap();
        let (tap, spool) = (folder.path().join("tap"), folder.path().join("spool"));
        fs::create_dir_all(&tap).unwrap();
        fs::create_dir_all(spool.join("default")).unwrap();
        let log = open(&folder.path().join("data"));
        let mut config = Config::default();
        config.tap.folder_as_guard_sees_it.clone_from(&tap);
        config.delivery.voicemail.spool = spool;
        let guard = Guard {
            settings: SharedConfig::new(config),
            log: log.log.clone(),
            clock: clock(),
            data: folder.path().join("data"),
            source: Box::new(Folder {
                as_asterisk_sees_it: tap.clone(),
                as_guard_sees_it: tap,
            }),
            at_once: CancellationToken::new(),
            queues: None,
            overload: Overload::default(),
        };
        let guard = Arc::new(guard);
        (Self { folder, guard }, log)
    }

    fn raw(&self, n: u32) -> PathBuf {
        let name = monitor::file_name(opened(n).id);
        self.folder.path().join("tap").join(name)
    }

    /// Ten seconds of a voice, as MixMonitor has written them.
    fn records(&self, n: u32) {
        let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/speech.ulaw");
        let spoken = fs::read(clip).unwrap().repeat(2);
        let wide = spoken.into_iter().flat_map(|o| [g711::ulaw(o); 6]);
        let bytes: Vec<u8> = wide.flat_map(i16::to_le_bytes).collect();
        fs::write(self.raw(n), bytes).unwrap();
    }

    /// Ten seconds of an open line, as MixMonitor has written them.
    fn records_nothing(&self, n: u32) {
        fs::write(self.raw(n), vec![0; 10 * 48_000 * 2]).unwrap();
    }

    /// Waits until the one record is as wanted.
    async fn becomes(&self, wanted: impl Fn(&CallRecord) -> bool) -> CallRecord {
        let clock = self.guard.clock;
        let patience = clock.now() + Duration::from_secs(30);
        loop {
            self.guard.log.flush().await.unwrap();
            let record = all(&self.guard.data).remove(0);
            if wanted(&record) {
                return record;
            }
            assert!(clock.now() < patience, "{record:?}");
            clock.sleep(Duration::from_millis(20)).await;
        }
    }

    /// Keeps the sound of a call, as its session does at its end.
    fn keeps(&self, n: u32, gaps: &[Gap]) -> Option<String> {
        let (tap, record) = (self.folder.path().join("tap"), opened(n));
        recordings::keep(&tap, &self.guard.data, record.id, record.started, gaps).unwrap()
    }

    /// The sound that was kept, in seconds.
    fn kept_s(&self, n: u32) -> f64 {
        let place = recordings::place(opened(n).id, opened(n).started);
        let wav = fs::read(self.guard.data.join(place)).unwrap();
        decode(&wav, Format::Wav).unwrap().samples.len() as f64 / 8_000.0
    }

    /// Files a call whose message is pending to its box, and delivers it.
    async fn has_pending(&self, message: CallRecord) {
        self.guard
            .log
            .close_and_deliver(message, &[Destination::Mailbox]);
        self.delivers().await;
    }

    /// Lets the worker deliver all that is pending.
    async fn delivers(&self) {
        let Guard {
            settings,
            log,
            data,
            clock,
            ..
        } = &*self.guard;
        let worker = Worker::new(settings, log.outbox(), data.clone(), *clock).await;
        let stop = CancellationToken::new();
        let working = tokio::spawn(worker.run(stop.clone()));
        let patience = clock.now() + Duration::from_secs(30);
        while !log.outbox().due().await.unwrap().is_empty() {
            assert!(clock.now() < patience, "{:?}", self.pending());
            clock.sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
        working.await.unwrap();
    }

    fn pending(&self) -> Vec<Destination> {
        let deliveries = Reader::open(&self.guard.data).unwrap().undelivered();
        deliveries
            .unwrap()
            .into_iter()
            .map(|delivery| delivery.to)
            .collect()
    }
}

#[tokio::test]
async fn a_fault_in_a_call_loses_nothing_that_was_said() {
    let (house, log) = House::new();
    house.records(1);
    let call = house.guard.log.open_call(opened(1));
    catch_unwind(AssertUnwindSafe(move || {
        let _in_the_call = call;
        std::panic::resume_unwind(Box::new("a fault in one call"));
    }))
    .unwrap_err();
    let abandoned = recover_all(Arc::clone(&house.guard), log.abandoned, Cause::Panic);
    let recovering = tokio::spawn(abandoned);
    let record = house.becomes(|record| record.ended.is_some()).await;
    recovering.abort();
    assert_eq!(record.ended_by, Some(EndedBy::HandedOn));
    let failed = Reason::Trouble(Trouble::Abandoned { failed: true });
    assert_eq!(record.reasons[0], failed);
    assert!(record.seconds.speech.as_secs_f64() > 5.0, "{record:?}");
    let kept = house.guard.data.join(record.audio.unwrap());
    assert!(all_three_were_asked(record.confidence, &kept));
    assert_eq!(house.pending(), [Destination::Mailbox]);
    assert!(!house.raw(1).exists());
}

#[tokio::test]
async fn a_recording_that_could_not_be_kept_is_taken_up_later() {
    let (house, _log) = House::new();
    house.records(1);
    house.records(2);
    // A file where a folder ought to be: fails for root too.
    let in_the_way = house.guard.data.join("audio");
    fs::write(&in_the_way, "").unwrap();
    let junk = CallRecord {
        audio: None,
        delivered: Vec::new(),
        ..closed(1, Verdict::Mutter)
    };
    house.guard.log.close_call(junk);
    // A call that is up, and one of which nobody knows here, are left alone.
    let up = house.guard.log.open_call(opened(2));
    house.records(3);
    for there in [false, true] {
        if there {
            fs::remove_file(&in_the_way).unwrap();
        }
        let taking = tokio::spawn(sweep_tap_folder(Arc::clone(&house.guard)));
        if there {
            let record = house.becomes(|record| record.audio.is_some()).await;
            let wav = fs::read(house.guard.data.join(record.audio.unwrap())).unwrap();
            assert!(wav.len() > 150_000, "{}", wav.len());
        } else {
            house.guard.clock.sleep(Duration::from_millis(300)).await;
            assert_eq!(all(&house.guard.data)[0].audio, None);
        }
        taking.abort();
    }
    assert!(!house.raw(1).exists() && house.raw(2).exists() && house.raw(3).exists());
    drop(up);
}

#[tokio::test]
async fn a_raw_recording_that_could_not_be_removed_is_removed_later() {
    let (house, _log) = House::new();
    house.records(1);
    let bytes = fs::read(house.raw(1)).unwrap();
    let place = house.keeps(1, &[]);
    fs::write(house.raw(1), bytes).unwrap();
    let kept = CallRecord {
        audio: place,
        ..closed(1, Verdict::Mutter)
    };
    house.guard.log.close_call(kept);
    house.becomes(|record| record.ended.is_some()).await;
    let taking = tokio::spawn(sweep_tap_folder(Arc::clone(&house.guard)));
    let patience = house.guard.clock.now() + Duration::from_secs(30);
    while house.raw(1).exists() {
        assert!(house.guard.clock.now() < patience);
        house.guard.clock.sleep(Duration::from_millis(5)).await;
    }
    taking.abort();
    assert!(house.kept_s(1) > 9.0);
}

#[test]
fn a_recording_is_kept_once_however_many_want_it() {
    let (house, _log) = House::new();
    house.records(1);
    let place = Some(recordings::place(opened(1).id, opened(1).started));
    std::thread::scope(|scope| {
        let keepers = [(); 8].map(|()| scope.spawn(|| house.keeps(1, &[])));
        for keeper in keepers {
            assert_eq!(keeper.join().unwrap(), place);
        }
    });
    assert!(!house.raw(1).exists());
    let length = house.kept_s(1);
    assert!(length > 9.0, "{length}");
    // The guard died before the raw file went: what was kept, with its gaps, is what counts.
    house.records(2);
    let gap = Gap {
        at: MediaTime::from_secs(1),
        lost: MediaTime::from_secs(5),
    };
    let bytes = fs::read(house.raw(2)).unwrap();
    house.keeps(2, &[gap]);
    fs::write(house.raw(2), bytes).unwrap();
    assert!(house.keeps(2, &[]).is_some());
    assert!((house.kept_s(2) - length - 5.0).abs() < 0.01);
    assert!(!house.raw(2).exists());
}

#[tokio::test]
async fn a_guard_that_died_between_keeping_and_closing_finds_the_recording() {
    let (house, _log) = House::new();
    house.records(1);
    house.keeps(1, &[]);
    recover(&house.guard, opened(1), Cause::Crash);
    let record = house.becomes(|record| record.ended.is_some()).await;
    assert!(record.seconds.speech.as_secs_f64() > 5.0, "{record:?}");
    let kept = house.guard.data.join(record.audio.unwrap());
    assert!(all_three_were_asked(record.confidence, &kept));
    assert_eq!(house.pending(), [Destination::Mailbox]);
}

/// `VoiceMail()` took them over, and what they said to it is not known.
#[tokio::test]
async fn who_said_nothing_until_a_fault_is_unsure() {
    for (cause, ended_by) in [
        (Cause::Crash, EndedBy::Recovered),
        (Cause::Panic, EndedBy::HandedOn),
    ] {
        let (house, _log) = House::new();
        house.records_nothing(1);
        recover(&house.guard, opened(1), cause);
        let record = house.becomes(|record| record.ended.is_some()).await;
        assert_eq!(record.ended_by, Some(ended_by));
        assert!(record.seconds.silence.as_secs_f64() > 9.0, "{record:?}");
        assert_eq!(record.verdict, Some(Verdict::Unsure), "{record:?}");
        assert!(record.confidence <= 0.5, "{record:?}");
        assert_eq!(wording::sure(&record, Language::En), None);
        // Nothing of it is worth hearing.
        assert!(!record.leaves_a_message());
    }
}

#[tokio::test]
async fn a_recording_that_was_kept_but_not_noted_is_delivered() {
    let (house, _log) = House::new();
    house.records(1);
    house.keeps(1, &[]);
    let message = CallRecord {
        audio: None,
        delivered: Vec::new(),
        ..closed(1, Verdict::Message)
    };
    house.has_pending(message).await;
    let record = house.becomes(|record| record.audio.is_some()).await;
    assert_eq!(record.delivered.len(), 1, "{record:?}");
    let inbox = house.folder.path().join("spool/default/100/INBOX");
    assert!(inbox.join("msg0000.wav").is_file());
}

/// Ten seconds of a voice, behind five in which no packets came and that the file does not have.
#[tokio::test]
async fn a_recording_that_is_kept_without_its_gaps_is_not_cut_by_a_timeline_that_has_them() {
    let (house, _log) = House::new();
    house.records(1);
    let segment = |start, end, class| Segment {
        start: MediaTime::from_secs(start),
        end: MediaTime::from_secs(end),
        class,
        known_at: MediaTime::from_secs(end),
        signal: None,
    };
    let message = CallRecord {
        audio: None,
        delivered: Vec::new(),
        timeline: vec![segment(0, 5, Class::Silence), segment(5, 15, Class::Speech)],
        ..closed(1, Verdict::Message)
    };
    house.has_pending(message).await;
    let inbox = house.folder.path().join("spool/default/100/INBOX");
    let wav = fs::read(inbox.join("msg0000.wav")).unwrap();
    let seconds = decode(&wav, Format::Wav).unwrap().samples.len() as f64 / 8_000.0;
    assert!(seconds > 9.0, "{seconds}");
    let record = house.becomes(|record| record.audio.is_some()).await;
    let heard = record.timeline.last().unwrap().end.as_secs_f64();
    assert!((heard - house.kept_s(1)).abs() < 0.1, "{heard}");
}

#[tokio::test]
async fn the_sound_of_a_message_that_is_replayed_no_more_goes() {
    let (house, _log) = House::new();
    let sound = |n| {
        let name = format!("replay-{}.sln", opened(n).id);
        house.folder.path().join("tap").join(name)
    };
    for n in 1..=3 {
        fs::write(sound(n), "a voice").unwrap();
    }
    let log = &house.guard.log;
    log.close_call(closed(1, Verdict::Message));
    log.close_and_deliver(closed(2, Verdict::Message), &[Destination::Mailbox]);
    let sweeping = tokio::spawn(sweep_tap_folder(Arc::clone(&house.guard)));
    let clock = house.guard.clock;
    let patience = clock.now() + Duration::from_secs(30);
    while sound(1).exists() {
        assert!(clock.now() < patience);
        clock.sleep(Duration::from_millis(5)).await;
    }
    clock.sleep(Duration::from_millis(200)).await;
    sweeping.abort();
    // One is still to be delivered, of the other this guard does not know.
    assert!(sound(2).exists() && sound(3).exists());
}

#[tokio::test]
async fn what_was_heard_of_a_wait_is_kept_where_the_guard_died_meanwhile() {
    let (house, _log) = House::new();
    let wait = CallRecord {
        mailbox: MailboxName::of_queue("support").unwrap(),
        queue: Some(QueueWait::new("support".into())),
        ..opened(1)
    };
    let raw = house.folder.path().join(format!("tap/{}.sln", wait.id));
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/speech.ulaw");
    let spoken = fs::read(clip).unwrap().into_iter().map(g711::ulaw);
    let bytes: Vec<u8> = spoken.flat_map(i16::to_le_bytes).collect();
    let length = bytes.len() as f64 / 16_000.0;
    fs::write(&raw, bytes).unwrap();
    recover(&house.guard, wait, Cause::Crash);
    let record = house.becomes(|record| record.ended.is_some()).await;
    assert_eq!(record.ended_by, Some(EndedBy::Recovered));
    assert_eq!(record.verdict, None);
    assert!(record.seconds.speech.as_secs_f64() > 2.0, "{record:?}");
    assert!(!record.timeline.is_empty() && !raw.exists());
    assert!((house.kept_s(1) - length).abs() < 0.01);
    assert!(house.guard.data.join(record.audio.unwrap()).is_file());
    assert!(house.pending().is_empty());
}

#[tokio::test]
async fn of_a_wait_that_is_to_keep_nothing_nothing_is_kept() {
    let (house, _log) = House::new();
    let wait = CallRecord {
        queue: Some(QueueWait::new("support".into())),
        ..opened(1)
    };
    recover(&house.guard, wait, Cause::Crash);
    let record = house.becomes(|record| record.ended.is_some()).await;
    assert_eq!(record.audio, None);
}
