//! A case: its calls, what was done about it, and the steps one can take.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::Desk;
use super::judge_buttons::{Back, Buttons};
use super::problem::Problem;
use super::step::{LONGEST_WAIT, Mistake, Taken, Wanted};
use super::view::{Kind, Light, Row, Top, speech};
use super::visitor::Visitor;
use crate::call_log::{
    CaseEvent, CaseQuery, Changed, CountedCase, Delivery, ListedCall, LogError, Reader,
};
use crate::call_record::CallId;
use crate::text::{shown, shown_lines};
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
    /// What somebody says that it really was, and the form to say so.
    judge: Buttons,
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
pub(super) struct Known {
    pub(super) counted: CountedCase,
    pub(super) calls: Vec<ListedCall>,
    pub(super) events: Vec<CaseEvent>,
    owed: Vec<Delivery>,
}

/// The case, if a visitor may see it.
pub(super) async fn known(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Known, Problem> {
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
            calls: calls_of(reader, id)?,
            events: reader.case_events(id)?,
            owed: reader.undelivered()?,
        }))
    });
    read.await?.ok_or(Problem::NotFound)
}

fn calls_of(reader: &Reader, case: CallId) -> Result<Vec<ListedCall>, LogError> {
    let mut corrections = reader.corrections(case)?;
    let calls = reader.calls_of_case(case)?.into_iter();
    Ok(calls
        .map(|record| ListedCall {
            correction: corrections.remove(&record.id),
            ..record.into()
        })
        .collect())
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
    let top = Top::new(visitor, &title);
    let listed = known.calls.iter().rev().map(|of| (of, &of.record));
    let calls = listed.map(|(of, call)| Call {
        id: call.id.to_string(),
        kind: Kind::of(Some(of), language),
        judge: Buttons::of(of, &top, &light, Back::Case),
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
        what: shown(&wording::case_event(
            &event.what,
            event.call,
            event.verdict,
            language,
        ))
        .to_string(),
        note: shown_lines(event.note.as_deref().unwrap_or_default()),
    });
    let calls = calls.collect();
    let page = Page {
        top,
        calls,
        events: events.collect(),
        row,
        refused: refused.into(),
        note: note.into(),
    };
    page.render().unwrap_or_default()
}

/// What a form of the page asks for.
#[derive(Deserialize)]
pub(super) struct Sent {
    step: String,
    /// The version of the case that was looked at.
    version: Option<u32>,
    #[serde(default)]
    note: String,
    /// Minutes until the next try; empty for at once.
    #[serde(default)]
    next_try: String,
}

impl Sent {
    /// The form has its next try whatever its button is.
    fn next_try(&self, now: Timestamp) -> Option<Timestamp> {
        let minutes = self.next_try.parse::<u32>().ok().filter(|of| *of > 0);
        let wait = SignedDuration::from_mins(minutes?.into());
        (self.step == "not_reached" && wait <= LONGEST_WAIT).then(|| now + wait)
    }
}

pub(super) async fn step(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let words = visitor.words();
    let case = CallId::parse(&id).ok_or(Problem::NotFound)?;
    let wanted = Wanted {
        next_try: sent.next_try(desk.0.clock.date()),
        step: sent.step,
        version: sent.version,
        note: sent.note,
    };
    let (status, why) = match wanted.take(&desk, &visitor, case).await? {
        Taken::Changed(Changed::Refused(refusal), step) => {
            let why = wording::refusal(&refusal, step, &desk.0.zone, visitor.language);
            (StatusCode::CONFLICT, why)
        }
        Taken::Changed(..) => return Ok(Redirect::to(&format!("/cases/{case}")).into_response()),
        Taken::Mistake(mistake) => {
            let why = match mistake {
                Mistake::Name => words.name_missing,
                Mistake::NoteMissing => words.note_missing,
                Mistake::NoteTooLong => words.note_too_long,
                Mistake::Step | Mistake::NextTry => {
                    return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
                }
            };
            (StatusCode::UNPROCESSABLE_ENTITY, why.to_owned())
        }
    };
    let known = known(&desk, &visitor, &id).await?;
    let page = page(&desk, &visitor, &known, &why, &wanted.plain_note());
    Ok((status, Html(page)).into_response())
}
