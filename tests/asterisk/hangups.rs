//! Callers hang up whenever they like: one closed record each, and nothing is left behind.

use std::fs;

use crate::guard::Guard;
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

fn check(verdict: &str, script: impl Fn(&Lab, Caller) -> Caller) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'));
    let stay = script(&lab, caller).hangs_up().call();
    assert!(!stay.ended_by_asterisk, "{stay:?}");
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        (verdict, "caller"),
        "{call:#?}"
    );
    assert_eq!(lab.ending().how, "hung-up");
    assert!(lab.inbox(lab.voice_box()).is_empty());
    let left: Vec<_> = fs::read_dir(lab.inside(&lab.tap_folder()))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "left in the tap folder: {left:?}");
}

#[test]
fn as_soon_as_it_is_answered() {
    check("hangup", |_, caller| caller.is_quiet(0.06));
}

#[test]
fn during_the_greeting() {
    check("hangup", |_, caller| caller.is_quiet(4.0));
}

#[test]
fn just_after_the_beep() {
    check("hangup", |_, caller| caller.listens());
}

#[test]
fn during_the_question() {
    check("silent", |_, caller| caller.listens().is_quiet(9.5));
}

#[test]
fn while_an_answer_is_awaited() {
    check("silent", |_, caller| {
        caller.listens().listens().is_quiet(2.0)
    });
}

#[test]
fn during_the_goodbye() {
    check_ended_by_guard();
}

/// Who hangs up in the goodbye was sent away already.
fn check_ended_by_guard() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'))
        .listens()
        .listens();
    caller.is_quiet(10.0).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("silent", "guard"),
        "{call:#?}"
    );
}

#[test]
fn while_keying_in_a_number() {
    check("message", |lab, caller| {
        caller
            .listens()
            .says(&Sound::speech(lab, 6.0))
            .presses("0911555")
            .is_quiet(0.2)
    });
}

#[test]
fn during_the_read_back() {
    check("message", |lab, caller| {
        caller
            .listens()
            .says(&Sound::speech(lab, 6.0))
            .presses("0911555022#")
            .is_quiet(2.0)
    });
}

#[test]
fn during_the_warning() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "longest_message_s = 30\nwarning_before_end_s = 20");
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).listens();
    let caller = caller.talks_until_spoken_to(&Sound::speech(&lab, 60.0));
    caller.is_quiet(1.0).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "caller"),
        "{call:#?}"
    );
    assert_eq!(call.asked(), ["time-warning"]);
}

#[test]
fn while_voicemail_records_in_observe_mode() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    caller.says(&Sound::speech(&lab, 6.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "caller"),
        "{call:#?}"
    );
    assert_eq!(lab.ending().how, "hung-up");
    assert!(lab.message().sound.seconds() > 5.0);
}

#[test]
fn during_the_ramblers_prompt() {
    let lab = Lab::enter();
    let guard = Guard::with(
        &lab,
        "rambler_prompt_after_s = 8\nrambler_prompt_grace_s = 1",
    );
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).listens();
    caller.says(&Sound::speech(&lab, 11.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("rambler", "caller"),
        "{call:#?}"
    );
    assert_eq!(call.asked(), ["number-first"]);
}
