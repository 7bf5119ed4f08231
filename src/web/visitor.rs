//! Who looks at the page: their language and the name they go by, from what their browser sends.

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, REFERER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};

use cookie::{Cookie, SameSite};
use serde::Deserialize;

use super::peer::Peer;
use super::words::{Words, words};
use crate::access::{Action, Rights};
use crate::call_log::ListedCall;
use crate::call_record::MailboxName;
use crate::case::{LONGEST_NAME, Via};
use crate::wording::Language;

/// Who looks at the page.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something of its own that the page's head asks"
)]
pub(super) struct Visitor {
    pub(super) language: Language,
    /// The name they go by; empty until they have said it.
    pub(super) name: String,
    pub(super) peer: Peer,
    /// What they may do; nothing where they have to log in first.
    pub(super) rights: Option<Rights>,
    /// What they work with.
    pub(super) via: Via,
    /// Whether it is known who they are: they have logged in, or have a token.
    pub(super) is_known: bool,
    /// What their forms carry, where they have logged in.
    pub(super) token: Option<String>,
    /// Whether they have logged in here, and so can log out.
    pub(super) has_session: bool,
    /// Whether a reverse proxy says that they are somebody who may not see the page.
    pub(super) is_refused: bool,
    /// Whether queues are watched here, so that there is a list of who waits.
    pub(super) has_queues: bool,
}

impl Visitor {
    /// Takes out of a call what is said of records that are not there for them.
    pub(super) fn hide_others(&self, call: &mut ListedCall) {
        let sees_queue = |queue: &str| {
            let queue = MailboxName::of_queue(queue);
            queue.is_some_and(|queue| self.sees(queue.as_str()))
        };
        let came_from = call.record.came_from.take();
        call.record.came_from = came_from.filter(|from| sees_queue(&from.queue));
        let went_to = call.went_to.take();
        call.went_to = went_to.filter(|to| self.sees(to.mailbox.as_str()));
    }

    pub(super) fn words(&self) -> &'static Words {
        words(self.language)
    }

    /// Whether they may do this.
    pub(super) fn may(&self, action: Action) -> bool {
        self.rights
            .as_ref()
            .is_some_and(|rights| rights.role.may(action))
    }

    /// Whether calls for this mailbox are theirs to see.
    pub(super) fn sees(&self, mailbox: &str) -> bool {
        self.rights
            .as_ref()
            .is_some_and(|rights| rights.sees(mailbox))
    }

    /// The mailboxes whose cases they see; all where there is no list.
    pub(super) fn mailboxes(&self) -> Option<Vec<String>> {
        let Some(rights) = &self.rights else {
            return Some(Vec::new());
        };
        let listed = rights.mailboxes.as_ref()?.iter();
        Some(listed.map(ToString::to_string).collect())
    }

    /// What a browser says; what they may do is found out by the gate.
    pub(super) fn of(headers: &HeaderMap, peer: Peer) -> Self {
        let cookie = |wanted| cookie(headers, wanted);
        let accepted = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let chosen = cookie("language");
        Self {
            language: match chosen.as_deref() {
                Some("de") => Language::De,
                Some("en") => Language::En,
                _ => preferred(accepted.unwrap_or_default()),
            },
            name: cookie("name").map(|name| fit(&name)).unwrap_or_default(),
            peer,
            rights: None,
            via: Via::Page,
            is_known: false,
            token: None,
            has_session: false,
            is_refused: false,
            has_queues: false,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // The gate knows everybody.
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or(StatusCode::FORBIDDEN)
    }
}

/// What a browser sends in a cookie.
pub(super) fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let sent = headers.get_all(COOKIE).iter();
    let sent = sent.filter_map(|value| value.to_str().ok());
    let mut sent = sent.flat_map(Cookie::split_parse_encoded).flatten();
    let found = sent.find(|cookie| cookie.name() == wanted)?;
    Some(found.value().to_owned())
}

/// The first of the languages we have that a browser asks for, by weight.
fn preferred(accepted: &str) -> Language {
    let wanted = accepted.split(',').filter_map(|one| {
        let (tag, weight) = one.split_once(";q=").unwrap_or((one, "1"));
        let weight: f32 = weight.trim().parse().ok()?;
        let language = match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "de" => Language::De,
            "en" => Language::En,
            _ => return None,
        };
        Some((language, weight))
    });
    // The first of several that weigh the same.
    wanted
        .fold(None, |best: Option<(Language, f32)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        })
        .map_or(Language::En, |(language, _)| language)
}

/// A name as it is kept: of one line and bounded.
pub(super) fn fit(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|c| !crate::text::is_hostile(*c))
        .collect();
    plain.trim().chars().take(LONGEST_NAME).collect()
}

/// What a visitor says of themselves.
#[derive(Deserialize)]
pub(super) struct Said {
    name: Option<String>,
    language: Option<String>,
}

/// Remembers what a visitor says of themselves, and goes back to where they were.
pub(super) async fn remember(headers: HeaderMap, Form(said): Form<Said>) -> Response {
    let mut cookies = Vec::new();
    let mut keep = |name: &'static str, value: String| {
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .permanent()
            .build();
        if let Ok(value) = HeaderValue::from_str(&cookie.encoded().to_string()) {
            cookies.push((SET_COOKIE, value));
        }
    };
    if let Some(name) = said.name {
        keep("name", fit(&name));
    }
    match said.language.as_deref() {
        Some(language @ ("de" | "en")) => keep("language", language.to_owned()),
        Some(_) => return StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        None => {}
    }
    // Only the path: a link from elsewhere leads nowhere else.
    let back = headers.get(REFERER).and_then(|from| from.to_str().ok());
    let back = back.and_then(|from| url::Url::parse(from).ok());
    let back = back.map_or_else(
        || "/".to_owned(),
        |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
    );
    let back = if back.starts_with("//") { "/" } else { &back };
    (AppendHeaders(cookies), Redirect::to(back)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_a_browser_prefers() {
        for (accepted, language) in [
            ("de-DE,de;q=0.9,en;q=0.8", Language::De),
            ("en-US,en;q=0.9,de;q=0.8", Language::En),
            ("fr,de;q=0.5,en;q=0.4", Language::De),
            ("fr", Language::En),
            ("", Language::En),
            ("de;q=x,ü,é;q=1", Language::En),
            ("en;q=0.1,de;q=0.1", Language::En),
        ] {
            assert_eq!(preferred(accepted), language, "{accepted}");
        }
    }
}
