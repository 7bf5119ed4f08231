//! How fast the page answers with a million calls in the log, and that calls do not wait for it.
//!
//! `cargo bench --bench page` runs the guard in a process of its own, asks it over loopback and prints a table:
//! every list, filter and search, a case and a call, memory, what open pages cost, and the time that Asterisk
//! waits for a command with and without eight clients that ask for pages as fast as they can. The log is made at
//! the first run and kept under `target/`; `PAGE_BENCH_CALLS` makes another number of calls. Exits with 1 where a
//! goal is missed.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "what the guard does of itself takes real time"
)]

mod big_log;
mod callers;
#[path = "../../support/records.rs"]
mod records;
mod served;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use url::form_urlencoded::byte_serialize;
use voicemail_guard::clock::Clock;

use self::big_log::{COMMON_NAME, VERDICT_OF_NOBODY, fill};
use self::served::{Served, get};

/// Each page is asked for so many times; the slowest is its p99.
const ROUNDS: usize = 50;
/// What a page may take at the server (p99), in milliseconds.
const GOAL_MS: f64 = 50.0;
/// What the process may take, in MiB.
const GOAL_MIB: f64 = 150.0;
/// Clients that hammer the page, and calls meanwhile.
const HAMMERS: usize = 8;
const CALLS: usize = 2_000;
/// Until all clients wait for a page.
const WARMING_UP: Duration = Duration::from_secs(1);
/// Pages that are open, how long they are watched at rest, and the changes that they are told of.
const OPEN: usize = 50;
const AT_REST: Duration = Duration::from_secs(40);
const EVENTS: u32 = 8;
/// The page tells of changes every two seconds at most.
const BETWEEN_EVENTS: Duration = Duration::from_millis(2_500);

fn main() -> ExitCode {
    let calls = std::env::var("PAGE_BENCH_CALLS").map_or(1_000_000, |n| n.parse().unwrap());
    let served = Served::start(&data(calls));
    println!("{calls} calls; times at the server, {ROUNDS} requests each\n");
    println!("| page | median, ms | p99, ms | |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for (name, path) in pages(&served) {
        let mut times: Vec<_> = (0..ROUNDS).map(|_| served.get(&path).1).collect();
        let [median, p99] = percentiles(&mut times);
        let is_late = p99 > GOAL_MS;
        println!(
            "| {name} | {median:.1} | {p99:.1} | {} |",
            if is_late { "LATE" } else { "" }
        );
        missed.extend(is_late.then_some(name));
    }
    let (now, most) = (served.memory("VmRSS:"), served.memory("VmHWM:"));
    println!("\nmemory: {now:.0} MiB, {most:.0} MiB at most (goal {GOAL_MIB})");
    open_pages(&served);
    beside_calls(&served);
    let most = served.memory("VmHWM:");
    println!("memory after all of it: {most:.0} MiB at most");
    if most > GOAL_MIB {
        missed.push("memory".into());
    }
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("missed: {missed:?}");
    ExitCode::FAILURE
}

fn data(calls: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{calls}"));
    if !folder.join("complete").exists() {
        fill(&folder, calls);
        std::fs::write(folder.join("complete"), "").unwrap();
    }
    folder
}

/// What is asked for, and its address.
fn pages(served: &Served) -> Vec<(String, String)> {
    let (list, _) = served.get("/?show=all&page=20");
    let case = between(&list, "data-case=\"", "\"");
    let (case_page, _) = served.get(&format!("/cases/{case}"));
    let call = &between(&case_page, "/calls/", "\"")[..case.len()];
    let number = between(&case_page, "tel:", "\"");
    let local = number.replace("+49", "0");
    let day = |ago: i64| {
        let then = Clock::default().date() - SignedDuration::from_hours(24 * ago);
        then.to_zoned_datetime(TimeZone::system()).date()
    };
    let mut pages: Vec<(String, String)> = vec![("first list".into(), "/".into())];
    for tab in ["ring", "mine", "later", "done", "junk", "all"] {
        let mut add = |name: &str, filter: &str| {
            pages.push((format!("{tab}{name}"), format!("/?show={tab}{filter}")));
        };
        add("", "");
        add(", page 20", "&page=20");
        add(", one mailbox", "&box=103@default");
        add(", a mailbox nobody has", "&box=999@default");
        add(", one verdict", "&verdict=unsure");
        add(
            ", a verdict nobody has",
            &format!("&verdict={VERDICT_OF_NOBODY}"),
        );
        add(", since a week", &format!("&since={}", day(7)));
        add(", since a year", &format!("&since={}", day(365)));
        add(
            ", verdict since a month in a mailbox",
            &format!("&since={}&verdict=unsure&box=103@default", day(30)),
        );
        add(
            ", a verdict nobody has since a year",
            &format!("&since={}&verdict={VERDICT_OF_NOBODY}", day(365)),
        );
        add(", a common name", &format!("&q={}", sent(COMMON_NAME)));
    }
    for (name, text) in [
        ("number, E.164", number.as_str()),
        ("number, national", &local),
        ("number, its last seven digits", &local[local.len() - 7..]),
        ("number, its last four digits", &local[local.len() - 4..]),
        ("number, its last three digits", &local[local.len() - 3..]),
        ("number nobody has", "+43 1 9999999"),
        ("a common last name", "müller"),
        ("the beginning of many names", "j"),
        ("two beginnings", "an ba"),
        ("a rare name", "Çelik Çakır17"),
        ("a name nobody has", "Wladimir Iljitsch"),
        ("an identifier", &case),
    ] {
        pages.push((format!("search: {name}"), format!("/?q={}", sent(text))));
    }
    pages.push(("a case".into(), format!("/cases/{case}")));
    pages.push(("a call".into(), format!("/calls/{call}")));
    pages
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(after).unwrap().0.into()
}

/// As it stands in an address.
fn sent(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Median and p99, in milliseconds.
fn percentiles(times: &mut [Duration]) -> [f64; 2] {
    times.sort_unstable();
    [50, 99].map(|percent| {
        let at = (times.len() * percent / 100).min(times.len() - 1);
        times[at].as_secs_f64() * 1_000.0
    })
}

fn open_pages(served: &Served) {
    let (list, _) = served.get("/?show=all");
    let case = between(&list, "data-case=\"", "\"");
    let note = |n: u32| {
        let answer = served.post(
            &format!("/cases/{case}"),
            &format!("step=note&note=event+{n}"),
        );
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer:.200}");
    };
    let spent_on_events = || {
        let before = served.processor_time();
        for n in 0..EVENTS {
            note(n);
            thread::sleep(BETWEEN_EVENTS);
        }
        (served.processor_time() - before) / f64::from(EVENTS)
    };
    let alone = spent_on_events();
    let open: Vec<_> = (0..OPEN).map(|_| served.listen()).collect();
    let before = served.processor_time();
    thread::sleep(AT_REST);
    let at_rest = (served.processor_time() - before) * 60.0 / AT_REST.as_secs_f64();
    let told = spent_on_events();
    drop(open);
    let before = served.processor_time();
    for _ in 0..OPEN {
        served.get("/");
    }
    let lists = served.processor_time() - before;
    println!(
        "{OPEN} pages open: {:.0} ms of processor time a minute at rest; {:.1} ms more for each \
         change, and {:.0} ms where all ask for the list then",
        at_rest * 1_000.0,
        (told - alone) * 1_000.0,
        lists * 1_000.0
    );
}

/// The time that Asterisk waits for a command, alone and beside those who hammer the page, in turn.
fn beside_calls(served: &Served) {
    callers::calls(served.agi, CALLS / 10);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let asked = AtomicUsize::new(0);
    for _ in 0..4 {
        alone.extend(callers::calls(served.agi, CALLS / 4));
        let stop = AtomicBool::new(false);
        let (page, stop, asked) = (served.page, &stop, &asked);
        thread::scope(|scope| {
            for n in 0..HAMMERS {
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        get(page, HAMMERED[n % HAMMERED.len()]);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            thread::sleep(WARMING_UP);
            beside.extend(callers::calls(served.agi, CALLS / 4));
            stop.store(true, Ordering::Relaxed);
        });
    }
    let (alone, beside) = (percentiles(&mut alone), percentiles(&mut beside));
    println!(
        "commands to Asterisk, of {CALLS} calls: median {:.2} ms, p99 {:.2} ms; beside {HAMMERS} clients \
         ({} pages) median {:.2} ms, p99 {:.2} ms: ratio {:.1}",
        alone[0],
        alone[1],
        asked.load(Ordering::Relaxed),
        beside[0],
        beside[1],
        beside[1] / alone[1]
    );
}

const HAMMERED: [&str; 4] = ["/", "/?show=done", "/?q=123", "/?show=all&verdict=unsure"];
