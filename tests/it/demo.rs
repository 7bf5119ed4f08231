//! `demo`, run as an administrator runs it first.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use voicemail_guard::call_log::{Query, Reader};
use voicemail_guard::record::Verdict;

#[test]
fn every_example_call_gets_its_verdict_and_its_record() {
    let mut demo = demo(&[("--speed", "6")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let (mut kinds, mut before) = (BTreeSet::new(), Vec::new());
    let data = loop {
        let line = lines.next().expect("a last line").unwrap();
        if let Some((_, data)) = line.split_once("--data ") {
            break data.split_whitespace().next().unwrap().to_owned();
        }
        if let ["right", _, "expected", expected, verdict, ..] =
            line.split_whitespace().collect::<Vec<_>>()[..]
        {
            assert_eq!(expected, verdict);
            assert!(kinds.insert(verdict.to_owned()), "{verdict} twice");
        }
        before.push(line);
    };
    let known = Verdict::ALL.map(|verdict| verdict.as_str().to_owned());
    assert_eq!(kinds, BTreeSet::from(known), "{before:?}");
    let records = format!("{} records in the call log.", kinds.len());
    assert!(before.contains(&records), "{before:?}");
    assert!(!before.concat().contains("WRONG"), "{before:?}");

    let records = Reader::open(Path::new(&data)).unwrap();
    for record in records.calls(&Query::default()).unwrap() {
        let lasted = record.ended.unwrap().duration_since(record.started);
        let heard = record.timeline.last().map_or(0.0, |s| s.end.as_secs_f64());
        assert!(lasted.as_secs_f64() >= heard, "{lasted:?} of {heard} s");
    }
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert!(!Path::new(&data).exists(), "it leaves nothing behind");
}

#[test]
fn calls_that_are_no_example_of_anything_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("guard.toml");
    std::fs::write(&config, "[defaults]\nrefuse = ['_+49911X.']\n").unwrap();
    let data = folder.path().join("data");
    let output = demo(&[
        ("--once", ""),
        ("--config", config.to_str().unwrap()),
        ("VOICEMAIL_GUARD_DATA", data.to_str().unwrap()),
    ])
    .output()
    .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    // Whom a list refuses is unsure.
    let right: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with("right"))
        .collect();
    assert!(
        right.len() == 1 && right[0].contains("expected unsure"),
        "{told}"
    );
    assert!(!data.exists(), "the data of others are left alone");
}

#[test]
fn a_data_folder_is_refused() {
    let output = demo(&[("--once", ""), ("--data", "here")])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("demo takes no --data"), "{told}");
}

/// It, with these options and, in capitals, variables.
fn demo(given: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"));
    command.arg("demo");
    for variable in ["CONFIG", "DATA", "LOG"] {
        command.env_remove(format!("VOICEMAIL_GUARD_{variable}"));
    }
    for (name, value) in given {
        match (name.starts_with("--"), value.is_empty()) {
            (true, true) => command.arg(name),
            (true, false) => command.args([name, value]),
            (false, _) => command.env(name, value),
        };
    }
    command
}
