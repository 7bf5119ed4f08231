//! Messages into the Asterisk mailbox: found there by Asterisk, counted, played, and never in the way of
//! Asterisk's own.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use voicemail_guard::audio::{file, wav};
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, Destination, Verdict};
use voicemail_guard::clock::Clock;

use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sip::Caller;
use crate::sound::{Sound, likeness};

use self::records::closed;

#[path = "../support/records.rs"]
pub mod records;

/// Settings for a guard that delivers into the boxes of this Asterisk.
pub fn delivers(lab: &Lab) -> String {
    format!(
        "deliver_to = [\"voicemail\"]\n[delivery.voicemail]\nspool = {:?}\nmost_messages = 1000\n\
         [delivery.ami]\naddress = \"{}\"\nuser = \"guard\"\nsecret = \"lamps\"\n",
        lab.inside("/var/spool/asterisk/voicemail"),
        lab.manager(),
    )
}

fn inbox(lab: &Lab) -> PathBuf {
    let folder = format!(
        "/var/spool/asterisk/voicemail/default/{}/INBOX",
        lab.mailbox()
    );
    lab.inside(&folder)
}

/// The texts in a box's INBOX, by name; those of Asterisk's own calls among them.
fn texts(lab: &Lab) -> Vec<(String, String)> {
    let mut texts: Vec<_> = fs::read_dir(inbox(lab))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name, fs::read_to_string(path).ok()?))
        })
        .collect();
    texts.sort();
    texts
}

fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    lines.find(|(key, _)| *key == name).map_or("", |(_, v)| v)
}

/// The box of a test exists for Asterisk once something was put into its context.
pub fn context_is_there(lab: &Lab) {
    fs::create_dir_all(lab.inside("/var/spool/asterisk/voicemail/default")).unwrap();
}

/// Files closed calls in the data folder of a guard that is not running, as one that had no time to
/// deliver them; each is a short sound of its own.
fn leave_undelivered(lab: &Lab, guard: &Guard<'_>, calls: Range<u32>) {
    let log = CallLog::open(guard.data(), Clock::default()).unwrap().log;
    for n in calls {
        let record = CallRecord {
            mailbox: format!("{}@default", lab.mailbox()).into(),
            audio: Some(format!("audio/{n}.wav")),
            delivered: Vec::new(),
            ended: Some(Clock::default().date()),
            ..closed(n, Verdict::Message)
        };
        let sound: Vec<i16> = (0..4_000).map(|i| (n as i16 + 1) * (i % 13)).collect();
        let path = guard.data().join(format!("audio/{n}.wav"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wav::encode(&sound)).unwrap();
        log.close_and_deliver(record, &[Destination::Mailbox]);
    }
}

/// The guard's messages in INBOX: each once, whole, with its own sound.
fn ours_are_whole(lab: &Lab, count: usize) {
    let texts = texts(lab);
    let ours: Vec<_> = texts
        .iter()
        .filter(|(_, text)| field(text, "context") == "voicemail-guard")
        .collect();
    let ids: BTreeSet<_> = ours.iter().map(|(_, text)| field(text, "msg_id")).collect();
    assert_eq!((ours.len(), ids.len()), (count, count));
    for (name, text) in ours {
        let n: i64 = field(text, "callerid")
            .rsplit_once("<09112")
            .and_then(|(_, digits)| digits.trim_end_matches('>').parse().ok())
            .expect("a caller of ours");
        let sound = Sound::read(&inbox(lab).join(name).with_extension("wav"));
        // What is delivered is levelled; its shape stays.
        assert!(sound.seconds() > 0.1, "{name} of caller {n}: {sound:?}");
    }
}

/// What a telephone hears that listens to the new messages of the box.
fn telephone_hears(lab: &Lab) -> Vec<i16> {
    let heard = format!("/tmp/heard-{}", lab.mailbox());
    let file = format!(
        "Channel: Local/{}@telephone/n\nMaxRetries: 0\nWaitTime: 20\nContext: hears\nExtension: s\n\
         Priority: 1\nSet: HEARD={heard}\n",
        lab.mailbox()
    );
    place(lab, "telephone", &file);
    let path = lab.inside(&format!("{heard}.sln"));
    let mut last = 0;
    let bytes = wait_for("the telephone to hear all", LONGEST_CALL, || {
        let bytes = fs::read(&path).ok()?;
        let grown = bytes.len() > last || bytes.len() < 16_000;
        last = bytes.len();
        (!grown && !calls_are_up(lab)).then_some(bytes)
    });
    let samples = bytes.chunks_exact(2);
    samples
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect()
}

fn calls_are_up(lab: &Lab) -> bool {
    let channels = Manager::listens(lab).command("core show channels concise");
    channels.contains(&format!("Local/{}@telephone", lab.mailbox()))
}

/// So many callers leave VoiceMail() a short message without the guard, all at once.
fn voicemail_is_left(lab: &Lab, count: u32) {
    for n in 0..count {
        let says = format!("/tmp/left-{}-{n}", lab.mailbox());
        // Some are short and some are longer, so that they do not end together.
        let sound = Sound::speech(lab, 1.5 + n as f32 * 0.04);
        sound.write(&lab.inside(&format!("{says}.wav")));
        let file = format!(
            "Channel: Local/{}@plain/n\nCallerID: <{n}>\nMaxRetries: 0\nWaitTime: 20\nContext: caller\n\
             Extension: s\nPriority: 1\nSet: WAIT_BEFORE=1\nSet: SAY={says}\n",
            lab.mailbox()
        );
        place(lab, &format!("left-{n}"), &file);
    }
}

/// Has Asterisk place a call.
fn place(lab: &Lab, name: &str, file: &str) {
    let name = format!("{}-{name}.call", lab.mailbox());
    let written = lab.inside(&format!("/tmp/{name}"));
    fs::write(&written, file).unwrap();
    let spooled = lab.inside(&format!("/var/spool/asterisk/outgoing/{name}"));
    fs::rename(written, spooled).unwrap();
}

#[test]
fn delivery_of_a_message_is_counted_lit_and_played() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let guard = Guard::with(&lab, &delivers(&lab));
    let mut manager = Manager::listens(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).is("+49911555001", "Erika Müller");
    let message = Sound::of_example("message");
    caller.listens().says(&message).hangs_up().call();

    manager.hears_of_one_new_message(&lab);
    let users = manager.command("voicemail show users for default");
    let line = users
        .lines()
        .find(|line| line.split_whitespace().nth(1) == Some(&lab.mailbox().to_string()));
    assert_eq!(
        line.and_then(|line| line.split_whitespace().last()),
        Some("1"),
        "{users}"
    );

    let call = guard.record();
    let delivered = call.delivered();
    assert_eq!(delivered.len(), 1, "{call:#?}");
    let expected = format!("voicemail {}@default msg0000 at ", lab.mailbox());
    assert!(delivered[0].starts_with(&expected), "{delivered:?}");
    let in_box = lab.message();
    assert_eq!(in_box.get("callerid"), "\"Erika Müller\" <+49911555001>");
    assert_eq!(in_box.get("origmailbox"), lab.mailbox().to_string());
    let seconds = in_box.sound.seconds();
    assert!(seconds > 5.0 && in_box.get("duration") == format!("{}", seconds as u32));

    let samples = in_box.sound.samples();
    // Of any WAV file Asterisk leaves out the end, as many bytes as the header has.
    let samples = &samples[..samples.len() - 22];
    let heard = telephone_hears(&lab);
    assert!(
        heard.windows(samples.len()).any(|played| played == samples),
        "the message was not played sample for sample: {} samples were heard",
        heard.len()
    );
}

#[test]
fn delivery_as_gsm_is_played_as_the_standard_decodes_it() {
    let (ours, of_asterisk) = is_played_in("gsm", "gsm");
    assert!(ours == of_asterisk);
}

/// Asterisk 22 changes a few bits of every frame when it takes a `.WAV` apart, of libgsm's own files too.
#[test]
fn delivery_as_wav49_is_played_as_asterisk_takes_it_apart() {
    let (ours, of_asterisk) = is_played_in("wav49", "WAV");
    let likeness = likeness(&ours, &of_asterisk);
    assert!(likeness > 0.95, "{likeness}");
}

/// A message in one format alone, counted and played by Asterisk: its samples, as decoded by us and by Asterisk.
fn is_played_in(format: &str, ending: &str) -> (Vec<i16>, Vec<i16>) {
    let lab = Lab::enter();
    context_is_there(&lab);
    let formats = format!("formats = [\"{format}\"]\nspool =");
    let guard = Guard::with(&lab, &delivers(&lab).replace("spool =", &formats));
    let mut manager = Manager::listens(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'));
    let message = Sound::of_example("message");
    caller.listens().says(&message).hangs_up().call();
    manager.hears_of_one_new_message(&lab);
    assert_eq!(guard.record().delivered().len(), 1);

    let path = inbox(&lab).join(format!("msg0000.{ending}"));
    let bytes = fs::read(&path).unwrap();
    let form = file::Format::named(ending).unwrap();
    let ours = file::decode(&bytes, form).unwrap().samples;
    let text = &texts(&lab)[0].1;
    let duration: usize = field(text, "duration").parse().unwrap();
    assert!((5..60).contains(&duration) && ours.len() / 8_000 == duration);

    let converted = format!("/tmp/converted-{}", lab.mailbox());
    fs::copy(&path, lab.inside(&format!("{converted}.{ending}"))).unwrap();
    let logged = manager.command(&format!(
        "file convert {converted}.{ending} {converted}.sln"
    ));
    let bytes = fs::read(lab.inside(&format!("{converted}.sln"))).expect(&logged);
    let of_asterisk = file::decode(&bytes, file::Format::named("sln").unwrap());
    let of_asterisk = of_asterisk.unwrap().samples;
    assert_eq!(of_asterisk.len(), ours.len());

    let heard = telephone_hears(&lab);
    let whole = |window: &[i16]| window == of_asterisk;
    assert!(
        heard.windows(of_asterisk.len()).any(whole),
        "{} was not played sample for sample: {} samples were heard",
        path.display(),
        heard.len()
    );
    (ours, of_asterisk)
}

#[test]
fn delivery_of_junk_goes_nowhere() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let guard = Guard::with(&lab, &delivers(&lab));
    let mutter = Sound::of_example("mutter");
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'));
    caller.listens().says(&mutter).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("verdict"), "mutter", "{call:#?}");
    assert!(call.delivered().is_empty(), "{call:#?}");
    assert!(!inbox(&lab).exists(), "{:?}", texts(&lab));
}

#[test]
fn delivery_survives_kill_minus_nine_again_and_again() {
    /// At a time, so that even a life for each lot leaves the box below `most_messages`.
    const COUNT: u32 = 120;
    const KILLS: u64 = 8;
    let lab = Lab::enter();
    context_is_there(&lab);
    let mut guard = Guard::with(&lab, &delivers(&lab));
    guard.is_killed();
    let (mut kills, mut filed) = (0, 0);
    while kills < KILLS || texts(&lab).len() < filed as usize {
        let before = texts(&lab).len();
        if before == filed as usize {
            leave_undelivered(&lab, &guard, filed..filed + COUNT);
            filed += COUNT;
        }
        guard.starts_again();
        // Some way into the deliveries; each takes some milliseconds, so it dies at any step.
        let until = Instant::now() + SOON;
        while texts(&lab).len() == before {
            assert!(Instant::now() < until, "nothing is delivered");
            thread::sleep(Duration::from_micros(700 * kills));
        }
        guard.is_killed();
        kills += 1;
    }
    guard.starts_again();
    let all = wait_for("all to be noted", SOON, || {
        let calls = guard.calls();
        calls
            .iter()
            .all(|call| !call.delivered().is_empty())
            .then_some(calls)
    });
    assert_eq!(all.len(), filed as usize);
    assert!(
        all.iter().all(|call| call.delivered().len() == 1),
        "{all:#?}"
    );
    ours_are_whole(&lab, filed as usize);
    assert_eq!(texts(&lab).len(), filed as usize);
    let tmp = fs::read_dir(inbox(&lab).parent().unwrap().join("tmp")).unwrap();
    assert_eq!(tmp.count(), 0, "files are left in tmp");
    assert!(!inbox(&lab).join(".lock").exists());
}

#[test]
fn delivery_and_voicemail_deposit_a_hundred_each_at_once() {
    let lab = Lab::enter();
    a_hundred_each_at_once(&lab, &delivers(&lab));
    let names = texts(&lab).into_iter().map(|(name, _)| name);
    let expected = (0..200).map(|n| format!("msg{n:04}.txt"));
    assert!(names.eq(expected), "numbers have holes");
}

/// Nothing of ours is in the way of Asterisk's under its other lock either.
#[test]
fn under_flock_delivery_and_voicemail_deposit_a_hundred_each_at_once() {
    let lab = Lab::enter();
    let settings = delivers(&lab).replace("spool =", "lockmode = \"flock\"\nspool =");
    a_hundred_each_at_once(&lab, &settings);
}

/// Ours wait for Asterisk's, with the same lock as Asterisk's.
#[test]
fn under_flock_delivery_waits_for_who_holds_the_lock() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let settings = delivers(&lab).replace("spool =", "lockmode = \"flock\"\nspool =");
    let mut guard = Guard::with(&lab, &settings);
    guard.is_killed();
    fs::create_dir_all(inbox(&lab)).unwrap();
    let path = inbox(&lab).join("lock");
    let lock = fs::File::create(&path).unwrap();
    lock.lock().unwrap();
    leave_undelivered(&lab, &guard, 0..1);
    guard.starts_again();
    guard.logs("has been locked by another process");
    // VoiceMail() waits at the very same lock: both come when it is given back.
    voicemail_is_left(&lab, 1);
    wait_for("VoiceMail() to come to the lock", LONGEST_CALL, || {
        lab.asterisk_has_open(&path).then_some(())
    });
    assert_eq!(texts(&lab), []);
    drop(lock);
    wait_for("both messages", LONGEST_CALL, || {
        (texts(&lab).len() == 2).then_some(())
    });
    ours_are_whole(&lab, 1);
}

fn a_hundred_each_at_once(lab: &Lab, settings: &str) {
    const COUNT: u32 = 100;
    context_is_there(lab);
    let mut guard = Guard::with(lab, settings);
    guard.is_killed();
    leave_undelivered(lab, &guard, 0..COUNT);
    voicemail_is_left(lab, COUNT);
    wait_for("the first message of VoiceMail()", LONGEST_CALL, || {
        (!texts(lab).is_empty()).then_some(())
    });
    guard.starts_again();
    wait_for("two hundred messages", LONGEST_CALL, || {
        (texts(lab).len() >= 2 * COUNT as usize).then_some(())
    });
    let texts = texts(lab);
    let names: Vec<_> = texts.iter().map(|(name, _)| name.clone()).collect();
    let ids: BTreeSet<_> = texts
        .iter()
        .map(|(_, text)| field(text, "msg_id"))
        .collect();
    assert_eq!(ids.len(), 2 * COUNT as usize);
    ours_are_whole(lab, COUNT as usize);
    let is_ours = |text: &str| field(text, "context") == "voicemail-guard";
    let changes = texts
        .windows(2)
        .filter(|pair| is_ours(&pair[0].1) != is_ours(&pair[1].1))
        .count();
    assert!(changes > 2, "they did not meet: {changes} changes of hand");
    for name in names {
        assert!(inbox(lab).join(name).with_extension("wav").exists());
    }
}

#[test]
fn delivery_into_a_full_box_waits_until_there_is_room() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let settings = delivers(&lab).replace("most_messages = 1000", "most_messages = 2");
    let mut guard = Guard::with(&lab, &settings);
    guard.is_killed();
    leave_undelivered(&lab, &guard, 0..3);
    guard.starts_again();
    guard.logs("is full: 2 messages");
    let full = texts(&lab);
    assert_eq!(full.len(), 2);
    ours_are_whole(&lab, 2);

    // Somebody deletes the first, by Asterisk's own means.
    let id = field(&full[0].1, "msg_id");
    let command = format!("voicemail remove {} default INBOX {id}", lab.mailbox());
    let answer = Manager::listens(&lab).command(&command);
    wait_for("the third message", LONGEST_CALL, || {
        let ids: Vec<_> = texts(&lab)
            .iter()
            .map(|(_, text)| field(text, "msg_id").to_owned())
            .collect();
        (ids.len() == 2 && !ids.iter().any(|other| other == id)).then_some(())
    });
    ours_are_whole(&lab, 2);
    wait_for("all to be noted", SOON, || {
        let calls = guard.calls();
        calls
            .iter()
            .all(|call| call.delivered().len() == 1)
            .then_some(())
    });
    assert!(!answer.contains("No such command"), "{answer}");
}

#[test]
fn delivery_takes_a_dead_process_s_lock_away_and_asterisk_can_go_on() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let settings = delivers(&lab).replace("most_messages", "stale_lock_s = 10\nmost_messages");
    let mut guard = Guard::with(&lab, &settings);
    guard.is_killed();
    fs::create_dir_all(inbox(&lab)).unwrap();
    fs::write(inbox(&lab).join(".lock"), "").unwrap();
    leave_undelivered(&lab, &guard, 0..1);
    guard.starts_again();
    guard.logs("has been locked by another process");
    assert_eq!(texts(&lab), []);
    guard.logs("a process has died while it held this lock, or hangs; it is taken over");
    wait_for("the message", SOON, || {
        (texts(&lab).len() == 1).then_some(())
    });
    ours_are_whole(&lab, 1);
    // With that lock there VoiceMail() would have lost this one.
    voicemail_is_left(&lab, 1);
    wait_for("a message of Asterisk's own", LONGEST_CALL, || {
        (texts(&lab).len() == 2).then_some(())
    });
    assert!(!inbox(&lab).join(".lock").exists());
}
