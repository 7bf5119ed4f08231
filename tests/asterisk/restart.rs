//! Asterisk is restarted beneath a guard that goes on.

use std::net::TcpStream;
use std::process::Command;

use crate::cases::{caller, hangs_up_at_once, his_case_is_closed_by_a_call_back};
use crate::delivery::{context_is_there, delivers};
use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, wait_for};
use crate::manager::Manager;
use crate::queue::{guard as queue_guard, nobody_listens, somebody};
use crate::sound::Sound;

/// Has Asterisk restart at once, as an administrator does it; comes back when it takes calls again.
pub(crate) fn restart(lab: &Lab) {
    let on_the_console = |command: &str| {
        let mut asterisk = Command::new("chroot");
        asterisk
            .arg(lab.inside("/"))
            .args(["/usr/sbin/asterisk", "-rx", command]);
        let answer = asterisk.output().unwrap().stdout;
        String::from_utf8_lossy(&answer).into_owned()
    };
    let process = lab.process();
    let mut before = Manager::listens(lab);
    on_the_console("core restart now");
    before.is_cut_off();
    wait_for("Asterisk to be up again", LONGEST_CALL, || {
        let booted = on_the_console("core waitfullybooted").contains("fully booted");
        (booted && TcpStream::connect(lab.manager()).is_ok()).then_some(())
    });
    assert_eq!(lab.process(), process, "tests/run ends it by that number");
}

#[test]
fn restarting_alone_asterisk_is_heard_again_and_mwi_follows() {
    let lab = Lab::enter();
    context_is_there(&lab);
    let guard = Guard::with(&lab, &delivers(&lab));
    let connected = "the manager interface reports who was answered";
    guard.logs(connected);
    hangs_up_at_once(caller(&lab, "+49911571"));
    guard.closed_calls(1);

    restart(&lab);
    guard.logs("the manager interface does not report who was answered");
    wait_for("the guard to listen again", LONGEST_CALL, || {
        (guard.log().matches(connected).count() == 2).then_some(())
    });
    his_case_is_closed_by_a_call_back(&lab, &guard, "0911571");

    let mut manager = Manager::listens(&lab);
    let message = Sound::of_example("message");
    let speaker = caller(&lab, "+49911572").listens();
    speaker.says(&message).hangs_up().call();
    manager.hears_of_one_new_message(&lab);
    let calls = guard.closed_calls(2);
    let delivered = calls[0].delivered();
    assert_eq!(delivered.len(), 1, "{calls:#?}");
}

#[test]
fn restarting_alone_asterisk_ends_watches_and_the_next_caller_is_watched() {
    let lab = Lab::enter();
    let guard = queue_guard(&lab, "queue_mode = 'enforce'");
    let music = Sound::hold_music(&lab, 60.0);
    let stays: Vec<_> = (0..3)
        .map(|at| {
            let caller = somebody(&lab).is(&format!("+4991158{at}"), "");
            caller.says(&music).hangs_up().calls()
        })
        .collect();
    wait_for("all to be listened to", LONGEST_CALL, || {
        let heard = guard
            .log()
            .matches("connected with the sound of a caller")
            .count();
        (heard == 3).then_some(())
    });
    restart(&lab);
    for wait in guard.closed_calls(3) {
        assert_eq!(wait.get("kind"), "queue");
        let ended = wait.get("queue.ended");
        assert!(["hung_up", "manager_lost"].contains(&ended), "{wait:#?}");
        assert_eq!(wait.get("queue.nobody.heard"), "", "{wait:#?}");
    }
    for stay in stays {
        stay.join().unwrap();
    }
    nobody_listens(&lab);

    let next = somebody(&lab).says(&Sound::hold_music(&lab, 20.0));
    assert!(!next.hangs_up().call().ended_by_asterisk);
    let waits = guard.closed_calls(4);
    assert_eq!(waits[0].get("queue.ended"), "hung_up", "{waits:#?}");
    assert!(waits[0].number("seconds.music") > 5.0, "{waits:#?}");
}
