//! Replies as Asterisk sends them, before the command says what they mean.
//!
//! The grammar is nom's: number, `result=`, value, and what opens a bracket. By hand: where a bracket closes,
//! which is looked for from the end of a line, and the pieces of a tail.

use bytes::Bytes;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while_m_n};
use nom::combinator::{eof, opt, rest};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

/// One reply, taken apart but not yet understood: only its command knows what `result=` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `100 …`: not the answer, which is still to come.
    Trying,
    /// `200 result=…`.
    Result(ResultLine),
    /// `510`: no such command.
    UnknownCommand,
    /// `511`: not on a dead channel.
    DeadChannel,
    /// `520`: wrong arguments, with Asterisk's own explanation, perhaps empty.
    Usage(Bytes),
    /// A number of three digits, and something nobody knows: it ends a command all the same.
    Malformed(Bytes),
    /// Not a reply at all: no number at its start. Ends nothing.
    Garbage(Bytes),
}

/// `200 result=VALUE`, perhaps with `(text)`, `key=value` pairs or words behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultLine {
    /// What stands between `result=` and the first blank: perhaps nothing, a key, a number.
    pub value: Bytes,
    /// What follows the blank: any bytes, line ends among them.
    pub tail: Bytes,
}

impl ResultLine {
    /// The tail as a value in brackets, which may hold brackets itself: from the first to the last.
    pub fn text(&self) -> Option<Bytes> {
        let last = self.tail.iter().rposition(|&byte| byte == b')')?;
        self.tail
            .starts_with(b"(")
            .then(|| self.tail.slice(1..last.max(1)))
    }
}

impl Reply {
    /// Takes one reply apart, its line end stripped; `520-` blocks are put together by the codec.
    pub fn parse(block: &[u8]) -> Self {
        let Ok((rest, code)) = code(block) else {
            return Self::Garbage(Bytes::copy_from_slice(block));
        };
        match code {
            100 => Self::Trying,
            200 => match result_line(rest) {
                Ok((_, line)) => Self::Result(line),
                Err(_) => Self::Malformed(Bytes::copy_from_slice(block)),
            },
            510 => Self::UnknownCommand,
            511 => Self::DeadChannel,
            520 => Self::Usage(Bytes::copy_from_slice(rest)),
            _ => Self::Malformed(Bytes::copy_from_slice(block)),
        }
    }
}

/// Whether the reply that begins with this line goes on in the next one: its bracket is open.
pub(super) fn opens_bracket(line: &[u8]) -> bool {
    opening(line).is_ok_and(|(text, ())| !closes_bracket(text))
}

/// Whether this line ends a reply whose bracket is open: by a `)` at its end, or by one that a
/// `key=value` pair follows.
pub(super) fn closes_bracket(line: &[u8]) -> bool {
    let Some(last) = line.iter().rposition(|&byte| byte == b')') else {
        return false;
    };
    match &line[last + 1..] {
        [] => true,
        [b' ', pairs @ ..] => {
            let first = pairs.split(|&byte| byte == b' ').next();
            first.is_some_and(|pair| pair.contains(&b'='))
        }
        _ => false,
    }
}

/// `code result=value (`.
fn opening(input: &[u8]) -> IResult<&[u8], ()> {
    (code, tag("result="), value, tag(" ("))
        .map(|_| ())
        .parse(input)
}

/// Three digits, and a blank or the end.
fn code(input: &[u8]) -> IResult<&[u8], u16> {
    let digits = take_while_m_n(3, 3, |byte: u8| byte.is_ascii_digit());
    let number = digits.map(|digits: &[u8]| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    });
    terminated(number, alt((tag(" "), eof))).parse(input)
}

/// `result=value [ SP tail ]`.
fn result_line(input: &[u8]) -> IResult<&[u8], ResultLine> {
    (
        preceded(tag("result="), value),
        preceded(opt(tag(" ")), rest),
    )
        .map(|(value, tail)| ResultLine {
            value: owned(value),
            tail: owned(tail),
        })
        .parse(input)
}

/// Any bytes but a blank or a line end, perhaps none.
fn value(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_till(|byte| byte == b' ' || byte == b'\n').parse(input)
}

/// Nearly every reply is one of three, which cost nothing.
fn owned(bytes: &[u8]) -> Bytes {
    match bytes {
        b"" => Bytes::new(),
        b"0" => Bytes::from_static(b"0"),
        b"1" => Bytes::from_static(b"1"),
        b"-1" => Bytes::from_static(b"-1"),
        bytes => Bytes::copy_from_slice(bytes),
    }
}
