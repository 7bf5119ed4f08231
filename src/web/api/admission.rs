//! Who asks, and whether they may: every request to the interface passes here before it is answered.
//!
//! A program says who it is with its token and nothing else. The cookie of a login and the header of a reverse proxy
//! do not count here, so there is nothing that a page of another site could have a browser send along. Where nobody
//! logs in, whoever is on this machine may do without a token, as on the page.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::description::{methods, operation};
use super::fault::{self, Fault};
use super::parameters::Parameters;
use super::{BASE, Desk};
use crate::access::{Action, Attempts, Rights, Role, Token};
use crate::case::Via;
use crate::token::{self, Hash};
use crate::web::gate::{ATTEMPTS_OF_ADDRESS, ATTEMPTS_WITHIN, locked, network};
use crate::web::login::ACCESS;
use crate::web::peer::Peer;
use crate::web::problem::Problem;
use crate::web::visitor::Visitor;
use crate::wording::Language;

/// How exactly it is kept when a token was used.
const USE_IS_NOTED: SignedDuration = SignedDuration::from_mins(1);

/// What is remembered of tokens.
pub(in crate::web) struct Tokens {
    /// Wrong ones, by the address they come from.
    wrong: Mutex<Attempts<IpAddr>>,
    /// When the use of which was noted.
    used: Mutex<HashMap<String, Timestamp>>,
}

impl Tokens {
    pub(in crate::web) fn new() -> Self {
        Self {
            wrong: Mutex::new(Attempts::new(ATTEMPTS_OF_ADDRESS, ATTEMPTS_WITHIN)),
            used: Mutex::default(),
        }
    }

    /// What becomes of a wrong token; of one that expired, its name.
    fn refuse(&self, address: IpAddr, name: Option<&str>, now: Timestamp) -> Fault {
        let user = name.unwrap_or("-");
        let mut wrong = locked(&self.wrong);
        if let Some(wait) = wrong.wait(&network(address), now) {
            warn!(target: ACCESS, event = "login_blocked", %address, %user, "too many logins");
            return fault::too_many(wait.as_secs().max(1));
        }
        wrong.count(network(address), now);
        warn!(target: ACCESS, event = "login_failed", %address, %user, "login failed");
        fault::unauthorized(true)
    }

    /// Whether the use of a token is to be noted now.
    fn is_news(&self, name: &str, now: Timestamp) -> bool {
        let mut used = locked(&self.used);
        let noted = used.get(name).map(|at| now.duration_since(*at));
        let is_news = noted.is_none_or(|since| since >= USE_IS_NOTED);
        if is_news {
            used.insert(name.to_owned(), now);
        }
        is_news
    }
}

/// The token with which a request came, if it needed one.
#[derive(Clone)]
pub(in crate::web) struct Ticket(pub(super) Option<(Hash, Token)>);

impl Ticket {
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Whether it is still taken.
    pub(super) async fn holds(&self, desk: &Desk) -> bool {
        let Some((hash, _)) = &self.0 else {
            return true;
        };
        let (hash, now) = (*hash, desk.0.clock.date());
        let found = desk.0.readers.ask(move |reader| reader.token(&hash)).await;
        found.is_ok_and(|token| token.is_some_and(|token| token.holds(now)))
    }
}

/// Lets in what is described, by who may ask for it.
pub(super) async fn admit(
    State(desk): State<Desk>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let matched = matched.and_then(|path| path.as_str().strip_prefix(BASE));
    let methods = methods(matched.unwrap_or_default());
    let Some(path) = matched.filter(|_| !methods.is_empty()) else {
        return Problem::NotFound.into_response();
    };
    let Some(operation) = operation(path, request.method()) else {
        return fault::wrong_method(&methods).into_response();
    };
    if !operation.is_open() {
        let (visitor, ticket) = match desk.program(remote.ip(), request.headers()).await {
            Ok(known) => known,
            Err(refused) => return refused,
        };
        if !request.method().is_safe() && !visitor.may(Action::TakeStep) {
            return fault::may_only_read().into_response();
        }
        request.extensions_mut().insert(visitor);
        request.extensions_mut().insert(ticket);
    }
    match Parameters::read(request.uri().query(), &operation) {
        Ok(parameters) => request.extensions_mut().insert(parameters),
        Err(fault) => return fault.into_response(),
    };
    next.run(request).await
}

impl Desk {
    /// Who a program is, by its token; whoever it is, where nobody logs in and it has none.
    pub(in crate::web) async fn program(
        &self,
        remote: IpAddr,
        headers: &HeaderMap,
    ) -> Result<(Visitor, Ticket), Response> {
        let config = self.0.settings.now();
        let peer = Peer::of(remote, headers, &config.web.proxies);
        let mut visitor = Visitor::of(&HeaderMap::new(), peer);
        visitor.language = Language::En;
        visitor.via = Via::Api;
        let sent = match bearer(headers) {
            Bearer::None if !config.web.has_login() => {
                visitor.rights = Some(Rights {
                    role: Role::Work,
                    mailboxes: None,
                });
                return Ok((visitor, Ticket(None)));
            }
            Bearer::None => return Err(fault::unauthorized(false).into_response()),
            Bearer::Sent(hash) => hash,
        };
        let now = self.0.clock.date();
        let found = match sent {
            Some(hash) => self.0.readers.ask(move |reader| reader.token(&hash)).await,
            None => Ok(None),
        };
        let found = found.map_err(|error| Problem::from(error).into_response())?;
        match (sent, found) {
            (Some(hash), Some(token)) if token.holds(now) => {
                self.note_use(&token.name, now).await;
                visitor.name.clone_from(&token.name);
                visitor.rights = Some(token.rights.clone());
                visitor.is_known = true;
                Ok((visitor, Ticket(Some((hash, token)))))
            }
            (_, found) => {
                let name = found.as_ref().map(|token| token.name.as_str());
                Err(self
                    .0
                    .tokens
                    .refuse(peer.address, name, now)
                    .into_response())
            }
        }
    }

    async fn note_use(&self, name: &str, now: Timestamp) {
        if self.0.tokens.is_news(name, now)
            && let Err(error) = self.0.log.note_token_used(name.to_owned(), now).await
        {
            warn!(event = "token_use_not_noted", %error, token = name, "it cannot be noted that a token was used");
        }
    }
}

/// What a request has for a token.
enum Bearer {
    None,
    /// The hash of one; nothing where it cannot be one of ours.
    Sent(Option<Hash>),
}

fn bearer(headers: &HeaderMap) -> Bearer {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    match (sent.next(), sent.next()) {
        (None, _) => Bearer::None,
        (Some(only), None) => {
            let text = only.to_str().unwrap_or_default();
            let token = text
                .split_once(' ')
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            Bearer::Sent(token.and_then(|(_, token)| token::hash(token.trim())))
        }
        (Some(_), Some(_)) => Bearer::Sent(None),
    }
}
