//! Hostile text at the edge, pure: names and numbers from the network, fit for a terminal and a log.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// A text as it may be printed: what steers a terminal, forges a line or hides is written `\u{…}`.
///
/// Escaped are control characters (ANSI escapes, line ends, tabs), everything that turns the direction
/// of writing, and what has no width; a backslash is doubled, so no text can pass for an escaped one.
/// Letters of every language, combining marks and symbols stay.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    text: &'a str,
    most: usize,
}

/// Shows the whole text.
pub fn shown(text: &str) -> Shown<'_> {
    Shown {
        text,
        most: usize::MAX,
    }
}

/// Shows at most this many characters of the text, then an ellipsis.
pub fn shortened(text: &str, most: usize) -> Shown<'_> {
    Shown { text, most }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        let mut cut = "";
        if let Some((at, _)) = rest.char_indices().nth(self.most) {
            rest = &rest[..at];
            cut = "…";
        }
        while let Some(at) = rest.find(|c| c == '\\' || is_hostile(c)) {
            f.write_str(&rest[..at])?;
            let mut chars = rest[at..].chars();
            match chars.next() {
                Some('\\') => f.write_str("\\\\")?,
                Some('\n') => f.write_str("\\n")?,
                Some('\r') => f.write_str("\\r")?,
                Some('\t') => f.write_str("\\t")?,
                Some(hostile) => write!(f, "\\u{{{:x}}}", u32::from(hostile))?,
                None => {}
            }
            rest = chars.as_str();
        }
        f.write_str(rest)?;
        f.write_str(cut)
    }
}

/// The lines of a text behind each other, with a space between them.
pub fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// The same as [`shown`], a line for each line of the text.
pub fn shown_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| shown(line).to_string()).collect();
    lines.join("\n")
}

/// A text with everything escaped in it that steers, hides or ends a line, as [`shown`] does; all that can be seen
/// stays as it is, backslashes among it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// A text as it may stand in HTML and XML, between tags and in quoted attributes: markup as entities, what XML forbids or what steers as a question mark.
pub fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c if is_hostile(c) => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// JSON with nothing in it that steers, hides or reorders: JSON itself escapes only the controls below 0x20.
///
/// Line ends between objects stay.
pub fn plain_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character steers, hides or reorders instead of being seen.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A count of things whose name has no other plural than by an s: `1 call`, `2 calls`.
pub fn counted(count: usize, name: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {name}{s}")
}

/// The same text between quotation marks, which are escaped inside it.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for (i, part) in text.split('"').enumerate() {
        if i > 0 {
            out.push_str("\\\"");
        }
        let _ = write!(out, "{}", shown(part));
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steering_is_seen_and_letters_stay() {
        for (text, expected) in [
            ("Jürgen Müller", "Jürgen Müller"),
            ("山田太郎 🙂 Ἀθῆναι", "山田太郎 🙂 Ἀθῆναι"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\r\nINFO forged", "a\\r\\nINFO forged"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("back\\n", "back\\\\n"),
            ("\0\u{7f}", "\\u{0}\\u{7f}"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ] {
            assert_eq!(shown(text).to_string(), expected);
        }
        assert_eq!(shortened("abcdef", 3).to_string(), "abc…");
        assert_eq!(shortened("abc", 3).to_string(), "abc");
        assert_eq!(quoted("a\"b\n"), "\"a\\\"b\\n\"");
    }

    fn read_back(shown: &str) -> String {
        let mut out = String::new();
        let mut chars = shown.chars();
        while let Some(c) = chars.next() {
            match (c, if c == '\\' { chars.next() } else { None }) {
                ('\\', Some('n')) => out.push('\n'),
                ('\\', Some('r')) => out.push('\r'),
                ('\\', Some('t')) => out.push('\t'),
                ('\\', Some('u')) => {
                    let hex: String = chars.by_ref().skip(1).take_while(|&c| c != '}').collect();
                    out.push(char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap());
                }
                ('\\', Some(other)) => out.push(other),
                (c, _) => out.push(c),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn nothing_hostile_passes_and_nothing_is_lost(text in any::<String>()) {
            let out = shown(&text).to_string();
            prop_assert!(!out.chars().any(is_hostile));
            prop_assert_eq!(read_back(&out), text);
        }
    }

    #[test]
    fn what_can_be_seen_stays_and_the_rest_is_shown() {
        for (text, expected) in [
            ("DOMAIN\\Jürgen \"山田\" 🙂", "DOMAIN\\Jürgen \"山田\" 🙂"),
            ("a\u{1b}[31mb\u{7}", "a\\u{1b}[31mb\\u{7}"),
            ("\u{202e}gpj.exe\r\n\t", "\\u{202e}gpj.exe\\r\\n\\t"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn markup_and_control_characters_do_no_harm() {
        for (text, expected) in [
            ("Müller & Söhne", "Müller &amp; Söhne"),
            (
                "</title><script>alert('1')</script>",
                "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;",
            ),
            ("a\0b\u{1b}[31m\u{202e}", "a?b?[31m?"),
            ("\u{ffff}\"", "?&quot;"),
        ] {
            assert_eq!(markup(text), expected);
        }
    }
}
