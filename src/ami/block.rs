//! What Asterisk's manager interface says, pure: bytes become blocks of `Name: value` lines, within limits.
//!
//! Lines end with CR LF or LF, a block ends with an empty line; a greeting line stands before the first one.
//! Names and numbers in a block come from callers, so nothing in it is trusted: a line or block beyond the
//! limits is skipped to its end, and what follows is read as before.

/// Bytes of a line that are looked at; a longer one is left out of its block.
const LONGEST_LINE: usize = 8 * 1024;
/// Lines of a block; one with more is left out. Asterisk's events have a few dozen.
const MOST_LINES: usize = 256;

/// Lines up to an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    lines: Vec<String>,
}

impl Block {
    /// The value behind a name; empty where there is none, and where there are several: a caller may have
    /// brought a line end into the event.
    pub(crate) fn get(&self, name: &str) -> &str {
        let lines = self.lines.iter().filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (Some((_, value)), None) => value.trim(),
            _ => "",
        }
    }

    /// Whether any line of this name has this value; there may be several, as above.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        let mut lines = self.lines.iter().filter_map(|line| line.split_once(':'));
        lines.any(|(key, of)| key.eq_ignore_ascii_case(name) && of.trim() == value)
    }
}

/// Takes bytes as they come, gives blocks.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    line: Vec<u8>,
    /// The line under way is too long.
    overlong: bool,
    block: Block,
    /// The block under way has too many lines.
    oversized: bool,
    skipped: u64,
}

impl Blocks {
    /// Takes bytes; hands over each block that ends in them. The cuts between calls never matter.
    pub(crate) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Block)) {
        for &byte in bytes {
            if byte == b'\n' {
                if let Some(block) = self.end_line() {
                    each(block);
                }
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(byte);
            } else {
                self.overlong = true;
            }
        }
    }

    /// Lines and blocks that were beyond the limits so far.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    fn end_line(&mut self) -> Option<Block> {
        let overlong = std::mem::take(&mut self.overlong);
        let text = String::from_utf8_lossy(&self.line);
        let text = text.trim_end_matches('\r').to_owned();
        self.line.clear();
        if overlong {
            self.skipped += 1;
        } else if !text.is_empty() {
            if self.block.lines.len() < MOST_LINES {
                self.block.lines.push(text);
            } else {
                self.oversized = true;
            }
        } else {
            let block = std::mem::take(&mut self.block);
            if std::mem::take(&mut self.oversized) {
                self.skipped += 1;
            } else if !block.lines.is_empty() {
                return Some(block);
            }
        }
        None
    }
}

#[cfg(test)]
impl Block {
    pub(crate) fn of(lines: &[&str]) -> Self {
        let lines = lines.iter().map(ToString::to_string).collect();
        Self { lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(bytes: &[u8]) -> (Vec<Block>, u64) {
        let (mut reader, mut blocks) = (Blocks::default(), Vec::new());
        reader.push(bytes, |block| blocks.push(block));
        (blocks, reader.skipped())
    }

    #[test]
    fn events_as_asterisk_sends_them() {
        let said = b"Event: DialEnd\r\nCallerIDName: a: b\r\nEmpty: \r\n\r\n\r\nResponse: Success\n\nEvent: half";
        let (blocks, skipped) = blocks(said);
        assert_eq!((blocks.len(), skipped), (2, 0));
        assert_eq!(blocks[0].get("event"), "DialEnd");
        assert_eq!(blocks[0].get("CallerIDName"), "a: b");
        assert_eq!(blocks[0].get("Empty"), "");
        assert_eq!(blocks[0].get("Name"), "");
        assert_eq!(blocks[1].get("Response"), "Success");
    }

    #[test]
    fn what_is_too_large_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(LONGEST_LINE + 1);
        let said = format!("Event: A\nName: {long}\nExten: 1\n\nEvent: B\n\n");
        let (found, skipped) = blocks(said.as_bytes());
        assert_eq!(
            found,
            [
                Block::of(&["Event: A", "Exten: 1"]),
                Block::of(&["Event: B"])
            ]
        );
        assert_eq!(skipped, 1);

        let lines = "Variable: x\n".repeat(MOST_LINES + 1);
        let (found, skipped) = blocks(format!("{lines}\nEvent: B\n\n").as_bytes());
        assert_eq!((found, skipped), (vec![Block::of(&["Event: B"])], 1));
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut reader = Blocks::default();
        for _ in 0..1_000 {
            reader.push(&[b'x'; 4096], |_| unreachable!());
        }
        assert!(reader.line.capacity() <= 2 * LONGEST_LINE);
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_blocks(
            said in prop::collection::vec(prop_oneof![
                Just("Event: DialEnd".to_owned()), Just("\r\n".to_owned()), Just("\n".to_owned()),
                Just("x".repeat(5_000)), ".{0,12}",
            ], 0..40),
            cut in 1..9_000_usize,
        ) {
            let said = said.concat();
            let whole = blocks(said.as_bytes());
            let (mut reader, mut cut_up) = (Blocks::default(), Vec::new());
            for part in said.as_bytes().chunks(cut) {
                reader.push(part, |block| cut_up.push(block));
            }
            prop_assert_eq!((cut_up, reader.skipped()), whole);
        }

        #[test]
        fn no_value_holds_a_line_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for block in blocks(&bytes).0 {
                prop_assert!(!block.lines.is_empty());
                prop_assert!(block.lines.iter().all(|line| !line.is_empty() && !line.contains('\n')));
            }
        }

        #[test]
        fn fields_are_given_back(fields in prop::collection::vec(("[A-Z][A-Za-z]{0,9}", "[^\r\n]{0,20}"), 1..20)) {
            let said: String = fields.iter().flat_map(|(k, v)| [k, ": ", v, "\r\n"]).collect();
            let (found, _) = blocks(format!("{said}\r\n").as_bytes());
            prop_assert_eq!(found.len(), 1);
            for (key, value) in &fields {
                let same = fields.iter().filter(|(k, _)| k.eq_ignore_ascii_case(key)).count();
                let expected = if same == 1 { value.trim() } else { "" };
                prop_assert_eq!(found[0].get(key), expected);
            }
        }
    }
}
