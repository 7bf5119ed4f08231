//! Observe says and cuts nothing, guide never ends a call; enforce is in callers.rs.

use crate::guard::Guard;
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

#[test]
fn observe_leaves_a_message_to_voicemail_and_files_it() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    let stay = caller
        .says(&Sound::of_example("message"))
        .stays(20.0)
        .call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("mode")),
        ("message", "observe"),
        "{call:#?}"
    );
    assert!(
        call.asked().is_empty() && stay.ended_by_asterisk,
        "{call:#?}"
    );
    assert_eq!(call.get("would_have.ended_by"), "", "{call:#?}");
    let ending = lab.ending();
    assert_eq!(
        (ending.get("status"), ending.get("verdict")),
        ("done", "message")
    );
    assert_eq!(ending.get("vmstatus"), "SUCCESS");
    assert!(lab.message().sound.seconds() > 10.0);
}

#[test]
fn observe_uses_the_options_that_the_dialplan_names() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let short = Caller::dials(&lab, &lab.extension("en", 's'))
        .listens()
        .hangs_up()
        .call();
    let long = Caller::dials(&lab, &lab.extension("en", 'p'))
        .listens()
        .hangs_up()
        .call();
    guard.closed_calls(2);
    let spoken = |heard: &[(std::time::Duration, std::time::Duration)]| heard[0].1 - heard[0].0;
    let more = spoken(&long.heard).as_secs_f32() - spoken(&short.heard).as_secs_f32();
    assert!(
        more > 3.0,
        "u has instructions of 5 s that us has not: {more} s more"
    );
}

#[test]
fn observe_cuts_no_hold_music() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let music = Sound::of_example("hold_music");
    let caller = Caller::dials(&lab, &lab.extension("en", 's')).listens();
    let stay = caller.says(&music).hangs_up().call();
    let call = guard.record();
    assert_eq!(call.get("verdict"), "hold_music", "{call:#?}");
    assert!(
        call.asked().is_empty() && !stay.ended_by_asterisk,
        "{call:#?}"
    );
    assert_eq!(stay.times_spoken_to(), 1, "{stay:?}");
    assert!(lab.message().sound.seconds() > 35.0);
    // Enforce would have asked, waited, said goodbye: some 20 s behind the first 6 s of music.
    assert_eq!(call.get("would_have.ended_by"), "guard", "{call:#?}");
    assert_eq!(call.get("would_have.verdict"), "hold_music");
    let (at, saved) = (
        call.number("would_have.at"),
        call.number("would_have.saved_s"),
    );
    let lasted = f64::from(stay.lasted.as_secs_f32());
    assert!(at > 25.0 && saved > 2.0, "{call:#?}");
    assert!((at + saved - lasted).abs() < 2.0, "{call:#?} {lasted}");
}

/// `VoiceMail()` gives up each of them with -1; none is kept on the line, none goes to it again.
#[test]
fn observe_ends_with_voicemail_for_many_without_packets() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"observe\"");
    let calls: Vec<_> = (0..50)
        .map(|_| Caller::dials(&lab, &lab.extension("en", 's')).sends_nothing(60.0))
        .map(|caller| caller.stays(1.0).calls())
        .collect();
    let stays: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
    for stay in &stays {
        assert!(stay.ended_by_asterisk, "{stay:?}");
        assert_eq!(stay.times_spoken_to(), 1, "{stay:?}");
        let left_hanging = stay.lasted - stay.heard.last().unwrap().1;
        assert!(left_hanging.as_secs() < 9, "{stay:?}");
    }
    for call in guard.closed_calls(stays.len()) {
        assert_eq!(
            (call.get("verdict"), call.get("ended_by")),
            ("no_audio", "asterisk"),
            "{call:#?}"
        );
        assert_eq!(call.reasons(), ["no sound was ever received"], "{call:#?}");
    }
    for ending in lab.endings(stays.len()) {
        assert_eq!(ending.get("status"), "done");
    }
}

#[test]
fn guide_asks_and_never_ends() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"guide\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 'p'))
        .listens()
        .listens();
    let stay = caller.is_quiet(20.0).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("silent", "caller"),
        "{call:#?}"
    );
    assert_eq!(call.asked(), ["still-there"]);
    assert!(
        !stay.ended_by_asterisk && stay.times_spoken_to() == 2,
        "{stay:?}"
    );
}

#[test]
fn guide_does_not_end_a_busy_tone() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"guide\"");
    let caller = Caller::dials(&lab, &lab.extension("en", 'p')).listens();
    let stay = caller.says(&Sound::busy(10.0)).hangs_up().call();
    let call = guard.record();
    assert_eq!(
        (call.get("verdict"), call.get("ended_by")),
        ("tone", "caller"),
        "{call:#?}"
    );
    assert!(!stay.ended_by_asterisk);
}
