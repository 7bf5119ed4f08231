//! Asterisk is restarted beneath a guard that goes on.

use std::net::TcpStream;
use std::process::Command;

use crate::cases::{caller, hangs_up_at_once, his_case_is_closed_by_a_call_back};
use crate::delivery::{context_is_there, delivers};
use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, wait_for};
use crate::manager::Manager;
use crate::sound::Sound;

/// Has Asterisk restart at once, as an administrator does it; comes back when it takes calls again.
fn restart(lab: &Lab) {
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
