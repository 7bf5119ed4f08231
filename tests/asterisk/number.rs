//! The callback number beyond the simple case, and the ways out of the box, as the dialplan sees them.

use crate::guard::{Guard, Record};
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

const WAYS_OUT: &str = "operator_exit = \"support,o,1\"\nstar_exit = \"support\"";

fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 'p'))
}

#[test]
fn zero_in_the_greeting_leads_to_the_operator() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, WAYS_OUT);
    let stay = somebody(&lab).is_quiet(2.0).presses("0").stays(20.0).call();
    let ending = lab.ending();
    assert_eq!(ending.how, "left-to-operator", "{ending:?}");
    assert_eq!(ending.get("status"), "done");
    assert_eq!(ending.get("exit"), "support,o,1");
    let nothing_of_ours = ["limit", "left", "depth", "vmstatus"].map(|name| ending.get(name));
    assert_eq!(nothing_of_ours, ["0", "", "", ""], "{ending:?}");
    let call = guard.record();
    assert_eq!(call.get("ended_by"), "exit", "{call:#?}");
    assert_eq!(ending.get("call"), call.get("id"));
    assert!(stay.ended_by_asterisk, "{stay:?}");
    assert!(lab.inbox(lab.mailbox()).is_empty(), "VoiceMail() ran, too");
}

#[test]
fn star_in_the_greeting_leads_out_and_what_was_said_is_kept() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, WAYS_OUT);
    let caller = somebody(&lab).says(&Sound::speech(&lab, 5.0));
    caller.presses("*").stays(20.0).call();
    let ending = lab.ending();
    assert_eq!(ending.how, "left-to-star", "{ending:?}");
    assert_eq!(ending.get("exit"), "support,a,1");
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "exit"),
        "{call:#?}"
    );
    let audio = guard.data().join(call.get("audio"));
    assert!(audio.is_file(), "{}", audio.display());
}

#[test]
fn a_way_out_that_is_not_there_leads_to_voicemail() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "operator_exit = \"nowhere,o,1\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 's'));
    let caller = caller.is_quiet(2.0).presses("0").listens();
    caller.says(&Sound::speech(&lab, 5.0)).stays(20.0).call();
    let ending = lab.ending();
    assert_eq!(
        (
            ending.how.as_str(),
            ending.get("status"),
            ending.get("vmstatus")
        ),
        ("returned", "", "SUCCESS"),
        "{ending:?}"
    );
    assert_eq!(guard.record().get("ended_by"), "exit");
    assert!(lab.message().sound.seconds() > 4.0);
}

#[test]
fn his_own_number_is_offered_and_taken() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "offer_caller_id = \"greeting\"");
    let caller = somebody(&lab).listens().presses("1").listens();
    caller.says(&Sound::speech(&lab, 5.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        call.get("callback.source"),
        "caller_id_confirmed",
        "{call:#?}"
    );
    assert_eq!(call.get("callback.e164"), "+49911555001");
    assert_eq!(
        call.asked(),
        ["offer-caller-id", "offer-confirm", "number-saved"]
    );
    assert_eq!(call.get("verdict"), "message");
}

#[test]
fn what_cannot_be_a_number_is_read_back_once_more_and_kept() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).listens().presses("0911#").listens();
    let caller = caller.presses("1").listens().presses("1").listens();
    caller.says(&Sound::speech(&lab, 5.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.number"), "0911", "{call:#?}");
    assert_eq!(
        (call.get("callback.source"), call.get("callback.e164")),
        ("keyed", "")
    );
    assert_eq!(
        call.asked(),
        [
            "number-is",
            "number-confirm",
            "number-impossible",
            "number-is",
            "number-confirm",
            "number-saved"
        ]
    );
}

#[test]
fn keyed_in_as_tones_in_the_sound() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).is("inband", "Tones").listens();
    let caller = caller.says(&Sound::speech(&lab, 4.0)).is_quiet(0.5);
    let caller = caller.says(&Sound::keys("0911555066#")).listens();
    let caller = caller.says(&Sound::keys("1")).listens();
    caller
        .says(&Sound::other_speech(&lab, 5.0))
        .hangs_up()
        .call();
    let call = guard.record();
    assert_eq!(call.get("callback.e164"), "+49911555066", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed_confirmed");
    assert_eq!(call.get("verdict"), "message");
}

#[test]
fn keyed_in_as_tones_that_asterisk_does_not_hear() {
    let call = keyed_in_unheard_by_asterisk(|_, caller| caller);
    assert_eq!(call.get("verdict"), "unsure", "{call:#?}");
}

#[test]
fn keyed_in_as_tones_that_asterisk_does_not_hear_behind_what_was_said() {
    let call = keyed_in_unheard_by_asterisk(|lab, caller| caller.says(&Sound::speech(lab, 4.0)));
    let verdict = call.get("verdict");
    assert!(matches!(verdict, "message" | "unsure"), "{call:#?}");
}

/// Where keys come as events Asterisk looks for none in the sound: the guard alone can hear them there.
fn keyed_in_unheard_by_asterisk(before: impl Fn(&Lab, Caller) -> Caller) -> Record {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).is("anonymous", "Anonymous").listens();
    let caller = before(&lab, caller).says(&Sound::keys("0911555066#"));
    caller.is_quiet(1.0).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("callback.e164"), "+49911555066", "{call:#?}");
    assert_eq!(call.get("callback.source"), "keyed");
    assert_eq!(call.asked(), [""; 0], "Asterisk has heard the keys");
    call
}

#[test]
fn a_rambler_is_offered_his_number_and_takes_it() {
    let lab = Lab::enter();
    let guard = Guard::with(
        &lab,
        "offer_caller_id = \"rambler\"\nrambler_prompt_after_s = 8\nrambler_prompt_grace_s = 1",
    );
    let caller = somebody(&lab)
        .listens()
        .talks_until_spoken_to(&Sound::speech(&lab, 60.0));
    let caller = caller.listens().presses("1").listens();
    caller
        .says(&Sound::other_speech(&lab, 4.0))
        .hangs_up()
        .call();
    let call = guard.record();
    assert_eq!(
        call.asked(),
        [
            "number-first",
            "offer-caller-id",
            "offer-confirm",
            "number-saved"
        ],
        "{call:#?}"
    );
    assert_eq!(call.get("callback.source"), "caller_id_confirmed");
    assert_eq!(call.get("verdict"), "rambler");
}
