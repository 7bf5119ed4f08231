//! Any bytes as a prelude: cut anywhere they give the same, and no accessor trips.
//!
//! A second, plain reader of the lines must agree on names and values.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, Incoming, Request};

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, read(&single));
    if let Some(request) = whole {
        agrees(&request, bytes);
        exercise(&request);
    }
});

fn read(pieces: &[&[u8]]) -> Option<Request> {
    let mut codec = Codec::default();
    let mut buffer = BytesMut::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        match codec.decode(&mut buffer) {
            Ok(Some(Incoming::Request(request))) => return Some(request),
            Ok(Some(other)) => panic!("before the prelude: {other:?}"),
            Ok(None) => {}
            Err(_) => return None,
        }
    }
    None
}

fn agrees(request: &Request, bytes: &[u8]) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut read = request.lines();
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if !line.contains(&b':') {
            continue;
        }
        let (name, value) = read.next().expect("every line with a colon is kept");
        let glued = [name, b":", value].concat();
        let spaced = [name, b": ", value].concat();
        assert!(line == glued || line == spaced);
        assert!(!name.contains(&b':'));
    }
    assert_eq!(read.next(), None);
    assert!(request.stray_lines().count() <= Request::MAX_STRAY);
}

fn exercise(request: &Request) {
    for (name, _) in request.lines() {
        let name = String::from_utf8_lossy(name);
        let _ = request.is_contradicted(&name);
        if let Some(text) = request.get(&name) {
            assert_eq!(
                text,
                String::from_utf8_lossy(request.bytes(&name).expect("it is there"))
            );
        }
    }
    for (name, value) in request.arguments() {
        let first = request.argument(&name).expect("it is an argument");
        let same = request.arguments().find(|(other, _)| *other == name);
        assert_eq!(same, Some((name, first)));
        assert!(value.len() <= 3 * 64 * 1024);
    }
    let _ = (request.calling_pres(), request.dnid(), request.path());
}
