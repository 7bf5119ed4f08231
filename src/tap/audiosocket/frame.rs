//! `AudioSocket()`'s protocol: bytes ↔ frames. Pure.
//!
//! ```text
//! kind  1 byte   0x00 hang-up   0x01 id   0x03 key   0x10 sound   0xff error
//! length 2 bytes, most significant first
//! payload        nothing        16 bytes  ASCII      samples      one byte
//! ```
//!
//! Sound is signed linear, 8 kHz, 16 bits, least significant byte first, 20 ms a frame; the last one is shorter
//! (`res_audiosocket.c`). What is not of this form ends a connection: nothing behind it can be trusted.

use std::io;

use bytes::{Buf, BufMut, BytesMut};
use nom::combinator::map;
use nom::number::streaming::{be_u8, be_u16};
use nom::{IResult, Parser};
use tokio_util::codec::{Decoder, Encoder};

use super::id::Id;

/// One frame, from Asterisk or to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The other side has no more to say.
    Hangup,
    /// What the connection is known by; the first frame, and from Asterisk alone.
    Id(Id),
    /// The caller pressed a key: `0` to `9`, `A` to `D`, `*`, `#`.
    Key(char),
    /// Samples at 8 kHz.
    Audio(Vec<i16>),
    /// Asterisk reports what went wrong on its side, by its number.
    Error(u8),
}

/// Why a connection cannot be read on, or a frame not be sent.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// There is no such kind.
    #[error("a frame of the kind {0:#04x}, which there is not")]
    Kind(u8),
    /// A frame of this kind has no such length.
    #[error("a frame of the kind {kind:#04x} with {length} bytes")]
    Length {
        /// Its kind.
        kind: u8,
        /// Bytes of its payload.
        length: usize,
    },
    /// No telephone has such a key.
    #[error("{:?} for a key", char::from(*.0))]
    Key(u8),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Takes the bytes of a connection apart, in whatever pieces they come; puts frames together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Codec;

impl Codec {
    /// Bytes of the longest frame's payload: half a second of sound, 25 times what is usual.
    pub const LONGEST: usize = 8_000;
}

const HANGUP: u8 = 0x00;
const ID: u8 = 0x01;
const KEY: u8 = 0x03;
const AUDIO: u8 = 0x10;
const ERROR: u8 = 0xff;
/// Bytes before the payload.
const HEADER: usize = 3;

impl Decoder for Codec {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Ok((_, (kind, length))) = header(src) else {
            src.reserve(HEADER);
            return Ok(None);
        };
        // Before the payload is waited for.
        check(kind, length)?;
        if src.len() < HEADER + length {
            src.reserve(HEADER + length - src.len());
            return Ok(None);
        }
        src.advance(HEADER);
        frame(kind, &src.split_to(length)).map(Some)
    }
}

impl Encoder<&Frame> for Codec {
    type Error = FrameError;

    fn encode(&mut self, frame: &Frame, dst: &mut BytesMut) -> Result<(), FrameError> {
        let (kind, length) = match frame {
            Frame::Hangup => (HANGUP, 0),
            Frame::Id(_) => (ID, 16),
            Frame::Key(_) => (KEY, 1),
            Frame::Audio(samples) => (AUDIO, samples.len() * 2),
            Frame::Error(_) => (ERROR, 1),
        };
        check(kind, length)?;
        dst.reserve(HEADER + length);
        dst.put_u8(kind);
        dst.put_u16(length as u16);
        match frame {
            Frame::Hangup => {}
            Frame::Id(id) => dst.put_slice(id.as_bytes()),
            Frame::Key(key) => dst.put_u8(*key as u8),
            Frame::Audio(samples) => samples.iter().for_each(|&sample| dst.put_i16_le(sample)),
            Frame::Error(code) => dst.put_u8(*code),
        }
        Ok(())
    }
}

/// Kind and length; incomplete where they are not all there.
fn header(bytes: &[u8]) -> IResult<&[u8], (u8, usize)> {
    (be_u8, map(be_u16, usize::from)).parse(bytes)
}

/// Whether a frame of this kind may be so long. Sound without a sample is what makes Asterisk hang up.
fn check(kind: u8, length: usize) -> Result<(), FrameError> {
    let fits = match kind {
        // Some releases send the reason with it.
        HANGUP => length <= 1,
        ID => length == 16,
        KEY | ERROR => length == 1,
        AUDIO => length.is_multiple_of(2) && (2..=Codec::LONGEST).contains(&length),
        _ => return Err(FrameError::Kind(kind)),
    };
    if fits {
        Ok(())
    } else {
        Err(FrameError::Length { kind, length })
    }
}

/// The frame of this kind; its length has been checked.
fn frame(kind: u8, payload: &[u8]) -> Result<Frame, FrameError> {
    let length = payload.len();
    match (kind, payload) {
        (HANGUP, _) => Ok(Frame::Hangup),
        (ID, bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ok(Frame::Id(bytes.into())),
            Err(_) => Err(FrameError::Length { kind, length }),
        },
        (KEY, [key @ (b'0'..=b'9' | b'A'..=b'D' | b'*' | b'#')]) => Ok(Frame::Key((*key).into())),
        (KEY, [other, ..]) => Err(FrameError::Key(*other)),
        (AUDIO, bytes) => {
            let (samples, _) = bytes.as_chunks::<2>();
            let samples = samples.iter().map(|&sample| i16::from_le_bytes(sample));
            Ok(Frame::Audio(samples.collect()))
        }
        (ERROR, [code, ..]) => Ok(Frame::Error(*code)),
        _ => Err(FrameError::Length { kind, length }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All frames in these pieces, and what is left over of the last.
    fn decode(pieces: &[&[u8]]) -> Result<(Vec<Frame>, usize), FrameError> {
        let (mut frames, mut buffer) = (Vec::new(), BytesMut::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            while let Some(frame) = Codec.decode(&mut buffer)? {
                frames.push(frame);
            }
        }
        Ok((frames, buffer.len()))
    }

    fn encode(frames: &[Frame]) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        for frame in frames {
            Codec.encode(frame, &mut bytes).unwrap();
        }
        bytes.to_vec()
    }

    #[test]
    fn what_asterisk_sends_is_read() {
        let id: [u8; 16] = std::array::from_fn(|at| at as u8);
        let bytes = [
            &b"\x01\x00\x10"[..],
            &id,
            b"\x10\x00\x04\x01\x00\xff\xff\x03\x00\x01#\xff\x00\x01\x04\x00\x00\x00\x10\x01",
        ]
        .concat();
        let (frames, left) = decode(&[&bytes]).unwrap();
        let expected = [
            Frame::Id(id.into()),
            Frame::Audio(vec![1, -1]),
            Frame::Key('#'),
            Frame::Error(4),
            Frame::Hangup,
        ];
        assert_eq!((&frames[..], left), (&expected[..], 2));
    }

    #[test]
    fn what_is_no_frame_is_refused_by_its_first_three_bytes() {
        for (header, expected) in [
            (b"GET", "a frame of the kind 0x47, which there is not"),
            (
                b"\x11\x01\x40",
                "a frame of the kind 0x11, which there is not",
            ),
            (b"\x01\x00\x0f", "a frame of the kind 0x01 with 15 bytes"),
            (b"\x03\x00\x00", "a frame of the kind 0x03 with 0 bytes"),
            (b"\x10\x00\x00", "a frame of the kind 0x10 with 0 bytes"),
            (b"\x10\x01\x3f", "a frame of the kind 0x10 with 319 bytes"),
            (b"\x10\xff\xfe", "a frame of the kind 0x10 with 65534 bytes"),
            (b"\x00\x00\x02", "a frame of the kind 0x00 with 2 bytes"),
        ] {
            let error = decode(&[header]).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
        let error = decode(&[b"\x03\x00\x01x"]).unwrap_err().to_string();
        assert_eq!(error, "'x' for a key");
        let long = Frame::Audio(vec![0; Codec::LONGEST / 2 + 1]);
        assert!(Codec.encode(&long, &mut BytesMut::new()).is_err());
        let none = Frame::Audio(Vec::new());
        assert!(Codec.encode(&none, &mut BytesMut::new()).is_err());
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        prop_oneof![
            Just(Frame::Hangup),
            any::<[u8; 16]>().prop_map(|bytes| Frame::Id(bytes.into())),
            prop::char::range('0', '9').prop_map(Frame::Key),
            prop::collection::vec(any::<i16>(), 1..400).prop_map(Frame::Audio),
            any::<u8>().prop_map(Frame::Error),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_they_are_split(
            frames in prop::collection::vec(any_frame(), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let bytes = encode(&frames);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(decode(&pieces).unwrap(), (frames, 0));
        }

        #[test]
        fn any_bytes_give_the_same_whole_and_byte_by_byte(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let say = |read: Result<(Vec<Frame>, usize), FrameError>| read.map_err(|error| error.to_string());
            prop_assert_eq!(say(decode(&[&bytes])), say(decode(&single)));
        }
    }
}
