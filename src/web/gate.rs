//! Who asks, and whether they are let in: every request passes here before a page sees it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ipnet::{IpNet, Ipv6Net};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use tokio::sync::Semaphore;
use url::form_urlencoded;

use super::again::come_again;
use super::peer::Peer;
use super::visitor::{Visitor, cookie};
use super::{Desk, LARGEST_FORM};
use crate::access::{Action, Attempts, Rights, Role, Sessions};
use crate::call_log::OutboxError;
use crate::call_record::CallId;
use crate::config::{User, Web};

/// The cookie of a login.
pub(super) const SESSION: &str = "session";
/// The field of a form that proves that it is ours.
const TOKEN: &str = "token";

/// Attempts to log in from one address, and as one user, within [`ATTEMPTS_WITHIN`].
pub(super) const ATTEMPTS_OF_ADDRESS: usize = 10;
const ATTEMPTS_OF_USER: usize = 30;
pub(super) const ATTEMPTS_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// Passwords that are looked at, at the same time: each takes memory and a core, which calls need.
const PASSWORDS_AT_ONCE: usize = 1;
/// Listenings that are remembered as noted; of more, all are noted again, which changes nothing.
const MOST_NOTED: usize = 10_000;

/// What is remembered of those who ask.
pub(super) struct Gate {
    sessions: Mutex<Sessions>,
    by_address: Mutex<Attempts<IpAddr>>,
    by_user: Mutex<Attempts<String>>,
    noted: Mutex<HashMap<(CallId, String, IpAddr), i64>>,
    pub(super) passwords: Semaphore,
    key: hmac::Key,
}

impl Gate {
    /// With a key of its own: forms of another run are not taken.
    pub(super) fn new() -> Self {
        Self {
            sessions: Mutex::default(),
            by_address: Mutex::new(Attempts::new(ATTEMPTS_OF_ADDRESS, ATTEMPTS_WITHIN)),
            by_user: Mutex::new(Attempts::new(ATTEMPTS_OF_USER, ATTEMPTS_WITHIN)),
            noted: Mutex::default(),
            passwords: Semaphore::new(PASSWORDS_AT_ONCE),
            key: hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()),
        }
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        locked(&self.sessions)
    }

    /// Counts an attempt to log in; where there were too many, how long one has to wait.
    pub(super) fn attempt(
        &self,
        from: IpAddr,
        user: &str,
        now: Timestamp,
    ) -> Result<(), SignedDuration> {
        let (from, user) = (network(from), user.to_owned());
        let (mut by_address, mut by_user) = (locked(&self.by_address), locked(&self.by_user));
        let waits = [by_address.wait(&from, now), by_user.wait(&user, now)];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait);
        }
        // Before the password is looked at, so that many at once do not get further.
        by_address.count(from, now);
        by_user.count(user, now);
        Ok(())
    }

    /// The attempt was the user's own. Others from their address stay counted.
    pub(super) fn succeeded(&self, from: IpAddr, user: &str) {
        locked(&self.by_address).take_back(&network(from));
        locked(&self.by_user).forget(&user.to_owned());
    }

    /// What the forms of somebody carry.
    fn token(&self, of: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, of.as_bytes()))
    }

    fn is_token(&self, token: &str, sent: &str) -> bool {
        let sent = hmac::sign(&self.key, sent.as_bytes());
        hmac::verify(&self.key, token.as_bytes(), sent.as_ref()).is_ok()
    }

    /// Whether a listening is not known yet.
    fn is_news(&self, call: CallId, who: &str, from: IpAddr, hour: i64) -> bool {
        let noted = locked(&self.noted);
        noted.get(&(call, who.to_owned(), from)) != Some(&hour)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that nobody can guess.
///
/// # Panics
/// The system has no random numbers, without which there is no login.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    bytes
}

/// What counts as one address: of IPv6 the network of 64 bits, in which everybody has as many as they like.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            Ipv6Net::new(address, 64).map_or(IpAddr::V6(address), |net| IpNet::V6(net).network())
        }
    }
}

/// Finds out who asks.
pub(super) async fn identify(
    State(desk): State<Desk>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = desk.visitor(remote.ip(), request.headers());
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

impl Desk {
    fn visitor(&self, remote: IpAddr, headers: &HeaderMap) -> Visitor {
        let config = self.0.settings.now();
        let (web, gate) = (&config.web, &self.0.gate);
        let peer = Peer::of(remote, headers, &web.proxies);
        let mut visitor = Visitor::of(headers, peer);
        visitor.has_queues = config.queue.is_watched();
        if !web.has_login() {
            visitor.rights = Some(EVERYBODY);
            return visitor;
        }
        visitor.name.clear();
        let by_header = by_header(web, &peer, headers);
        visitor.is_refused = by_header == ByHeader::Unknown;
        if let Some((of, name, user)) = self.known(web, by_header, headers, Use::Notes) {
            visitor.has_session = of.starts_with(SESSION);
            visitor.token = Some(gate.token(&of));
            visitor.is_known = true;
            visitor.rights = Some(user.rights.clone());
            visitor.name = name;
        }
        visitor
    }

    /// What somebody may do now of whom nothing new was heard since they sent these headers; nothing
    /// where they would have to log in.
    pub(super) fn still_may(&self, remote: IpAddr, headers: &HeaderMap) -> Option<Rights> {
        let config = self.0.settings.now();
        let web = &config.web;
        if !web.has_login() {
            return Some(EVERYBODY);
        }
        let peer = Peer::of(remote, headers, &web.proxies);
        let known = self.known(web, by_header(web, &peer, headers), headers, Use::None)?;
        Some(known.2.rights.clone())
    }

    fn known<'a>(
        &self,
        web: &'a Web,
        by_header: ByHeader,
        headers: &HeaderMap,
        noted: Use,
    ) -> Option<(String, String, &'a User)> {
        match by_header {
            ByHeader::Nobody => self.by_session(web, headers, noted),
            ByHeader::Unknown => None,
            ByHeader::User(name) => {
                let user = web.users.get(&name)?;
                Some((format!("header {name}"), name, user))
            }
        }
    }

    /// What the token is made of, who it is, and what is set for them.
    fn by_session<'a>(
        &self,
        web: &'a Web,
        headers: &HeaderMap,
        noted: Use,
    ) -> Option<(String, String, &'a User)> {
        let id = cookie(headers, SESSION)?;
        let (mut sessions, now) = (self.0.gate.sessions(), self.0.clock.date());
        let session = match noted {
            Use::Notes => sessions.used(&id, now),
            Use::None => sessions.lasting(&id, now),
        }?;
        let user = web.users.get(&session.user)?;
        let password = user.password.as_ref()?;
        let lasts = password.as_str() == session.password;
        lasts.then(|| (format!("{SESSION} {id}"), session.user.clone(), user))
    }

    /// Notes that a visitor listens to a recording.
    ///
    /// # Errors
    /// It cannot be noted now.
    pub(super) async fn note_listening(
        &self,
        visitor: &Visitor,
        call: CallId,
    ) -> Result<(), OutboxError> {
        // Without a login nobody knows who it is.
        if !visitor.is_known {
            return Ok(());
        }
        let listening = crate::call_log::Listening {
            call,
            who: visitor.name.clone(),
            address: visitor.peer.address.to_string(),
            at: self.0.clock.date(),
        };
        let (from, hour) = (visitor.peer.address, listening.hour());
        if self.0.gate.is_news(call, &visitor.name, from, hour) {
            self.0.log.note_listening(listening).await?;
            let mut noted = locked(&self.0.gate.noted);
            if noted.len() >= MOST_NOTED {
                noted.clear();
            }
            noted.insert((call, visitor.name.clone(), from), hour);
        }
        Ok(())
    }
}

/// What everybody may do where nobody logs in.
const EVERYBODY: Rights = Rights {
    role: Role::Work,
    mailboxes: None,
};

/// Whether a login is used by what is asked.
#[derive(Clone, Copy)]
enum Use {
    Notes,
    None,
}

/// Whom a reverse proxy names.
#[derive(Debug, PartialEq, Eq)]
enum ByHeader {
    /// It names nobody, or nobody is to be believed.
    Nobody,
    /// Somebody whom nobody knows here, or several.
    Unknown,
    /// A user.
    User(String),
}

fn by_header(web: &Web, peer: &Peer, headers: &HeaderMap) -> ByHeader {
    let Some(header) = web.user_header.as_deref().filter(|_| peer.is_proxied) else {
        return ByHeader::Nobody;
    };
    let mut named = headers.get_all(header).iter();
    match (named.next(), named.next()) {
        (None, _) => ByHeader::Nobody,
        (Some(name), None) if name.is_empty() => ByHeader::Nobody,
        (Some(name), None) => match std::str::from_utf8(name.as_bytes()) {
            Ok(name) if web.users.contains_key(name) => ByHeader::User(name.to_owned()),
            _ => ByHeader::Unknown,
        },
        // One of them was the browser's.
        (Some(_), Some(_)) => ByHeader::Unknown,
    }
}

/// Lets in who may do what they ask for.
pub(super) async fn admit(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let (method, path) = (request.method(), request.uri().path());
    let rights = visitor.rights.as_ref();
    match admission(method, path, rights.map(|rights| rights.role)) {
        Admission::Pass => {}
        Admission::LogIn if !visitor.is_refused => {
            let wanted = request.uri().path_and_query().map_or("/", |to| to.as_str());
            let site = request.headers().get("sec-fetch-site");
            if site.is_some_and(|site| site == "cross-site" || site == "same-site") {
                return come_again(&visitor, wanted);
            }
            let mut query = form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair("to", wanted).finish();
            return Redirect::to(&format!("/login?{query}")).into_response();
        }
        Admission::LogIn | Admission::Refuse => return StatusCode::FORBIDDEN.into_response(),
    }
    match &visitor.token {
        Some(token) if method == Method::POST && path != "/login" => {
            match with_token(&desk, token, request).await {
                Ok(request) => next.run(request).await,
                Err(status) => status.into_response(),
            }
        }
        _ => next.run(request).await,
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    Pass,
    LogIn,
    Refuse,
}

/// By who asks: with which role, or nobody.
fn admission(method: &Method, path: &str, role: Option<Role>) -> Admission {
    let is_read = *method == Method::GET || *method == Method::HEAD;
    let is_for_all = path == "/login" || (path == "/me" && !is_read);
    if is_for_all || (is_read && path.starts_with("/assets/")) {
        return Admission::Pass;
    }
    let action = if is_read || path == "/logout" {
        Action::See
    } else {
        Action::TakeStep
    };
    // What a page fetches by itself is not answered by another page.
    let is_part = path.ends_with("/live") || (path.starts_with("/calls/") && path.contains('.'));
    match role {
        Some(role) if role.may(action) => Admission::Pass,
        None if is_read && !is_part => Admission::LogIn,
        _ => Admission::Refuse,
    }
}

/// The request, if its form carries this token.
async fn with_token(desk: &Desk, token: &str, request: Request) -> Result<Request, StatusCode> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_FORM).await;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let mut fields = form_urlencoded::parse(&body);
    let sent = fields.find(|(name, _)| name == TOKEN);
    let is_ours = sent.is_some_and(|(_, sent)| desk.0.gate.is_token(token, &sent));
    if is_ours {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_may_ask_for() {
        use Admission::{LogIn, Pass, Refuse};
        for (method, path, nobody, read, work) in [
            (Method::GET, "/", LogIn, Pass, Pass),
            (Method::GET, "/cases/6aq6scwt0001", LogIn, Pass, Pass),
            (Method::HEAD, "/calls/6aq6scwt0001", LogIn, Pass, Pass),
            (Method::GET, "/nothing", LogIn, Pass, Pass),
            (
                Method::GET,
                "/calls/6aq6scwt0001/sound.wav",
                Refuse,
                Pass,
                Pass,
            ),
            (
                Method::GET,
                "/calls/6aq6scwt0001/waveform.svg",
                Refuse,
                Pass,
                Pass,
            ),
            (Method::GET, "/live", Refuse, Pass, Pass),
            (Method::GET, "/waiting", LogIn, Pass, Pass),
            (Method::GET, "/waiting/live", Refuse, Pass, Pass),
            (Method::POST, "/waiting", Refuse, Refuse, Pass),
            (Method::POST, "/cases/6aq6scwt0001", Refuse, Refuse, Pass),
            (Method::POST, "/assets/page.js", Refuse, Refuse, Pass),
            (Method::DELETE, "/", Refuse, Refuse, Pass),
            (Method::POST, "/logout", Refuse, Pass, Pass),
            (Method::POST, "/me", Pass, Pass, Pass),
            (Method::GET, "/login", Pass, Pass, Pass),
            (Method::POST, "/login", Pass, Pass, Pass),
            (Method::GET, "/assets/page.js", Pass, Pass, Pass),
        ] {
            for (role, expected) in [
                (None, nobody),
                (Some(Role::Read), read),
                (Some(Role::Work), work),
                (Some(Role::Admin), work),
            ] {
                assert_eq!(
                    admission(&method, path, role),
                    expected,
                    "{method} {path} {role:?}"
                );
            }
        }
    }

    #[test]
    fn an_address_of_ipv6_is_as_good_as_its_neighbour() {
        let one = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(one("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(one("192.0.2.7"), "192.0.2.7");
    }
}
