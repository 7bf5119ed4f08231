//! What Asterisk sends: what a reply means to its command.

use std::time::Duration;

use bytes::Bytes;
use voicemail_guard::agi::{
    ChannelState, Command, GosubEnd, Handled, Key, Keys, Outcome, RecordEnd, RecordFile, Reply,
    SpeechEnd,
};

use super::{STREAM, WAIT, feed, finished, key, outcome, pressed, ran_out, started};

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
