//! Messages played to `VoiceMail()`: recorded once, whole, under the caller's own number. The boxes here are
//! files like all others; `VoiceMail()` alone knows that.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use voicemail_guard::audio::wav;
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::{CallRecord, Destination, Verdict};
use voicemail_guard::clock::Clock;

use crate::delivery::records::{closed, opened};
use crate::guard::{Guard, Tap, sound_port};
use crate::lab::{LONGEST_CALL, Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::over_audiosocket::told;
use crate::sip::Caller;
use crate::sound::{Sound, likeness};
use crate::wire::Wire;

fn replays(lab: &Lab) -> String {
    format!(
        "deliver_to = [\"voicemail\"]\n[delivery.voicemail]\nmethod = \"replay\"\n\
         [delivery.ami]\naddress = \"{}\"\nuser = \"replay\"\nsecret = \"plays\"\n",
        lab.manager(),
    )
}

/// Files a closed call with this sound for a box, as a guard that had no time to deliver it; each `n` once among
/// these tests, since the one Asterisk knows a message by its call.
fn leaves_undelivered(guard: &Guard<'_>, mailbox: &str, n: u32, sound: &[i16]) {
    let log = CallLog::open(guard.data(), Clock::default()).unwrap().log;
    let record = CallRecord {
        mailbox: mailbox.into(),
        audio: Some(format!("audio/{n}.wav")),
        delivered: Vec::new(),
        timeline: Vec::new(),
        ended: Some(Clock::default().date()),
        ..closed(n, Verdict::Message)
    };
    let path = guard.data().join(format!("audio/{n}.wav"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, wav::encode(sound)).unwrap();
    log.close_and_deliver(record, &[Destination::Mailbox]);
}

/// A noise that swells and falls like speech, and is the same nowhere twice.
fn murmur(seed: u32, seconds: u32) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let samples = (0..seconds * 8_000).map(|n| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let swell = if n / 2_000 % 4 == 3 { 300 } else { 6_000 };
        (state as i32 % swell) as i16
    });
    samples.collect()
}

/// How much later the second begins, in samples, and how alike they are from there on (1: the same).
fn alike(original: &[i16], heard: &[i16]) -> (usize, f64) {
    let product = |delay: usize, length: usize| {
        likeness(&original[..length.min(original.len())], &heard[delay..])
    };
    let delay = (0..heard.len().min(12_000))
        .max_by(|&a, &b| product(a, 4_000).total_cmp(&product(b, 4_000)))
        .unwrap();
    (delay, product(delay, original.len()))
}

/// Whether this is all of it: its first word is there, its last one is, and little else.
fn is_whole(original: &[i16], heard: &[i16]) {
    let (delay, likeness) = alike(original, heard);
    let end = heard.len() as i64 - (delay + original.len()) as i64;
    assert!(delay < 4_000, "begins after {delay} samples");
    assert!(likeness > 0.98, "{likeness}");
    assert!((-400..4_000).contains(&end), "{end} samples at its end");
}

/// What Asterisk has fetched of a message of these tests and still has.
fn fetched(lab: &Lab, n: u32) -> Option<u64> {
    let id = opened(n).id;
    let file = format!("/var/spool/asterisk/tmp/voicemail-guard-{id}.sln");
    fs::metadata(lab.inside(&file)).ok().map(|file| file.len())
}

/// What stands in Asterisk's database of the guard's messages.
fn marks(lab: &Lab) -> String {
    Manager::listens(lab).command("database show voicemail-guard")
}

#[test]
fn replay_of_a_call_is_in_its_box_as_if_the_caller_had_left_it_there() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, &replays(&lab));
    let said = guard.check();
    let expected = "[voicemail-guard-replay] behind";
    let line = said.lines().find(|line| line.contains(expected));
    assert!(
        line.is_some_and(|line| line.contains("can be reached")),
        "{said}"
    );
    let mut manager = Manager::listens(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).is("+49911555001", "Erika Müller");
    let message = Sound::of_example("message");
    caller.listens().says(&message).hangs_up().call();

    manager.hears_of_one_new_message(&lab);
    let call = wait_for("the delivery to be noted", SOON, || {
        let call = guard.record();
        (!call.delivered().is_empty()).then_some(call)
    });
    let expected = format!("voicemail {}@default by replay at ", lab.mailbox());
    assert!(call.delivered()[0].starts_with(&expected), "{call:#?}");
    let in_box = lab.message();
    assert_eq!(in_box.get("callerid"), "\"Erika Müller\" <+49911555001>");
    assert!(in_box.sound.seconds() > 5.0);
    wait_for("mark and sound to be gone", SOON, || {
        let sounds = fs::read_dir(lab.inside(&lab.tap_folder())).unwrap().count();
        (sounds == 0 && !marks(&lab).contains(call.get("id"))).then_some(())
    });
}

#[test]
fn replay_is_once_and_whole_however_often_the_guard_is_killed() {
    is_once_and_whole_however_often_the_guard_is_killed(Tap::Monitor, 0);
}

#[test]
fn replay_over_the_network_is_once_and_whole_however_often_the_guard_is_killed() {
    is_once_and_whole_however_often_the_guard_is_killed(Tap::AudioSocket, 2_000);
}

fn is_once_and_whole_however_often_the_guard_is_killed(tap: Tap, number: u32) {
    const COUNT: u32 = 6;
    const KILLS: usize = 8;
    let lab = Lab::enter();
    let mut guard = Guard::by(&lab, tap, &replays(&lab));
    guard.is_killed();
    let mailbox = format!("{}@default", lab.mailbox());
    let noted = |guard: &Guard<'_>| {
        let calls = guard.calls();
        calls
            .iter()
            .filter(|call| !call.delivered().is_empty())
            .count()
    };
    let (mut kills, mut chance) = (0, 7_u64);
    let mut until = Instant::now();
    let mut filed: Vec<u32> = Vec::new();
    while kills < KILLS || noted(&guard) < filed.len() {
        if noted(&guard) == filed.len() {
            let first = number + 100 * filed.len() as u32;
            for n in first..first + COUNT {
                leaves_undelivered(&guard, &mailbox, n, &murmur(n, 5 + n % 3));
                filed.push(n);
            }
            until = Instant::now() + 2 * LONGEST_CALL;
        }
        guard.starts_again();
        assert!(Instant::now() < until, "{kills} kills, {}", marks(&lab));
        // Before it has asked, right after, while it is played, and at its end; now and then it may live on.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let longest = [60, 400, 2_000, 7_000][kills % 4];
        thread::sleep(Duration::from_millis((chance >> 33) % longest));
        guard.is_killed();
        kills += 1;
    }
    guard.starts_again();
    wait_for("marks to be gone", SOON, || {
        let marks = marks(&lab);
        let gone = filed
            .iter()
            .all(|&n| !marks.contains(&opened(n).id.to_string()));
        gone.then_some(())
    });
    let messages = lab.inbox(lab.mailbox());
    assert_eq!(messages.len(), filed.len(), "after {kills} kills");
    for call in guard.calls() {
        assert_eq!(call.delivered().len(), 1, "{call:#?}");
    }
    for n in filed {
        let number = format!("<0911{}>", 20_000_000 + n);
        let ours: Vec<_> = messages
            .iter()
            .filter(|m| m.get("callerid").ends_with(&number))
            .collect();
        assert_eq!(ours.len(), 1, "{number}");
        is_whole(&murmur(n, 5 + n % 3), ours[0].sound.samples());
        assert_eq!(fetched(&lab, n), None);
    }
}

#[test]
fn replay_whose_connection_breaks_is_fetched_again() {
    const N: u32 = 15;
    let lab = Lab::enter();
    let wire = Wire::to(sound_port(&lab));
    let mut guard = Guard::over_audiosocket(&lab, &told(wire.address()), &replays(&lab));
    guard.is_killed();
    let mailbox = format!("{}@default", lab.mailbox());
    let original = murmur(N, 24);
    leaves_undelivered(&guard, &mailbox, N, &original);
    guard.starts_again();
    wait_for("some of it to be fetched", SOON, || {
        (fetched(&lab, N)? > 0).then_some(())
    });
    wire.is_cut();
    guard.logs("Asterisk did not get the whole message");
    assert!(guard.calls()[0].delivered().is_empty());
    wait_for("the delivery to be noted", LONGEST_CALL, || {
        (!guard.calls()[0].delivered().is_empty()).then_some(())
    });
    is_whole(&original, lab.message().sound.samples());
    assert_eq!(fetched(&lab, N), None);
}

#[test]
fn replay_of_a_second_of_silence_is_kept_where_three_of_sound_are_wanted() {
    let lab = Lab::enter();
    let mut guard = Guard::with(&lab, &replays(&lab));
    guard.is_killed();
    leaves_undelivered(&guard, "1800@default", 14, &[0; 8_000]);
    guard.starts_again();
    wait_for("the delivery to be noted", LONGEST_CALL, || {
        (!guard.calls()[0].delivered().is_empty()).then_some(())
    });
    assert_eq!(lab.inbox(1800).len(), 1);
}

#[test]
fn replay_into_a_box_that_is_not_there_waits_and_says_why() {
    is_not_there(Tap::Monitor, 11);
}

#[test]
fn replay_over_the_network_into_a_box_that_is_not_there_waits_and_says_why() {
    is_not_there(Tap::AudioSocket, 16);
}

fn is_not_there(tap: Tap, n: u32) {
    let lab = Lab::enter();
    let mut guard = Guard::by(&lab, tap, &replays(&lab));
    guard.is_killed();
    leaves_undelivered(&guard, "999999@default", n, &murmur(1, 3));
    guard.starts_again();
    wait_for("the failure to be reported", SOON, || {
        guard
            .log()
            .contains("VoiceMail() did not keep the message for 999999@default")
            .then_some(())
    });
    assert!(guard.calls()[0].delivered().is_empty());
    assert_eq!(fetched(&lab, n), None);
}

#[test]
fn replay_of_a_file_that_asterisk_does_not_see_whole_waits_and_says_why() {
    let lab = Lab::enter();
    let elsewhere = TempDir::new().unwrap();
    let mut guard = Guard::with_tap_folder(&lab, elsewhere.path(), &replays(&lab));
    guard.is_killed();
    let mailbox = format!("{}@default", lab.mailbox());
    leaves_undelivered(&guard, &mailbox, 19, &murmur(4, 3));
    guard.starts_again();
    guard.logs("Asterisk does not see the whole message");
    assert!(guard.calls()[0].delivered().is_empty());
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn replay_into_a_box_that_stays_locked_is_tried_again() {
    stays_locked(Tap::Monitor, 13);
}

#[test]
fn replay_over_the_network_into_a_box_that_stays_locked_is_tried_again() {
    stays_locked(Tap::AudioSocket, 17);
}

fn stays_locked(tap: Tap, n: u32) {
    let lab = Lab::enter();
    let mut guard = Guard::by(&lab, tap, &replays(&lab));
    guard.is_killed();
    let mailbox = format!("{}@default", lab.mailbox());
    leaves_undelivered(&guard, &mailbox, n, &murmur(3, 3));
    guard.starts_again();
    let folder = format!("/var/spool/asterisk/voicemail/default/{}", lab.mailbox());
    let folder = lab.inside(&folder);
    wait_for("the recording to begin", SOON, || {
        let mut files = fs::read_dir(folder.join("tmp")).ok()?.flatten();
        files.find(|file| file.path().extension().is_some_and(|kind| kind == "wav"))
    });
    // VoiceMail() waits for it for five seconds, drops the message and says SUCCESS.
    let lock = folder.join("INBOX/.lock");
    fs::write(&lock, "").unwrap();
    guard.logs(&format!(
        "VoiceMail() did not keep the message for {mailbox}"
    ));
    assert!(guard.calls()[0].delivered().is_empty());
    fs::remove_file(lock).unwrap();
    wait_for("the delivery to be noted", LONGEST_CALL, || {
        (!guard.calls()[0].delivered().is_empty()).then_some(())
    });
    assert_eq!(lab.inbox(lab.mailbox()).len(), 1);
}

#[test]
fn replay_that_voicemail_cuts_off_is_said_to_be() {
    is_cut_off(Tap::Monitor, 12);
}

#[test]
fn replay_over_the_network_that_voicemail_cuts_off_is_said_to_be() {
    is_cut_off(Tap::AudioSocket, 18);
}

fn is_cut_off(tap: Tap, n: u32) {
    let lab = Lab::enter();
    let mut guard = Guard::by(&lab, tap, &replays(&lab));
    guard.is_killed();
    // The lab's voicemail.conf has maxsilence = 3.
    let sound = [murmur(1, 3), vec![0; 48_000], murmur(2, 3)].concat();
    leaves_undelivered(&guard, &format!("{}@default", lab.mailbox()), n, &sound);
    guard.starts_again();
    guard.logs("raise maxsecs and maxsilence in voicemail.conf");
    let call = wait_for("the delivery to be noted", SOON, || {
        let call = guard.record();
        (!call.delivered().is_empty()).then_some(call)
    });
    let entry = &call.delivered()[0];
    assert!(
        entry.contains("by replay, cut off by VoiceMail(), at "),
        "{entry}"
    );
    assert_eq!(lab.inbox(lab.mailbox()).len(), 1);
}
