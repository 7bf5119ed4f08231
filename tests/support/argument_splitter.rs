//! A model of how Asterisk takes a command line apart: `parse_args` of `res_agi.c`.

/// The words that Asterisk makes of a line without its end; `None` where it would cut them off.
///
/// It reads up to a NUL, keeps at most 127 words, and knows three characters: `"` groups, `\` takes
/// the next byte as it stands, blank and tab split.
pub(crate) fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut is_between = true;
    for &byte in line.iter().take_while(|&&byte| byte != 0) {
        match byte {
            b'"' if !is_escaped => {
                is_quoted = !is_quoted;
                if is_quoted && is_between {
                    words.push(Vec::new());
                    is_between = false;
                }
                continue;
            }
            b' ' | b'\t' if !is_quoted && !is_escaped => {
                is_between = true;
                continue;
            }
            b'\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            _ => {}
        }
        if is_between {
            if words.len() >= 127 {
                return None;
            }
            words.push(Vec::new());
            is_between = false;
        }
        words.last_mut()?.push(byte);
        is_escaped = false;
    }
    Some(words)
}
