//! The table of callers once more, in the modes that cut nobody off: all of them at the same time.

use crate::guard::{Guard, Tap};
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

/// Every kind of caller, by the verdict on them; each hangs up in the end.
fn callers(lab: &Lab, wiring: char) -> Vec<(&'static str, Caller)> {
    let dials = |verdict| {
        let caller = Caller::dials(lab, &lab.extension("en", wiring));
        (verdict, caller.is("0911555001", verdict))
    };
    let says = |verdict, sound: &Sound| {
        let (verdict, caller) = dials(verdict);
        (verdict, caller.listens().says(sound).hangs_up())
    };
    let of = Sound::of_example;
    let (hangup, no_audio) = (dials("hangup").1, dials("no_audio").1);
    // In observe the whole call counts, also what lies before VoiceMail()'s beep.
    let unsure = dials("unsure").1;
    let unsure = if wiring == 's' {
        unsure
    } else {
        unsure.listens()
    };
    let unsure = unsure.says(&Sound::noise(12.0, 0.02)).hangs_up();
    vec![
        says("message", &of("message")),
        ("hangup", hangup.is_quiet(1.0).hangs_up()),
        says("mutter", &of("mutter")),
        says("rambler", &Sound::speech(lab, 45.0)),
        says("aside", &of("aside")),
        says("hold_music", &of("hold_music")),
        says("silent", &Sound::quiet(20.0)),
        ("no_audio", no_audio.sends_nothing(25.0).hangs_up()),
        says("tone", &Sound::busy(10.0)),
        ("unsure", unsure),
    ]
}

fn each_gets_his_verdict(mode: &str, lab: &Lab, guard: &Guard<'_>, wiring: char) -> Vec<bool> {
    let callers = callers(lab, wiring);
    let calls: Vec<_> = callers
        .into_iter()
        .map(|(verdict, caller)| (verdict, caller.calls()))
        .collect();
    let stays: Vec<_> = calls
        .into_iter()
        .map(|(verdict, call)| (verdict, call.join().unwrap()))
        .collect();
    let filed = guard.closed_calls(stays.len());
    assert_eq!(filed.len(), stays.len());
    for (verdict, _) in &stays {
        let call = filed
            .iter()
            .find(|call| call.get("caller.name") == *verdict);
        let call = call.unwrap_or_else(|| panic!("no call of {verdict}"));
        assert_eq!(
            (call.get("verdict"), call.get("mode")),
            (*verdict, mode),
            "{call:#?}"
        );
    }
    stays
        .iter()
        .map(|(_, stay)| stay.ended_by_asterisk)
        .collect()
}

const SHORTER: &str = "rambler_prompt_after_s = 22\nrambler_prompt_grace_s = 1\n\
                       longest_message_s = 40\nwarning_before_end_s = 10\n";

#[test]
fn the_table_in_guide_mode() {
    in_guide_mode(Tap::Monitor);
}

#[test]
fn the_table_in_guide_mode_over_audiosocket() {
    in_guide_mode(Tap::AudioSocket);
}

fn in_guide_mode(tap: Tap) {
    let lab = Lab::enter();
    let guard = Guard::by(&lab, tap, &format!("{SHORTER}mode = \"guide\""));
    let ended = each_gets_his_verdict("guide", &lab, &guard, 'p');
    assert!(!ended.contains(&true), "guide ended a call: {ended:?}");
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn the_table_in_enforce_mode_over_audiosocket() {
    let lab = Lab::enter();
    let guard = Guard::by(&lab, Tap::AudioSocket, SHORTER);
    let ended = each_gets_his_verdict("enforce", &lab, &guard, 'p');
    assert!(ended.contains(&true), "enforce ended nobody: {ended:?}");
    assert!(lab.inbox(lab.mailbox()).is_empty());
}

#[test]
fn the_table_in_observe_mode() {
    in_observe_mode(Tap::Monitor);
}

#[test]
fn the_table_in_observe_mode_over_audiosocket() {
    in_observe_mode(Tap::AudioSocket);
}

fn in_observe_mode(tap: Tap) {
    let lab = Lab::enter();
    let guard = Guard::by(&lab, tap, &format!("{SHORTER}mode = \"observe\""));
    each_gets_his_verdict("observe", &lab, &guard, 's');
    let asked: Vec<_> = guard
        .calls()
        .iter()
        .filter(|call| !call.asked().is_empty())
        .map(|call| call.get("verdict").to_owned())
        .collect();
    assert_eq!(asked, [] as [String; 0], "observe spoke to callers");
    let recorded = lab.inbox(lab.mailbox());
    let mut recorded: Vec<_> = recorded
        .iter()
        .map(|message| message.get("callerid"))
        .collect();
    recorded.sort_unstable();
    let of = [
        "aside",
        "hold_music",
        "message",
        "mutter",
        "rambler",
        "silent",
        "tone",
        "unsure",
    ];
    let of = of.map(|name| format!("\"{name}\" <0911555001>"));
    assert_eq!(recorded, of, "VoiceMail() has the messages");
}
