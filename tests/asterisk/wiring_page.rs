//! The wiring page, asterisk-conf/README.md, word for word: `tests/run` has done its steps 1 to 3 and 5 inside
//! Asterisk's root. The guard is started by its step 4, as a user of its own, beside an Asterisk that is its own
//! user, too.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::guard::BINARY;
use crate::lab::{Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sip::Caller;
use crate::sound::Sound;

#[test]
fn the_wiring_page_leads_to_a_guarded_box() {
    let lab = Lab::enter();
    let mut manager = Manager::listens(&lab);
    let guard = Started::by_the_page(&lab);
    let users = [lab.process(), guard.process()].map(user_and_groups);
    let [(asterisk, _), (ours, groups)] = &users;
    assert!(
        *asterisk != 0 && *ours != 0 && ours != asterisk && groups.contains(asterisk),
        "{users:?}"
    );

    let message = Sound::of_example("message");
    let box_100 = lab.extension_of(100, "en", 'w');
    let caller = || Caller::dials(&lab, &box_100).listens();
    caller().says(&message).hangs_up().call();
    let event = manager.hears(&["Event: MessageWaiting", "Mailbox: 100@default"]);
    assert!(event.contains(&"New: 1".to_owned()), "{event:?}");
    let listed = by_the_page(&lab, "6").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("message") && listed.contains("100@default"),
        "{listed}"
    );

    let queue = lab.extension_of(600, "en", 'y');
    Caller::dials(&lab, &queue).is_quiet(4.0).hangs_up().call();
    wait_for("the wait in the queue", SOON, || {
        let listed = by_the_page(&lab, "6").output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        (listed.contains("support@queue") && listed.contains("hung up")).then_some(())
    });

    // Asterisk goes on with the box where the guard has left off.
    drop(guard);
    caller().says(&message).is_quiet(0.5).hangs_up().call();
    let messages = wait_for("the second message", SOON, || {
        let messages = lab.inbox(100);
        (messages.len() > 1).then_some(messages)
    });
    let seconds: Vec<_> = messages.iter().map(|m| m.sound.seconds()).collect();
    assert!(
        seconds.len() == 2 && seconds.iter().all(|&s| s > 10.0),
        "{messages:?}"
    );
}

/// A step of the page, to be done by the guard's user in their root.
fn by_the_page(lab: &Lab, step: &str) -> Command {
    let mut command = Command::new("chroot");
    command
        .arg("--userspec=voicemail-guard:")
        .arg(lab.inside("/"))
        .args(["sh", "-eu"])
        .arg(format!("/tests/page/{step}"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/bin");
    command
}

/// The guard of step 4, ended when the value is dropped.
struct Started {
    shell: Child,
    log: PathBuf,
}

impl Started {
    fn by_the_page(lab: &Lab) -> Self {
        let bin = lab.inside("/usr/local/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::copy(BINARY, bin.join("voicemail-guard")).unwrap();
        let port = lab.guard_port();
        let mut config = OpenOptions::new();
        let config = config
            .append(true)
            .open(lab.inside("/etc/voicemail-guard/voicemail-guard.toml"));
        writeln!(
            config.unwrap(),
            "[listen]\naddress = [\"127.0.0.1:{port}\"]"
        )
        .unwrap();
        let log = lab.inside("/tests/page/log");
        let file = File::create(&log).unwrap();
        let mut step = by_the_page(lab, "4");
        step.stdout(file.try_clone().unwrap()).stderr(file);
        let mut guard = Self {
            shell: step.process_group(0).spawn().unwrap(),
            log,
        };
        wait_for("the guard of step 4 to listen", SOON, || {
            let ended = guard.shell.try_wait().unwrap();
            assert!(ended.is_none(), "step 4: {}", guard.log());
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        let logged = guard.log();
        let satisfied = [
            "files can be made and removed in /var/spool/asterisk/voicemail-guard",
            "messages can be put into 1 boxes",
            "takes the login",
            " 0 broken",
        ];
        for line in satisfied {
            assert!(
                logged.contains(line),
                "check does not say {line:?}: {logged}"
            );
        }
        guard
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The guard itself is the shell's child.
    fn process(&self) -> u32 {
        let shell = self.shell.id();
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        children.unwrap().trim().parse().expect("one child")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        kill_process_group(Pid::from_child(&self.shell), Signal::KILL).ok();
        self.shell.wait().ok();
    }
}

/// Who a process is (`/proc/PID/status`, proc(5)): the effective user, and all groups.
fn user_and_groups(process: u32) -> (u32, Vec<u32>) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let numbers = |name: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let numbers = line.expect("a line of proc(5)").split_whitespace();
        numbers.map(|number| number.parse().unwrap()).collect()
    };
    (numbers("Uid:")[1], numbers("Groups:"))
}
