//! What Asterisk takes: the line of every command.

use std::time::Duration;

use voicemail_guard::agi::{Command, EncodeError, Key, Keys, RecordFile, Verb};

#[test]
fn every_command_takes_its_own_line() {
    let second = Duration::from_secs(1);
    let pound = Keys::NONE.with(Key::POUND);
    let record = RecordFile {
        file: "/tmp/rec/hup".into(),
        format: "wav".into(),
        ends: pound,
        limit: Some(Duration::from_mins(1)),
        offset: None,
        beep: true,
        silence: Some(Duration::from_millis(2500)),
    };
    let record_all = RecordFile {
        limit: None,
        offset: Some(8000),
        beep: false,
        silence: None,
        ..record.clone()
    };
    let lines = [
        (Command::answer(), "ANSWER"),
        (Command::async_agi_break(), "ASYNCAGI BREAK"),
        (Command::channel_status(), "CHANNEL STATUS"),
        (
            Command::channel_status_of("PJSIP/a b-1"),
            r#"CHANNEL STATUS "PJSIP/a b-1""#,
        ),
        (
            Command::control_stream_file("f", pound, second),
            "CONTROL STREAM FILE f # 1000",
        ),
        (Command::database_del("f", "k"), "DATABASE DEL f k"),
        (Command::database_del_tree("f", None), "DATABASE DELTREE f"),
        (
            Command::database_del_tree("f", Some(b"k")),
            "DATABASE DELTREE f k",
        ),
        (Command::database_get("f", "k"), "DATABASE GET f k"),
        (
            Command::database_put("f", "k", ""),
            r#"DATABASE PUT f k """#,
        ),
        (Command::exec("StopMixMonitor", ""), "EXEC StopMixMonitor"),
        (
            Command::exec("MixMonitor", ",r(/tmp/x.sln48)"),
            "EXEC MixMonitor ,r(/tmp/x.sln48)",
        ),
        (Command::get_data("f", second, 12), "GET DATA f 1000 12"),
        (
            Command::get_full_variable("${CHANNEL(name)}"),
            "GET FULL VARIABLE ${CHANNEL(name)}",
        ),
        (
            Command::get_option("f", Keys::ALL, second),
            "GET OPTION f 0123456789*# 1000",
        ),
        (
            Command::get_variable("CHANNEL(name)"),
            "GET VARIABLE CHANNEL(name)",
        ),
        (Command::gosub("c", "s", "1", None), "GOSUB c s 1"),
        (
            Command::gosub("c", "s", "1", Some(b"a b")),
            r#"GOSUB c s 1 "a b""#,
        ),
        (Command::hangup(), "HANGUP"),
        (
            Command::hangup_other("Local/x@y-1;2"),
            "HANGUP Local/x@y-1;2",
        ),
        (Command::noop(), "NOOP"),
        (Command::receive_char(second), "RECEIVE CHAR 1000"),
        (Command::receive_text(second), "RECEIVE TEXT 1000"),
        (
            Command::record_file(&record),
            "RECORD FILE /tmp/rec/hup wav # 60000 BEEP s=3",
        ),
        (
            Command::record_file(&record_all),
            "RECORD FILE /tmp/rec/hup wav # -1 8000",
        ),
        (Command::say_alpha("ab", Keys::NONE), r#"SAY ALPHA ab """#),
        (
            Command::say_date(1_795_430_835, Keys::NONE),
            r#"SAY DATE 1795430835 """#,
        ),
        (
            Command::say_date_time(5, pound, None, Some(b"Europe/Berlin")),
            "SAY DATETIME 5 # \"ABdY 'digits/at' IMp\" Europe/Berlin",
        ),
        (
            Command::say_date_time(5, pound, None, None),
            "SAY DATETIME 5 #",
        ),
        (Command::say_digits("12", Keys::NONE), r#"SAY DIGITS 12 """#),
        (Command::say_number(-7, Keys::NONE), r#"SAY NUMBER -7 """#),
        (Command::say_phonetic("ab", pound), "SAY PHONETIC ab #"),
        (Command::say_time(5, pound), "SAY TIME 5 #"),
        (Command::send_image("logo"), "SEND IMAGE logo"),
        (Command::send_text("hi there"), r#"SEND TEXT "hi there""#),
        (
            Command::set_auto_hangup(Duration::from_millis(1500)),
            "SET AUTOHANGUP 2",
        ),
        (Command::set_caller_id("+49911"), "SET CALLERID +49911"),
        (Command::set_context("c"), "SET CONTEXT c"),
        (Command::set_extension("s"), "SET EXTENSION s"),
        (
            Command::set_music_on(Some(b"default")),
            "SET MUSIC on default",
        ),
        (Command::set_music_off(), "SET MUSIC off"),
        (Command::set_priority("after"), "SET PRIORITY after"),
        (
            Command::set_variable("FOO", r#"a "b" c\"#),
            r#"SET VARIABLE FOO "a \"b\" c\\""#,
        ),
        (Command::set_variable("Y", "été"), "SET VARIABLE Y été"),
        (
            Command::speech_activate_grammar("g"),
            "SPEECH ACTIVATE GRAMMAR g",
        ),
        (Command::speech_create(""), r#"SPEECH CREATE """#),
        (
            Command::speech_deactivate_grammar("g"),
            "SPEECH DEACTIVATE GRAMMAR g",
        ),
        (Command::speech_destroy(), "SPEECH DESTROY"),
        (
            Command::speech_load_grammar("g", "/g"),
            "SPEECH LOAD GRAMMAR g /g",
        ),
        (
            Command::speech_recognize("f", second),
            "SPEECH RECOGNIZE f 1000",
        ),
        (Command::speech_set("n", "v"), "SPEECH SET n v"),
        (
            Command::speech_unload_grammar("g"),
            "SPEECH UNLOAD GRAMMAR g",
        ),
        (Command::stream_file("f", Keys::NONE), r#"STREAM FILE f """#),
        (
            Command::stream_file_from("f", pound, 8000),
            "STREAM FILE f # 8000",
        ),
        (Command::tdd_mode("off"), "TDD MODE off"),
        (Command::verbose("hi\tthere", 1), "VERBOSE \"hi\tthere\" 1"),
        (Command::wait_for_digit(second), "WAIT FOR DIGIT 1000"),
        (Command::wait_for_digit_forever(), "WAIT FOR DIGIT -1"),
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
