//! The configuration is read again while a caller is there.

use crate::guard::Guard;
use crate::lab::{LONGEST_CALL, Lab, wait_for};
use crate::sip::Caller;
use crate::sound::Sound;

#[test]
fn a_reload_leaves_the_caller_alone_and_the_next_one_has_the_new_settings() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "");
    let dials = |name| {
        let caller = Caller::dials(&lab, &lab.extension("en", 's'));
        caller.is("0911555001", name).listens()
    };
    let before = dials("before").is_quiet(40.0).calls();
    guard.logs("STREAM FILE");
    guard.reloads("mode = \"observe\"", "the configuration was read again");
    let says = Sound::of_example("message");
    let after = dials("after").says(&says).hangs_up().calls();
    wait_for("the second call to be taken", LONGEST_CALL, || {
        (guard.calls().len() == 2).then_some(())
    });
    guard.reloads("mode = \"enforce\"\npause_s = 1", "the old one holds on");
    let refused = "[defaults] pause_s: 1 is not a number of seconds from 3 to 600";
    assert!(guard.log().contains(refused), "{}", guard.log());
    let later = dials("later").says(&says).hangs_up().calls();
    let stays = [before, after, later].map(|call| call.join().unwrap());
    let calls = guard.closed_calls(3);
    assert_eq!(calls.len(), 3);
    for (name, mode, verdict, ended_by) in [
        ("before", "enforce", "silent", "guard"),
        ("after", "observe", "message", "caller"),
        ("later", "observe", "message", "caller"),
    ] {
        let call = calls.iter().find(|call| call.get("caller.name") == name);
        let call = call.unwrap_or_else(|| panic!("no call of {name}: {calls:#?}"));
        let is = ["mode", "verdict", "ended_by"].map(|field| call.get(field));
        assert_eq!(is, [mode, verdict, ended_by], "{call:#?}");
    }
    assert!(
        stays[0].ended_by_asterisk && stays[0].times_spoken_to() == 3,
        "asked, and sent away"
    );
    assert_eq!(
        lab.inbox(lab.mailbox()).len(),
        2,
        "VoiceMail() has the other two"
    );
}
