//! Any bytes on a connection with sound: cut anywhere they give the same frames, and each frame is the bytes it came in.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::{Decoder, Encoder};
use voicemail_guard::tap::audiosocket::{Codec, Frame};

fuzz_target!(|bytes: &[u8]| {
    let (frames, error) = read(&[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!((&frames, &error), (&read(&single).0, &read(&single).1));
    let mut rest = bytes;
    for frame in &frames {
        let mut written = BytesMut::new();
        Codec
            .encode(frame, &mut written)
            .expect("what was read can be written");
        // Only a hang-up may have a payload that is left out.
        let reason = matches!(frame, Frame::Hangup) && rest.starts_with(b"\x00\x00\x01");
        if !reason {
            assert!(rest.starts_with(&written));
        }
        rest = &rest[written.len() + usize::from(reason)..];
    }
});

fn read(pieces: &[&[u8]]) -> (Vec<Frame>, Option<String>) {
    let (mut frames, mut buffer) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match Codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
        assert!(buffer.len() < Codec::LONGEST + 3);
    }
    (frames, None)
}
