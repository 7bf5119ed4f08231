//! Times and lengths as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Language, pick};
use crate::audio::MediaTime;
use crate::call_record::CallRecord;

/// Date and time of day in this zone: `2026-11-24 10:12:03`, `24.11.2026, 10:12`.
pub fn time(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let form = pick(language, "%Y-%m-%d %H:%M:%S", "%d.%m.%Y, %H:%M");
    at.to_zoned_datetime(zone.clone())
        .strftime(form)
        .to_string()
}

/// From when to when a call was, with the offset of this zone: `2026-11-24 10:12:10 – 10:12:41 +01:00`,
/// `24.11.2026, 10:12:10 – 10:12:41 (UTC+01:00)`.
pub fn span(record: &CallRecord, zone: &TimeZone, language: Language) -> String {
    let show = |at: Timestamp, form| {
        let at = at.to_zoned_datetime(zone.clone());
        at.strftime(form).to_string()
    };
    let (begins, offset) = pick(
        language,
        ("%Y-%m-%d %H:%M:%S", " %:z"),
        ("%d.%m.%Y, %H:%M:%S", " (UTC%:z)"),
    );
    let ended = record.ended.map(|at| show(at, " – %H:%M:%S"));
    show(record.started, begins) + &ended.unwrap_or_default() + &show(record.started, offset)
}

/// A length of sound in seconds and tenths: `14.2 s`, `14,2 s`.
pub fn length(of: MediaTime, language: Language) -> String {
    let english = of.to_string();
    match language {
        Language::En => english,
        Language::De => english.replace('.', ","),
    }
}

/// How long the call was, in whole seconds, if it is over.
pub fn call_length(record: &CallRecord) -> Option<i64> {
    let ended = record.ended?;
    Some(ended.duration_since(record.started).as_secs().max(0))
}

/// Which call of a case it is, and since when: `third call since Tuesday, 2026-11-24 10:12:03`.
pub fn nth_call(place: u32, first: Timestamp, zone: &TimeZone, language: Language) -> String {
    let day = first.to_zoned_datetime(zone.clone()).weekday();
    let (en, de) = WEEKDAYS[day.to_monday_zero_offset() as usize];
    let (call, day) = pick(language, ("call since", en), ("Anruf seit", de));
    format!(
        "{} {call} {day}, {}",
        ordinal(place, language),
        time(first, zone, language)
    )
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("Monday", "Montag"),
    ("Tuesday", "Dienstag"),
    ("Wednesday", "Mittwoch"),
    ("Thursday", "Donnerstag"),
    ("Friday", "Freitag"),
    ("Saturday", "Samstag"),
    ("Sunday", "Sonntag"),
];

/// `first` to `tenth`, then `11th`; `erster` to `zehnter`, then `11.`.
fn ordinal(n: u32, language: Language) -> String {
    const WORDS: [(&str, &str); 10] = [
        ("first", "erster"),
        ("second", "zweiter"),
        ("third", "dritter"),
        ("fourth", "vierter"),
        ("fifth", "fünfter"),
        ("sixth", "sechster"),
        ("seventh", "siebter"),
        ("eighth", "achter"),
        ("ninth", "neunter"),
        ("tenth", "zehnter"),
    ];
    if let Some(&(en, de)) = n.checked_sub(1).and_then(|at| WORDS.get(at as usize)) {
        return pick(language, en, de).into();
    }
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{}", pick(language, ending, "."))
}
