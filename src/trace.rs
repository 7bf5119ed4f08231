//! What the technical log has of a call. What goes over its FastAGI connection is shown a line each, nothing raw, nobody's
//! number.

use std::fmt::Write;

use jiff::tz::TimeZone;
use tracing::field::{Empty, display};
use tracing::{Level, Span, debug, enabled, error, info, info_span, warn};

use crate::agi::{Command, Incoming, Reply, Request, ResultLine, Verb};
use crate::call::intake::Mistake;
use crate::call_record::{CallRecord, Verdict};
use crate::dialplan;
use crate::number::{mask, mask_in};
use crate::telemetry::SUPPORT;
use crate::text::{self, quoted, shown};
use crate::wording::support_line;

/// What every line of a call says which call it is by. The linked id is recorded once Asterisk has said it.
pub(crate) fn call_span(record: &CallRecord) -> Span {
    let span = info_span!(
        "call",
        id = %record.id,
        uniqueid = %text::shown(&record.uniqueid),
        linkedid = Empty,
        r#box = %text::shown(record.mailbox.as_str()),
    );
    link(&span, &record.linkedid);
    span
}

/// Has a call's span say the linked id, if it is known by now; whether it does.
pub(crate) fn link(span: &Span, linkedid: &str) -> bool {
    if !linkedid.is_empty() {
        span.record("linkedid", display(text::shown(linkedid)));
    }
    !linkedid.is_empty()
}

/// Logs the line of a call that the support team reads.
pub(crate) fn log_end(record: &CallRecord) {
    info!(
        target: SUPPORT,
        event = "call_ended",
        verdict = record.verdict.map(Verdict::as_str),
        "{}",
        support_line(record, &TimeZone::system())
    );
}

/// Logs the lines of a prelude, at the level debug, and what is odd about them.
pub(crate) fn log_prelude(request: &Request) {
    if enabled!(Level::DEBUG) {
        for (name, value) in request.lines() {
            debug!(line = %prelude(name, value), "prelude");
        }
    }
    let dialplan = request.argument(dialplan::ARGUMENT);
    if let Some(version) = dialplan.and_then(|it| it.parse().ok())
        && let Some(stands) = dialplan::compared(version)
    {
        warn!(
            event = "dialplan_version",
            dialplan = version,
            guard = dialplan::VERSION,
            "Asterisk's dialplan is {stands} than this guard: voicemail-guard install-dialplan, then asterisk -rx 'dialplan reload'"
        );
    }
    for name in request.contradicted() {
        warn!(event = "prelude_doubled", name = %text::shortened(&name, 80), "the prelude says this twice, and differently: a caller may have forged a line");
    }
    for line in request.stray_lines() {
        let line = mask_in(&String::from_utf8_lossy(line));
        warn!(event = "prelude_stray_line", line = %text::shortened(&line, 80), "the prelude has a line that is none");
    }
}

/// Logs what is not followed of a request.
pub(crate) fn log_mistakes(mistakes: Vec<Mistake>) {
    for mistake in mistakes {
        match mistake {
            Mistake::UnknownArgument { name, value } => {
                let value = mask_in(&value);
                error!(event = "argument_unknown", name = %text::shortened(&name, 80), value = %text::shortened(&value, 80), "unknown argument in the request");
            }
            Mistake::VoicemailOptions(options) => {
                error!(event = "argument_wrong", options = %text::shortened(&options, 80), "vm_options are none of VoiceMail()");
            }
        }
    }
}

/// A command that is sent. What is read out to the caller, and what goes back into the dialplan, is
/// masked.
pub(crate) fn command(command: &Command) -> String {
    let mut line = command.verb().words().to_owned();
    let mut name = String::new();
    for (place, argument) in command.arguments().enumerate() {
        let argument = String::from_utf8_lossy(argument);
        let argument = match (command.verb(), place) {
            (Verb::SayDigits, 0) => mask(&argument),
            (Verb::SetVariable, 1) if !OURS.contains(&name.as_str()) => mask_in(&argument),
            _ => argument.into_owned(),
        };
        // Writing into a string does not fail.
        let _ = if argument.is_empty() || argument.contains(' ') {
            write!(line, " {}", quoted(&argument))
        } else {
            write!(line, " {}", shown(&argument))
        };
        name = argument;
    }
    line
}

/// A reply, or the hang-up. Which key was pressed stays with the caller: keys make numbers.
pub(crate) fn incoming(incoming: &Incoming) -> String {
    let line = match incoming {
        Incoming::Hangup => return "HANGUP".to_owned(),
        Incoming::Request(_) => return "the prelude".to_owned(),
        Incoming::Reply(Reply::Trying) => return "100".to_owned(),
        Incoming::Reply(Reply::UnknownCommand) => return "510".to_owned(),
        Incoming::Reply(Reply::DeadChannel) => return "511".to_owned(),
        Incoming::Reply(Reply::Usage(text)) => format!("520 {}", masked(text)),
        Incoming::Reply(Reply::Malformed(line) | Reply::Garbage(line)) => masked(line),
        Incoming::Reply(Reply::Result(ResultLine { value, tail })) => {
            let value = match value[..] {
                [b'4', b'8'..=b'9'] | [b'5', b'0'..=b'7'] => "(digit)".to_owned(),
                _ => masked(value),
            };
            let tail = String::from_utf8_lossy(tail);
            format!("200 result={value} {tail}")
        }
    };
    text::shortened(line.trim_end(), LONGEST_LINE).to_string()
}

/// One line of the prelude.
pub(crate) fn prelude(name: &[u8], value: &[u8]) -> String {
    let value = match name {
        b"agi_uniqueid" => String::from_utf8_lossy(value).into_owned(),
        b"agi_callerid" | b"agi_dnid" | b"agi_rdnis" => mask(&String::from_utf8_lossy(value)),
        b"agi_calleridname" if value != b"unknown" => "(hidden)".to_owned(),
        _ => masked(value),
    };
    let line = format!("{}: {value}", masked(name));
    text::shortened(&line, LONGEST_LINE).to_string()
}

fn masked(bytes: &[u8]) -> String {
    mask_in(&String::from_utf8_lossy(bytes))
}

/// Of a line that Asterisk sends, in characters.
const LONGEST_LINE: usize = 200;

/// Variables that hold nothing of the caller's.
const OURS: [&str; 5] = [
    "TIMEOUT(absolute)",
    "GUARD_CALL_ID",
    "GUARD_EXIT",
    "GUARD_STATUS",
    "GUARD_VERDICT",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agi::Keys;

    #[test]
    fn a_command_is_one_line_without_a_number() {
        for (sent, line) in [
            (
                Command::say_digits("0911555066", Keys::NONE),
                "SAY DIGITS …066 \"\"",
            ),
            (
                Command::set_variable("GUARD_CALLBACK", "+49911555066"),
                "SET VARIABLE GUARD_CALLBACK +49…66",
            ),
            (
                Command::set_variable("GUARD_REASON", "refuse has +49911555066"),
                "SET VARIABLE GUARD_REASON \"refuse has +49…66\"",
            ),
            (
                Command::set_variable("TIMEOUT(absolute)", "86400"),
                "SET VARIABLE TIMEOUT(absolute) 86400",
            ),
            (
                Command::exec("MixMonitor", ",r(/tap/1234567.sln48)"),
                "EXEC MixMonitor ,r(/tap/1234567.sln48)",
            ),
            (Command::verbose("a\nb\x1b", 1), "VERBOSE a\\nb\\u{1b} 1"),
        ] {
            assert_eq!(command(&sent), line);
        }
    }

    #[test]
    fn what_comes_in_is_one_line_without_a_number_or_a_key() {
        for (came, line) in [
            ("200 result=55 endpos=800", "200 result=(digit) endpos=800"),
            ("200 result=35", "200 result=35"),
            (
                "200 result=0911555066 (timeout)",
                "200 result=…066 (timeout)",
            ),
            ("200 result=1 (1700000000.1)", "200 result=1 (1700000000.1)"),
            ("520 Usage: +49911555066\nmore", "520 Usage: +49…66\\nmore"),
            ("a line of 0911555066\x1b", "a line of …066\\u{1b}"),
        ] {
            let reply = Incoming::Reply(Reply::parse(came.as_bytes()));
            assert_eq!(incoming(&reply), line);
        }
        for (name, value, line) in [
            ("agi_callerid", "+49911555066", "agi_callerid: +49…66"),
            ("agi_callerid", "200", "agi_callerid: …"),
            (
                "agi_calleridname",
                "Erika Muster",
                "agi_calleridname: (hidden)",
            ),
            ("agi_uniqueid", "1700000000.1", "agi_uniqueid: 1700000000.1"),
            ("agi_extension", "+49911555066", "agi_extension: +49…66"),
            (
                "agi_network_script",
                "guard?box=100",
                "agi_network_script: guard?box=100",
            ),
        ] {
            assert_eq!(prelude(name.as_bytes(), value.as_bytes()), line);
        }
    }
}
