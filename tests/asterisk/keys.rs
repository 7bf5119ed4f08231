//! The callback number by keys, over RFC 4733 and inside Asterisk.

use crate::guard::Guard;
use crate::lab::Lab;
use crate::local::LocalCaller;
use crate::sip::Caller;
use crate::sound::Sound;

fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 'p'))
}

#[test]
fn keyed_in_with_hash_and_confirmed() {
    keyed_in("enforce");
}

#[test]
fn keyed_in_with_hash_and_confirmed_in_guide_mode() {
    keyed_in("guide");
}

fn keyed_in(mode: &str) {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, &format!("mode = {mode:?}"));
    let caller = somebody(&lab)
        .listens()
        .says(&Sound::speech(&lab, 4.0))
        .presses("0911555022#");
    let caller = caller.listens().presses("1").listens();
    let stay = caller
        .says(&Sound::other_speech(&lab, 5.0))
        .hangs_up()
        .call();
    let call = guard.record();
    assert_eq!(call.get("callback.number"), "0911555022", "{call:#?}");
    assert_eq!(call.get("callback.e164"), "+49911555022");
    assert_eq!(call.get("callback.source"), "keyed_confirmed");
    assert_eq!((call.get("verdict"), call.get("mode")), ("message", mode));
    assert_eq!(
        call.asked(),
        ["number-is", "number-confirm", "number-saved"]
    );
    let read_back = lab.prompt("en", "number-is").seconds()
        + lab.prompt("en", "number-confirm").seconds()
        + 10.0 * 0.4;
    let (from, to) = stay.heard[1];
    assert!(
        (to - from).as_secs_f32() > read_back,
        "ten digits were read back: {stay:?}"
    );
}

#[test]
fn keyed_in_with_a_pause_and_not_confirmed() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .presses("0911555022")
        .listens()
        .is_quiet(7.0);
    caller.says(&Sound::speech(&lab, 5.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.e164"), "+49911555022", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed");
    assert_eq!(call.get("verdict"), "message");
}

#[test]
fn keyed_in_wrongly_and_then_again() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .presses("0911555#")
        .listens()
        .presses("2")
        .listens();
    let caller = caller
        .presses("0911555033#")
        .listens()
        .presses("1")
        .listens();
    caller.says(&Sound::speech(&lab, 5.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.e164"), "+49911555033", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed_confirmed");
}

#[test]
fn keyed_in_german_during_the_greeting_already() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("de", 'p'))
        .is_quiet(2.0)
        .presses("0911555044#");
    let caller = caller.listens().presses("1").listens();
    caller.says(&Sound::of_example("message")).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.source"), "keyed_confirmed", "{call:#?}");
    assert_eq!(call.get("callback.e164"), "+49911555044");
}

#[test]
fn keyed_in_by_a_caller_inside_asterisk() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = LocalCaller::dials(&lab, &lab.extension("en", 'p')).waits(11.0);
    let caller = caller
        .says(&Sound::speech(&lab, 4.0))
        .presses("0911555055#");
    caller.waits_on(16.0).call();
    let _ = lab.ending();
    let call = guard.record();
    assert_eq!(call.get("callback.e164"), "+49911555055", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed");
}

#[test]
fn a_caller_who_withholds_his_number_is_asked_for_it() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).is("anonymous", "Anonymous").listens();
    caller.says(&Sound::of_example("message")).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.source"), "none", "{call:#?}");
    assert_eq!(call.greeting(), "greeting-withheld", "{call:#?}");
}
