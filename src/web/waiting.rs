//! Who waits now in the queues that are watched, to look at; the list is kept up to date while it is seen.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::Desk;
use super::live::{KEEP_ALIVE, look_again};
use super::view::{Top, age};
use super::visitor::Visitor;
use crate::call_record::{Answer, Presentation};
use crate::number::E164;
use crate::queue_watch::waiting::Waiter;
use crate::queue_watch::watch::Sound;
use crate::text::shown;
use crate::wording::{self, Language};

struct Row {
    id: String,
    class: &'static str,
    shape: &'static str,
    state: &'static str,
    name: String,
    number: String,
    queue: String,
    place: Option<u32>,
    since: String,
    waited: String,
    heard: &'static str,
    asked: String,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Page {
    top: Top,
    is_watched: bool,
    rows: Vec<Row>,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Response {
    let now = desk.0.clock.date();
    let mut all = desk.0.waiting.all();
    all.retain(|waiter| visitor.sees(waiter.mailbox.as_str()));
    let page = Page {
        is_watched: desk.0.settings.now().queue.is_watched(),
        rows: all
            .iter()
            .map(|waiter| row(&desk, &visitor, waiter, now))
            .collect(),
        top: Top::new(&visitor, visitor.words().waiting),
    };
    Html(page.render().unwrap_or_default()).into_response()
}

fn row(desk: &Desk, visitor: &Visitor, waiter: &Waiter, now: Timestamp) -> Row {
    let (words, language, glance) = (visitor.words(), visitor.language, &waiter.glance);
    let (class, shape, state) = match (glance.unanswered, glance.asked, glance.answer) {
        (Some(_), ..) if glance.is_deserted() => ("junk", "□", words.nobody_there),
        (Some(_), ..) => ("unsure", "▲", words.no_sign_of_life),
        (None, 1.., None) => ("unsure", "▲", words.asked_now),
        _ => ("message", "●", words.waits_on),
    };
    let caller = &waiter.caller;
    Row {
        id: waiter.id.to_string(),
        class,
        shape,
        state,
        name: shown(caller.name.trim()).to_string(),
        number: match &caller.e164 {
            Some(e164) if caller.presentation == Presentation::Shown => E164::grouped(e164),
            _ => wording::number(caller, language),
        },
        queue: shown(queue_of(waiter)).to_string(),
        place: glance.place,
        since: wording::time(waiter.since, &desk.0.zone, language),
        waited: age(now, waiter.since, language),
        heard: match glance.sound {
            Sound::NotYet => words.not_heard_yet,
            Sound::Unheard => words.not_heard,
            Sound::SignOfLife => words.sign_of_life,
            Sound::Instead(instead) => wording::instead_in_short(instead, language),
        },
        asked: match (glance.asked, glance.answer) {
            (0, _) => words.not_asked.to_owned(),
            (times, answer) => {
                let times = match language {
                    Language::En => format!("asked {times}×"),
                    Language::De => format!("{times}× gefragt"),
                };
                let answer = match answer {
                    Some(Answer::Voice) => words.by_voice,
                    Some(Answer::Key) => words.by_key,
                    None => words.no_answer,
                };
                format!("{times}: {answer}")
            }
        },
    }
}

/// The queue's name as `queues.conf` has it.
pub(super) fn queue_of(waiter: &Waiter) -> &str {
    let name = waiter.mailbox.as_str();
    name.rsplit_once('@').map_or(name, |(queue, _)| queue)
}

/// News for a list that is open: that it is another now, never how.
pub(super) async fn events(
    State(desk): State<Desk>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let mut open = OpenList {
        remote: remote.ip(),
        headers,
        changes: desk.0.waiting.changes(),
        seen: Vec::new(),
        desk,
    };
    open.seen = open.as_seen_now().unwrap_or_default();
    Sse::new(open.news()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// A list that somebody has open.
struct OpenList {
    desk: Desk,
    remote: IpAddr,
    headers: HeaderMap,
    changes: watch::Receiver<()>,
    /// What it showed when they last had news: who, and for how many minutes.
    seen: Vec<(Waiter, i64)>,
}

impl OpenList {
    /// It ends with the guard, and where they may not see the page any more.
    fn news(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut list| async {
            list.has_news().await?;
            Some((Ok(Event::default().event("change").data("-")), list))
        })
    }

    async fn has_news(&mut self) -> Option<()> {
        loop {
            look_again(&mut self.changes, self.desk.0.clock).await?;
            let now = self.as_seen_now()?;
            if now != self.seen {
                self.seen = now;
                return Some(());
            }
        }
    }

    /// What they see; nothing where they see nothing any more.
    fn as_seen_now(&mut self) -> Option<Vec<(Waiter, i64)>> {
        let rights = self.desk.still_may(self.remote, &self.headers)?;
        self.changes.borrow_and_update();
        let (now, all) = (self.desk.0.clock.date(), self.desk.0.waiting.all());
        let own = all
            .into_iter()
            .filter(|it| rights.sees(it.mailbox.as_str()));
        let minutes = |it: &Waiter| now.duration_since(it.since).as_mins();
        Some(
            own.map(|it| (minutes(&it), it))
                .map(|(m, it)| (it, m))
                .collect(),
        )
    }
}
