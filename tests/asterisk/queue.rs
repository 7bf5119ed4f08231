//! Callers who wait in a queue: the guard listens until somebody answers, asks, and does no more than its mode says.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::guard::{Guard, Record};
use crate::lab::{LONGEST_CALL, Lab, SOON, wait_for};
use crate::manager::Manager;
use crate::sip::{Caller, Stay};
use crate::sound::{Sound, likeness};

/// A guard that watches queues, with these settings for them.
pub(crate) fn guard<'a>(lab: &'a Lab, settings: &str) -> Guard<'a> {
    guard_of(lab, settings, &lab.manager().to_string(), "")
}

pub(crate) fn guard_of<'a>(lab: &'a Lab, settings: &str, manager: &str, sound: &str) -> Guard<'a> {
    // The port is this test's own, the address that of nobody else.
    let listens = format!("127.0.0.3:{}", lab.guard_port());
    Guard::with(
        lab,
        &format!(
            "queue_idle_s = 5\n{settings}\n[ami]\naddress = \"{manager}\"\nuser = \"queues\"\nsecret = \"waits\"\n\
             [queue]\nlisten = [\"{listens}\"]\n{sound}\n"
        ),
    )
}

/// Somebody who rings the hotline and waits in its queue.
pub(crate) fn somebody(lab: &Lab) -> Caller {
    Caller::dials(lab, &lab.extension("en", 'q'))
}

pub(crate) fn queue(lab: &Lab) -> String {
    format!("q{}", lab.guard_port())
}

/// The agent is at the desk from now on, and answers.
pub(crate) fn agent_comes(lab: &Lab) {
    let desk = format!("desk{}", lab.guard_port());
    Manager::listens(lab).command(&format!("database put desks {desk} here"));
}

/// The record of the one wait there was, which kept no sound.
pub(crate) fn wait_of(guard: &Guard<'_>) -> Record {
    let record = guard.record();
    assert_eq!(record.get("kind"), "queue", "{record:#?}");
    assert_eq!(record.get("verdict"), "", "{record:#?}");
    assert_eq!(record.get("audio"), "", "{record:#?}");
    assert_eq!(record.get("case.id"), "", "{record:#?}");
    let sounds = sounds_below(guard.data());
    assert!(sounds.is_empty(), "{sounds:?}");
    record
}

fn sounds_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sounds_below(&path));
        } else if path
            .extension()
            .is_some_and(|it| ["wav", "sln", "sln48"].iter().any(|of| it == *of))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// No channel of ours is left beside this test's caller.
pub(crate) fn nobody_listens(lab: &Lab) {
    let sound = format!("127.0.0.3:{}", lab.guard_port());
    wait_for("the tap to be gone", SOON, || {
        let channels = Manager::listens(lab).command("core show channels concise");
        (!channels.contains(&sound)).then_some(())
    });
}

/// What asterisk's queue_log has of a queue: event and its details, in order.
pub(crate) fn queue_log(lab: &Lab, queue: &str) -> Vec<String> {
    let log = fs::read_to_string(lab.inside("/var/log/asterisk/queue_log")).unwrap();
    let fields = log.lines().map(|line| line.split('|').collect::<Vec<_>>());
    let own = fields.filter(|fields| fields.get(2) == Some(&queue));
    own.map(|fields| fields[4].to_owned()).collect()
}

#[test]
fn queue_watch_observes_hold_music_and_says_nothing() {
    let lab = Lab::enter();
    let guard = guard(&lab, "");
    let music = Sound::hold_music(&lab, 45.0);
    let stay = somebody(&lab).says(&music).hangs_up().call();
    assert!(!stay.ended_by_asterisk);
    let wait = wait_of(&guard);
    assert_eq!(wait.get("box"), format!("{}@queue", queue(&lab)));
    assert_eq!(wait.get("queue.queue"), queue(&lab));
    assert_eq!(wait.number("queue.position"), 1.0);
    assert_eq!(wait.get("queue.ended"), "hung_up");
    assert_eq!(wait.get("queue.nobody.heard"), "music", "{wait:#?}");
    assert!((40.0..50.0).contains(&wait.number("queue.waited_s")));
    assert!(wait.number("seconds.music") > 30.0, "{wait:#?}");
    assert_eq!(wait.asked(), Vec::<&str>::new());
    assert!(!was_asked(&lab, &stay));
    let endings = lab.endings(2);
    assert_eq!(endings[0].how, "waits");
    assert_eq!(endings[0].get("agistatus"), "SUCCESS");
    assert_eq!(endings[0].get("limit"), "0");
    assert_eq!(endings[0].get("left"), "");
    assert_eq!(endings[1].how, "gone-from-queue");
    assert_eq!(endings[1].get("guard"), "");
    assert_eq!(queue_log(&lab, &queue(&lab)).last().unwrap(), "ABANDON");
}

/// Whether the question is in what the caller heard, beside the queue's music.
fn was_asked(lab: &Lab, stay: &Stay) -> bool {
    let question = lab.prompt("en", "still-waiting");
    // A second of it is enough to know it by.
    let piece = &question.samples()[8_000..16_000];
    let heard = stay.sound.samples();
    let best = (0..heard.len().saturating_sub(piece.len()))
        .filter(|at| heard[at + 2_000].unsigned_abs() > 30)
        .map(|at| likeness(&piece[..2_000], &heard[at..at + 2_000]))
        .fold(0.0, f64::max);
    best > 0.5
}

#[test]
fn queue_watch_asks_and_takes_a_voice_for_an_answer() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'guide'");
    let music = Sound::hold_music(&lab, 13.0);
    let answer = Sound::speech(&lab, 3.0);
    let stay = somebody(&lab)
        .says(&music)
        .says(&answer)
        .is_quiet(20.0)
        .hangs_up()
        .call();
    let wait = wait_of(&guard);
    assert_eq!(wait.asked(), ["still-waiting"], "{wait:#?}");
    assert_eq!(wait.answers(), ["voice"], "{wait:#?}");
    assert_eq!(wait.get("queue.nobody.heard"), "");
    assert!(was_asked(&lab, &stay), "{stay:?}");
}

#[test]
fn queue_watch_asks_and_takes_a_key_for_an_answer() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'guide'");
    let music = Sound::hold_music(&lab, 13.0);
    let caller = somebody(&lab).says(&music).presses("1");
    caller.is_quiet(10.0).hangs_up().call();
    let wait = wait_of(&guard);
    assert_eq!(wait.answers(), ["key"], "{wait:#?}");
    assert_eq!(wait.get("queue.nobody.heard"), "");
}

#[test]
fn queue_watch_in_guide_tells_the_agents_that_nobody_is_there() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'guide'");
    let mut manager = Manager::listens(&lab);
    let stay = somebody(&lab)
        .says(&Sound::hold_music(&lab, 60.0))
        .hangs_up()
        .calls();
    let queue = format!("Queue: {}", queue(&lab));
    manager.hears(&["Event: QueueCallerJoin", &queue]);
    let told = manager.hears_in(&["Event: UserEvent", &queue], LONGEST_CALL);
    for line in [
        "UserEvent: VoicemailGuardQueue",
        "Nobody: yes",
        "Heard: music",
    ] {
        assert!(told.iter().any(|told| told == line), "{told:?}");
    }
    stay.join().unwrap();
    let wait = wait_of(&guard);
    assert_eq!(wait.asked(), ["still-waiting", "still-waiting"]);
    assert_eq!(wait.get("queue.ended"), "hung_up", "{wait:#?}");
    assert_eq!(lab.endings(2)[1].get("guard"), "music");
}

#[test]
fn queue_watch_in_enforce_takes_out_who_does_not_answer() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'enforce'");
    let music = Sound::hold_music(&lab, 80.0);
    let stay = somebody(&lab).says(&music).call();
    assert!(stay.ended_by_asterisk, "{stay:?}");
    let wait = wait_of(&guard);
    assert_eq!(wait.asked(), ["still-waiting", "still-waiting"]);
    assert_eq!(wait.get("queue.ended"), "ended", "{wait:#?}");
    assert_eq!(wait.get("ended_by"), "guard");
    let waited = wait.number("queue.waited_s");
    let left = stay.lasted.as_secs_f64() - waited;
    let goodbye = f64::from(lab.prompt("en", "goodbye").seconds());
    assert!((goodbye - 1.0..goodbye + 4.0).contains(&left), "{left} s");
    nobody_listens(&lab);
}

#[test]
fn queue_watch_lets_the_quiet_wait() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'enforce'\nqueue_silence_s = 5");
    let stay = somebody(&lab).is_quiet(70.0).hangs_up().call();
    assert!(!stay.ended_by_asterisk, "{stay:?}");
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.nobody.heard"), "silence", "{wait:#?}");
    assert_eq!(wait.get("queue.ended"), "hung_up");
    assert_eq!(lab.endings(2)[1].get("guard"), "silence");
}

#[test]
fn queue_watch_hears_nothing_any_more_when_an_agent_answers() {
    let lab = Lab::enter();
    let guard = guard(&lab, "");
    let quiet = Sound::quiet(8.0);
    // Keys as sound and a voice: both would be in the record, were they heard.
    let marked = Sound::keys("5").then(&Sound::speech(&lab, 12.0));
    let caller = somebody(&lab).says(&quiet).waits_for_an_answer();
    let stay = caller.says(&marked).hangs_up().calls();
    guard.logs("connected with the sound of a caller");
    // The queue's music stops with the answer, and the caller speaks in that moment.
    thread::sleep(Duration::from_secs(9));
    agent_comes(&lab);
    stay.join().unwrap();
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.ended"), "answered", "{wait:#?}");
    assert_eq!(wait.number("seconds.speech"), 0.0, "{wait:#?}");
    assert_eq!(wait.number("seconds.tone"), 0.0, "{wait:#?}");
    nobody_listens(&lab);
}

#[test]
fn queue_watch_keeps_what_it_heard_where_it_is_to_and_nothing_from_an_answer_on() {
    let lab = Lab::enter();
    let guard = guard(&lab, "keep_queue_audio = true");
    // A tone that is in nothing else, in the moment of the answer.
    let marked = Sound::tone(1_850.0, 10.0);
    let before = Sound::speech(&lab, 6.0);
    let answered = somebody(&lab)
        .is("+499115550001", "")
        .says(&before)
        .is_quiet(4.0)
        .waits_for_an_answer();
    let answered = answered.says(&marked).hangs_up().calls();
    guard.logs("connected with the sound of a caller");
    thread::sleep(Duration::from_secs(26));
    agent_comes(&lab);
    answered.join().unwrap();
    let wait = guard.record();
    assert_eq!(wait.get("queue.ended"), "answered", "{wait:#?}");
    let kept = guard.data().join(wait.get("audio"));
    let kept = Sound::read(&kept);
    let seconds = kept.seconds();
    assert!((6.0..30.0).contains(&seconds), "{seconds} s");
    let (loud, found) = (marked.loudest_tone(1_850.0), kept.loudest_tone(1_850.0));
    assert!(
        loud > 0.2 && found < 0.1,
        "{loud} was said, {found} is kept"
    );
    // Asterisk codes what the caller says once more.
    let said = before.samples();
    let piece = &said[16_000..20_000];
    let heard = kept.samples();
    let best = (0..heard.len() - piece.len())
        .map(|at| likeness(piece, &heard[at..at + piece.len()]))
        .fold(0.0, f64::max);
    assert!(best > 0.8, "{best}");
    assert_eq!(sounds_below(guard.data()).len(), 1);
    let left = fs::read_dir(lab.inside(&lab.tap_folder())).unwrap().count();
    assert_eq!(left, 0, "raw files in the tap folder");
    nobody_listens(&lab);
}

#[test]
fn queue_watch_that_finds_hold_music_is_known_at_the_mailbox() {
    let lab = Lab::enter();
    let guard = guard(&lab, "");
    let music = Sound::hold_music(&lab, 90.0);
    let dials = |number| Caller::dials(&lab, &lab.extension("en", 'c')).is(number, "");
    let parked = dials("+499115550001").says(&music).calls();
    // Somebody whose music ends with the queue's, and who then leaves a message.
    let comes_back = dials("+499115550002").says(&Sound::hold_music(&lab, 44.0));
    let comes_back = comes_back.listens().says(&Sound::of_example("message"));
    let comes_back = comes_back.hangs_up().calls();
    assert!(parked.join().unwrap().ended_by_asterisk);
    assert!(!comes_back.join().unwrap().ended_by_asterisk);
    let records = guard.closed_calls(4);
    let of = |number: &str, kind: &str| {
        let mut all = records.iter();
        let found = all.find(|of| of.get("caller.number") == number && of.get("kind") == kind);
        found.unwrap_or_else(|| panic!("{records:#?}"))
    };
    for number in ["+499115550001", "+499115550002"] {
        let (wait, call) = (of(number, "queue"), of(number, ""));
        assert_eq!(wait.get("queue.ended"), "left", "{wait:#?}");
        assert_eq!(wait.get("queue.nobody.heard"), "music", "{wait:#?}");
        assert_eq!(wait.get("went_to.id"), call.get("id"));
        assert_eq!(call.get("came_from.id"), wait.get("id"));
        assert_eq!(call.get("came_from.queue"), queue(&lab));
        assert_eq!(call.get("came_from.nobody"), "music", "{call:#?}");
        assert_eq!(call.get("uniqueid"), wait.get("uniqueid"));
    }
    let parked = of("+499115550001", "");
    assert_eq!(parked.get("verdict"), "hold_music", "{parked:#?}");
    // What is said last goes by how sure the verdict is by then.
    assert_eq!(parked.asked()[0], "still-there", "{parked:#?}");
    assert_eq!(parked.get("ended_by"), "guard", "{parked:#?}");
    // Two seconds behind greeting and beep, where it takes six without what the queue knew.
    let greeting = lab.prompt("en", "greeting").seconds();
    let asked = parked.asked_at("still-there");
    assert!(
        (greeting + 2.0..greeting + 6.0).contains(&asked),
        "asked at {asked} s, behind {greeting} s of greeting"
    );
    let message = of("+499115550002", "");
    assert_eq!(message.get("verdict"), "message", "{message:#?}");
    assert_eq!(message.asked(), Vec::<&str>::new(), "{message:#?}");
}

#[test]
fn queue_watch_ends_with_the_queues_own_timeout() {
    let lab = Lab::enter();
    let guard = guard(&lab, "");
    let caller = Caller::dials(&lab, &lab.extension("en", 'j'));
    let stay = caller.is_quiet(60.0).call();
    assert!(stay.ended_by_asterisk);
    let wait = wait_of(&guard);
    assert_eq!(wait.get("queue.ended"), "left", "{wait:#?}");
    assert_eq!(lab.endings(2)[1].get("queuestatus"), "TIMEOUT");
    nobody_listens(&lab);
}

#[test]
fn queue_watch_leaves_the_queues_statistics_as_they_are() {
    let lab = Lab::enter();
    let guard = guard(&lab, "queue_mode = 'guide'");
    let music = Sound::hold_music(&lab, 25.0);
    let without = Caller::dials(&lab, &lab.extension("en", 'k'));
    let both = [somebody(&lab), without].map(|caller| caller.says(&music).hangs_up().calls());
    guard.logs("connected with the sound of a caller");
    thread::sleep(Duration::from_secs(12));
    agent_comes(&lab);
    for stay in both {
        assert!(!stay.join().unwrap().ended_by_asterisk);
    }
    let names = |queue: String| {
        wait_for("the call to be complete", SOON, || {
            let mut events = queue_log(&lab, &queue);
            events.retain(|event| event != "RINGNOANSWER");
            let is_over = events
                .last()
                .is_some_and(|last| last.starts_with("COMPLETE"));
            is_over.then_some(events)
        })
    };
    let port = lab.guard_port();
    let with = names(queue(&lab));
    assert_eq!(with, ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]);
    assert_eq!(with, names(format!("k{port}")));
    assert_eq!(wait_of(&guard).asked(), ["still-waiting"]);
}

#[test]
fn queue_watch_of_fifty_calls_at_once_tells_who_is_there_and_keeps_their_places() {
    let lab = Lab::enter();
    let guard = guard(&lab, "");
    let music = Sound::hold_music(&lab, 60.0);
    let office = Sound::of_example("aside");
    let talk = Sound::speech(&lab, 2.0).then(&Sound::quiet(2.0));
    let kinds = ["music", "noise", "no_audio", "", ""];
    let callers = (0..50).map(|at| {
        let caller = somebody(&lab).is(&format!("+499117{at:05}"), "");
        let caller = match at % 5 {
            0 => caller.says(&music),
            1 => caller.says(&office).says(&office).says(&office),
            2 => caller.sends_nothing(60.0),
            3 => caller.is_quiet(60.0),
            _ => (0..15).fold(caller, |caller, _| caller.says(&talk)),
        };
        thread::sleep(Duration::from_millis(100));
        caller.hangs_up().calls()
    });
    let stays: Vec<_> = callers.collect();
    for stay in stays {
        assert!(!stay.join().unwrap().ended_by_asterisk);
    }
    let waits = guard.closed_calls(50);
    assert_eq!(waits.len(), 50);
    let log = fs::read_to_string(lab.inside("/var/log/asterisk/queue_log")).unwrap();
    let mut places = Vec::new();
    for wait in &waits {
        let at: usize = wait.get("caller.number")[7..].parse().unwrap();
        assert_eq!(wait.get("queue.nobody.heard"), kinds[at % 5], "{wait:#?}");
        let uniqueid = format!("|{}|", wait.get("uniqueid"));
        let abandoned = log
            .lines()
            .find(|line| line.contains(&uniqueid) && line.contains("|ABANDON|"));
        // ABANDON|position|original position|seconds
        let original = abandoned.unwrap().split('|').nth(6).unwrap().to_owned();
        assert_eq!(wait.number("queue.position").to_string(), original);
        places.push(wait.number("queue.position") as usize);
    }
    places.sort_unstable();
    assert_eq!(places, (1..=50).collect::<Vec<_>>());
    nobody_listens(&lab);
}
