//! What went wrong, as a page with a way back.

use std::any::Any;

use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use tracing::{error, warn};

use super::view::Top;
use super::visitor::Visitor;
use crate::call_log::{LogError, OutboxError};

/// Why a request is not answered as it was meant.
#[derive(Debug)]
pub(super) enum Problem {
    /// There is no such thing, or it is not for this visitor.
    NotFound,
    /// What stands for a day is none.
    NoDay,
    /// The log cannot be read now.
    Log(LogError),
    /// A step cannot be filed now.
    Filing(OutboxError),
    /// The sound cannot be read.
    Sound(std::io::Error),
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Self {
        Self::Filing(error)
    }
}

/// That the record of what was asked for cannot be read.
#[derive(Clone)]
pub(super) struct Unreadable;

/// That what stands for a day is none.
#[derive(Clone)]
struct NoDay;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Log(error @ LogError::Record { .. }) => {
                warn!(event = "page_unreadable_call", %error, "the page cannot show a call");
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.extensions_mut().insert(Unreadable);
                return response;
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoDay => {
                let mut response = StatusCode::UNPROCESSABLE_ENTITY.into_response();
                response.extensions_mut().insert(NoDay);
                return response;
            }
            Self::Log(error) => {
                warn!(event = "page_log_unreadable", %error, "the page cannot read the call log");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Filing(error) => {
                warn!(event = "page_change_failed", %error, "the page cannot change a case");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Sound(error) => {
                warn!(event = "page_recording_unreadable", %error, "the page cannot read a recording");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        status.into_response()
    }
}

pub(super) async fn nothing_here() -> StatusCode {
    StatusCode::NOT_FOUND
}

pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    error!(
        event = "page_bug",
        "a page could not be made; the bug is in the guard, calls are not touched by it"
    );
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    top: Top,
    status: u16,
    what: &'static str,
}

/// Gives an answer that is an error and nothing else a page with words and a way back.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
        return next.run(request).await;
    };
    let response = next.run(request).await;
    let status = response.status();
    let is_page = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let words = visitor.words();
    let what = match status {
        _ if response.extensions().get::<Unreadable>().is_some() => words.broken_call,
        _ if response.extensions().get::<NoDay>().is_some() => words.no_day,
        StatusCode::NOT_FOUND => words.not_found,
        StatusCode::FORBIDDEN => words.forbidden,
        StatusCode::METHOD_NOT_ALLOWED => words.wrong_method,
        StatusCode::PAYLOAD_TOO_LARGE => words.too_large,
        StatusCode::SERVICE_UNAVAILABLE => words.not_now,
        status if status.is_server_error() => words.broken,
        _ => words.not_understood,
    };
    let page = Page {
        top: Top::new(&visitor, words.problem),
        status: status.as_u16(),
        what,
    };
    let allow = response.headers().get(ALLOW).cloned();
    match page.render() {
        Ok(html) => {
            let allow = allow.map(|allow| [(ALLOW, allow)]);
            (status, allow, Html(html)).into_response()
        }
        Err(_) => response,
    }
}
