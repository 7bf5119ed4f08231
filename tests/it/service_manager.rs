//! Under a service manager: its sockets outlive the guard, and its watchdog finds a guard that is frozen.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

/// The stand-in of systemd: sockets, a socket for notifications, and the guard when it runs.
struct Manager {
    folder: TempDir,
    notifications: UnixDatagram,
    agi: TcpListener,
    page: TcpListener,
    guard: Option<Child>,
}

/// Nothing but the sockets that are passed.
const USUAL: &str = "[listen]\naddress = ['127.0.0.1:AGI']\n[web]\naddress = ['127.0.0.1:PAGE']\n";

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

impl Manager {
    /// With these lines at the start of the guard's file, in which `AGI` and `PAGE` stand for the sockets' ports;
    /// nothing runs yet.
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let notifications = UnixDatagram::bind(folder.path().join("manager")).unwrap();
        notifications.set_read_timeout(Some(PATIENCE)).unwrap();
        let here = folder.path();
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (agi, page) = (bind(), bind());
        let port = |socket: &TcpListener| socket.local_addr().unwrap().port().to_string();
        let settings = settings
            .replace("AGI", &port(&agi))
            .replace("PAGE", &port(&page));
        let text = format!(
            "{settings}\n[tap]\nfolder_as_guard_sees_it = '{}'\n[prompts]\nlanguages = []\n\
             [delivery.voicemail]\nspool = '{}'\n",
            here.join("tap").display(),
            here.display()
        );
        fs::write(here.join("guard.toml"), text).unwrap();
        Self {
            folder,
            notifications,
            agi,
            page,
            guard: None,
        }
    }

    /// Runs a guard with the sockets as descriptors 3 and 4.
    fn starts(&mut self, watchdog: Option<Duration>) {
        let pass = |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().unwrap()));
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                "exec 3<&0 4<&1 0</dev/null 1>&2; LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$@\"",
                "sh",
                env!("CARGO_BIN_EXE_voicemail-guard"),
                "serve",
                "--config",
            ])
            .arg(self.folder.path().join("guard.toml"))
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .env_remove("VOICEMAIL_GUARD_LOG")
            .env("NOTIFY_SOCKET", self.folder.path().join("manager"))
            .env("LISTEN_FDS", "2")
            .env("LISTEN_FDNAMES", "agi:page")
            .stdin(pass(&self.agi))
            .stdout(pass(&self.page))
            .stderr(log(self.folder.path()));
        if let Some(limit) = watchdog {
            command.env("WATCHDOG_USEC", limit.as_micros().to_string());
        }
        self.guard = Some(command.spawn().unwrap());
    }

    /// The next notification, if it comes in time.
    fn notified(&self) -> Option<String> {
        let mut bytes = [0; 256];
        let length = self.notifications.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    fn is_ready(&self) {
        assert_eq!(
            self.notified().as_deref(),
            Some("READY=1\n"),
            "{}",
            self.log()
        );
    }

    fn signals(&self, signal: Signal) {
        kill_process(Pid::from_child(self.guard.as_ref().unwrap()), signal).unwrap();
    }

    /// Stops all its threads.
    fn freezes(&self) {
        self.signals(Signal::STOP);
        let pid = Pid::from_child(self.guard.as_ref().unwrap());
        let changed = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        assert!(changed.unwrap().1.stopped());
    }

    fn ended(&mut self) -> Option<i32> {
        self.guard.take().unwrap().wait().unwrap().code()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn at(&self) -> SocketAddr {
        self.agi.local_addr().unwrap()
    }

    fn calls(&self) -> Caller {
        Caller::to(self.at())
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            guard.kill().ok();
            guard.wait().ok();
        }
    }
}

fn log(folder: &Path) -> File {
    let mut options = File::options();
    let log = options.create(true).append(true);
    log.open(folder.join("log")).unwrap()
}

/// Asterisk, on behalf of a caller.
struct Caller(BufReader<TcpStream>);

impl Caller {
    fn to(at: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let prelude = "agi_network: yes\nagi_network_script: guard?box=100\nagi_uniqueid: 1.1\n\
                       agi_callerid: 0911555001\nagi_callingpres: 0\n\n";
        stream.write_all(prelude.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// What it hears next; nothing where the connection has ended.
    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).ok();
        line.trim_end().to_owned()
    }

    fn is_guarded(&mut self) {
        let heard = self.hears();
        assert!(
            heard.starts_with("GET VARIABLE") || heard.starts_with("SET VARIABLE"),
            "{heard:?}"
        );
    }
}

#[test]
fn a_restart_refuses_no_caller() {
    let mut manager = Manager::new(USUAL);
    manager.starts(None);
    manager.is_ready();
    let mut page = TcpStream::connect(manager.page.local_addr().unwrap()).unwrap();
    let get = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
    page.write_all(get).unwrap();
    let mut answer = String::new();
    page.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    let mut up = manager.calls();
    up.is_guarded();

    manager.signals(Signal::TERM);
    assert_eq!(manager.notified().as_deref(), Some("STOPPING=1\n"));
    let mut newcomer = manager.calls();
    assert_eq!(
        newcomer.hears(),
        "failure",
        "goes on to VoiceMail() at once"
    );
    drop(up);
    assert_eq!(manager.ended(), Some(0), "{}", manager.log());

    let mut between = manager.calls();
    manager.starts(None);
    manager.is_ready();
    between.is_guarded();
}

#[test]
fn callers_are_sent_on_by_a_guard_that_cannot_serve() {
    for (settings, logged) in [
        ("[nonsense]", "[nonsense]"),
        (
            "[listen]\naddress = ['0.0.0.0:AGI']\nallow = ['192.0.2.1']",
            "the service manager holds 127.0.0.1:",
        ),
    ] {
        let mut manager = Manager::new(settings);
        manager.starts(None);
        assert_eq!(manager.calls().hears(), "failure", "{settings}");
        manager.signals(Signal::TERM);
        assert!(matches!(manager.ended(), Some(1 | 2)), "{}", manager.log());
        assert!(manager.log().contains(logged), "{}", manager.log());
    }
}

#[test]
fn the_page_is_served_nowhere_but_where_the_settings_have_it() {
    let mut manager = Manager::new("[listen]\naddress = ['127.0.0.1:AGI']\n[web]\naddress = []\n");
    manager.starts(None);
    manager.is_ready();
    let mut page = TcpStream::connect(manager.page.local_addr().unwrap()).unwrap();
    page.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .unwrap();
    page.set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut answer = [0; 16];
    assert!(page.read(&mut answer).is_err(), "{answer:?}");
    assert!(
        manager.log().contains("nothing is served there"),
        "{}",
        manager.log()
    );
    manager.calls().is_guarded();
}

#[test]
fn a_frozen_guard_is_found_and_its_successor_takes_the_callers_that_wait() {
    let limit = Duration::from_secs(2);
    let mut manager = Manager::new(USUAL);
    manager.starts(Some(limit));
    manager.is_ready();
    for _ in 0..3 {
        assert_eq!(manager.notified().as_deref(), Some("WATCHDOG=1\n"));
    }
    let mut up = manager.calls();
    up.is_guarded();

    manager.freezes();
    let mut waiting = manager.calls();
    manager.notifications.set_read_timeout(Some(limit)).unwrap();
    // What it had sent before it froze.
    let left = std::iter::from_fn(|| manager.notified()).count();
    assert!(left < 3, "it is still fed");
    manager.signals(Signal::KILL);
    assert_eq!(manager.ended(), None, "killed by the signal");
    assert_eq!(up.hears(), "", "the call goes on to VoiceMail()");

    manager
        .notifications
        .set_read_timeout(Some(PATIENCE))
        .unwrap();
    manager.starts(Some(limit));
    manager.is_ready();
    waiting.is_guarded();
}
