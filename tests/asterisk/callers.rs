//! The table of callers, row by row: the guard ends junk, asks first, and files every call once.

use std::fs;
use std::time::Duration;

use crate::delivery::{context_is_there, delivers};
use crate::guard::{Guard, Record};
use crate::lab::{Lab, SOON, wait_for};
use crate::local::LocalCaller;
use crate::sip::{Caller, Stay};
use crate::sound::Sound;

/// Somebody dials the test's box, in English.
fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 'p'))
}

/// What every closed record says, whoever called; gives the dialplan's view, too.
fn is_filed(lab: &Lab, call: &Record, verdict: &str, ended_by: &str) {
    let reasons = call.reasons();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        (verdict, ended_by),
        "{call:#?}"
    );
    assert_eq!(call.get("box"), format!("{}@default", lab.mailbox()));
    assert!(
        !reasons.is_empty() && call.number("confidence") >= 0.5,
        "{call:#?}"
    );
    assert!(
        !call.get("uniqueid").is_empty() && !call.get("linkedid").is_empty(),
        "{call:#?}"
    );
    let ending = lab.ending();
    assert_eq!(ending.get("call"), call.get("id"));
    if ending.how == "returned" {
        assert_eq!(ending.get("status"), "done");
        assert_eq!(ending.get("verdict"), verdict);
        assert_eq!(ending.get("callback"), call.get("callback.e164"));
        assert_eq!(ending.get("reason"), reasons.join("; "));
    }
    assert!(lab.inbox(lab.mailbox()).is_empty(), "VoiceMail() ran, too");
    let left: Vec<_> = fs::read_dir(lab.inside(&lab.tap_folder()))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "left in the tap folder: {left:?}");
}

/// The caller was asked once and then sent away: a greeting, a question, a goodbye, and no more.
fn was_asked_once_and_sent_away(stay: &Stay, call: &Record) {
    was_asked_once_and_ended(stay, call, "goodbye");
}

fn was_asked_once_and_ended(stay: &Stay, call: &Record, words: &str) {
    assert!(stay.ended_by_asterisk, "{stay:?}");
    assert_eq!(call.asked(), ["still-there", words]);
    assert_eq!(stay.times_spoken_to(), 3, "{stay:?}");
    let left_hanging = stay.lasted - stay.heard.last().unwrap().1;
    assert!(
        left_hanging < Duration::from_secs(2),
        "{left_hanging:?} of nothing after the goodbye"
    );
}

#[test]
fn a_proper_message() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).is("+49911555001", "Erika Müller");
    let stay = caller
        .listens()
        .says(&Sound::of_example("message"))
        .hangs_up()
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "caller");
    assert_eq!(
        (call.asked(), stay.times_spoken_to()),
        (vec![], 1),
        "{stay:?}"
    );
    assert_eq!(call.get("caller.number"), "+49911555001");
    assert_eq!(call.get("caller.name"), "Erika Müller");
    assert_eq!(call.get("callback.e164"), "+49911555001");
    assert_eq!(call.get("callback.source"), "caller_id");
    assert!(call.number("seconds.speech") > 6.0, "{call:#?}");
    let kept = guard.data().join(call.get("audio"));
    let seconds = Sound::read(&kept).seconds();
    assert!(
        (18.0..40.0).contains(&seconds),
        "{seconds} s of audio are kept"
    );
}

#[test]
fn a_proper_message_from_a_caller_inside_asterisk() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = LocalCaller::dials(&lab, &lab.extension("en", 'p'));
    caller
        .waits(10.0)
        .says(&Sound::of_example("message"))
        .call();
    let _ = lab.ending();
    is_filed(&lab, &guard.record(), "message", "caller");
}

#[test]
fn a_proper_message_in_german() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("de", 'p')).listens();
    let stay = caller.says(&Sound::of_example("message")).hangs_up().call();
    is_filed(&lab, &guard.record(), "message", "caller");
    let greeting = lab.prompt("de", "greeting").seconds();
    let (from, to) = stay.heard[0];
    let spoken = (to - from).as_secs_f32();
    assert!(
        (greeting..greeting + 2.0).contains(&spoken),
        "{spoken} s were heard"
    );
}

#[test]
fn hung_up_at_once() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    somebody(&lab).is_quiet(1.0).hangs_up().call();
    is_filed(&lab, &guard.record(), "hangup", "caller");
}

#[test]
fn muttered_and_hung_up() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let mutter = Sound::of_example("mutter");
    somebody(&lab).listens().says(&mutter).hangs_up().call();
    let call = guard.record();
    is_filed(&lab, &call, "mutter", "caller");
    assert!(guard.data().join(call.get("audio")).exists());
}

#[test]
fn asked_to_be_called_back_in_two_seconds() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let guard = Guard::with(&lab, &delivers(&lab));
    let request = Sound::speech(&lab, 2.4);
    let caller = somebody(&lab).listens().says(&request).is_quiet(0.5);
    caller.hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("unsure", "caller"),
        "{call:#?}"
    );

    let message = wait_for("the request in the box", SOON, || {
        lab.inbox(lab.mailbox()).pop()
    });
    assert!(message.sound.seconds() > 1.5, "{message:?}");
}

#[test]
fn rambled_until_the_end() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let talk = Sound::of_example("rambler");
    let stay = somebody(&lab).listens().says(&talk).stays(30.0).call();
    let call = guard.record();
    is_filed(&lab, &call, "rambler", "limit");
    assert!(stay.ended_by_asterisk);
    assert_eq!(call.asked(), ["number-first", "time-warning", "thanks"]);
}

#[test]
fn laid_the_handset_aside() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let office = Sound::of_example("aside");
    let stay = somebody(&lab)
        .listens()
        .says(&office)
        .says(&office)
        .stays(10.0)
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "aside", "guard");
    was_asked_once_and_sent_away(&stay, &call);
}

#[test]
fn parked_us_on_hold_music() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let music = Sound::of_example("hold_music");
    let stay = somebody(&lab)
        .listens()
        .says(&music)
        .says(&music)
        .stays(10.0)
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "hold_music", "guard");
    was_asked_once_and_sent_away(&stay, &call);
}

#[test]
fn parked_us_on_asterisks_own_hold_music_in_the_middle_of_a_message() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).listens().says(&Sound::speech(&lab, 9.0));
    let stay = caller
        .says(&Sound::hold_music(&lab, 60.0))
        .stays(10.0)
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "guard");
    // Who left a message is thanked for it, though nobody may be there to hear it.
    was_asked_once_and_ended(&stay, &call, "thanks");
}

#[test]
fn said_nothing() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = somebody(&lab).stays(60.0).call();
    let call = guard.record();
    is_filed(&lab, &call, "silent", "guard");
    was_asked_once_and_sent_away(&stay, &call);
}

#[test]
fn said_nothing_in_german() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = Caller::dials(&lab, &lab.extension("de", 'p'))
        .stays(60.0)
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "silent", "guard");
    was_asked_once_and_sent_away(&stay, &call);
    let (from, to) = stay.heard[1];
    let (spoken, question) = (
        (to - from).as_secs_f32(),
        lab.prompt("de", "still-there").seconds(),
    );
    assert!(
        (spoken - question).abs() < 1.0,
        "{spoken} s were heard, the question has {question} s"
    );
}

#[test]
fn sent_no_packets_at_all() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = somebody(&lab).sends_nothing(60.0).stays(1.0).call();
    let call = guard.record();
    is_filed(&lab, &call, "no_audio", "guard");
    was_asked_once_and_sent_away(&stay, &call);
}

#[test]
fn a_busy_tone() {
    is_a_tone(|_| Sound::busy(30.0));
}

#[test]
fn a_congestion_tone() {
    is_a_tone(|_| Sound::congestion(30.0));
}

#[test]
fn a_ringing_tone() {
    is_a_tone(|_| Sound::ringback(30.0));
}

#[test]
fn a_fax_machine() {
    is_a_tone(|_| Sound::fax(30.0));
}

#[test]
fn the_network_says_that_the_number_is_out_of_service() {
    is_a_tone(|lab| Sound::sit().then(&Sound::speech(lab, 30.0)));
}

fn is_a_tone(sound: impl Fn(&Lab) -> Sound) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).listens().says(&sound(&lab));
    let stay = caller.stays(5.0).call();
    let call = guard.record();
    is_filed(&lab, &call, "tone", "guard");
    assert!(
        stay.ended_by_asterisk && call.asked().is_empty(),
        "{call:#?}"
    );
    let since_the_beep = stay.lasted - stay.heard.last().unwrap().1;
    assert!(since_the_beep < Duration::from_secs(10), "{stay:?}");
}

#[test]
fn a_busy_tone_from_the_first_moment() {
    is_a_tone_from_the_first_moment(&Sound::busy(30.0));
}

#[test]
fn a_congestion_tone_from_the_first_moment() {
    is_a_tone_from_the_first_moment(&Sound::congestion(30.0));
}

#[test]
fn a_dial_tone_from_the_first_moment() {
    is_a_tone_from_the_first_moment(&Sound::tone(425.0, 30.0));
}

/// Nobody listens to the greeting, and it delays the end by its own length at the most.
fn is_a_tone_from_the_first_moment(sound: &Sound) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = somebody(&lab).says(sound).stays(5.0).call();
    let call = guard.record();
    is_filed(&lab, &call, "tone", "guard");
    assert!(
        stay.ended_by_asterisk && call.asked().is_empty(),
        "{call:#?}"
    );
    let longest = lab.prompt("en", "greeting").seconds() + 4.0;
    assert!(stay.lasted.as_secs_f32() < longest, "{stay:?}");
}

#[test]
fn a_busy_tone_that_is_over_before_the_greeting() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = somebody(&lab).says(&Sound::busy(5.0)).hangs_up().call();
    let call = guard.record();
    is_filed(&lab, &call, "tone", "caller");
    assert!(
        !stay.ended_by_asterisk && call.asked().is_empty(),
        "{call:#?}"
    );
}

#[test]
fn answered_the_question_by_voice_and_goes_on() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .listens()
        .says(&Sound::of_example("message"));
    caller.hangs_up().call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "caller");
    assert_eq!(call.asked(), ["still-there"]);
}

#[test]
fn answered_the_question_by_a_key_and_says_nothing() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).listens().listens().presses("5");
    caller.is_quiet(5.0).hangs_up().call();
    let call = guard.record();
    is_filed(&lab, &call, "unsure", "caller");
    assert_eq!(call.asked(), ["still-there"]);
}

#[test]
fn answered_the_question_by_a_key_and_goes_on() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .listens()
        .presses("5")
        .is_quiet(4.0);
    caller.says(&Sound::of_example("message")).hangs_up().call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "caller");
    assert_eq!(call.asked(), ["still-there"]);
}

#[test]
fn thought_for_eight_seconds_before_the_number() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .says(&Sound::speech(&lab, 5.0))
        .is_quiet(8.0);
    let stay = caller
        .says(&Sound::other_speech(&lab, 5.0))
        .hangs_up()
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "caller");
    assert_eq!(
        (call.asked(), stay.times_spoken_to()),
        (vec![], 1),
        "{stay:?}"
    );
}

#[test]
fn lost_his_line_for_five_seconds_in_mid_message() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = somebody(&lab)
        .listens()
        .says(&Sound::speech(&lab, 5.0))
        .sends_nothing(5.0);
    let stay = caller
        .says(&Sound::other_speech(&lab, 5.0))
        .hangs_up()
        .call();
    let call = guard.record();
    is_filed(&lab, &call, "message", "caller");
    assert_eq!(
        (call.asked(), stay.times_spoken_to()),
        (vec![], 1),
        "{stay:?}"
    );
}

#[test]
fn two_boxes_at_the_same_time() {
    let lab = Lab::enter();
    let (first, second) = (lab.mailbox(), lab.mailbox() + 1);
    let guard = Guard::with(
        &lab,
        &format!("[box.\"{second}@default\"]\nmode = \"guide\""),
    );
    let message = Sound::of_example("message");
    let calls =
        [(first, "en"), (second, "de"), (first, "de"), (second, "en")].map(|(number, language)| {
            let caller = Caller::dials(&lab, &lab.extension_of(number, language, 'p'));
            let caller = caller.is(&format!("+4991155500{}", number % 2), language);
            caller.listens().says(&message).hangs_up().calls()
        });
    for call in calls {
        call.join().unwrap();
    }
    let calls = guard.closed_calls(4);
    assert_eq!(calls.len(), 4);
    for (number, mode) in [(first, "enforce"), (second, "guide")] {
        let mailbox = format!("{number}@default");
        let of_box: Vec<_> = calls
            .iter()
            .filter(|call| call.get("box") == mailbox)
            .collect();
        assert_eq!(of_box.len(), 2, "{calls:#?}");
        for call in of_box {
            assert_eq!(
                (call.get("verdict"), call.get("mode")),
                ("message", mode),
                "{call:#?}"
            );
            assert_eq!(
                call.get("caller.number"),
                format!("+4991155500{}", number % 2)
            );
        }
    }
}
