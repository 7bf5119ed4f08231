//! The page's lists, cases, calls and steps as JSON, for other programs: a CRM, a wallboard.
//!
//! ```text
//! program ──► frame ──► in_words (errors as RFC 9457)
//!                           └──► admit (description, token, rights, parameters)
//!                                  └──► cases · calls · figures · live · waiting, and the page's own step, judge, sound, list
//! ```
//!
//! What is decided is decided by the code of the page; here stands only what JSON has for it. `openapi.json` says what
//! there is, and what it does not say is not answered.

mod admission;
mod calls;
mod cases;
mod description;
mod fault;
mod fields;
mod figures;
mod judge;
mod live;
mod parameters;
mod waiting;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::admission::Ticket;
use super::visitor::Visitor;
use super::{Desk, LARGEST_FORM, problem, sound};
use crate::call_log::export;

pub(super) use admission::Tokens;
pub(super) use fault::worded as refused;

/// What all its addresses begin with.
const BASE: &str = "/api/v1";

/// All addresses of the interface.
pub(super) fn router(desk: &Desk) -> Router {
    Router::new()
        .route("/api/v1/openapi.json", get(describe))
        .route("/api/v1/me", get(who_am_i))
        .route("/api/v1/summary", get(live::summary))
        .route("/api/v1/events", get(live::events))
        .route("/api/v1/waiting", get(waiting::list))
        .route("/api/v1/cases", get(cases::list))
        .route("/api/v1/cases/{id}", get(cases::show))
        .route("/api/v1/cases/{id}/steps", post(cases::step))
        .route("/api/v1/calls", get(calls::list))
        .route("/api/v1/calls/{id}", get(calls::show))
        .route("/api/v1/calls/{id}/judge", post(judge::say))
        .route("/api/v1/calls/{id}/sound.wav", get(sound::wav))
        .route("/api/v1/calls/{id}/waveform.svg", get(sound::waveform))
        .route("/api/v1/figures", get(figures::show))
        .route("/api", any(problem::nothing_here))
        .route("/api/", any(problem::nothing_here))
        .route("/api/{*rest}", any(problem::nothing_here))
        .with_state(desk.clone())
        .layer(from_fn_with_state(desk.clone(), admission::admit))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(fault::in_words))
}

/// An answer in JSON.
fn answer(value: &impl Serialize) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (kind, export::document(value)).into_response()
}

async fn describe() -> Response {
    ([(CONTENT_TYPE, "application/json")], description::TEXT).into_response()
}

#[derive(Serialize)]
struct Me {
    name: Option<String>,
    role: Option<&'static str>,
    mailboxes: Option<Vec<String>>,
    expires: Option<String>,
}

async fn who_am_i(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(Ticket(ticket)): Extension<Ticket>,
) -> Response {
    let token = ticket.map(|(_, token)| token);
    let expires = token.as_ref().and_then(|token| token.expires);
    answer(&Me {
        name: token.map(|token| token.name),
        role: visitor.rights.as_ref().map(|rights| rights.role.as_str()),
        mailboxes: visitor.mailboxes(),
        expires: expires.map(|at| export::rfc3339(at, &desk.0.zone)),
    })
}
