//! Calls for other programs: the log, and one with what happened in it in sentences.

use std::str::FromStr;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{Response, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::fault::Fault;
use super::parameters::Parameters;
use super::{BASE, Desk, answer};
use crate::call_log::{Delivery, ListedCall, LogError, Query, Reader, Stage, export};
use crate::call_record::CallId;
use crate::number::Needle;
use crate::web::call::known;
use crate::web::problem::Problem;
use crate::web::visitor::Visitor;
use crate::wording::{self, Language};

/// Calls in one answer.
const MOST: u32 = 500;
const USUAL: u32 = 50;

#[derive(Serialize)]
struct Listed<R: Serialize> {
    calls: Vec<R>,
    /// The identifiers of those whose records cannot be read.
    unreadable: Vec<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct InFull<R: Serialize> {
    call: R,
    story: Vec<Sentence>,
    sound: Option<String>,
    waveform: Option<String>,
}

#[derive(Serialize)]
struct Sentence {
    time: String,
    at: f64,
    text: String,
}

/// A call as it is listed, or the identifier of one that cannot be read.
type Found = std::result::Result<ListedCall, String>;

/// A moment, or the day that it begins; of a day, the first moment or the last.
fn moment(text: &str, zone: &TimeZone, to_its_end: bool) -> Option<Timestamp> {
    let day = |text: &str| {
        let day = text.parse::<Date>().ok()?;
        let day = if to_its_end {
            day.tomorrow().ok()?
        } else {
            day
        };
        Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp())
    };
    Timestamp::from_str(text).ok().or_else(|| day(text))
}

fn query(
    desk: &Desk,
    visitor: &Visitor,
    parameters: &Parameters,
    limit: u32,
) -> Result<Query, Fault> {
    let time = |name, to_its_end| {
        let expected = "a day such as 2026-11-24, or a time such as 2026-11-24T14:00:00+01:00";
        parameters.one(name, expected, |text| {
            moment(text, &desk.0.zone, to_its_end)
        })
    };
    let mailbox = parameters.mailbox()?;
    let config = desk.0.settings.now();
    let home = config
        .policy(&mailbox.clone().unwrap_or_else(|| "".into()))
        .home_country;
    let withheld = parameters.text("number") == "withheld";
    let number = parameters.one("number", "digits of a number, or withheld", |text| {
        Some(Needle::read(text, Some(home)).filter(|_| !withheld))
            .filter(|needle| withheld || needle.is_some())
    })?;
    let (since, until) = (time("since", false)?, time("until", true)?);
    if since
        .zip(until)
        .is_some_and(|(since, until)| since >= until)
    {
        let detail = "since is later than until: no call is in between";
        return Err(Fault::of_field("since", detail));
    }
    Ok(Query {
        number: number.flatten(),
        withheld,
        since,
        until,
        verdict: parameters.verdict()?,
        judged_wrong: false,
        mailbox,
        mailboxes: visitor.mailboxes(),
        behind: parameters.one(
            "cursor",
            "what next of another answer has for it",
            CallId::parse,
        )?,
        limit: Some(limit + 1),
    })
}

pub(super) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let limit = parameters.number("limit", (1, MOST))?.unwrap_or(USUAL);
    let query = query(&desk, &visitor, &parameters, limit)?;
    let read = desk.0.readers.ask(move |reader| {
        if let Some(cursor) = query.behind {
            let mailbox = reader.mailbox_of(cursor)?;
            if !mailbox.is_some_and(|mailbox| visitor.sees(&mailbox)) {
                return Ok(None);
            }
        }
        let mut found: Vec<Found> = Vec::new();
        let mut failed = None;
        reader.each_with_case(&query, |call| {
            match call {
                Ok(mut call) => {
                    visitor.hide_others(&mut call);
                    found.push(Ok(call));
                }
                Err(LogError::Record { id, .. }) => found.push(Err(id)),
                Err(error) => failed = Some(error),
            }
            failed.is_none()
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok(Some((found, reader.undelivered()?))),
        }
    });
    let Some((mut found, owed)) = read.await.map_err(Problem::from)? else {
        let detail = "the call that cursor names is not there any more; begin without it";
        return Err(Fault::of_field("cursor", detail).into());
    };
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().map(|call| match call {
        Ok(call) => call.record.id.to_string(),
        Err(id) => id.clone(),
    });
    let next = last.filter(|_| has_more);
    let (mut calls, mut unreadable) = (Vec::new(), Vec::new());
    for call in &found {
        match call {
            Ok(call) => calls.push(line(call, &owed, &desk.0.zone)),
            Err(id) => unreadable.push(id.clone()),
        }
    }
    Ok(answer(&Listed {
        calls,
        unreadable,
        next: next.map(|last| parameters.address(&format!("{BASE}/calls"), "cursor", &last)),
    }))
}

/// A call with its case, what somebody said that it was, and what is not delivered of it.
fn line<'a>(call: &'a ListedCall, owed: &[Delivery], zone: &TimeZone) -> impl Serialize + use<'a> {
    let owed = owed.iter();
    let owed = owed.filter(|of| of.call == call.record.id && of.stage != Stage::Stored);
    export::line_with_case(call, &owed.collect::<Vec<_>>(), zone)
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let language = match parameters.word("language", &["en", "de"])? {
        Some("de") => Language::De,
        _ => Language::En,
    };
    in_full(&desk, &visitor, &id, language).await
}

/// A call with what happened in it in sentences.
pub(super) async fn in_full(
    desk: &Desk,
    visitor: &Visitor,
    id: &str,
    language: Language,
) -> Result<Response> {
    let call = known(desk, visitor, id).await?;
    let record = &call.record;
    let id = record.id;
    let read = desk.0.readers.ask(Reader::undelivered);
    let owed = read.await.map_err(Problem::from)?;
    let story = wording::story(record, &desk.0.zone, language);
    let of_sound = |name: &str| {
        let has_sound = record.audio.is_some();
        has_sound.then(|| format!("{BASE}/calls/{id}/{name}"))
    };
    Ok(answer(&InFull {
        call: line(&call, &owed, &desk.0.zone),
        story: story
            .into_iter()
            .map(|of| Sentence {
                time: of.time,
                at: of.at.as_secs_f64(),
                text: of.text,
            })
            .collect(),
        sound: of_sound("sound.wav"),
        waveform: of_sound("waveform.svg"),
    }))
}
