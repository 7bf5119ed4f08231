//! The reference pages name all there is, and what they show is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use voicemail_guard::call_record::Verdict;
use voicemail_guard::cli::Cli;
use voicemail_guard::metrics::FAMILIES;

use crate::support::records::closed;
use crate::support::sources::{files_below, root, short};

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What stands under a heading of the second level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, behind) = page
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    behind.split("\n## ").next().unwrap()
}

/// The cells of the rows of all tables.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
}

/// What a cell quotes, if it is nothing but that.
fn quoted(cell: &str) -> Option<&str> {
    let inner = cell.trim().strip_prefix('`')?.strip_suffix('`')?;
    (!inner.contains('`')).then_some(inner)
}

#[test]
fn the_page_of_settings_has_each_with_its_default() {
    let sample = page("voicemail-guard.toml");
    let mut settings: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut table = "";
    for line in sample.lines() {
        if line.starts_with("#[") {
            break;
        }
        if line.starts_with('[') {
            table = line;
            settings.insert(table, Vec::new());
        } else if let Some((name, default)) = line
            .strip_prefix('#')
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .and_then(|line| line.split_once(" = "))
        {
            settings.get_mut(table).unwrap().push((name, default));
        }
    }
    let all: usize = settings.values().map(Vec::len).sum();
    assert!(all > 60, "the settings are no longer found");
    let page = page("src/config/README.md");
    for (table, expected) in settings {
        let shown = rows(section(&page, table))
            .filter_map(|row| Some((quoted(row[0])?, quoted(row[1])?)))
            .collect::<Vec<_>>();
        assert_eq!(shown, expected, "{table}");
    }
}

#[test]
fn the_page_of_events_has_each_and_each_line_above_debug_has_one() {
    let mut used = BTreeMap::<String, BTreeSet<&str>>::new();
    for path in files_below(&root().join("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let program = text.split("\nmod tests {").next().unwrap();
        for level in ["info", "warn", "error"] {
            let call = format!("{level}!(");
            for (at, _) in program.match_indices(&call) {
                if program[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let mut arguments = program[at + call.len()..].trim_start();
                if let Some(rest) = arguments.strip_prefix("target:") {
                    arguments = rest.split_once(',').unwrap().1.trim_start();
                }
                let named = arguments.strip_prefix("event = \"");
                let Some((name, _)) = named.and_then(|rest| rest.split_once('"')) else {
                    panic!("{}: no event: {call}{:.60}", short(&path), arguments);
                };
                used.entry(name.to_owned()).or_default().insert(level);
            }
        }
    }
    assert!(used.len() > 80, "the events are no longer found");
    let page = page("src/telemetry/README.md");
    let mut shown = BTreeMap::<String, BTreeSet<&str>>::new();
    for row in rows(section(&page, "Events")) {
        let Some(name) = quoted(row[0]) else { continue };
        let levels = row[1].split(',').map(str::trim).collect();
        let twice = shown.insert(name.to_owned(), levels);
        assert!(twice.is_none(), "{name} stands there twice");
    }
    assert_eq!(shown, used);
}

#[test]
fn the_page_of_metrics_has_each_with_its_kind_and_unit() {
    let page = page("src/metrics/README.md");
    let shown: Vec<_> = rows(section(&page, "Metrics"))
        .filter_map(|row| Some((quoted(row[0])?, row[1].trim(), row[2].trim())))
        .collect();
    let shown: Vec<_> = shown.iter().filter(|row| row.0 != "name").collect();
    let names: Vec<_> = shown.iter().map(|row| (row.0, row.1)).collect();
    let expected = FAMILIES.iter().map(|family| (family.name, family.kind));
    assert_eq!(names, expected.collect::<Vec<_>>());
    for (name, _, unit) in shown {
        let bare = name.trim_end_matches("_total");
        for of in ["seconds", "bytes"] {
            assert_eq!(bare.ends_with(of), *unit == of, "{name}");
        }
    }
}

#[test]
fn the_page_of_commands_has_each_with_its_options() {
    let page = page("src/cli/README.md");
    let mut cli = Cli::command();
    cli.build();
    let mut commands = 0;
    for command in cli.get_subcommands().filter(|c| c.get_name() != "help") {
        commands += 1;
        let takes = |global: bool| {
            let below = command.get_subcommands().filter(|c| c.get_name() != "help");
            let below = below.flat_map(clap::Command::get_arguments);
            let options = command.get_arguments().chain(below).filter(move |option| {
                option.is_global_set() == global
                    && !option.is_hide_set()
                    && option.get_long() != Some("help")
            });
            options.filter_map(|option| {
                let long = option.get_long()?;
                let value = option.get_value_names().and_then(<[_]>::first);
                let value = value.filter(|_| option.get_action().takes_values());
                Some(value.map_or_else(|| format!("--{long}"), |name| format!("--{long} {name}")))
            })
        };
        let own = section(&page, command.get_name());
        let shown: BTreeSet<_> = rows(own)
            .filter_map(|row| quoted(row[0]).map(str::to_owned))
            .filter(|name| name.starts_with("--"))
            .collect();
        assert_eq!(shown, takes(false).collect(), "{}", command.get_name());
        let head = page.split("\n## ").next().unwrap();
        for shared in takes(true) {
            assert!(head.contains(&format!("| `{shared}` |")), "{shared}");
        }
    }
    assert_eq!(commands, page.matches("\n## ").count());
}

#[test]
fn every_command_that_the_documents_show_is_taken() {
    let mut commands = 0;
    for file in files_below(&root(), ".md") {
        let text = fs::read_to_string(&file).unwrap();
        for shown in code(&text) {
            let shown = shown.trim_start_matches("target/release/");
            if !shown.starts_with("voicemail-guard ") {
                continue;
            }
            let ends = [" #", " > ", " | "].iter();
            let end = ends.filter_map(|end| shown.find(end)).min();
            let shown = &shown[..end.unwrap_or(shown.len())];
            let words: Vec<_> = shown.split_whitespace().collect();
            if let Err(error) = Cli::try_parse_from(&words) {
                // Two words name a command, without what it wants.
                let named = words.len() == 2 && error.kind() == ErrorKind::MissingRequiredArgument;
                assert!(named, "{}: {shown}: {error}", short(&file));
            }
            commands += 1;
        }
    }
    assert!(commands > 20, "the commands are no longer found");
}

/// The lines of a Markdown text's code, and what is quoted in its prose.
fn code(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            found.push(line.trim_start());
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

#[test]
fn the_table_of_callers_has_every_verdict_and_who_is_delivered() {
    let page = page("README.md");
    let table = section(&page, "What it does with which caller");
    let mut verdicts = BTreeSet::new();
    for row in rows(table).skip(1) {
        let verdict: Verdict = quoted(row[2]).unwrap().parse().unwrap();
        let delivered = row[3].starts_with("delivered");
        assert_eq!(delivered, verdict.is_delivered(), "{row:?}");
        verdicts.insert(verdict);
    }
    assert_eq!(verdicts, BTreeSet::from(Verdict::ALL));
}

#[test]
fn the_page_of_the_call_log_has_every_field_of_a_record() {
    let page = page("src/call_log/README.md");
    let shown: BTreeSet<_> = rows(section(&page, "A record"))
        .flat_map(|row| row[0].split(", ").filter_map(quoted).collect::<Vec<_>>())
        .collect();
    let record = serde_json::to_value(closed(1, Verdict::Message)).unwrap();
    // Kept for the guard itself; the page of a call has them.
    let inner = ["timeline", "repeat_window_s"];
    for field in record.as_object().unwrap().keys() {
        assert!(
            inner.contains(&&**field) || shown.contains(&**field),
            "{field}"
        );
    }
    for field in [
        "would_have",
        "watched",
        "test",
        "case",
        "correction",
        "undelivered",
    ] {
        assert!(shown.contains(field), "{field}");
    }
}

#[test]
fn the_picture_is_what_classify_draws() {
    let folder = tempfile::tempdir().unwrap();
    let sound = root().join("examples/calls/hold_music.wav");
    let ran = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
        .args(["classify", "--plot"])
        .args([folder.path(), &sound])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let drawn = fs::read_to_string(folder.path().join("1-hold_music.svg")).unwrap();
    let shown = fs::read_to_string(sound.with_extension("svg")).unwrap();
    assert!(texts(&shown).count() > 10, "its texts are no longer found");
    assert!(
        texts(&shown).eq(texts(&drawn)),
        "draw examples/calls/hold_music.svg anew, by classify --plot"
    );
}

/// The words in a picture: what the ear made of a call. The strokes' last digits are the machine's.
fn texts(svg: &str) -> impl Iterator<Item = &str> {
    let texts = svg.split("<text ").skip(1);
    texts.filter_map(|text| text.split_once('>')?.1.split("</text>").next())
}
