//! Many callers of every kind at once, over SIP through a real Asterisk: `tests/run --load [CALLERS [TAP]]`.
//!
//! Prints how many calls were up at once, how many got their right verdict and their one record, and the
//! processor time of the guard beside Asterisk's. Exits with 1 where a verdict or a record is wrong, where
//! the calls were never all up at once, or where the guard takes more than Asterisk.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    unreachable_pub,
    dead_code,
    clippy::pedantic,
    clippy::wrong_self_convention,
    clippy::print_stderr,
    reason = "the modules are those of the tests through Asterisk; a bench needs a part of them"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a call through a real Asterisk takes real time; what fails here ends the bench"
)]

#[path = "../asterisk/guard.rs"]
mod guard;
#[path = "../asterisk/lab.rs"]
mod lab;
#[path = "../asterisk/sip.rs"]
mod sip;
#[path = "../asterisk/sound.rs"]
mod sound;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use rustix::param::clock_ticks_per_second;

use self::guard::{Guard, Tap};
use self::lab::Lab;
use self::sip::{Caller, Stay};
use self::sound::Sound;

/// The verdicts that the callers of this bench deserve, one kind of caller each.
const KINDS: [&str; 10] = [
    "message",
    "hangup",
    "mutter",
    "rambler",
    "aside",
    "hold_music",
    "silent",
    "no_audio",
    "tone",
    "message with keys",
];

/// How long the callers take to dial, one after the other: all have before the first greeting ends.
const DIALLING: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let callers = std::env::var("VOICEMAIL_GUARD_LOAD");
    let callers: usize = callers.map_or(200, |n| n.parse().expect("a number of callers"));
    let lab = Lab::enter();
    let tap = match std::env::var("VOICEMAIL_GUARD_LOAD_TAP").as_deref() {
        Err(_) | Ok("monitor") => Tap::Monitor,
        Ok("audiosocket") => Tap::AudioSocket,
        Ok(other) => panic!("{other}: monitor or audiosocket"),
    };
    let guard = Guard::by(&lab, tap, "[limits]\nmax_calls = 1000");
    let processes = [
        ("guard", guard.data().join("guard.lock")),
        ("Asterisk", lab.inside("/run/asterisk/asterisk.pid")),
    ]
    .map(|(name, file)| (name, process(&file)));
    let before = processes.map(|(_, process)| processor_time(process));
    let began = Instant::now();
    let calls: Vec<_> = (0..callers)
        .map(|n| {
            let due = DIALLING.mul_f64(n as f64 / callers as f64);
            thread::sleep(due.saturating_sub(began.elapsed()));
            let dialled = began.elapsed();
            (dialled, caller(&lab, n).calls())
        })
        .collect();
    let stays: Vec<(Duration, Stay)> = calls
        .into_iter()
        .filter_map(|(dialled, call)| Some((dialled, call.join().ok()?)))
        .collect();
    let wall = began.elapsed();
    let filed = guard.closed_calls(callers);
    let used = processes.map(|(_, process)| processor_time(process));

    let mut right: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for n in 0..callers {
        let kind = KINDS[n % KINDS.len()];
        let expected = kind.split(' ').next().unwrap();
        let records: Vec<_> = filed
            .iter()
            .filter(|call| call.get("caller.number") == number(n))
            .collect();
        let of_kind = right.entry(kind).or_default();
        of_kind.1 += 1;
        match records[..] {
            [record] if record.get("verdict") == expected => of_kind.0 += 1,
            [record] => println!("wrong, expected {kind}: {record:?}"),
            _ => println!("{} records of one {kind}", records.len()),
        }
    }
    let most = most_at_once(&stays);
    println!(
        "{callers} callers by {tap:?}, {most} of them at once; all over after {:.0} s",
        wall.as_secs_f64()
    );
    for (kind, (right, all)) in &right {
        println!("  {kind:<18} {right} of {all} right");
    }
    let [ours, theirs] = [0, 1].map(|which| used[which] - before[which]);
    for ((name, _), seconds) in processes.iter().zip([ours, theirs]) {
        let share = 100.0 * seconds / wall.as_secs_f64();
        println!(
            "  processor time of {name}: {seconds:.1} s, {share:.0} % of one core over the whole time"
        );
    }
    println!("  guard / Asterisk: {:.2}", ours / theirs);
    let wrong = right.values().any(|(right, all)| right != all);
    let complete = filed.len() == callers && stays.len() == callers;
    if wrong || !complete || most < callers || ours > theirs {
        println!(
            "FAILED: {} records, {} calls came to their end, {most} were up at once",
            filed.len(),
            stays.len()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// One caller of the kind whose turn it is.
fn caller(lab: &Lab, n: usize) -> Caller {
    let kind = KINDS[n % KINDS.len()];
    let caller = Caller::dials(lab, &lab.extension("en", 'p')).is(&number(n), kind);
    let example = |name| Sound::of_example(name);
    match kind {
        "hangup" => caller.listens().is_quiet(0.6).hangs_up(),
        "rambler" => caller.listens().says(&example("rambler")).stays(40.0),
        "aside" | "hold_music" => {
            let sound = example(kind);
            caller.listens().says(&sound).says(&sound).stays(20.0)
        }
        "silent" => caller.stays(90.0),
        "no_audio" => caller.sends_nothing(90.0).stays(1.0),
        "tone" => caller.listens().says(&Sound::busy(30.0)).stays(10.0),
        "message with keys" => {
            let spoken = caller.listens().says(&example("message"));
            let keyed = spoken
                .presses("03023125014#")
                .listens()
                .presses("1")
                .listens();
            keyed.is_quiet(1.0).hangs_up()
        }
        _ => caller.listens().says(&example(kind)).hangs_up(),
    }
}

fn number(n: usize) -> String {
    format!("+4930231250{n:03}")
}

/// How many calls were up at the same time, at the most.
fn most_at_once(stays: &[(Duration, Stay)]) -> usize {
    let up_at = |at: Duration| {
        let up = stays
            .iter()
            .filter(|(dialled, stay)| *dialled <= at && at < *dialled + stay.lasted);
        up.count()
    };
    stays
        .iter()
        .map(|(dialled, _)| up_at(*dialled))
        .max()
        .unwrap_or(0)
}

/// The number of the process that wrote this file.
fn process(file: &Path) -> u32 {
    let number = fs::read_to_string(file).expect("it runs");
    number.trim().parse().expect("the number of a process")
}

/// Seconds that a process and all its threads, ended ones among them, have used (`/proc/PID/stat`, proc(5)).
fn processor_time(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it is alive");
    let (_, behind_name) = stat.rsplit_once(')').expect("the form of proc(5)");
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / clock_ticks_per_second() as f64
}
