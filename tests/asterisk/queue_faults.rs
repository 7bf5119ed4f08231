//! Callers who wait while something of the guard fails: the queue goes on as if it were not there.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use crate::lab::Lab;
use crate::queue::{
    agent_comes, guard, guard_of, nobody_listens, queue, queue_log, somebody, wait_of,
};
use crate::sip::Caller;
use crate::sound::Sound;
use crate::wire::Wire;

#[test]
fn queue_watch_that_is_killed_changes_nothing_for_who_waits() {
    let lab = Lab::enter();
    let mut guard = guard(&lab, "queue_mode = 'enforce'");
    let stay = somebody(&lab)
        .says(&Sound::hold_music(&lab, 12.0))
        .is_quiet(20.0)
        .hangs_up()
        .calls();
    guard.logs("connected with the sound of a caller");
    guard.is_killed();
    nobody_listens(&lab);
    thread::sleep(Duration::from_secs(3));
    agent_comes(&lab);
    assert!(!stay.join().unwrap().ended_by_asterisk);
    let log = queue_log(&lab, &queue(&lab));
    assert!(log.contains(&"CONNECT".to_owned()), "{log:?}");
    guard.starts_again();
    let wait = wait_of(&guard);
    assert_eq!(wait.get("ended_by"), "recovered", "{wait:#?}");
}

#[test]
fn queue_watch_without_the_manager_interface_listens_to_nobody() {
    let lab = Lab::enter();
    let wire = Wire::to(lab.manager());
    let guard = guard_of(
        &lab,
        "queue_mode = 'enforce'",
        &wire.address().to_string(),
        "",
    );
    let stay = somebody(&lab)
        .says(&Sound::hold_music(&lab, 30.0))
        .hangs_up()
        .calls();
    guard.logs("connected with the sound of a caller");
    wire.is_down();
    nobody_listens(&lab);
    assert!(!stay.join().unwrap().ended_by_asterisk);
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.ended"), "manager_lost", "{wait:#?}");
    assert_eq!(queue_log(&lab, &queue(&lab)).last().unwrap(), "ABANDON");

    wire.is_mended();
    let next = somebody(&lab).says(&Sound::hold_music(&lab, 20.0));
    assert!(!next.hangs_up().call().ended_by_asterisk);
    let waits = guard.closed_calls(2);
    let [heard, _] = &waits[..] else {
        panic!("{waits:#?}")
    };
    assert_eq!(heard.get("queue.ended"), "hung_up", "{heard:#?}");
    assert!(heard.number("seconds.music") > 5.0, "{heard:#?}");
}

#[test]
fn queue_watch_without_sound_lets_callers_wait() {
    let lab = Lab::enter();
    // Somebody else listens there.
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let elsewhere = other.local_addr().unwrap();
    let elsewhere = format!("address_as_asterisk_sees_it = \"{elsewhere}\"");
    let manager = lab.manager().to_string();
    let guard = guard_of(&lab, "queue_mode = 'enforce'", &manager, &elsewhere);
    let caller = somebody(&lab).says(&Sound::hold_music(&lab, 25.0));
    assert!(!caller.hangs_up().call().ended_by_asterisk);
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.ended"), "hung_up", "{wait:#?}");
    assert_eq!(wait.number("seconds.music"), 0.0);
    assert!(!wait.reasons().is_empty());
}

#[test]
fn queue_watch_without_its_question_lets_callers_wait() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'enforce'");
    let language = lab.english_but_for("voicemail-guard/still-waiting", b"no sound");
    let caller = Caller::dials(&lab, &lab.extension(&language, 'q'));
    let stay = caller
        .says(&Sound::hold_music(&lab, 50.0))
        .hangs_up()
        .call();
    assert!(!stay.ended_by_asterisk);
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.ended"), "hung_up", "{wait:#?}");
    assert_eq!(wait.asked(), Vec::<&str>::new());
    nobody_listens(&lab);
}

#[test]
fn queue_watch_holds_nobody_up() {
    let lab = Lab::enter();
    // Nobody is there at all.
    let stay = somebody(&lab).is_quiet(5.0).hangs_up().call();
    assert!(!stay.ended_by_asterisk);
    assert_eq!(lab.endings(2)[0].get("agistatus"), "FAILURE");
    // One takes the request and says nothing.
    let mute = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), lab.guard_port())).unwrap();
    let caller = Caller::dials(&lab, &lab.extension("en", 'i'));
    let stay = caller.is_quiet(6.0).hangs_up().call();
    let first = stay.heard.first().expect("the queue's music").0;
    assert!(first < Duration::from_millis(2_500), "{first:?} of silence");
    let endings = lab.endings(4);
    assert_eq!(endings[2].get("agistatus"), "HANGUP");
    assert_eq!(endings[2].get("limit"), "0");
    assert_eq!(endings[2].get("depth"), "");
    drop(mute);
}
