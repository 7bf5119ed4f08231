//! A log as it stands after years: most of its calls are junk, half of its cases are closed.

use std::path::Path;

use jiff::SignedDuration;
use rusqlite::Connection;
use voicemail_guard::call_log::{CallLog, DATABASE};
use voicemail_guard::call_record::{CallRecord, Callback, CallbackSource, Presentation, Verdict};
use voicemail_guard::clock::Clock;

use crate::records::closed;

/// Mailboxes that are called: 100 to 107.
const MAILBOXES: u32 = 8;
/// Seconds from one call to the next.
const BETWEEN: u32 = 40;
/// Nobody has been judged so: what is looked for and not there takes longest.
pub(crate) const VERDICT_OF_NOBODY: Verdict = Verdict::NoAudio;
/// Every tenth caller is called so.
pub(crate) const COMMON_NAME: &str = "Jürgen Müller";

/// Verdicts of a hundred calls.
const SHARES: [(Verdict, u32); 9] = [
    (Verdict::Message, 24),
    (Verdict::Rambler, 3),
    (Verdict::Hangup, 33),
    (Verdict::Mutter, 9),
    (Verdict::HoldMusic, 7),
    (Verdict::Aside, 4),
    (Verdict::Silent, 8),
    (Verdict::Tone, 6),
    (Verdict::Unsure, 6),
];

const FIRST_NAMES: [&str; 12] = [
    "Anna", "Bernd", "Çelik", "Dörte", "Emil", "Fatma", "Gerd", "Heike", "Igor", "Jana", "Karl",
    "Lena",
];
const LAST_NAMES: [&str; 12] = [
    "Adler", "Bauer", "Çakır", "Dietz", "Engel", "Fuchs", "Groß", "Huber", "Ivanov", "Jung",
    "Krause", "Lang",
];

/// Makes a log with so many calls in this folder, three of ten in a case of their own.
pub(crate) fn fill(folder: &Path, calls: u32) {
    std::fs::remove_dir_all(folder).ok();
    let log = CallLog::open(folder, Clock::default()).unwrap().log;
    for n in 0..calls {
        log.close_call(call(n, calls));
        if n % 5_000 == 0 {
            log.flush().blocking_recv().unwrap();
        }
    }
    log.flush().blocking_recv().unwrap();
    drop(log);
    // One by one, as a team does it, takes hours.
    let database = Connection::open(folder.join(DATABASE)).unwrap();
    database
        .execute_batch(
            "UPDATE cases SET closed_ms = last_ms + 3600000, closed_by = 'team', closed_who = 'anna'
                WHERE seq % 2 = 0;
             UPDATE cases SET tries = 1, next_try_ms = 4102444800000 WHERE seq % 97 = 1 AND urgency > 0;",
        )
        .unwrap();
}

fn call(n: u32, calls: u32) -> CallRecord {
    let mixed = |salt: u32| (n ^ salt).wrapping_mul(2_654_435_761) >> 8;
    let case = n - n % 10 + [0, 0, 0, 0, 1, 1, 1, 2, 2, 2][n as usize % 10];
    let of_case = |salt: u32| (case ^ salt).wrapping_mul(2_654_435_761) >> 8;
    let mut record = closed(n, verdict(mixed(1) % 100));
    // The latest is an hour old.
    let age = i64::from(calls - n) * i64::from(BETWEEN) + 3_600;
    let started = Clock::default().date() - SignedDuration::from_secs(age);
    let id = voicemail_guard::call_record::CallId::new(started, n);
    (record.id, record.started) = (id, started);
    record.ended = Some(started + SignedDuration::from_secs(31));
    record.uniqueid = format!("pbx-{}.{n}", started.as_second());
    record.linkedid.clone_from(&record.uniqueid);
    // Some call again and again over the years.
    let is_regular = of_case(5) % 10 < 4;
    let subscriber = of_case(2) % if is_regular { 4_000 } else { 9_000_000 };
    record.caller.number = format!("0911{:07}", 1_000_000 + subscriber);
    record.caller.e164 = format!("+49911{:07}", 1_000_000 + subscriber).parse().ok();
    record.caller.name = name(of_case(3));
    record.caller.presentation = Presentation::Shown;
    record.mailbox = format!("{}@default", 100 + of_case(4) % MAILBOXES).into();
    record.repeat_window_s = Some(86_400);
    record.delivered.clear();
    record.callback = Callback {
        number: record.caller.number.clone(),
        e164: record.caller.e164.clone(),
        source: CallbackSource::CallerId,
        confirmed: false,
    };
    record
}

fn verdict(percent: u32) -> Verdict {
    let mut below = 0;
    for (verdict, share) in SHARES {
        below += share;
        if percent < below {
            return verdict;
        }
    }
    Verdict::Hangup
}

fn name(mixed: u32) -> String {
    if mixed.is_multiple_of(10) {
        return COMMON_NAME.into();
    }
    let pick = |of: &[&'static str], at: u32| of[at as usize % of.len()];
    let (first, last) = (
        pick(&FIRST_NAMES, mixed / 10),
        pick(&LAST_NAMES, mixed / 120),
    );
    format!("{first} {last}{}", mixed / 1_440 % 50)
}
