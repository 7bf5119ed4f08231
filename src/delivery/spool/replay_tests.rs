//! What a replay does about every mark that it finds, with a manager that plays Asterisk.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Decoder;

use super::super::tests::record;
use super::*;
use crate::config::Secret;
use crate::tap::audiosocket::{Codec, Frame, Listener};
use crate::tap::spy::Reach;

fn sound() -> Vec<i16> {
    super::super::tests::sound().repeat(2)
}

/// What becomes of a call that is placed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Recorded,
    NotKept,
    /// The file is not in the folder that Asterisk looks into.
    NotSeen,
    NeverBegun,
    /// Asterisk dies in it.
    CutOff,
    /// The sound is fetched, up to this frame.
    Fetches(usize),
}

#[derive(Default)]
struct Asterisk {
    database: Mutex<HashMap<String, String>>,
    placed: Mutex<Vec<String>>,
    calls: Mutex<Vec<Call>>,
    logins: AtomicUsize,
    /// How often it was asked to remove what it had fetched.
    removals: AtomicUsize,
    /// The samples that were fetched last.
    fetched: Mutex<Vec<i16>>,
    /// Actions after which a connection is cut.
    cut_after: Option<usize>,
}

impl Asterisk {
    fn does(self: &Arc<Self>, action: &str, fields: &HashMap<String, Vec<String>>) -> String {
        let field = |name: &str| {
            fields
                .get(name)
                .map(|all| all[0].clone())
                .unwrap_or_default()
        };
        let mut database = self.database.lock().unwrap();
        match action {
            "DBGet" => match database.get(&field("Key")) {
                Some(value) => {
                    return format!(
                        "Response: Success\r\nMessage: Result will follow\r\nActionID: {}\r\n\r\n\
                         Event: DBGetResponse\r\nKey: {}\r\nVal: {value}\r\n\r\n",
                        field("ActionID"),
                        field("Key")
                    );
                }
                None => {
                    return format!(
                        "Response: Error\r\nActionID: {}\r\nMessage: Database entry not found\r\n\r\n",
                        field("ActionID")
                    );
                }
            },
            "Login" => drop(self.logins.fetch_add(1, Ordering::Relaxed)),
            "DBPut" => drop(database.insert(field("Key"), field("Val"))),
            "DBDel" => drop(database.remove(&field("Key"))),
            "Originate" if field("Channel").starts_with("Local/forget@") => {
                self.removals.fetch_add(1, Ordering::Relaxed);
            }
            "Originate" => {
                self.placed
                    .lock()
                    .unwrap()
                    .push(fields["Variable"].join(" "));
                let mut calls = self.calls.lock().unwrap();
                let attempt = database[&record().id.to_string()].replace("asked-", "");
                let mark = match calls.remove(0) {
                    Call::Recorded => "done",
                    Call::NotKept => "failed",
                    Call::NotSeen => "lost",
                    Call::NeverBegun => "asked",
                    Call::CutOff => "begun",
                    Call::Fetches(frames) => {
                        let fetching = Arc::clone(self).fetch(fields["Variable"].clone(), frames);
                        tokio::spawn(fetching);
                        "begun"
                    }
                };
                database.insert(record().id.to_string(), format!("{mark}-{attempt}"));
            }
            _ => {}
        }
        format!(
            "Response: Success\r\nActionID: {}\r\n\r\n",
            field("ActionID")
        )
    }

    /// As the dialplan does it: what is not all there is lost.
    async fn fetch(self: Arc<Self>, variables: Vec<String>, frames: usize) {
        let of = |name: &str| {
            let mut values = variables
                .iter()
                .filter_map(|it| it.strip_prefix(name)?.strip_prefix('='));
            values.next().unwrap().to_owned()
        };
        let mut all = Vec::new();
        if let Ok(mut stream) = TcpStream::connect(of("VG_SOUND_AT")).await {
            let id = u128::from_str_radix(&of("VG_SOUND_ID").replace('-', ""), 16).unwrap();
            let said = [&b"\x01\x00\x10"[..], &id.to_be_bytes()].concat();
            stream.write_all(&said).await.unwrap();
            let mut bytes = BytesMut::new();
            while all.len() / 160 < frames {
                match Codec.decode(&mut bytes).unwrap() {
                    Some(Frame::Audio(samples)) => all.extend(samples),
                    Some(_) => break,
                    None if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 => break,
                    None => {}
                }
            }
        }
        let is_whole = all.len() * 2 >= of("VG_BYTES").parse().unwrap();
        let mark = if is_whole { "done" } else { "lost" };
        *self.fetched.lock().unwrap() = all;
        let mark = format!("{mark}-{}", of("VG_ATTEMPT"));
        self.database.lock().unwrap().insert(of("VG_TOKEN"), mark);
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        stream
            .get_mut()
            .write_all(b"Asterisk Call Manager/11.0.0\r\n")
            .await
            .unwrap();
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        let (mut line, mut actions) = (String::new(), 0);
        while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            if let Some((name, value)) = line.trim_end().split_once(": ") {
                fields.entry(name.into()).or_default().push(value.into());
            } else {
                if self.cut_after.is_some_and(|most| actions >= most) {
                    return;
                }
                actions += 1;
                let answer = self.does(&fields["Action"][0].clone(), &fields);
                if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                fields.clear();
            }
            line.clear();
        }
    }
}

struct World {
    asterisk: Arc<Asterisk>,
    folder: TempDir,
    replay: Replay,
}

impl World {
    /// With what stands in the database, and what will become of the calls.
    async fn new(mark: Option<&str>, calls: &[Call]) -> Self {
        Self::of(Asterisk::default(), mark, calls).await
    }

    async fn of(asterisk: Asterisk, mark: Option<&str>, calls: &[Call]) -> Self {
        let asterisk = Arc::new(asterisk);
        asterisk.calls.lock().unwrap().extend_from_slice(calls);
        if let Some(mark) = mark {
            let key = record().id.to_string();
            asterisk.database.lock().unwrap().insert(key, mark.into());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ami = Ami {
            address: listener.local_addr().unwrap().to_string(),
            user: "guard".into(),
            secret: Secret::Inline("s3cret".into()),
        };
        let serving = Arc::clone(&asterisk);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let tap = Tap {
            folder_as_asterisk_sees_it: "/as/asterisk/sees/it".into(),
            folder_as_guard_sees_it: folder.path().into(),
            ..Tap::default()
        };
        // Half a second is five milliseconds.
        let replay = Replay::new(ami, tap, None, Clock::faster(100.0));
        Self {
            asterisk,
            folder,
            replay,
        }
    }

    /// The same where nothing is shared but a network; `is_reached` says whether the guard is.
    async fn apart(mark: Option<&str>, calls: &[Call], is_reached: bool) -> Self {
        let mut world = Self::new(mark, calls).await;
        let clock = Clock::faster(20.0);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let listener = Listener::new(|_| false, clock);
        if is_reached {
            tokio::spawn(listener.clone().serve(socket));
        }
        let Replay { ami, tap, .. } = world.replay;
        let reach = Reach::new(clock);
        let carrier = Carrier {
            listener,
            address,
            reach,
        };
        world.replay = Replay::new(ami, tap, Some(carrier), clock);
        world
    }

    async fn delivers(&self) -> Result<Replayed, DeliveryError> {
        self.replay.deliver(&record(), sound()).await
    }

    fn placed(&self) -> usize {
        self.asterisk.placed.lock().unwrap().len()
    }

    fn sounds(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

#[tokio::test]
async fn it_asks_watches_and_clears_up() {
    let world = World::new(None, &[Call::Recorded]).await;
    world.delivers().await.unwrap();
    let placed = world.asterisk.placed.lock().unwrap()[0].clone();
    let id = record().id;
    assert!(
        placed.starts_with(&format!("VG_TOKEN={id} VG_ATTEMPT=")),
        "{placed}"
    );
    let rest = format!(
        " VG_BOX=100@default VG_BYTES={} VG_SOUND=/as/asterisk/sees/it/replay-{id}",
        2 * sound().len()
    );
    assert!(placed.ends_with(&rest), "{placed}");
    let laid = std::fs::read(world.folder.path().join(format!("replay-{id}.sln"))).unwrap();
    assert_eq!(laid.len(), 2 * sound().len());
    // As the guard does it once the outbox knows, and a second time after a crash.
    for _ in 0..2 {
        world.replay.forget(id).await.unwrap();
        assert_eq!(
            (
                world.sounds(),
                world.asterisk.database.lock().unwrap().len()
            ),
            (0, 0)
        );
    }
}

#[tokio::test]
async fn what_is_in_its_box_already_is_not_played_again() {
    for (mark, how) in [("done-7", Replayed::Whole), ("cut-7", Replayed::CutOff)] {
        let world = World::new(Some(mark), &[]).await;
        assert_eq!(world.delivers().await.unwrap(), how);
        assert_eq!(world.placed(), 0);
    }
}

#[tokio::test]
async fn what_is_being_played_is_waited_for() {
    for mark in ["asked-7", "begun-7"] {
        let world = World::new(Some(mark), &[]).await;
        let ends = async {
            world.replay.clock.sleep(Duration::from_secs(5)).await;
            let mut database = world.asterisk.database.lock().unwrap();
            database.insert(record().id.to_string(), "done-7".into());
        };
        let (delivered, ()) = tokio::join!(world.delivers(), ends);
        delivered.unwrap();
        assert_eq!(world.placed(), 0, "{mark}");
    }
}

/// Asterisk logs every login: a mark that is looked at ten times is one, or more where connections
/// are cut.
#[tokio::test]
async fn a_mark_is_watched_over_one_connection() {
    for (cut_after, logins) in [(None, 1..=1), (Some(4), 2..=30)] {
        let asterisk = Asterisk {
            cut_after,
            ..Asterisk::default()
        };
        let world = World::of(asterisk, Some("begun-7"), &[]).await;
        let ends = async {
            world.replay.clock.sleep(Duration::from_secs(10)).await;
            let mut database = world.asterisk.database.lock().unwrap();
            database.insert(record().id.to_string(), "done-7".into());
        };
        let (delivered, ()) = tokio::join!(world.delivers(), ends);
        delivered.unwrap();
        let seen = world.asterisk.logins.load(Ordering::Relaxed);
        assert!(logins.contains(&seen), "{seen} logins, {cut_after:?}");
    }
}

#[tokio::test]
async fn what_never_came_to_its_end_is_played_again() {
    for mark in ["asked-7", "begun-7", "failed-7", "a stranger's"] {
        let world = World::new(Some(mark), &[Call::Recorded]).await;
        world.delivers().await.unwrap();
        assert_eq!(world.placed(), 1, "{mark}");
    }
}

#[tokio::test]
async fn every_failure_says_what_to_look_at_and_may_be_mended() {
    for (call, expected) in [
        (Call::NotKept, "did not keep the message for 100@default"),
        (
            Call::NotSeen,
            "/as/asterisk/sees/it must be the folder that the guard sees as",
        ),
        (Call::NeverBegun, "[voicemail-guard-replay]"),
        (Call::CutOff, "did not come to its end in time"),
    ] {
        let world = World::new(None, &[call, Call::Recorded]).await;
        let failed = world.delivers().await.unwrap_err();
        assert!(
            matches!(failed, DeliveryError::Transient { .. }),
            "{failed}"
        );
        assert!(failed.to_string().contains(expected), "{failed}");
        world.delivers().await.unwrap();
        assert_eq!(world.placed(), 2);
    }
}

#[test]
fn what_is_too_short_for_voicemail_is_filled_up_with_a_tone() {
    let long = sound();
    assert_eq!(filled(long.clone()), long);
    for short in [long[..8_000].to_vec(), vec![0; 8_000], vec![0; 80_000]] {
        let loud = |sound: &[i16]| {
            let mean = |frame: &[i16]| {
                frame
                    .iter()
                    .map(|s| f64::from(s.unsigned_abs()))
                    .sum::<f64>()
                    / 160.0
            };
            sound
                .chunks(160)
                .filter(|frame| mean(frame) > 1_000.0)
                .count() as f64
                / 50.0
        };
        let filled = filled(short.clone());
        assert!(filled.starts_with(&short));
        assert!((3.4..3.6).contains(&loud(&filled)), "{} s", loud(&filled));
    }
}

/// A voice does not stay in the tap folder because Asterisk is down.
#[tokio::test]
async fn the_sound_goes_without_the_manager_interface() {
    let world = World::new(None, &[Call::NotKept]).await;
    world.delivers().await.unwrap_err();
    assert_eq!(world.sounds(), 1);
    let mut replay = world.replay.clone();
    replay.ami.address = "127.0.0.1:1".into();
    replay.forget(record().id).await.unwrap_err();
    assert_eq!(world.sounds(), 0);
}

#[tokio::test]
async fn where_no_folder_is_shared_asterisk_fetches_the_sound() {
    let world = World::apart(None, &[Call::Fetches(usize::MAX)], true).await;
    assert_eq!(world.delivers().await.unwrap(), Replayed::Whole);
    let mut whole = sound();
    // Record() does without the last quarter of a second.
    whole.resize((whole.len() + 2_000).next_multiple_of(160), 0);
    assert_eq!(*world.asterisk.fetched.lock().unwrap(), whole);
    assert_eq!(world.sounds(), 0);
    world.replay.forget(record().id).await.unwrap();
    assert!(world.asterisk.database.lock().unwrap().is_empty());
    assert_eq!(world.asterisk.removals.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_did_not_come_whole_is_fetched_again() {
    let calls = [Call::Fetches(9), Call::Fetches(usize::MAX)];
    let world = World::apart(None, &calls, true).await;
    let failed = world.delivers().await.unwrap_err().to_string();
    assert!(failed.contains("did not get the whole message"), "{failed}");
    assert_eq!(world.delivers().await.unwrap(), Replayed::Whole);
    assert_eq!(world.placed(), 2);
}

/// Each attempt may cost another call a descriptor of Asterisk's.
#[tokio::test]
async fn who_does_not_reach_the_guard_is_not_asked_again_at_once() {
    let calls = [Call::Fetches(9), Call::Fetches(9)];
    let world = World::apart(None, &calls, false).await;
    for expected in ["did not get the whole message", "has not connected"] {
        let failed = world.delivers().await.unwrap_err();
        assert!(matches!(failed, DeliveryError::Transient { .. }));
        assert!(failed.to_string().contains(expected), "{failed}");
    }
    assert_eq!(world.placed(), 1);
}

/// Only an Asterisk that died has left something.
#[tokio::test]
async fn what_asterisk_had_fetched_of_a_message_that_is_given_up_is_removed() {
    for (mark, removals) in [("begun-7", 1), ("failed-7", 0), ("lost-7", 0)] {
        let world = World::apart(Some(mark), &[], true).await;
        world.replay.forget(record().id).await.unwrap();
        let asterisk = &world.asterisk;
        assert_eq!(asterisk.removals.load(Ordering::Relaxed), removals);
        assert!(asterisk.database.lock().unwrap().is_empty());
    }
}
