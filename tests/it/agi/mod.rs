//! Known answers both ways: what Asterisk sends, and what it takes.

mod commands;
mod exchange;
mod prelude;
mod replies;

use std::time::Duration;

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{
    Codec, CodecError, CodecLimits, Command, Exchange, Finished, Handled, Incoming, Key, Keys,
    Outcome, Request,
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
