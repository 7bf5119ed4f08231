//! Any bytes as replies: cut anywhere they give the same, lose nothing, and mean something to every command.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, CodecLimits, Incoming, Reply};

fuzz_target!(|bytes: &[u8]| {
    let limits = CodecLimits {
        line_bytes: 256,
        reply_bytes: 1024,
        ..CodecLimits::default()
    };
    let whole = read(limits, &[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, read(limits, &single));
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert!(whole.len() <= lines);
    for item in whole {
        match item {
            Incoming::Reply(reply) => sound(&reply, bytes),
            Incoming::Hangup => {}
            Incoming::Request(request) => panic!("a second prelude: {request:?}"),
        }
    }
});

fn read(limits: CodecLimits, pieces: &[&[u8]]) -> Vec<Incoming> {
    let mut codec = Codec::after_prelude(limits);
    let mut buffer = BytesMut::new();
    let mut items = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(_) => return items,
            }
        }
    }
    items
}

/// A reply's parts stand in the bytes as they came.
fn sound(reply: &Reply, bytes: &[u8]) {
    match reply {
        Reply::Result(line) => {
            assert!(contains(bytes, &[b"200 result=", &line.value[..]].concat()));
            assert!(!line.value.contains(&b' '));
            if let Some(text) = line.text() {
                assert!(contains(bytes, &[b"(", &text[..], b")"].concat()));
            }
        }
        Reply::Malformed(text) | Reply::Garbage(text) => assert!(contains(bytes, text)),
        Reply::Usage(text) => assert!(text.len() <= 1024 + 256),
        Reply::Trying | Reply::UnknownCommand | Reply::DeadChannel => {}
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
