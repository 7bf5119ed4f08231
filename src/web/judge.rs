//! What comes of the buttons below a call that was judged wrongly.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::judge_buttons::Back;
use super::problem::Problem;
use super::step::{Mistake, typed};
use super::visitor::Visitor;
use super::{Desk, call};
use crate::call_log::Judged;
use crate::call_record::{CallId, Verdict};
use crate::case::{Author, Correction, Judgement, Judging, LONGEST_NOTE};
use crate::wording;

/// What somebody wants to say of a call.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// One of [`words`].
    pub(super) verdict: String,
    #[serde(default)]
    pub(super) note: String,
}

/// What the form asks for.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(flatten)]
    wanted: Wanted,
    back: Option<Back>,
}

const WITHDRAWN: &str = "withdrawn";

/// What can be said of a call, as it is asked for.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    let verdicts = Correction::VERDICTS.into_iter().map(Verdict::as_str);
    verdicts.chain([WITHDRAWN])
}

impl Wanted {
    pub(super) fn judgement(&self) -> Option<Judgement> {
        match self.verdict.parse::<Verdict>() {
            Ok(verdict) if Correction::VERDICTS.contains(&verdict) => Some(Judgement::Was(verdict)),
            _ => (self.verdict == WITHDRAWN).then_some(Judgement::Withdrawn),
        }
    }

    /// What is to be noted of a call.
    pub(super) fn judging(
        &self,
        desk: &Desk,
        visitor: &Visitor,
        call: CallId,
        judgement: Judgement,
    ) -> Result<Judging, Mistake> {
        let note = typed(&self.note);
        match note.chars().count() {
            _ if visitor.name.is_empty() => Err(Mistake::Name),
            n if n > LONGEST_NOTE => Err(Mistake::NoteTooLong),
            _ => Ok(Judging {
                call,
                judgement,
                note: (!note.is_empty()).then_some(note),
                author: Author {
                    who: visitor.name.clone(),
                    via: visitor.via,
                },
                at: desk.0.clock.date(),
            }),
        }
    }
}

pub(super) async fn say(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(Sent { wanted, back }): Form<Sent>,
) -> Result<Response, Problem> {
    let known = call::known(&desk, &visitor, &id).await?;
    let Some(judgement) = wanted.judgement() else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    };
    let (words, note) = (visitor.words(), typed(&wanted.note));
    let refused = |why: &str, status: StatusCode, listeners| {
        let page = call::page(&desk, &visitor, &known, listeners, why, &note);
        (status, Html(page)).into_response()
    };
    let listeners = call::listeners(&desk, &visitor, known.record.id).await?;
    let judging = match wanted.judging(&desk, &visitor, known.record.id, judgement) {
        Ok(judging) => judging,
        Err(mistake) => {
            let why = match mistake {
                Mistake::Name => words.name_missing,
                _ => words.note_too_long,
            };
            return Ok(refused(why, StatusCode::UNPROCESSABLE_ENTITY, listeners));
        }
    };
    match desk.0.log.judge(judging).await? {
        Judged::Missing => Err(Problem::NotFound),
        Judged::Done(_, case) => {
            let case = case.filter(|_| back == Some(Back::Case));
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
