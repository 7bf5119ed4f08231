//! What stands in a file twice, by its text: the parser says only that something does.

/// The whole key that this line (from 1) sets or the table that it begins, and the line where it is
/// first.
pub(super) fn places(text: &str, line: usize) -> (String, Option<usize>) {
    let mut table = Vec::new();
    let mut before: Vec<(usize, Vec<String>)> = Vec::new();
    for (n, text) in text.lines().enumerate().take(line) {
        let Some(path) = path_of(text, &mut table) else {
            continue;
        };
        if n + 1 == line {
            let first = before.iter().find(|(_, other)| other.starts_with(&path));
            return (path.join("."), first.map(|(line, _)| *line));
        }
        before.push((n + 1, path));
    }
    (String::new(), None)
}

/// What a line names, with the table that it stands in, which it may begin.
fn path_of(line: &str, table: &mut Vec<String>) -> Option<Vec<String>> {
    let line = line.trim_start();
    if line.starts_with("[[") {
        *table = keys(line.trim_start_matches('['))?;
        return Some(table.clone());
    }
    if let Some(header) = line.strip_prefix('[') {
        *table = keys(header)?;
        return Some(table.clone());
    }
    let own = keys(line)?;
    Some(table.iter().cloned().chain(own).collect())
}

/// The parts of a key up to what ends it, `=` or `]`.
fn keys(text: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        let part = parts.last_mut()?;
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '=' | ']') => {
                let named = parts.iter().all(|part| !part.is_empty());
                return named.then_some(parts);
            }
            (None, '.') => parts.push(String::new()),
            (None, ' ' | '\t') => {}
            (None, '#') => return None,
            (_, c) => part.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn the_first_of_two_is_found() {
        for (text, line, key, first) in [
            ("[log]\n[log]\n", 2, "log", Some(1)),
            (
                "[log]\nlevel = 'a'\n# level\nlevel='b'\n",
                4,
                "log.level",
                Some(2),
            ),
            (
                "[delivery.ami]\nuser = 'a'\n[delivery . \"ami\"]\n",
                3,
                "delivery.ami",
                Some(1),
            ),
            (
                "[delivery]\nami.user = 'a'\n[delivery.ami]\n",
                3,
                "delivery.ami",
                Some(2),
            ),
            (
                "[box.\"1@a\"]\n[box.'1@b']\n[box.\"1@a\"]\n",
                3,
                "box.1@a",
                Some(1),
            ),
            ("[a]\nx = 1\n[b]\nx = 1\nx = 2\n", 5, "b.x", Some(4)),
            ("[log]\nlevel = 'a'\n[[log]]\n", 3, "log", Some(1)),
            ("[a]\nx = { y = 1, y = 2 }\n", 2, "a.x", None),
        ] {
            assert_eq!(places(text, line), (key.to_owned(), first), "{text}");
        }
    }
}
