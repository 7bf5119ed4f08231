//! The caller's sound over a network: it is what MixMonitor has, and where it ends the caller is in VoiceMail().

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::faults::{
    is_interrupted, leaves_his_message, somebody, voicemail_has_his_message, was_handed_on,
};
use crate::guard::{Guard, Record, Tap, sound_port};
use crate::lab::{Lab, SOON, wait_for};
use crate::sip::Caller;
use crate::sound::Sound;
use crate::wire::Wire;

/// Callers whose records are to be the same, whichever tap heard them.
fn callers(lab: &Lab) -> Vec<Caller> {
    let of = Sound::of_example;
    let dials = |n: usize| {
        let number = format!("+4991155510{n}");
        Caller::dials(lab, &lab.extension("en", 'p')).is(&number, "Example")
    };
    let says = |n, sound: &Sound| dials(n).listens().says(sound);
    vec![
        says(0, &of("message")).hangs_up(),
        says(1, &of("mutter")).hangs_up(),
        says(2, &of("hold_music"))
            .says(&of("hold_music"))
            .stays(30.0),
        says(3, &of("aside")).says(&of("aside")).stays(30.0),
        dials(4).stays(60.0),
        dials(5).sends_nothing(60.0).stays(1.0),
        says(6, &Sound::busy(30.0)).stays(10.0),
        // Half a minute of which the packets of four seconds never came.
        says(7, &of("message"))
            .sends_nothing(4.0)
            .says(&of("message"))
            .hangs_up(),
    ]
}

/// What stands in blocks of this language in the part of the wiring page about this tap.
fn of_the_page(language: &str) -> String {
    let page = include_str!("../../asterisk-conf/README.md");
    let mut parts = page.split("\n## ");
    let part = parts.find(|part| part.starts_with("Sound over the network"));
    let fence = format!("```{language}\n");
    let blocks = part.expect("that part").split(&*fence).skip(1);
    blocks
        .filter_map(|block| block.split("```").next())
        .collect()
}

#[test]
fn the_page_about_sound_over_the_network_leads_to_a_guarded_box() {
    let lab = Lab::enter();
    let script = of_the_page("sh");
    let shown = Command::new("chroot")
        .arg(lab.inside("/"))
        .args(["sh", "-euc", &script])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let modules = script.split_whitespace().skip_while(|word| *word != "in");
    let modules: Vec<_> = modules
        .skip(1)
        .map_while(|word| word.split(';').next().filter(|name| name.contains('_')))
        .collect();
    assert!(modules.contains(&"app_audiosocket"), "{script}");
    for module in modules {
        let runs = |line: &str| line.starts_with(module) && line.contains(" Running ");
        assert!(shown.lines().any(runs), "{module}: {shown}");
    }
    let own = format!("127.0.0.1:{}", lab.guard_port());
    let tables = of_the_page("toml")
        .replace("192.0.2.10:4574", &own)
        .replace("192.0.2.10:4576", &sound_port(&lab).to_string());
    let guard = Guard::by_page(&lab, &tables);
    let checked = guard.check();
    assert!(
        checked.contains("takes sound as a running guard does"),
        "{checked}"
    );
    let message = Sound::of_example("message");
    somebody(&lab).listens().says(&message).hangs_up().call();
    assert_eq!(guard.record().get("verdict"), "message");
}

fn by_number(calls: Vec<Record>) -> Vec<Record> {
    let mut calls = calls;
    calls.sort_by(|a, b| a.get("caller.number").cmp(b.get("caller.number")));
    calls
}

#[test]
fn the_same_callers_have_the_same_records_by_both_taps() {
    let labs = [Lab::enter(), Lab::enter()];
    let guards = [
        Guard::by(&labs[0], Tap::Monitor, ""),
        Guard::by(&labs[1], Tap::AudioSocket, ""),
    ];
    let calls: Vec<_> = labs.iter().flat_map(callers).map(Caller::calls).collect();
    let count = calls.len() / 2;
    for call in calls {
        call.join().unwrap();
    }
    let [monitor, socket] = guards
        .each_ref()
        .map(|guard| by_number(guard.closed_calls(count)));
    for (one, other) in monitor.iter().zip(&socket) {
        let said = |call: &Record| {
            let words = ["caller.number", "verdict", "ended_by", "callback.e164"];
            (
                words.map(|word| call.get(word).to_owned()),
                call.asked()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(said(one), said(other), "{one:#?}\n{other:#?}");
        for class in ["speech", "music", "tone"] {
            let seconds = |call: &Record| call.number(&format!("seconds.{class}"));
            let apart = (seconds(one) - seconds(other)).abs();
            assert!(apart < 1.5, "{class} {apart}: {one:#?}\n{other:#?}");
        }
        let seconds = |guard: &Guard<'_>, call: &Record| {
            let kept = guard.data().join(call.get("audio"));
            Sound::read(&kept).seconds()
        };
        // The spy is there half a second later.
        if one.get("verdict") != "no_audio" {
            let apart = seconds(&guards[0], one) - seconds(&guards[1], other);
            assert!(apart.abs() < 2.5, "{apart} s: {one:#?}\n{other:#?}");
        }
    }
    let tap = guards[1].data().join("tap");
    assert_eq!(
        fs::read_dir(tap).unwrap().count(),
        0,
        "raw recordings are left"
    );
}

/// What Asterisk is told to connect to.
pub fn told(address: SocketAddr) -> String {
    format!("address_as_asterisk_sees_it = \"{address}\"")
}

#[test]
fn the_sound_is_cut_off_while_the_caller_speaks() {
    let lab = Lab::enter();
    let wire = Wire::to(sound_port(&lab));
    let guard = Guard::over_audiosocket(&lab, &told(wire.address()), "");
    let caller = leaves_his_message(is_interrupted(&lab, somebody(&lab)));
    guard.listens_for(3.0);
    wire.is_cut();
    caller.join().unwrap();
    let call = guard.record();
    was_handed_on(&lab, &call);
    let reasons = call.reasons().join("; ");
    assert!(
        reasons.contains("has ended although they are there"),
        "{reasons}"
    );
}

#[test]
fn the_sound_is_cut_off_in_observe_mode() {
    let lab = Lab::enter();
    let wire = Wire::to(sound_port(&lab));
    let guard = Guard::over_audiosocket(&lab, &told(wire.address()), "mode = \"observe\"");
    let caller = leaves_his_message(somebody(&lab));
    guard.logs("EXEC VoiceMail");
    wire.is_cut();
    caller.join().unwrap();
    voicemail_has_his_message(&lab);
    assert_eq!(guard.record().get("verdict"), "unsure");
}

#[test]
fn nobody_takes_the_sound_which_is_missing_alone() {
    let lab = Lab::enter();
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let guard = Guard::over_audiosocket(&lab, &told(address), "");
    leaves_his_message(somebody(&lab)).join().unwrap();
    let call = guard.record();
    was_handed_on(&lab, &call);
    assert_eq!(call.get("verdict"), "unsure", "{call:#?}");
    let reasons = call.reasons().join("; ");
    assert!(reasons.contains("Asterisk has not connected"), "{reasons}");
    // Who calls next hears no greeting for nothing.
    let stay = somebody(&lab).listens().is_quiet(1.0).hangs_up().call();
    guard.closed_calls(2);
    let attempts = guard.log().matches("EXEC Originate").count();
    assert_eq!(attempts, 1, "{stay:?}");
}

#[test]
fn a_crowd_at_the_port_for_sound_does_not_disturb_a_call() {
    let lab = Lab::enter();
    let guard = Guard::by(&lab, Tap::AudioSocket, "");
    let message = Sound::of_example("message");
    let caller = somebody(&lab).listens().says(&message).hangs_up().calls();
    guard.logs("voicemail-guard/greeting");
    let mut crowd: Vec<TcpStream> = Vec::new();
    for n in 0..1_000 {
        let mut stream = TcpStream::connect(sound_port(&lab)).unwrap();
        // Nothing, nonsense, half an id, a guessed one.
        let said: [&[u8]; 4] = [
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x01\x00\x10abc",
            &[b"\x01\x00\x10", &[7; 16][..]].concat(),
        ];
        stream.write_all(said[n % 4]).ok();
        crowd.push(stream);
    }
    let late = somebody(&lab).listens().says(&message).hangs_up().calls();
    for call in [caller, late] {
        call.join().unwrap();
    }
    for call in guard.closed_calls(2) {
        assert_eq!(call.get("verdict"), "message", "{call:#?}");
    }
    let closed = |stream: &mut TcpStream| {
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        !matches!(io::Read::read(stream, &mut [0; 4]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    };
    wait_for("the crowd to be sent away", SOON, || {
        crowd.iter_mut().all(closed).then_some(())
    });
}
