//! The real guard breaks in mid-call, in every way we could think of: the caller ends in VoiceMail() with
//! a recorded message or in a finished guard call, and every call that reached us has its one record.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::disk::SmallDisk;
use crate::fake_guard::FallsSilent;
use crate::guard::{Guard, Record, Tap};
use crate::lab::{Ending, Lab, SOON, wait_for};
use crate::sip::{Caller, Stay};
use crate::sound::Sound;

pub fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 's'))
}

/// Hears the greeting, begins to talk and goes on until interrupted.
pub fn is_interrupted(lab: &Lab, caller: Caller) -> Caller {
    caller
        .listens()
        .talks_until_spoken_to(&Sound::speech(lab, 60.0))
}

/// Waits for the next beep, says a message and hangs up.
pub fn leaves_his_message(caller: Caller) -> JoinHandle<Stay> {
    let message = Sound::of_example("message");
    caller
        .listens()
        .says(&message)
        .is_quiet(0.5)
        .hangs_up()
        .calls()
}

/// VoiceMail() recorded them, after all.
pub fn voicemail_has_his_message(lab: &Lab) {
    let ending = lab.ending();
    assert_eq!(ending.get("vmstatus"), "SUCCESS", "{ending:?}");
    let seconds = lab.message().sound.seconds();
    assert!(seconds > 10.0, "{seconds} s are recorded");
}

/// The guard that was killed is started again and closes what it had left open.
fn is_closed_at_the_next_start(guard: &mut Guard) -> Record {
    guard.starts_again();
    let call = guard.record();
    assert_eq!(call.get("ended_by"), "recovered", "{call:#?}");
    call
}

/// The same of a caller who had said nothing to it.
fn is_unsure_at_the_next_start(guard: &mut Guard) {
    let call = is_closed_at_the_next_start(guard);
    assert_eq!(call.get("verdict"), "unsure", "{call:#?}");
}

pub fn was_handed_on(lab: &Lab, call: &Record) {
    assert_eq!(call.get("ended_by"), "handed_on", "{call:#?}");
    voicemail_has_his_message(lab);
}

#[test]
fn killed_during_the_greeting() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab));
    guard.logs("voicemail-guard/greeting");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    is_unsure_at_the_next_start(&mut guard);
}

#[test]
fn killed_while_it_listens() {
    is_killed_while_it_listens(Tap::Monitor);
}

#[test]
fn killed_while_it_listens_over_audiosocket() {
    is_killed_while_it_listens(Tap::AudioSocket);
}

fn is_killed_while_it_listens(tap: Tap) {
    let lab = Lab::enter();
    let mut guard = Guard::by(&lab, tap, "");
    let caller = leaves_his_message(is_interrupted(&lab, somebody(&lab)));
    guard.listens_for(3.0);
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    let call = is_closed_at_the_next_start(&mut guard);
    // Of the three seconds the first goes by before they speak, and on a busy machine the last is not on the disk.
    assert!(call.number("seconds.speech") > 0.8, "{call:#?}");
    assert!(guard.data().join(call.get("audio")).exists(), "{call:#?}");
}

#[test]
fn killed_during_the_question() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab).listens());
    guard.logs("voicemail-guard/still-there");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    is_unsure_at_the_next_start(&mut guard);
}

#[test]
fn killed_in_observe_mode_while_voicemail_records() {
    let lab = Lab::enter();
    let mut guard = Guard::with(&lab, "mode = \"observe\"");
    let caller = leaves_his_message(somebody(&lab));
    guard.logs("VoiceMail");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    let _ = is_closed_at_the_next_start(&mut guard);
}

#[test]
fn frozen_while_it_listens() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = leaves_his_message(is_interrupted(&lab, somebody(&lab)));
    guard.listens_for(3.0);
    guard.is_frozen();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    guard.is_thawed();
    let _ = guard.record();
}

#[test]
fn frozen_in_observe_mode_before_voicemail() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let between = FallsSilent::before(&lab, "TIMEOUT(absolute) 86400");
    let caller = leaves_his_message(Caller::dials(&lab, &between.extension(&lab)));
    let stay = caller.join().unwrap();
    let waited = stay.heard[0].0.as_secs_f32();
    assert!((55.0..65.0).contains(&waited), "{stay:?}");
    voicemail_has_his_message(&lab);
    assert!(guard.log().contains("EXEC MixMonitor"));
}

#[test]
fn frozen_in_observe_mode_while_voicemail_runs() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let message = Sound::of_example("message");
    let caller = somebody(&lab).listens().says(&message).presses("#");
    let caller = caller.stays(90.0).calls();
    guard.tells_after("EXEC VoiceMail", "TIMEOUT(absolute) 60");
    guard.is_frozen();
    let stay = caller.join().unwrap();
    // The greeting and the message take some 25 s; behind them Asterisk waits for a minute.
    let seconds = stay.lasted.as_secs_f32();
    assert!(
        stay.ended_by_asterisk && (70.0..100.0).contains(&seconds),
        "{stay:?}"
    );
    voicemail_has_his_message(&lab);
    guard.is_thawed();
    let _ = guard.record();
}

#[test]
fn asked_to_stop_with_a_call_up_which_finishes() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab));
    guard.logs("WAIT FOR DIGIT");
    guard.is_asked_to_stop();
    caller.join().unwrap();
    let status = guard.ends();
    assert!(status.success(), "{status}");
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "caller"),
        "{call:#?}"
    );
}

#[test]
fn asked_twice_to_stop_hands_the_caller_on() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(is_interrupted(&lab, somebody(&lab)));
    guard.listens_for(3.0);
    guard.is_asked_to_stop();
    guard.logs("stopping");
    guard.is_asked_to_stop();
    caller.join().unwrap();
    let status = guard.ends();
    assert!(status.success(), "{status}");
    was_handed_on(&lab, &guard.record());
}

#[test]
fn a_greeting_is_missing() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "greeting = \"voicemail-guard/nowhere\"");
    leaves_his_message(somebody(&lab)).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn the_question_is_a_broken_file() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let language = lab.english_but_for("voicemail-guard/still-there", b"RIFF");
    let caller = Caller::dials(&lab, &lab.extension(&language, 's')).listens();
    leaves_his_message(caller).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn missing_alone_the_question() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let _away = lab.take_away(&["still-there"]);
    leaves_his_message(somebody(&lab).listens()).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

/// A prompt without which the call can go on is left out; nobody is handed on for it.
#[test]
fn missing_alone_every_prompt_but_greeting_and_question() {
    let lab = Lab::enter();
    let settings = "rambler_prompt_after_s = 8\nrambler_prompt_grace_s = 1\n\
                    longest_message_s = 20\nwarning_before_end_s = 6\nnever_started_s = 4";
    let guard = Guard::with(&lab, settings);
    let _away = lab.take_away(&[
        "greeting-withheld",
        "number-first",
        "time-warning",
        "enter-number",
        "number-is",
        "number-confirm",
        "number-saved",
        "thanks",
        "goodbye",
    ]);
    let dials = |name: &str, wiring| {
        let caller = Caller::dials(&lab, &lab.extension("en", wiring));
        caller.is(name, name)
    };
    let rambles = dials("0911555001", 'p').listens();
    let rambles = rambles.says(&Sound::speech(&lab, 25.0)).stays(5.0);
    let keys = dials("0911555002", 'p').listens().presses("0911555022#");
    let keys = keys.listens().presses("2").is_quiet(0.5);
    let keys = keys.presses("0911555033#").listens().presses("1").listens();
    let keys = keys.says(&Sound::speech(&lab, 5.0)).hangs_up();
    let silent = dials("0911555003", 'p').stays(60.0);
    let withheld = leaves_his_message(dials("anonymous", 's'));
    for call in [rambles, keys, silent].map(Caller::calls) {
        call.join().unwrap();
    }
    withheld.join().unwrap();
    let filed = guard.closed_calls(4);
    let of = |number: &str| {
        let mut calls = filed.iter();
        let call = calls.find(|call| call.get("caller.number") == number);
        call.unwrap_or_else(|| panic!("no call of {number}: {filed:#?}"))
    };
    let (rambler, keyed) = (of("0911555001"), of("0911555002"));
    assert_eq!(
        (rambler.get("verdict"), rambler.get("ended_by")),
        ("rambler", "limit"),
        "{rambler:#?}"
    );
    assert_eq!(
        (keyed.get("callback.e164"), keyed.get("callback.source")),
        ("+49911555033", "keyed_confirmed"),
        "{keyed:#?}"
    );
    assert_eq!(
        (
            of("0911555003").get("verdict"),
            of("0911555003").get("ended_by")
        ),
        ("silent", "guard")
    );
    assert_eq!(of("anonymous").get("ended_by"), "handed_on");
    assert!(lab.message().sound.seconds() > 10.0);
}

#[test]
fn the_data_folder_cannot_be_written() {
    let lab = Lab::enter();
    let mut guard = Guard::of_any_user(&lab);
    fs::set_permissions(guard.data(), Permissions::from_mode(0o500)).unwrap();
    leaves_his_message(Caller::dials(&lab, &lab.extension("en", 'p')))
        .join()
        .unwrap();
    guard.logs("the audio could not be kept");
    fs::set_permissions(guard.data(), Permissions::from_mode(0o700)).unwrap();
    guard.is_asked_to_stop();
    guard.ends();
    guard.starts_again();
    guard.logs("could be kept after all");
    let call = guard.record();
    assert_eq!(call.get("verdict"), "message", "{call:#?}");
    let kept = Sound::read(&guard.data().join(call.get("audio")));
    assert!(kept.seconds() > 10.0, "{} s are kept", kept.seconds());
}

#[test]
fn the_disk_is_full() {
    let lab = Lab::enter();
    let disk = SmallDisk::for_data(&lab);
    let mut guard = Guard::with_data(&lab, disk.folder());
    disk.is_filled();
    let calls = [0, 1].map(|_| leaves_his_message(somebody(&lab)));
    for call in calls {
        call.join().unwrap();
    }
    wait_for("neither recording to be kept", SOON, || {
        let failed = guard.log().matches("the audio could not be kept").count();
        (failed == 2).then_some(())
    });
    let endings = lab.endings(2);
    disk.is_cleared();
    guard.is_asked_to_stop();
    guard.ends();
    guard.starts_again();
    are_filed_and_kept(&guard, &endings);
    let left = fs::read_dir(lab.inside(&lab.tap_folder())).unwrap();
    assert_eq!(left.count(), 0, "left in the tap folder");
}

#[test]
fn the_disk_is_full_when_the_guard_starts() {
    let lab = Lab::enter();
    let disk = SmallDisk::for_data(&lab);
    disk.is_filled();
    let mut guard = Guard::with_data(&lab, disk.folder());
    leaves_his_message(somebody(&lab)).join().unwrap();
    guard.logs("the audio could not be kept");
    let endings = lab.endings(1);
    disk.is_cleared();
    let _ = guard.record();
    guard.is_asked_to_stop();
    guard.ends();
    guard.starts_again();
    are_filed_and_kept(&guard, &endings);
}

/// Each call has its one record, and what was said.
fn are_filed_and_kept(guard: &Guard<'_>, endings: &[Ending]) {
    guard.closed_calls(endings.len());
    wait_for("the recordings to be kept after all", SOON, || {
        let kept = guard.log().matches("could be kept after all").count();
        (kept == endings.len()).then_some(())
    });
    let filed = guard.calls();
    let ids = |ids: &mut dyn Iterator<Item = String>| ids.collect::<BTreeSet<_>>();
    let logged = ids(&mut endings.iter().map(|ending| ending.get("call").to_owned()));
    let listed = ids(&mut filed.iter().map(|call| call.get("id").to_owned()));
    assert_eq!((filed.len(), listed), (endings.len(), logged), "{filed:#?}");
    for call in &filed {
        assert_eq!(call.get("verdict"), "message", "{call:#?}");
        let kept = Sound::read(&guard.data().join(call.get("audio")));
        assert!(kept.seconds() > 10.0, "{} s are kept", kept.seconds());
    }
}

#[test]
fn the_data_folder_is_read_only_when_the_guard_starts() {
    let lab = Lab::enter();
    let disk = SmallDisk::for_data(&lab);
    let mut guard = Guard::with_data(&lab, disk.folder());
    guard.is_asked_to_stop();
    guard.ends();
    disk.is_read_only(true);
    let complaint = guard.fails_to_start();
    let folder = disk.folder().to_string_lossy();
    assert!(complaint.contains(&*folder), "{complaint}");
    leaves_his_message(somebody(&lab)).join().unwrap();
    voicemail_has_his_message(&lab);
    disk.is_read_only(false);
    guard.starts_again();
    leaves_his_message(somebody(&lab)).join().unwrap();
    assert_eq!(guard.record().get("verdict"), "message");
}

#[test]
fn killed_after_the_number_was_confirmed() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = somebody(&lab).listens().presses("0911555066#").listens();
    let caller = caller.presses("1").listens();
    let caller = caller.talks_until_spoken_to(&Sound::speech(&lab, 60.0));
    let caller = leaves_his_message(caller);
    guard.logs("voicemail-guard/number-saved");
    guard.listens_for(1.0);
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    guard.starts_again();
    let call = guard.record();
    assert_eq!(call.get("ended_by"), "recovered", "{call:#?}");
    assert_eq!(call.get("callback.e164"), "+49911555066", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed_confirmed");
    assert_eq!(
        call.asked(),
        ["number-is", "number-confirm", "number-saved"]
    );
    assert!(!call.get("linkedid").is_empty(), "{call:#?}");
}

#[test]
fn the_call_log_is_locked_by_somebody() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let other = Connection::open(guard.data().join("calls.sqlite")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let stay = Caller::dials(&lab, &lab.extension("en", 'p'))
        .stays(60.0)
        .call();
    assert!(stay.ended_by_asterisk, "{stay:?}");
    assert_eq!(lab.ending().get("verdict"), "silent");
    other.execute_batch("ROLLBACK").unwrap();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("silent", "guard"),
        "{call:#?}"
    );
}

#[test]
fn fifty_calls_more_than_allowed() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "[limits]\nmax_calls = 4");
    let speech = Sound::speech(&lab, 5.0);
    let calls: Vec<_> = (0..54)
        .map(|_| {
            somebody(&lab)
                .listens()
                .says(&speech)
                .is_quiet(0.5)
                .hangs_up()
                .calls()
        })
        .collect();
    for call in calls {
        call.join().unwrap();
    }
    let filed = guard.closed_calls(54);
    let refused = filed
        .iter()
        .filter(|call| call.get("ended_by") == "refused")
        .count();
    assert_eq!((filed.len(), refused), (54, 50));
    let endings = lab.endings(54);
    let recorded = endings
        .iter()
        .filter(|ending| ending.get("vmstatus") == "SUCCESS")
        .count();
    assert_eq!(
        (endings.len(), recorded, lab.inbox(lab.mailbox()).len()),
        (54, 50, 50)
    );
}
