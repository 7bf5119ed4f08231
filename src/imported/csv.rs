//! Comma-separated values in pieces of any size (RFC 4180), and what is wrong with them.
//!
//! A quotation mark that is never closed, as in a file that was cut off and written on, would take
//! all that follows into one field. So a record has an end of its own: beyond [`MOST`] bytes, or at
//! the end of the file, the line it begins with is given up, and reading goes on behind it.

/// Bytes of a record.
pub const MOST: usize = 64 << 10;

/// What comes next in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A record's fields. Bytes that are no UTF-8 are replaced.
    Record(Vec<String>),
    /// A line that is no record.
    Broken,
}

/// Takes a file in pieces and gives its records.
#[derive(Debug)]
pub struct Records {
    delimiter: u8,
    buffer: Vec<u8>,
    /// What has been given of the buffer.
    given: usize,
    /// In a line that has been given up.
    skipping: bool,
}

impl Records {
    /// Of a file whose fields are parted by this byte.
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            buffer: Vec::new(),
            given: 0,
            skipping: false,
        }
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.given);
        self.given = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// What comes next; `None` until there are more bytes. `at_end`: there will be none.
    pub fn next(&mut self, at_end: bool) -> Option<Next> {
        loop {
            if self.skipping && !self.skip_line() {
                return None;
            }
            let rest = &self.buffer[self.given..];
            if rest.is_empty() {
                return None;
            }
            let window = &rest[..rest.len().min(MOST)];
            let is_all = at_end && window.len() == rest.len();
            match record(window, self.delimiter, is_all) {
                Some((fields, length)) => {
                    self.given += length;
                    if fields.iter().any(|field| !field.is_empty()) {
                        return Some(Next::Record(fields));
                    }
                }
                None if at_end || window.len() == MOST => {
                    self.skipping = true;
                    return Some(Next::Broken);
                }
                None => return None,
            }
        }
    }

    /// Whether the end of the line that is skipped has been found.
    fn skip_line(&mut self) -> bool {
        let rest = &self.buffer[self.given..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        self.given += end.map_or(rest.len(), |end| end + 1);
        self.skipping = end.is_none();
        !self.skipping
    }
}

/// The record that the bytes begin with, and its length; `None` where its end is not among them.
fn record(bytes: &[u8], delimiter: u8, is_all: bool) -> Option<(Vec<String>, usize)> {
    let (mut fields, mut field) = (Vec::new(), Vec::new());
    let (mut quoted, mut fresh) = (false, true);
    let mut at = 0;
    let end_of = |field: &mut Vec<u8>| {
        let ended = String::from_utf8_lossy(field).into_owned();
        field.clear();
        ended
    };
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let next = bytes.get(at);
        let is_last = next.is_none() && !is_all;
        match byte {
            b'"' if quoted => match next {
                Some(b'"') => {
                    field.push(b'"');
                    at += 1;
                }
                _ if is_last => return None,
                _ => quoted = false,
            },
            _ if quoted => field.push(byte),
            b'"' if fresh => quoted = true,
            b'\r' if is_last => return None,
            b'\r' if next.is_none_or(|next| *next == b'\n') => {}
            b'\n' => {
                fields.push(end_of(&mut field));
                return Some((fields, at));
            }
            _ if byte == delimiter => {
                fields.push(end_of(&mut field));
                fresh = true;
                continue;
            }
            _ => field.push(byte),
        }
        fresh = false;
    }
    if quoted || !is_all {
        return None;
    }
    fields.push(end_of(&mut field));
    Some((fields, at))
}

/// What parts the fields of a file, by its beginning: commas, or, as spreadsheets and database
/// clients write them, semicolons or tabs.
pub fn delimiter_of(beginning: &[u8]) -> u8 {
    let mut counts = [(0, b'\t'), (0, b';'), (0, b',')];
    let mut quoted = false;
    for byte in beginning.iter().take_while(|byte| **byte != b'\n') {
        quoted ^= *byte == b'"';
        for (count, known) in &mut counts {
            *count += usize::from(!quoted && byte == known);
        }
    }
    let most = counts.into_iter().max_by_key(|(count, _)| *count);
    most.map_or(b',', |(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a text gives, in pieces of this many bytes.
    fn read(text: &[u8], piece: usize) -> Vec<Next> {
        let mut records = Records::new(delimiter_of(text));
        let mut all = Vec::new();
        for piece in text.chunks(piece) {
            records.push(piece);
            all.extend(std::iter::from_fn(|| records.next(false)));
        }
        all.extend(std::iter::from_fn(|| records.next(true)));
        all
    }

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|fields| match *fields {
                [] => Next::Broken,
                fields => Next::Record(fields.iter().map(ToString::to_string).collect()),
            })
            .collect();
        for piece in [1, 2, 3, 7, text.len().max(1)] {
            assert_eq!(
                read(text.as_bytes(), piece),
                expected,
                "{text:?} by {piece}"
            );
        }
    }

    #[test]
    fn records_of_every_form() {
        check("", &[]);
        check("\n\r\n\n", &[]);
        check("a,b", &[&["a", "b"]]);
        check("a,b\n", &[&["a", "b"]]);
        check("a,b\r\n,c\r\n", &[&["a", "b"], &["", "c"]]);
        check("a,b\r", &[&["a", "b"]]);
        check("a\rb,c\n", &[&["a\rb", "c"]]);
        check("\"a,b\",\"c\"\"d\"\n", &[&["a,b", "c\"d"]]);
        check("\"a\nb\r\nc\",d\n", &[&["a\nb\r\nc", "d"]]);
        check("\"\",x\n", &[&["", "x"]]);
        check("a\"b,\"c\"d,e\n", &[&["a\"b", "cd", "e"]]);
        check("a;b,c;d\n1;2;3\n", &[&["a", "b,c", "d"], &["1", "2", "3"]]);
        check("a\tb\n", &[&["a", "b"]]);
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_costs_its_own_line() {
        check(
            "a,b\n\"c,d\ne,f\ng,h\n",
            &[&["a", "b"], &[], &["e", "f"], &["g", "h"]],
        );
        check("a,b\n\"c", &[&["a", "b"], &[]]);
        let long = "x,y\n".repeat(MOST / 4);
        let all = read(format!("\"a,b\n{long}").as_bytes(), 10_000);
        assert_eq!(all[0], Next::Broken);
        assert_eq!(all.len(), 1 + MOST / 4);
    }

    #[test]
    fn a_line_without_end_is_no_record() {
        let long = "x".repeat(3 * MOST);
        let all = read(format!("{long}\na,b\n").as_bytes(), 5_000);
        assert_eq!(
            all,
            [Next::Broken, Next::Record(vec!["a".into(), "b".into()])]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let all = read(b"M\xfcller,1\n", 4);
        assert_eq!(
            all,
            [Next::Record(vec!["M\u{fffd}ller".into(), "1".into()])]
        );
    }
}
