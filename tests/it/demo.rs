//! `demo`, run as an administrator runs it first.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use voicemail_guard::record::Verdict;

#[test]
fn every_example_call_gets_its_verdict_and_its_record() {
    let output = demo(&[("--once", ""), ("--speed", "6")]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let mut kinds = BTreeSet::new();
    for line in told.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let ["right", _, "expected", expected, verdict, ..] = words[..] {
            assert_eq!(expected, verdict);
            assert!(kinds.insert(verdict), "{verdict} twice:\n{told}");
        }
    }
    assert_eq!(
        kinds,
        BTreeSet::from(Verdict::ALL.map(Verdict::as_str)),
        "{told}"
    );
    let records = format!("{} records in the call log.", kinds.len());
    assert!(told.contains(&records) && !told.contains("WRONG"), "{told}");
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
    ]);
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
    let output = demo(&[("--once", ""), ("--data", "here")]);
    assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("demo takes no --data"), "{told}");
}

/// Runs it with these options and, in capitals, variables.
fn demo(given: &[(&str, &str)]) -> Output {
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
    command.output().unwrap()
}
