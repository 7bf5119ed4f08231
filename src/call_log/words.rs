//! The log in words: what stands in the support line and on the dispute card.

use jiff::tz::TimeZone;

use super::{Delivery, Stage};
use crate::audio::MediaTime;
use crate::case::{Case, ClosedBy};
use crate::hearing::Class;
use crate::number::no_number;
use crate::record::{
    CallRecord, Callback, CallbackSource, Caller, Destination, EndedBy, Presentation, Verdict,
    WouldHave,
};
use crate::text::{quoted, shortened, shown};

/// Characters of a name or number that are shown in a line.
const MOST_SHOWN: usize = 80;
/// Characters of why a delivery fails.
const MOST_REASON: usize = 300;

/// What the caller was, as the end of the sentence "the caller …".
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Message => "left a message",
        Verdict::Rambler => "talked past the limit or had to be asked for the number",
        Verdict::Hangup => "hung up at once",
        Verdict::Mutter => "muttered and hung up",
        Verdict::HoldMusic => "parked us on hold music",
        Verdict::Aside => "laid the handset aside",
        Verdict::Silent => "said nothing on an open line",
        Verdict::NoAudio => "sent no sound at all, a technical fault",
        Verdict::Tone => "was a machine",
        Verdict::Unsure => "could not be told apart with certainty",
    }
}

/// What became of a caller who was not heard because a list says so, as the end of the sentence "the caller …".
pub fn passed_by(record: &CallRecord) -> Option<&'static str> {
    match record.ended_by? {
        EndedBy::Straight => Some("went straight to VoiceMail()"),
        EndedBy::TurnedAway => Some("was refused at once"),
        _ => None,
    }
}

/// What stands behind the verdict in a table: that a list of the box had a say.
pub fn listed(record: &CallRecord) -> &'static str {
    match (record.ended_by, &record.watched) {
        (Some(EndedBy::Straight), _) => " (straight)",
        (Some(EndedBy::TurnedAway), _) => " (refused)",
        (_, Some(_)) => " (watched)",
        _ => "",
    }
}

/// Where a message went and when, with the time in this zone, in the form that `form` gives it.
///
/// The log has them as `box 100@default at 2026-11-24T09:12:35Z`.
pub(super) fn entry(entry: &str, form: impl Fn(jiff::Timestamp) -> String) -> String {
    let parts = entry.rsplit_once(" at ");
    let placed = parts.and_then(|(place, at)| Some((place, at.parse().ok()?)));
    placed.map_or_else(
        || entry.into(),
        |(place, at)| format!("{place} at {}", form(at)),
    )
}

/// Where a message went, for people.
pub fn delivered(told: &str, zone: &TimeZone) -> String {
    shown(&entry(told, |at| time(at, zone))).to_string()
}

/// A delivery that is not made: since when, where to, and why not.
pub fn owed(delivery: &Delivery, zone: &TimeZone) -> String {
    let place = match delivery.to {
        Destination::VoiceBox => "the mailbox",
        Destination::Mail => "e-mail",
        Destination::Webhook => "the webhook",
    };
    let since = time(delivery.since, zone);
    let why = delivery.why.as_deref().unwrap_or("not tried yet");
    let why = shortened(why, MOST_REASON);
    match delivery.stage {
        Stage::GivenUp => {
            format!("not delivered to {place}: given up, waiting since {since}: {why}")
        }
        Stage::Placed => format!("the lamp of {place} waits since {since}: {why}"),
        Stage::Waiting | Stage::Prepared if delivery.why.is_none() => {
            format!("waiting for {place} since {since}: {why}")
        }
        Stage::Waiting | Stage::Prepared => {
            let due = time(delivery.due, zone);
            format!("waiting for {place} since {since}, tried again {due}: {why}")
        }
    }
}

/// What stands behind the verdict in a table: that the message is not, or not everywhere, where it can be heard.
pub fn owed_in_short(record: &CallRecord, owed: &[Delivery]) -> &'static str {
    let stages = || owed.iter().map(|delivery| delivery.stage);
    if stages().any(|stage| matches!(stage, Stage::Waiting | Stage::Prepared)) {
        " (waiting)"
    } else if stages().all(|stage| stage != Stage::GivenUp) {
        ""
    } else if record.delivered.is_empty() {
        " (not delivered)"
    } else {
        " (partly delivered)"
    }
}

/// How the call ended, as the end of the sentence "the call …".
pub fn ended_by(ended_by: EndedBy) -> &'static str {
    match ended_by {
        EndedBy::Caller => "was ended by the caller",
        EndedBy::Guard => "was ended by the guard",
        EndedBy::Limit => "was ended at the longest message",
        EndedBy::Exit => "was left by the caller with a key, for the dialplan",
        EndedBy::HandedOn => "was handed on to VoiceMail() because something failed",
        EndedBy::Refused => "was refused at once, Asterisk carried on without the guard",
        EndedBy::Straight => "was let straight through to VoiceMail(), as the box's list wants",
        EndedBy::TurnedAway => "was refused at once, as the box's list wants",
        EndedBy::Asterisk => "was taken on or ended by Asterisk",
        EndedBy::Recovered => {
            "was cut off from the guard, which died: VoiceMail() took over, so look into the mailbox"
        }
    }
}

/// What enforce would have done in a call that was observed, as the end of the sentence "enforce would …".
pub fn would_have(would_have: Option<WouldHave>) -> String {
    match would_have {
        None => "not have ended this call earlier".into(),
        Some(WouldHave {
            ended_by: EndedBy::TurnedAway,
            saved_s,
            ..
        }) => format!("have refused this call at once, {saved_s} earlier"),
        Some(WouldHave {
            ended_by,
            verdict,
            at,
            saved_s,
        }) => {
            let limit = match ended_by {
                EndedBy::Limit => " at the longest message",
                _ => "",
            };
            format!("have ended this call{limit} after {at} as {verdict}, {saved_s} earlier")
        }
    }
}

/// Where the number to call back comes from.
pub fn source(source: CallbackSource) -> &'static str {
    match source {
        CallbackSource::KeyedConfirmed => "keyed in and confirmed by the caller",
        CallbackSource::CallerIdConfirmed => "caller ID, confirmed by the caller",
        CallbackSource::Keyed => "keyed in, not confirmed",
        CallbackSource::CallerId => "caller ID, not confirmed",
        CallbackSource::None => "none",
    }
}

/// Whether a case is open, or how and when it was closed: `closed 2026-11-24 10:12:03 by a message`.
pub fn case_state(case: &Case, zone: &TimeZone) -> String {
    case.closed.map_or_else(
        || "open".into(),
        |closed| format!("closed {} {}", time(closed.at, zone), closed_by(closed.by)),
    )
}

/// What closed a case, and who says so, as the end of the sentence "the case was closed …".
pub fn closed_by(by: ClosedBy) -> &'static str {
    match by {
        ClosedBy::Message => "by a message, which the guard heard",
        ClosedBy::Answered => "as the caller was answered, which Asterisk told",
        ClosedBy::CalledBack => "as the caller was called back, which Asterisk told",
    }
}

/// Which call of a case it is, and since when: `third call since Tuesday, 2026-11-24 10:12:03`.
pub fn nth_call(place: u32, first: jiff::Timestamp, zone: &TimeZone) -> String {
    let weekday = first.to_zoned_datetime(zone.clone()).strftime("%A");
    format!(
        "{} call since {weekday}, {}",
        ordinal(place),
        time(first, zone)
    )
}

/// `first` to `tenth`, then `11th`, `12th`.
fn ordinal(n: u32) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let word = n.checked_sub(1).and_then(|at| WORDS.get(at as usize));
    word.map_or_else(|| ordinal_in_figures(n), |word| (*word).into())
}

fn ordinal_in_figures(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// The number of the caller for people: E.164, else as sent, else why there is none.
pub fn number(caller: &Caller) -> String {
    match (&caller.e164, caller.presentation) {
        (Some(e164), Presentation::Withheld) => {
            format!("{} (withheld)", shortened(e164, MOST_SHOWN))
        }
        (Some(e164), _) => shortened(e164, MOST_SHOWN).to_string(),
        (None, Presentation::Withheld) => "number withheld".into(),
        (None, _) if no_number(&caller.number).is_some() => "no number".into(),
        (None, _) if is_plain(&caller.number) => shortened(&caller.number, MOST_SHOWN).to_string(),
        (None, _) => quoted(&clip(&caller.number)),
    }
}

/// Whether a number as sent cannot be taken for words of ours.
fn is_plain(number: &str) -> bool {
    number
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+*#@:/._-".contains(&b))
}

/// The caller's name between quotation marks, if there is one.
pub fn name(caller: &Caller) -> Option<String> {
    let name = caller.name.trim();
    let none = name.is_empty() || name.eq_ignore_ascii_case("unknown");
    (!none).then(|| quoted(&clip(name)))
}

/// The number to call back and how it was given.
pub fn callback(callback: &Callback) -> Option<String> {
    let number = callback.e164.as_deref().unwrap_or(&callback.number);
    (!number.is_empty()).then(|| {
        format!(
            "{} ({})",
            shortened(number, MOST_SHOWN),
            source(callback.source)
        )
    })
}

/// Seconds of each class that was heard, most first: `speech 14.2 s, silence 3.0 s`.
pub fn seconds(record: &CallRecord) -> String {
    let mut classes: Vec<(MediaTime, Class)> = Class::ALL
        .into_iter()
        .map(|class| (record.seconds.of(class), class))
        .filter(|(length, _)| *length > MediaTime::ZERO)
        .collect();
    classes.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    if classes.is_empty() {
        return "nothing".into();
    }
    let words: Vec<String> = classes
        .iter()
        .map(|(length, class)| format!("{class} {length}"))
        .collect();
    words.join(", ")
}

/// How long the call was, in whole seconds, if it is over.
pub fn length(record: &CallRecord) -> Option<i64> {
    let ended = record.ended?;
    Some(ended.duration_since(record.started).as_secs().max(0))
}

/// Date and time of day in this zone: `2026-11-24 10:12:03`.
pub fn time(at: jiff::Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into(),
    }
}
