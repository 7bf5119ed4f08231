//! The prompts that are shipped, by the limits that `asterisk-conf/PROMPTS.md` states ("Measured").

use std::fs;
use std::path::Path;

use voicemail_guard::prompts::Prompt;

/// Where Asterisk's formats `wav` and `wav16` demand so many samples a second, by the ending.
const RATES: [(&str, u32); 2] = [("wav", 8_000), ("wav16", 16_000)];

#[test]
fn every_prompt_is_shipped_as_asterisk_takes_it_and_sounds_as_promised() {
    let mut faults = Vec::new();
    for language in ["de", "en"] {
        for prompt in Prompt::ALL {
            let mut seconds = Vec::new();
            for (ending, rate) in RATES {
                let name = format!("{language}/{}.{ending}", prompt.path());
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("asterisk-conf/sounds");
                let bytes = match fs::read(path.join(&name)) {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        faults.push(format!("{name}: {error}"));
                        continue;
                    }
                };
                let sound = match samples(&bytes, rate) {
                    Ok(sound) => sound,
                    Err(what) => {
                        faults.push(format!("{name}: {what}"));
                        continue;
                    }
                };
                let longest = match prompt {
                    Prompt::Greeting | Prompt::GreetingWithheld => 9.0,
                    _ => f64::INFINITY,
                };
                let found = Measured::of(&sound, rate);
                faults.extend(found.faults(longest).map(|what| format!("{name}: {what}")));
                seconds.push(found.seconds);
            }
            if seconds.iter().any(|s| (s - seconds[0]).abs() > 0.1) {
                faults.push(format!("{language}/{prompt}: {seconds:?} s, but one text"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_bad_prompt_is_found() {
    let rate = 8_000;
    let tone = |n: usize, amplitude: f64| (amplitude * (n as f64 * 0.3).sin()) as i16;
    let faded = |n: usize| tone(n, 5_800.0 * (n.min(15_999 - n) as f64 / 400.0).min(1.0));
    let good: Vec<i16> = (0..16_000).map(faded).collect();
    let check = |sound: &[i16], expected: &[&str]| {
        let found: Vec<_> = Measured::of(sound, rate).faults(9.0).collect();
        let words = found.iter().zip(expected);
        let as_expected = words.clone().all(|(found, word)| found.contains(word));
        assert!(
            found.len() == expected.len() && as_expected,
            "{found:?}, not {expected:?}"
        );
    };
    check(&good, &[]);
    check(&vec![0; 16_000], &["level", "silence"]);
    let soft: Vec<i16> = good.iter().map(|s| s / 4).collect();
    check(&soft, &["level"]);
    let mut clipped = good.clone();
    clipped[8_000] = i16::MAX;
    check(&clipped, &["peak", "step"]);
    check(&good[2_000..], &["edge"]);
    check(&[good.clone(), vec![0; 1_600]].concat(), &["silence"]);
    check(&good.repeat(5), &["long"]);

    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x02\0\0\0\x05\0".to_vec();
    assert_eq!(samples(&file, 8_000), Ok(vec![5]));
    assert!(samples(&file, 16_000).is_err());
    file[22] = 2;
    assert!(samples(&file, 8_000).is_err());
}

/// The samples of a file as Asterisk's `check_header_fmt` (`formats/format_wav.c`) takes it: 16-bit PCM, one channel,
/// this rate, and the `data` chunk as long as the rest of the file says.
fn samples(bytes: &[u8], rate: u32) -> Result<Vec<i16>, String> {
    let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let long = |at: usize| u32::from(word(at)) | u32::from(word(at + 2)) << 16;
    if bytes.len() < 44 || &bytes[..4] != b"RIFF" || &bytes[8..16] != b"WAVEfmt " {
        return Err("no WAV file".into());
    }
    let (form, channels, bits) = (word(20), word(22), word(34));
    if (form, channels, bits, long(24)) != (1, 1, 16, rate) {
        return Err(format!(
            "form {form}, {channels} channels, {bits} bits, {} Hz",
            long(24)
        ));
    }
    let sound = &bytes[44..];
    if &bytes[36..40] != b"data"
        || long(40) as usize != sound.len()
        || !sound.len().is_multiple_of(2)
    {
        return Err("its data chunk does not go to the end of the file".into());
    }
    let sample = |&pair: &[u8; 2]| i16::from_le_bytes(pair);
    Ok(sound.as_chunks().0.iter().map(sample).collect())
}

/// What `asterisk-conf/check-prompts` measures, too.
struct Measured {
    seconds: f64,
    /// RMS over the frames of 10 ms that lie within 25 dB of the loud ones, in dBFS.
    active: f64,
    /// The loudest sample, in dBFS.
    peak: f64,
    /// The longer silence at one of the ends, in seconds.
    silence: f64,
    /// The louder of the first and the last sample.
    edge: i32,
    /// The largest step between neighbours, of full scale.
    step: f64,
}

impl Measured {
    fn of(sound: &[i16], rate: u32) -> Self {
        let rate = f64::from(rate);
        let mut frames: Vec<f64> = sound
            .chunks_exact((rate / 100.0) as usize)
            .map(|frame| {
                let energy: f64 = frame.iter().map(|&s| f64::from(s).powi(2)).sum();
                energy / frame.len() as f64
            })
            .collect();
        frames.sort_by(f64::total_cmp);
        let loud = frames[frames.len() * 95 / 100];
        frames.retain(|&frame| frame > loud / 10_f64.powf(2.5));
        let active = frames.iter().sum::<f64>() / frames.len() as f64;
        let loudest = sound
            .iter()
            .map(|s| s.unsigned_abs())
            .max()
            .unwrap_or_default();
        let heard = |s: &i16| f64::from(s.unsigned_abs()) > f64::from(loudest) * 0.005;
        let lead = sound.iter().position(heard).unwrap_or(sound.len());
        let tail = sound.iter().rev().position(heard).unwrap_or(sound.len());
        let ends = [sound[0], sound[sound.len() - 1]];
        let steps = sound
            .windows(2)
            .map(|pair| i32::from(pair[0]) - i32::from(pair[1]));
        Self {
            seconds: sound.len() as f64 / rate,
            active: 10.0 * (active / FULL_SCALE.powi(2)).log10(),
            peak: 20.0 * (f64::from(loudest) / FULL_SCALE).log10(),
            silence: lead.max(tail) as f64 / rate,
            edge: ends
                .map(|s| i32::from(s).abs())
                .into_iter()
                .max()
                .unwrap_or_default(),
            step: steps.map(|s| f64::from(s.abs())).fold(0.0, f64::max) / FULL_SCALE,
        }
    }

    /// Which limits are left, in words.
    fn faults(&self, longest: f64) -> impl Iterator<Item = String> {
        let Self {
            seconds,
            active,
            peak,
            silence,
            edge,
            step,
        } = *self;
        [
            (
                !(-20.0..=-16.0).contains(&active),
                format!("active level {active:.1} dBFS"),
            ),
            (peak > -1.0, format!("peak {peak:.1} dBFS")),
            (
                silence > 0.1,
                format!("{silence:.2} s of silence at an end"),
            ),
            (edge > 64, format!("an edge of {edge}: a click")),
            (
                step > 0.75,
                format!("a step of {step:.2} of full scale: a click"),
            ),
            (seconds > longest, format!("{seconds:.2} s long")),
        ]
        .into_iter()
        .filter_map(|(broken, what)| broken.then_some(what))
    }
}

const FULL_SCALE: f64 = 32_768.0;
