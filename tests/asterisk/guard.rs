//! The real guard: the binary as it is shipped, on the test's port, with the test's tap folder.

use std::fs::{self, File, Permissions};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::lab::{LONGEST_CALL, Lab, SOON, wait_for};

/// A guard, ended at the latest when the test is.
pub struct Guard<'a> {
    lab: &'a Lab,
    home: TempDir,
    data: PathBuf,
    rights: Rights,
    starts: usize,
    child: Child,
}

/// How callers' sound comes to the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// By a file that Asterisk writes.
    Monitor,
    /// Over the network, where the guard's own data folder is all that it has.
    AudioSocket,
}

/// Where this test's guard takes sound.
pub fn sound_port(lab: &Lab) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, 3), lab.guard_port()).into()
}

/// What the guard's user may do.
#[derive(Clone, Copy)]
enum Rights {
    /// What the tests' user may: as root everything.
    All,
    /// What the rights on files say.
    OfAnyUser,
}

impl<'a> Guard<'a> {
    /// One with the defaults: it ends junk.
    pub fn start(lab: &'a Lab) -> Self {
        Self::with(lab, "")
    }

    /// One with these settings for every box, and further tables if wanted.
    pub fn with(lab: &'a Lab, defaults: &str) -> Self {
        let seen = lab.inside(&lab.tap_folder());
        Self::with_tap_folder(lab, &seen, defaults)
    }

    /// One that hears callers by this tap.
    pub fn by(lab: &'a Lab, tap: Tap, defaults: &str) -> Self {
        match tap {
            Tap::Monitor => Self::with(lab, defaults),
            Tap::AudioSocket => Self::over_audiosocket(lab, "", defaults),
        }
    }

    /// One that hears callers over the network, with further lines under `[tap]`.
    pub fn over_audiosocket(lab: &'a Lab, tap: &str, defaults: &str) -> Self {
        let home = TempDir::new().unwrap();
        let listen = sound_port(lab);
        let tap = format!("kind = \"audiosocket\"\nlisten = [\"{listen}\"]\n{tap}");
        let config = Self::settings(lab, &tap, defaults);
        fs::write(home.path().join("guard.toml"), config).unwrap();
        Self::launch(lab, home, None, Rights::All)
    }

    /// One by the tables of a page, with this test's addresses in them already.
    pub fn by_page(lab: &'a Lab, tables: &str) -> Self {
        let home = TempDir::new().unwrap();
        let sounds = lab.inside("/usr/share/asterisk/sounds");
        let config = format!(
            "{tables}\n[prompts]\nsounds = {sounds:?}\n[log]\nlevel = \"debug\"\n[defaults]\ndeliver_to = []\n"
        );
        fs::write(home.path().join("guard.toml"), config).unwrap();
        Self::launch(lab, home, None, Rights::All)
    }

    /// One that looks for the caller's sound elsewhere.
    pub fn with_tap_folder(lab: &'a Lab, folder: &Path, defaults: &str) -> Self {
        let home = Self::home(lab, &lab.tap_folder(), folder, defaults);
        Self::launch(lab, home, None, Rights::All)
    }

    /// One that has Asterisk record into this folder.
    pub fn with_tap_folder_of_asterisk(lab: &'a Lab, folder: &str) -> Self {
        let home = Self::home(lab, folder, &lab.inside(folder), "");
        Self::launch(lab, home, None, Rights::All)
    }

    /// One whose data folder is this one.
    pub fn with_data(lab: &'a Lab, data: &Path) -> Self {
        let folder = lab.tap_folder();
        let home = Self::home(lab, &folder, &lab.inside(&folder), "");
        Self::launch(lab, home, Some(data), Rights::All)
    }

    /// One without root's right to read and write everything.
    pub fn of_any_user(lab: &'a Lab) -> Self {
        let folder = lab.tap_folder();
        // Nobody's own user is in the group that the wiring page gives the folders of all tests to.
        let all = lab.inside(&folder).parent().unwrap().to_owned();
        fs::set_permissions(all, Permissions::from_mode(0o2771)).unwrap();
        let home = Self::home(lab, &folder, &lab.inside(&folder), "");
        Self::launch(lab, home, None, Rights::OfAnyUser)
    }

    fn home(lab: &Lab, of_asterisk: &str, folder: &Path, defaults: &str) -> TempDir {
        let home = TempDir::new().unwrap();
        let config = Self::configuration(lab, of_asterisk, folder, defaults);
        fs::write(home.path().join("guard.toml"), config).unwrap();
        home
    }

    fn configuration(lab: &Lab, of_asterisk: &str, folder: &Path, defaults: &str) -> String {
        let tap = format!(
            "folder_as_asterisk_sees_it = {of_asterisk:?}\nfolder_as_guard_sees_it = {folder:?}"
        );
        Self::settings(lab, &tap, defaults)
    }

    fn settings(lab: &Lab, tap: &str, defaults: &str) -> String {
        // In most tests a message in a box is one of VoiceMail()'s own.
        let nowhere = if defaults.contains("deliver_to") {
            ""
        } else {
            "deliver_to = []\n"
        };
        format!(
            "[listen]\naddress = [\"127.0.0.1:{}\"]\n\
             [tap]\n{tap}\n[prompts]\nsounds = {:?}\n[log]\nlevel = \"debug\"\n[defaults]\n{nowhere}{defaults}\n",
            lab.guard_port(),
            lab.inside("/usr/share/asterisk/sounds"),
        )
    }

    fn launch(lab: &'a Lab, home: TempDir, data: Option<&Path>, rights: Rights) -> Self {
        let data = data.map_or_else(|| home.path().join("data"), Path::to_owned);
        let child = Self::serve(&home, &data, rights);
        let mut guard = Self {
            lab,
            home,
            data,
            rights,
            starts: 1,
            child,
        };
        guard.listens();
        guard
    }

    fn serve(home: &TempDir, data: &Path, rights: Rights) -> Child {
        let mut log = File::options();
        let log = log
            .create(true)
            .append(true)
            .open(home.path().join("guard.log"))
            .unwrap();
        let mut command = match rights {
            Rights::All => Command::new(BINARY),
            Rights::OfAnyUser => {
                let mut command = Command::new("setpriv");
                command.args(["--inh-caps=-all", "--bounding-set=-all", BINARY]);
                command
            }
        };
        command.args(["serve", "--config"]);
        command.arg(home.path().join("guard.toml"));
        command.arg("--data").arg(data).stderr(log).spawn().unwrap()
    }

    fn listens(&mut self) {
        let address = (Ipv4Addr::LOCALHOST, self.lab.guard_port());
        wait_for("the guard to listen", SOON, || {
            assert_eq!(
                self.child.try_wait().unwrap(),
                None,
                "the guard has ended: {}",
                self.log()
            );
            TcpStream::connect(address).ok()
        });
        // It takes connections a moment before it has opened its log.
        wait_for("the guard to be ready", SOON, || {
            (self
                .log()
                .matches(" listening event=listening addresses=")
                .count()
                >= self.starts)
                .then_some(())
        });
    }

    /// Ends it as a power cut would.
    pub fn is_killed(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was killed.
    pub fn starts_again(&mut self) {
        self.child = Self::serve(&self.home, &self.data, self.rights);
        self.starts += 1;
        self.listens();
    }

    /// Tries to start again, and ends with a complaint.
    pub fn fails_to_start(&mut self) -> String {
        let before = self.log().len();
        self.child = Self::serve(&self.home, &self.data, self.rights);
        let status = self.ends();
        assert!(!status.success(), "{status}");
        self.log().split_off(before)
    }

    /// Asks it to stop, as systemd does.
    pub fn is_asked_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// How it has ended.
    pub fn ends(&mut self) -> ExitStatus {
        wait_for("the guard to end", SOON, || self.child.try_wait().unwrap())
    }

    /// Gets other settings for every box and is asked to take them; waits until it says what it made of them.
    pub fn reloads(&self, defaults: &str, and_logs: &str) {
        let folder = self.lab.tap_folder();
        let seen = self.lab.inside(&folder);
        let config = Self::configuration(self.lab, &folder, &seen, defaults);
        fs::write(self.home.path().join("guard.toml"), config).unwrap();
        let before = self.log().matches(and_logs).count();
        self.signal(Signal::HUP);
        wait_for(&format!("the guard to log {and_logs:?}"), SOON, || {
            (self.log().matches(and_logs).count() > before).then_some(())
        });
    }

    /// Holds it still; it keeps its connections and says nothing.
    pub fn is_frozen(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn is_thawed(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until this stands in its log.
    pub fn logs(&self, what: &str) {
        wait_for(&format!("the guard to log {what:?}"), LONGEST_CALL, || {
            self.log().contains(what).then_some(())
        });
    }

    /// Waits until this stands in its log so many times.
    pub fn logs_times(&self, what: &str, times: usize) {
        let waited_for = format!("the guard to log {what:?} {times} times");
        wait_for(&waited_for, LONGEST_CALL, || {
            (self.log().matches(what).count() >= times).then_some(())
        });
    }

    /// Waits until this stands in its log behind the first of that.
    pub fn tells_after(&self, first: &str, what: &str) {
        let waited_for = format!("the guard to log {what:?} after {first:?}");
        wait_for(&waited_for, LONGEST_CALL, || {
            let logged = self.log();
            let (_, since) = logged.split_once(first)?;
            since.contains(what).then_some(())
        });
    }

    /// Waits until it has listened to the caller for so long after the last prompt.
    pub fn listens_for(&self, seconds: f32) {
        // A wait for a key lasts a quarter of a second.
        let heartbeats = (seconds * 4.0) as usize;
        let what = format!("the guard to listen for {seconds} s");
        wait_for(&what, LONGEST_CALL, || {
            let logged = self.log();
            let since = logged.rfind("STREAM FILE").map_or("", |at| &logged[at..]);
            (since.matches("WAIT FOR DIGIT 250").count() > heartbeats).then_some(())
        });
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What `voicemail-guard check` says of its settings.
    pub fn check(&self) -> String {
        let mut command = Command::new(BINARY);
        command
            .arg("check")
            .arg("--config")
            .arg(self.home.path().join("guard.toml"));
        let output = command.arg("--data").arg(self.data()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("guard.log")).unwrap_or_default()
    }

    /// The call log as `voicemail-guard calls` prints it, newest first.
    pub fn calls(&self) -> Vec<Record> {
        let mut command = Command::new(BINARY);
        command
            .args(["calls", "--format", "json", "--data"])
            .arg(self.data());
        let printed = command.output().unwrap().stdout;
        let lines = String::from_utf8(printed).unwrap();
        lines
            .lines()
            .map(|line| Record(serde_json::from_str(line).unwrap()))
            .collect()
    }

    /// The call log once it holds this many calls and all of them are closed.
    pub fn closed_calls(&self, count: usize) -> Vec<Record> {
        wait_for(&format!("{count} closed records"), SOON, || {
            let calls = self.calls();
            let closed = calls.iter().all(|call| !call.0["ended"].is_null());
            (calls.len() >= count && closed).then_some(calls)
        })
    }

    /// The record of the one call there was.
    pub fn record(&self) -> Record {
        let mut calls = self.closed_calls(1);
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("--- the guard's log ---\n{}", self.log());
        }
    }
}

/// One line of `voicemail-guard calls --format json`.
#[derive(Debug)]
pub struct Record(Value);

impl Record {
    /// A field's text; `a.b` goes into objects.
    pub fn get(&self, field: &str) -> &str {
        self.value(field).as_str().unwrap_or_default()
    }

    /// A field's number.
    pub fn number(&self, field: &str) -> f64 {
        self.value(field).as_f64().unwrap_or_default()
    }

    /// The prompts that the caller was played, less the greeting.
    pub fn asked(&self) -> Vec<&str> {
        let asked = self.0["asked"].as_array().expect("asked");
        let prompts = asked.iter().filter_map(|asked| asked["prompt"].as_str());
        prompts
            .filter(|prompt| !prompt.starts_with("greeting"))
            .collect()
    }

    /// How the questions were answered that were.
    pub fn answers(&self) -> Vec<&str> {
        let asked = self.0["asked"].as_array().expect("asked");
        let answers = asked.iter().filter_map(|asked| asked["answer"].as_str());
        answers.collect()
    }

    /// When this prompt began, in seconds of the caller's sound.
    pub fn asked_at(&self, prompt: &str) -> f32 {
        let asked = self.0["asked"].as_array().expect("asked");
        let asked = asked.iter().find(|asked| asked["prompt"] == prompt);
        asked
            .and_then(|asked| asked["at"].as_f64())
            .expect("a prompt that was played") as f32
    }

    /// The greeting that was played.
    pub fn greeting(&self) -> &str {
        self.0["asked"][0]["prompt"].as_str().unwrap_or_default()
    }

    /// Where the message went.
    pub fn delivered(&self) -> Vec<&str> {
        let delivered = self.0["delivered"].as_array().expect("delivered");
        delivered.iter().filter_map(Value::as_str).collect()
    }

    /// Why the verdict was given.
    pub fn reasons(&self) -> Vec<&str> {
        let reasons = self.0["reasons"].as_array().expect("reasons");
        reasons.iter().filter_map(Value::as_str).collect()
    }

    fn value(&self, field: &str) -> &Value {
        field.split('.').fold(&self.0, |value, name| &value[name])
    }
}

/// The guard as it is shipped.
pub const BINARY: &str = env!("CARGO_BIN_EXE_voicemail-guard");
