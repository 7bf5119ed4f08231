//! What becomes of a command: hang-ups, the end of the connection.

use bytes::Bytes;
use voicemail_guard::agi::{
    Command, Exchange, Failure, Handled, Incoming, Keys, Outcome, Refused, Reply,
};

use super::{STREAM, WAIT, feed, finished, probed, ran_out, replies, started};

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
fn what_was_under_way_is_lost_with_the_connection() {
    let mut exchange = started(WAIT());
    let lost = exchange.closed();
    assert_eq!(lost.map(|finished| finished.outcome), Some(Outcome::Lost));
    assert_eq!(exchange.closed(), None);
    assert_eq!(exchange.start(Command::answer()), Err(Refused::Closed));
}

#[test]
fn a_command_sent_behind_another_is_answered_behind_it() {
    let renewal = || Command::set_variable("TIMEOUT(absolute)", "60");
    let gone_on = Outcome::Executed(0);
    let mut exchange = started(Command::exec("VoiceMail", "100"));
    exchange.start_behind(renewal()).unwrap();
    assert_eq!(exchange.poll_send(), Some(renewal()));
    assert_eq!(
        exchange.start_behind(renewal()),
        Err(Refused::NotFollowable)
    );
    assert_eq!(finished(feed(&mut exchange, b"200 result=0\n")), gone_on);
    assert_eq!(exchange.under_way(), Some(&renewal()));
    assert_eq!(exchange.start(WAIT()), Err(Refused::Busy));
    assert_eq!(
        finished(feed(&mut exchange, b"200 result=1\n")),
        Outcome::Done
    );
    assert!(exchange.is_idle());
}

#[test]
fn what_was_sent_behind_is_answered_before_minus_one_is_told_apart() {
    let renewal = || Command::set_variable("TIMEOUT(absolute)", "60");
    let mut exchange = started(Command::exec("VoiceMail", "100"));
    exchange.start_behind(renewal()).unwrap();
    exchange.poll_send();
    assert_eq!(feed(&mut exchange, b"200 result=-1\n"), []);
    assert_eq!(exchange.poll_send(), None, "two lines at once");
    assert_eq!(
        finished(feed(&mut exchange, b"200 result=1\n")),
        Outcome::Done
    );
    assert_eq!(exchange.poll_send(), Some(Command::channel_status()));
    assert_eq!(
        finished(feed(&mut exchange, b"200 result=6\n")),
        Outcome::Failed(Failure::Refused)
    );
    assert!(exchange.is_idle() && !exchange.is_dead());
}

#[test]
fn nothing_is_sent_behind_what_it_would_end_nor_what_needs_a_caller() {
    let renewal = || Command::set_variable("TIMEOUT(absolute)", "60");
    assert_eq!(
        Exchange::new().start_behind(renewal()),
        Err(Refused::NotFollowable)
    );
    assert_eq!(
        started(WAIT()).start_behind(renewal()),
        Err(Refused::NotFollowable)
    );
    let mut exchange = started(Command::exec("VoiceMail", "100"));
    assert_eq!(
        exchange.start_behind(Command::answer()),
        Err(Refused::NotFollowable)
    );
    exchange.start_behind(renewal()).unwrap();
    assert_eq!(exchange.closed().unwrap().outcome, Outcome::Lost);
    assert_eq!(exchange.closed().map(|lost| lost.command), Some(renewal()));
    assert_eq!(exchange.closed(), None);
    assert_eq!(exchange.start_behind(renewal()), Err(Refused::Closed));
}
