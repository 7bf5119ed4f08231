//! What Asterisk takes: the line of every command.

use std::time::Duration;

use voicemail_guard::agi::{Command, EncodeError, Key, Keys, Verb};

#[test]
fn every_command_takes_its_own_line() {
    let second = Duration::from_secs(1);
    let pound = Keys::NONE.with(Key::POUND);
    let lines = [
        (Command::answer(), "ANSWER"),
        (Command::channel_status(), "CHANNEL STATUS"),
        (Command::exec("StopMixMonitor", ""), "EXEC StopMixMonitor"),
        (
            Command::exec("MixMonitor", ",r(/tmp/x.sln48)"),
            "EXEC MixMonitor ,r(/tmp/x.sln48)",
        ),
        (
            Command::get_full_variable("${CHANNEL(name)}"),
            "GET FULL VARIABLE ${CHANNEL(name)}",
        ),
        (
            Command::get_variable("CHANNEL(name)"),
            "GET VARIABLE CHANNEL(name)",
        ),
        (Command::say_digits("12", Keys::NONE), r#"SAY DIGITS 12 """#),
        (
            Command::set_variable("FOO", r#"a "b" c\"#),
            r#"SET VARIABLE FOO "a \"b\" c\\""#,
        ),
        (Command::set_variable("Y", "été"), "SET VARIABLE Y été"),
        (
            Command::set_variable("Z", "a b-1"),
            r#"SET VARIABLE Z "a b-1""#,
        ),
        (Command::stream_file("f", Keys::NONE), r#"STREAM FILE f """#),
        (
            Command::stream_file("f", Keys::ALL),
            "STREAM FILE f 0123456789*#",
        ),
        (Command::stream_file("f", pound), "STREAM FILE f #"),
        (Command::verbose("hi\tthere", 1), "VERBOSE \"hi\tthere\" 1"),
        (Command::wait_for_digit(second), "WAIT FOR DIGIT 1000"),
    ];
    let mut seen: Vec<Verb> = Vec::new();
    for (command, line) in lines {
        let encoded = command.encode().unwrap();
        assert_eq!(String::from_utf8(encoded).unwrap(), format!("{line}\n"));
        seen.push(command.verb());
    }
    for verb in Verb::ALL {
        assert!(seen.contains(verb), "{verb} has no line here");
    }
}

#[test]
fn what_no_line_can_carry_is_refused() {
    for byte in [b'\n', b'\r', 0] {
        let refused = Command::set_variable("X", [b'a', byte, b'b']).encode();
        let verb = Verb::SetVariable;
        let argument = 2;
        assert_eq!(
            refused,
            Err(EncodeError::Forbidden {
                verb,
                argument,
                byte
            })
        );
    }
    let room = Command::MAX_BYTES - "VERBOSE  1\n".len();
    assert_eq!(
        Command::verbose(vec![b'x'; room], 1)
            .encode()
            .unwrap()
            .len(),
        Command::MAX_BYTES
    );
    for too_long in [vec![b'x'; room + 1], vec![b'"'; room / 2]] {
        let refused = Command::verbose(too_long, 1).encode();
        assert!(
            matches!(refused, Err(EncodeError::TooLong { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn logged_commands_stay_on_their_line() {
    let command = Command::set_variable("X", "a\n\u{1b}[31m\"");
    assert_eq!(
        command.to_string(),
        r#"SET VARIABLE X a\n\x1b[31m\""#.replace("X a", "X \"a") + "\""
    );
}
