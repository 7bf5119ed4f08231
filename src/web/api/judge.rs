//! What a program says that a call really was.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{Response, Result};
use serde_json::json;

use super::Desk;
use super::admission::Ticket;
use super::calls::in_full;
use super::cases::meant;
use super::fault::Fault;
use super::fields::Fields;
use crate::call_log::Judged;
use crate::case::NotCorrected;
use crate::web::call::known;
use crate::web::judge::{Wanted, words};
use crate::web::problem::Problem;
use crate::web::visitor::Visitor;
use crate::wording::{self, Language::En};

pub(super) async fn say(
    State(desk): State<Desk>,
    mut visitor: Visitor,
    Path(id): Path<String>,
    Extension(ticket): Extension<Ticket>,
    request: Request,
) -> Result<Response> {
    let call = known(&desk, &visitor, &id).await?.record.id;
    let mut fields = Fields::of(request).await?;
    let wanted = Wanted {
        verdict: fields.text("verdict")?.unwrap_or_default(),
        note: fields.text("note")?.unwrap_or_default(),
    };
    fields.name(&mut visitor, &ticket)?;
    fields.none_left(&["verdict", "note", "as"])?;
    let Some(judgement) = wanted.judgement() else {
        let words: Vec<_> = words().collect();
        let detail = format!("verdict has to be one of {}", words.join(", "));
        let fault = Fault::of_field("verdict", detail).with("allowed", json!(words));
        return Err(fault.into());
    };
    let judging = wanted.judging(&desk, &visitor, call, judgement);
    let judging = judging.map_err(meant)?;
    match desk.0.log.judge(judging).await.map_err(Problem::from)? {
        Judged::Done(..) => in_full(&desk, &visitor, &id, En).await,
        Judged::Missing => Err(Problem::NotFound.into()),
        Judged::Refused(why) => {
            let word = match why {
                NotCorrected::StillUp => "still_up",
                NotCorrected::NotHeard => "not_heard",
                NotCorrected::Unreadable => "unreadable",
                NotCorrected::Unsure => "unsure",
                NotCorrected::Same(_) => "same",
                NotCorrected::Said(_) => "said",
                NotCorrected::NothingSaid => "nothing_said",
            };
            let detail = wording::not_corrected(&why, &desk.0.zone, En);
            let fault = Fault::new(StatusCode::CONFLICT, detail);
            Err(fault.with("refusal", word).into())
        }
    }
}
