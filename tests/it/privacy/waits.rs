//! What waits though its days are over, when nothing is deleted at all, and what is never mistaken
//! for what is due.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;
use voicemail_guard::call_log::{
    CallLog, CaseQuery, Change, DATABASE, Decided, Eraser, Judged, Pause, Reader,
};
use voicemail_guard::call_record::{
    CallRecord, Callback, Destination, EndedBy, Mode, Pseudonym, Verdict,
};
use voicemail_guard::case::{Author, Judgement, Judging, Step, Urgency, Via};
use voicemail_guard::clock::Clock;
use voicemail_guard::keeping::{Due, KeepRules, Kind, Kinds, Pseudonyms};
use voicemail_guard::number::{Country, Mention};
use voicemail_guard::sweep::{Sweeper, Swept};
use voicemail_guard::wording::{self, Language};

use super::retention::{call, rules, sweep, sweeper};
use super::{block_on, days, open_at, put_audio};
use crate::support::call_log::{all, flush};

/// A log that begins with the year.
struct Year {
    folder: TempDir,
    log: CallLog,
    sweeper: Sweeper,
}

impl Year {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let log = open_at(folder.path(), day(0));
        let sweeper = sweeper(folder.path(), &log);
        Self {
            folder,
            log,
            sweeper,
        }
    }

    /// Files a call with its recording.
    fn file(&self, record: &CallRecord, deliver_to: &[Destination]) {
        put_audio(self.folder.path(), record);
        self.log.close_and_deliver(record.clone(), deliver_to);
        flush(&self.log);
    }

    fn sweep(&self, rules: &KeepRules, on: i64) -> Swept {
        sweep(&self.sweeper, rules, day(on))
    }

    fn all(&self) -> Vec<CallRecord> {
        all(self.folder.path())
    }

    fn sound(&self, record: &CallRecord) -> PathBuf {
        self.folder.path().join(record.audio.as_ref().unwrap())
    }

    fn database(&self) -> Connection {
        let database = Connection::open(self.folder.path().join(DATABASE)).unwrap();
        database.pragma_update(None, "foreign_keys", true).unwrap();
        database
    }

    fn step(&self, case: &CallRecord, step: Step, on: i64) {
        let change = Change {
            case: case.id,
            seen: None,
            step,
            note: None,
            author: anna(),
            at: day(on),
        };
        block_on(self.log.change_case(change)).unwrap();
    }
}

fn day(on: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + days(on)
}

fn anna() -> Author {
    Author {
        who: "anna".into(),
        via: Via::Command,
    }
}

/// A message that nobody has got yet.
fn undelivered(n: u32) -> CallRecord {
    CallRecord {
        delivered: Vec::new(),
        mode: Mode::Enforce,
        ended_by: Some(EndedBy::Caller),
        ..call(n, 0, Verdict::Message)
    }
}

#[test]
fn what_nobody_has_got_is_never_deleted() {
    let year = Year::new();
    let [pending, nowhere, elsewhere, dealt_with] = [1, 2, 3, 4].map(undelivered);
    let elsewhere = CallRecord {
        delivered: call(3, 0, Verdict::Message).delivered,
        ..elsewhere
    };
    let records = [&pending, &nowhere, &elsewhere, &dealt_with];
    for record in records {
        year.file(record, &[Destination::Mail]);
    }
    let give_up = format!(
        "UPDATE outbox SET stage = 'given_up' WHERE call != '{}'",
        pending.id
    );
    year.database().execute_batch(&give_up).unwrap();
    year.step(&dealt_with, Step::Done, 1);
    for on in [100, 400, 4_000] {
        year.sweep(&rules(), on);
        let left: Vec<_> = year.all().into_iter().take(2).collect();
        assert_eq!(left, [pending.clone(), nowhere.clone()], "{on}");
        for record in [&pending, &nowhere] {
            assert!(year.sound(record).exists(), "{on}");
        }
        for record in [&elsewhere, &dealt_with] {
            assert!(!year.sound(record).exists(), "{on}");
        }
    }
    assert_eq!(year.all().len(), 2);
    // Once somebody has dealt with it, and once it is delivered, it goes as any other.
    year.step(&nowhere, Step::Reached, 4_001);
    let database = year.database();
    database
        .execute(
            "DELETE FROM outbox WHERE call = ?1",
            [pending.id.to_string()],
        )
        .unwrap();
    let swept = year.sweep(&rules(), 4_003);
    assert_eq!(swept.kinds, [0, 0, 0, 2]);
    assert_eq!(year.all(), []);
    let left: i64 = database
        .query_row(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM cases)
                        + (SELECT count(*) FROM keeping)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_message_waits_for_its_case_to_be_closed() {
    let year = Year::new();
    let (helped, forgotten) = (call(1, 0, Verdict::Message), call(2, 0, Verdict::Message));
    let mut junk = call(3, 0, Verdict::Hangup);
    junk.caller = helped.caller.clone();
    junk.callback = Callback::default();
    for record in [&helped, &forgotten, &junk] {
        year.file(record, &[]);
    }
    let rules = KeepRules::default();
    for on in [100, 200, 364] {
        year.sweep(&rules, on);
        let kept = year.all();
        assert!(kept.contains(&helped) && kept.contains(&forgotten), "{on}");
        assert!(year.sound(&helped).exists() && year.sound(&forgotten).exists());
        // What nobody is to be rung about has its own days, in whatever case it is.
        assert!(!year.sound(&junk).exists(), "{on}");
        let junk = kept.iter().find(|record| record.id == junk.id).unwrap();
        assert!(Pseudonym::is_one(&junk.caller.number), "{on}");
        if on == 200 {
            year.step(&helped, Step::Reached, on);
            let swept = year.sweep(&rules, on + 2);
            assert_eq!(swept.kinds, [1, 1, 1, 0]);
            assert!(!year.sound(&helped).exists());
            let mut kept = year.all().into_iter();
            let reduced = kept.find(|record| record.id == helped.id).unwrap();
            let shown = wording::number(&reduced.caller, Language::De);
            assert_eq!(shown, "Nummer gelöscht");
            let shown = wording::callback(&reduced.callback, Language::En).unwrap();
            assert!(shown.starts_with("number deleted ("), "{shown}");
            break;
        }
    }
    year.sweep(&rules, 364);
    assert!(year.all().contains(&forgotten) && year.sound(&forgotten).exists());
    // Nobody has closed it in a year.
    year.sweep(&rules, 367);
    assert_eq!(year.all(), []);
    assert!(!year.sound(&forgotten).exists());
    // That the other was rung counts still.
    let waits: i64 = year
        .database()
        .query_row("SELECT count(*) FROM waits_of_gone", [], |row| row.get(0))
        .unwrap();
    assert_eq!(waits, 1);
}

fn judge(year: &Year, record: &CallRecord, verdict: Verdict, note: &str) {
    let judged = block_on(year.log.judge(Judging {
        call: record.id,
        judgement: Judgement::Was(verdict),
        note: Some(note.into()),
        author: anna(),
        at: day(2),
    }));
    assert!(matches!(judged, Ok(Judged::Done(..))), "{judged:?}");
}

#[test]
fn a_corrected_call_is_kept_as_what_is_kept_longer() {
    let year = Year::new();
    let mut missed = call(1, 0, Verdict::Hangup);
    missed.callback = Callback::default();
    let mut other = call(301, 0, Verdict::Hangup);
    other.callback = Callback::default();
    let none = call(2, 0, Verdict::Message);
    assert_eq!(missed.caller, other.caller);
    for record in [&missed, &other, &none] {
        year.file(record, &[]);
    }
    judge(
        &year,
        &missed,
        Verdict::Message,
        "a Zeppelin, ring 0911 30000001",
    );
    judge(&year, &none, Verdict::Aside, "a Zyklop");
    let urgency = || {
        let reader = Reader::open(year.folder.path()).unwrap();
        let case = reader.case_of(missed.id).unwrap().unwrap();
        case.case.urgency
    };
    assert_eq!(urgency(), Urgency::Message);
    for on in [40, 80] {
        year.sweep(&rules(), on);
        assert!(year.sound(&missed).exists() && year.sound(&none).exists());
        assert!(!year.sound(&other).exists());
        // The other call of its case has lost its number; what people said of this one counts.
        assert_eq!(urgency(), Urgency::Message, "{on}");
    }
    year.sweep(&rules(), 185);
    assert!(!year.sound(&missed).exists() && !year.sound(&none).exists());
    let reader = Reader::open(year.folder.path()).unwrap();
    for (record, verdict) in [(&missed, Verdict::Message), (&none, Verdict::Aside)] {
        let correction = reader.correction(record.id).unwrap().unwrap();
        assert_eq!((correction.verdict, correction.note), (verdict, None));
        let case = reader.case_of(record.id).unwrap().unwrap();
        let notes = reader.case_events(case.case.id).unwrap();
        assert!(notes.iter().all(|event| event.note.is_none()));
    }
    for word in ["zeppelin", "zyklop", "caller"] {
        let query = CaseQuery {
            words: vec![word.into()],
            ..CaseQuery::default()
        };
        assert_eq!(reader.cases(&query).unwrap().len(), 0, "{word}");
    }
    assert_eq!(urgency(), Urgency::Message);
    year.sweep(&rules(), 367);
    assert_eq!(year.all(), []);
}

#[test]
fn nothing_is_deleted_by_a_clock_that_has_jumped() {
    let year = Year::new();
    let record = call(1, 0, Verdict::Tone);
    year.file(&record, &[]);
    let round = |at: Timestamp| {
        let rules = rules();
        block_on(year.sweeper.round(&rules, at, Clock::faster(1e6))).unwrap()
    };
    let hours = SignedDuration::from_hours;
    assert_eq!(round(day(1)), Swept::default());
    // Twelve years ahead, for some hours; then it is set right.
    for at in [day(4_000), day(4_000) + hours(5)] {
        let until = Pause::Clock(day(4_001));
        assert_eq!(round(at).paused, Some(until));
    }
    for at in [day(1) + hours(6), day(2) + hours(5)] {
        let until = Pause::Clock(day(2) + hours(6));
        assert_eq!(round(at).paused, Some(until));
    }
    assert_eq!(year.all(), std::slice::from_ref(&record));
    assert_eq!(round(day(2) + hours(6)), Swept::default());
    assert_eq!(round(day(7)).paused, None);
    assert!(year.sound(&record).exists());
    assert_eq!(round(day(8)).kinds, [1, 0, 0, 0]);
}

/// SQLite gives the number of the last row that was deleted to the next one.
#[test]
fn a_row_that_is_another_s_by_now_is_left_alone() {
    let year = Year::new();
    let (old, new) = (call(1, 0, Verdict::Message), call(2, 1, Verdict::Message));
    let keeper = year.log.keeper();
    let everything = Kinds::NONE.with(Kind::Record);
    let replace = || {
        year.database()
            .execute("DELETE FROM calls WHERE id = ?1", [old.id.to_string()])
            .unwrap();
        year.file(&new, &[]);
    };
    year.file(&old, &[]);
    let looked_at = block_on(keeper.kept_until(day(400), 10)).unwrap();
    assert_eq!(looked_at.len(), 1);
    replace();
    for kinds in [everything, Kinds::NONE.with(Kind::Number)] {
        let decided = Decided {
            seq: looked_at[0].seq,
            id: looked_at[0].id.clone(),
            due: Due {
                now: kinds,
                next: None,
            },
        };
        let key = Pseudonyms::new(&[1; Pseudonyms::KEY_BYTES]);
        block_on(keeper.keep_no_longer(vec![decided], key)).unwrap();
        assert_eq!(year.all(), std::slice::from_ref(&new));
    }

    // Somebody is asked whether to erase it, and takes their time.
    let year = Year::new();
    year.file(&old, &[]);
    let number = Mention::read(&old.caller.number, Some(Country::default())).unwrap();
    let mut eraser = Eraser::open(year.folder.path()).unwrap();
    let found = eraser.calls_of(&number, &[]).unwrap();
    assert_eq!(found.len(), 1);
    year.database()
        .execute("DELETE FROM calls WHERE id = ?1", [old.id.to_string()])
        .unwrap();
    year.file(&new, &[]);
    let row: i64 = year
        .database()
        .query_row("SELECT seq FROM calls", [], |row| row.get(0))
        .unwrap();
    assert_eq!(row, found[0].seq);
    eraser.erase(&found, None, day(3)).unwrap();
    assert_eq!(year.all(), [new]);
}

#[test]
fn a_recording_that_comes_late_goes_too() {
    let year = Year::new();
    let late = call(1, 0, Verdict::Message);
    let without = CallRecord {
        audio: None,
        timeline: Vec::new(),
        ..late.clone()
    };
    year.log.close_call(without);
    flush(&year.log);
    year.sweep(&rules(), 100);
    put_audio(year.folder.path(), &late);
    let (place, timeline) = (late.audio.clone().unwrap(), late.timeline.clone());
    block_on(year.log.outbox().note_audio(late.id, place, timeline)).unwrap();
    assert_eq!(year.all(), std::slice::from_ref(&late));
    let swept = year.sweep(&rules(), 102);
    assert_eq!(swept.kinds, [1, 1, 0, 0]);
    assert!(!year.sound(&late).exists());
    assert_eq!(year.all()[0].audio, None);
}
