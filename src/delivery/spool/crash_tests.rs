//! A guard that dies after any system call, again and again.

use std::cell::Cell;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::tests::{STARTED, TestSpool, record, sound};
use super::*;
use crate::audio::wav;

fn short() -> Vec<i16> {
    sound()[..200].to_vec()
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

    fn make(&self, path: &Path, bytes: &[u8], _durable: bool) -> io::Result<()> {
        self.lives()?;
        // Killed in the middle: half of it is there.
        if let Err(killed) = self.lives() {
            System.make(path, &bytes[..bytes.len() / 2], false)?;
            return Err(killed);
        }
        System.make(path, bytes, false)
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

    fn make_lock(&self, path: &Path) -> io::Result<()> {
        self.lives()?;
        System.make_lock(path)
    }

    fn flock(&self, path: &Path) -> io::Result<Option<(fs::File, Seen)>> {
        self.lives()?;
        System.flock(path)
    }

    fn settle(&self) {}
}

/// What others do in the mailbox between two lives of the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// Asterisk deposits a message of its own, if the mailbox is not locked.
    Deposit,
    /// The team hears our message and deletes it.
    Deletes,
    /// The team moves it to Old.
    Moves,
}

/// A mailbox, and the outbox's note of our one message.
struct World {
    spool: TestSpool,
    prepared: Cell<bool>,
    done: Cell<bool>,
    deposits: Cell<u32>,
    /// Times that our message has appeared in INBOX.
    appeared: Cell<u32>,
    visible: Cell<bool>,
}

impl World {
    fn new() -> Self {
        let spool = TestSpool::new();
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
                Err(SpoolError::Unprepared) => note(&self.prepared, false).then_some(()),
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
fn killed_after_any_call_and_once_more_it_delivers_once() {
    let calls = World::new().life(u32::MAX / 2);
    assert!(calls > 30, "{calls} calls");
    for first in 0..=calls {
        // Every third: the property below takes them at random.
        for second in (first % 3..=calls).step_by(3) {
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
