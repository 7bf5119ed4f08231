//! What is delivered of a recording: laws for any timeline, and examples.

use proptest::prelude::*;
use voicemail_guard::audio::level::active_speech_level;
use voicemail_guard::audio::{MediaTime, g711};
use voicemail_guard::delivery::trim::{
    LONGEST_PAUSE, LOUDNESS_DBOV, MOST_GAIN_DB, Stretch, TrimPlan, Trimmed, trim,
};
use voicemail_guard::hearing::{Class, Segment};

/// Samples of what is put between the number and the rest: 0.8 s of 8 kHz.
const SEPARATOR: u64 = 6_400;

const PLAIN: TrimPlan = TrimPlan {
    keep_sounds: false,
    number_asked: None,
    number_first: false,
};

fn segment(start: u64, end: u64, class: Class) -> Segment {
    Segment {
        start: MediaTime::from_samples(start),
        end: MediaTime::from_samples(end),
        class,
        known_at: MediaTime::from_samples(end),
        signal: None,
    }
}

/// Segments one after the other, lengths in seconds.
fn timeline(parts: &[(Class, f64)]) -> Vec<Segment> {
    let mut at = 0;
    let place = |seconds: f64| (seconds * 8_000.0) as u64;
    parts
        .iter()
        .map(|&(class, seconds)| {
            let start = at;
            at += place(seconds);
            segment(start, at, class)
        })
        .collect()
}

/// A recording in which every sample says its place, too soft for any speech level.
fn counted(len: usize) -> Vec<i16> {
    (0..len).map(|n| i16::from(n % 3 == 0)).collect()
}

fn secs(seconds: f64) -> MediaTime {
    MediaTime::from_samples((seconds * 8_000.0) as u64)
}

fn pieces(trimmed: &Trimmed) -> Vec<(f64, f64, f64)> {
    let seconds = |at: MediaTime| at.as_secs_f64();
    trimmed
        .pieces
        .iter()
        .map(|piece| (seconds(piece.from), seconds(piece.at), seconds(piece.len)))
        .collect()
}

#[track_caller]
fn check(parts: &[(Class, f64)], plan: &TrimPlan, expected: &[(f64, f64, f64)]) -> Trimmed {
    let segments = timeline(parts);
    let len = segments.last().map_or(0, |last| last.end.samples()) as usize;
    let trimmed = trim(&counted(len), &segments, plan);
    assert_eq!(pieces(&trimmed), expected);
    trimmed
}

use Class::{Music, Noise, Silence, Speech, Tone};

#[test]
fn what_nobody_said_goes_before_and_behind() {
    for class in [Silence, Music, Noise, Tone] {
        let parts = [(class, 5.0), (Speech, 4.0), (class, 9.0)];
        check(&parts, &PLAIN, &[(4.5, 0.0, 5.0)]);
    }
    check(&[(Speech, 4.0)], &PLAIN, &[(0.0, 0.0, 4.0)]);
    let close = [(Silence, 0.125), (Speech, 4.0), (Noise, 0.25)];
    check(&close, &PLAIN, &[(0.0, 0.0, 4.375)]);
}

#[test]
fn only_long_pauses_are_shortened() {
    let parts = [(Speech, 2.0), (Silence, 3.0), (Speech, 2.0)];
    check(&parts, &PLAIN, &[(0.0, 0.0, 7.0)]);
    let parts = [(Speech, 2.0), (Silence, 3.5), (Speech, 2.0)];
    check(&parts, &PLAIN, &[(0.0, 0.0, 2.5), (5.0, 2.5, 2.5)]);
    let parts = [(Speech, 2.0), (Silence, 2.0), (Music, 8.0), (Speech, 2.0)];
    check(&parts, &PLAIN, &[(0.0, 0.0, 2.5), (11.5, 2.5, 2.5)]);
}

#[test]
fn who_speaks_over_the_greeting_is_heard() {
    let parts = [(Silence, 4.0), (Speech, 1.0), (Silence, 9.0), (Speech, 6.0)];
    check(&parts, &PLAIN, &[(3.5, 0.0, 2.0), (13.5, 2.0, 6.5)]);
}

#[test]
fn in_doubt_only_silence_goes() {
    let parts = [
        (Silence, 5.0),
        (Noise, 6.0),
        (Speech, 1.0),
        (Music, 5.0),
        (Silence, 5.0),
    ];
    let unsure = TrimPlan {
        keep_sounds: true,
        ..PLAIN
    };
    check(&parts, &unsure, &[(4.5, 0.0, 13.0)]);
    let parts = [(Silence, 5.0), (Noise, 6.0), (Silence, 5.0)];
    check(&parts, &PLAIN, &[(4.5, 0.0, 7.0)]);
    check(&[(Silence, 5.0)], &PLAIN, &[(0.0, 0.0, 1.0)]);
    check(&[], &PLAIN, &[]);
}

#[test]
fn what_the_ear_did_not_judge_is_kept() {
    let trimmed = trim(&counted(80_000), &[], &PLAIN);
    assert_eq!(pieces(&trimmed), [(0.0, 0.0, 10.0)]);
    let early = [segment(0, 40_000, Silence)];
    assert_eq!(
        pieces(&trim(&counted(80_000), &early, &PLAIN)),
        [(4.5, 0.0, 5.5)]
    );
}

#[test]
fn the_number_comes_first_where_the_box_wants_it() {
    let parts = [
        (Speech, 40.0),
        (Silence, 2.0),
        (Speech, 8.0),
        (Silence, 6.0),
    ];
    let asked = TrimPlan {
        number_asked: Some(secs(41.0)),
        ..PLAIN
    };
    let trimmed = check(&parts, &asked, &[(0.0, 0.0, 40.5), (41.5, 40.5, 9.0)]);
    let number = |at, len| {
        Some(Stretch {
            at: secs(at),
            len: secs(len),
        })
    };
    assert_eq!(trimmed.number, number(40.5, 9.0));

    let first = TrimPlan {
        number_first: true,
        ..asked
    };
    let trimmed = check(&parts, &first, &[(41.5, 0.0, 9.0), (0.0, 9.8, 40.5)]);
    assert_eq!(trimmed.number, number(0.0, 9.0));
    let beep = trimmed.samples[(9.0 * 8_000.0) as usize..(9.8 * 8_000.0) as usize].iter();
    assert!(beep.clone().any(|&sample| sample > 2_000));
    assert_eq!(beep.len() as u64, SEPARATOR);
}

#[test]
fn who_talks_over_the_prompt_is_not_cut_within_a_word() {
    let first = |asked| TrimPlan {
        number_asked: Some(secs(asked)),
        number_first: true,
        ..PLAIN
    };
    let parts = [(Speech, 50.0), (Silence, 0.5), (Speech, 8.0)];
    check(
        &parts,
        &first(46.0),
        &[(50.25, 0.0, 8.25), (0.0, 9.05, 50.25)],
    );
    check(&parts, &first(44.0), &[(0.0, 0.0, 58.5)]);
    check(&parts, &first(99.0), &[(0.0, 0.0, 58.5)]);
    let parts = [
        (Speech, 10.0),
        (Silence, 1.0),
        (Speech, 40.0),
        (Silence, 2.0),
        (Speech, 3.0),
    ];
    check(
        &parts,
        &first(30.0),
        &[(10.5, 0.0, 45.5), (0.0, 46.3, 10.5)],
    );
}

#[test]
fn callers_of_every_loudness_are_delivered_at_one() {
    let mut levelled = 0;
    for clip in ["speech.ulaw", "voice.ulaw"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/");
        let bytes = std::fs::read(format!("{folder}{clip}")).unwrap();
        let clip: Vec<i16> = bytes.iter().map(|&byte| g711::ulaw(byte)).collect();
        for gain in [0.03, 0.1, 0.5, 1.0, 2.0] {
            let spoken: Vec<i16> = clip.iter().map(|&s| (f64::from(s) * gain) as i16).collect();
            let all = segment(0, spoken.len() as u64, Class::Speech);
            let trimmed = trim(&spoken, &[all], &PLAIN);
            let before = active_speech_level(spoken).unwrap();
            if LOUDNESS_DBOV - before > MOST_GAIN_DB {
                assert!((trimmed.gain_db - MOST_GAIN_DB).abs() < 1e-9);
                continue;
            }
            let level = active_speech_level(trimmed.samples).unwrap();
            levelled += 1;
            assert!(
                (level - LOUDNESS_DBOV).abs() <= 1.0,
                "{before} became {level}"
            );
        }
    }
    assert!(levelled >= 8, "{levelled}");
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(&Class::ALL[..])
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let orderly = prop::collection::vec((class(), 0.0..9.0_f64), 0..12).prop_map(|t| timeline(&t));
    let place = prop_oneof![0_u64..200_000, Just(u64::MAX)];
    let wild = prop::collection::vec((place.clone(), place, class()), 0..12).prop_map(|all| {
        all.into_iter()
            .map(|(a, b, class)| segment(a, b, class))
            .collect()
    });
    prop_oneof![3 => orderly, 1 => wild]
}

fn plan() -> impl Strategy<Value = TrimPlan> {
    let asked = prop::option::of(0_u64..300_000).prop_map(|at| at.map(MediaTime::from_samples));
    (any::<bool>(), asked, any::<bool>()).prop_map(|(keep_sounds, number_asked, number_first)| {
        TrimPlan {
            keep_sounds,
            number_asked,
            number_first,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn speech_is_whole_and_nothing_is_heard_twice(
        segments in segments(), plan in plan(), len in 0_usize..250_000,
    ) {
        let recording = counted(len);
        let trimmed = trim(&recording, &segments, &plan);
        prop_assert!(trimmed.samples.len() as u64 <= len as u64 + SEPARATOR);
        prop_assert_eq!(trimmed.samples.is_empty(), len == 0);

        let mut times = vec![0_u8; len];
        for piece in &trimmed.pieces {
            let from = piece.from.samples() as usize;
            for n in 0..piece.len.samples() as usize {
                times[from + n] += 1;
            }
        }
        prop_assert!(times.iter().all(|&times| times <= 1));

        let speech = |n: u64| segments.iter().any(|s| {
            s.class == Class::Speech && (s.start.samples()..s.end.samples()).contains(&n)
        });
        for piece in &trimmed.pieces {
            let (from, at) = (piece.from.samples(), piece.at.samples());
            for n in (0..piece.len.samples()).filter(|n| speech(from + n)) {
                prop_assert_eq!(recording[(from + n) as usize], trimmed.samples[(at + n) as usize]);
            }
        }
        let lost = (0..len as u64).find(|&n| times[n as usize] == 0 && speech(n));
        prop_assert_eq!(lost, None);
    }

    #[test]
    fn no_pause_is_long(parts in prop::collection::vec(0.1..9.0_f64, 1..12)) {
        let parts: Vec<_> = parts.iter().enumerate()
            .map(|(i, &length)| (if i % 2 == 0 { Silence } else { Speech }, length)).collect();
        prop_assume!(parts.len() > 1);
        let segments = timeline(&parts);
        let len = segments.last().unwrap().end.samples() as usize;
        let trimmed = trim(&counted(len), &segments, &PLAIN);
        let speech: u64 = segments.iter().filter(|s| s.class == Speech).map(|s| s.len().samples()).sum();
        let pauses = parts.len() as u64 / 2;
        prop_assert!(trimmed.len().samples() <= speech + pauses * LONGEST_PAUSE.samples());
    }
}
