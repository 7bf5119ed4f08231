//! The real guard breaks in mid-call, in every way we could think of: the caller ends in VoiceMail() with
//! a recorded message or in a finished guard call, and every call that reached us has its one record.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::guard::{Guard, Record};
use crate::lab::Lab;
use crate::sip::{Caller, Stay};
use crate::sound::Sound;

fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 's'))
}

/// He waits for the next beep, says his message and hangs up.
fn leaves_his_message(caller: Caller) -> JoinHandle<Stay> {
    let message = Sound::of_example("message");
    caller
        .listens()
        .says(&message)
        .is_quiet(0.5)
        .hangs_up()
        .calls()
}

/// VoiceMail() recorded him, after all.
fn voicemail_has_his_message(lab: &Lab) {
    let ending = lab.ending();
    assert_eq!(ending.get("vmstatus"), "SUCCESS", "{ending:?}");
    let seconds = lab.message().sound.seconds();
    assert!(seconds > 10.0, "{seconds} s are recorded");
}

/// The guard that was killed is started again and closes what it had left open.
fn is_closed_at_the_next_start(guard: &mut Guard) {
    guard.starts_again();
    let call = guard.record();
    assert_eq!(call.get("ended_by"), "recovered", "{call:#?}");
}

fn was_handed_on(lab: &Lab, call: &Record) {
    assert_eq!(call.get("ended_by"), "handed_on", "{call:#?}");
    voicemail_has_his_message(lab);
}

#[test]
fn killed_during_the_greeting() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab));
    guard.tells("voicemail-guard/greeting");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    is_closed_at_the_next_start(&mut guard);
}

#[test]
fn killed_during_the_question() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab).listens());
    guard.tells("voicemail-guard/still-there");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    is_closed_at_the_next_start(&mut guard);
}

#[test]
fn killed_in_observe_mode_while_voicemail_records() {
    let lab = Lab::enter();
    let mut guard = Guard::with(&lab, "mode = \"observe\"");
    let caller = leaves_his_message(somebody(&lab));
    guard.tells("VoiceMail");
    guard.is_killed();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    is_closed_at_the_next_start(&mut guard);
}

#[test]
fn frozen_while_it_listens() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let talking = somebody(&lab).listens().says(&Sound::speech(&lab, 4.0));
    let caller = leaves_his_message(talking);
    guard.tells("WAIT FOR DIGIT");
    guard.is_frozen();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    guard.is_thawed();
    let _ = guard.record();
}

#[test]
fn asked_to_stop_with_a_call_up_which_finishes() {
    let lab = Lab::enter();
    let mut guard = Guard::start(&lab);
    let caller = leaves_his_message(somebody(&lab));
    guard.tells("WAIT FOR DIGIT");
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
    let talking = somebody(&lab).listens().says(&Sound::speech(&lab, 4.0));
    let caller = leaves_his_message(talking);
    guard.tells("WAIT FOR DIGIT");
    guard.is_asked_to_stop();
    guard.tells("stopping");
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
