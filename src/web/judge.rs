//! What comes of the buttons below a call that was judged wrongly.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::judge_buttons::Back;
use super::problem::Problem;
use super::step::typed;
use super::visitor::Visitor;
use super::{Desk, call};
use crate::call_log::Judged;
use crate::call_record::Verdict;
use crate::case::{Author, Correction, Judgement, Judging, LONGEST_NOTE, Via};
use crate::wording;

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
