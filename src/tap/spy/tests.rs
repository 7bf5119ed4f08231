//! The tap against an Asterisk that connects as it is asked to, or does not.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use bytes::BytesMut;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Encoder;

use super::super::audiosocket::{Codec, Frame};
use super::*;
use crate::call_record::CallId;
use crate::clock::timeout;

struct House {
    folder: TempDir,
    spy: Spy,
    at: SocketAddr,
    clock: Clock,
}

impl House {
    async fn new() -> Self {
        let clock = Clock::faster(4.0);
        let listener = Listener::new(|_| false, clock);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = socket.local_addr().unwrap();
        tokio::spawn(listener.clone().serve(socket));
        let folder = TempDir::new().unwrap();
        let spy = Spy {
            listener,
            address: at.to_string(),
            folder: folder.path().to_owned(),
            reach: Reach::new(clock),
        };
        Self {
            folder,
            spy,
            at,
            clock,
        }
    }

    fn id() -> CallId {
        CallId::new(Timestamp::UNIX_EPOCH, 9)
    }

    fn prepares(&self) -> Prepared {
        let tapped = Tapped {
            id: Self::id(),
            uniqueid: "1700000000.1",
            agi_version: None,
        };
        self.spy.prepare(&tapped).unwrap()
    }

    /// A tap that is followed, and Asterisk's connection for it.
    async fn follows(&self) -> (Followed, TcpStream) {
        let Prepared { plan, follow } = self.prepares();
        let followed = follow(self.clock);
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(&id_of(&plan)).await.unwrap();
        (followed, stream)
    }

    /// Bytes of the raw file.
    fn raw(&self) -> Vec<u8> {
        fs::read(Form::Spy.path(self.folder.path(), Self::id())).unwrap_or_default()
    }
}

/// The frame that `AudioSocket()` begins with, of the id in the plan.
fn id_of(plan: &TapPlan) -> Vec<u8> {
    let options = plan.begin[0].arguments().nth(1).unwrap();
    let options = String::from_utf8_lossy(options);
    let (_, id) = options.split_once('"').unwrap();
    let digits: Vec<u8> = id[..36].bytes().filter(|&b| b != b'-').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    [1, 0, 16]
        .into_iter()
        .chain(digits.chunks(2).map(byte))
        .collect()
}

async fn says(stream: &mut TcpStream, samples: &[i16]) {
    let mut bytes = BytesMut::new();
    for frame in samples.chunks(160) {
        Codec
            .encode(&Frame::Audio(frame.to_vec()), &mut bytes)
            .unwrap();
    }
    stream.write_all(&bytes).await.unwrap();
}

/// What is heard to the end, and how it ends.
async fn heard(followed: &mut Followed) -> (Vec<i16>, Result<usize, String>) {
    let mut all = Vec::new();
    loop {
        let event = timeout(SOON, followed.events.recv()).await.unwrap();
        match event.expect("a last event") {
            TapEvent::Samples(samples) => all.extend(samples),
            TapEvent::Gap(_) => {}
            TapEvent::Finished(gaps) => return (all, Ok(gaps.len())),
            TapEvent::Failed(error) => return (all, Err(error.to_string())),
        }
    }
}

#[test]
fn nothing_but_a_plain_uniqueid_stands_in_the_command() {
    let id = Id::from([0xab; 16]);
    let plan = |uniqueid: &str| super::plan("guard.example.com:4576", uniqueid, id);
    let command = plan("pbx-1.example-1700000000.42").unwrap().begin[0].to_string();
    assert_eq!(
        command,
        "EXEC Originate \"Local/pbx-1.example-1700000000.42@voicemail-guard-spy/n,app,AudioSocket,\
         \\\"abababab-abab-abab-abab-abababababab,guard.example.com:4576\\\",,2\""
    );
    let long = "1".repeat(150);
    for hostile in [
        "",
        "1",
        "1.2@other",
        "1.2/n",
        "1,2",
        "1 2",
        "1.2)\"",
        "${X}",
        "1\n2",
        &long,
    ] {
        assert!(plan(hostile).is_err(), "{hostile}");
    }
}

#[tokio::test]
async fn what_is_heard_is_kept_and_handed_on_until_the_call_is_over() {
    let house = House::new().await;
    let (mut followed, mut asterisk) = house.follows().await;
    let sound: Vec<i16> = (0..16_000).collect();
    says(&mut asterisk, &sound).await;
    house.clock.sleep(Duration::from_millis(500)).await;
    assert!(
        house.raw().len() > 20_000,
        "a guard that is killed now leaves it"
    );
    followed.finish.cancel();
    assert_eq!(heard(&mut followed).await, (sound.clone(), Ok(0)));
    let bytes: Vec<u8> = sound.iter().flat_map(|s| s.to_le_bytes()).collect();
    assert!(house.raw() == bytes);
}

#[tokio::test]
async fn a_hang_up_closes_the_line_a_moment_before_agi_says_so() {
    let house = House::new().await;
    let (mut followed, mut asterisk) = house.follows().await;
    says(&mut asterisk, &[5; 800]).await;
    drop(asterisk);
    house.clock.sleep(Duration::from_millis(400)).await;
    followed.finish.cancel();
    assert_eq!(heard(&mut followed).await, (vec![5; 800], Ok(0)));
}

#[tokio::test]
async fn a_line_that_closes_under_a_caller_who_is_there_is_reported() {
    let house = House::new().await;
    for bytes in [&b""[..], b"\x10\x00\x03"] {
        let (mut followed, mut asterisk) = house.follows().await;
        says(&mut asterisk, &[5; 800]).await;
        asterisk.write_all(bytes).await.unwrap();
        drop(asterisk);
        let (samples, ended) = heard(&mut followed).await;
        assert_eq!(samples, [5; 800]);
        let why = ended.unwrap_err();
        assert!(why.contains("although they are there"), "{why}");
        fs::remove_file(Form::Spy.path(house.folder.path(), House::id())).unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_is_reported_and_the_next_call_does_not_wait_for_one() {
    let house = House::new().await;
    let mut followed = (house.prepares().follow)(house.clock);
    let (_, ended) = heard(&mut followed).await;
    let why = ended.unwrap_err();
    assert!(
        why.contains("has not connected") && why.contains(CONTEXT),
        "{why}"
    );
    let tapped = Tapped {
        id: House::id(),
        uniqueid: "1.2",
        agi_version: None,
    };
    assert!(house.spy.prepare(&tapped).is_err());
}

#[tokio::test]
async fn a_call_that_is_over_at_once_needs_no_connection() {
    let house = House::new().await;
    let mut followed = (house.prepares().follow)(house.clock);
    followed.finish.cancel();
    assert_eq!(heard(&mut followed).await, (vec![], Ok(0)));
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_listened_to() {
    let mut house = House::new().await;
    house.spy.folder = "/nowhere".into();
    let (mut followed, _asterisk) = house.follows().await;
    let why = heard(&mut followed).await.1.unwrap_err();
    assert!(why.contains("cannot keep what is heard"), "{why}");
    assert!(!Path::new("/nowhere").exists());
}

const SOON: Duration = Duration::from_secs(10);
