//! A call: what was heard and said, in sentences one can read out, with its recording.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};

use super::Desk;
use super::judge_buttons::{Back, Buttons};
use super::problem::Problem;
use super::view::{Kind, Light, Number, Top};
use super::visitor::Visitor;
use crate::access::Action;
use crate::audio::MediaTime;
use crate::call_log::{ListedCall, Listening, export};
use crate::call_record::CallId;
use crate::hearing::Class;
use crate::prompts::Prompt;
use crate::text::shown;
use crate::wording;

/// A stretch of sound that the player may skip, or go to.
struct Stretch {
    class: &'static str,
    start: f64,
    end: f64,
}

/// One sentence of what happened.
struct Sentence {
    time: String,
    text: String,
    /// Seconds into the recording.
    at: f64,
}

/// Somebody who had the recording sent to them.
struct Listener {
    time: String,
    who: String,
    address: String,
}

/// Another record of the same caller's stay.
struct Beside {
    /// Where that is.
    word: &'static str,
    name: String,
    id: String,
}

impl Beside {
    fn of(known: &ListedCall, visitor: &Visitor) -> Option<Self> {
        let words = visitor.words();
        if let Some(from) = &known.record.came_from {
            return Some(Self {
                word: words.came_from,
                name: wording::came_from(from, visitor.language),
                id: from.id.to_string(),
            });
        }
        known.went_to.as_ref().map(|to| Self {
            word: words.went_to,
            name: shown(to.mailbox.as_str()).to_string(),
            id: to.id.to_string(),
        })
    }
}

#[derive(Template)]
#[template(path = "call.html")]
struct Page {
    top: Top,
    id: String,
    case: Option<String>,
    kind: Kind,
    time: String,
    number: Number,
    name: String,
    mailbox: String,
    /// The wait in a queue before it, or the call behind it.
    beside: Option<Beside>,
    verdict: String,
    /// What was not done, and why.
    refused: String,
    judge: Buttons,
    reasons: Vec<String>,
    story: Vec<Sentence>,
    has_sound: bool,
    /// The classes that were heard, with their names.
    legend: Vec<(&'static str, &'static str)>,
    /// The keys that the caller pressed, in words.
    keys: Vec<String>,
    stretches: Vec<Stretch>,
    /// Where the number is said or keyed, as far as that is known.
    number_at: Option<f64>,
    deliveries: Vec<String>,
    listeners: Vec<Listener>,
    json: String,
}

/// A call that a visitor may see.
pub(super) async fn known(desk: &Desk, visitor: &Visitor, id: &str) -> Result<ListedCall, Problem> {
    let id = CallId::parse(id).ok_or(Problem::NotFound)?;
    let visitor = visitor.clone();
    let read = desk.0.readers.ask(move |reader| {
        // Before its record is read: that one cannot be read is nothing for others, either.
        let mailbox = reader.mailbox_of(id)?;
        if !mailbox.is_some_and(|mailbox| visitor.sees(&mailbox)) {
            return Ok(None);
        }
        let Some(record) = reader.call(id)? else {
            return Ok(None);
        };
        let went_to = reader.went_to(&record)?;
        let mut known = ListedCall {
            record,
            case: reader.case_of(id)?,
            correction: reader.correction(id)?,
            went_to,
        };
        visitor.hide_others(&mut known);
        Ok(Some(known))
    });
    read.await?.ok_or(Problem::NotFound)
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let known = known(&desk, &visitor, &id).await?;
    let listeners = listeners(&desk, &visitor, known.record.id).await?;
    Ok(Html(page(&desk, &visitor, &known, listeners, "", "")).into_response())
}

/// Who listened to a call, for those who may know.
pub(super) async fn listeners(
    desk: &Desk,
    visitor: &Visitor,
    call: CallId,
) -> Result<Vec<Listening>, Problem> {
    if visitor.may(Action::SeeListeners) {
        Ok(desk.0.readers.ask(move |of| of.listenings(call)).await?)
    } else {
        Ok(Vec::new())
    }
}

pub(super) fn page(
    desk: &Desk,
    visitor: &Visitor,
    known: &ListedCall,
    listeners: Vec<Listening>,
    refused: &str,
    note: &str,
) -> String {
    let record = &known.record;
    let config = desk.0.settings.now();
    let light = Light {
        now: desk.0.clock.date(),
        zone: &desk.0.zone,
        language: visitor.language,
        answer_within: config.web.answer_within,
        owed: &[],
    };
    let (zone, language) = (&desk.0.zone, visitor.language);
    let words = visitor.words();
    let title = format!("{} {}", words.call, record.id);
    let verdict = match (&record.queue, record.verdict) {
        (Some(wait), _) if record.ended.is_some() => wording::wait_in_short(wait, language),
        (_, None) => words.under_way.to_owned(),
        (_, Some(verdict)) => wording::verdict(verdict, language).to_owned(),
    };
    let story = wording::story(record, zone, language);
    let keys = record.key_runs();
    let keyed = keys.iter().find(|run| run.may_be_number());
    let top = Top::new(visitor, &title);
    let page = Page {
        judge: Buttons::of(known, &top, &light, Back::Call).with(note),
        refused: refused.into(),
        top,
        id: record.id.to_string(),
        case: known.case.as_ref().map(|of| of.case.id.to_string()),
        kind: Kind::of(Some(known), language),
        time: wording::time(record.started, zone, language),
        number: Number::of(record, language),
        name: shown(record.caller.name.trim()).to_string(),
        mailbox: shown(record.mailbox.as_str()).to_string(),
        beside: Beside::of(known, visitor),
        verdict,
        reasons: wording::reasons(&record.reasons, language)
            .iter()
            .map(|reason| shown(reason).to_string())
            .collect(),
        story: story
            .into_iter()
            .map(|of| Sentence {
                time: of.time,
                text: of.text,
                at: of.at.as_secs_f64(),
            })
            .collect(),
        has_sound: record.audio.is_some(),
        legend: Class::ALL
            .into_iter()
            .filter(|of| record.timeline.iter().any(|segment| segment.class == *of))
            .map(|of| (of.as_str(), wording::class(of, language)))
            .collect(),
        stretches: record
            .timeline
            .iter()
            .map(|segment| Stretch {
                class: segment.class.as_str(),
                start: segment.start.as_secs_f64(),
                end: segment.end.as_secs_f64(),
            })
            .collect(),
        number_at: keyed
            .map(|run| run.at)
            .or_else(|| {
                let mut asked = record.asked.iter();
                let said = asked
                    .find(|asked| asked.prompt == Prompt::NumberFirst && asked.answer.is_some());
                said.map(|asked| asked.at)
            })
            .map(MediaTime::as_secs_f64),
        keys: keys
            .iter()
            .map(|run| wording::pressed(run, language))
            .collect(),
        deliveries: record
            .delivered
            .iter()
            .map(|delivered| wording::delivered(delivered, zone, language))
            .collect(),
        listeners: listeners
            .into_iter()
            .map(|of| Listener {
                time: wording::time(of.at, zone, language),
                who: shown(&of.who).to_string(),
                address: of.address,
            })
            .collect(),
        json: export::json(record, zone),
    };
    page.render().unwrap_or_default()
}
