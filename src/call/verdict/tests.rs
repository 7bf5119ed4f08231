//! The rules by timelines made for each.

use super::*;
use crate::hearing::Update;

/// A timeline from a script of (class, seconds).
fn timeline(script: &[(Class, f64)]) -> Timeline {
    let mut timeline = Timeline::default();
    let mut at = 0.0;
    for &(class, secs) in script {
        let start = time(at);
        timeline.apply(Update::ClassChange {
            class,
            start,
            known_at: start,
            signal: None,
        });
        at += secs;
        timeline.advance(time(at));
    }
    timeline
}

fn check(script: &[(Class, f64)], expected: Verdict) {
    let timeline = timeline(script);
    let judgement = judge(&Facts::of_recording(&timeline));
    assert_eq!(judgement.verdict, expected, "{script:?}: {judgement:?}");
    assert!(!judgement.reasons.is_empty());
    assert!((0.0..=1.0).contains(&judgement.confidence), "{judgement:?}");
}

#[test]
fn the_tone_of_a_key_that_is_held_is_no_machine_s() {
    let mut held = timeline(&[
        (Class::Silence, 1.0),
        (Class::Tone, 3.0),
        (Class::Silence, 9.0),
    ]);
    let verdict = |timeline: &Timeline| judge(&Facts::of_recording(timeline)).verdict;
    assert_eq!(verdict(&held), Verdict::Tone);
    held.apply(Update::Key('1'));
    assert_eq!(verdict(&held), Verdict::Silent);
}

#[test]
fn the_table_of_callers() {
    use Class::{Music, Noise, Silence, Speech, Tone};
    check(
        &[(Silence, 1.0), (Speech, 12.0), (Silence, 1.0)],
        Verdict::Message,
    );
    check(&[(Speech, 8.0), (Silence, 40.0)], Verdict::Message);
    check(&[(Speech, 8.0), (Music, 40.0)], Verdict::Message);
    check(&[(Speech, 8.0), (Tone, 10.0)], Verdict::Message);
    check(
        &[(Speech, 10.0), (Noise, 14.0), (Speech, 5.0)],
        Verdict::Message,
    );
    check(
        &[(Speech, 20.0), (Music, 5.0), (Speech, 20.0), (Music, 4.0)],
        Verdict::Message,
    );
    check(&[(Speech, 119.5)], Verdict::Rambler);
    check(&[(Silence, 2.0)], Verdict::Hangup);
    check(
        &[(Silence, 1.0), (Speech, 1.2), (Silence, 1.0)],
        Verdict::Mutter,
    );
    check(&[(Music, 40.0)], Verdict::HoldMusic);
    check(&[(Speech, 2.0), (Music, 40.0)], Verdict::HoldMusic);
    check(
        &[(Music, 20.0), (Speech, 6.0), (Music, 20.0), (Speech, 6.0)],
        Verdict::HoldMusic,
    );
    check(&[(Noise, 30.0)], Verdict::Aside);
    check(&[(Noise, 5.5)], Verdict::Mutter);
    check(&[(Noise, 12.0)], Verdict::Unsure);
    check(&[(Silence, 1.4), (Music, 3.4)], Verdict::Mutter);
    check(&[(Silence, 8.0), (Music, 4.0)], Verdict::HoldMusic);
    check(&[(Silence, 1.5), (Noise, 3.0)], Verdict::Mutter);
    check(&[(Silence, 5.0), (Noise, 0.5)], Verdict::Silent);
    check(&[(Speech, 2.0), (Noise, 30.0)], Verdict::Aside);
    check(&[(Speech, 5.0), (Noise, 30.0)], Verdict::Unsure);
    check(&[(Speech, 3.5), (Noise, 30.0)], Verdict::Unsure);
    check(&[(Speech, 3.5), (Music, 40.0)], Verdict::Unsure);
    check(
        &[(Speech, 4.0), (Music, 6.0), (Speech, 8.0)],
        Verdict::Message,
    );
    check(&[(Speech, 5.0), (Music, 40.0)], Verdict::Message);
    check(
        &[(Speech, 1.5), (Noise, 16.0), (Speech, 3.0), (Noise, 16.0)],
        Verdict::Aside,
    );
    check(&[(Silence, 30.0)], Verdict::Silent);
    check(&[(Tone, 6.0)], Verdict::Tone);
    check(
        &[(Silence, 1.0), (Speech, 1.5), (Silence, 1.0)],
        Verdict::Unsure,
    );
    check(&[(Speech, 2.0), (Silence, 30.0)], Verdict::Unsure);
    check(
        &[(Silence, 1.0), (Speech, 3.1), (Silence, 1.0)],
        Verdict::Unsure,
    );
    check(
        &[(Silence, 1.0), (Speech, 3.3), (Silence, 1.0)],
        Verdict::Message,
    );
    check(&[], Verdict::Hangup);
}

#[test]
fn a_short_request_is_delivered_unless_the_question_was_not_answered() {
    use Class::{Music, Noise, Silence, Speech, Tone};
    let judged = |script: &[(Class, f64)], parting, mutter| {
        let timeline = timeline(script);
        let facts = Facts {
            parting,
            mutter: time(mutter),
            ..Facts::of_recording(&timeline)
        };
        judge(&facts).verdict
    };
    let behind = [
        (Silence, 1.0, Verdict::Mutter),
        (Silence, 30.0, Verdict::Mutter),
        (Music, 40.0, Verdict::HoldMusic),
        (Noise, 30.0, Verdict::Aside),
        (Tone, 8.0, Verdict::Tone),
    ];
    for (class, length, junk) in behind {
        let script = [(Silence, 1.0), (Speech, 2.0), (class, length)];
        assert_eq!(judged(&script, Parting::Gone, 1.5), Verdict::Unsure);
        assert_eq!(judged(&script, Parting::Gone, 2.5), junk, "{script:?}");
        assert_eq!(judged(&script, Parting::Unanswering, 1.5), junk);
    }
    let announced = [(Tone, 4.0), (Speech, 2.0)];
    assert_eq!(judged(&announced, Parting::Gone, 1.5), Verdict::Tone);
}

#[test]
fn no_packets_is_a_fault_of_the_line() {
    let timeline = timeline(&[(Class::Silence, 20.0)]);
    let facts = Facts {
        packets: false,
        ..Facts::of_recording(&timeline)
    };
    assert_eq!(judge(&facts).verdict, Verdict::NoAudio);
}

#[test]
fn a_number_or_an_answer_is_delivered() {
    let timeline = timeline(&[(Class::Silence, 20.0)]);
    let keyed = Facts {
        keyed: true,
        ..Facts::of_recording(&timeline)
    };
    assert_eq!(judge(&keyed).verdict, Verdict::Unsure);
    let asked = [Asked {
        prompt: Prompt::StillThere.into(),
        at: MediaTime::from_secs(9),
        answer: Some(Answer::Key),
    }];
    let answered = Facts {
        asked: &asked,
        ..Facts::of_recording(&timeline)
    };
    assert_eq!(judge(&answered).verdict, Verdict::Unsure);
}

#[test]
fn a_machine_keys_in_nothing() {
    let timeline = timeline(&[(Class::Speech, 2.0), (Class::Tone, 8.0)]);
    let with = |answer| {
        [Asked {
            prompt: Prompt::OfferCallerId.into(),
            at: MediaTime::ZERO,
            answer: Some(answer),
        }]
    };
    let of = |keyed, asked: &[Asked]| {
        let facts = Facts {
            keyed,
            asked,
            ..Facts::of_recording(&timeline)
        };
        judge(&facts).verdict
    };
    assert_eq!(of(true, &[]), Verdict::Unsure);
    assert_eq!(of(false, &with(Answer::Key)), Verdict::Unsure);
    assert_eq!(of(false, &with(Answer::Voice)), Verdict::Tone);
}

#[test]
fn who_had_to_be_asked_for_the_number_rambles() {
    let timeline = timeline(&[(Class::Speech, 70.0)]);
    let asked = [Asked {
        prompt: Prompt::NumberFirst.into(),
        at: MediaTime::from_secs(45),
        answer: None,
    }];
    let facts = Facts {
        asked: &asked,
        ..Facts::of_recording(&timeline)
    };
    assert_eq!(judge(&facts).verdict, Verdict::Rambler);
}

#[test]
fn what_lies_before_the_recording_does_not_count() {
    let timeline = timeline(&[(Class::Speech, 8.0), (Class::Silence, 12.0)]);
    let facts = Facts {
        began: MediaTime::from_secs(8),
        ..Facts::of_recording(&timeline)
    };
    assert_eq!(judge(&facts).verdict, Verdict::Silent);
}
