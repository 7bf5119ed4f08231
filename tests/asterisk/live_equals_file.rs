//! What is heard live is what `classify` hears of the same call's kept recording, sample for sample.

use voicemail_guard::call_log::{Query, Reader};
use voicemail_guard::hearing::{Class, hear};

use crate::guard::Guard;
use crate::lab::Lab;
use crate::sip::Caller;
use crate::sound::Sound;

/// Calls put together here: every class, at three levels, the ones that are easily taken for each other
/// one after the other and on top of each other.
fn rendered(lab: &Lab) -> Vec<(Class, Sound)> {
    let speech = Sound::speech(lab, 12.0);
    let other = Sound::other_speech(lab, 12.0);
    let music = Sound::hold_music(lab, 12.0);
    let mut calls = Vec::new();
    for gain in [0.1, 0.35, 1.0] {
        calls.extend([
            (Class::Speech, speech.clone().louder(gain)),
            (Class::Speech, other.clone().louder(gain)),
            (
                Class::Speech,
                other
                    .clone()
                    .over(&Sound::noise(12.0, 0.004 * gain))
                    .louder(gain),
            ),
            (Class::Music, music.clone().louder(gain)),
            (Class::Tone, Sound::busy(10.0).louder(gain)),
            (Class::Noise, Sound::noise(12.0, 0.2 * gain)),
            (
                Class::Speech,
                speech
                    .clone()
                    .then(&Sound::quiet(4.0))
                    .then(&other)
                    .louder(gain),
            ),
            (Class::Music, speech.clone().then(&music).louder(gain)),
        ]);
    }
    calls
}

#[test]
fn what_is_heard_live_is_what_is_heard_of_the_recording() {
    let lab = Lab::enter();
    let guard = Guard::with(&lab, "mode = \"guide\"");
    let calls = rendered(&lab);
    assert!(calls.len() >= 20);
    let placed: Vec<_> = calls
        .iter()
        .enumerate()
        .map(|(n, (_, sound))| {
            let caller = Caller::dials(&lab, &lab.extension("en", 'p'));
            let caller = caller.is(&number(n), "Rendered");
            caller.listens().says(sound).hangs_up().calls()
        })
        .collect();
    for call in placed {
        call.join().unwrap();
    }
    guard.closed_calls(calls.len());
    let reader = Reader::open(guard.data()).unwrap();
    let records = reader.calls(&Query::default()).unwrap();
    assert_eq!(records.len(), calls.len());
    for (n, (class, sound)) in calls.iter().enumerate() {
        let record = records
            .iter()
            .find(|r| r.caller.number == number(n))
            .unwrap();
        let kept = guard.data().join(record.audio.as_ref().unwrap());
        let again = hear(Sound::read(&kept).samples());
        // The log keeps places to the millisecond.
        assert_eq!(
            serde_json::to_value(&record.timeline).unwrap(),
            serde_json::to_value(again.segments()).unwrap(),
            "call {n}, {class:?}, {sound:?}"
        );
        let seconds = |class| record.seconds.of(class).as_secs_f64();
        // Soft steady noise may be silence; a voice or music it is at no level.
        let right = match class {
            Class::Noise => seconds(Class::Speech) + seconds(Class::Music) < 0.5,
            class => seconds(*class) > 5.0,
        };
        assert!(
            right,
            "call {n}, {class:?}, {sound:?}: {:?}",
            record.timeline
        );
    }
}

fn number(n: usize) -> String {
    format!("+4930231251{n:02}")
}
