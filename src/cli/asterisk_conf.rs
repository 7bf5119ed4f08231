//! A file of Asterisk's configuration with all that it includes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A configuration of Asterisk's with what it includes, without comments.
#[derive(Default)]
pub(super) struct AsteriskConf {
    pub(super) text: Vec<String>,
    pub(super) includes: Vec<Include>,
    /// Files that it includes and that cannot be read from here.
    pub(super) unread: Vec<PathBuf>,
    /// Which file includes which that is not there, so that Asterisk takes none of all this.
    pub(super) missing: Vec<(PathBuf, PathBuf)>,
}

pub(super) struct Include {
    pub(super) from: PathBuf,
    pub(super) file: String,
    pub(super) try_only: bool,
}

impl Include {
    fn read(line: &str, from: &Path) -> Option<Self> {
        let (word, rest) = line.split_once(char::is_whitespace)?;
        let word = word.to_ascii_lowercase();
        let try_only = word == "#tryinclude";
        let file = rest.trim().trim_matches(['"', '<', '>', '\'']);
        (try_only || word == "#include").then(|| Self {
            from: from.to_owned(),
            file: file.to_owned(),
            try_only,
        })
    }

    pub(super) fn names(&self, file: &str) -> bool {
        let last = self.file.rsplit('/').next().unwrap_or_default();
        fits(last, file)
    }

    /// The files that are meant: a pattern in its last part may mean several.
    fn files(&self, folder: &Path) -> Vec<PathBuf> {
        let path = folder.join(&self.file);
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(name), Some(parent)) = (name, path.parent()) else {
            return Vec::new();
        };
        if !name.contains('*') {
            return vec![path];
        }
        let mut files: Vec<_> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let found = path.file_name().and_then(|name| name.to_str());
                found.is_some_and(|found| fits(name, found))
            })
            .collect();
        files.sort();
        files
    }
}

/// Whether a name fits a pattern with `*` in it.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    last.map_or(rest.is_empty(), |last| name.ends_with(last))
}

impl AsteriskConf {
    pub(super) fn of(folder: &Path, file: &Path) -> io::Result<Self> {
        let mut lines = Self::default();
        lines.read(folder, file, 0)?;
        Ok(lines)
    }

    fn read(&mut self, folder: &Path, file: &Path, depth: usize) -> io::Result<()> {
        let bytes = fs::read(file)?;
        let mut in_comment = false;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim();
            if in_comment || line.starts_with(";--") {
                in_comment = !line.contains("--;");
                continue;
            }
            let line = line.split(';').next().unwrap_or_default().trim();
            let Some(include) = Include::read(line, file) else {
                self.text.push(line.to_owned());
                continue;
            };
            let files = include.files(folder);
            let needed = !include.try_only;
            self.includes.push(include);
            for included in files {
                if depth == DEEPEST {
                    continue;
                }
                match self.read(folder, &included, depth + 1) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        self.unread.push(included);
                    }
                    Err(_) if needed => self.missing.push((file.to_owned(), included)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// What a section sets last under this name.
    pub(super) fn setting(&self, section: &str, name: &str) -> Option<&str> {
        let lines = self.settings().filter(|(found, ..)| *found == section);
        let mut set = lines.filter(|(_, key, _)| key.eq_ignore_ascii_case(name));
        set.next_back().map(|(.., value)| value)
    }

    /// What is set under this name of a variable, by `[globals]` or by `Set()`; not what the dialplan itself makes up.
    pub(super) fn values_of(&self, variable: &str) -> impl Iterator<Item = &str> {
        let set = self.text.iter().filter_map(move |line| {
            let (before, rest) = line.split_once(variable)?;
            let is_whole = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '{');
            let value = rest
                .trim_start_matches(')')
                .trim_start()
                .strip_prefix('=')?;
            let value = value.split(')').next()?.trim_matches(['>', ' ', '"']);
            is_whole.then_some(value)
        });
        set.filter(|value| !value.is_empty() && !value.contains("${"))
    }

    /// Whether a line includes this file.
    pub(super) fn brings_in(&self, file: &str) -> bool {
        self.includes.iter().any(|include| include.names(file))
    }

    /// Whether a line opens this context of the dialplan.
    pub(super) fn has_context(&self, name: &str) -> bool {
        let opened = |line: &String| {
            line.strip_prefix('[')?
                .split(']')
                .next()
                .map(|it| it == name)
        };
        self.text.iter().any(|line| opened(line) == Some(true))
    }

    pub(super) fn has_section(&self, name: &str) -> bool {
        self.settings().any(|(section, ..)| section == name)
    }

    /// Every setting with its section: section, name, value.
    pub(super) fn settings(&self) -> impl DoubleEndedIterator<Item = (&str, &str, &str)> {
        let mut section = "";
        let mut found = Vec::new();
        for line in &self.text {
            if let Some(name) = line.strip_prefix('[') {
                section = name.split(']').next().unwrap_or_default();
            } else if let Some((key, value)) = line.split_once('=') {
                found.push((section, key.trim(), value.trim_start_matches('>').trim()));
            }
        }
        found.into_iter()
    }

    /// The mailboxes of a `voicemail.conf`, each with its context.
    pub(super) fn mailboxes(&self) -> BTreeSet<String> {
        self.settings()
            .filter(|(context, ..)| !matches!(*context, "" | "general" | "zonemessages"))
            .map(|(context, name, _)| format!("{name}@{context}"))
            .collect()
    }
}

/// Includes within includes that are followed, as Asterisk does.
const DEEPEST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialplan::DIALPLAN;

    #[test]
    fn patterns_of_includes() {
        for (pattern, name, expected) in [
            (DIALPLAN, DIALPLAN, true),
            ("*.conf", DIALPLAN, true),
            ("extensions_*.conf", DIALPLAN, true),
            ("extensions_*_guard.*", DIALPLAN, true),
            ("extensions.conf", DIALPLAN, false),
            ("*.conf.d", DIALPLAN, false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern}");
        }
    }
}
