//! `classify` as an administrator meets it: every form, every damage, lists, pictures, explanations.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rustix::fs::{CWD, Mode};
use serde_json::Value;
use tempfile::TempDir;
use voicemail_guard::audio::{file, wav};

use crate::support::wav_file::wav_file;

mod forms;

/// Sixteen seconds of speech, A-law.
const MESSAGE: &[u8] = include_bytes!("../../../examples/calls/message.wav");
const HANGUP: &[u8] = include_bytes!("../../../examples/calls/hangup.wav");
const TONE: &[u8] = include_bytes!("../../../examples/calls/tone.wav");
const GSM: &[u8] = include_bytes!("../../audio/voice.gsm");

/// A folder with recordings, in which the command runs.
struct House(TempDir);

impl House {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            house.put(name, bytes);
        }
        house
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"));
        command
            .current_dir(self.0.path())
            .arg("classify")
            .args(args)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn files(&self) -> Vec<String> {
        let lines = self.lines();
        lines
            .iter()
            .map(|line| line["file"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The message at 8 kHz.
fn message() -> Vec<i16> {
    file::decode(MESSAGE, file::Format::Wav).unwrap().samples
}

fn bytes<const N: usize>(samples: &[i16], write: impl Fn(i16) -> [u8; N]) -> Vec<u8> {
    samples.iter().flat_map(|&sample| write(sample)).collect()
}

/// The code whose value comes nearest.
fn nearest(decode: fn(u8) -> i16) -> impl Fn(i16) -> [u8; 1] {
    let codes: Vec<u8> = (i16::MIN..=i16::MAX)
        .step_by(16)
        .map(|sample| {
            // The middle of what this entry stands for.
            let middle = i32::from(sample) + 8;
            let distance = |code: &u8| (i32::from(decode(*code)) - middle).abs();
            (0..=u8::MAX).min_by_key(distance).unwrap()
        })
        .collect();
    move |sample| [codes[((i32::from(sample) + 32_768) / 16) as usize]]
}

/// At so many times the rate, straight lines between the samples.
fn faster(samples: &[i16], times: i32) -> Vec<i16> {
    let next = samples.iter().skip(1).chain(samples.last());
    let pairs = samples.iter().zip(next);
    pairs
        .flat_map(|(&from, &to)| {
            let (from, to) = (i32::from(from), i32::from(to));
            (0..times).map(move |i| (from + (to - from) * i / times) as i16)
        })
        .collect()
}

/// A line of JSON without what the ear decides.
fn masked(line: &str) -> String {
    let mut masked = String::new();
    let mut number = false;
    for c in line.chars() {
        let digit = c.is_ascii_digit() || c == '.' && number;
        if digit && !number {
            masked.push('N');
        }
        if !digit {
            masked.push(c);
        }
        number = digit;
    }
    masked
}

#[test]
fn json_is_an_object_a_line_of_this_shape() {
    let house = House::new(&[("tone.wav", TONE), ("two\nlines \"\u{1b}.wav", b"")]);
    let ran = house.run(&["--json", "tone.wav", "two\nlines \"\u{1b}.wav"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    insta::assert_snapshot!(masked(lines[0]), @r#"{"file":"tone.wav","duration":N,"segments":[{"start":N,"end":N,"class":"silence","at":N},{"start":N,"end":N,"class":"tone","at":N}],"verdict":"tone","confidence":N,"reasons":["busy tone for N s","no near voice"]}"#);
    insta::assert_snapshot!(lines[1], @r#"{"file":"two\nlines \"\u001b.wav","error":"is empty (0 bytes): nothing was recorded, or the recording has just begun"}"#);
    assert_eq!(lines.len(), 2);
    let line = &ran.lines()[0];
    let mut at = 0.0;
    for segment in line["segments"].as_array().unwrap() {
        let secs = |key: &str| segment[key].as_f64().unwrap();
        assert!((secs("start") - at).abs() < 1e-9, "no gaps: {line}");
        assert!(secs("end") > secs("start"), "{line}");
        assert!(secs("at") >= secs("start"), "known before it began: {line}");
        at = secs("end");
    }
    assert!((at - line["duration"].as_f64().unwrap()).abs() < 1e-9);
    assert!((0.0..=1.0).contains(&line["confidence"].as_f64().unwrap()));
}

#[test]
fn what_cannot_be_heard_is_told_and_the_others_are_heard() {
    let garbage: Vec<u8> = (0..5_000_u32).map(|i| (i * i % 251) as u8).collect();
    let mut late = b"RIFF\x24\0\0\0WAVEdata\x10\0\0\0".to_vec();
    late.extend([0; 16]);
    let house = House::new(&[
        ("first.wav", TONE),
        ("empty.wav", b""),
        ("empty.gsm", b""),
        ("header.wav", &wav::header(0)),
        ("half-header.wav", &TONE[..20]),
        ("half-sample.sln", b"\x01"),
        ("garbage.wav", &garbage),
        ("garbage.gsm", &garbage),
        ("notes.txt", b"call back Mrs Jones"),
        ("no-extension", b"call back Mrs Jones"),
        ("song.mp3", b"ID3\x04song"),
        ("song.ogg", b"OggS\0song"),
        ("late.wav", &late),
        ("adpcm.wav", &wav_file(0x11, 1, 8_000, 8, &garbage)),
        ("odd-rate.wav", &wav_file(1, 1, 8_001, 16, &garbage)),
        ("slow.wav", &wav_file(1, 1, 0, 16, &garbage)),
        ("channels.wav", &wav_file(1, 0, 8_000, 16, &garbage)),
        ("nothing-to-hear/readme.txt", b"none"),
        ("last.wav", TONE),
    ]);
    let fifo = house.path("pipe.wav");
    rustix::fs::mkfifoat(CWD, &fifo, Mode::from_raw_mode(0o600)).unwrap();
    let _socket = UnixListener::bind(house.path("socket.wav")).unwrap();
    symlink("/dev/zero", house.path("zero.ulaw")).unwrap();
    symlink("nowhere.wav", house.path("dangling.wav")).unwrap();
    symlink("round.wav", house.path("round.wav")).unwrap();
    let long = format!("{}.wav", "x".repeat(300));
    let expected = [
        ("empty.wav", "is empty"),
        ("empty.gsm", "is empty"),
        ("header.wav", "no sound"),
        ("half-header.wav", "within its header"),
        ("half-sample.sln", "no sound"),
        ("garbage.wav", "begins with \"\\x00\\x01"),
        ("garbage.gsm", "no GSM frame"),
        ("notes.txt", "--format"),
        ("no-extension", "--format"),
        ("song.mp3", "holds MP3 sound"),
        ("song.ogg", "holds Ogg sound"),
        ("late.wav", "before any `fmt ` chunk"),
        ("adpcm.wav", "IMA ADPCM"),
        ("odd-rate.wav", "8001 samples a second"),
        ("slow.wav", "0 samples a second"),
        ("channels.wav", "0 channels"),
        ("nothing-to-hear", "holds no recordings"),
        ("pipe.wav", "is a pipe"),
        ("socket.wav", "is a socket"),
        ("zero.ulaw", "is a device"),
        ("/dev/null", "is a device"),
        ("dangling.wav", "no such file"),
        ("round.wav", "cannot be read"),
        ("missing.wav", "no such file"),
        ("first.wav/inside.wav", "no folder"),
        (&long, "the name is too long"),
    ];
    let names = ["first.wav"]
        .into_iter()
        .chain(expected.iter().map(|(name, _)| *name))
        .chain(["last.wav"]);
    let args: Vec<&str> = ["--json"].into_iter().chain(names.clone()).collect();
    let ran = house.run(&args);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(ran.files(), names.collect::<Vec<_>>());
    let lines = ran.lines();
    for line in [&lines[0], &lines[lines.len() - 1]] {
        assert_eq!(line["verdict"], "tone");
    }
    for ((name, part), line) in expected.iter().zip(&lines[1..]) {
        let error = line["error"].as_str().unwrap();
        assert!(error.contains(part), "{name}: {error}");
        let reported = format!("voicemail-guard: {name}: {error}\n");
        assert!(ran.err.contains(&reported), "{reported} in {}", ran.err);
    }
}

#[test]
fn a_recording_that_grows_all_the_time_is_heard_to_where_it_was() {
    let samples = message();
    let house = House::new(&[("grows.sln", &bytes(&samples, i16::to_le_bytes).repeat(20))]);
    let mut command = house.command(&["--json", "grows.sln"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut recording = fs::OpenOptions::new()
        .append(true)
        .open(house.path("grows.sln"))
        .unwrap();
    let mut written = 0;
    while child.try_wait().unwrap().is_none() && written < 1 << 28 {
        recording.write_all(&[0; 4_096]).unwrap();
        written += 4_096;
    }
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("warning: grew while it was read"),
        "{}",
        ran.err
    );
    assert_eq!(ran.lines().len(), 1);
}

#[test]
fn lists_and_folders_keep_their_order_over_all_cores() {
    let house = House::new(&[]);
    let mut names = Vec::new();
    for i in 0..250_u32 {
        // Neither by name nor by length.
        let name = format!("calls/{:03}.wav", i * 89 % 250);
        let sound = if i % 25 == 0 { TONE } else { HANGUP };
        if i % 50 != 7 {
            house.put(&name, sound);
        }
        names.push(name);
    }
    let lines = names.join("\n") + "\n";
    let zeros = names.join("\0");
    house.put("list", lines.as_bytes());
    for ran in [
        house.run(&["--json", "--list", "list"]),
        house.run_with_input(&["--json", "--list", "-"], lines.as_bytes()),
        house.run_with_input(&["--json", "-"], zeros.as_bytes()),
    ] {
        assert_eq!(ran.code, Some(1));
        assert_eq!(ran.files(), names);
        let failed = ran
            .lines()
            .iter()
            .filter(|l| l["error"].is_string())
            .count();
        assert_eq!(failed, 5);
    }
    house.put("calls/deep/er/one.GSM", GSM);
    house.put("calls/notes.txt", b"not looked at");
    house.put("calls/old.mp3", b"not read");
    house.put("calls/deep/old.MP3", b"not read");
    house.put("calls/deep/old.g722", b"not read");
    symlink("..", house.path("calls/deep/circle")).unwrap();
    let ran = house.run(&["--json", "calls"]);
    let mut sorted: Vec<&String> = names.iter().filter(|n| house.path(n).exists()).collect();
    sorted.sort();
    let deep = "calls/deep/er/one.GSM".to_owned();
    sorted.push(&deep);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let passed_over = "passed over: 3 files whose form is not read (1 .g722, 2 .mp3)\n";
    assert!(ran.err.ends_with(passed_over), "{}", ran.err);
    assert_eq!(ran.files().iter().collect::<Vec<_>>(), sorted);
}

#[test]
fn people_get_a_block_for_a_few_and_lines_for_many() {
    let house = House::new(&[("tone.wav", TONE), ("mess\u{1b}[31m.wav", MESSAGE)]);
    let few = house.run(&["tone.wav", "mess\u{1b}[31m.wav"]);
    for part in [
        "tone.wav\n  tone, confidence ",
        ", not delivered\n  - busy tone for ",
        "12.0 s of sound: A-law, 8000 Hz\n",
        "class    known at\n",
        "mess\\u{1b}[31m.wav\n  message, confidence ",
    ] {
        assert!(few.out.contains(part), "{part:?} in {}", few.out);
    }
    assert!(!few.out.contains('\u{1b}') && !few.out.contains("100 %"));
    let many = house.run(&[["tone.wav"; 9].as_slice(), &["gone.wav"]].concat());
    assert_eq!(many.out.lines().count(), 11, "{}", many.out);
    assert!(many.out.starts_with("tone "), "{}", many.out);
    let end = "9 recordings, 1.8 minutes of sound: 9 tone; 1 could not be heard\n";
    assert!(many.out.ends_with(end), "{}", many.out);
    assert_eq!(many.code, Some(1));
}

#[test]
fn each_call_has_its_picture_and_hostile_names_do_no_harm() {
    let evil = "</title><script>alert(1)</script>&\u{202e}\".wav";
    let house = House::new(&[("a/x.wav", TONE), ("b/x.wav", MESSAGE)]);
    house.put("precious", b"precious");
    // A name with a slash cannot be.
    let evil = evil.replace('/', "∕");
    house.put(&evil, HANGUP);
    fs::create_dir(house.path("pictures")).unwrap();
    symlink("../precious", house.path("pictures/1-x.svg")).unwrap();
    let ran = house.run(&["--json", "--plot", "pictures", "a/x.wav", "b/x.wav", &evil]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(fs::read(house.path("precious")).unwrap(), b"precious");
    let mut names: Vec<String> = fs::read_dir(house.path("pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[..2], ["1-x.svg", "2-x.svg"]);
    assert!(
        names[2].starts_with("3-__title__script_alert_1_"),
        "{names:?}"
    );
    assert!(names[2].is_ascii());
    for (name, parts) in names.iter().zip([
        ["tone</text>", "busy tone for", "class=\"wave tone\""],
        ["message</text>", "of speech", "class=\"wave speech\""],
        ["hangup</text>", "no near voice", "&lt;script&gt;"],
    ]) {
        let picture = fs::read_to_string(house.path("pictures").join(name)).unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(!picture.contains("<script") && !picture.contains('\u{202e}'));
        for part in parts {
            assert!(picture.contains(part), "{part} in {name}");
        }
        assert_eq!(
            picture.matches("<text").count(),
            picture.matches("</text>").count()
        );
    }
    assert_eq!(house.run(&["--plot", "precious", "a/x.wav"]).code, Some(2));
}

#[test]
fn every_second_is_explained() {
    let house = House::new(&[("tone.wav", TONE)]);
    let ran = house.run(&["--explain", "tone.wav"]);
    let rows: Vec<&str> = ran.out.lines().filter(|l| l.contains(" dB  ")).collect();
    assert_eq!(rows.len(), 12, "{}", ran.out);
    let json = house.run(&["--explain", "--json", "tone.wav"]);
    let line = &json.lines()[0];
    let seconds = line["explain"].as_array().unwrap();
    assert_eq!(seconds.len(), 12);
    for second in seconds {
        let probabilities = second["probabilities"].as_object().unwrap();
        let sum: f64 = probabilities.values().map(|p| p.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 0.02, "{second}");
        assert!(second["level"].is_f64() && second["cues"].is_array());
    }
    let tone = seconds[5]["probabilities"]["tone"].as_f64().unwrap();
    assert!(tone > 0.5, "{}", seconds[5]);
}

#[test]
fn wrong_usage_is_told_at_once() {
    let house = House::new(&[("a.wav", TONE), ("blank", b"\n\n")]);
    for (args, part) in [
        (&[][..], "required"),
        (&["--list", "gone"], "cannot read the list \"gone\""),
        (&["--list", "blank"], "holds no names"),
        (&["--list", "/dev/zero"], "is it a list of names?"),
        (&["-"], "on standard input"),
        (&["--format", "mp3", "a.wav"], "ulaw, alaw, gsm, wav"),
        (
            &["--plot", "/proc/pictures", "a.wav"],
            "cannot write pictures",
        ),
    ] {
        let ran = house.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_ends_it() {
    let house = House::new(&[("a.wav", TONE)]);
    let names = vec!["a.wav"; 2_000];
    let mut command = house.command(&["--json"]);
    command.args(names).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut some).unwrap();
    drop(out);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn help_tells_exit_codes_and_examples() {
    let help = House::new(&[]).run(&["--help"]).out;
    for part in [
        "Exit code: 0",
        "Examples:",
        "--plot <FOLDER>",
        "\"at\"",
        ".sln",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}
