//! Logging in and out.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::Desk;
use super::again::own_path;
use super::gate::{SESSION, random};
use super::view::Top;
use super::visitor::{Visitor, cookie};
use crate::access::Session;
use crate::password::verify;

/// Target of the lines about logins; they are read by machines, such as fail2ban.
pub(super) const ACCESS: &str = "access";

/// Where to go on.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    to: String,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { to: "/".into() }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    top: Top,
    /// Why it did not work.
    refused: &'static str,
    user: String,
    to: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Sent {
    user: String,
    password: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn show(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    if visitor.rights.is_some() {
        return Redirect::to(own_path(&wanted.to)).into_response();
    }
    Html(page(&visitor, "", "", &wanted.to)).into_response()
}

fn page(visitor: &Visitor, refused: &'static str, user: &str, to: &str) -> String {
    let page = Page {
        top: Top::new(visitor, visitor.words().log_in),
        refused,
        user: user.to_owned(),
        to: own_path(to).to_owned(),
    };
    page.render().unwrap_or_default()
}

pub(super) async fn log_in(
    State(desk): State<Desk>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let (gate, words) = (&desk.0.gate, visitor.words());
    let (now, address) = (desk.0.clock.date(), visitor.peer.address);
    let config = desk.0.settings.now();
    let user = config.web.users.get(&sent.user);
    // One that nobody has may be a password in the wrong field.
    let named = user.map_or("-", |_| sent.user.as_str());
    let refused = |status, why| {
        let page = page(&visitor, why, &sent.user, &sent.to);
        (status, Html(page)).into_response()
    };
    if let Err(wait) = gate.attempt(address, &sent.user, now) {
        warn!(target: ACCESS, event = "login_blocked", %address, user = %named, "too many logins");
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, words.too_many_logins);
        let seconds = wait.as_secs().max(1);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
        return response;
    }
    let hash = user.and_then(|user| user.password.clone());
    let kept = hash.clone();
    let password = sent.password.clone();
    let permit = gate.passwords.acquire().await;
    let is_right = spawn_blocking(move || verify(hash.as_ref(), &password)).await;
    drop(permit);
    let Some(kept) = kept.filter(|_| is_right.unwrap_or(false)) else {
        warn!(target: ACCESS, event = "login_failed", %address, user = %named, "login failed");
        return refused(StatusCode::FORBIDDEN, words.wrong_login);
    };
    gate.succeeded(address, &sent.user);
    info!(target: ACCESS, event = "login", %address, user = %named, "logged in");
    let id = format!("{:032x}", u128::from_ne_bytes(random()));
    let session = Session::new(sent.user.clone(), kept.as_str().to_owned(), now);
    let mut sessions = gate.sessions();
    if let Some(before) = cookie(&headers, SESSION) {
        sessions.end(&before);
    }
    sessions.begin(id.clone(), session, now);
    drop(sessions);
    let set = [(SET_COOKIE, session_cookie(&visitor, id))];
    (set, Redirect::to(own_path(&sent.to))).into_response()
}

fn session_cookie(visitor: &Visitor, id: String) -> String {
    let lasts = if id.is_empty() {
        Some(Duration::ZERO)
    } else {
        None
    };
    let mut cookie = Cookie::build((SESSION, id))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(visitor.peer.is_tls)
        .build();
    cookie.set_max_age(lasts);
    cookie.to_string()
}

pub(super) async fn log_out(
    State(desk): State<Desk>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response {
    if let Some(id) = cookie(&headers, SESSION) {
        desk.0.gate.sessions().end(&id);
    }
    let set = [(SET_COOKIE, session_cookie(&visitor, String::new()))];
    (set, Redirect::to("/login")).into_response()
}
