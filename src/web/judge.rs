//! "Judged wrongly?": the form below a call, and what comes of it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::problem::Problem;
use super::step::typed;
use super::view::{Light, Top, verdict_word};
use super::visitor::Visitor;
use super::words::Words;
use super::{Desk, call};
use crate::call_log::{Judged, ListedCall};
use crate::call_record::Verdict;
use crate::case::{Author, Correction, Judgement, Judging, LONGEST_NOTE, Via};
use crate::wording;

/// The page that a form stands on, and that one comes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Back {
    Call,
    Case,
}

/// What stands below a call: what somebody said that it was, and the buttons to say so.
#[derive(Template)]
#[template(path = "judge.html")]
pub(super) struct Buttons {
    words: &'static Words,
    token: Option<String>,
    call: String,
    back: Back,
    /// What somebody said; empty where nobody did.
    said: String,
    /// What the call can have been, by the word in the form; nothing where one cannot say so.
    choices: Vec<(&'static str, String)>,
    /// What was typed, so that it is not lost.
    note: String,
}

impl Buttons {
    pub(super) fn of(of: &ListedCall, top: &Top, light: &Light<'_>, back: Back) -> Self {
        let (record, correction) = (&of.record, of.correction.as_ref());
        let is_open = record.ended.is_some() && record.verdict.is_some() && record.was_let_in();
        let choices = Correction::VERDICTS.into_iter().filter(|verdict| {
            is_open
                && top.takes_steps
                && of.verdict() != Some(*verdict)
                && record.verdict != Some(*verdict)
        });
        Self {
            words: top.words,
            token: top.token.clone(),
            call: record.id.to_string(),
            back,
            said: correction.map_or_else(String::new, |of| {
                wording::correction(of, light.zone, light.language)
            }),
            choices: choices
                .map(|verdict| (verdict.as_str(), verdict_word(verdict, light.language)))
                .collect(),
            note: String::new(),
        }
    }

    /// The same with what was typed before.
    pub(super) fn with(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }
}

/// What the form asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// One of [`Correction::VERDICTS`], or [`WITHDRAWN`].
    verdict: String,
    #[serde(default)]
    note: String,
    back: Option<Back>,
}

const WITHDRAWN: &str = "withdrawn";

pub(super) async fn say(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let known = call::known(&desk, &visitor, &id).await?;
    let judgement = match wanted.verdict.parse::<Verdict>() {
        Ok(verdict) if Correction::VERDICTS.contains(&verdict) => Judgement::Was(verdict),
        _ if wanted.verdict == WITHDRAWN => Judgement::Withdrawn,
        _ => return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response()),
    };
    let note = typed(&wanted.note);
    let words = visitor.words();
    let mistake = match note.chars().count() {
        _ if visitor.name.is_empty() => Some(words.name_missing),
        n if n > LONGEST_NOTE => Some(words.note_too_long),
        _ => None,
    };
    let refused = |why: &str, status: StatusCode, listeners| {
        let page = call::page(&desk, &visitor, &known, listeners, why, &note);
        (status, Html(page)).into_response()
    };
    let listeners = call::listeners(&desk, &visitor, known.record.id).await?;
    if let Some(mistake) = mistake {
        return Ok(refused(
            mistake,
            StatusCode::UNPROCESSABLE_ENTITY,
            listeners,
        ));
    }
    let judging = Judging {
        call: known.record.id,
        judgement,
        note: (!note.is_empty()).then(|| note.clone()),
        author: Author {
            who: visitor.name.clone(),
            via: Via::Page,
        },
        at: desk.0.clock.date(),
    };
    match desk.0.log.judge(judging).await? {
        Judged::Missing => Err(Problem::NotFound),
        Judged::Done(_, case) => {
            let case = case.filter(|_| wanted.back == Some(Back::Case));
            let to = case.map_or_else(
                || format!("/calls/{}", known.record.id),
                |case| format!("/cases/{}", case.id),
            );
            Ok(Redirect::to(&to).into_response())
        }
        Judged::Refused(why) => {
            let why = wording::not_corrected(&why, &desk.0.zone, visitor.language);
            Ok(refused(&why, StatusCode::CONFLICT, listeners))
        }
    }
}
