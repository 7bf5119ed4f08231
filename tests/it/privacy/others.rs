//! Erasing and exporting by a number never touch a call that is somebody else's.

use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_log::{DATABASE, Reader, UNREADABLE};
use voicemail_guard::call_record::{CallRecord, Callback, KeyPress, Verdict};
use voicemail_guard::case::{Author, Judgement, Judging, Via};
use voicemail_guard::keeping::{Days, Kind, Kinds, Pseudonyms, forget, mentioned_in};
use voicemail_guard::number::{self, Country, E164, Mention};
use voicemail_guard::recordings;

use super::export::exported;
use super::house::{FORMS, House, by_another, by_them};
use super::retention::{sweep, sweeper};
use super::{block_on, days, open_at, put_audio};
use crate::support::call_log::{all, flush};
use crate::support::records::closed;

/// The `n`th call, by a number as a trunk sends it and the guard reads it, to be called back there.
fn from(n: u32, sent: &str, e164: Option<&str>) -> CallRecord {
    let mut record = closed(n, Verdict::Message);
    record.caller.number = sent.into();
    record.caller.e164 = e164.map(|e164| e164.parse().unwrap());
    record.callback = Callback {
        number: sent.into(),
        e164: record.caller.e164.clone(),
        ..record.callback
    };
    record.audio = Some(recordings::place(record.id, record.started));
    record
}

/// Kiel's 0431 2345678 has the digits of Vienna's +43 1 2345678.
#[test]
fn a_number_abroad_of_the_same_digits_is_somebody_else_s() {
    let mut house = House::new();
    house.config.keep.open_cases = Days::Of(0);
    let kiel = from(1, "04312345678", Some("+494312345678"));
    let vienna = [
        from(2, "+4312345678", Some("+4312345678")),
        from(3, "4312345678", Some("+4312345678")),
        from(4, "004312345678", Some("+4312345678")),
        from(5, "+43 1 2345678", None),
    ];
    let broken = house.data().join("calls.broken-20261101T000000Z.sqlite");
    {
        let log = open_at(&house.data(), "2026-11-01T00:00:00Z".parse().unwrap());
        let mut mentions = from(11, "+4312345678", Some("+4312345678"));
        mentions.rdnis = "0431 2345678".into();
        for record in [from(10, "04312345678", Some("+494312345678")), mentions] {
            put_audio(&house.data(), &record);
            log.close_call(record);
        }
        flush(&log);
        drop(log);
        fs::rename(house.data().join(DATABASE), &broken).unwrap();
    }
    let log = house.open();
    for record in vienna.iter().chain([&kiel]) {
        put_audio(&house.data(), record);
        log.close_call(record.clone());
    }
    flush(&log);
    let lines = "{\"number\": \"+4312345678\"\n{\"number\": \"0431/2345678\"\n{\"x\": \"1731043123.456781\"";
    fs::write(house.data().join(UNREADABLE), lines).unwrap();

    let zip = house.folder().join("kiel.zip");
    let arguments = ["--number", "0431 2345678", zip.to_str().unwrap()];
    let (_, out) = exported(&house.data(), &arguments).unwrap();
    assert!(out.contains("1 call, 1 recording."), "{out}");
    assert!(!out.contains("Left out"), "{out}");

    let (code, out) = house.erase(&["--number", "0431 2345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("Erased: 1 call, 1 recording."), "{out}");
    assert!(
        out.contains("calls.sqlite as part of another number"),
        "{out}"
    );
    assert_eq!(all(&house.data()), vienna);
    for record in &vienna {
        assert!(house.data().join(record.audio.as_ref().unwrap()).exists());
    }
    assert!(!house.data().join(kiel.audio.unwrap()).exists());
    let left = fs::read_to_string(house.data().join(UNREADABLE)).unwrap();
    let blank = " ".repeat("{\"number\": \"0431/2345678\"".len());
    assert_eq!(left, lines.replace("{\"number\": \"0431/2345678\"", &blank));
    // The broken database could only be removed whole; recordings of others in it stay.
    assert!(!broken.exists());
    let is_there = |n| {
        let record = from(n, "", None);
        house.data().join(record.audio.unwrap()).exists()
    };
    assert_eq!([is_there(10), is_there(11)], [false, true]);

    // So with pseudonyms.
    let sweeper = sweeper(&house.data(), &log);
    sweep(&sweeper, &house.config.keep, kiel.started + days(200));
    let before = all(&house.data());
    assert!(
        before
            .iter()
            .all(|record| record.caller.number.starts_with('#'))
    );
    let (_, out) = house.erase(&["--number", "0431 2345678", "--yes"], "");
    assert!(out.starts_with("There is nothing of"), "{out}");
    assert_eq!(all(&house.data()), before);
    let (_, out) = house.erase(&["--number", "+43 1 2345678", "--yes"], "");
    assert!(out.contains("Erased: 4 calls"), "{out}");
    assert_eq!(all(&house.data()), []);
}

#[test]
fn a_number_in_a_note_on_another_s_verdict_is_taken_out() {
    let house = House::new();
    let log = house.open();
    let record = CallRecord {
        // In no case.
        ended_by: Some(voicemail_guard::call_record::EndedBy::Caller),
        reasons: vec![voicemail_guard::call_record::Reason::NoMailbox],
        ..by_another(1)
    };
    log.close_call(record.clone());
    flush(&log);
    block_on(log.judge(Judging {
        call: record.id,
        judgement: Judgement::Was(Verdict::Aside),
        note: Some("talked to 0911/1234 5678 about it".into()),
        author: Author {
            who: "bert".into(),
            via: Via::Page,
        },
        at: record.started + days(1),
    }))
    .unwrap();
    let (code, out) = house.erase(&["--number", "091112345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    let named = format!("on the verdict of call {}", record.id);
    assert!(out.contains(&named), "{out}");
    let reader = Reader::open(&house.data()).unwrap();
    let correction = reader.correction(record.id).unwrap().unwrap();
    assert_eq!(
        correction.note.as_deref(),
        Some("talked to [erased] about it")
    );
    assert_eq!(house.grep(&FORMS), []);
    assert_eq!(all(&house.data()), [record]);
}

/// What arrives while a number is erased is erased the next time, and what others leave then stays.
#[test]
fn calls_arrive_while_a_number_is_erased() {
    let house = House::new();
    let log = house.open();
    let theirs = |n| by_them(n, "0911 12345678", Some("+4991112345678"));
    for n in 0..100 {
        log.close_call(theirs(n));
    }
    flush(&log);
    let is_over = AtomicBool::new(false);
    let others = std::thread::scope(|scope| {
        let arriving = scope.spawn(|| {
            let mut others = Vec::new();
            for n in 100.. {
                if is_over.load(Ordering::Relaxed) && others.len() > 20 {
                    break;
                }
                let record = by_another(1_000 + n);
                others.push(record.clone());
                log.close_call(record);
                if n < 140 {
                    log.close_call(theirs(n));
                }
                flush(&log);
            }
            others
        });
        for _ in 0..3 {
            house.erase(&["--number", "0911 12345678", "--yes"], "");
        }
        is_over.store(true, Ordering::Relaxed);
        arriving.join().unwrap()
    });
    flush(&log);
    let arrived = all(&house.data());
    let of_others: Vec<_> = arrived.iter().filter(|of| others.contains(of)).collect();
    assert_eq!(of_others.len(), others.len());
    house.erase(&["--number", "0911 12345678", "--yes"], "");
    assert_eq!(all(&house.data()), others);
    assert_eq!(house.grep(&FORMS), []);
}

/// The database breaks afterwards, and a new one is begun.
#[test]
fn what_was_erased_is_not_filed_again_in_a_new_database() {
    let house = House::new();
    let record = by_them(1, "0911 12345678", Some("+4991112345678"));
    let other = by_another(2);
    {
        let log = house.open();
        log.close_call(record.clone());
        log.close_call(other.clone());
        flush(&log);
        house.erase(&["--number", "0911 12345678", "--yes"], "");
    }
    let broken = house.data().join("calls.broken-20261124T000000Z.sqlite");
    fs::rename(house.data().join(DATABASE), broken).unwrap();
    let log = house.open();
    log.close_call(record);
    log.close_call(other.clone());
    flush(&log);
    assert_eq!(all(&house.data()), [other]);
}

/// Numbers that have digits in common, in the E.164 form.
const ALIKE: [&str; 8] = [
    "+494312345678",
    "+4312345678",
    "+49431234567",
    "+494312345679",
    "+494301234567",
    "+4343123456",
    "+12025550123",
    "+492025550123",
];

/// The ways in which a trunk sends a number to a guard in Germany.
fn sent(e164: &str, way: usize) -> String {
    match (way, e164.strip_prefix("+49")) {
        (0, _) => e164.to_owned(),
        (1, Some(national)) => format!("0{national}"),
        (2, _) => format!("00{}", &e164[1..]),
        (3, Some(national)) => format!("+49 (0){national}"),
        _ => format!("{} {}", &e164[..4], &e164[4..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_call_but_those_by_the_number_is_touched(
        calls in prop::collection::vec((0..ALIKE.len(), 0..ALIKE.len(), 0..5_usize, 0..5_usize), 1..14),
        erased in 0..ALIKE.len(),
        way in 0..5_usize,
    ) {
        let home = Some(Country::default());
        let house = House::new();
        let log = house.open();
        let mut expected = Vec::new();
        for (n, (caller, callback, by, back)) in (1..).zip(calls) {
            let mut record = closed(n, Verdict::Message);
            record.audio = Some(recordings::place(record.id, record.started));
            record.caller.number = sent(ALIKE[caller], by);
            record.caller.e164 = number::normalise(&record.caller.number, home);
            record.callback.number = sent(ALIKE[callback], back);
            record.callback.e164 = number::normalise(&record.callback.number, home);
            prop_assert_eq!(record.caller.e164.as_ref().map(E164::as_str), Some(ALIKE[caller]));
            put_audio(&house.data(), &record);
            log.close_call(record.clone());
            if caller != erased && callback != erased {
                expected.push(record);
            }
        }
        flush(&log);
        house.erase(&["--number", &sent(ALIKE[erased], way), "--yes"], "");
        prop_assert_eq!(all(&house.data()), expected.clone());
        for record in expected {
            prop_assert!(house.data().join(record.audio.unwrap()).exists());
        }
    }
}

/// What was written of others may look like the number, and what may be it is named.
#[test]
fn digits_that_may_be_another_s_stay_and_are_named() {
    let house = House::new();
    let log = house.open();
    let named = |n, name: &str| {
        let mut record = by_another(n);
        record.caller.name = name.into();
        record
    };
    let others = [
        named(1, "Wien +43 911 12345678, 030 911 12345678"),
        named(2, "Anna 0911 12345678 90"),
        named(3, "Anna (0911) 12345678, 0911 123456789"),
        named(4, "Anna, 12345678"),
    ];
    for record in &others {
        log.close_call(record.clone());
    }
    // As a trunk sends it that says not whether that is a country's code.
    let kiel_or_vienna = from(5, "4312345678", None);
    log.close_call(kiel_or_vienna.clone());
    flush(&log);
    let lines = "{\"number\": \"0911 12345678 90\"\n{\"number\": \"+43 911 12345678\"";
    fs::write(house.data().join(UNREADABLE), lines).unwrap();

    let (code, out) = house.erase(&["--number", "0911/12345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    let said = format!(
        "3 places hold digits that may be this number, or another's: call {}, call {}, {UNREADABLE}.",
        others[1].id.min(others[3].id),
        others[1].id.max(others[3].id)
    );
    assert!(out.contains(&said), "{said}: {out}");
    let mut left = others.to_vec();
    left[2].caller.name = "Anna [erased], 0911 123456789".into();
    left.push(kiel_or_vienna.clone());
    assert_eq!(all(&house.data()), left);
    assert_eq!(
        fs::read_to_string(house.data().join(UNREADABLE)).unwrap(),
        lines
    );

    let zip = house.folder().join("kiel.zip");
    for number in ["0431 2345678", "+43 1 2345678"] {
        let (code, out) = house.erase(&["--number", number, "--yes"], "");
        assert_eq!(code, ExitCode::from(1), "{out}");
        let named = format!("call {}", kiel_or_vienna.id);
        assert!(out.contains("digits that may be this number"), "{out}");
        assert!(out.contains(&named), "{out}");
        let (_, out) =
            exported(&house.data(), &["--number", number, zip.to_str().unwrap()]).unwrap();
        let said = format!("or another's: {}.", kiel_or_vienna.id);
        assert!(out.contains(&said), "{out}");
    }
    assert_eq!(all(&house.data()), left);
}

/// A broken database can only be removed whole: not for what is another's in it.
#[test]
fn a_broken_database_with_another_s_number_stays() {
    let house = House::new();
    let broken = house.data().join("calls.broken-20261101T000000Z.sqlite");
    {
        let log = open_at(&house.data(), "2026-11-01T00:00:00Z".parse().unwrap());
        log.close_call(from(10, "+4312345678", Some("+4312345678")));
        flush(&log);
        drop(log);
        fs::rename(house.data().join(DATABASE), &broken).unwrap();
    }
    let log = house.open();
    log.close_call(from(1, "04312345678", Some("+494312345678")));
    flush(&log);
    let (code, out) = house.erase(&["--number", "0431 2345678", "--yes"], "");
    assert_eq!(code, ExitCode::SUCCESS, "{out}");
    assert!(out.contains("Erased: 1 call, "), "{out}");
    assert!(broken.exists(), "{out}");
    let (_, out) = house.erase(&["--number", "+43 1 2345678", "--yes"], "");
    assert!(!broken.exists(), "{out}");
}

#[test]
fn a_number_that_was_keyed_goes_with_the_keys() {
    let number = Mention::read("0911/5551234", Some(Country::default())).unwrap();
    let mut record = closed(1, Verdict::Message);
    let press = |keys: &str| {
        let keys = keys.chars().zip(1..);
        let keys = keys.map(|(key, at)| KeyPress {
            key,
            at: MediaTime::from_secs(at),
        });
        keys.collect::<Vec<_>>()
    };
    record.keys = press("09115551234#");
    let found = mentioned_in(&record, &number);
    let without = found.without.expect("it stands in the keys");
    assert!(without.keys.is_empty());
    record.keys = press("09115551235#");
    let found = mentioned_in(&record, &number);
    assert_eq!(found.without, None, "another's stays");
    let pseudonyms = Pseudonyms::new(&[7; Pseudonyms::KEY_BYTES]);
    forget(&mut record, Kinds::NONE.with(Kind::Number), &pseudonyms);
    assert!(record.keys.is_empty());
}
