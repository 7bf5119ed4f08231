//! Why a program does not get what it asked for, in the form of RFC 9457, always with what to do.

use axum::extract::Request;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::text::plain_json;
use crate::web::problem::Unreadable;

const KIND: &str = "application/problem+json";

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    members: Map<String, Value>,
}

impl Fault {
    /// `detail` says what is wrong and what to do.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let mut members = Map::new();
        let title = status.canonical_reason().unwrap_or_default();
        members.insert("title".into(), title.into());
        members.insert("status".into(), status.as_u16().into());
        members.insert("detail".into(), detail.into().into());
        Self {
            status,
            headers: Vec::new(),
            members,
        }
    }

    /// One about a single field or parameter.
    pub(super) fn of_field(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with("field", field)
    }

    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.into(), value.into());
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).map(|value| (name, value));
        self.headers.extend(value);
        self
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = plain_json(&Value::Object(self.members).to_string());
        let headers: HeaderMap = self.headers.into_iter().collect();
        (self.status, headers, [(CONTENT_TYPE, KIND)], body).into_response()
    }
}

/// Gives an answer that is an error and nothing else the form and the words; and lets nothing be kept anywhere.
pub(super) async fn in_words(request: Request, next: Next) -> Response {
    let mut response = worded(next.run(request).await);
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// The same answer, with words where it is an error and has none.
pub(in crate::web) fn worded(mut response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    let status = response.status();
    if status.as_u16() < 400 || kind.is_some_and(|kind| kind == KIND) {
        return response;
    }
    let mut fault = Fault::new(status, detail(&response));
    let kept = std::mem::take(response.headers_mut()).into_iter();
    let kept = kept.filter_map(|(name, value)| Some((name?, value)));
    fault.headers = kept
        .filter(|(name, _)| *name != CONTENT_TYPE && *name != CONTENT_LENGTH)
        .collect();
    fault.into_response()
}

fn detail(response: &Response) -> String {
    let allow = response.headers().get(ALLOW);
    let allow = allow.and_then(|allow| allow.to_str().ok());
    match response.status() {
        _ if response.extensions().get::<Unreadable>().is_some() => {
            "the record of this call cannot be read; the guard's log says why".into()
        }
        StatusCode::NOT_FOUND => {
            "there is nothing at this address, or it is for a mailbox that you do not see; \
             GET /api/v1/openapi.json lists the addresses"
                .into()
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            format!("this address takes {}", allow.unwrap_or("other methods"))
        }
        StatusCode::REQUEST_TIMEOUT => "the body did not come whole within a minute".into(),
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large; it has at most 32 KiB".into(),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            "nothing of the recording is in this range; Content-Range says how many bytes it has"
                .into()
        }
        StatusCode::FORBIDDEN => "a page of another site may not ask for this".into(),
        StatusCode::MISDIRECTED_REQUEST => {
            "the guard is not asked for by this name; write the name into [web] host, \
             or ask by an address where the page is served"
                .into()
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "the call log cannot be used now; try again in a moment, the guard's log says why"
                .into()
        }
        status if status.is_server_error() => {
            "the bug is in the guard, calls are not touched by it; its log has more".into()
        }
        _ => {
            "the request cannot be understood; GET /api/v1/openapi.json says how it is made".into()
        }
    }
}

/// That a token is missing, or not taken.
pub(super) fn unauthorized(was_sent: bool) -> Fault {
    let (challenge, detail) = if was_sent {
        (
            "Bearer realm=\"voicemail-guard\", error=\"invalid_token\"",
            "this token is not taken: it is wrong, revoked or expired; ask the administrator for another",
        )
    } else {
        (
            "Bearer realm=\"voicemail-guard\"",
            "send the header Authorization: Bearer TOKEN; \
             the administrator makes one with voicemail-guard token add NAME --role read",
        )
    };
    let fault = Fault::new(StatusCode::UNAUTHORIZED, detail);
    fault.with_header(WWW_AUTHENTICATE, challenge)
}

/// That wrong tokens came too often; `seconds` until the next may come.
pub(super) fn too_many(seconds: i64) -> Fault {
    let detail = "too many wrong tokens came from your address; a right one is taken at any time";
    let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, detail);
    fault.with_header(RETRY_AFTER, &seconds.to_string())
}

/// That one may only read.
pub(super) fn may_only_read() -> Fault {
    let detail = "this token may only read; ask the administrator for one with the role work";
    let challenge = "Bearer realm=\"voicemail-guard\", error=\"insufficient_scope\"";
    Fault::new(StatusCode::FORBIDDEN, detail).with_header(WWW_AUTHENTICATE, challenge)
}

/// That an address does not take a method.
pub(super) fn wrong_method(allowed: &[String]) -> Fault {
    let allow = allowed.join(", ");
    let detail = format!("this address takes {allow}");
    let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, detail).with_header(ALLOW, &allow);
    fault.with("allowed", json!(allowed))
}
