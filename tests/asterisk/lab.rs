//! The running Asterisk as one test sees it: its own port, boxes and files.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::sound::Sound;

/// One test's place on the Asterisk that `tests/run` has started.
pub struct Lab {
    root: PathBuf,
    ports: u16,
    slot: u16,
}

impl Lab {
    /// Takes a place that no other test has.
    pub fn enter() -> Self {
        let root = PathBuf::from(from_run("VOICEMAIL_GUARD_TEST_ROOT"));
        let ports = from_run("VOICEMAIL_GUARD_TEST_PORTS")
            .parse()
            .expect("a port number");
        let slot = (0..SLOTS).find(|slot| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, ports + FIRST_GUARD_PORT + slot)).is_ok()
                && fs::create_dir(root.join(format!("tests/slots/{slot}"))).is_ok()
        });
        let lab = Self {
            root,
            ports,
            slot: slot.expect("fewer than 400 tests"),
        };
        // Asterisk's FILE() appends only to a file that is there.
        fs::write(lab.results_file(), "").unwrap();
        fs::create_dir_all(lab.inside(&lab.tap_folder())).unwrap();
        lab
    }

    /// Where Asterisk takes SIP calls.
    pub fn sip(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports).into()
    }

    /// Where Asterisk's manager interface is.
    pub fn manager(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports + 50).into()
    }

    /// Where this test's guard is to listen.
    pub fn guard_port(&self) -> u16 {
        self.ports + FIRST_GUARD_PORT + self.slot
    }

    /// The same as the dialplan names it.
    pub fn guard(&self) -> String {
        format!("127.0.0.1:{}", self.guard_port())
    }

    /// Where Asterisk asks for names.
    pub fn name_server(&self) -> Ipv4Addr {
        let file = fs::read_to_string(self.inside("/etc/resolv.conf")).unwrap();
        let address = file.strip_prefix("nameserver ").unwrap();
        address.lines().next().unwrap().parse().unwrap()
    }

    /// This test's box; the next number is its other one.
    pub fn mailbox(&self) -> u16 {
        1000 + 2 * self.slot
    }

    /// The number to dial for this test's box; `wiring` is the letter of tests/asterisk/conf/extensions.conf.
    pub fn extension(&self, language: &str, wiring: char) -> String {
        self.extension_of(self.mailbox(), language, wiring)
    }

    /// The same for another box.
    pub fn extension_of(&self, mailbox: u16, language: &str, wiring: char) -> String {
        format!("g{}*{mailbox}*{language}*{wiring}", self.guard_port())
    }

    /// The tap folder as Asterisk sees it.
    pub fn tap_folder(&self) -> String {
        format!("/var/spool/asterisk/voicemail-guard/{}", self.slot)
    }

    /// A path as Asterisk sees it, as this test sees it.
    pub fn inside(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The number of Asterisk's process.
    pub fn process(&self) -> u32 {
        let file = fs::read_to_string(self.inside("/run/asterisk/asterisk.pid")).unwrap();
        file.trim().parse().expect("the number of a process")
    }

    /// Whether Asterisk holds this file open.
    pub fn asterisk_has_open(&self, file: &Path) -> bool {
        let handles = fs::read_dir(format!("/proc/{}/fd", self.process())).unwrap();
        let mut files = handles.filter_map(|handle| fs::read_link(handle.ok()?.path()).ok());
        files.any(|open| open == file)
    }

    /// How this test's calls have ended, in the dialplan's own words; waits until there are `count`.
    pub fn endings(&self, count: usize) -> Vec<Ending> {
        wait_for(&format!("{count} calls to end"), LONGEST_CALL, || {
            let text = fs::read_to_string(self.results_file()).unwrap();
            let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
            (lines.len() >= count).then(|| lines.into_iter().map(Ending::parse).collect())
        })
    }

    /// The one ending of this test's one call.
    pub fn ending(&self) -> Ending {
        let mut endings = self.endings(1);
        assert_eq!(endings.len(), 1, "{endings:?}");
        endings.remove(0)
    }

    /// What lies in a box's INBOX.
    pub fn inbox(&self, mailbox: u16) -> Vec<Message> {
        let folder = self.inside(&format!(
            "/var/spool/asterisk/voicemail/default/{mailbox}/INBOX"
        ));
        (0..)
            .map(|n| folder.join(format!("msg{n:04}.txt")))
            .take_while(|txt| txt.exists())
            .map(|txt| Message {
                text: fs::read_to_string(&txt).unwrap(),
                sound: Sound::read(&txt.with_extension("wav")),
            })
            .collect()
    }

    /// The one message of this test's box.
    pub fn message(&self) -> Message {
        let mut messages = self.inbox(self.mailbox());
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    /// One of the guard's prompts.
    pub fn prompt(&self, language: &str, name: &str) -> Sound {
        let path = format!("/usr/share/asterisk/sounds/{language}/voicemail-guard/{name}.wav");
        Sound::read(&self.inside(&path))
    }

    /// Takes prompts of the guard away in English, to which every language falls back, until the value is
    /// dropped: for tests that tests/nextest.toml runs alone.
    pub fn take_away(&self, prompts: &[&str]) -> TakenAway {
        let folder = self.inside("/usr/share/asterisk/sounds/en/voicemail-guard");
        let all = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
        let files = all.map(|entry| entry.path()).filter(|path| {
            let name = path.file_stem().unwrap_or_default();
            prompts.iter().any(|prompt| name == *prompt)
        });
        let away = |path: &PathBuf| {
            path.with_extension(format!("{}-away", path.extension().unwrap().display()))
        };
        let files: Vec<_> = files.map(|path| (away(&path), path)).collect();
        assert!(files.len() >= prompts.len(), "{files:?}");
        for (away, path) in &files {
            fs::rename(path, away).unwrap();
        }
        TakenAway(files)
    }

    /// A language of this test's own: English, but one of its sounds, such as `beep`, is this file.
    pub fn english_but_for(&self, sound: &str, file: &[u8]) -> String {
        let language = format!("t{}", self.guard_port());
        let sounds = self.inside("/usr/share/asterisk/sounds");
        let (part, name) = sound.split_at(sound.rfind('/').map_or(0, |at| at + 1));
        for folder in ["", "voicemail-guard/"] {
            let into = sounds.join(&language).join(folder);
            fs::create_dir_all(&into).unwrap();
            for entry in fs::read_dir(sounds.join("en").join(folder)).unwrap() {
                let entry = entry.unwrap().file_name().into_string().unwrap();
                let other = folder == part && entry.starts_with(&format!("{name}."));
                if entry != "voicemail-guard" && !other {
                    let target = format!("/usr/share/asterisk/sounds/en/{folder}{entry}");
                    symlink(target, into.join(&entry)).unwrap();
                }
            }
        }
        let path = sounds.join(&language).join(format!("{sound}.wav"));
        fs::write(path, file).unwrap();
        language
    }

    pub fn results_file(&self) -> PathBuf {
        self.inside(&format!("/tests/results/{}", self.guard_port()))
    }
}

/// Prompts that are not there for a while.
pub struct TakenAway(Vec<(PathBuf, PathBuf)>);

impl Drop for TakenAway {
    fn drop(&mut self) {
        for (away, path) in &self.0 {
            fs::rename(away, path).ok();
        }
    }
}

/// How the dialplan says a call has ended (tests/asterisk/conf/extensions.conf).
#[derive(Debug)]
pub struct Ending {
    /// `returned`, `hung-up`, `administrators-T`.
    pub how: String,
    fields: Vec<(String, String)>,
}

impl Ending {
    fn parse(line: &str) -> Self {
        let (line, reason) = line.split_once(" reason=").unwrap_or((line, ""));
        let mut words = line.split(' ');
        let how = words.next().unwrap_or_default().to_owned();
        let fields = words.filter_map(|word| word.split_once('='));
        let fields = fields.chain([("reason", reason)]);
        Self {
            how,
            fields: fields.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        }
    }

    /// What the dialplan wrote under this name.
    pub fn get(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map_or("", |(_, value)| value)
    }
}

/// A message in a mailbox.
#[derive(Debug)]
pub struct Message {
    text: String,
    /// What is recorded.
    pub sound: Sound,
}

impl Message {
    /// A field of the message's text file.
    pub fn get(&self, name: &str) -> &str {
        let value = self.text.lines().filter_map(|line| line.split_once('='));
        let mut value = value.filter(|(key, _)| *key == name);
        value.next().map_or("", |(_, value)| value)
    }
}

/// Asks again and again until there is an answer; fails loudly after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited {limit:?} for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn from_run(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests are run by tests/run"))
}

/// What Asterisk does as soon as it can is done by then, also on a busy machine.
pub const SOON: Duration = Duration::from_secs(15);

/// A caller inside Asterisk goes on without help after the call was placed.
pub const LONGEST_CALL: Duration = Duration::from_secs(90);

const SLOTS: u16 = 400;
const FIRST_GUARD_PORT: u16 = 100;
