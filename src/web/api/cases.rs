//! Cases for other programs: the list, one with all there is about it, and the steps.

use std::str::FromStr;

use axum::Extension;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::admission::Ticket;
use super::fault::Fault;
use super::parameters::Parameters;
use super::{BASE, Desk, answer};
use crate::call_log::{CaseEvent, CaseQuery, Changed, CountedCase, export};
use crate::call_record::CallId;
use crate::case::{LONGEST_NOTE, Refusal};
use crate::text::{is_hostile, quoted};
use crate::web::LARGEST_FORM;
use crate::web::case::known;
use crate::web::list::{Filter, TABS};
use crate::web::problem::Problem;
use crate::web::step::{Mistake, STEPS, Taken, Wanted};
use crate::web::visitor::{Visitor, fit};
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
    let query = filter.query(&desk, &visitor, limit);
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
    Extension(Ticket(ticket)): Extension<Ticket>,
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
    let named = fields.text("as")?;
    fields.none_left()?;
    match named {
        Some(_) if ticket.is_some() => {
            let detail = "the token's name is kept as who did it; leave \"as\" out";
            return Err(Fault::of_field("as", detail).into());
        }
        Some(name) => visitor.name = fit(&name),
        None => {}
    }
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

fn meant(mistake: Mistake) -> Fault {
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

/// The fields of a JSON object that was sent, each taken once.
struct Fields(Map<String, Value>);

impl Fields {
    async fn of(request: Request) -> Result<Self, Fault> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "the body has to be JSON; send the header Content-Type: application/json";
            return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let Ok(body) = to_bytes(request.into_body(), LARGEST_FORM).await else {
            let detail = "the body is too large, or did not come whole; it has at most 32 KiB";
            return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        };
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => {
                let detail =
                    "the body has to be an object such as {\"step\": \"claim\", \"version\": 3}";
                Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
            }
            Err(error) => {
                let detail = format!("the body is no JSON: {error}");
                Err(Fault::new(StatusCode::BAD_REQUEST, detail))
            }
        }
    }

    /// A field, unless it is missing or null.
    fn take<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = || Fault::of_field(name, format!("{name} has to be {expected}"));
                read(&value).map(Some).ok_or_else(wrong)
            }
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        self.take(name, "a text", |value| {
            value.as_str().map(ToOwned::to_owned)
        })
    }

    fn whole(&mut self, name: &str) -> Result<Option<u32>, Fault> {
        let whole = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
        self.take(name, "a whole number", whole)
    }

    fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let time = |value: &Value| Timestamp::from_str(value.as_str()?).ok();
        self.take(name, "a time such as 2026-11-24T14:00:00+01:00", time)
    }

    fn none_left(&self) -> Result<(), Fault> {
        let known = ["step", "version", "note", "next_try", "as"];
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let detail = format!(
                    "there is no field {}; there are {}",
                    quoted(name),
                    known.join(", ")
                );
                Err(Fault::of_field(name, detail).with("allowed", json!(known)))
            }
        }
    }
}
