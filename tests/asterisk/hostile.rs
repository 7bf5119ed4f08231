//! Callers who put into From what does not belong there: it is in the record, and breaks nothing.

use crate::guard::{Guard, Record};
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

fn check(from: &[u8], verify: impl FnOnce(&Record)) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).sends_as_from(from);
    let message = Sound::of_example("message");
    caller.listens().says(&message).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("message", "caller"),
        "{call:#?}"
    );
    assert_eq!(call.get("box"), format!("{}@default", lab.mailbox()));
    verify(&call);
    let logged = guard.log();
    let forged = logged.lines().find(|line| !line.starts_with("20"));
    assert_eq!(forged, None, "a line of the caller's own in the log");
    assert!(
        !logged.contains('\u{1b}'),
        "an escape in the log:\n{logged}"
    );
}

#[test]
fn a_name_in_latin_1() {
    check(
        b"\"J\xfcrgen M\xfcller\" <sip:+49911555001@127.0.0.1>",
        |call| {
            assert_eq!(call.get("caller.name"), "J\u{fffd}rgen M\u{fffd}ller");
            assert_eq!(call.get("caller.e164"), "+49911555001");
        },
    );
}

#[test]
fn a_name_with_quotes_and_backslashes() {
    check(
        br#""\"Q\" \\ ${SHELL(id)} <b>" <sip:0911555002@127.0.0.1>"#,
        |call| {
            let name = call.get("caller.name");
            assert!(name.contains('Q') && name.contains('\\'), "{name:?}");
            assert!(name.contains("${SHELL(id)} <b>"), "{name:?}");
            assert_eq!(call.get("caller.e164"), "+49911555002");
        },
    );
}

#[test]
fn a_number_with_a_line_end_and_forged_lines() {
    let from =
        b"\"x\" <sip:0911555003%0Aagi_dnid%3A%20666%0Aagi_arg_1%3A%20box%3D9999%1B%5B31m@127.0.0.1>";
    check(from, |call| {
        let number = call.get("caller.number");
        assert!(number.starts_with("0911555003"), "{number:?}");
        assert_ne!(call.get("dnid"), "666");
    });
}

#[test]
fn a_number_with_an_empty_line_that_ends_the_prelude() {
    let from = b"\"y\" <sip:0911555004%0A%0Aagi_x%3A%201@127.0.0.1>";
    check(from, |call| {
        let number = call.get("caller.number");
        assert!(number.starts_with("0911555004"), "{number:?}");
    });
}

/// Behind an empty line anything can be forged; the caller loses nothing by it but the guard.
fn is_left_to_voicemail(from: &[u8]) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).sends_as_from(from);
    let message = Sound::of_example("message");
    caller.listens().says(&message).hangs_up().call();
    assert_eq!(lab.ending().get("vmstatus"), "SUCCESS");
    assert!(lab.message().sound.seconds() > 10.0);
    let call = guard.record();
    assert_eq!(call.get("caller.e164"), "+49911555005", "{call:#?}");
}

#[test]
fn a_number_that_forges_a_reply() {
    is_left_to_voicemail(b"\"z\" <sip:0911555005%0A%0A200%20result%3D-1@127.0.0.1>");
}

#[test]
fn a_number_that_forges_a_hangup() {
    is_left_to_voicemail(b"\"z\" <sip:0911555005%0A%0AHANGUP@127.0.0.1>");
}
