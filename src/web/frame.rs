//! What holds for every request and every answer: whose requests are answered, and the headers that keep a browser
//! from doing what the page does not want.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::{Desk, api};
use crate::clock::timeout;
use crate::config::Web;

/// Nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long a request may take, from its head to the head of its answer.
const LONGEST_REQUEST: Duration = Duration::from_mins(1);

/// Answers what is asked of this page by a name of its own, and gives every answer its headers.
///
/// A page elsewhere that has its name point here (DNS rebinding) sends that name as `Host`; one that has a form of
/// its own sent here says so in `Origin` or `Sec-Fetch-Site`.
pub(super) async fn guard(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let is_for_program = request.uri().path().starts_with("/api/");
    let mut response = if !names_this_page(request.headers(), &desk.0.settings.now().web) {
        refused(StatusCode::MISDIRECTED_REQUEST, is_for_program)
    } else if !request.method().is_safe() && !is_same_origin(request.headers()) {
        refused(StatusCode::FORBIDDEN, is_for_program)
    } else {
        // What is waited for is the rest of the request: an answer that goes on has begun by then.
        let answered = timeout(LONGEST_REQUEST, next.run(request)).await;
        answered.unwrap_or_else(|_| refused(StatusCode::REQUEST_TIMEOUT, is_for_program))
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refused(status: StatusCode, is_for_program: bool) -> Response {
    if is_for_program {
        api::refused(status.into_response())
    } else {
        status.into_response()
    }
}

fn text(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether it is asked for as this machine itself, by an address where it is served, or as the settings say.
fn names_this_page(headers: &HeaderMap, web: &Web) -> bool {
    let named = text(headers, HOST).and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    match named.as_ref().and_then(Url::host) {
        Some(Host::Domain("localhost")) => true,
        Some(Host::Ipv4(address)) if is_own(web, address.into()) => true,
        Some(Host::Ipv6(address)) if is_own(web, address.into()) => true,
        Some(host) => web.host.contains(&host.to_string()),
        None => false,
    }
}

fn is_own(web: &Web, address: IpAddr) -> bool {
    address.is_loopback() || web.address.iter().any(|own| own.ip() == address)
}

/// Whether a form was sent from a page of ours.
fn is_same_origin(headers: &HeaderMap) -> bool {
    match (text(headers, "sec-fetch-site"), text(headers, ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = text(headers, HOST).unwrap_or_default();
            origin
                .split_once("://")
                .is_some_and(|(_, from)| from == host)
        }
        // No browser: one that has pages of others sends one of the two.
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let all = all.iter();
        all.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_this_page_is_meant() {
        let own = Web::default();
        let served = Web {
            address: vec![
                "192.0.2.1:4575".parse().unwrap(),
                "[2001:db8::1]:4575".parse().unwrap(),
            ],
            host: vec!["pbx.example.com".into(), "198.51.100.7".into()],
            ..Web::default()
        };
        for (host, by_default, as_set) in [
            ("localhost:4575", true, true),
            ("127.0.0.1:4575", true, true),
            ("127.0.0.1", true, true),
            ("[::1]:4575", true, true),
            ("LOCALHOST", true, true),
            ("192.0.2.1", false, true),
            ("[2001:db8::1]:4575", false, true),
            ("pbx.example.com", false, true),
            ("PBX.example.com:443", false, true),
            ("198.51.100.7", false, true),
            ("192.0.2.2", false, false),
            ("evil.example:4575", false, false),
            ("pbx.example.com.evil.example", false, false),
            ("", false, false),
            ("localhost.evil.example", false, false),
            ("a b", false, false),
        ] {
            let headers = headers(&[("host", host)]);
            assert_eq!(names_this_page(&headers, &own), by_default, "{host}");
            assert_eq!(names_this_page(&headers, &served), as_set, "{host}");
        }
        assert!(!names_this_page(&HeaderMap::new(), &served));
    }

    #[test]
    fn forms_of_others_are_refused() {
        let host = ("host", "127.0.0.1:4575");
        for (sent, taken) in [
            (&[host, ("sec-fetch-site", "same-origin")][..], true),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("origin", "http://127.0.0.1:4575")], true),
            (&[host, ("origin", "http://evil.example")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "http://127.0.0.1:1")], false),
            (&[host], true),
        ] {
            assert_eq!(is_same_origin(&headers(sent)), taken, "{sent:?}");
        }
    }
}
