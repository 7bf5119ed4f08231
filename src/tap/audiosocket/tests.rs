//! Connections as Asterisk makes them, and as it does not.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::codec::{Decoder, Encoder};

use super::*;
use crate::clock::{Clock, timeout};
use crate::server::descriptors;

/// A listener, and where it is.
async fn listen(clock: Clock) -> (Listener, SocketAddr) {
    let listener = Listener::new(|_| false, clock);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(listener.clone().serve(socket));
    (listener, address)
}

/// Asterisk's side of a connection.
struct Asterisk {
    stream: TcpStream,
    unread: BytesMut,
}

impl Asterisk {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let unread = BytesMut::new();
        Self { stream, unread }
    }

    /// One that says who it is.
    async fn with(address: SocketAddr, id: Id) -> Self {
        let mut asterisk = Self::connect(address).await;
        asterisk.send(&Frame::Id(id)).await;
        asterisk
    }

    async fn send(&mut self, frame: &Frame) {
        let mut bytes = BytesMut::new();
        Codec.encode(frame, &mut bytes).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// The next frame; `None` where the connection has ended.
    async fn next(&mut self) -> Option<Frame> {
        let next = async {
            loop {
                if let Some(frame) = Codec.decode(&mut self.unread).unwrap() {
                    return Some(frame);
                }
                let read = self.stream.read_buf(&mut self.unread).await;
                if !matches!(read, Ok(1..)) {
                    return None;
                }
            }
        };
        timeout(SOON, next).await.expect("a frame, or the end")
    }

    async fn ends(mut self) -> bool {
        self.next().await.is_none()
    }
}

/// A line that is up, from both sides.
async fn line(clock: Clock) -> (Line, Asterisk) {
    let (listener, address) = listen(clock).await;
    let expected = listener.expect(SOON).unwrap();
    let asterisk = Asterisk::with(address, expected.id()).await;
    (expected.connected().await.unwrap(), asterisk)
}

async fn heard(line: &mut Line) -> Heard {
    timeout(SOON, line.next()).await.expect("something heard")
}

/// What is heard until the line is down, pauses left out, and why it is.
async fn heard_to_the_end(line: &mut Line) -> (Vec<i16>, String) {
    let mut all = Vec::new();
    loop {
        match heard(line).await {
            Heard::Audio(samples) => all.extend(samples),
            Heard::Pause | Heard::Key(_) => {}
            Heard::Closed(ended) => return (all, ended.to_string()),
        }
    }
}

#[tokio::test]
async fn sound_and_keys_are_heard_in_their_order_to_the_end() {
    let (mut line, mut asterisk) = line(Clock::faster(50.0)).await;
    let sound = |range: std::ops::Range<i16>| Frame::Audio(range.collect());
    for frame in [sound(0..160), sound(160..298), Frame::Key('5')] {
        asterisk.send(&frame).await;
    }
    let mut all = Vec::new();
    loop {
        match heard(&mut line).await {
            Heard::Audio(samples) => all.extend(samples),
            Heard::Key(key) => break assert_eq!(key, '5'),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, (0..298).collect::<Vec<i16>>());
    assert!(matches!(heard(&mut line).await, Heard::Pause));
    asterisk.send(&sound(7..9)).await;
    asterisk.send(&Frame::Hangup).await;
    let (rest, why) = heard_to_the_end(&mut line).await;
    assert_eq!((rest, &*why), (vec![7, 8], "Asterisk ended it"));
    assert!(matches!(heard(&mut line).await, Heard::Closed(_)));
    while let Some(frame) = asterisk.next().await {
        assert_eq!(frame, Frame::Audio(vec![0; 160]));
    }
}

#[tokio::test]
async fn what_is_no_frame_ends_the_line() {
    for (bytes, expected) in [
        (&b""[..], "Asterisk closed it"),
        (b"\x10\x01", "closed in the middle of a frame"),
        (b"\x10\x01\x40half", "closed in the middle of a frame"),
        (b"\xff\x00\x01\x04", "Asterisk reports the error 4"),
        (
            b"\x11\x00\x02ab",
            "a frame of the kind 0x11, which there is not",
        ),
        (b"\x10\x00\x03abc", "a frame of the kind 0x10 with 3 bytes"),
        (b"\x10\xff\xff", "a frame of the kind 0x10 with 65535 bytes"),
        (b"\x01\x00\x10sixteen bytes !!", "a second id"),
    ] {
        let (mut line, mut asterisk) = line(Clock::faster(50.0)).await;
        asterisk.send(&Frame::Audio(vec![3; 160])).await;
        asterisk.stream.write_all(bytes).await.unwrap();
        asterisk.stream.shutdown().await.unwrap();
        let (samples, why) = heard_to_the_end(&mut line).await;
        assert_eq!((samples.len(), &*why), (160, expected));
    }
}

#[tokio::test]
async fn silence_goes_back_twice_a_second_and_what_is_played_goes_at_its_pace() {
    let speed = 4.0;
    let clock = Clock::faster(speed);
    let (line, mut asterisk) = line(clock).await;
    let silence = Frame::Audio(vec![0; 160]);
    assert_eq!(asterisk.next().await.unwrap(), silence);
    let began = clock.now();
    assert_eq!(asterisk.next().await.unwrap(), silence);
    let passed = clock.now() - began;
    assert!((350..1_500).contains(&passed.as_millis()), "{passed:?}");
    let sound: Vec<i16> = (1..=4_000).collect();
    line.play(&sound[..]);
    let (mut all, began) = (Vec::new(), clock.now());
    while all.len() < sound.len() {
        match asterisk.next().await.unwrap() {
            Frame::Audio(samples) if all.is_empty() && samples == [0; 160] => {}
            Frame::Audio(samples) => all.extend(samples),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(all, sound);
    let passed = clock.now() - began;
    assert!((450..2_000).contains(&passed.as_millis()), "{passed:?}");
    // The newest counts, and nothing is something.
    line.play(vec![5; 800_000]);
    assert_eq!(asterisk.next().await.unwrap(), Frame::Audio(vec![5; 160]));
    line.play(vec![]);
    while asterisk.next().await.unwrap() != silence {}
    drop(line);
    loop {
        match asterisk.next().await.unwrap() {
            Frame::Hangup => break,
            frame => assert_eq!(frame, silence),
        }
    }
    assert!(asterisk.ends().await);
}

#[tokio::test]
async fn what_is_brought_is_all_that_is_sent_and_ends_the_line() {
    let clock = Clock::faster(20.0);
    let (listener, address) = listen(clock).await;
    let sound: Vec<i16> = (1..=4_000).collect();
    let expected = listener.expect_to_bring(sound.clone().into(), SOON * 20);
    let expected = expected.unwrap();
    let mut asterisk = Asterisk::with(address, expected.id()).await;
    // Who expects it may be late.
    clock.sleep(Duration::from_secs(5)).await;
    let mut line = expected.connected().await.unwrap();
    let mut all = Vec::new();
    while let Some(Frame::Audio(samples)) = asterisk.next().await {
        all.extend(samples);
    }
    assert_eq!(all, sound);
    assert!(asterisk.ends().await);
    let (_, why) = heard_to_the_end(&mut line).await;
    assert_eq!(why, "all has been played");
}

#[tokio::test]
async fn who_does_not_listen_loses_nothing_and_keeps_the_line_up() {
    let clock = Clock::faster(50.0);
    let (mut line, mut asterisk) = line(clock).await;
    let sound: Vec<i16> = (0..32_000).collect();
    for samples in sound.chunks(160) {
        asterisk.send(&Frame::Audio(samples.to_vec())).await;
        clock.sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..5 {
        assert!(asterisk.next().await.is_some());
    }
    asterisk.send(&Frame::Hangup).await;
    assert_eq!(heard_to_the_end(&mut line).await.0, sound);
}

#[tokio::test]
async fn an_id_is_good_for_one_connection_in_time() {
    let clock = Clock::faster(20.0);
    let (listener, address) = listen(clock).await;
    let unknown = Id::random().unwrap();
    assert!(Asterisk::with(address, unknown).await.ends().await);

    let late = listener.expect(Duration::from_millis(100)).unwrap();
    let id = late.id();
    assert_eq!(late.connected().await.unwrap_err(), NeverCame);
    assert!(Asterisk::with(address, id).await.ends().await);

    let given_up = listener.expect(SOON * 20).unwrap();
    let id = given_up.id();
    drop(given_up);
    assert!(Asterisk::with(address, id).await.ends().await);

    // Who comes with an id that has been taken ends both: one of them has read it on its way.
    let expected = listener.expect(SOON * 20).unwrap();
    let id = expected.id();
    let mut first = Asterisk::with(address, id).await;
    let mut line = expected.connected().await.unwrap();
    assert!(first.next().await.is_some());
    assert!(Asterisk::with(address, id).await.ends().await);
    let (_, why) = heard_to_the_end(&mut line).await;
    assert!(why.contains("two connections"), "{why}");
    while first.next().await.is_some() {}
    drop(line);
    assert!(Asterisk::with(address, id).await.ends().await);
}

#[tokio::test]
async fn who_says_nothing_or_something_else_is_closed() {
    let (_listener, address) = listen(Clock::faster(20.0)).await;
    let audio = b"\x10\x00\x02ab";
    let half = b"\x01\x00\x10seven b";
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", audio, half] {
        let mut asterisk = Asterisk::connect(address).await;
        asterisk.stream.write_all(bytes).await.unwrap();
        assert!(asterisk.ends().await, "{bytes:?}");
    }
}

#[tokio::test]
async fn who_is_not_on_the_list_is_not_heard() {
    let (listener, address) = listen(Clock::default()).await;
    let expected = listener.expect(Duration::from_millis(300)).unwrap();
    // Neither on the list nor the address that is connected to.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let id = [&b"\x01\x00\x10"[..], expected.id().as_bytes()].concat();
    let _ = stream.write_all(&id).await;
    assert!(!matches!(stream.read(&mut [0; 9]).await, Ok(1..)));
    assert_eq!(expected.connected().await.unwrap_err(), NeverCame);
}

#[tokio::test]
async fn a_crowd_without_ids_keeps_nobody_out() {
    let (listener, address) = listen(Clock::default()).await;
    let mut crowd = Vec::new();
    for _ in 0..descriptors::of_unnamed(u64::MAX) + 60 {
        crowd.push(Asterisk::connect(address).await);
    }
    let expected = listener.expect(SOON).unwrap();
    let _asterisk = Asterisk::with(address, expected.id()).await;
    let mut line = expected.connected().await.unwrap();
    assert!(crowd.remove(0).ends().await);
    assert!(matches!(heard(&mut line).await, Heard::Pause));
}

const SOON: Duration = Duration::from_secs(10);
