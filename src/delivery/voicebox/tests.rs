//! The protocol, and a guard that dies after any system call, again and again.

use std::cell::Cell;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::call::record::{CallId, Callback, CallbackSource, Caller, EndedBy, Mode};
use crate::call::verdict::Verdict;

const STARTED: &str = "2026-11-23T10:22:25.25Z";

fn record() -> CallRecord {
    let started: Timestamp = STARTED.parse().unwrap();
    CallRecord {
        id: CallId::new(started, 0xabcde),
        started,
        ended: Some(started),
        box_name: "100@default".into(),
        uniqueid: "1795429345.7".into(),
        linkedid: String::new(),
        channel: "PJSIP/trunk-00000020".into(),
        caller: Caller {
            number: "15550001111".into(),
            name: "Lab Caller".into(),
            ..Caller::default()
        },
        dnid: "0911555".into(),
        rdnis: String::new(),
        verdict: Some(Verdict::Message),
        confidence: 1.0,
        reasons: Vec::new(),
        seconds: crate::hearing::ClassSeconds::default(),
        asked: Vec::new(),
        callback: Callback::default(),
        mode: Mode::Enforce,
        ended_by: Some(EndedBy::Caller),
        timeline: Vec::new(),
        audio: None,
        delivered: Vec::new(),
    }
}

fn sound() -> Vec<i16> {
    (0..20_000).map(|n| (n % 311) as i16 * 30 - 4000).collect()
}

fn short() -> Vec<i16> {
    sound()[..200].to_vec()
}

/// The time as the file system has it.
fn now() -> Timestamp {
    Timestamp::from_nanosecond(
        fs::metadata(tempfile::tempdir().unwrap().path())
            .and_then(|folder| folder.modified())
            .unwrap()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as i128,
    )
    .unwrap()
}

/// A spool with a context and whatever a test puts into it.
struct Spool(TempDir);

impl Spool {
    fn new() -> Self {
        let spool = Self(tempfile::tempdir().unwrap());
        fs::create_dir(spool.0.path().join("default")).unwrap();
        spool
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join("default").join(below)
    }

    fn put(&self, below: &str, content: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn boxes(&self) -> VoiceBoxes {
        self.boxes_on(Box::new(System))
    }

    fn boxes_on(&self, disk: Box<dyn Disk + Send + Sync>) -> VoiceBoxes {
        VoiceBoxes {
            settings: VoiceBox {
                spool: self.0.path().into(),
                most_messages: 5,
                ..VoiceBox::default()
            },
            mark: "0123456789abcdef".into(),
            disk,
        }
    }

    /// The names in a folder of the box, in order.
    fn names(&self, folder: &str) -> Vec<String> {
        let mut names = System.names(&self.path("100").join(folder)).unwrap();
        names.sort();
        names
    }

    fn deliver(&self) -> Result<Placed, Trouble> {
        let boxes = self.boxes();
        boxes.prepare(&record(), &sound())?;
        boxes.place(&record(), now())
    }
}

#[test]
fn a_message_is_what_asterisk_would_have_written() {
    let spool = Spool::new();
    assert_eq!(spool.deliver().unwrap(), Placed::As(0));
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
    assert_eq!(spool.names("tmp"), [""; 0]);
    let text = fs::read_to_string(spool.path("100/INBOX/msg0000.txt")).unwrap();
    let id = format!("1795429345-{:08x}", record().id.bits() as u32);
    assert_eq!(
        text,
        format!(
            ";\n; Message Information file\n;\n[message]\norigmailbox=100\ncontext=voicemail-guard\n\
             exten=0911555\nrdnis=unknown\npriority=1\ncallerchan=PJSIP/trunk-00000020\n\
             callerid=\"Lab Caller\" <15550001111>\norigdate=Mon Nov 23 10:22:25 AM UTC 2026\n\
             origtime=1795429345\ncategory=\nmsg_id={id}\nflag=\nduration=2\n"
        )
    );
    let audio = fs::read(spool.path("100/INBOX/msg0000.wav")).unwrap();
    assert_eq!(audio, wav::encode(&sound()));
}

#[test]
fn a_callers_text_stays_one_value() {
    let mut hostile = record();
    hostile.caller.name = "Eve\" <1>\r\nmsg_id=7\n[other]; \\ \u{7}".into();
    hostile.caller.number = "12\n34;5".into();
    hostile.dnid = "\nflag=Urgent".into();
    let text = message::text(&hostile, &ContextAndBox::parse("100").unwrap(), 2);
    assert_eq!(text.lines().count(), 17, "{text}");
    assert!(
        text.contains("\ncallerid=\"Eve' (1)  msg_id=7 (other), /\" <12 34,5>\n"),
        "{text}"
    );
    assert!(text.contains("\nexten=flag=Urgent\n"), "{text}");
}

#[test]
fn who_withheld_his_number_and_keyed_it_in_can_be_called_back() {
    let mut withheld = record();
    withheld.caller.name = "Anonymous".into();
    withheld.caller.number = "anonymous".into();
    let place = ContextAndBox::parse("100").unwrap();
    let line = |record: &CallRecord| {
        let text = message::text(record, &place, 2);
        let line = text.lines().find(|line| line.starts_with("callerid="));
        line.unwrap().to_owned()
    };
    assert_eq!(line(&withheld), "callerid=\"Anonymous\" <anonymous>");
    withheld.callback = Callback {
        number: "0911 1234".into(),
        e164: Some("+499111234".into()),
        source: CallbackSource::Keyed,
        confirmed: false,
    };
    assert_eq!(line(&withheld), "callerid=\"Anonymous\" <+499111234>");
    withheld.caller = Caller::default();
    withheld.callback = Callback::default();
    assert_eq!(line(&withheld), "callerid=Unknown");
}

#[test]
fn numbers_have_no_holes_and_nothing_of_others_is_replaced() {
    let spool = Spool::new();
    for below in ["0000.txt", "0000.wav", "0002.txt", "0002.gsm", "0001.gsm"] {
        spool.put(&format!("100/INBOX/msg{below}"), below);
    }
    assert_eq!(spool.deliver().unwrap(), Placed::As(1));
    let expected = [
        "0000.txt", "0000.wav", "0001.txt", "0001.wav", "0002.gsm", "0002.txt",
    ];
    assert_eq!(
        spool.names("INBOX"),
        expected.map(|name| format!("msg{name}"))
    );
    // Audio without a text: Asterisk would play it as ours.
    let found = format!("vg-{}-found-msg0001.gsm", record().id);
    assert_eq!(spool.names("tmp"), [found]);
}

#[test]
fn a_full_box_keeps_its_message_waiting() {
    let spool = Spool::new();
    for number in 0..5 {
        spool.put(&format!("100/INBOX/msg000{number}.txt"), "");
    }
    assert!(matches!(
        spool.deliver(),
        Err(Trouble::Full { count: 5, .. })
    ));
    assert!(!spool.path("100/INBOX/.lock").exists());
    fs::remove_file(spool.path("100/INBOX/msg0004.txt")).unwrap();
    assert_eq!(
        spool.boxes().place(&record(), now()).unwrap(),
        Placed::As(4)
    );
}

#[test]
fn a_spool_without_the_context_is_no_place_for_a_box() {
    let spool = Spool::new();
    fs::remove_dir(spool.path("")).unwrap();
    assert!(matches!(spool.deliver(), Err(Trouble::NoContext(_))));
    assert_eq!(System.names(spool.0.path()).unwrap(), [""; 0]);
}

#[test]
fn a_name_that_leads_elsewhere_is_no_box() {
    for name in [
        "../x", "100@..", "a/b", "", "@default", "100@", ".x", "1&2", "a@b@c", "1\n",
    ] {
        assert_eq!(ContextAndBox::parse(name), None, "{name:?}");
    }
    let parsed = ContextAndBox::parse("100").unwrap();
    assert_eq!((&*parsed.context, &*parsed.box_name), ("default", "100"));
}

#[test]
fn the_lock_of_a_living_one_is_respected() {
    let spool = Spool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    spool.put("100/INBOX/.lock", "");
    let placed = spool.boxes().place(&record(), now());
    assert!(matches!(placed, Err(Trouble::Locked { .. })), "{placed:?}");
    assert_eq!(spool.names("INBOX"), [".lock"]);
    fs::remove_file(spool.path("100/INBOX/.lock")).unwrap();
    assert_eq!(
        spool.boxes().place(&record(), now()).unwrap(),
        Placed::As(0)
    );
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
}

#[test]
fn the_lock_of_a_dead_one_is_taken_over() {
    let spool = Spool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    spool.put("100/INBOX/.lock", "");
    let late = now() + Duration::from_secs(121);
    assert_eq!(spool.boxes().place(&record(), late).unwrap(), Placed::As(0));
    assert_eq!(spool.names("INBOX"), ["msg0000.txt", "msg0000.wav"]);
}

#[test]
fn a_box_that_was_removed_is_begun_again() {
    let spool = Spool::new();
    spool.boxes().prepare(&record(), &sound()).unwrap();
    fs::remove_dir_all(spool.path("100")).unwrap();
    assert!(matches!(
        spool.boxes().place(&record(), now()),
        Err(Trouble::Unprepared)
    ));
    assert_eq!(spool.deliver().unwrap(), Placed::As(0));
}

/// A disk that stops taking anything after so many calls, as for a process that was killed.
#[derive(Clone)]
struct Mortal {
    left: Arc<AtomicU32>,
}

impl Mortal {
    fn with(calls: u32) -> Self {
        Self {
            left: Arc::new(AtomicU32::new(calls)),
        }
    }

    fn lives(&self) -> io::Result<()> {
        let left = |left: u32| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("killed")),
        }
    }
}

impl Disk for Mortal {
    fn look(&self, path: &Path) -> io::Result<Option<Seen>> {
        self.lives()?;
        System.look(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.lives()?;
        System.names(folder)
    }

    fn beginning(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.lives()?;
        System.beginning(path)
    }

    fn make_folder(&self, path: &Path, parent: &Seen) -> io::Result<()> {
        self.lives()?;
        System.make_folder(path, parent)
    }

    fn make(&self, path: &Path, octets: &[u8], _durable: bool) -> io::Result<()> {
        self.lives()?;
        // Killed in the middle: half of it is there.
        if let Err(killed) = self.lives() {
            System.make(path, &octets[..octets.len() / 2], false)?;
            return Err(killed);
        }
        System.make(path, octets, false)
    }

    fn hand_over(&self, path: &Path, folder: &Seen) -> io::Result<()> {
        self.lives()?;
        System.hand_over(path, folder)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.lives()?;
        System.link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.lives()?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.lives()?;
        System.remove(path)
    }

    fn sync(&self, _folder: &Path) -> io::Result<()> {
        self.lives()
    }
}

/// What others do in the box between two lives of the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// Asterisk deposits a message of its own, if the box is not locked.
    Deposit,
    /// The team hears our message and deletes it.
    Deletes,
    /// The team moves it to Old.
    Moves,
}

/// A box, and the outbox's note of our one message.
struct World {
    spool: Spool,
    prepared: Cell<bool>,
    done: Cell<bool>,
    deposits: Cell<u32>,
    /// Times that our message has appeared in INBOX.
    appeared: Cell<u32>,
    visible: Cell<bool>,
}

impl World {
    fn new() -> Self {
        let spool = Spool::new();
        spool.put("100/INBOX/msg0000.txt", "asterisk");
        spool.put("100/INBOX/msg0000.wav", "asterisk");
        Self {
            spool,
            prepared: Cell::new(false),
            done: Cell::new(false),
            deposits: Cell::new(1),
            appeared: Cell::new(0),
            visible: Cell::new(false),
        }
    }

    /// One life of the guard, ended after so many calls; as the worker does it.
    fn life(&self, calls: u32) -> u32 {
        let disk = Mortal::with(calls);
        let boxes = self.spool.boxes_on(Box::new(disk.clone()));
        let note = |cell: &Cell<bool>, to: bool| disk.lives().map(|()| cell.set(to)).is_ok();
        let attempt = || {
            if !self.prepared.get() {
                boxes.prepare(&record(), &short()).ok()?;
                note(&self.prepared, true).then_some(())?;
            }
            match boxes.place(&record(), STARTED.parse().unwrap()) {
                Ok(_) => note(&self.done, true).then_some(()),
                Err(Trouble::Unprepared) => note(&self.prepared, false).then_some(()),
                Err(_) => None,
            }
        };
        if !self.done.get() {
            attempt();
        }
        self.look();
        calls - disk.left.load(Ordering::Relaxed)
    }

    /// Where our message is in INBOX.
    fn ours(&self) -> Vec<PathBuf> {
        let names = self.spool.names("INBOX");
        let texts = names.iter().filter(|name| message_number(name).is_some());
        let paths = texts.map(|name| self.spool.path("100/INBOX").join(name));
        paths
            .filter(|path| {
                fs::read_to_string(path)
                    .unwrap()
                    .contains("msg_id=1795429345-")
            })
            .collect()
    }

    fn look(&self) {
        let ours = self.ours();
        assert!(ours.len() <= 1, "{ours:?}");
        if let [text] = &*ours {
            let audio = fs::read(text.with_extension("wav")).unwrap();
            assert!(audio == wav::encode(&short()), "the sound of {text:?}");
        }
        if !ours.is_empty() && !self.visible.get() {
            self.appeared.set(self.appeared.get() + 1);
        }
        self.visible.set(!ours.is_empty());
    }

    fn meanwhile(&self, what: Meanwhile) {
        let inbox = self.spool.path("100/INBOX");
        match what {
            Meanwhile::Nothing => {}
            Meanwhile::Deposit => {
                if inbox.join(".lock").exists() {
                    return;
                }
                let free = (0..100).find(|n| !inbox.join(format!("msg{n:04}.txt")).exists());
                let stem = inbox.join(format!("msg{:04}", free.unwrap()));
                // By rename, as Asterisk does, over whatever is there.
                for extension in ["wav", "txt"] {
                    self.spool.put("100/tmp/asterisk", "asterisk");
                    fs::rename(
                        self.spool.path("100/tmp/asterisk"),
                        stem.with_extension(extension),
                    )
                    .unwrap();
                }
                self.deposits.set(self.deposits.get() + 1);
            }
            Meanwhile::Deletes | Meanwhile::Moves => {
                for text in self.ours() {
                    for extension in ["wav", "txt"] {
                        let path = text.with_extension(extension);
                        if what == Meanwhile::Deletes {
                            fs::remove_file(path).unwrap();
                        } else {
                            let old = self.spool.path("100/Old");
                            fs::create_dir_all(&old).unwrap();
                            fs::rename(&path, old.join(path.file_name().unwrap())).unwrap();
                        }
                    }
                    // Asterisk leaves no hole behind.
                    self.visible.set(false);
                }
            }
        }
    }

    /// The guard lives on undisturbed: once delivered, everything tidy, everybody else's as it was.
    fn ends_well(&self) {
        for _ in 0..3 {
            self.life(u32::MAX / 2);
        }
        assert!(self.done.get());
        assert_eq!(self.appeared.get(), 1, "times in INBOX");
        let inbox = self.spool.path("100/INBOX");
        let names = self.spool.names("INBOX");
        assert!(
            !names.iter().any(|name| name.starts_with(".lock")),
            "{names:?}"
        );
        assert_eq!(self.spool.names("tmp"), [""; 0]);
        let of_asterisk = names.iter().filter(|name| {
            fs::read(inbox.join(name)).unwrap() == b"asterisk" && message_number(name).is_some()
        });
        assert_eq!(of_asterisk.count() as u32, self.deposits.get(), "{names:?}");
        for text in names.iter().filter(|name| message_number(name).is_some()) {
            assert!(inbox.join(text).with_extension("wav").exists(), "{names:?}");
        }
    }
}

#[test]
fn killed_after_any_two_calls_it_delivers_once() {
    let calls = World::new().life(u32::MAX / 2);
    assert!(calls > 30, "{calls} calls");
    for first in 0..=calls {
        for second in 0..=calls {
            let world = World::new();
            world.life(first);
            world.life(second);
            world.ends_well();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_others_do_between_its_deaths_it_delivers_once(
        lives in proptest::collection::vec((0..60u32, 0..4usize), 0..6)
    ) {
        use Meanwhile::{Deletes, Deposit, Moves, Nothing};
        let world = World::new();
        for (calls, what) in lives {
            world.life(calls);
            let full = world.deposits.get() >= 3;
            let what = [Nothing, Deposit, Deletes, Moves][what];
            world.meanwhile(if full && what == Deposit { Nothing } else { what });
        }
        world.ends_well();
    }
}
