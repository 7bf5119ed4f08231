//! What Asterisk sends: what a reply means to its command.

use bytes::Bytes;
use voicemail_guard::agi::{ChannelState, Command, Handled, Keys, Outcome, Reply};

use super::{STREAM, WAIT, feed, finished, outcome, pressed, ran_out, started};

#[test]
fn replies_mean_what_their_command_means_by_them() {
    let value = |text: &'static [u8]| Outcome::Value(Some(Bytes::from_static(text)));
    let get = || Command::get_variable("X");
    let exec = || Command::exec("NoOp", "hello");
    let table: Vec<(Command, &[u8], Outcome)> = vec![
        (Command::answer(), b"200 result=0\n", Outcome::Done),
        (Command::set_variable("X", "y"), b"200 result=1\n", Outcome::Done),
        (Command::verbose("after", 1), b"200 result=1\n", Outcome::Done),
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
        (Command::say_digits("12", Keys::NONE), b"200 result=0\n", ran_out(None)),
        (Command::channel_status(), b"200 result=6\n", Outcome::State(ChannelState::Up)),
        (exec(), b"200 result=0\n", Outcome::Executed(0)),
        (exec(), b"100 Trying\n100 result=0 Trying...\n200 result=0\n", Outcome::Executed(0)),
        (exec(), b"200 result=-2\n", Outcome::NoSuchApplication),
        (exec(), b"200 result=-3\n", Outcome::Executed(-3)),
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
    check(WAIT(), b"503 result=-2 Memory allocation failure\n");
    check(Command::exec("NoOp", ""), b"200 result=1x\n");
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
