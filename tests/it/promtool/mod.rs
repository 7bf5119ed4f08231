//! The figures, alerts and dashboard, as Prometheus' own promtool reads them.
//!
//! `tests/run` provides promtool and says where in `VOICEMAIL_GUARD_TEST_PROMTOOL`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use voicemail_guard::metrics::{FAMILIES, METRICS, State};

use crate::support::sources::root;

fn promtool() -> Command {
    let provided = std::env::var_os("VOICEMAIL_GUARD_TEST_PROMTOOL");
    let mut command = Command::new(provided.expect("VOICEMAIL_GUARD_TEST_PROMTOOL; see tests/run"));
    command.current_dir(folder());
    command
}

fn folder() -> PathBuf {
    root().join("examples/prometheus")
}

/// That it has nothing to say.
fn is_clean(output: &Output) {
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said:?}");
}

#[test]
fn the_figures_follow_the_conventions() {
    let text = METRICS.text(&State {
        outbox: Some([1, 2]),
        oldest_s: Some(1.5),
        journal: Some(0),
        free: [Some(1), Some(2)],
        has_ami: true,
        ..State::default()
    });
    let mut checking = promtool()
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = checking.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = checking.wait_with_output().unwrap();
    is_clean(&output);
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn the_alerts_are_sound_and_come_when_they_should() {
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
    ] {
        is_clean(&promtool().args(arguments).output().unwrap());
    }
}

#[test]
fn alerts_and_dashboard_ask_for_what_there_is() {
    for (file, least) in [("alerts.yml", 9), ("dashboard.json", FAMILIES.len() - 1)] {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let asked = text.match_indices("voicemail_guard_").map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            rest[..end.unwrap()].trim_end_matches("_bucket")
        });
        let mut asked: Vec<_> = asked.collect();
        asked.sort_unstable();
        asked.dedup();
        for name in &asked {
            let is_there = FAMILIES.iter().any(|family| family.name == *name);
            assert!(is_there, "{file}: {name}");
        }
        assert!(asked.len() >= least, "{file}: {asked:?}");
    }
    let dashboard = std::fs::read(folder().join("dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_slice(&dashboard).unwrap();
    assert!(
        dashboard["panels"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    );
}
