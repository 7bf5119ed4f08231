//! What the documents say of the code is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::sources::{files_below, root, short};

#[test]
fn what_the_documents_point_to_is_there() {
    for file in files_below(&root(), ".md") {
        let text = fs::read_to_string(&file).unwrap();
        for (target, place) in links(&text) {
            let path = match target {
                "" => file.clone(),
                _ => file.parent().unwrap().join(target),
            };
            assert!(path.exists(), "{} points to {target}", short(&file));
            assert!(
                place.is_empty() || has_heading(&fs::read_to_string(path).unwrap(), place),
                "{} points to {target}#{place}",
                short(&file)
            );
        }
    }
}

#[test]
fn the_front_page_is_short_and_leads_to_every_other() {
    let front = root().join("README.md");
    assert!(fs::read_to_string(&front).unwrap().lines().count() <= 130);
    let mut seen = BTreeSet::from([front.clone()]);
    let mut open = vec![front];
    while let Some(page) = open.pop() {
        let text = fs::read_to_string(&page).unwrap();
        for (target, _) in links(&text).filter(|(target, _)| !target.is_empty()) {
            let path = page.parent().unwrap().join(target);
            let pages = [path.clone(), path.join("README.md")].into_iter();
            let is_page =
                |path: &PathBuf| path.is_file() && path.extension().is_some_and(|e| e == "md");
            for page in pages.filter(is_page) {
                let page = page.canonicalize().unwrap();
                if seen.insert(page.clone()) {
                    open.push(page);
                }
            }
        }
    }
    for page in files_below(&root(), ".md") {
        let known = seen.contains(&page.canonicalize().unwrap());
        assert!(known, "no link leads to {}", short(&page));
    }
}

#[test]
fn the_map_of_the_code_tells_the_truth() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let wrong = untrue(&map);
    assert!(wrong.is_empty(), "ARCHITECTURE.md: {wrong:#?}");
    let places = map
        .lines()
        .map(|line| quoted(line).filter(|word| is_path(word)).count());
    assert!(places.sum::<usize>() > 60, "its places are no longer found");
}

#[test]
fn the_checks_can_fail() {
    let text = "[a](b.md) and [c](https://d) and [e](#f) and [g](h/i#j)";
    let found: Vec<_> = links(text).collect();
    assert_eq!(found, [("b.md", ""), ("", "f"), ("h/i", "j")]);
    let headings = "# One\n## 3. The [mail.boxes] of `A_b`\n";
    assert!(has_heading(headings, "3-the-mailboxes-of-a_b") && has_heading(headings, "one"));
    assert!(!has_heading(headings, "the-mailboxes-of-a_b"));
    for (line, faults) in [
        ("see `src/lib.rs`, `src/nothing.rs`", 1),
        ("| a | `src/agi/mod.rs`, `reply.rs`, `none.rs` |", 1),
        (
            "| a | `src/call/policy.rs`, `Policy::advise`, `advice` |",
            1,
        ),
        (
            "| v | `src/call/policy.rs` |\n|---|---|\n| `a` | `is_idle`, `is_busy` |",
            1,
        ),
    ] {
        assert_eq!(untrue(line).len(), faults, "{line}");
    }
}

/// What a map says of the code that is not so: a path that is not there, or, behind a path in the last columns of a
/// table, a name that is not defined there. A row without a path goes by those in its table's head.
fn untrue(map: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut head: Option<Vec<PathBuf>> = None;
    for line in map.lines() {
        let mut files = Vec::new();
        for word in quoted(line) {
            let last = files.last().map(PathBuf::as_path);
            let beside = last.and_then(|file: &Path| {
                if file.is_dir() {
                    Some(file)
                } else {
                    file.parent()
                }
            });
            let path = match beside {
                Some(folder) if !word.contains('/') && is_rust(word) => folder.join(word),
                _ if is_path(word) => root().join(word),
                _ => continue,
            };
            if !path.exists() {
                wrong.push(format!("no {word}: {line}"));
            }
            files.push(path);
        }
        if !line.starts_with('|') {
            head = None;
            continue;
        }
        let head = head.get_or_insert_with(|| files.clone());
        if files.is_empty() {
            files.clone_from(head);
        }
        let places = line.split(" | ").skip(1);
        for name in places.flat_map(quoted).filter(|word| is_name(word)) {
            let mut sources = files.iter().flat_map(|file| files_below(file, ""));
            let there = sources.any(|file| defines(&fs::read_to_string(file).unwrap(), name));
            if !files.is_empty() && !there {
                wrong.push(format!("{name} is not there: {line}"));
            }
        }
    }
    wrong
}

fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_path(word: &str) -> bool {
    let folders = ["src/", "tests/", "examples/", "asterisk-conf/"];
    folders.iter().any(|folder| word.starts_with(folder)) && !word.contains(' ')
}

fn is_rust(word: &str) -> bool {
    Path::new(word)
        .extension()
        .is_some_and(|ending| ending == "rs")
}

fn is_name(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == ':')
}

/// A function, type, variant, field, or a variable of the dialplan.
fn defines(text: &str, name: &str) -> bool {
    let name = name.rsplit("::").next().unwrap_or(name);
    let before = [
        "fn ", "enum ", "struct ", "trait ", "const ", "    ", "pub ", "${",
    ];
    text.match_indices(name).any(|(at, _)| {
        let after = text[at + name.len()..].chars().next();
        let begins = before.iter().any(|word| text[..at].ends_with(word));
        begins && after.is_some_and(|c| "(<: {,}".contains(c))
    })
}

/// Where the links of a Markdown text lead to in the repository: file (empty: the same) and heading.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let targets = targets.filter(|target| !target.contains("://"));
    targets.map(|target| target.split_once('#').unwrap_or((target, "")))
}

/// Whether a Markdown text has the heading that a link names, by GitHub's rule for such names.
fn has_heading(text: &str, name: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut names = headings.map(|line| {
        let kept = line.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.replace(|c: char| !c.is_alphanumeric() && !"_- ".contains(c), "");
        kept.replace(' ', "-")
    });
    names.any(|heading| heading == name)
}
