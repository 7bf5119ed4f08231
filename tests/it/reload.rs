//! SIGHUP: the configuration is read again while calls are up, and the service manager is notified.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A guard that runs, in a folder of its own, under a service manager that receives its notifications.
struct Guard {
    folder: TempDir,
    manager: UnixDatagram,
    at: SocketAddr,
    child: Child,
}

impl Guard {
    /// With these lines in its file, beside the address.
    fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manager = UnixDatagram::bind(folder.path().join("manager")).unwrap();
        manager
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap();
        drop(free);
        fs::write(
            folder.path().join("guard.toml"),
            configuration(at, folder.path(), settings),
        )
        .unwrap();
        let mut command = Self::command(&folder, "serve");
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .env("NOTIFY_SOCKET", folder.path().join("manager"))
            .stderr(log)
            .spawn()
            .unwrap();
        let guard = Self {
            folder,
            manager,
            at,
            child,
        };
        assert_eq!(guard.notified(), "READY=1\n");
        guard
    }

    fn command(folder: &TempDir, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"));
        command
            .env_remove("VOICEMAIL_GUARD_LOG")
            .arg(name)
            .args([
                "--config".as_ref(),
                folder.path().join("guard.toml").as_os_str(),
            ])
            .args(["--data".as_ref(), folder.path().join("data").as_os_str()])
            .stdout(Stdio::piped());
        command
    }

    /// The next notification of the service manager.
    fn notified(&self) -> String {
        let mut bytes = [0; 256];
        let len = self.manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("guard.toml")
    }

    /// Writes the file anew and has it read again.
    fn reloads(&self, settings: &str) {
        self.reloads_whole(&configuration(self.at, self.folder.path(), settings));
    }

    fn reloads_whole(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
        self.is_told_to_reload();
    }

    fn is_told_to_reload(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        let reported = self.notified();
        let since_boot = reported.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
        let since_boot = since_boot.unwrap_or_else(|| panic!("{reported:?}"));
        assert!(
            since_boot.trim_end().parse::<u64>().unwrap() > 0,
            "{reported}"
        );
        assert_eq!(self.notified(), "READY=1\n");
    }

    /// A call and what it got to hear: when the tap was on, or that it is not taken.
    fn call(&self) -> (BufReader<TcpStream>, String) {
        let stream = TcpStream::connect(self.at).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let prelude = "agi_network: yes\nagi_network_script: guard?box=100\nagi_uniqueid: 1.1\n\
                       agi_callerid: 0911555001\nagi_callingpres: 0\n\n";
        (&stream).write_all(prelude.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        for reply in ["1", "0", "1", "1 (1.1)", "0", "1 (0x1)"] {
            let said = line(&mut stream);
            if said == "failure" {
                return (stream, said);
            }
            let reply = format!("200 result={reply}\n");
            stream.get_mut().write_all(reply.as_bytes()).unwrap();
        }
        let said = line(&mut stream);
        (stream, said)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn calls(&self) -> Vec<serde_json::Value> {
        let output = Self::command(&self.folder, "calls")
            .args(["--format", "json"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Stops it and returns its log.
    fn stops(mut self) -> (String, Vec<serde_json::Value>) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert_eq!(self.notified(), "STOPPING=1\n");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        (self.log(), self.calls())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn configuration(at: SocketAddr, folder: &std::path::Path, settings: &str) -> String {
    format!(
        "[listen]\naddress = ['{at}']\n[tap]\nfolder_as_guard_sees_it = '{}'\n[prompts]\nlanguages = []\n\
         [delivery.voicemail]\nspool = '{}'\n{settings}\n",
        folder.join("tap").display(),
        folder.display()
    )
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

const GUIDE: &str = "[defaults]\nmode = 'guide'";
const OBSERVE: &str = "[defaults]\nmode = 'observe'";
/// What guide and observe say when the tap is on.
const OF_GUIDE: &str = "STREAM FILE voicemail-guard/greeting 0123456789*#";
const OF_OBSERVE: &str = "SET VARIABLE TIMEOUT(absolute) 86400";

#[test]
fn a_call_that_is_up_keeps_its_settings_and_the_next_one_has_the_new() {
    let guard = Guard::start(GUIDE);
    let (mut before, first) = guard.call();
    assert_eq!(first, OF_GUIDE);
    guard.reloads(OBSERVE);
    let played = b"200 result=0 endpos=8000\n";
    before.get_mut().write_all(played).unwrap();
    let beep = line(&mut before);
    assert!(
        beep.starts_with("STREAM FILE beep"),
        "it goes on where it was: {beep}"
    );
    let (after, first) = guard.call();
    assert_eq!(first, OF_OBSERVE);
    drop((before, after));
    let (log, calls) = guard.stops();
    assert!(
        log.contains("the configuration was read again: new calls"),
        "{log}"
    );
    let modes: Vec<_> = calls.iter().map(|call| call["mode"].as_str()).collect();
    assert_eq!(modes, [Some("observe"), Some("guide")], "newest first");
}

#[test]
fn a_file_with_mistakes_changes_nothing_and_is_told_in_the_words_of_check() {
    let guard = Guard::start(GUIDE);
    guard.reloads("[limits]\nmax_calls = 0\n[defaults]\nmode = 'observe'\npause_s = 1\n");
    assert_eq!(guard.call().1, OF_GUIDE);
    let check = Guard::command(&guard.folder, "check").output().unwrap();
    let check = String::from_utf8(check.stdout).unwrap();
    let log = guard.log();
    for mistake in [
        "[limits] max_calls: 0 is not a whole number from 1 to 100000",
        "[defaults] pause_s: 1 is not a number of seconds from 3 to 600",
    ] {
        assert!(check.contains(mistake), "{mistake:?} in {check}");
        let reported = log.lines().find(|line| line.contains(mistake));
        let reported = reported.unwrap_or_else(|| panic!("{mistake:?} in {log}"));
        assert!(
            reported.contains("ERROR") && reported.contains("guard.toml, line "),
            "{reported}"
        );
    }
    assert!(log.contains("the old one holds on as a whole"), "{log}");
    fs::remove_file(guard.file()).unwrap();
    guard.is_told_to_reload();
    assert!(guard.log().contains("cannot read the configuration"));
    let made = Command::new("mkfifo").arg(guard.file()).status().unwrap();
    assert!(made.success());
    guard.is_told_to_reload();
    assert!(guard.log().contains("it is no regular file"));
    fs::remove_file(guard.file()).unwrap();
    assert_eq!(guard.call().1, OF_GUIDE);
    guard.reloads(OBSERVE);
    assert_eq!(guard.call().1, OF_OBSERVE, "and a good one is taken again");
    guard.reloads_whole("# nothing\n");
    assert!(guard.log().contains("the configuration sets nothing"));
}

#[test]
fn what_needs_a_restart_is_named_and_everything_else_is_taken() {
    let guard = Guard::start(GUIDE);
    guard.reloads_whole(&format!("[listen]\naddress = ['127.0.0.1:1']\n{OBSERVE}\n"));
    let log = guard.log();
    for setting in ["[listen] address", "[tap]"] {
        let reported = log.lines().find(|line| line.contains(setting));
        let reported = reported.unwrap_or_else(|| panic!("{setting} in {log}"));
        assert!(reported.contains("restart to apply"), "{reported}");
    }
    assert_eq!(guard.call().1, OF_OBSERVE, "on the old address");
    guard.is_told_to_reload();
    assert!(guard.log().contains("nothing in it has changed"));
}

#[test]
fn limits_and_the_level_of_the_log_are_taken_over_too() {
    let guard = Guard::start(GUIDE);
    let (up, first) = guard.call();
    assert_eq!(first, OF_GUIDE);
    guard.reloads("[limits]\nmax_calls = 1\n[log]\nlevel = 'debug'\n");
    assert_eq!(guard.call().1, "failure", "one is up already");
    assert!(guard.log().contains("too many calls: refused"));
    drop(up);
    guard.reloads("[limits]\nmax_calls = 2\n[log]\nlevel = 'debug'\n");
    assert_eq!(guard.call().1, OF_GUIDE);
    let (log, _) = guard.stops();
    assert!(log.contains("DEBUG"), "{log}");
}
