//! Callers hang up whenever they like: one closed record each, and nothing is left behind.

use std::fs;

use crate::guard::{Guard, Record};
use crate::lab::{Ending, Lab};
use crate::sip::Caller;
use crate::sound::Sound;
use crate::wire;

/// Gives the record of the call.
fn check(verdict: &str, script: impl Fn(&Lab, Caller) -> Caller) -> Record {
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
    nothing_is_left(&lab);
    call
}

/// Gives the dialplan's view of the call.
fn nothing_is_left(lab: &Lab) -> Ending {
    let ending = lab.ending();
    assert_eq!(ending.how, "hung-up");
    assert!(lab.inbox(lab.mailbox()).is_empty());
    let left: Vec<_> = fs::read_dir(lab.inside(&lab.tap_folder()))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "left in the tap folder: {left:?}");
    ending
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
fn in_the_beep_itself() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let long_beep = lab.english_but_for("beep", &Sound::busy(4.0).wav());
    let greeting = lab.prompt("en", "greeting").seconds();
    let caller = Caller::dials(&lab, &lab.extension(&long_beep, 'p'));
    caller.is_quiet(greeting + 2.0).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("hangup", "caller"),
        "{call:#?}"
    );
    let logged = guard.log();
    let beep = logged.find("STREAM FILE beep").expect("a beep");
    assert!(!logged[beep..].contains("WAIT FOR DIGIT"), "{logged}");
    nothing_is_left(&lab);
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
    let call = check("message", |lab, caller| {
        caller
            .listens()
            .says(&Sound::speech(lab, 6.0))
            .presses("0911555")
            .is_quiet(0.2)
    });
    assert_eq!(call.get("callback.number"), "0911555", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed");
}

#[test]
fn behind_the_last_key_of_a_number_and_without_a_word() {
    let call = check("unsure", |_, caller| {
        let caller = caller.is("anonymous", "Anonymous").listens();
        caller.presses("09115550224")
    });
    assert_eq!(call.get("caller.presentation"), "withheld", "{call:#?}");
    assert_eq!(call.get("callback.number"), "09115550224");
    assert_eq!(call.get("callback.e164"), "+499115550224");
    assert_eq!(call.get("callback.source"), "keyed");
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
fn while_the_confirmation_is_awaited() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'))
        .listens()
        .says(&Sound::speech(&lab, 6.0))
        .presses("0911555022#");
    caller.listens().is_quiet(1.0).hangs_up().call();
    let call = guard.record();
    is_a_message_of_who_hung_up(&call);
    assert_eq!(call.get("callback.e164"), "+49911555022", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed");
    assert_eq!(call.asked(), ["number-is", "number-confirm"]);
    nothing_is_left(&lab);
}

#[test]
fn during_the_thanks() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = ends_by_pound(&lab, 'p').is_quiet(1.0).hangs_up().call();
    is_a_message_with_thanks(&guard.record());
    let (_, to) = stay.heard.last().unwrap();
    let silent = (stay.lasted - *to).as_secs_f32();
    assert!(silent < 0.3, "the thanks were over for {silent} s");
    nothing_is_left(&lab);
}

#[test]
fn while_the_recording_is_stopped() {
    while_a_command_is_under_way("EXEC StopMixMonitor");
}

#[test]
fn while_the_variables_are_set() {
    let verdict = while_a_command_is_under_way("SET VARIABLE GUARD_CALLBACK");
    assert_eq!(verdict, "message");
}

/// Gives the verdict that the dialplan has got.
fn while_a_command_is_under_way(command: &'static str) -> String {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let wire = wire::that_holds(&lab, command);
    ends_by_pound(&lab, 'o').listens().hangs_up().call();
    assert!(wire.join().unwrap(), "there was no {command}");
    let call = guard.record();
    is_a_message_with_thanks(&call);
    let ending = nothing_is_left(&lab);
    assert_eq!(ending.get("call"), call.get("id"), "{ending:?}");
    assert_eq!(ending.get("status"), "", "{ending:?}");
    ending.get("verdict").to_owned()
}

fn ends_by_pound(lab: &Lab, wiring: char) -> Caller {
    let caller = Caller::dials(lab, &lab.extension("en", wiring)).listens();
    caller.says(&Sound::speech(lab, 6.0)).presses("#")
}

fn is_a_message_with_thanks(call: &Record) {
    is_a_message_of_who_hung_up(call);
    assert_eq!(call.asked(), ["thanks"]);
}

fn is_a_message_of_who_hung_up(call: &Record) {
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "caller"),
        "{call:#?}"
    );
}

/// AGIEXITONHANGUP is not set: what the guard sets on a dead channel is there for the dialplan.
#[test]
fn with_asterisks_own_way_of_telling_a_hang_up() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'n')).listens();
    caller.says(&Sound::speech(&lab, 6.0)).hangs_up().call();
    let call = guard.record();
    is_a_message_of_who_hung_up(&call);
    let ending = nothing_is_left(&lab);
    let logged = ["verdict", "callback", "call", "status", "reason"].map(|name| ending.get(name));
    let because = call.reasons().join("; ");
    let (number, id) = (call.get("callback.e164"), call.get("id"));
    assert_eq!(
        logged,
        ["message", number, id, "done", &because],
        "{ending:?}"
    );
}

#[test]
fn during_the_warning() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "longest_message_s = 30\nwarning_before_end_s = 20");
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).listens();
    let caller = caller.talks_until_spoken_to(&Sound::speech(&lab, 60.0));
    caller.is_quiet(1.0).hangs_up().call();
    let call = guard.record();
    is_a_message_of_who_hung_up(&call);
    assert_eq!(call.asked(), ["time-warning"]);
}

#[test]
fn while_voicemail_records_in_observe_mode() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    caller.says(&Sound::speech(&lab, 6.0)).hangs_up().call();
    let call = guard.record();
    is_a_message_of_who_hung_up(&call);
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
