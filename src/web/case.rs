//! A case: its calls, what was done about it, and the steps one can take.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use serde::Deserialize;

use super::Desk;
use super::problem::Problem;
use super::view::{Kind, Light, Row, Top, speech};
use super::visitor::Visitor;
use crate::call_log::{CaseEvent, CaseQuery, Change, Changed, CountedCase, Delivery};
use crate::call_record::{CallId, CallRecord};
use crate::case::{Author, LONGEST_NOTE, Step, Urgency, Via};
use crate::text::{is_hostile, shown};
use crate::wording;

/// One call of a case.
struct Call {
    id: String,
    kind: Kind,
    time: String,
    length: String,
    speech: String,
    has_sound: bool,
    reasons: Vec<String>,
    asked: Vec<String>,
}

/// One thing that was done.
struct Event {
    time: String,
    who: String,
    what: String,
    note: String,
}

#[derive(Template)]
#[template(path = "case.html")]
struct Page {
    top: Top,
    row: Row,
    calls: Vec<Call>,
    events: Vec<Event>,
    /// What was not done, and why.
    refused: String,
    /// What was typed, so that it is not lost.
    note: String,
}

/// All that is known of a case.
struct Known {
    counted: CountedCase,
    calls: Vec<CallRecord>,
    events: Vec<CaseEvent>,
    owed: Vec<Delivery>,
}

/// The case, if a visitor may see it.
async fn known(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Known, Problem> {
    let id = CallId::parse(id).ok_or(Problem::NotFound)?;
    let mailboxes = visitor.mailboxes();
    let read = desk.0.readers.ask(move |reader| {
        let query = CaseQuery {
            id: Some(id),
            mailboxes,
            ..CaseQuery::default()
        };
        let Some(counted) = reader.cases(&query)?.pop() else {
            return Ok(None);
        };
        Ok(Some(Known {
            counted,
            calls: reader.calls_of_case(id)?,
            events: reader.case_events(id)?,
            owed: reader.undelivered()?,
        }))
    });
    read.await?.ok_or(Problem::NotFound)
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let known = known(&desk, &visitor, &id).await?;
    Ok(Html(page(&desk, &visitor, &known, "", "")).into_response())
}

fn page(desk: &Desk, visitor: &Visitor, known: &Known, refused: &str, note: &str) -> String {
    let language = visitor.language;
    let config = desk.0.settings.now();
    let light = Light {
        now: desk.0.clock.date(),
        zone: &desk.0.zone,
        language,
        answer_within: config.web.answer_within,
        owed: &known.owed,
    };
    let row = Row::of(&known.counted, &light);
    let title = match row.name.as_str() {
        "" => row.number.shown.clone(),
        name => format!("{name} · {}", row.number.shown),
    };
    let calls = known.calls.iter().rev().map(|call| Call {
        id: call.id.to_string(),
        kind: Kind::of(Urgency::of(call), Some(call), language),
        time: wording::time(call.started, light.zone, language),
        length: wording::call_length(call).map_or_else(String::new, |s| format!("{s} s")),
        speech: speech(call, language),
        has_sound: call.audio.is_some(),
        reasons: wording::reasons(&call.reasons, language)
            .iter()
            .map(|reason| shown(reason).to_string())
            .collect(),
        asked: call
            .asked
            .iter()
            .map(|asked| wording::asked(asked, language))
            .collect(),
    });
    let events = known.events.iter().rev().map(|event| Event {
        time: wording::time(event.at, light.zone, language),
        who: wording::case_author(event.who.as_deref(), event.via),
        what: shown(wording::case_event(&event.what, language)).to_string(),
        note: shown(event.note.as_deref().unwrap_or_default()).to_string(),
    });
    let page = Page {
        top: Top::new(visitor, &title),
        calls: calls.collect(),
        events: events.collect(),
        row,
        refused: refused.into(),
        note: note.into(),
    };
    page.render().unwrap_or_default()
}

/// What a form of the page asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    step: String,
    /// The version of the case that was looked at.
    version: Option<u32>,
    #[serde(default)]
    note: String,
    /// Minutes until the next try; empty for at once.
    #[serde(default)]
    next_try: String,
}

pub(super) async fn step(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let (now, words) = (desk.0.clock.date(), visitor.words());
    let case = CallId::parse(&id).ok_or(Problem::NotFound)?;
    let claims_last = desk.0.settings.now().web.claims_last;
    let minutes = wanted.next_try.parse::<u32>().ok();
    let step = match wanted.step.as_str() {
        "claim" => Step::Claim {
            until: now + claims_last,
        },
        "release" => Step::Release,
        "reached" => Step::Reached,
        "not_reached" => Step::NotReached {
            next_try: minutes
                .filter(|minutes| (1..=LONGEST_WAIT_MIN).contains(minutes))
                .map(|minutes| now + SignedDuration::from_mins(minutes.into())),
        },
        "done" => Step::Done,
        "nothing_to_do" => Step::NothingToDo,
        "reopen" => Step::Reopen,
        "note" => Step::Note,
        _ => return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response()),
    };
    let note: String = wanted
        .note
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| *c == '\n' || !is_hostile(*c))
        .collect();
    let note = note.trim();
    let mistake = match note.chars().count() {
        _ if visitor.name.is_empty() => Some(words.name_missing),
        0 if step == Step::Note => Some(words.note_missing),
        n if n > LONGEST_NOTE => Some(words.note_too_long),
        _ => None,
    };
    if let Some(mistake) = mistake {
        let known = known(&desk, &visitor, &id).await?;
        let page = page(&desk, &visitor, &known, mistake, note);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    }
    let theirs = CaseQuery {
        id: Some(case),
        mailboxes: visitor.mailboxes(),
        ..CaseQuery::default()
    };
    let seen = desk
        .0
        .readers
        .ask(move |of| of.count_cases(&theirs))
        .await?;
    if seen == 0 {
        return Err(Problem::NotFound);
    }
    let change = Change {
        case,
        seen: wanted.version,
        step,
        note: (!note.is_empty()).then(|| note.to_owned()),
        author: Author {
            who: visitor.name.clone(),
            via: Via::Page,
        },
        at: now,
    };
    match desk.0.log.change_case(change).await? {
        Changed::Missing => Err(Problem::NotFound),
        Changed::Done(_) => Ok(Redirect::to(&format!("/cases/{case}")).into_response()),
        Changed::Refused(refusal) => {
            let known = known(&desk, &visitor, &id).await?;
            let why = wording::refusal(&refusal, step, &desk.0.zone, visitor.language);
            let page = page(&desk, &visitor, &known, &why, note);
            Ok((StatusCode::CONFLICT, Html(page)).into_response())
        }
    }
}

/// A next try is at most a month away.
const LONGEST_WAIT_MIN: u32 = 31 * 24 * 60;
