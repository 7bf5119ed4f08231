//! The text file of a message, as `app_voicemail` writes it.

use crate::call_record::{CallRecord, Mailbox};

/// Longest name and number in `callerid`; Asterisk reads 80 characters of a number and 256 in all.
const LONGEST_NAME: usize = 80;
const LONGEST_NUMBER: usize = 40;

/// The message's own identifier in Asterisk's form, seconds and eight hexadecimal digits; the same at
/// every attempt.
pub(super) fn message_id(record: &CallRecord) -> String {
    // The lowest bits are those that distinguish calls of one second.
    format!(
        "{}-{:08x}",
        record.started.as_second(),
        record.id.bits() as u32
    )
}

/// The text file. `seconds` is the length of the audio.
///
/// `context`, `extension` and `priority` are where the caller was, which is the guard's subroutine. Times
/// are those of the call, not of the delivery.
pub(super) fn text(record: &CallRecord, mailbox: &Mailbox, seconds: u64) -> String {
    let began = record.started;
    let fields = [
        ("origmailbox", mailbox.number().to_owned()),
        ("context", "voicemail-guard".into()),
        ("exten", or(plain(&record.dnid, LONGEST_NUMBER), "s")),
        ("rdnis", or(plain(&record.rdnis, LONGEST_NUMBER), "unknown")),
        ("priority", "1".into()),
        ("callerchan", plain(&record.channel, 128)),
        ("callerid", caller_id(record)),
        (
            "origdate",
            began
                .to_zoned_datetime(jiff::tz::TimeZone::UTC)
                .strftime("%a %b %d %I:%M:%S %p UTC %Y")
                .to_string(),
        ),
        ("origtime", began.as_second().to_string()),
        ("category", String::new()),
        ("msg_id", message_id(record)),
        ("flag", String::new()),
        ("duration", seconds.to_string()),
    ];
    let mut text = String::from(";\n; Message Information file\n;\n[message]\n");
    for (name, value) in fields {
        text.extend([name, "=", &value, "\n"]);
    }
    text
}

/// `"Name" <number>`, as Asterisk merges them. A caller who sent no number and keyed one in is called back
/// there, also from the telephone's own voice mail menu.
pub(super) fn caller_id(record: &CallRecord) -> String {
    let sent = plain(&record.caller.number, LONGEST_NUMBER);
    let anonymous = !sent.bytes().any(|c| c.is_ascii_digit());
    let number = if anonymous && record.callback.source.is_keyed() {
        plain(record.callback.best_form(), LONGEST_NUMBER)
    } else {
        sent
    };
    let name = plain(&record.caller.name, LONGEST_NAME);
    match (name.is_empty(), number.is_empty()) {
        (false, false) => format!("\"{name}\" <{number}>"),
        (false, true) => name,
        (true, false) => number,
        (true, true) => "Unknown".into(),
    }
}

/// Text that stays one value in Asterisk's configuration syntax: no line ends, comments, quotes, brackets.
fn plain(text: &str, longest: usize) -> String {
    let kept: String = text
        .chars()
        .map(|c| match c {
            c if c.is_control() => ' ',
            '"' => '\'',
            '<' | '[' => '(',
            '>' | ']' => ')',
            ';' => ',',
            '\\' => '/',
            c => c,
        })
        .take(longest)
        .collect();
    kept.trim().to_owned()
}

fn or(text: String, instead: &str) -> String {
    if text.is_empty() {
        instead.into()
    } else {
        text
    }
}
