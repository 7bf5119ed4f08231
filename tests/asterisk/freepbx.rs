//! The lines for FreePBX: its Custom Destination leads to the guard, and its own end of call runs.

use crate::guard::Guard;
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

#[test]
fn freepbx_with_a_guard() {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let stay = Caller::dials(&lab, &lab.extension("en", 'f'))
        .stays(60.0)
        .call();
    assert!(stay.ended_by_asterisk, "{stay:?}");
    let call = guard.record();
    assert_eq!(call.get("verdict"), "silent", "{call:#?}");
    assert_eq!(call.get("box"), format!("{}@default", lab.mailbox()));
    let ending = lab.ending();
    assert_eq!((&*ending.how, ending.get("status")), ("hung-up", "done"));
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn freepbx_without_a_guard() {
    let lab = Lab::enter();
    let caller = Caller::dials(&lab, &lab.extension("en", 'f')).listens();
    let stay = caller.says(&Sound::speech(&lab, 5.0)).hangs_up().call();
    assert!(!stay.ended_by_asterisk, "{stay:?}");
    let ending = lab.ending();
    assert_eq!(
        (&*ending.how, ending.get("vmstatus")),
        ("hung-up", "SUCCESS")
    );
    assert!(lab.message().sound.seconds() > 4.0);
}
