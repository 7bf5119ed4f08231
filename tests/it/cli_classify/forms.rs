//! The forms that `classify` reads, whole and damaged.

use std::fs;

use voicemail_guard::audio::{g711, wav};

use super::{GSM, House, MESSAGE, bytes, faster, message, nearest, wav_file};

#[test]
fn the_same_samples_in_every_form_give_the_same_timeline() {
    let alaw = nearest(g711::alaw);
    // Only what A-law can say is the same in every form.
    let said = message().into_iter().map(|s| g711::alaw(alaw(s)[0]));
    let samples: Vec<i16> = said.collect();
    let plain = bytes(&samples, i16::to_le_bytes);
    let double = bytes(&samples, |s| {
        let [low, high] = s.to_le_bytes();
        [low, high, low, high]
    });
    let full = |s: i16| f32::from(s) / 32_768.0;
    let house = House::new(&[
        ("b.wav", &wav::encode(&samples)),
        ("c.sln", &plain),
        ("d.raw", &plain),
        ("e.alaw", &bytes(&samples, &alaw)),
        ("f.AL", &bytes(&samples, alaw)),
        ("g.wav", &wav_file(1, 2, 8_000, 16, &double)),
        (
            "h.wav",
            &wav_file(3, 1, 8_000, 32, &bytes(&samples, |s| full(s).to_le_bytes())),
        ),
        (
            "i.wav",
            &wav_file(
                3,
                1,
                8_000,
                64,
                &bytes(&samples, |s| f64::from(full(s)).to_le_bytes()),
            ),
        ),
        (
            "j.wav",
            &wav_file(
                1,
                1,
                8_000,
                24,
                &bytes(&samples, |s| {
                    let [low, high] = s.to_le_bytes();
                    [0, low, high]
                }),
            ),
        ),
        (
            "k.wav",
            &wav_file(
                1,
                1,
                8_000,
                32,
                &bytes(&samples, |s| (i32::from(s) << 16).to_le_bytes()),
            ),
        ),
    ]);
    let ran = house.run(&["--json", "."]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines = ran.lines();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[0]["verdict"], "message");
    for line in &lines {
        for key in ["segments", "verdict", "confidence", "reasons", "duration"] {
            assert_eq!(line[key], lines[0][key], "{}: {key}", line["file"]);
        }
    }
}

#[test]
fn other_rates_and_coarser_codings_give_the_same_verdict() {
    let samples = message();
    let ulaw = bytes(&samples, nearest(g711::ulaw));
    let coarse = bytes(&samples, |s| [(128 + (s >> 8)) as u8]);
    let sln = |times| bytes(&faster(&samples, times), i16::to_le_bytes);
    let house = House::new(&[
        ("a.ulaw", &ulaw),
        ("b.wav", &wav_file(7, 1, 8_000, 8, &ulaw)),
        ("c.pcm", &ulaw),
        ("d.wav", &wav_file(1, 1, 8_000, 8, &coarse)),
        ("e.sln16", &sln(2)),
        ("f.sln24", &sln(3)),
        ("g.sln48", &sln(6)),
        ("h.wav", &wav_file(1, 1, 16_000, 16, &sln(2))),
        ("i.wav", &wav_file(1, 1, 48_000, 16, &sln(6))),
        ("j.sln192", &sln(24)),
        ("k.dump", &ulaw),
    ]);
    let all: Vec<String> = ('a'..='j')
        .map(|c| {
            let names = fs::read_dir(house.0.path()).unwrap();
            let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.find(|name| name.starts_with(c)).unwrap()
        })
        .collect();
    let names: Vec<&str> = ["--json"]
        .into_iter()
        .chain(all.iter().map(String::as_str))
        .collect();
    let ran = house.run(&names);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let reported = house.run(&["--json", "--format", "ulaw", "k.dump"]);
    for line in ran.lines().iter().chain(&reported.lines()) {
        assert_eq!(line["verdict"], "message", "{line}");
        let duration = line["duration"].as_f64().unwrap();
        assert!((duration - 18.59).abs() < 0.02, "{line}");
        let segments = line["segments"].as_array().unwrap();
        let last = segments.last().unwrap()["end"].as_f64().unwrap();
        assert!((last - duration).abs() < 0.001, "{line}");
    }
}

#[test]
fn of_several_channels_the_callers_can_be_heard_alone() {
    let silence = 0_i16.to_le_bytes();
    let right = bytes(&message(), |s| {
        let [low, high] = s.to_le_bytes();
        [silence[0], silence[1], low, high]
    });
    let house = House::new(&[
        ("a.wav", &wav_file(1, 2, 8_000, 16, &right)),
        ("b.wav", MESSAGE),
    ]);
    for (args, verdict, reported) in [
        (["--channel=1", "a.wav"], "silent", "channel 1 of 2"),
        (["--channel=2", "a.wav"], "message", "channel 2 of 2"),
        (["--plot=p", "a.wav"], "message", "both channels mixed"),
        (["--channel=1", "b.wav"], "message", "A-law, 8000 Hz"),
    ] {
        let ran = house.run(&args);
        assert!(ran.out.contains(reported), "{args:?}: {}", ran.out);
        assert!(
            ran.out.contains(&format!("\n  {verdict}, ")),
            "{args:?}: {}",
            ran.out
        );
    }
    let ran = house.run(&["--channel", "3", "a.wav"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("a.wav: has no channel 3, but 2 in all"),
        "{}",
        ran.err
    );
    assert_eq!(house.run(&["--channel", "0", "a.wav"]).code, Some(2));
}

#[test]
fn gsm_in_both_forms() {
    let house = House::new(&[
        ("a.gsm", GSM),
        ("b.WAV", include_bytes!("../../audio/voice-gsm.WAV")),
        ("c.dump", GSM),
    ]);
    let ran = house.run(&["--json", "a.gsm", "b.WAV"]);
    assert_eq!((ran.code, ran.lines().len()), (Some(0), 2), "{}", ran.err);
    let reported = house.run(&["--json", "--format", ".GSM", "c.dump"]);
    assert_eq!(reported.lines()[0]["segments"], ran.lines()[0]["segments"]);
    let other = house.run(&["--json", "--format", "gsm", "b.WAV"]);
    assert_eq!(other.code, Some(0), "a file with a header names its own");
}

#[test]
fn a_damaged_recording_is_judged_on_what_is_there() {
    let samples = message();
    let whole = wav::encode(&samples);
    let sized = |riff: u32, data: u32| {
        let mut bytes = whole.clone();
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        bytes[40..44].copy_from_slice(&data.to_le_bytes());
        bytes
    };
    let right = (samples.len() * 2) as u32;
    let cut = whole.len() * 2 / 3;
    let house = House::new(&[
        ("zero.wav", &sized(0, 0)),
        ("huge.wav", &sized(u32::MAX, u32::MAX)),
        ("odd.wav", &sized(right + 37, right + 1)),
        ("half.wav", &sized(18, right / 2)),
        ("cut.wav", &whole[..cut]),
        ("cut-in-a-sample.wav", &whole[..=cut]),
        ("cut.ulaw", &bytes(&samples, nearest(g711::ulaw))[..60_001]),
        ("cut.gsm", &GSM[..GSM.len() - 7]),
    ]);
    let ran = house.run(&["--json", "."]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in ran.lines() {
        let name = line["file"].as_str().unwrap();
        if name != "./cut.gsm" {
            assert_eq!(line["verdict"], "message", "{name}");
        }
        let reported = format!("voicemail-guard: {name}: warning: ");
        assert_eq!(
            ran.err.contains(&reported),
            name != "./cut.ulaw",
            "{reported} in {}",
            ran.err
        );
    }
}
