//! From a reply to the outcome of its command.

use std::str::FromStr;

use super::command::Command;
use super::key::Key;
use super::outcome::{ChannelState, Failure, Outcome};
use super::reply::{Reply, ResultLine};
use super::verb::{Form, Verb};

/// What a reply says of its command.
#[derive(Debug)]
pub(super) enum Reading {
    /// All there is to know.
    Certain(Outcome),
    /// `-1`, whose cause the reply alone does not show.
    MinusOne(ResultLine),
}

/// Reads a reply as this command's.
pub(super) fn read(command: &Command, reply: Reply) -> Reading {
    let outcome = match reply {
        Reply::Result(line) => return read_line(command, line),
        Reply::UnknownCommand => Outcome::UnknownCommand,
        Reply::DeadChannel => Outcome::DeadChannel,
        Reply::Usage(text) => Outcome::Usage(text),
        reply @ (Reply::Trying | Reply::Malformed(_) | Reply::Garbage(_)) => {
            Outcome::Malformed(reply)
        }
    };
    Reading::Certain(outcome)
}

/// What `-1` on a living channel means for this command.
pub(super) fn missing_file_or_refusal(verb: Verb, line: &ResultLine) -> Failure {
    let plays = matches!(verb, Verb::StreamFile | Verb::SayDigits);
    if plays && endpos(line).unwrap_or(0) == 0 {
        Failure::FileMissing
    } else {
        Failure::Refused
    }
}

fn read_line(command: &Command, line: ResultLine) -> Reading {
    let outcome = match command.verb().form() {
        Form::State if is_minus_one(&line) => Some(Outcome::ChannelGone),
        _ if is_minus_one(&line) => return Reading::MinusOne(line),
        Form::Done => number::<u64>(&line).map(|_| Outcome::Done),
        Form::Key => key(&line),
        Form::Value => value(&line),
        Form::State => state(&line),
        Form::Exec => number::<i64>(&line).map(|n| match n {
            -2 => Outcome::NoSuchApplication,
            n => Outcome::Executed(n),
        }),
    };
    Reading::Certain(outcome.unwrap_or_else(|| Outcome::Malformed(Reply::Result(line))))
}

fn key(line: &ResultLine) -> Option<Outcome> {
    let key = match number::<u8>(line)? {
        0 => None,
        code => Some(Key::from_ascii(code)?),
    };
    let endpos = endpos(line);
    Some(Outcome::Key { key, endpos })
}

fn value(line: &ResultLine) -> Option<Outcome> {
    match number::<u8>(line)? {
        0 => Some(Outcome::Value(None)),
        1 => line.text().map(|text| Outcome::Value(Some(text))),
        _ => None,
    }
}

fn state(line: &ResultLine) -> Option<Outcome> {
    let state = match number::<u8>(line)? {
        0 => ChannelState::Down,
        1 => ChannelState::Reserved,
        2 => ChannelState::OffHook,
        3 => ChannelState::Dialing,
        4 => ChannelState::Ring,
        5 => ChannelState::Ringing,
        6 => ChannelState::Up,
        7 => ChannelState::Busy,
        _ => return None,
    };
    Some(Outcome::State(state))
}

fn is_minus_one(line: &ResultLine) -> bool {
    line.value.as_ref() == b"-1"
}

fn number<T: FromStr>(line: &ResultLine) -> Option<T> {
    parse(&line.value)
}

/// Samples; `None` where the field is missing, negative or beyond all measure.
fn endpos(line: &ResultLine) -> Option<u64> {
    parse(field(line, b"endpos=")?)
}

fn field<'a>(line: &'a ResultLine, name: &[u8]) -> Option<&'a [u8]> {
    line.tail
        .split(|&byte| byte == b' ')
        .find_map(|word| word.strip_prefix(name))
}

fn parse<T: FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
