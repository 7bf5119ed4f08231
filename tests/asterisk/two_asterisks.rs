//! Two Asterisks and one guard: what one calls a call by, the other may call another call by.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::thread;

use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sound::Sound;

/// A second Asterisk in the same root, with folders and ports of its own; ended with the test.
struct Second {
    manager: SocketAddr,
    asterisk: Child,
}

impl Second {
    fn starts(lab: &Lab) -> Self {
        let (sip, ami) = (lab.sip().port(), lab.manager().port());
        let (etc, var) = (lab.inside("/etc/asterisk-2"), "/var/asterisk-2");
        fs::create_dir_all(&etc).unwrap();
        for folder in [
            "db",
            "log",
            "run",
            "spool/outgoing",
            "spool/tmp",
            "spool/voicemail",
        ] {
            fs::create_dir_all(lab.inside(&format!("{var}/{folder}"))).unwrap();
        }
        for entry in fs::read_dir(lab.inside("/etc/asterisk")).unwrap() {
            let entry = entry.unwrap();
            let Ok(text) = fs::read_to_string(entry.path()) else {
                continue;
            };
            let text = text
                .replace(&sip.to_string(), &(sip + 51).to_string())
                .replace(&ami.to_string(), &(ami + 2).to_string())
                .replace("astetcdir => /etc/asterisk", "astetcdir => /etc/asterisk-2")
                .replace(
                    "astdbdir => /var/lib/asterisk",
                    &format!("astdbdir => {var}/db"),
                )
                .replace("/var/spool/asterisk\n", &format!("{var}/spool\n"))
                .replace("/run/asterisk", &format!("{var}/run"))
                .replace("/var/log/asterisk", &format!("{var}/log"));
            fs::write(etc.join(entry.file_name()), text).unwrap();
        }
        let mut asterisk = Command::new("chroot");
        asterisk.arg(lab.inside("/")).args([
            "/usr/sbin/asterisk",
            "-f",
            "-C",
            "/etc/asterisk-2/asterisk.conf",
        ]);
        let console = fs::File::create(lab.inside(&format!("{var}/log/console"))).unwrap();
        let asterisk = asterisk
            .stdout(console.try_clone().unwrap())
            .stderr(console)
            .spawn()
            .unwrap();
        let manager = (Ipv4Addr::LOCALHOST, ami + 2).into();
        let second = Self { manager, asterisk };
        wait_for("the second Asterisk to be up", SOON, || {
            TcpStream::connect(manager).ok()
        });
        Manager::listens_at(manager).hears(&["Event: FullyBooted"]);
        second
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        self.asterisk.kill().ok();
        self.asterisk.wait().ok();
    }
}

#[test]
fn two_asterisks_have_calls_of_the_same_uniqueid_at_one_guard() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let second = Second::starts(&lab);
    let uniqueid = format!("{}.2", lab.guard_port());
    for (manager, number, seconds) in [
        (lab.manager(), "0911555031", 5.0),
        (second.manager, "0911555032", 11.0),
    ] {
        let name = format!("/tmp/both-{number}");
        Sound::speech(&lab, seconds).write(&lab.inside(&format!("{name}.wav")));
        let asks = [
            (
                "Channel",
                format!("Local/{}@tests/n", lab.extension("en", 'p')),
            ),
            ("ChannelId", format!("{}.1", lab.guard_port())),
            ("OtherChannelId", uniqueid.clone()),
            ("CallerID", number.to_owned()),
            ("Context", "caller".to_owned()),
            ("Exten", "s".to_owned()),
            ("Priority", "1".to_owned()),
            ("Async", "true".to_owned()),
            ("Variable", format!("WAIT_BEFORE=10,SAY={name}")),
        ];
        let asks = asks.each_ref().map(|(name, value)| (*name, &**value));
        Manager::listens_at(manager).does("Originate", &asks);
    }
    wait_for("both calls to be up", LONGEST_CALL, || {
        (guard.calls().len() == 2).then_some(())
    });
    thread::sleep(std::time::Duration::from_secs(2));
    let tapped = fs::read_dir(lab.inside(&lab.tap_folder())).unwrap();
    assert_eq!(tapped.count(), 2, "each call has a file of its own");
    wait_for("both calls to be over", LONGEST_CALL, || {
        let calls = guard.calls();
        calls
            .iter()
            .all(|call| !call.get("ended").is_empty())
            .then_some(())
    });
    let mut calls = guard.closed_calls(2);
    calls.sort_by_key(|call| call.get("caller.number").to_owned());
    let spoken: Vec<_> = calls
        .iter()
        .map(|call| {
            assert_eq!(call.get("uniqueid"), uniqueid, "{call:#?}");
            (call.get("caller.number"), call.number("seconds.speech"))
        })
        .collect();
    assert!(
        matches!(spoken[..], [("0911555031", short), ("0911555032", long)]
            if short > 2.5 && short < 6.0 && long > 7.5),
        "each caller has their own sound: {spoken:?}"
    );
}
