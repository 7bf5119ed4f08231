//! Long real speech through Asterisk: when the prompt comes, what is marked as the number, what is
//! delivered. Needs the folder named by `VOICEMAIL_GUARD_CORPUS`, and fails without it; `tests/run` then leaves it out.

use std::fs;

use voicemail_guard::audio::level::{active_speech_level, amplify};

use crate::guard::{Guard, Record};
use crate::lab::{Lab, SOON, wait_for};
use crate::sip::Caller;
use crate::sound::Sound;

use self::corpus::{Clip, Pool};

#[path = "../support/corpus.rs"]
mod corpus;

/// A reader's clips one after the other, all as loud as each other, with thinking pauses between them.
fn talk(pool: &Pool, clips: &mut dyn Iterator<Item = &Clip>, seconds: f32, pause: f32) -> Sound {
    let mut talk = Sound::quiet(0.5);
    for n in 1.. {
        if talk.seconds() >= seconds {
            break;
        }
        let mut clip = pool.sound(clips.next().expect("enough clips in the corpus"));
        if let Some(level) = active_speech_level(clip.iter().copied()) {
            amplify(&mut clip, -22.0 - level);
        }
        let long = if n == 3 {
            pause
        } else {
            0.3 + 0.1 * (n % 4) as f32
        };
        talk = talk.then(&Sound::of(clip)).then(&Sound::quiet(long));
    }
    talk
}

#[derive(Debug)]
struct Rambler {
    number: String,
    /// Whether they go on talking when spoken to.
    deaf: bool,
    /// Their longest pause in seconds.
    pause: f32,
}

#[test]
fn ramblers_of_the_corpus() {
    let pool = Pool::open();
    let lab = Lab::enter();
    let settings = format!(
        "deliver_to = [\"voicemail\"]\nnumber_first = true\n[delivery.voicemail]\nspool = {:?}\nmost_messages = 1000\n",
        lab.inside("/var/spool/asterisk/voicemail"),
    );
    fs::create_dir_all(lab.inside("/var/spool/asterisk/voicemail/default")).unwrap();
    let guard = Guard::with(&lab, &settings);
    let mut ramblers = Vec::new();
    let mut calls = Vec::new();
    for source in ["kerstin", "festvox-ru", "librispeech"] {
        let clips = pool.clips();
        let mut clips = clips
            .iter()
            .filter(|clip| clip.kind == "speech" && clip.source == source);
        for (deaf, pause) in [(false, 0.5), (true, 0.5), (false, 4.5)] {
            let number = format!("+4991155501{:02}", ramblers.len());
            let caller = Caller::dials(&lab, &lab.extension("en", 'p')).is(&number, source);
            let caller = if deaf {
                caller
                    .listens()
                    .says(&talk(&pool, &mut clips, 68.0, pause))
                    .hangs_up()
            } else {
                let first = talk(&pool, &mut clips, 75.0, pause);
                let then = talk(&pool, &mut clips, 9.0, 0.5);
                let caller = caller.listens().talks_until_spoken_to(&first).listens();
                caller.says(&then).hangs_up()
            };
            calls.push(caller.calls());
            ramblers.push(Rambler {
                number,
                deaf,
                pause,
            });
        }
    }
    for call in calls {
        call.join().unwrap();
    }
    let records = guard.closed_calls(ramblers.len());
    for rambler in &ramblers {
        let of_him = |record: &&Record| record.get("caller.number") == rambler.number;
        let record = records.iter().find(of_him).unwrap();
        assert_eq!(record.get("verdict"), "rambler", "{record:#?}");
        let kept = Sound::read(&guard.data().join(record.get("audio")));
        let asked = record.asked_at("number-first");
        let pauses = pauses(&kept.between(asked - 4.0, asked));
        let paused = pauses
            .iter()
            .any(|p| p.len >= 0.2 && p.end() >= 4.0 - HEARD_LATE);
        let missed = pauses.iter().any(|p| p.len >= 0.25 + HEARD_LATE / 2.0);
        eprintln!(
            "{} asked at {asked}, {}",
            rambler.number,
            if paused { "at a pause" } else { "without one" }
        );
        assert!(
            paused || !missed,
            "{rambler:?} asked at {asked}: {pauses:?}"
        );
        let delivered = delivered(&lab, &rambler.number);
        let (spoken, missing) = windows_missing(&kept, &delivered);
        assert!(spoken > 200, "{spoken} windows of speech");
        // Breaths, and a soft beginning more than 0.3 s before the first word that is heard.
        assert!(
            missing <= 3,
            "{missing} of {spoken} windows are not delivered"
        );
        let saved = kept.seconds() - delivered.seconds();
        assert!(
            saved > rambler.pause - 1.0,
            "{rambler:?}: {kept:?} became {delivered:?}"
        );
        if !rambler.deaf {
            // What was said in answer comes before what was said first.
            let (answer, first) = (kept.seconds() - 4.0, kept.seconds() - 60.0);
            let near = |at: f32| {
                let tries = (0..20).map(|n| at - n as f32 / 10.0);
                let mut spoken = tries.filter(|&at| kept.between(at, at + 0.1).level() > 0.01);
                spoken.find_map(|at| place(&kept, at, &delivered)).unwrap()
            };
            assert!(near(answer) < near(first), "{rambler:?}");
        }
    }
}

/// Sound is heard so many seconds late: Asterisk writes it in pieces of 0.34 s, the guard looks ten times a
/// second, the ear answers 0.2 s late, and a prompt takes its time to begin.
const HEARD_LATE: f32 = 1.0;

/// A stretch in which the caller does not speak, in seconds.
#[derive(Debug)]
struct Pause {
    from: f32,
    len: f32,
}

impl Pause {
    fn end(&self) -> f32 {
        self.from + self.len
    }
}

/// The pauses in a sound, from windows of 50 ms.
fn pauses(sound: &Sound) -> Vec<Pause> {
    let mut found: Vec<Pause> = Vec::new();
    for n in 0..(sound.seconds() * 20.0) as usize {
        let at = n as f32 / 20.0;
        if sound.between(at, at + 0.05).level() > 0.006 {
            continue;
        }
        match found.last_mut() {
            Some(pause) if at - pause.end() < 0.01 => pause.len += 0.05,
            _ => found.push(Pause {
                from: at,
                len: 0.05,
            }),
        }
    }
    found
}

/// What is in the box by this caller.
fn delivered(lab: &Lab, number: &str) -> Sound {
    let inbox = lab.inside(&format!(
        "/var/spool/asterisk/voicemail/default/{}/INBOX",
        lab.mailbox()
    ));
    let text = wait_for("the message in the box", SOON, || {
        let entries = fs::read_dir(&inbox).into_iter().flatten();
        let mut texts = entries.map(|entry| entry.unwrap().path());
        texts
            .find(|text| fs::read_to_string(text).is_ok_and(|t| t.contains(&format!("<{number}>"))))
    });
    Sound::read(&text.with_extension("wav"))
}

/// Windows of 100 ms in which the caller speaks in what was kept; how many of them are not in what was delivered.
fn windows_missing(kept: &Sound, delivered: &Sound) -> (usize, usize) {
    let starts = (0..(kept.seconds() * 10.0) as usize - 1).map(|n| n as f32 / 10.0);
    let spoken: Vec<_> = starts
        .filter(|&at| kept.between(at, at + 0.1).level() > 0.01)
        .collect();
    let missing = spoken
        .iter()
        .filter(|&&at| place(kept, at, delivered).is_none());
    (spoken.len(), missing.count())
}

/// Where these 100 ms of what was kept are in what was delivered, in seconds. One gain leaves every sign as
/// it was.
fn place(kept: &Sound, at: f32, delivered: &Sound) -> Option<f32> {
    let signs = |sound: &Sound| sound.samples().iter().map(|&s| s > 0).collect::<Vec<_>>();
    let (wanted, all) = (signs(&kept.between(at, at + 0.1)), signs(delivered));
    let n = all
        .windows(wanted.len())
        .position(|window| window == wanted)?;
    Some(n as f32 / 8_000.0)
}
