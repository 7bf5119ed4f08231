//! The log for machines: one JSON object a line, and CSV that a spreadsheet can open without harm.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::correction_line::CorrectionLine;
use super::csv::csv_line;
pub use super::csv::{Csv, csv_value};
use super::owed_line::OwedLine;
pub use super::time::rfc3339;
use super::{CaseOfCall, CountedCase, Delivery, ListedCall};
use crate::audio::MediaTime;
use crate::call_record::{
    Asked, CallId, CallRecord, Callback, Caller, CameFrom, EndedBy, KeyPress, Mode, PlaceInCase,
    QueueWait, Verdict, WouldHave,
};
use crate::case::{Case, ClosedBy};
use crate::hearing::{Class, ClassSeconds};
use crate::text::plain_json;
use crate::wording::{self, Language};

/// What `calls --format json` prints of a call: these fields in this order, for good.
#[derive(Serialize)]
struct Line<'a> {
    id: CallId,
    started: String,
    ended: Option<String>,
    #[serde(rename = "box")]
    box_name: &'a str,
    uniqueid: &'a str,
    linkedid: &'a str,
    channel: &'a str,
    caller: &'a Caller,
    dnid: &'a str,
    rdnis: &'a str,
    verdict: Option<Verdict>,
    confidence: f32,
    reasons: Vec<String>,
    seconds: ClassSeconds,
    asked: &'a [Asked],
    callback: &'a Callback,
    mode: Mode,
    ended_by: Option<EndedBy>,
    audio: Option<&'a str>,
    delivered: Vec<String>,
    /// Only where enforce would have ended an observed call earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_have: Option<WouldHave>,
    /// Only where the box's watch list means the caller: the entry that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    watched: Option<&'a str>,
    /// Only where the caller pressed keys: which and when.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    keys: &'a [KeyPress],
    /// Only of a test call by `doctor`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    /// Only of a wait in a queue: `queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// And what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a QueueWait>,
    /// Only of a call whose caller came from a queue in which this guard had watched them: that wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    came_from: Option<&'a CameFrom>,
}

/// A call, and behind what there is of it its case, which is `null` where it has none.
#[derive(Serialize)]
struct InCase<'a, L: Serialize, C: Serialize> {
    #[serde(flatten)]
    call: L,
    case: Option<C>,
    /// Only of a wait in a queue from which the caller went to a mailbox: that call.
    #[serde(skip_serializing_if = "Option::is_none")]
    went_to: Option<WentToLine<'a>>,
    /// Only where somebody says that the verdict is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<CorrectionLine<'a>>,
    /// Only where something of the call is still to be delivered, or could not be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undelivered: Vec<OwedLine>,
}

/// The call that somebody made who has waited before.
#[derive(Serialize)]
struct WentToLine<'a> {
    id: CallId,
    #[serde(rename = "box")]
    mailbox: &'a str,
}

/// What `calls` prints of the case of a call.
#[derive(Serialize)]
struct CaseLine<'a> {
    id: CallId,
    place: u32,
    calls: u32,
    first: String,
    last: String,
    closed: Option<ClosedLine<'a>>,
}

/// What a delivery says of it: what is known of a case when the call ends.
#[derive(Serialize)]
struct PlaceLine {
    id: CallId,
    place: u32,
    first: String,
}

#[derive(Serialize)]
struct ClosedLine<'a> {
    at: String,
    by: ClosedBy,
    known_by: &'static str,
    call: Option<CallId>,
    who: Option<&'a str>,
}

impl<'a> ClosedLine<'a> {
    fn of(case: &'a Case, zone: &TimeZone) -> Option<Self> {
        case.closed.as_ref().map(|closed| Self {
            at: rfc3339(closed.at, zone),
            by: closed.by,
            known_by: closed.by.known_by(),
            call: closed.call,
            who: closed.who.as_deref(),
        })
    }
}

/// What `calls --cases --format json` prints of a case: these fields in this order, for good.
#[derive(Serialize)]
struct CountedLine<'a> {
    id: CallId,
    number: &'a str,
    #[serde(rename = "box")]
    box_name: &'a str,
    first: String,
    last: String,
    calls: u32,
    verdicts: Vec<VerdictLine>,
    closed: Option<ClosedLine<'a>>,
    state: &'static str,
    urgency: &'static str,
    waiting_since: Option<String>,
    claimed: Option<ClaimLine<'a>>,
    tries: u32,
    next_try: Option<String>,
    name: &'a str,
    callback: Option<&'a Callback>,
    version: u32,
    correction: Option<CorrectionLine<'a>>,
}

#[derive(Serialize)]
struct ClaimLine<'a> {
    by: &'a str,
    since: String,
    until: String,
}

#[derive(Serialize)]
struct VerdictLine {
    verdict: Verdict,
    calls: u32,
}

/// A case as one JSON object without a line end.
pub fn case_json(counted: &CountedCase, now: Timestamp, zone: &TimeZone) -> String {
    document(&case_line(counted, now, zone))
}

/// The same, to stand inside something larger.
pub fn case_line<'a>(
    counted: &'a CountedCase,
    now: Timestamp,
    zone: &TimeZone,
) -> impl Serialize + use<'a> {
    let case = &counted.case;
    let lead = counted.lead.as_ref();
    let time = |at| rfc3339(at, zone);
    let verdicts = counted.verdicts.iter();
    CountedLine {
        id: counted.case.id,
        number: &counted.number,
        box_name: counted.mailbox.as_str(),
        first: rfc3339(counted.case.first, zone),
        last: rfc3339(counted.case.last, zone),
        calls: counted.calls,
        verdicts: verdicts
            .map(|&(verdict, calls)| VerdictLine { verdict, calls })
            .collect(),
        closed: ClosedLine::of(case, zone),
        state: case.state(now).as_str(),
        urgency: case.urgency.as_str(),
        waiting_since: counted.waiting_since.map(time),
        claimed: case.claim_at(now).map(|claim| ClaimLine {
            by: &claim.by,
            since: time(claim.since),
            until: time(claim.until),
        }),
        tries: case.tries,
        next_try: case.next_try.map(time),
        name: lead.map_or("", |lead| &lead.caller.name),
        callback: lead.map(|lead| &lead.callback),
        version: case.version,
        correction: CorrectionLine::of(counted.correction.as_ref(), zone),
    }
}

/// What [`json`] prints, its case (`null` without one), its correction, what is not delivered.
pub fn json_with_case(call: &ListedCall, owed: &[Delivery], zone: &TimeZone) -> String {
    let owed: Vec<_> = owed.iter().collect();
    document(&line_with_case(call, &owed, zone))
}

/// The same, to stand inside something larger.
pub fn line_with_case<'a>(
    call: &'a ListedCall,
    owed: &[&Delivery],
    zone: &TimeZone,
) -> impl Serialize + use<'a> {
    let case = call.case.as_ref().map(|of| CaseLine {
        id: of.case.id,
        place: of.place,
        calls: of.calls,
        first: rfc3339(of.case.first, zone),
        last: rfc3339(of.case.last, zone),
        closed: ClosedLine::of(&of.case, zone),
    });
    InCase {
        call: json_line(&call.record, zone),
        case,
        went_to: call.went_to.as_ref().map(|of| WentToLine {
            id: of.id,
            mailbox: of.mailbox.as_str(),
        }),
        correction: CorrectionLine::of(call.correction.as_ref(), zone),
        undelivered: OwedLine::all(owed.iter().copied(), zone),
    }
}

/// A call as one JSON object without a line end; times with the offset of `zone`, durations in seconds.
pub fn json(record: &CallRecord, zone: &TimeZone) -> String {
    document(&json_line(record, zone))
}

/// A value as JSON in which nothing steers, hides or reorders.
pub fn document(value: &impl Serialize) -> String {
    plain_json(&to_json(value))
}

/// What [`json`] writes and the call's place in its case, to stand inside something larger.
pub fn json_line_in_case<'a>(
    record: &'a CallRecord,
    case: Option<PlaceInCase>,
    zone: &TimeZone,
) -> impl Serialize + use<'a> {
    InCase {
        call: json_line(record, zone),
        case: case.map(|of| PlaceLine {
            id: of.case,
            place: of.place,
            first: rfc3339(of.first, zone),
        }),
        went_to: None,
        correction: None,
        undelivered: Vec::new(),
    }
}

/// What [`json`] writes, to stand inside something larger.
pub fn json_line<'a>(record: &'a CallRecord, zone: &TimeZone) -> impl Serialize + use<'a> {
    Line {
        id: record.id,
        started: rfc3339(record.started, zone),
        ended: record.ended.map(|ended| rfc3339(ended, zone)),
        box_name: record.mailbox.as_str(),
        uniqueid: &record.uniqueid,
        linkedid: &record.linkedid,
        channel: &record.channel,
        caller: &record.caller,
        dnid: &record.dnid,
        rdnis: &record.rdnis,
        verdict: record.verdict,
        confidence: record.confidence,
        reasons: wording::reasons(&record.reasons, Language::En),
        seconds: record.seconds,
        asked: &record.asked,
        callback: &record.callback,
        mode: record.mode,
        ended_by: record.ended_by,
        audio: record.audio.as_deref(),
        delivered: delivered(record, zone),
        would_have: record.would_have,
        watched: record.watched.as_deref(),
        keys: &record.keys,
        test: record.is_test,
        kind: record.queue.as_ref().map(|_| QUEUE),
        queue: record.queue.as_ref(),
        came_from: record.came_from.as_ref(),
    }
}

/// The same in whole seconds.
fn whole_seconds(at: Timestamp, zone: &TimeZone) -> String {
    rfc3339(Timestamp::from_second(at.as_second()).unwrap_or(at), zone)
}

/// Where the message went, with times as everywhere else.
fn delivered(record: &CallRecord, zone: &TimeZone) -> Vec<String> {
    let entries = record.delivered.iter();
    entries
        .map(|entry| entry.text(|at| rfc3339(at, zone)))
        .collect()
}

/// The `kind` of a wait in a queue.
const QUEUE: &str = "queue";

/// The columns of [`csv`], in order.
pub const CSV_COLUMNS: [&str; 46] = [
    "id",
    "started",
    "ended",
    "box",
    "uniqueid",
    "linkedid",
    "channel",
    "number",
    "e164",
    "name",
    "presentation",
    "dnid",
    "rdnis",
    "verdict",
    "confidence",
    "reasons",
    "speech",
    "silence",
    "music",
    "tone",
    "noise",
    "callback_number",
    "callback_e164",
    "callback_source",
    "mode",
    "ended_by",
    "audio",
    "delivered",
    "saved",
    "case",
    "case_place",
    "case_calls",
    "case_closed",
    "case_closed_by",
    "watched",
    "undelivered",
    "correction",
    "correction_by",
    "kind",
    "queue",
    "queue_position",
    "queue_waited",
    "queue_ended",
    "queue_nobody",
    "came_from",
    "went_to",
];

/// A call as one line of CSV, line end included (RFC 4180: CR LF).
///
/// Every cell stands between quotation marks, and what steers a terminal, hides or turns the direction of writing is
/// shown in it (`\u{1b}`), so that a CSV can be looked at as it is. A cell that a spreadsheet could take for a formula (it
/// begins with `=`, `+`, `-`, `@` or their full-width forms, CWE-1236), and a cell that begins with `'` itself, gets a
/// `'` in front. So a reader that wants the values takes one leading `'` away from every cell that has one;
/// [`csv_value`] does so. `reasons`, `delivered` and `undelivered` are JSON lists, in which such characters stand as
/// JSON escapes them.
pub fn csv(form: Csv, call: &ListedCall, owed: &[Delivery], zone: &TimeZone) -> String {
    let (record, case, correction) = (&call.record, call.case.as_ref(), call.correction.as_ref());
    let time = |at| match form {
        Csv::Plain => whole_seconds(at, zone),
        Csv::Excel => wording::time(at, zone, Language::En),
    };
    let seconds = |length: MediaTime| form.number(format!("{:.3}", length.as_secs_f64()));
    let of_case = |cell: fn(&CaseOfCall) -> String| case.map_or_else(String::new, cell);
    let closed = case.and_then(|of| of.case.closed.as_ref());
    let class = |class: Class| seconds(record.seconds.of(class));
    let wait = record.queue.as_ref();
    let count = |of: Option<u32>| of.map_or_else(String::new, |of| of.to_string());
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    csv_line(
        form,
        &[
            record.id.to_string(),
            time(record.started),
            record.ended.map_or_else(String::new, time),
            record.mailbox.clone().into(),
            record.uniqueid.clone(),
            record.linkedid.clone(),
            record.channel.clone(),
            record.caller.number.clone(),
            word(&record.caller.e164),
            record.caller.name.clone(),
            word(&record.caller.presentation),
            record.dnid.clone(),
            record.rdnis.clone(),
            word(&record.verdict),
            form.number(record.confidence.to_string()),
            list(&wording::reasons(&record.reasons, Language::En)),
            class(Class::Speech),
            class(Class::Silence),
            class(Class::Music),
            class(Class::Tone),
            class(Class::Noise),
            record.callback.number.clone(),
            word(&record.callback.e164),
            word(&record.callback.source),
            word(&record.mode),
            word(&record.ended_by),
            optional(&record.audio),
            list(&delivered(record, zone)),
            record
                .would_have
                .map_or_else(String::new, |would_have| seconds(would_have.saved_s)),
            of_case(|of| of.case.id.to_string()),
            of_case(|of| of.place.to_string()),
            of_case(|of| of.calls.to_string()),
            closed.map_or_else(String::new, |closed| time(closed.at)),
            closed.map_or_else(String::new, |closed| closed.by.as_str().to_owned()),
            optional(&record.watched),
            list(&OwedLine::all(owed.iter(), zone)),
            correction.map_or_else(String::new, |of| of.verdict.to_string()),
            correction.map_or_else(String::new, |of| of.author.who.clone()),
            wait.map_or_else(String::new, |_| QUEUE.to_owned()),
            wait.map_or_else(String::new, |of| of.queue.clone()),
            count(wait.and_then(|of| of.position)),
            count(wait.and_then(|of| of.waited_s)),
            word(&wait.and_then(|of| of.ended)),
            word(&wait.and_then(|of| of.nobody).map(|of| of.heard)),
            record
                .came_from
                .as_ref()
                .map_or_else(String::new, |of| of.id.to_string()),
            call.went_to
                .as_ref()
                .map_or_else(String::new, |of| of.id.to_string()),
        ],
    )
}

/// The first line of the CSV.
pub fn csv_header(form: Csv) -> String {
    form.mark().to_owned() + &csv_line(form, &CSV_COLUMNS.map(String::from))
}

/// A list in one cell.
fn list(values: &impl Serialize) -> String {
    plain_json(&to_json(values))
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("text, numbers and lists have a JSON form")
}

/// The word a value has in JSON, so that both forms say the same.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
