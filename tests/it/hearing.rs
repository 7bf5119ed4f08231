//! The ear and the verdict from outside: laws, machine signals, and sounds it must tell apart.

use allocation_counter::measure;
use proptest::prelude::*;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call::verdict::{Facts, is_doubtful, judge};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::hearing::{Class, Ear, Signal, Timeline, Update};

use crate::support::sounds::{
    clip, keyed_tones, music_box, over_noise, speech_on_one_pitch, steady_noise, tone, twice, typed,
};

#[test]
fn every_chunking_gives_the_same_updates() {
    let sound = mixed_call();
    let expected = updates(&sound, &[160]);
    assert!(expected.len() > 3, "{expected:?}");
    proptest!(ProptestConfig::with_cases(12), |(sizes in prop::collection::vec(1usize..4_000, 1..12))| {
        prop_assert_eq!(&updates(&sound, &sizes), &expected);
    });
}

#[test]
fn no_frame_allocates() {
    let made = measure(|| drop(std::hint::black_box(vec![0_u8; 9])));
    assert_eq!(made.count_total, 1, "it counts");

    let sound = [mixed_call(), music_box(4.0), vec![0; 16_000]].concat();
    // Tables and weights are made once, for all calls.
    Ear::new().push(&[0; 8_000]);
    let mut ear = Ear::new();
    let mut updates = 0;
    for (n, frame) in sound.chunks(160).enumerate() {
        let made = measure(|| {
            ear.push(frame);
            updates += std::iter::from_fn(|| ear.poll_update()).count();
        });
        assert_eq!(made.count_total, 0, "frame {n}: {made:?}");
    }
    assert!(updates > 5, "{updates} changes of class");
}

#[test]
fn skipping_moves_time_by_exactly_that_much() {
    let starts_in_order = |script: &[(usize, u64)]| {
        let mut ear = Ear::new();
        let (mut total, mut last) = (0, MediaTime::ZERO);
        for &(pushed, lost) in script {
            ear.push(&vec![900; pushed]);
            ear.skip(MediaTime::from_samples(lost));
            total += pushed as u64 + lost;
            prop_assert_eq!(ear.heard(), MediaTime::from_samples(total));
            while let Some(update) = ear.poll_update() {
                match update {
                    Update::ClassChange {
                        start, known_at, ..
                    } => {
                        prop_assert!(last <= start && start <= known_at && known_at <= ear.heard());
                        last = start;
                    }
                    Update::Glimpsed(glimpse) => prop_assert!(glimpse.end <= ear.heard()),
                    Update::Key(_) => {}
                }
            }
        }
        Ok(())
    };
    // Two losses, then a change whose start lies between them.
    let between = [
        (407, 16_000),
        (1_347, 15_999),
        (852, 16_000),
        (909, 27_201),
        (323, 16_001),
        (304, 79_604),
    ];
    starts_in_order(&between).expect("changes in order of time");
    proptest!(ProptestConfig::with_cases(40), |(script in prop::collection::vec((0usize..2_000, 0u64..200_000), 1..8))| {
        starts_in_order(&script)?;
    });
    let mut ear = Ear::new();
    ear.skip(MediaTime::from_samples(u64::MAX));
    ear.push(&[0; 320]);
    ear.finish();
    assert_eq!(ear.heard(), MediaTime::from_samples(u64::MAX));
}

#[test]
fn lost_packets_count_as_silence() {
    let mut ear = Ear::new();
    let mut timeline = Timeline::default();
    ear.push(&twice(&clip("speech.ulaw")));
    ear.skip(MediaTime::from_secs(3_600));
    ear.finish();
    drain(&mut ear, &mut timeline);
    let seconds = timeline.seconds();
    assert!(
        seconds.silence >= MediaTime::from_secs(3_599),
        "{seconds:?}"
    );
    assert!(seconds.speech >= MediaTime::from_secs(6), "{seconds:?}");
}

#[test]
fn the_first_segment_starts_at_zero_however_short_the_sound() {
    for len in [0, 1, 319, 320, 321, 1_000, 2_560] {
        let timeline = hear(&vec![0; len]);
        assert_eq!(timeline.segments()[0].start, MediaTime::ZERO, "{len}");
        assert_eq!(
            timeline.heard(),
            MediaTime::from_samples(len as u64),
            "{len}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of signals by country")]
fn machine_signals_are_recognised_by_their_cadence() {
    /// Country, signal, frequencies in Hz, cadence as seconds on and off.
    type Row<'a> = (&'a str, Signal, &'a [f32], &'a [(f32, f32)]);
    let call_progress: &[Row<'_>] = &[
        ("busy, Germany", Signal::Busy, &[425.0], &[(0.48, 0.48)]),
        ("busy, Italy", Signal::Busy, &[425.0], &[(0.5, 0.5)]),
        ("busy, France", Signal::Busy, &[440.0], &[(0.5, 0.5)]),
        (
            "busy, United States",
            Signal::Busy,
            &[480.0, 620.0],
            &[(0.5, 0.5)],
        ),
        (
            "busy, United Kingdom",
            Signal::Busy,
            &[400.0],
            &[(0.375, 0.375)],
        ),
        (
            "congestion, Germany",
            Signal::Congestion,
            &[425.0],
            &[(0.24, 0.24)],
        ),
        (
            "congestion, United States",
            Signal::Congestion,
            &[480.0, 620.0],
            &[(0.25, 0.25)],
        ),
        (
            "congestion, United Kingdom",
            Signal::Congestion,
            &[400.0],
            &[(0.4, 0.35), (0.225, 0.525)],
        ),
        ("dial, Germany", Signal::Dial, &[425.0], &[(30.0, 0.0)]),
        ("dial, France", Signal::Dial, &[440.0], &[(30.0, 0.0)]),
        (
            "dial, United States",
            Signal::Dial,
            &[350.0, 440.0],
            &[(30.0, 0.0)],
        ),
        (
            "ringing, Germany",
            Signal::Ringback,
            &[425.0],
            &[(1.0, 4.0)],
        ),
        ("ringing, France", Signal::Ringback, &[440.0], &[(1.5, 3.5)]),
        (
            "ringing, United States",
            Signal::Ringback,
            &[440.0, 480.0],
            &[(2.0, 4.0)],
        ),
        (
            "ringing, United Kingdom",
            Signal::Ringback,
            &[400.0, 450.0],
            &[(0.4, 0.2), (0.4, 2.0)],
        ),
        ("fax", Signal::FaxCng, &[1_100.0], &[(0.5, 3.0)]),
        ("modem", Signal::ModemAnswer, &[2_100.0], &[(3.3, 1.5)]),
        (
            "off hook, United States",
            Signal::OffHook,
            &[1_400.0, 2_060.0, 2_450.0, 2_600.0],
            &[(0.1, 0.1)],
        ),
    ];
    let mut wrong = Vec::new();
    for &(name, signal, hertz, cadence) in call_progress {
        for dbfs in [-32.0, -22.0, -10.0] {
            let timeline = hear(&over_noise(&tone(hertz, cadence, 16.0, dbfs), -55.0));
            let found: Vec<Signal> = timeline
                .segments()
                .iter()
                .filter_map(|s| s.signal)
                .collect();
            let verdict = judge(&Facts::of_recording(&timeline)).verdict;
            if found.first() != Some(&signal) || verdict != Verdict::Tone {
                wrong.push(format!(
                    "{name} at {dbfs} dBFS: {found:?} {verdict} {:?}",
                    timeline.seconds()
                ));
            }
        }
    }
    let sit = [(950.0, 0.33), (1_400.0, 0.33), (1_800.0, 0.33)]
        .map(|(f, d)| tone(&[f], &[(d, 0.0)], d, -20.0))
        .concat();
    let timeline = hear(&over_noise(
        &[sit.clone(), vec![0; 8_000], sit].concat(),
        -55.0,
    ));
    if !timeline
        .segments()
        .iter()
        .any(|s| s.signal == Some(Signal::Sit))
    {
        wrong.push(format!(
            "special information tone: {:?}",
            timeline.segments()
        ));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_typed_on_a_textphone_is_somebody_speaking() {
    // Name, bits of a character, bits a second, frequencies of zeros and ones (V.18, annexes A, C, D and F).
    let textphones: [(&str, u32, f32, [f32; 2]); 5] = [
        ("Baudot, United States", 5, 45.45, [1_800.0, 1_400.0]),
        ("Baudot, United Kingdom", 5, 50.0, [1_800.0, 1_400.0]),
        ("V.21, calling", 8, 300.0, [1_180.0, 980.0]),
        ("V.21, answering", 8, 300.0, [1_850.0, 1_650.0]),
        ("EDT", 8, 110.0, [1_180.0, 980.0]),
    ];
    let mut wrong = Vec::new();
    for (name, width, baud, hertz) in textphones {
        for dbfs in [-36.0, -24.0, -12.0] {
            let bits = typed((baud * 6.0 / width as f32) as u32, width);
            let sound = keyed_tones(&bits, baud, hertz, dbfs);
            let timeline = hear(&over_noise(&[vec![0; 8_000], sound].concat(), -58.0));
            let known = timeline
                .segments()
                .iter()
                .any(|s| s.signal == Some(Signal::Textphone));
            let verdict = judge(&Facts::of_recording(&timeline)).verdict;
            if !known || verdict != Verdict::Unsure || timeline.machine_signal().is_some() {
                wrong.push(format!(
                    "{name} at {dbfs} dBFS: {verdict} {:?}",
                    timeline.segments()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_line_that_hums_or_whistles_plays_no_music() {
    let hum = |hertz: f32| -> Vec<i16> {
        let harmonics = (1..9).map(|k| tone(&[k as f32 * hertz], &[(16.0, 0.0)], 16.0, -24.0));
        let mut sum = vec![0_i16; 128_000];
        for (k, harmonic) in harmonics.enumerate() {
            for (to, from) in sum.iter_mut().zip(harmonic) {
                *to += from / (k as i16 + 1);
            }
        }
        sum
    };
    let mut wrong = Vec::new();
    for hertz in [300.0, 400.0, 800.0, 1_000.0, 1_004.0, 1_500.0, 2_600.0] {
        let timeline = hear(&over_noise(
            &tone(&[hertz], &[(12.0, 0.0)], 12.0, -15.0),
            -58.0,
        ));
        let verdict = judge(&Facts::of_recording(&timeline)).verdict;
        if verdict != Verdict::Tone {
            wrong.push(format!("{hertz} Hz: {verdict} {:?}", timeline.segments()));
        }
    }
    for hertz in [50.0, 60.0, 100.0, 120.0] {
        let timeline = hear(&over_noise(&hum(hertz), -58.0));
        let verdict = judge(&Facts::of_recording(&timeline)).verdict;
        if ![Verdict::Aside, Verdict::Tone].contains(&verdict) {
            wrong.push(format!(
                "hum of {hertz} Hz: {verdict} {:?}",
                timeline.segments()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_voice_that_a_device_makes_is_never_taken_for_music_or_a_machine_for_sure() {
    for (seed, hertz) in [(1, 75.0), (2, 110.0), (3, 150.0), (4, 200.0)] {
        for secs in [15.0, 40.0] {
            let timeline = hear(&speech_on_one_pitch(seed, hertz, secs));
            let judgement = judge(&Facts::of_recording(&timeline));
            assert!(
                judgement.verdict.is_delivered(),
                "{hertz} Hz, {secs} s: {judgement:?}"
            );
            // Nobody is ended on it either.
            let is_music = timeline.seconds().music > timeline.seconds().speech;
            assert!(!is_music || is_doubtful(&timeline, MediaTime::ZERO));
        }
    }
    let tune = judge(&Facts::of_recording(&hear(&music_box(40.0))));
    assert_eq!(tune.verdict, Verdict::HoldMusic);
}

#[test]
fn nothing_near_a_textphones_frequencies_is_taken_for_one() {
    let warble = tone(&[1_400.0], &[(0.05, 0.05)], 12.0, -20.0);
    let slow = [(1_400.0, 0.0), (1_800.0, 0.3)]
        .map(|(hertz, off)| tone(&[hertz], &[(0.0, off), (0.3, 0.3 - off)], 12.0, -20.0));
    let glide = keyed_tones(
        &[(true, 1.0), (false, 1.0)].repeat(40),
        45.45,
        [1_500.0, 1_700.0],
        -20.0,
    );
    let sum = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
    let speech = twice(&clip("speech.ulaw"));
    let music = clip("music_a.ulaw");
    for sound in [sum(&slow[0], &slow[1]), glide, speech, music, warble] {
        let timeline = hear(&over_noise(&sound, -58.0));
        assert!(
            timeline
                .segments()
                .iter()
                .all(|s| s.signal != Some(Signal::Textphone)),
            "{:?}",
            timeline.segments()
        );
    }
}

#[test]
fn busy_is_known_within_three_seconds() {
    let timeline = hear(&tone(&[425.0], &[(0.48, 0.48)], 8.0, -20.0));
    let tone = timeline
        .segments()
        .iter()
        .find(|s| s.class == Class::Tone)
        .expect("a tone");
    assert!(tone.known_at <= MediaTime::from_secs(3), "{tone:?}");
}

#[test]
fn speech_music_silence_and_noise_are_told_apart() {
    let check = |name: &str, sound: &[i16], expected: Verdict| {
        let timeline = hear(sound);
        let judgement = judge(&Facts::of_recording(&timeline));
        assert_eq!(
            judgement.verdict,
            expected,
            "{name}: {judgement:?} {:?}",
            timeline.segments()
        );
    };
    let (speech, music) = (twice(&clip("speech.ulaw")), twice(&clip("music_a.ulaw")));
    check("speech", &speech, Verdict::Message);
    check("music", &twice(&music), Verdict::HoldMusic);
    check(
        "other music",
        &twice(&twice(&clip("music_b.ulaw"))),
        Verdict::HoldMusic,
    );
    check(
        "music box",
        &over_noise(&music_box(20.0), -60.0),
        Verdict::HoldMusic,
    );
    check(
        "quiet line",
        &over_noise(&vec![0; 160_000], -62.0),
        Verdict::Silent,
    );
    check("digital silence", &vec![0; 160_000], Verdict::Silent);
    check(
        "loud noise",
        &over_noise(&vec![0; 160_000], -28.0),
        Verdict::Aside,
    );
    check(
        "busy",
        &tone(&[425.0], &[(0.48, 0.48)], 12.0, -18.0),
        Verdict::Tone,
    );
    check(
        "speech, then music",
        &[speech.clone(), twice(&music)].concat(),
        Verdict::Message,
    );
    check(
        "speech, then busy",
        &[speech, tone(&[425.0], &[(0.48, 0.48)], 12.0, -18.0)].concat(),
        Verdict::Message,
    );
    check(
        "at once gone",
        &over_noise(&vec![0; 12_000], -62.0),
        Verdict::Hangup,
    );
}

#[test]
fn steady_noise_of_every_colour_is_noise_at_every_level() {
    let mut wrong = Vec::new();
    for colour in ["white", "pink", "brown"] {
        for dbfs in [-40.0, -35.0, -30.0, -26.0, -23.0, -20.0, -15.0] {
            for quiet in [0, 24_000] {
                let sound = [vec![0; quiet], steady_noise(colour, 96_000, dbfs)].concat();
                let timeline = hear(&over_noise(&sound, -62.0));
                let (seconds, heard) = (timeline.seconds(), timeline.heard());
                let sounded = seconds.music.max(seconds.speech);
                // So soft a rumble may be called silence, or now this and now that.
                let soft = if dbfs <= -40.0 {
                    seconds.silence
                } else {
                    MediaTime::ZERO
                };
                let noise = seconds.noise + soft >= MediaTime::from_secs(11);
                if sounded >= MediaTime::from_millis(500) || !noise {
                    wrong.push(format!(
                        "{colour} at {dbfs} dBFS behind {quiet} samples: {seconds:?} of {heard:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn updates(sound: &[i16], sizes: &[usize]) -> Vec<Update> {
    let mut ear = Ear::new();
    let (mut updates, mut rest) = (Vec::new(), sound);
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(size.min(rest.len()));
        ear.push(now);
        updates.extend(std::iter::from_fn(|| ear.poll_update()));
        rest = later;
    }
    ear.finish();
    updates.extend(std::iter::from_fn(|| ear.poll_update()));
    updates
}

fn hear(sound: &[i16]) -> Timeline {
    let mut ear = Ear::new();
    let mut timeline = Timeline::default();
    for chunk in sound.chunks(160) {
        ear.push(chunk);
        drain(&mut ear, &mut timeline);
    }
    ear.finish();
    drain(&mut ear, &mut timeline);
    timeline
}

fn drain(ear: &mut Ear, timeline: &mut Timeline) {
    while let Some(update) = ear.poll_update() {
        timeline.apply(update);
    }
    timeline.advance(ear.heard());
}

fn mixed_call() -> Vec<i16> {
    [
        over_noise(&vec![0; 8_123], -60.0),
        clip("speech.ulaw"),
        tone(&[425.0], &[(0.48, 0.48)], 5.0, -20.0),
        over_noise(&vec![0; 16_001], -30.0),
        clip("music_a.ulaw"),
    ]
    .concat()
}
