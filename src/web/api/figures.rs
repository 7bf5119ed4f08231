//! The figures for other programs.

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response, Result};
use jiff::civil::Date;

use super::Desk;
use super::fault::Fault;
use super::parameters::Parameters;
use crate::call_log::export_figures::Export;
use crate::call_record::MailboxName;
use crate::figures::{Period, Span};
use crate::web::figures::tallied;
use crate::web::problem::Problem;
use crate::web::visitor::Visitor;

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let today = desk.0.clock.date().to_zoned_datetime(desk.0.zone.clone());
    let period = period(&parameters, today.date())?;
    let (mailbox, mailboxes) = (parameters.mailbox()?, parameters.mailboxes(&visitor)?);
    let tallied = tallied(&desk, period, mailboxes).await;
    let (figures, _) = tallied.map_err(Problem::from)?;
    let config = desk.0.settings.now();
    let export = Export {
        figures: &figures,
        mailbox: mailbox.as_ref().map(MailboxName::as_str),
        longest: &|mailbox| config.policy(&mailbox.into()).longest_message,
    };
    Ok(([(CONTENT_TYPE, "application/json")], export.json()).into_response())
}

/// The days that are asked for: from one to another, or so many until today.
fn period(parameters: &Parameters, today: Date) -> std::result::Result<Period, Fault> {
    let span = parameters.word("span", &Span::ALL.map(Span::as_str))?;
    let day = |name| {
        let read = |text: &str| text.parse::<Date>().ok();
        parameters.one(name, "a day such as 2026-11-24", read)
    };
    let (since, until) = (day("since")?, day("until")?);
    if span.is_some() && (since.is_some() || until.is_some()) {
        let detail = "a span ends today; send it without since and until";
        return Err(Fault::of_field("span", detail));
    }
    if let Some(span) = Span::ALL.into_iter().find(|of| Some(of.as_str()) == span) {
        return Ok(span.until(today));
    }
    Period::asked(since, until, today).map_err(|no| Fault::of_field("since", no.to_string()))
}
