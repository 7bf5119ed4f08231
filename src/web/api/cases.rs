//! Cases for other programs: the list, one with all there is about it, and the steps.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response, Result};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use super::admission::Ticket;
use super::fault::Fault;
use super::fields::Fields;
use super::parameters::Parameters;
use super::{BASE, Desk, answer};
use crate::call_log::{CaseEvent, CaseQuery, Changed, CountedCase, export};
use crate::call_record::CallId;
use crate::case::{LONGEST_NOTE, Refusal};
use crate::text::is_hostile;
use crate::web::case::known;
use crate::web::list::{Filter, TABS};
use crate::web::problem::Problem;
use crate::web::step::{Mistake, STEPS, Taken, Wanted};
use crate::web::visitor::Visitor;
use crate::wording::{self, Language::En};

/// Cases in one answer.
const MOST: u32 = 200;
const USUAL: u32 = 50;
/// Far more pages than anybody reads.
const LAST_PAGE: u32 = 1_000_000;

#[derive(Serialize)]
struct Listed<C: Serialize> {
    cases: Vec<C>,
    next: Option<String>,
}

#[derive(Serialize)]
struct InFull<C: Serialize, R: Serialize> {
    case: C,
    calls: Vec<R>,
    history: Vec<Done>,
}

#[derive(Serialize)]
struct Done {
    at: String,
    who: Option<String>,
    via: &'static str,
    what: String,
    note: Option<String>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let day = |text: &str| text.parse::<Date>().ok();
    let since = parameters.one("since", "a day such as 2026-11-24", day)?;
    let limit = parameters.number("limit", (1, MOST))?.unwrap_or(USUAL);
    let filter = Filter {
        show: parameters.word("show", &TABS)?.unwrap_or_default().into(),
        mailbox: parameters.mailbox()?.map(String::from).unwrap_or_default(),
        verdict: parameters
            .verdict()?
            .map(|of| of.to_string())
            .unwrap_or_default(),
        since: since.map(|day| day.to_string()).unwrap_or_default(),
        q: parameters
            .text("q")
            .chars()
            .filter(|c| !is_hostile(*c))
            .collect(),
        judged: String::new(),
        page: parameters
            .number("page", (0, LAST_PAGE))?
            .unwrap_or_default(),
    };
    let query = filter.query(&desk, &visitor, limit)?;
    let next = (filter.page + 1).to_string();
    let next = parameters.address(&format!("{BASE}/cases"), "page", &next);
    let found = desk
        .0
        .readers
        .ask(move |reader| filter.found(reader, &query));
    let found = found.await.map_err(Problem::from)?;
    let has_more = found.len() > limit as usize;
    let (now, zone) = (desk.0.clock.date(), &desk.0.zone);
    let cases = found.iter().take(limit as usize);
    Ok(answer(&Listed {
        cases: cases
            .map(|case| export::case_line(case, now, zone))
            .collect(),
        next: has_more.then_some(next),
    }))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response> {
    in_full(&desk, &visitor, &id).await
}

/// The case with its calls and its history, and its version as its tag.
async fn in_full(desk: &Desk, visitor: &Visitor, id: &str) -> Result<Response> {
    let known = known(desk, visitor, id).await?;
    let (now, zone) = (desk.0.clock.date(), &desk.0.zone);
    let done = |event: &CaseEvent| Done {
        at: export::rfc3339(event.at, zone),
        who: event.who.clone(),
        via: event.via.as_str(),
        what: event.what.clone(),
        note: event.note.clone(),
    };
    let body = answer(&InFull {
        case: export::case_line(&known.counted, now, zone),
        calls: known
            .calls
            .iter()
            .map(|call| export::json_line(&call.record, zone))
            .collect(),
        history: known.events.iter().map(done).collect(),
    });
    let tag = format!("\"{}\"", known.counted.case.version);
    Ok(([(ETAG, tag)], body).into_response())
}

pub(super) async fn step(
    State(desk): State<Desk>,
    mut visitor: Visitor,
    Path(id): Path<String>,
    Extension(ticket): Extension<Ticket>,
    request: Request,
) -> Result<Response> {
    let case = CallId::parse(&id).ok_or(Problem::NotFound)?;
    let tagged = if_match(request.headers())?;
    let mut fields = Fields::of(request).await?;
    let step = fields.text("step")?.unwrap_or_default();
    let by_tag = tagged.is_some();
    let wanted = Wanted {
        version: match (fields.whole("version")?, tagged) {
            (Some(version), Some(tagged)) if version != tagged => {
                let detail = "version and If-Match name two versions; send one of them";
                return Err(Fault::of_field("version", detail).into());
            }
            (version, tagged) => version.or(tagged),
        },
        note: fields.text("note")?.unwrap_or_default(),
        next_try: fields.time("next_try")?,
        step,
    };
    fields.name(&mut visitor, &ticket)?;
    fields.none_left(&["step", "version", "note", "next_try", "as"])?;
    let (refusal, step) = match wanted.take(&desk, &visitor, case).await? {
        Taken::Changed(Changed::Refused(refusal), step) => (refusal, step),
        Taken::Changed(..) => return in_full(&desk, &visitor, &id).await,
        Taken::Mistake(mistake) => return Err(meant(mistake).into()),
    };
    let (now, zone) = (desk.0.clock.date(), &desk.0.zone);
    let query = CaseQuery {
        id: Some(case),
        ..CaseQuery::default()
    };
    let stands = desk.0.readers.ask(move |reader| reader.cases(&query));
    let stands = stands.await.map_err(Problem::from)?.pop();
    let line = |of: &CountedCase| serde_json::to_value(export::case_line(of, now, zone)).ok();
    let (word, status) = match refusal {
        Refusal::Claimed(_) => ("claimed", StatusCode::CONFLICT),
        Refusal::Closed(_) => ("closed", StatusCode::CONFLICT),
        Refusal::Open => ("open", StatusCode::CONFLICT),
        Refusal::Changed if by_tag => ("changed", StatusCode::PRECONDITION_FAILED),
        Refusal::Changed => ("changed", StatusCode::CONFLICT),
    };
    let fault = Fault::new(status, wording::refusal(&refusal, step, zone, En));
    let stands = stands.as_ref().and_then(line);
    Err(fault.with("refusal", word).with("case", stands).into())
}

pub(super) fn meant(mistake: Mistake) -> Fault {
    match mistake {
        Mistake::Step => {
            let detail = format!("step has to be one of {}", STEPS.join(", "));
            Fault::of_field("step", detail).with("allowed", json!(STEPS))
        }
        Mistake::Name => Fault::of_field(
            "as",
            "it is not known who does this: send a token, or \"as\" with the name of whoever does it",
        ),
        Mistake::NoteMissing => Fault::of_field("note", "the step note needs a note"),
        Mistake::NoteTooLong => {
            let detail = format!("a note has at most {LONGEST_NOTE} characters");
            Fault::of_field("note", detail)
        }
        Mistake::NextTry => Fault::of_field(
            "next_try",
            "next_try belongs to not_reached and is a time to come, at most 31 days away",
        ),
    }
}

/// The version that the request is meant for, by its header; `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Fault> {
    let Some(sent) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let sent = sent.to_str().unwrap_or_default().trim();
    if sent == "*" {
        return Ok(None);
    }
    let inner = sent
        .strip_prefix('"')
        .and_then(|sent| sent.strip_suffix('"'));
    let version = inner.and_then(|version| version.parse().ok());
    let wrong = || {
        Fault::of_field(
            "If-Match",
            "If-Match has to be the ETag of the case, such as \"3\"",
        )
    };
    version.map(Some).ok_or_else(wrong)
}
