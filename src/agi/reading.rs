//! From a reply to the outcome of its command.

use std::str::FromStr;

use super::command::Command;
use super::key::Key;
use super::outcome::{ChannelState, Failure, GosubEnd, Outcome, RecordEnd, SpeechEnd};
use super::reply::{Reply, ResultLine};
use super::verb::{Form, Verb};

/// What a reply says of its command.
#[derive(Debug)]
pub(super) enum Reading {
    /// All there is to know.
    Certain(Outcome),
    /// `-1`, whose cause the reply alone does not tell.
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
    let plays = matches!(
        verb,
        Verb::StreamFile
            | Verb::ControlStreamFile
            | Verb::GetData
            | Verb::GetOption
            | Verb::SayAlpha
            | Verb::SayDate
            | Verb::SayDateTime
            | Verb::SayDigits
            | Verb::SayNumber
            | Verb::SayPhonetic
            | Verb::SayTime
            | Verb::SpeechRecognize
    );
    if plays && endpos(line).unwrap_or(0) == 0 {
        Failure::FileMissing
    } else {
        Failure::Refused
    }
}

fn read_line(command: &Command, line: ResultLine) -> Reading {
    let addressed = command.arguments().next().is_some();
    let outcome = match command.verb().form() {
        Form::Record => recorded(&line),
        Form::Gosub => gosub(&line),
        Form::Char if has_remark(&line, b"hangup") => Some(Outcome::ChannelGone),
        Form::State | Form::Hangup if is_minus_one(&line) && addressed => {
            Some(Outcome::NoSuchChannel)
        }
        Form::State if is_minus_one(&line) => Some(Outcome::ChannelGone),
        _ if is_minus_one(&line) => return Reading::MinusOne(line),
        Form::Zero | Form::Hangup => number::<u64>(&line).map(|_| Outcome::Done),
        Form::One => number::<u64>(&line).map(|n| match n {
            0 => Outcome::NotDone,
            _ => Outcome::Done,
        }),
        Form::Either => number::<u64>(&line).map(|_| Outcome::Done),
        Form::Key => key(&line),
        Form::Digits => digits(&line),
        Form::Value => value(&line),
        Form::State => state(&line),
        Form::Exec => number::<i64>(&line).map(|n| match n {
            -2 => Outcome::NoSuchApplication,
            n => Outcome::Executed(n),
        }),
        Form::Char => {
            number::<u32>(&line).map(|code| Outcome::Character((code > 0).then_some(code)))
        }
        Form::Speech => speech(&line),
    };
    match outcome {
        Some(outcome) => Reading::Certain(outcome),
        None if is_minus_one(&line) => Reading::MinusOne(line),
        None => Reading::Certain(Outcome::Malformed(Reply::Result(line))),
    }
}

fn key(line: &ResultLine) -> Option<Outcome> {
    let key = match number::<u8>(line)? {
        0 => None,
        code => Some(Key::from_ascii(code)?),
    };
    let endpos = endpos(line);
    Some(Outcome::Key { key, endpos })
}

fn digits(line: &ResultLine) -> Option<Outcome> {
    let keys: Option<Vec<Key>> = line.value.iter().copied().map(Key::from_ascii).collect();
    Some(Outcome::Digits {
        keys: keys?,
        timed_out: has_remark(line, b"timeout"),
    })
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

/// `handle_recordfile` of `res_agi.c`.
fn recorded(line: &ResultLine) -> Option<Outcome> {
    let end = match line.remark()?.0 {
        b"dtmf" => RecordEnd::Key(Key::from_ascii(number(line)?)?),
        b"timeout" => match number(line)? {
            0 => RecordEnd::Timeout,
            left => RecordEnd::Silence { left },
        },
        b"hangup" => RecordEnd::Hangup,
        b"waitfor" => RecordEnd::ChannelError,
        b"writefile" => RecordEnd::Unwritable,
        b"randomerror" => RecordEnd::Interrupted,
        _ => return None,
    };
    let endpos = endpos(line);
    Some(Outcome::Recorded { end, endpos })
}

/// `handle_gosub` of `app_stack.c`.
fn gosub(line: &ResultLine) -> Option<Outcome> {
    let end = match (line.code, line.tail.as_ref()) {
        (200, b"Gosub complete") => GosubEnd::Complete,
        (_, b"Gosub label not found") => GosubEnd::NoSuchLabel,
        (503, _) | (_, b"Gosub failed") => GosubEnd::Failed,
        (_, tail) if tail.starts_with(b"Gosub complete") => GosubEnd::Abnormal,
        _ => return None,
    };
    Some(Outcome::Gosub(end))
}

/// `handle_speechrecognize` of `res_agi.c`.
fn speech(line: &ResultLine) -> Option<Outcome> {
    let end = match (number::<u8>(line)?, line.remark()) {
        (0, _) => SpeechEnd::Nothing,
        (1, Some((b"speech", heard))) => SpeechEnd::Heard(line.tail.slice_ref(heard)),
        (1, Some((b"digit", _))) => match field(line, b"digit=")? {
            [code] => SpeechEnd::Key(Key::from_ascii(*code)?),
            _ => return None,
        },
        (1, Some((b"timeout", _))) => SpeechEnd::Timeout,
        (1, Some((b"hangup", _))) => return Some(Outcome::ChannelGone),
        _ => return None,
    };
    Some(Outcome::Speech(end))
}

fn is_minus_one(line: &ResultLine) -> bool {
    line.value.as_ref() == b"-1"
}

fn has_remark(line: &ResultLine, expected: &[u8]) -> bool {
    line.remark().is_some_and(|(remark, _)| remark == expected)
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
