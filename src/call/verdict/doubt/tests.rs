use super::super::{Facts, asks_third_listener, is_doubtful, judge};
use super::*;
use crate::hearing::{Class, Glimpse, Heard, Update};

/// A timeline of one class.
fn all_of(class: Class, secs: u64) -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply(Update::ClassChange {
        class,
        start: MediaTime::ZERO,
        known_at: MediaTime::ZERO,
        signal: None,
    });
    timeline.advance(MediaTime::from_secs(secs));
    timeline
}

/// The same with what both listeners made of it, again and again.
fn timeline_of(class: Class, secs: u64, heard: &[[[f32; 5]; 2]]) -> Timeline {
    let mut timeline = all_of(class, secs);
    for k in 1..=secs * 100 / 48 {
        let [first, second] = heard[k as usize % heard.len()];
        timeline.apply(Update::Glimpsed(Glimpse {
            end: MediaTime::from_millis(480 * k),
            first,
            second,
            pitch: None,
        }));
    }
    timeline
}

const NOISE: [f32; 5] = [0.02, 0.02, 0.02, 0.02, 0.92];
const WORD_IN_NOISE: [f32; 5] = [0.7, 0.02, 0.02, 0.02, 0.24];
const SPEECH: [f32; 5] = [0.92, 0.02, 0.02, 0.02, 0.02];
const PAUSE: [f32; 5] = [0.3, 0.64, 0.02, 0.02, 0.02];
const MUSIC: [f32; 5] = [0.02, 0.02, 0.92, 0.02, 0.02];

#[test]
fn a_voice_that_only_shades_the_noise_is_unsure_and_nobody_is_ended_on_it() {
    let verdict = |timeline: &Timeline| judge(&Facts::of_recording(timeline)).verdict;
    let noise = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
    assert_eq!(verdict(&noise), Verdict::Aside);
    assert!(!is_doubtful(&noise, MediaTime::ZERO));
    // Words and pauses.
    let word = [WORD_IN_NOISE, SPEECH];
    let voice = timeline_of(Class::Noise, 40, &[word, word, [NOISE, SPEECH], [NOISE; 2]]);
    assert_eq!(verdict(&voice), Verdict::Unsure);
    assert!(is_doubtful(&voice, MediaTime::ZERO));
    // What lies before the recording is no evidence.
    assert!(!is_doubtful(&voice, MediaTime::from_secs(40)));
}

#[test]
fn a_message_that_both_listeners_take_for_music_is_unsure() {
    let sung = [[SPEECH, MUSIC], [MUSIC; 2], [MUSIC; 2], [MUSIC; 2]];
    let sung = timeline_of(Class::Speech, 40, &sung);
    let judgement = judge(&Facts::of_recording(&sung));
    assert_eq!(judgement.verdict, Verdict::Unsure);
    let spoken = timeline_of(Class::Speech, 40, &[[SPEECH; 2], [SPEECH; 2], [PAUSE; 2]]);
    let judgement = judge(&Facts::of_recording(&spoken));
    assert_eq!(judgement.verdict, Verdict::Message);
    assert!(judgement.confidence > 0.8, "{judgement:?}");
}

/// What is made of it once the third listener has heard the same throughout.
fn judged(timeline: &Timeline, voice: f32, classes: [f32; 5]) -> Verdict {
    judged_with(timeline, [Heard { voice, classes }; 100])
}

fn judged_with(timeline: &Timeline, heard: impl IntoIterator<Item = Heard>) -> Verdict {
    let third: ThirdOpinion = heard.into_iter().collect();
    let facts = Facts {
        third: Some(&third),
        ..Facts::of_recording(timeline)
    };
    judge(&facts).verdict
}

#[test]
fn the_third_listener_hears_a_voice_that_the_others_take_for_noise() {
    let mut shades = [[NOISE; 2]; 12];
    shades[0] = [WORD_IN_NOISE, NOISE];
    let noise = timeline_of(Class::Noise, 40, &shades);
    let facts = Facts::of_recording(&noise);
    assert!(asks_third_listener(&facts));
    assert_eq!(judged(&noise, 0.02, NOISE), Verdict::Aside);
    assert_eq!(judged(&noise, 0.9, SPEECH), Verdict::Unsure);
}

#[test]
fn the_third_listener_hears_no_voice_in_what_one_of_the_others_takes_for_speech() {
    let sung = [[SPEECH; 2], [SPEECH, MUSIC], [PAUSE; 2]];
    let sung = timeline_of(Class::Speech, 40, &sung);
    assert_eq!(judged(&sung, 0.9, SPEECH), Verdict::Message);
    assert_eq!(judged(&sung, 0.02, MUSIC), Verdict::Unsure);
}

#[test]
fn the_third_listener_takes_no_doubt_about_junk_away() {
    let word = [WORD_IN_NOISE, SPEECH];
    let voice = timeline_of(Class::Noise, 40, &[word, word, [NOISE, SPEECH], [NOISE; 2]]);
    for (probability, classes) in [(0.0, NOISE), (0.0, MUSIC), (0.5, NOISE), (1.0, SPEECH)] {
        assert_eq!(judged(&voice, probability, classes), Verdict::Unsure);
    }
}

#[test]
fn what_the_third_listener_has_not_heard_to_its_end_goes_by_two() {
    let noise = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
    let glimpses = noise.glimpses().len();
    let speech = Heard {
        voice: 0.9,
        classes: SPEECH,
    };
    for (heard, expected) in [
        (0, Verdict::Aside),
        (glimpses - 1, Verdict::Aside),
        (glimpses, Verdict::Unsure),
    ] {
        let heard = std::iter::repeat_n(speech, heard);
        assert_eq!(judged_with(&noise, heard), expected);
    }
}

#[test]
fn the_forests_agree_with_the_training_framework() {
    for forest in [&*BY_TWO, &*BY_THREE] {
        assert_eq!(forest.check.len(), 8);
        for (numbers, expected) in &forest.check {
            let p = forest.probability(numbers);
            assert!((p - expected).abs() < 1e-5, "{p} is not {expected}");
        }
        assert!(forest.junk_below < forest.messages_from);
    }
}

#[test]
fn what_is_not_doubted_is_not_heard_again() {
    let tone = timeline_of(Class::Tone, 40, &[[NOISE; 2]]);
    assert!(!asks_third_listener(&Facts::of_recording(&tone)));
    let hours = timeline_of(Class::Speech, 7_200, &[[SPEECH, MUSIC]]);
    assert!(!asks_third_listener(&Facts::of_recording(&hours)));
    assert_eq!(judged(&hours, 0.02, NOISE), judged(&hours, 0.9, SPEECH));
    assert!(!asks_third_listener(&Facts::of_recording(
        &Timeline::default()
    )));
}

/// A timeline of music whose glimpses have these pitches.
fn music_of(pitches: impl Iterator<Item = Option<f32>>) -> Timeline {
    let mut timeline = all_of(Class::Music, 60);
    for (n, pitch) in pitches.take(125).enumerate() {
        timeline.apply(Update::Glimpsed(Glimpse {
            end: MediaTime::from_millis(480 * (n as u64 + 1)),
            first: MUSIC,
            second: MUSIC,
            pitch,
        }));
    }
    timeline
}

#[test]
fn what_stays_on_one_pitch_is_no_sure_music() {
    let verdict = |timeline: &Timeline| judge(&Facts::of_recording(timeline)).verdict;
    let cycle = |pitches: [Option<f32>; 4]| music_of(pitches.into_iter().cycle());
    let device = cycle([Some(109.0), None, Some(110.0), Some(112.0)]);
    assert_eq!(verdict(&device), Verdict::Unsure);
    assert!(is_doubtful(&device, MediaTime::ZERO));
    let tune = cycle([Some(110.0), None, Some(110.0), Some(147.0)]);
    assert_eq!(verdict(&tune), Verdict::HoldMusic);
    let chords = music_of(std::iter::repeat(None));
    assert_eq!(verdict(&chords), Verdict::HoldMusic);
    let few = [Some(110.0); 11].into_iter().chain(std::iter::repeat(None));
    assert_eq!(verdict(&music_of(few)), Verdict::HoldMusic);
}

#[test]
fn without_evidence_the_rules_stand() {
    let timeline = timeline_of(Class::Noise, 40, &[[NOISE; 2]]);
    assert!(evidence(&timeline, MediaTime::ZERO).is_some());
    assert!(evidence(&Timeline::default(), MediaTime::ZERO).is_none());
}
