//! What goes over a FastAGI connection, as the technical log may show it: one line each, nothing raw, nobody's number.

use std::fmt::Write;

use crate::agi::{Command, Verb};
use crate::number::{mask, mask_in};
use crate::text::{quoted, shown};

/// A command that is sent. What is read out to the caller, and what goes back into the dialplan, is masked.
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
}
