//! Known answers both ways: what Asterisk sends, and what it takes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::too_many_lines, reason = "one table of known answers")]

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{
    ChannelState, Codec, CodecError, CodecLimits, Command, EncodeError, Exchange, Failure,
    Finished, GosubEnd, Handled, Incoming, Key, Keys, Outcome, Part, RecordEnd, RecordFile,
    Refused, Reply, Request, SpeechEnd, Verb,
};

fn decode_all(mut codec: Codec, bytes: &[u8]) -> Result<Vec<Incoming>, CodecError> {
    let mut buffer = BytesMut::from(bytes);
    let mut items = Vec::new();
    while let Some(item) = codec.decode(&mut buffer)? {
        items.push(item);
    }
    Ok(items)
}

fn replies(bytes: &[u8]) -> Vec<Incoming> {
    decode_all(Codec::after_prelude(CodecLimits::default()), bytes).unwrap()
}

fn request(bytes: &[u8]) -> Request {
    match decode_all(Codec::default(), bytes).unwrap().remove(0) {
        Incoming::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

/// What `exchange` makes of these bytes, in order; what it sends by itself is dropped.
fn feed(exchange: &mut Exchange, bytes: &[u8]) -> Vec<Handled> {
    replies(bytes)
        .into_iter()
        .map(|item| exchange.handle(item))
        .filter(|handled| *handled != Handled::Nothing)
        .collect()
}

fn started(command: Command) -> Exchange {
    let mut exchange = Exchange::new();
    exchange.start(command.clone()).unwrap();
    assert_eq!(exchange.poll_send(), Some(command));
    assert_eq!(exchange.poll_send(), None);
    exchange
}

fn finished(handled: Vec<Handled>) -> Outcome {
    match <[Handled; 1]>::try_from(handled) {
        Ok([Handled::Finished(Finished { outcome, .. })]) => outcome,
        other => panic!("{other:?}"),
    }
}

/// The command's outcome where Asterisk answers with these bytes.
fn outcome(command: Command, bytes: &[u8]) -> Outcome {
    finished(feed(&mut started(command), bytes))
}

/// The command's outcome where Asterisk answers `-1`, and CHANNEL STATUS with these bytes.
fn probed(command: Command, bytes: &[u8], status: &[u8]) -> Outcome {
    let mut exchange = started(command);
    assert_eq!(feed(&mut exchange, bytes), []);
    assert_eq!(exchange.poll_send(), Some(Command::channel_status()));
    let mut handled = feed(&mut exchange, status);
    handled.retain(|handled| *handled != Handled::HungUp);
    finished(handled)
}

fn key(code: u8) -> Key {
    Key::from_ascii(code).unwrap()
}

fn pressed(code: u8, endpos: Option<u64>) -> Outcome {
    let key = Some(key(code));
    Outcome::Key { key, endpos }
}

fn ran_out(endpos: Option<u64>) -> Outcome {
    Outcome::Key { key: None, endpos }
}

const STREAM: fn() -> Command = || Command::stream_file("demo-congrats", Keys::ALL);
const WAIT: fn() -> Command = || Command::wait_for_digit(Duration::from_millis(250));

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

#[test]
fn replies_mean_what_their_command_means_by_them() {
    let second = Duration::from_secs(1);
    let value = |text: &'static [u8]| Outcome::Value(Some(Bytes::from_static(text)));
    let digits = |keys: &[u8], timed_out| Outcome::Digits {
        keys: keys.iter().map(|&code| key(code)).collect(),
        timed_out,
    };
    let get = || Command::get_variable("X");
    let data = || Command::get_data("f", second, 12);
    let exec = || Command::exec("NoOp", "hello");
    let gosub = || Command::gosub("default", "s", "1", None);
    let recognize = || Command::speech_recognize("f", second);
    let table: Vec<(Command, &[u8], Outcome)> = vec![
        (Command::answer(), b"200 result=0\n", Outcome::Done),
        (Command::noop(), b"200 result=0\r\n", Outcome::Done),
        (Command::set_variable("X", "y"), b"200 result=1\n", Outcome::Done),
        (Command::verbose("after", 1), b"200 result=1\n", Outcome::Done),
        (Command::database_put("f", "k", "v"), b"200 result=0\n", Outcome::NotDone),
        (Command::database_del_tree("f", None), b"200 result=0\n", Outcome::Done),
        (Command::database_del_tree("f", None), b"200 result=1\n", Outcome::Done),
        (Command::database_get("f", "k"), b"200 result=1 (v)\n", value(b"v")),
        (Command::database_get("f", "k"), b"200 result=0\n", Outcome::Value(None)),
        (get(), b"200 result=0\n", Outcome::Value(None)),
        (get(), b"200 result=1 ()\n", value(b"")),
        (get(), b"200 result=1 ((slin))\n", value(b"(slin)")),
        (get(), b"200 result=1 (a \"b\" c)\n", value(b"a \"b\" c")),
        (get(), b"200 result=1 (a) b)\n", value(b"a) b")),
        (get(), b"200 result=1 (M\xfcller \x1b[31m)\n", value(b"M\xfcller \x1b[31m")),
        (get(), b"200 result=1 (one\ntwo)\n", value(b"one\ntwo")),
        (get(), b"200 result=1 (one\r\n\nHANGUP\n200 result=0\nx)\n", value(b"one\r\n\nHANGUP\n200 result=0\nx")),
        (get(), b"200 result=1 (a) b\nc)\n", value(b"a) b\nc")),
        (WAIT(), b"200 result=55\n", pressed(b'7', None)),
        (WAIT(), b"200 result=0\n", ran_out(None)),
        (WAIT(), b"200 result=35\n", pressed(b'#', None)),
        (STREAM(), b"200 result=0 endpos=3404\n", ran_out(Some(3404))),
        (STREAM(), b"200 result=42 endpos=12000\n", pressed(b'*', Some(12000))),
        (STREAM(), b"200 result=0 endpos=-1\n", ran_out(None)),
        (STREAM(), b"200 result=0 endpos=99999999999999999999999\n", ran_out(None)),
        (Command::get_option("f", Keys::ALL, second), b"200 result=49 endpos=1\n", pressed(b'1', Some(1))),
        (Command::say_digits("12", Keys::NONE), b"200 result=0\n", ran_out(None)),
        (data(), b"200 result=\n", digits(b"", false)),
        (data(), b"200 result= (timeout)\n", digits(b"", true)),
        (data(), b"200 result=123*\n", digits(b"123*", false)),
        (data(), b"200 result=12 (timeout)\n", digits(b"12", true)),
        (data(), b"200 result=0\n", digits(b"0", false)),
        (Command::channel_status(), b"200 result=6\n", Outcome::State(ChannelState::Up)),
        (Command::channel_status_of("x"), b"200 result=-1\n", Outcome::NoSuchChannel),
        (Command::hangup(), b"200 result=1\n", Outcome::Done),
        (Command::hangup_other("x"), b"200 result=-1\n", Outcome::NoSuchChannel),
        (exec(), b"200 result=0\n", Outcome::Executed(0)),
        (exec(), b"200 result=-2\n", Outcome::NoSuchApplication),
        (exec(), b"200 result=-3\n", Outcome::Executed(-3)),
        (gosub(), b"100 result=0 Trying...\n200 result=0 Gosub complete\n", Outcome::Gosub(GosubEnd::Complete)),
        (gosub(), b"100 Trying\n100 Trying\n200 result=0 Gosub complete (abnormal exit)\n", Outcome::Gosub(GosubEnd::Abnormal)),
        (gosub(), b"200 result=-1 Gosub label not found\n", Outcome::Gosub(GosubEnd::NoSuchLabel)),
        (gosub(), b"200 result=5 Gosub failed\n", Outcome::Gosub(GosubEnd::Failed)),
        (gosub(), b"503 result=-2 Memory allocation failure\n", Outcome::Gosub(GosubEnd::Failed)),
        (Command::receive_char(second), b"200 result=65\n", Outcome::Character(Some(65))),
        (Command::receive_char(second), b"200 result=0 (timeout)\n", Outcome::Character(None)),
        (Command::receive_char(second), b"200 result=-1 (hangup)\n", Outcome::ChannelGone),
        (Command::receive_text(second), b"200 result=1 (hi (you))\n", value(b"hi (you)")),
        (recognize(), b"200 result=1 (digit) digit=5 endpos=100\n", Outcome::Speech(SpeechEnd::Key(key(b'5')))),
        (recognize(), b"200 result=1 (timeout) endpos=1\n", Outcome::Speech(SpeechEnd::Timeout)),
        (recognize(), b"200 result=1 (hangup) endpos=1\n", Outcome::ChannelGone),
        (recognize(), b"200 result=0 endpos=1\n", Outcome::Speech(SpeechEnd::Nothing)),
        (
            recognize(),
            b"200 result=1 (speech) endpos=9 results=1 score0=800 text0=\"hello (world)\" grammar0=g\n",
            Outcome::Speech(SpeechEnd::Heard(Bytes::from_static(
                b"endpos=9 results=1 score0=800 text0=\"hello (world)\" grammar0=g",
            ))),
        ),
        (get(), b"510 Invalid or unknown command\n", Outcome::UnknownCommand),
        (STREAM(), b"511 Command Not Permitted on a dead channel or intercept routine\n", Outcome::DeadChannel),
        (
            WAIT(),
            b"520-Invalid command syntax.  Proper usage follows:\nWaits up to <replaceable>timeout</replaceable>\n520 End of proper usage.\n",
            Outcome::Usage(Bytes::from_static(
                b"Invalid command syntax.  Proper usage follows:\nWaits up to <replaceable>timeout</replaceable>\n",
            )),
        ),
        (
            WAIT(),
            b"520 Invalid command syntax.  Proper usage not available.\n",
            Outcome::Usage(Bytes::from_static(b"Invalid command syntax.  Proper usage not available.")),
        ),
    ];
    for (command, bytes, expected) in table {
        let shown = bytes.escape_ascii().to_string();
        assert_eq!(outcome(command, bytes), expected, "{shown}");
    }
}

#[test]
fn a_recording_ends_in_one_of_seven_ways() {
    let record = Command::record_file(&RecordFile {
        file: "m".into(),
        format: "wav".into(),
        ends: Keys::ALL,
        limit: None,
        offset: None,
        beep: false,
        silence: Some(Duration::from_secs(3)),
    });
    let check = |bytes: &[u8], end, endpos| {
        let expected = Outcome::Recorded { end, endpos };
        assert_eq!(outcome(record.clone(), bytes), expected);
    };
    check(
        b"200 result=0 (timeout) endpos=72000\n",
        RecordEnd::Timeout,
        Some(72000),
    );
    check(
        b"200 result=35 (dtmf) endpos=0\n",
        RecordEnd::Key(Key::POUND),
        Some(0),
    );
    check(
        b"200 result=99981 (timeout) endpos=8160\n",
        RecordEnd::Silence { left: 99981 },
        Some(8160),
    );
    check(
        b"200 result=49 (timeout) endpos=8160\n",
        RecordEnd::Silence { left: 49 },
        Some(8160),
    );
    check(
        b"200 result=-1 (hangup) endpos=0\n",
        RecordEnd::Hangup,
        Some(0),
    );
    check(
        b"200 result=-1 (waitfor) endpos=9\n",
        RecordEnd::ChannelError,
        Some(9),
    );
    check(b"200 result=-1 (writefile)\n", RecordEnd::Unwritable, None);
    check(
        b"200 result=-1 (randomerror) endpos=7\n",
        RecordEnd::Interrupted,
        Some(7),
    );
}

#[test]
fn replies_that_a_command_cannot_have_end_it_as_malformed() {
    let check = |command: Command, bytes: &[u8]| {
        let outcome = outcome(command, bytes);
        assert!(matches!(outcome, Outcome::Malformed(_)), "{outcome:?}");
    };
    check(WAIT(), b"200 result=99999999999999999999\n");
    check(WAIT(), b"200 result=1\n");
    check(WAIT(), b"200 result=\n");
    check(WAIT(), b"200\n");
    check(WAIT(), b"200 ok\n");
    check(WAIT(), b"299 result=0\n");
    check(WAIT(), b"600\n");
    check(Command::get_variable("X"), b"200 result=1\n");
    check(
        Command::get_data("f", Duration::ZERO, 1),
        b"200 result=1x\n",
    );
    check(Command::channel_status(), b"200 result=8\n");
}

#[test]
fn garbage_is_reported_and_ends_nothing() {
    let mut exchange = started(WAIT());
    let handled = feed(
        &mut exchange,
        b"\x00\xffbinary\n\n200result=0\nHANGUP200 result=0\n200 result=55\n",
    );
    let garbage = handled
        .iter()
        .filter(|h| matches!(h, Handled::Unexpected(Reply::Garbage(_))));
    assert_eq!(garbage.count(), 4);
    assert_eq!(finished(vec![handled[4].clone()]), pressed(b'7', None));
}

#[test]
fn minus_one_is_told_apart() {
    let gone = b"511 Command Not Permitted on a dead channel or intercept routine\n";
    let missing = Outcome::Failed(Failure::FileMissing);
    let refused = Outcome::Failed(Failure::Refused);
    assert_eq!(
        probed(STREAM(), b"200 result=-1 endpos=0\n", b"200 result=6\n"),
        missing
    );
    assert_eq!(
        probed(STREAM(), b"200 result=-1 endpos=0\n", b"200 result=4\n"),
        missing
    );
    assert_eq!(
        probed(STREAM(), b"200 result=-1 endpos=160\n", b"200 result=6\n"),
        refused
    );
    assert_eq!(
        probed(
            STREAM(),
            b"200 result=-1 endpos=12000\n",
            b"HANGUP\n200 result=6\n"
        ),
        Outcome::ChannelGone
    );
    assert_eq!(
        probed(STREAM(), b"200 result=-1 endpos=0\n", gone),
        Outcome::ChannelGone
    );
    assert_eq!(
        probed(WAIT(), b"200 result=-1\n", b"200 result=6\n"),
        refused
    );
    assert_eq!(
        probed(
            Command::exec("AudioSocket", "x"),
            b"200 result=-1\n",
            b"200 result=6\n"
        ),
        refused
    );
    assert_eq!(
        probed(
            Command::say_digits("1", Keys::NONE),
            b"200 result=-1\n",
            b"200 result=6\n"
        ),
        missing
    );

    let mut exchange = started(WAIT());
    let handled = feed(&mut exchange, b"HANGUP\n200 result=-1\n");
    assert_eq!(handled[0], Handled::HungUp);
    assert_eq!(finished(handled[1..].to_vec()), Outcome::ChannelGone);
    assert_eq!(exchange.poll_send(), None);
}

#[test]
fn the_hang_up_may_stand_anywhere_and_the_session_goes_on() {
    for (before, after) in [
        (&b"HANGUP\n"[..], &b""[..]),
        (b"HANGUP\nHANGUP\n", b""),
        (b"hangup\r\n", b"HANGUP \n"),
        (b"", b"HANGUP\n"),
    ] {
        let mut exchange = started(Command::get_variable("X"));
        let mut bytes = before.to_vec();
        bytes.extend_from_slice(b"200 result=1 (y)\n");
        bytes.extend_from_slice(after);
        let mut handled = feed(&mut exchange, &bytes);
        let hang_ups = handled.len();
        handled.retain(|handled| *handled != Handled::HungUp);
        assert_eq!(hang_ups - handled.len(), 1);
        assert_eq!(
            finished(handled),
            Outcome::Value(Some(Bytes::from_static(b"y")))
        );
        assert!(exchange.is_dead() && exchange.is_idle());

        assert_eq!(exchange.start(STREAM()), Err(Refused::DeadChannel));
        exchange
            .start(Command::set_variable("GUARD_STATUS", "done"))
            .unwrap();
        assert_eq!(
            finished(feed(&mut exchange, b"200 result=1\n")),
            Outcome::Done
        );
    }
}

#[test]
fn a_hang_up_inside_a_usage_block_is_one() {
    let items = replies(b"520-Usage:\nHANGUP\nmore\n520 End.\n");
    assert_eq!(items[0], Incoming::Hangup);
    assert_eq!(
        items[1],
        Incoming::Reply(Reply::Usage(Bytes::from_static(b"Usage:\nmore\n")))
    );
}

#[test]
fn without_a_hangup_line_the_first_511_tells() {
    let mut exchange = started(WAIT());
    let refusal = b"511 Command Not Permitted on a dead channel or intercept routine\n";
    assert_eq!(finished(feed(&mut exchange, refusal)), Outcome::DeadChannel);
    assert!(exchange.is_dead());
    assert_eq!(exchange.start(WAIT()), Err(Refused::DeadChannel));
}

#[test]
fn a_reply_to_nothing_is_never_matched_to_a_later_command() {
    let mut exchange = Exchange::new();
    let handled = feed(&mut exchange, b"200 result=55\n");
    assert!(matches!(
        handled[..],
        [Handled::Unexpected(Reply::Result(_))]
    ));
    exchange.start(WAIT()).unwrap();
    assert_eq!(exchange.start(WAIT()), Err(Refused::Busy));
    assert_eq!(
        finished(feed(&mut exchange, b"200 result=0\n")),
        ran_out(None)
    );
}

#[test]
fn an_interrupted_prompt_is_swallowed() {
    let mut exchange = started(STREAM());
    exchange.interrupt().unwrap();
    exchange.interrupt().unwrap();
    let fence = fence(&mut exchange);
    assert_eq!(exchange.poll_send(), None);
    assert_eq!(finished(feed(&mut exchange, &fence)), Outcome::Swallowed);
    exchange.start(WAIT()).unwrap();
}

#[test]
fn a_prompt_that_ended_while_it_was_interrupted_is_replied() {
    let mut exchange = started(STREAM());
    exchange.interrupt().unwrap();
    let fence = fence(&mut exchange);
    assert_eq!(feed(&mut exchange, b"200 result=49 endpos=800\n"), []);
    assert!(!exchange.is_idle());
    assert_eq!(
        finished(feed(&mut exchange, &fence)),
        pressed(b'1', Some(800))
    );
}

#[test]
fn an_interrupted_wait_says_1_which_is_no_key() {
    let mut exchange = started(WAIT());
    exchange.interrupt().unwrap();
    let fence = fence(&mut exchange);
    assert_eq!(feed(&mut exchange, b"200 result=1\n"), []);
    assert_eq!(finished(feed(&mut exchange, &fence)), Outcome::Swallowed);
}

#[test]
fn what_does_not_watch_the_connection_is_not_interrupted() {
    let mut exchange = started(Command::answer());
    assert_eq!(exchange.interrupt(), Err(Refused::NotInterruptible));
    assert_eq!(
        finished(feed(&mut exchange, b"200 result=0\n")),
        Outcome::Done
    );
    assert_eq!(exchange.interrupt(), Err(Refused::NotInterruptible));
}

/// The answer to the fence that was sent.
fn fence(exchange: &mut Exchange) -> Vec<u8> {
    let fence = exchange.poll_send().unwrap();
    assert_eq!(fence.verb(), Verb::GetFullVariable);
    let text = fence.arguments().next().unwrap();
    [b"200 result=1 (", text, b")\n"].concat()
}

#[test]
fn what_was_under_way_is_lost_with_the_connection() {
    let mut exchange = started(WAIT());
    let lost = exchange.closed();
    assert_eq!(lost.map(|finished| finished.outcome), Some(Outcome::Lost));
    assert_eq!(exchange.closed(), None);
    assert_eq!(exchange.start(Command::noop()), Err(Refused::Closed));
}

const PRELUDE: &[u8] = b"agi_network: yes\n\
agi_network_script: guard?box=100%40default&mode=a%20b&box=2&odd=%zz&flag\n\
agi_request: agi://127.0.0.1:4574/guard?box=100%40default\n\
agi_channel: Local/penv@probe-00000000;2\n\
agi_language: en\n\
agi_type: Local\n\
agi_uniqueid: 1795430835.1\n\
agi_version: 22.10.1\n\
agi_callerid: +4991112345\n\
agi_calleridname: Lab: Caller\n\
agi_callingpres: 32\n\
agi_callingani2: 0\n\
agi_callington: 0\n\
agi_callingtns: 0\n\
agi_dnid: 100\n\
agi_rdnis: unknown\n\
agi_context: probe\n\
agi_extension: penv\n\
agi_priority: 3\n\
agi_enhanced: 0.0\n\
agi_accountcode: \n\
agi_threadid: 139770969274048\n\
agi_arg_1: box=200\n\
agi_arg_2: two,2\n\
agi_arg_3: late=x=y\n\
\n";

#[test]
fn a_real_prelude_is_read_whole() {
    let request = request(PRELUDE);
    assert_eq!(request.lines().count(), 25);
    assert_eq!(request.uniqueid().as_deref(), Some("1795430835.1"));
    assert_eq!(
        request.channel().as_deref(),
        Some("Local/penv@probe-00000000;2")
    );
    assert_eq!(request.language().as_deref(), Some("en"));
    assert_eq!(request.caller_id().as_deref(), Some("+4991112345"));
    assert_eq!(request.caller_name().as_deref(), Some("Lab: Caller"));
    assert_eq!(request.calling_pres(), Some(32));
    assert_eq!(request.dnid().as_deref(), Some("100"));
    assert_eq!(request.rdnis(), None);
    assert_eq!(request.get("agi_rdnis").as_deref(), Some("unknown"));
    assert_eq!(request.get("agi_accountcode").as_deref(), Some(""));
    assert_eq!(request.context().as_deref(), Some("probe"));
    assert_eq!(request.extension().as_deref(), Some("penv"));
    assert_eq!(request.path(), "guard");
    assert_eq!(request.argument("box").as_deref(), Some("100@default"));
    assert_eq!(request.argument("mode").as_deref(), Some("a b"));
    assert_eq!(request.argument("odd").as_deref(), Some("%zz"));
    assert_eq!(request.argument("flag").as_deref(), Some(""));
    assert_eq!(request.argument("late").as_deref(), Some("x=y"));
    assert_eq!(request.argument("none"), None);
    let names: Vec<String> = request.arguments().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["box", "mode", "box", "odd", "flag", "box", "two,2", "late"]
    );
    assert_eq!(request.contradicted().count(), 0);
}

#[test]
fn line_ends_marks_and_bytes_of_any_kind_are_taken() {
    let check = |text: &[u8], name: &str, expected: &[u8]| {
        assert_eq!(
            request(text).bytes(name),
            Some(expected),
            "{}",
            text.escape_ascii()
        );
    };
    check(
        b"agi_network: yes\r\nagi_callerid: 1\r\n\r\n",
        "agi_callerid",
        b"1",
    );
    check(b"\xef\xbb\xbfagi_network: yes\n\n", "agi_network", b"yes");
    check(
        b"agi_calleridname: M\xfcller\n\n",
        "agi_calleridname",
        b"M\xfcller",
    );
    check(b"agi_calleridname:x\n\n", "agi_calleridname", b"x");
    check(b"agi_calleridname:  x\n\n", "agi_calleridname", b" x");
    check(
        b"agi_calleridname: a\0\x1b\x7f\r\n\n",
        "agi_calleridname",
        b"a\0\x1b\x7f",
    );
    check(b"agi_arg_1000000: x\n\n", "agi_arg_1000000", b"x");
    let latin = request(b"agi_calleridname: M\xfcller\n\n");
    assert_eq!(latin.caller_name().as_deref(), Some("M\u{fffd}ller"));
}

#[test]
fn a_forged_line_overrides_nothing_that_stands_before_the_name() {
    let text = String::from_utf8(PRELUDE.to_vec()).unwrap().replace(
        "Lab: Caller",
        "X\nagi_uniqueid: 9\nagi_network_script: guard?box=666\nagi_callingpres: 0\nhalf a line",
    );
    let request = request(text.as_bytes());
    assert_eq!(request.uniqueid().as_deref(), Some("1795430835.1"));
    assert_eq!(request.argument("box").as_deref(), Some("100@default"));
    assert_eq!(request.calling_pres(), None);
    let forged: Vec<_> = request.contradicted().collect();
    assert_eq!(
        forged,
        ["agi_uniqueid", "agi_network_script", "agi_callingpres"]
    );
    let stray: Vec<_> = request.stray_lines().collect();
    assert_eq!(stray, [b"half a line"]);
}

#[test]
fn what_is_no_prelude_is_refused_at_its_first_bytes() {
    let check = |bytes: &[u8]| {
        let refused = decode_all(Codec::default(), bytes);
        assert!(
            matches!(refused, Err(CodecError::NotAgi { .. })),
            "{refused:?}"
        );
    };
    check(b"GET / HTTP/1.1\r\n");
    check(b"\x16\x03\x01\x02\x00\x01\x00");
    check(b"OPTIONS sip:a@b SIP/2.0\r\n");
    check(b"G");
    check(b"\n");
    check(b"\0");
}

#[test]
fn limits_hold_before_anything_grows() {
    let limits = CodecLimits {
        line_bytes: 64,
        prelude_bytes: 256,
        prelude_lines: 8,
        reply_bytes: 128,
    };
    let prelude = |bytes: &[u8]| decode_all(Codec::new(limits), bytes).unwrap_err();
    let replies = |bytes: &[u8]| decode_all(Codec::after_prelude(limits), bytes).unwrap_err();

    let endless = [b"agi_network: yes\nagi_x: ".as_slice(), &[b'x'; 64]].concat();
    assert!(matches!(
        prelude(&endless),
        CodecError::LineTooLong {
            part: Part::Prelude,
            line: 2,
            limit: 64
        }
    ));
    assert!(matches!(
        prelude(&b"agi_x: y\n".repeat(9)),
        CodecError::PreludeTooLong { lines: 9, .. }
    ));
    let long = [b"agi_x: ".as_slice(), &[b'y'; 50], b"\n"].concat();
    assert!(matches!(
        prelude(&long.repeat(5)),
        CodecError::PreludeTooLong {
            lines: 5,
            bytes: 290
        }
    ));
    assert!(matches!(
        replies(&[b'2'; 65]),
        CodecError::LineTooLong {
            part: Part::Replies,
            line: 1,
            ..
        }
    ));
    let usage = [b"520-Usage\n".as_slice(), &b"text\n".repeat(30)].concat();
    assert!(matches!(
        replies(&usage),
        CodecError::ReplyTooLong { line: 1, .. }
    ));
    let value = [b"200 result=1 (a\n".as_slice(), &b"text\n".repeat(30)].concat();
    assert!(matches!(
        replies(&value),
        CodecError::ReplyTooLong { line: 1, .. }
    ));
}

#[test]
fn half_a_line_is_nothing_and_its_loss_is_told() {
    let eof = |mut codec: Codec, bytes: &[u8]| {
        let mut buffer = BytesMut::from(bytes);
        codec.decode_eof(&mut buffer)
    };
    let replies = || Codec::after_prelude(CodecLimits::default());
    assert!(matches!(eof(replies(), b""), Ok(None)));
    assert!(matches!(eof(Codec::default(), b""), Ok(None)));
    assert!(matches!(
        eof(replies(), b"200 result=4"),
        Err(CodecError::CutOff {
            part: Part::Replies,
            bytes: 12
        })
    ));
    assert!(matches!(
        eof(Codec::default(), b"agi_network: yes\n"),
        Err(CodecError::CutOff {
            part: Part::Prelude,
            bytes: 0
        })
    ));
}
