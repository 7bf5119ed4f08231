//! `call ID`: the dispute card, one call as a page of text.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calls::{Error, NOTHING_FOUND};
use crate::audio::MediaTime;
use crate::call_log::{CaseOfCall, Delivery, ListedCall, Reader, Stage};
use crate::call_record::{CallRecord, Mode, Presentation, Verdict};
use crate::clock::Clock;
use crate::recordings;
use crate::text::{quoted, shortened, shown};
use crate::wording::{self, Language::En};

/// Width of the labels on the left.
const LABEL: usize = 11;
/// Characters of a text from outside that are shown.
const MOST_SHOWN: usize = 200;
/// Other calls of a case on the card.
const MOST_OTHER_CALLS: usize = 20;

/// Which call is wanted.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit code: 0 the call was found, 1 not found or several, 2 wrong usage.")]
pub struct Args {
    /// The call's identifier or its beginning, or Asterisk's uniqueid or linkedid
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Prints the card of the call; where several could be meant, their list.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let (now, zone) = (Clock::default().date(), TimeZone::system());
    let reader = Reader::open(data_folder)?;
    let found = reader.find(&args.id)?;
    match found.as_slice() {
        [] => writeln!(out, "There is no call {}.", quoted(&args.id))?,
        [record] => {
            let call = ListedCall {
                case: reader.case_of(record.id)?,
                correction: reader.correction(record.id)?,
                went_to: None,
                record: record.clone(),
            };
            let of_case = match &call.case {
                Some(of) => reader.calls_of_case(of.case.id)?,
                None => Vec::new(),
            };
            let mut of_channel = reader.find(&record.uniqueid)?;
            of_channel.retain(|other| {
                other.uniqueid == record.uniqueid && other.queue.is_some() != record.queue.is_some()
            });
            let mut owed = reader.undelivered()?;
            owed.retain(|delivery| delivery.call == record.id);
            write!(
                out,
                "{}",
                card(&call, &of_case, &owed, data_folder, (now, &zone))
            )?;
            write!(out, "{}", before_and_after(&of_channel))?;
            return Ok(ExitCode::SUCCESS);
        }
        several => {
            writeln!(out, "{} may be any of these calls:", quoted(&args.id))?;
            for record in several {
                writeln!(
                    out,
                    "  {}  {}  {}  {}",
                    record.id,
                    wording::time(record.started, &zone, En),
                    wording::number(&record.caller, En),
                    shown(&record.uniqueid),
                )?;
            }
        }
    }
    Ok(ExitCode::from(NOTHING_FOUND))
}

/// The card: everything that answers "I did leave a message", in words; `of_case` are all calls of
/// its case, `owed` what is still to be delivered or could not be.
pub fn card(
    call: &ListedCall,
    of_case: &[CallRecord],
    owed: &[Delivery],
    data_folder: &Path,
    (now, zone): (Timestamp, &TimeZone),
) -> String {
    let record = &call.record;
    let mut card = Card(format!("Call {}: {}\n\n", record.id, answer(record, owed)));
    card.line("When", &when(record, zone));
    card.line("Who", &who(record));
    if let Some(entry) = &record.watched {
        card.line(
            "Watched",
            &format!("the box's watch list has {}", shown(entry)),
        );
    }
    card.line("Dialled", &dialled(record));
    card.line(
        "Box",
        &format!(
            "{} ({})",
            shown(record.mailbox.as_str()),
            wording::mode(record.mode, En)
        ),
    );
    match &record.queue {
        Some(wait) => card.lines("Wait", wording::wait(wait, En), ""),
        None => card.line("Verdict", &verdict(record)),
    }
    if let Some(correction) = &call.correction {
        card.line("In truth", &wording::correction(correction, zone, En));
    }
    card.lines(
        "Why",
        wording::reasons(&record.reasons, En)
            .iter()
            .map(|reason| shown(reason).to_string()),
        "no reasons noted",
    );
    card.line("Heard", &wording::seconds(record, En));
    let asked = record.asked.iter();
    card.lines(
        "Asked",
        asked.map(|asked| format!("{:>7}  {}", clock(asked.at), wording::asked(asked, En))),
        "nothing was played",
    );
    let runs = record.key_runs();
    if !runs.is_empty() {
        let keys = runs.iter().map(|run| {
            let keys = shortened(&run.keys, MOST_SHOWN);
            format!("{:>7}  {keys}", clock(run.at))
        });
        card.lines("Keys", keys, "");
    }
    card.lines("Timeline", timeline(record), "nothing was heard");
    let callback = wording::callback(&record.callback, En);
    card.line(
        "Call back",
        callback.as_deref().unwrap_or("no number is known"),
    );
    if let Some(of) = &call.case {
        card.line("Case", &case_of(of, now, zone));
        card.lines("", other_calls(record, of_case, zone), "");
    }
    card.line("End", &end(record));
    if record.mode == Mode::Observe && record.ended_by.is_some() && record.queue.is_none() {
        let would_have = wording::would_have(record.would_have);
        card.line("Enforce", &format!("would {would_have}"));
    }
    let audio = recordings::path(data_folder, record)
        .map(|path| shown(&path.to_string_lossy()).to_string());
    card.line("Audio", audio.as_deref().unwrap_or("none kept"));
    card.lines(
        "Delivered",
        record
            .delivered
            .iter()
            .map(|delivered| wording::delivered(delivered, zone, En))
            .chain(
                owed.iter()
                    .map(|delivery| wording::undelivered(&delivery.into(), zone, En)),
            ),
        "to nobody",
    );
    card.line("Asterisk", &asterisk(record));
    card.0
}

/// The wait in a queue that the caller of this call came from, or where they went from there.
fn before_and_after(of_channel: &[CallRecord]) -> String {
    let mut card = Card(String::new());
    for other in of_channel {
        let what = match &other.queue {
            Some(wait) => wording::wait_in_short(wait, En),
            None => shown(other.mailbox.as_str()).to_string(),
        };
        let label = if other.queue.is_some() {
            "Before"
        } else {
            "After"
        };
        card.line(label, &format!("{}  {what}", other.id));
    }
    card.0
}

struct Card(String);

impl Card {
    fn line(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.0, "{label:LABEL$}{text}");
    }

    fn lines(&mut self, label: &str, texts: impl IntoIterator<Item = String>, none: &str) {
        let mut label = label;
        for text in texts {
            self.line(label, &text);
            label = "";
        }
        if !label.is_empty() {
            self.line(label, none);
        }
    }
}

/// The short answer to "I did leave a message".
fn answer(record: &CallRecord, owed: &[Delivery]) -> String {
    let mut answer = by_the_guard(record, owed);
    if let Some(look) = wording::look_elsewhere(record, En) {
        let _ = write!(answer, "; {look} for what was said to VoiceMail()");
    }
    answer
}

/// What became of the message as far as the guard had a hand in it.
fn by_the_guard(record: &CallRecord, owed: &[Delivery]) -> String {
    if let (Some(wait), Some(_)) = (&record.queue, record.ended) {
        return format!(
            "the caller waited in a queue: {}",
            wording::wait_in_short(wait, En)
        );
    }
    let Some(verdict) = record.verdict else {
        return "still up, or cut off and not closed yet".into();
    };
    if let Some(passed_by) = wording::passed_by(record, En) {
        return format!(
            "the caller {passed_by}, as the box's list wants; the guard heard nothing of them"
        );
    }
    let left = wording::verdict(verdict, En);
    let waits = |delivery: &Delivery| matches!(delivery.stage, Stage::Waiting | Stage::Prepared);
    let more = match (record.delivered.is_empty(), owed.iter().any(waits)) {
        (true, true) => Some("its delivery waits, see Delivered"),
        (false, true) => Some("it was delivered, but not everywhere yet"),
        (is_nowhere, false) if owed.iter().any(|delivery| delivery.stage == Stage::GivenUp) => {
            Some(if is_nowhere {
                "it could NOT be delivered, see Delivered"
            } else {
                "it was delivered, but not everywhere"
            })
        }
        _ => None,
    };
    if let Some(more) = more {
        return format!("the caller {left}; {more}");
    }
    match (verdict.is_delivered(), record.delivered.is_empty()) {
        (true, false) => format!("the caller {left}; it was delivered"),
        (_, true) if record.went_to_voicemail() => format!("the caller {left}"),
        (true, true) => format!("the caller {left}; no delivery by the guard is noted"),
        (false, false) if record.watched.is_some() => {
            format!("the caller {left}; they are on the watch list, so the call was reported")
        }
        (false, false) => format!("the caller {left}; what was said before was delivered"),
        (false, true) => format!("the caller {left}; there was no message to deliver"),
    }
}

fn when(record: &CallRecord, zone: &TimeZone) -> String {
    let started = record.started.to_zoned_datetime(zone.clone());
    let mut text = started.strftime("%A, %-d %B %Y, %H:%M:%S").to_string();
    if let (Some(ended), Some(length)) = (record.ended, wording::call_length(record)) {
        let ended = ended.to_zoned_datetime(zone.clone());
        if ended.offset() != started.offset() {
            let _ = write!(text, " {}", started.strftime("(UTC%:z)"));
        }
        let _ = write!(text, " to {}", ended.strftime("%H:%M:%S"));
        if ended.offset() != started.offset() {
            let _ = write!(text, " {}", ended.strftime("(UTC%:z)"));
            let _ = write!(text, " ({length} s)");
            return text;
        }
        let _ = write!(text, " ({length} s)");
    }
    let _ = write!(text, ", {}", started.strftime("UTC%:z"));
    text
}

fn who(record: &CallRecord) -> String {
    let caller = &record.caller;
    let mut text = wording::number(caller, En);
    if caller
        .e164
        .as_ref()
        .is_some_and(|e164| e164.as_str() != caller.number)
    {
        let _ = write!(text, ", sent as {}", quoted_short(&caller.number));
    }
    if let Some(name) = wording::name(caller) {
        let _ = write!(text, ", name {name}");
    }
    match caller.presentation {
        Presentation::Shown => {}
        Presentation::Withheld => text.push_str(", withheld by the caller"),
        Presentation::Unavailable => text.push_str(", not shown by the network"),
    }
    text
}

fn dialled(record: &CallRecord) -> String {
    let mut text = match record.dnid.as_str() {
        "" => "not sent by the network".into(),
        dnid => shortened(dnid, MOST_SHOWN).to_string(),
    };
    if !record.rdnis.is_empty() {
        let _ = write!(
            text,
            ", redirected from {}",
            shortened(&record.rdnis, MOST_SHOWN)
        );
    }
    text
}

fn verdict(record: &CallRecord) -> String {
    record.verdict.map_or_else(
        || "none yet".into(),
        |verdict| match wording::sure(record, En) {
            Some(sure) => format!("{verdict}, {sure}"),
            None => format!("{verdict}, not judged by what was heard"),
        },
    )
}

fn timeline(record: &CallRecord) -> impl Iterator<Item = String> {
    record.timeline.iter().map(|segment| {
        let mut text = format!(
            "{:>7} to {:>7}  {} for {}",
            clock(segment.start),
            clock(segment.end),
            segment.class,
            segment.len()
        );
        if let Some(signal) = segment.signal {
            let _ = write!(text, ": {signal}");
        }
        text
    })
}

fn case_of(of: &CaseOfCall, now: Timestamp, zone: &TimeZone) -> String {
    let state = wording::case_state(&of.case, now, zone, En);
    let calls = of.calls;
    let which = match of.place {
        1 if calls == 1 => "the only call".into(),
        1 => format!("first of {calls} calls"),
        place => format!(
            "{}, of {calls}",
            wording::nth_call(place, of.case.first, zone, En)
        ),
    };
    format!("{which} by this number for the box so far; {state}")
}

/// The other calls of the case, those next to this one.
fn other_calls(record: &CallRecord, calls: &[CallRecord], zone: &TimeZone) -> Vec<String> {
    let at = calls.iter().position(|call| call.id == record.id);
    let from = at.unwrap_or(0).saturating_sub(MOST_OTHER_CALLS / 2);
    let near = calls.iter().skip(from).take(MOST_OTHER_CALLS + 1);
    let others = near.filter(|call| call.id != record.id);
    let mut lines: Vec<_> = others
        .map(|call| {
            let verdict = call.verdict.map_or("(up)", Verdict::as_str);
            format!(
                "{}  {}  {verdict}",
                call.id,
                wording::time(call.started, zone, En)
            )
        })
        .collect();
    let shown = lines.len() + 1;
    if calls.len() > shown {
        lines.push(format!("and {} more", calls.len() - shown));
    }
    lines
}

fn end(record: &CallRecord) -> String {
    record.ended_by.map_or_else(
        || "the call is up".into(),
        |ended_by| {
            let how = wording::ended_by(ended_by, En);
            match wording::look_elsewhere(record, En) {
                Some(look) => format!("the call {how}; {look}"),
                None => format!("the call {how}"),
            }
        },
    )
}

fn asterisk(record: &CallRecord) -> String {
    let mut text = format!("channel {}", shortened(&record.channel, MOST_SHOWN));
    for (label, value) in [
        ("uniqueid", &record.uniqueid),
        ("linkedid", &record.linkedid),
    ] {
        if !value.is_empty() {
            let _ = write!(text, ", {label} {}", shortened(value, MOST_SHOWN));
        }
    }
    text
}

fn quoted_short(text: &str) -> String {
    format!("\"{}\"", shortened(text, MOST_SHOWN))
}

/// Minutes, seconds and tenths: `1:02.5`.
fn clock(at: MediaTime) -> String {
    let tenths = at.samples() / 800;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}
