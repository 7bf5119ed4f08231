//! Whatever becomes of the guard, the caller ends in VoiceMail() and the message is in the mailbox. The
//! guards here are none, fakes or not asked; what is tested is the dialplan that administrators include.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::fake_guard::{FakeGuard, Then};
use crate::guard::Guard;
use crate::lab::{Ending, Lab, SOON, wait_for};
use crate::local::LocalCaller;
use crate::sip::{Caller, Stay};
use crate::sound::Sound;

/// A caller who waits for the beep of VoiceMail(), says a message and hangs up.
fn message_after_the_beep(lab: &Lab, wiring: char) -> Stay {
    let speech = Sound::speech(lab, 6.0);
    let caller = Caller::dials(lab, &lab.extension("en", wiring));
    caller
        .listens()
        .says(&speech)
        .is_quiet(0.5)
        .hangs_up()
        .call()
}

/// The one message of the mailbox is this one, and all of it.
fn is_recorded(lab: &Lab) {
    let message = lab.message();
    assert_eq!(message.get("callerid"), "\"Erika Muster\" <+49911555001>");
    let seconds = message.sound.seconds();
    assert!(
        (5.0..9.0).contains(&seconds) && message.sound.level() > 0.01,
        "{message:?}"
    );
}

fn plain_voicemail_took_it(lab: &Lab) -> Ending {
    let ending = lab.ending();
    assert_eq!(ending.how, "hung-up", "{ending:?}");
    assert_eq!(ending.get("status"), "");
    assert_eq!(ending.get("vmstatus"), "SUCCESS");
    is_recorded(lab);
    ending
}

#[test]
fn no_guard_running() {
    let lab = Lab::enter();
    message_after_the_beep(&lab, 's');
    plain_voicemail_took_it(&lab);
}

#[test]
fn no_guard_in_the_dialplan() {
    let lab = Lab::enter();
    message_after_the_beep(&lab, 'l');
    plain_voicemail_took_it(&lab);
}

/// Nobody would hear what the guard takes there: it is not asked, and the administrator reads why.
#[test]
fn a_mailbox_that_asterisk_does_not_have() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let missing = lab.mailbox() + 4000;
    let stay = Caller::dials(&lab, &lab.extension_of(missing, "en", 's'))
        .stays(20.0)
        .call();
    assert!(stay.ended_by_asterisk, "{stay:?}");
    let ending = lab.ending();
    assert_eq!(ending.how, "returned", "{ending:?}");
    assert_eq!(
        ["agistatus", "status", "vmstatus"].map(|name| ending.get(name)),
        ["", "", "FAILED"]
    );
    let calls = guard.calls();
    assert!(calls.is_empty(), "the guard had the call: {calls:#?}");
    let warning = format!(
        "Asterisk has no mailbox {missing}@default: VoiceMail({missing}@default) takes the caller"
    );
    wait_for("the warning", SOON, || {
        let log = fs::read(lab.inside("/var/log/asterisk/full")).unwrap();
        let log = String::from_utf8_lossy(&log);
        log.contains(&warning).then_some(())
    });
}

#[test]
fn no_guard_running_for_a_caller_inside_asterisk() {
    let lab = Lab::enter();
    let caller = LocalCaller::dials(&lab, &lab.extension("en", 's'));
    caller.waits(9.0).says(&Sound::speech(&lab, 6.0)).call();
    let ending = lab.ending();
    assert_eq!(ending.get("vmstatus"), "SUCCESS");
    assert_eq!(lab.message().get("callerid"), "\"Max Muster\" <0911555022>");
}

#[test]
fn the_caller_who_stays_is_handed_back_to_the_dialplan() {
    let lab = Lab::enter();
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    let stay = caller.says(&Sound::speech(&lab, 4.0)).stays(20.0).call();
    assert!(stay.ended_by_asterisk);
    let ending = lab.ending();
    assert_eq!(ending.how, "returned");
    assert_eq!(ending.get("vmstatus"), "SUCCESS");
    nothing_is_left_behind(&ending);
    let seconds: u32 = lab.message().get("duration").parse().unwrap();
    assert!((3..=6).contains(&seconds), "{seconds} s");
}

/// The administrator's channel is as it was before the Gosub.
fn nothing_is_left_behind(ending: &Ending) {
    assert_eq!(ending.get("limit"), "0", "an absolute timeout: {ending:?}");
    assert_eq!(
        ending.get("exitonhangup"),
        "",
        "AGIEXITONHANGUP: {ending:?}"
    );
    assert_eq!(ending.get("left"), "", "local variables: {ending:?}");
    assert_eq!(ending.get("depth"), "", "a stack frame: {ending:?}");
}

#[test]
fn a_guard_that_takes_the_call_and_says_nothing() {
    let lab = Lab::enter();
    let guard = FakeGuard::start(&lab, Then::SaysNothing);
    let stay = message_after_the_beep(&lab, 's');
    let ending = plain_voicemail_took_it(&lab);
    assert_eq!(ending.get("call"), "");
    let first_word = stay.heard[0].0;
    assert!(
        first_word < Duration::from_secs(7),
        "the caller waited {first_word:?}"
    );
    let prelude = guard.heard();
    let request = format!(
        "agi_network_script: guard?box={}@default&vm_options=us&further=0&dialplan=2",
        lab.mailbox()
    );
    assert!(prelude.contains(&request), "{prelude:?}");
}

#[test]
fn a_guard_that_dies_after_its_first_command() {
    let lab = Lab::enter();
    FakeGuard::start(&lab, Then::SaysAndDies(&["ANSWER"]));
    message_after_the_beep(&lab, 's');
    plain_voicemail_took_it(&lab);
}

#[test]
fn a_guard_that_has_too_much_to_do() {
    let lab = Lab::enter();
    FakeGuard::start(&lab, Then::SaysAndDies(&["failure: too many calls"]));
    message_after_the_beep(&lab, 's');
    plain_voicemail_took_it(&lab);
}

#[test]
fn a_guard_that_hangs_while_it_listens() {
    let lab = Lab::enter();
    let listening = &[
        "SET VARIABLE TIMEOUT(absolute) 4",
        "ANSWER",
        "EXEC MixMonitor \",r({tap}/caller.sln48)i(GUARD_TAP_ID)\"",
        "STREAM FILE beep \"\"",
    ];
    FakeGuard::start(&lab, Then::SaysAndHangs(listening));
    let speech = Sound::speech(&lab, 6.0);
    let caller = Caller::dials(&lab, &lab.extension("en", 's'));
    caller
        .listens()
        .listens()
        .says(&speech)
        .is_quiet(0.5)
        .hangs_up()
        .call();
    plain_voicemail_took_it(&lab);
    let tap = lab.inside(&format!("{}/caller.sln48", lab.tap_folder()));
    let recorded = tap.metadata().unwrap().len() as f32 / 96_000.0;
    assert!(recorded < 6.0, "the tap was not stopped: {recorded} s");
}

#[test]
fn a_guard_that_dies_while_voicemail_runs_for_it() {
    let lab = Lab::enter();
    let observing = &["SET VARIABLE TIMEOUT(absolute) 0", "ANSWER"];
    FakeGuard::start(
        &lab,
        Then::DiesDuring(observing, "EXEC VoiceMail {box}@default,us"),
    );
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    let stay = caller.says(&Sound::speech(&lab, 6.0)).stays(20.0).call();
    assert!(stay.ended_by_asterisk);
    let ending = lab.ending();
    assert_eq!(
        (&*ending.how, ending.get("vmstatus")),
        ("returned", "SUCCESS")
    );
    nothing_is_left_behind(&ending);
    is_recorded(&lab);
}

#[test]
fn a_guard_that_is_done_returns_its_variables_and_no_voicemail() {
    let lab = Lab::enter();
    let done = &[
        "SET VARIABLE TIMEOUT(absolute) 60",
        "ANSWER",
        "SET VARIABLE GUARD_VERDICT silent",
        "SET VARIABLE GUARD_CALLBACK +49911555001",
        "SET VARIABLE GUARD_CALL_ID 0123456789ab",
        "SET VARIABLE GUARD_REASON \"9.0 s of silence; was asked once, gave no answer\"",
        "SET VARIABLE GUARD_STATUS done",
    ];
    FakeGuard::start(&lab, Then::SaysAndDies(done));
    let stay = Caller::dials(&lab, &lab.extension("en", 'p'))
        .stays(10.0)
        .call();
    assert!(stay.ended_by_asterisk && stay.heard.is_empty(), "{stay:?}");
    let ending = lab.ending();
    assert_eq!((&*ending.how, ending.get("status")), ("returned", "done"));
    assert_eq!(ending.get("verdict"), "silent");
    assert_eq!(ending.get("callback"), "+49911555001");
    assert_eq!(ending.get("call"), "0123456789ab");
    assert_eq!(
        ending.get("reason"),
        "9.0 s of silence; was asked once, gave no answer"
    );
    nothing_is_left_behind(&ending);
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn a_guard_that_is_done_and_then_hangs_costs_no_second_message() {
    let lab = Lab::enter();
    let done = &[
        "SET VARIABLE TIMEOUT(absolute) 2",
        "ANSWER",
        "SET VARIABLE GUARD_STATUS done",
    ];
    FakeGuard::start(&lab, Then::SaysAndHangs(done));
    let stay = Caller::dials(&lab, &lab.extension("en", 'p'))
        .stays(10.0)
        .call();
    assert!(stay.ended_by_asterisk && stay.heard.is_empty(), "{stay:?}");
    let ending = lab.ending();
    assert_eq!((&*ending.how, ending.get("status")), ("returned", "done"));
    nothing_is_left_behind(&ending);
}

#[test]
fn a_caller_who_hangs_up_in_the_guard_reaches_the_administrators_h() {
    let lab = Lab::enter();
    let listening = &[
        "SET VARIABLE TIMEOUT(absolute) 60",
        "ANSWER",
        "SET VARIABLE GUARD_CALL_ID 0123456789ab",
    ];
    FakeGuard::start(&lab, Then::SaysAndHangs(listening));
    Caller::dials(&lab, &lab.extension("en", 'p'))
        .is_quiet(2.0)
        .hangs_up()
        .call();
    let ending = lab.ending();
    assert_eq!(
        (&*ending.how, ending.get("call")),
        ("hung-up", "0123456789ab")
    );
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn an_administrators_own_absolute_timeout_still_ends_the_call() {
    // With the subroutine, and with VoiceMail() alone.
    let calls = ['t', 'v'].map(|wiring| {
        thread::spawn(move || {
            let lab = Lab::enter();
            let caller = Caller::dials(&lab, &lab.extension("en", wiring)).listens();
            let stay = caller.says(&Sound::speech(&lab, 20.0)).stays(5.0).call();
            let seconds = stay.lasted.as_secs_f32();
            assert!(
                stay.ended_by_asterisk && (11.0..13.5).contains(&seconds),
                "{wiring}: {stay:?}"
            );
            // Asterisk takes the timeout inside VoiceMail() for a hang-up or for a timeout, as it happens:
            // their T runs first or not at all, then their h, once.
            let endings = wait_for("their h", SOON, || {
                let how = lab.endings(1).into_iter().map(|ending| ending.how);
                let how: Vec<_> = how.collect();
                how.contains(&"hung-up".to_owned()).then_some(how)
            });
            let h = endings.last().map(String::as_str);
            let before = &endings[..endings.len() - 1];
            assert!(
                h == Some("hung-up") && matches!(before, [] | [_]),
                "{wiring}: {endings:?}"
            );
            assert!(
                before.iter().all(|how| how == "administrators-T"),
                "{wiring}: {endings:?}"
            );
        })
    });
    for call in calls {
        call.join().unwrap();
    }
}

#[test]
fn an_administrators_own_absolute_timeout_is_put_back_after_the_guard() {
    let lab = Lab::enter();
    let done = &[
        "SET VARIABLE TIMEOUT(absolute) 60",
        "ANSWER",
        "WAIT FOR DIGIT 2000",
        "SET VARIABLE GUARD_STATUS done",
    ];
    FakeGuard::start(&lab, Then::SaysAndDies(done));
    Caller::dials(&lab, &lab.extension("en", 't'))
        .stays(10.0)
        .call();
    let ending = lab.ending();
    let left: f32 = ending.get("limit").parse().unwrap();
    assert!((8.0..11.0).contains(&left), "{ending:?}");
}

#[test]
fn strange_characters_in_the_arguments_do_no_harm() {
    let lab = Lab::enter();
    let guard = FakeGuard::start(&lab, Then::SaysAndDies(&[]));
    message_after_the_beep(&lab, 'x');
    plain_voicemail_took_it(&lab);
    let request = format!(
        "agi_network_script: guard?box={}@default&vm_options=us&further=0&dialplan=2",
        lab.mailbox()
    );
    assert!(guard.heard().contains(&request), "{:?}", guard.heard());
}

#[test]
fn a_caller_with_a_hostile_name_does_no_harm() {
    let lab = Lab::enter();
    let trap = format!("/tmp/trap-{}", lab.guard_port());
    let name = format!("${{SHELL(touch {trap})}}$[1+1],u)|`touch {trap}`");
    let caller =
        LocalCaller::dials(&lab, &lab.extension("en", 's')).is(&format!("\"{name}\" <0911555023>"));
    caller.waits(9.0).says(&Sound::speech(&lab, 4.0)).call();
    assert_eq!(lab.ending().get("vmstatus"), "SUCCESS");
    assert_eq!(
        lab.message().get("callerid"),
        format!("\"{name}\" <0911555023>")
    );
    assert!(!lab.inside(&trap).exists());
}

#[test]
fn several_boxes_at_once_are_left_to_voicemail() {
    let lab = Lab::enter();
    let guard = FakeGuard::start(&lab, Then::SaysNothing);
    message_after_the_beep(&lab, 'm');
    assert_eq!(lab.ending().get("vmstatus"), "SUCCESS");
    wait_for("the copy in the second box", SOON, || {
        (!lab.inbox(lab.mailbox() + 1).is_empty()).then_some(())
    });
    is_recorded(&lab);
    assert!(guard.heard().is_empty());
}
