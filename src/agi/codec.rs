//! Bytes to what Asterisk said, commands to lines: framing, bounded.
//!
//! Cut by hand here: lines, the empty one that ends the prelude, `HANGUP`, `520-` blocks and replies over several lines.
//! All of that is about where an item ends in bytes that are still coming, each looked at once and none beyond the
//! limits; what stands in a whole reply is grammar, and nom's ([`Reply::parse`]).

use std::fmt;
use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::command::Command;
use super::encode::EncodeError;
use super::reply::{self, Reply};
use super::request::Request;

/// What Asterisk said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The prelude: first of all, and once.
    Request(Request),
    /// A reply, whole.
    Reply(Reply),
    /// `HANGUP` on a line of its own: the caller has gone. Comes at any time, twice, or never.
    Hangup,
}

/// How much is taken before the other side counts as no Asterisk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecLimits {
    /// Longest line, in bytes with its end.
    pub line_bytes: usize,
    /// Longest prelude, in bytes.
    pub prelude_bytes: usize,
    /// Longest prelude, in lines.
    pub prelude_lines: usize,
    /// Longest reply of several lines, in bytes.
    pub reply_bytes: usize,
}

impl Default for CodecLimits {
    fn default() -> Self {
        Self {
            line_bytes: 16 * 1024,
            prelude_bytes: 64 * 1024,
            prelude_lines: 512,
            reply_bytes: 64 * 1024,
        }
    }
}

/// Why a connection cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The first bytes are not those of a prelude: a port scan, a browser, a wrong port.
    #[error("not an AGI prelude: it begins with \"{}\"{}", .start.escape_ascii(), looks_like(.start))]
    NotAgi {
        /// The first bytes, eight at most.
        start: Bytes,
    },
    /// A line is longer than allowed.
    #[error("line {line} of the {part} is longer than {limit} bytes")]
    LineTooLong {
        /// The prelude or the replies.
        part: Part,
        /// Which line of it, from 1.
        line: u64,
        /// What is allowed.
        limit: usize,
    },
    /// The prelude does not end.
    #[error("the prelude does not end within {lines} lines and {bytes} bytes")]
    PreludeTooLong {
        /// Lines so far.
        lines: usize,
        /// Bytes so far.
        bytes: usize,
    },
    /// A reply of several lines does not end.
    #[error("the reply in line {line} of the replies does not end within {limit} bytes")]
    ReplyTooLong {
        /// Its first line, from 1.
        line: u64,
        /// What is allowed.
        limit: usize,
    },
    /// The connection closed in the middle of a line or a block.
    #[error("closed in the middle of the {part}, {bytes} bytes after a line's end")]
    CutOff {
        /// The prelude or the replies.
        part: Part,
        /// Bytes that are left over.
        bytes: usize,
    },
    /// A command that cannot be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The two parts of what Asterisk sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The `agi_…` lines.
    Prelude,
    /// All that follows.
    Replies,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prelude => "prelude",
            Self::Replies => "replies",
        })
    }
}

/// Takes a session's bytes apart, in whatever pieces they come; puts commands on lines.
///
/// Lines end with LF, a CR before it is dropped. A reply goes over several lines where it is a `520-`
/// block, and where it opens a bracket that its line does not close, which is what a variable with a
/// line end in it looks like. Nothing is ever made of half a line.
#[derive(Debug)]
pub struct Codec {
    limits: CodecLimits,
    phase: Phase,
    /// How far the bytes of the next item have been searched for a line's end.
    looked_at: usize,
    /// Start of the line that is being looked at.
    line_start: usize,
    /// Lines so far in this part.
    lines: u64,
}

#[derive(Debug)]
enum Phase {
    Prelude { request: Request, bytes: usize },
    Replies { usage: Option<Usage> },
}

/// A block under way: its number and what it has said so far.
#[derive(Debug)]
struct Usage {
    code: [u8; 3],
    text: Vec<u8>,
    first_line: u64,
}

impl Default for Codec {
    fn default() -> Self {
        Self::new(CodecLimits::default())
    }
}

impl Codec {
    /// For a new connection: the prelude comes first.
    pub fn new(limits: CodecLimits) -> Self {
        Self {
            limits,
            phase: Phase::Prelude {
                request: Request::default(),
                bytes: 0,
            },
            looked_at: 0,
            line_start: 0,
            lines: 0,
        }
    }

    /// For a connection whose prelude has been read: replies only.
    pub fn after_prelude(limits: CodecLimits) -> Self {
        Self {
            phase: Phase::Replies { usage: None },
            ..Self::new(limits)
        }
    }

    fn part(&self) -> Part {
        match self.phase {
            Phase::Prelude { .. } => Part::Prelude,
            Phase::Replies { .. } => Part::Replies,
        }
    }

    /// The end of the next line, behind its LF; `None` when it is not here yet.
    fn find_line(&mut self, src: &[u8]) -> Result<Option<usize>, CodecError> {
        let unseen = src.get(self.looked_at..).unwrap_or_default();
        let end = unseen.iter().position(|&byte| byte == b'\n');
        let end = end.map(|at| self.looked_at + at + 1);
        self.looked_at = end.unwrap_or(src.len());
        if self.looked_at - self.line_start > self.limits.line_bytes {
            return Err(CodecError::LineTooLong {
                part: self.part(),
                line: self.lines + 1,
                limit: self.limits.line_bytes,
            });
        }
        Ok(end)
    }

    /// Lets go of everything up to `end`.
    fn consume(&mut self, src: &mut BytesMut, end: usize) {
        self.looked_at = 0;
        self.line_start = 0;
        src.advance(end);
    }

    fn decode_prelude(&mut self, src: &mut BytesMut) -> Result<Option<Incoming>, CodecError> {
        if self.lines == 0 {
            check_start(src)?;
        }
        while let Some(end) = self.find_line(src)? {
            self.lines += 1;
            let Phase::Prelude { request, bytes } = &mut self.phase else {
                return Ok(None);
            };
            let line = without_line_end(&src[..end]);
            if line.is_empty() {
                let mut request = std::mem::take(request);
                request.shrink();
                self.phase = Phase::Replies { usage: None };
                self.lines = 0;
                self.consume(src, end);
                return Ok(Some(Incoming::Request(request)));
            }
            *bytes += end;
            let lines = self.lines as usize;
            if lines > self.limits.prelude_lines || *bytes > self.limits.prelude_bytes {
                let bytes = *bytes;
                return Err(CodecError::PreludeTooLong { lines, bytes });
            }
            request.push_line(without_mark(line));
            self.consume(src, end);
        }
        Ok(None)
    }

    fn decode_reply(&mut self, src: &mut BytesMut) -> Result<Option<Incoming>, CodecError> {
        while let Some(end) = self.find_line(src)? {
            let line = without_line_end(&src[self.line_start..end]);
            let step = if self.line_start == 0 {
                self.lines += 1;
                self.first_line(line, end)?
            } else if reply::closes_bracket(line) {
                let item = without_line_end(&src[..end]);
                ReadLine::Whole(Incoming::Reply(Reply::parse(item)))
            } else {
                self.in_brackets(end)?
            };
            match step {
                ReadLine::Whole(incoming) => {
                    self.consume(src, end);
                    return Ok(Some(incoming));
                }
                ReadLine::InBlock => self.consume(src, end),
                ReadLine::InBrackets => self.line_start = end,
            }
        }
        Ok(None)
    }

    /// A line that does not continue a bracket: the hang-up, part of a block, or a reply's beginning.
    fn first_line(&mut self, line: &[u8], end: usize) -> Result<ReadLine, CodecError> {
        if line.trim_ascii_end().eq_ignore_ascii_case(b"HANGUP") {
            return Ok(ReadLine::Whole(Incoming::Hangup));
        }
        let limit = self.limits.reply_bytes;
        let first_line = self.lines;
        let Phase::Replies { usage } = &mut self.phase else {
            return Ok(ReadLine::InBlock);
        };
        match usage {
            Some(block) if block.is_ended_by(line) => {
                let text = std::mem::take(&mut block.text);
                *usage = None;
                Ok(ReadLine::Whole(Incoming::Reply(Reply::Usage(text.into()))))
            }
            Some(block) if block.text.len() + line.len() > limit => {
                let line = block.first_line;
                Err(CodecError::ReplyTooLong { line, limit })
            }
            Some(block) => {
                block.push(line);
                Ok(ReadLine::InBlock)
            }
            None => match Usage::begun_by(line, first_line) {
                Some(block) => {
                    *usage = Some(block);
                    Ok(ReadLine::InBlock)
                }
                None if reply::opens_bracket(line) => self.in_brackets(end),
                None => Ok(ReadLine::Whole(Incoming::Reply(Reply::parse(line)))),
            },
        }
    }

    fn in_brackets(&self, end: usize) -> Result<ReadLine, CodecError> {
        let limit = self.limits.reply_bytes;
        if end > limit {
            let line = self.lines;
            return Err(CodecError::ReplyTooLong { line, limit });
        }
        Ok(ReadLine::InBrackets)
    }
}

/// What a line of the replies has led to.
enum ReadLine {
    /// An item is whole.
    Whole(Incoming),
    /// The line is part of a block and can be let go.
    InBlock,
    /// The line opens a bracket, or stands in one: it is needed still.
    InBrackets,
}

impl Usage {
    /// A block that begins with this line: three digits and `-`.
    fn begun_by(line: &[u8], first_line: u64) -> Option<Self> {
        let (code, rest) = line.split_first_chunk::<3>()?;
        let text = rest.strip_prefix(b"-")?;
        if !code.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut block = Self {
            code: *code,
            text: Vec::new(),
            first_line,
        };
        block.push(text);
        Some(block)
    }

    fn is_ended_by(&self, line: &[u8]) -> bool {
        let rest = line.strip_prefix(&self.code);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" "))
    }

    fn push(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }
}

impl Decoder for Codec {
    type Item = Incoming;
    type Error = CodecError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Incoming>, CodecError> {
        match self.phase {
            Phase::Prelude { .. } => self.decode_prelude(src),
            Phase::Replies { .. } => self.decode_reply(src),
        }
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Incoming>, CodecError> {
        if let Some(item) = self.decode(src)? {
            return Ok(Some(item));
        }
        let in_block = match &self.phase {
            Phase::Prelude { .. } => self.lines > 0,
            Phase::Replies { usage } => usage.is_some(),
        };
        if src.is_empty() && !in_block {
            return Ok(None);
        }
        let bytes = src.len();
        src.clear();
        Err(CodecError::CutOff {
            part: self.part(),
            bytes,
        })
    }
}

impl Encoder<&Command> for Codec {
    type Error = CodecError;

    fn encode(&mut self, command: &Command, dst: &mut BytesMut) -> Result<(), CodecError> {
        Ok(command.encode_into(dst)?)
    }
}

impl Encoder<Command> for Codec {
    type Error = CodecError;

    fn encode(&mut self, command: Command, dst: &mut BytesMut) -> Result<(), CodecError> {
        self.encode(&command, dst)
    }
}

/// Whether these bytes, however few, can begin a prelude.
fn check_start(src: &[u8]) -> Result<(), CodecError> {
    let text = without_mark(src);
    let shared = text.len().min(START.len());
    if text[..shared] == START[..shared] || MARK.starts_with(src) {
        return Ok(());
    }
    let start = Bytes::copy_from_slice(&src[..src.len().min(8)]);
    Err(CodecError::NotAgi { start })
}

/// What the first bytes are of, where that is another protocol, as the end of an error's sentence.
fn looks_like(start: &[u8]) -> String {
    let verbs = [
        &b"GET "[..],
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"CONNECT ",
        b"PRI * ",
    ];
    let protocol = if start.starts_with(b"\x16\x03") {
        "TLS"
    } else if verbs.iter().any(|verb| start.starts_with(verb)) {
        "HTTP"
    } else {
        return String::new();
    };
    format!("; this looks like {protocol}, and this port speaks FastAGI (agi://), without TLS")
}

/// Some editors and proxies put a byte order mark in front.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// LF, and one CR before it.
fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

const START: &[u8] = b"agi_";
const MARK: &[u8] = b"\xef\xbb\xbf";
