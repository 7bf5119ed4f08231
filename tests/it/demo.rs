//! `demo`, run as an administrator runs it first.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use voicemail_guard::call_log::{Query, Reader};
use voicemail_guard::call_record::{EndedBy, Verdict};
use voicemail_guard::clock::Clock;

#[test]
fn every_example_call_is_told_as_it_ends_and_has_its_record() {
    let clock = Clock::default();
    let mut demo = demo(&[("--speed", "6")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let (mut shown, mut stories, mut begun) = (Vec::new(), BTreeMap::new(), None);
    while !shown
        .last()
        .is_some_and(|line: &String| line.contains("Ctrl-C"))
    {
        let line = lines.next().expect("a last line").unwrap();
        begun.get_or_insert_with(|| clock.now());
        if let Some((verdict, story)) = story(&line) {
            let before = stories.insert(verdict, (story, clock.now()));
            assert!(before.is_none(), "{verdict} twice");
        }
        shown.push(line);
    }
    let all = shown.join("\n");
    assert_eq!(stories.len(), Verdict::ALL.len(), "{all}");
    assert!(shown[0].starts_with("10 example calls "), "{all}");
    assert!(
        shown.iter().all(|line| line.chars().count() <= 100),
        "wider than 100 columns:\n{all}"
    );
    for word in ["expected", "WRONG", "1700000000"] {
        assert!(!all.contains(word), "{word}:\n{all}");
    }
    let ends = stories.values().map(|(_, at)| *at);
    let (first, last) = (ends.clone().min().unwrap(), ends.max().unwrap());
    let apart = Duration::from_secs(5);
    assert!(last - first > apart, "all shown at the end:\n{all}");
    assert!(last - begun.unwrap() > apart, "shown late:\n{all}");

    for next in ["voicemail-guard classify FILE", "asterisk-conf/README.md"] {
        assert!(all.contains(next), "{next}:\n{all}");
    }
    let (_, data) = all.split_once("voicemail-guard calls --data ").unwrap();
    let data = Path::new(data.split_whitespace().next().unwrap());
    let records = Reader::open(data).unwrap();
    for record in records.calls(&Query::default()).unwrap() {
        let verdict = record.verdict.unwrap();
        let ([_, guard, _, team], _) = &stories[&verdict];
        let ended = matches!(record.ended_by, Some(EndedBy::Guard | EndedBy::Limit));
        assert_eq!(
            guard.contains("ended the call"),
            ended,
            "{verdict}: {guard}"
        );
        assert_eq!(team == "the message", verdict.is_delivered(), "{verdict}");

        let lasted = record.ended.unwrap().duration_since(record.started);
        let heard = record.timeline.last().map_or(0.0, |s| s.end.as_secs_f64());
        assert!(lasted.as_secs_f64() >= heard, "{lasted:?} of {heard} s");
    }
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(0));
    assert!(!data.exists(), "it leaves nothing behind");
}

/// The cells of a line that is a caller's story, and its verdict.
fn story(line: &str) -> Option<(Verdict, [String; 4])> {
    let cells = line
        .split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty());
    let cells: Vec<_> = cells.map(str::to_owned).collect();
    let cells: [String; 4] = cells.try_into().ok()?;
    Some((cells[2].parse().ok()?, cells))
}

#[test]
fn calls_that_are_no_example_of_anything_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("guard.toml");
    std::fs::write(&config, "[defaults]\nrefuse = ['_+49X.']\n").unwrap();
    let data = folder.path().join("data");
    let output = demo(&[
        ("--once", ""),
        ("--config", config.to_str().unwrap()),
        ("VOICEMAIL_GUARD_DATA", data.to_str().unwrap()),
        ("COLUMNS", "80"),
    ])
    .output()
    .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    // Whom a list refuses is unsure: right for one of them.
    let wrong = shown.lines().filter(|line| line.contains("WRONG: "));
    let wrong: Vec<_> = wrong.collect();
    assert_eq!(wrong.len(), Verdict::ALL.len() - 1, "{shown}");
    let unsure = wrong.iter().any(|line| line.contains("is made for unsure"));
    assert!(!unsure, "{shown}");
    assert!(shown.contains("9 of 10 calls went wrong"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "wider than the terminal:\n{shown}"
    );
    assert!(!shown.contains("--data"), "the folder is gone:\n{shown}");
    assert!(!data.exists(), "the data of others are left alone");
}

#[test]
fn a_data_folder_is_refused() {
    let output = demo(&[("--once", ""), ("--data", "here")])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]));
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("demo takes no --data"), "{shown}");
}

/// It, with these options and, in capitals, variables.
fn demo(given: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"));
    command.arg0("voicemail-guard").arg("demo");
    for variable in ["CONFIG", "DATA", "LOG"] {
        command.env_remove(format!("VOICEMAIL_GUARD_{variable}"));
    }
    command.env_remove("COLUMNS");
    for (name, value) in given {
        match (name.starts_with("--"), value.is_empty()) {
            (true, true) => command.arg(name),
            (true, false) => command.args([name, value]),
            (false, _) => command.env(name, value),
        };
    }
    command
}
