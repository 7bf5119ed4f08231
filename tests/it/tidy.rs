//! Rules about the sources themselves: who may import what, and what may not lie about.

use std::fs;
use std::path::Path;

use crate::import_rules::{RULES, Rule};
use crate::support::sources::{files_below, root, short};

/// The shell that decides nothing about a call: beside itself it takes only what begins so.
const NO_DECISIONS: [(&str, &[&str]); 2] = [
    (
        "call_log",
        &[
            "access::",
            "audio::",
            "case",
            "clock::",
            "figures::",
            "hearing::{Class, ",
            "hearing::Class",
            "hearing::Segment",
            "imported::",
            "metrics::METRICS",
            "keeping::",
            "number",
            "wording::",
            "call_record::",
            "text::",
            "token::",
        ],
    ),
    (
        "delivery",
        &[
            "ami",
            "audio::",
            "call_log::",
            "clock::",
            "config::",
            "hearing::{Class, ",
            "hearing::Class",
            "metrics::",
            "wording::",
            "prompts::Prompt",
            "call_record::",
            "recordings",
            "tap::",
            "text::",
        ],
    ),
];

/// Files of a pure module that take more from outside.
const MORE_FROM_OUTSIDE: [(&str, &[&str]); 7] = [
    ("src/agi/codec.rs", &["tokio_util"]),
    ("src/case/tests.rs", &["proptest"]),
    ("src/answered_calls/calls_up/tests.rs", &["proptest"]),
    ("src/call_record/tests.rs", &["proptest"]),
    ("src/keeping/tests.rs", &["proptest"]),
    ("src/queue_watch/watch/tests.rs", &["proptest"]),
    ("src/number/mention/tests.rs", &["proptest"]),
];

/// What no pure module does: wait, look at the clock, touch files, the network or the log.
const SHELL: [&str; 12] = [
    "tokio::",
    "tracing::",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "::now(",
    "Clock",
    "crate::clock",
    "crate::config",
];

/// An address is a value, and no network.
const ADDRESS: &str = "std::net::SocketAddr";

#[test]
fn pure_modules_import_only_what_they_may() {
    for rule in &RULES {
        let files = files_below(&root().join("src").join(rule.module), "rs");
        assert!(!files.is_empty(), "{}", rule.module);
        for file in files {
            let name = short(&file);
            let source = code(&file);
            let extra = MORE_FROM_OUTSIDE.iter().find(|(file, _)| *file == name);
            let outside = |word: &str| {
                rule.from_outside.contains(&word)
                    || extra.is_some_and(|(_, words)| words.contains(&word))
            };
            for (line, text) in source.lines().enumerate() {
                let place = format!("{name}:{}: {}", line + 1, text.trim());
                for word in SHELL {
                    let allowed = word == "tokio::" && text.contains("tokio_util::")
                        || word == "std::net" && text.contains(ADDRESS);
                    assert!(
                        allowed || !text.contains(word),
                        "{word} in a pure module: {place}"
                    );
                }
                for path in text.split("crate::").skip(1) {
                    assert!(
                        rule.may_take(path),
                        "{} may not import {path}: {place}",
                        rule.module
                    );
                }
            }
            for path in imports(&source) {
                check_import(&path, &file, &name, rule, &outside);
            }
        }
    }
}

#[test]
fn the_shell_behind_a_call_decides_nothing_about_it() {
    for (module, allowed) in NO_DECISIONS {
        for file in files_below(&root().join("src").join(module), "rs") {
            for (line, text) in code(&file).lines().enumerate() {
                for path in text.split("crate::").skip(1) {
                    let own = path
                        .strip_prefix(module)
                        .is_some_and(|p| p.starts_with("::"));
                    assert!(
                        own || allowed.iter().any(|start| path.starts_with(start)),
                        "{}:{}: crate::{path}",
                        short(&file),
                        line + 1
                    );
                }
            }
        }
    }
}

#[test]
fn sql_stands_in_one_folder() {
    for file in files_below(&root().join("src"), "rs") {
        let name = short(&file);
        let is_there = code(&file).contains("rusqlite");
        assert!(
            !is_there || name.starts_with("src/call_log/sqlite/"),
            "{name}"
        );
    }
}

fn check_import(path: &str, file: &Path, name: &str, rule: &Rule, outside: &dyn Fn(&str) -> bool) {
    let first = path.split("::").next().unwrap().trim_start_matches("r#");
    match first {
        _ if path == ADDRESS => {}
        "std" | "core" => {
            let inside: Vec<_> = path["std".len()..].split([':', '{', '}', ',']).collect();
            for word in ["env", "fs", "net", "process", "thread"] {
                assert!(!inside.contains(&word), "{name}: use {path}");
            }
        }
        "crate" => {
            let group = path.strip_prefix("crate::{").unwrap_or_default();
            for part in group.split(',') {
                assert!(rule.may_take(part), "{name}: use {path}");
            }
        }
        "self" | "super" => {}
        _ => {
            let folder = file.parent().unwrap();
            let beside = folder.join(format!("{first}.rs")).exists() || folder.join(first).exists();
            let local = beside || first.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(
                local || outside(first),
                "{name} may not use {first}: use {path}"
            );
        }
    }
}

#[test]
fn nothing_unfinished_lies_about() {
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
        concat!("XX", "X:"),
        concat!("#[ig", "nore"),
        concat!("#[should_", "panic"),
        concat!("#[al", "low("),
    ];
    for file in files_below(&root(), "rs") {
        let source = fs::read_to_string(&file).unwrap();
        for (line, text) in source.lines().enumerate() {
            for word in words {
                assert!(
                    !text.contains(word),
                    "{}:{}: {text}",
                    short(&file),
                    line + 1
                );
            }
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for file in files_below(&root(), "rs") {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines", short(&file));
    }
}

#[test]
fn no_file_is_a_burden_on_every_clone() {
    for file in files_below(&root(), "") {
        let bytes = file.metadata().unwrap().len();
        assert!(bytes <= 2 << 20, "{} has {bytes} bytes", short(&file));
    }
}

#[test]
fn the_loose_files_are_there() {
    for name in [
        ".ci/run",
        "CHANGELOG.md",
        "Cargo.lock",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "clippy.toml",
        "deny.toml",
        "justfile",
        "rustfmt.toml",
        "voicemail-guard.toml",
    ] {
        assert!(root().join(name).is_file(), "{name}");
    }
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let first = changelog.lines().find(|line| line.starts_with("## "));
    assert_eq!(first, Some("## Unreleased"));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let folders = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
        concat!("../sh", "ared"),
    ];
    for file in files_below(&root(), "") {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for (line, text) in text.lines().enumerate() {
            for folder in folders {
                assert!(
                    !text.contains(folder),
                    "{}:{}: {text}",
                    short(&file),
                    line + 1
                );
            }
        }
    }
}

#[test]
fn every_fuzz_target_has_a_corpus() {
    let folder = root().join("tests/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in files_below(&folder.join("targets"), "rs") {
        let name = target.file_stem().unwrap().to_str().unwrap();
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not built"
        );
        let corpus = files_below(&folder.join("corpus").join(name), "");
        assert!(!corpus.is_empty(), "{name} has no corpus to replay");
    }
}

#[test]
fn the_checks_can_fail() {
    let source = "use std::{\n    fmt,\n    fs,\n};\npub use nom::branch::alt;\n";
    assert_eq!(imports(source), ["std::{fmt,fs,}", "nom::branch::alt"]);
    let rule = Rule {
        module: "call",
        from_this_crate: &["tap::plan"],
        from_outside: &[],
    };
    let all = ["call::X", "tap::plan::X", "{agi, text}"];
    assert!(all.iter().all(|path| rule.may_take(path)));
    let none = ["call_log::X", "tap::X", "tap::plans::X", "web::Y"];
    assert!(!none.iter().any(|path| rule.may_take(path)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.rs");
    fs::write(
        &file,
        "use a::B; // tokio::\n/// tokio::\nfn f() {}\n#[cfg(test)]\nmod tests {}\n",
    )
    .unwrap();
    assert_eq!(code(&file), "use a::B; \n\nfn f() {}");
}

/// The paths of all `use` items, without blanks.
fn imports(source: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find("use ") {
        let before = rest[..at].trim_end_matches([' ', '\t']);
        let visible = ["", "\n", "pub", ")"]
            .iter()
            .any(|end| before.ends_with(end) && !end.is_empty());
        rest = &rest[at + "use ".len()..];
        if at == 0 || before.is_empty() || visible {
            let path = rest.split(';').next().unwrap();
            paths.push(path.split_whitespace().collect());
        }
    }
    paths
}

/// A file without its comments and without its tests.
fn code(file: &Path) -> String {
    let source = fs::read_to_string(file).unwrap();
    let lines = source.lines();
    let lines = lines.take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}
