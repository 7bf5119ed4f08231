//! From a command to its line: quoting, and refusing what no quoting can carry.
//!
//! Asterisk takes a line apart again in `parse_args` of `res_agi.c`: blanks and tabs split, quotes
//! group, a backslash takes the next byte as it stands, in quotes and outside.

use bytes::BufMut;

use super::command::{Command, needs_quotes};
use super::verb::Verb;

/// Why a command cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A line end or NUL would end the command early, and let outside text begin a command of its own.
    #[error("argument {argument} of {verb}: byte {byte:#04x} cannot be sent")]
    Forbidden {
        /// The command.
        verb: Verb,
        /// Which argument, from 1.
        argument: usize,
        /// The byte.
        byte: u8,
    },
    /// Asterisk cuts at 128 words, and older ones overrun their memory.
    #[error("{verb} of {words} words, {} allowed", Command::MAX_WORDS)]
    TooManyWords {
        /// The command.
        verb: Verb,
        /// Its words.
        words: usize,
    },
    /// Asterisk before July 2025 reads commands into 2,048 bytes.
    #[error("{verb} of {bytes} bytes, {} allowed", Command::MAX_BYTES)]
    TooLong {
        /// The command.
        verb: Verb,
        /// Its length with the line end.
        bytes: usize,
    },
}

impl Command {
    /// Most words that are sent: Asterisk's limit of 128, and some distance.
    pub const MAX_WORDS: usize = 120;
    /// Longest line with its end, in bytes: the 2,048 of older Asterisk, and some distance.
    pub const MAX_BYTES: usize = 2000;

    /// One line with its end, to be written in one piece: half a line makes Asterisk spin.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut line = Vec::with_capacity(self.line_hint());
        self.encode_into(&mut line)?;
        Ok(line)
    }

    /// [`Command::encode`] at the end of `line`, which is untouched where the command is refused.
    pub(super) fn encode_into(&self, line: &mut impl BufMut) -> Result<(), EncodeError> {
        self.check()?;
        line.put_slice(self.verb().words().as_bytes());
        for argument in self.arguments() {
            line.put_u8(b' ');
            put_word(argument, line);
        }
        line.put_u8(b'\n');
        Ok(())
    }

    /// Whether the command can be sent.
    pub(super) fn check(&self) -> Result<(), EncodeError> {
        let verb = self.verb();
        let words = verb.words().split(' ').count() + self.arguments().len();
        if words > Self::MAX_WORDS {
            return Err(EncodeError::TooManyWords { verb, words });
        }
        let mut bytes = verb.words().len() + 1;
        for (index, argument) in self.arguments().enumerate() {
            let forbidden = argument
                .iter()
                .find(|byte| matches!(byte, b'\n' | b'\r' | 0));
            if let Some(&byte) = forbidden {
                let argument = index + 1;
                return Err(EncodeError::Forbidden {
                    verb,
                    argument,
                    byte,
                });
            }
            bytes += 1 + word_len(argument);
        }
        if bytes > Self::MAX_BYTES {
            return Err(EncodeError::TooLong { verb, bytes });
        }
        Ok(())
    }

    fn line_hint(&self) -> usize {
        let arguments: usize = self.arguments().map(|word| word.len() + 3).sum();
        self.verb().words().len() + arguments + 1
    }
}

fn word_len(word: &[u8]) -> usize {
    if needs_quotes(word) {
        let escapes = word.iter().filter(|byte| b"\"\\".contains(byte)).count();
        word.len() + escapes + 2
    } else {
        word.len()
    }
}

fn put_word(word: &[u8], line: &mut impl BufMut) {
    if !needs_quotes(word) {
        return line.put_slice(word);
    }
    line.put_u8(b'"');
    for &byte in word {
        if b"\"\\".contains(&byte) {
            line.put_u8(b'\\');
        }
        line.put_u8(byte);
    }
    line.put_u8(b'"');
}
