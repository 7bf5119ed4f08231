//! What a wallboard shows: how much waits for the team, asked once or as it changes.

use std::convert::Infallible;
use std::mem;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response, Result};
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use super::admission::Ticket;
use super::fault::Fault;
use super::parameters::Parameters;
use super::{Desk, answer};
use crate::call_log::{Backlog, LogError, News, export};
use crate::web::live::{KEEP_ALIVE, look_again};
use crate::web::problem::Problem;
use crate::web::visitor::Visitor;

#[derive(Serialize)]
struct Summary {
    at: String,
    to_ring: ToRing,
    unclaimed: u32,
    late: u32,
    late_after_s: u64,
    oldest_waiting_since: Option<String>,
    oldest_waiting_s: Option<i64>,
    claimed: u32,
    later: u32,
}

#[derive(Serialize)]
struct ToRing {
    total: u32,
    watched: u32,
    message: u32,
    unsure: u32,
}

/// Whose backlog it is.
#[derive(Clone)]
struct Of {
    mailboxes: Option<Vec<String>>,
}

impl Of {
    fn read(visitor: &Visitor, parameters: &Parameters) -> Result<Self, Fault> {
        let mailboxes = parameters.mailboxes(visitor)?;
        Ok(Self { mailboxes })
    }

    async fn backlog(&self, desk: &Desk, now: Timestamp) -> Result<Backlog, LogError> {
        let late = now - desk.0.settings.now().web.answer_within;
        let mailboxes = self.mailboxes.clone();
        let question = desk
            .0
            .readers
            .ask(move |reader| reader.backlog(mailboxes.as_deref(), now, late));
        question.await
    }
}

fn summary_of(desk: &Desk, backlog: &Backlog, now: Timestamp) -> Summary {
    let zone = &desk.0.zone;
    let Backlog {
        watched,
        message,
        unsure,
        ..
    } = *backlog;
    Summary {
        at: export::rfc3339(now, zone),
        to_ring: ToRing {
            total: watched + message + unsure,
            watched,
            message,
            unsure,
        },
        unclaimed: backlog.unclaimed,
        late: backlog.late,
        late_after_s: desk.0.settings.now().web.answer_within.as_secs(),
        oldest_waiting_since: backlog.oldest.map(|at| export::rfc3339(at, zone)),
        oldest_waiting_s: backlog.oldest.map(|at| now.duration_since(at).as_secs()),
        claimed: backlog.claimed,
        later: backlog.later,
    }
}

pub(super) async fn summary(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
) -> Result<Response> {
    let (of, now) = (Of::read(&visitor, &parameters)?, desk.0.clock.date());
    let backlog = of.backlog(&desk, now).await.map_err(Problem::from)?;
    Ok(answer(&summary_of(&desk, &backlog, now)))
}

pub(super) async fn events(
    State(desk): State<Desk>,
    visitor: Visitor,
    Extension(parameters): Extension<Parameters>,
    Extension(ticket): Extension<Ticket>,
) -> Result<Response> {
    let (of, mut changes) = (Of::read(&visitor, &parameters)?, desk.0.log.changes());
    let seen = changes.borrow_and_update().of(of.mailboxes.as_deref());
    let watch = Watch {
        seen,
        of,
        changes,
        ticket,
        sent: None,
        desk,
    };
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(watch.events()).keep_alive(alive).into_response())
}

/// Somebody who is kept informed.
struct Watch {
    desk: Desk,
    of: Of,
    changes: watch::Receiver<News>,
    /// What had changed of it when they were last sent something.
    seen: u64,
    ticket: Ticket,
    /// What they were sent last.
    sent: Option<Backlog>,
}

impl Watch {
    /// The summary at once, after every change of the log, and when time alone has changed it. It ends with the log,
    /// and with the token.
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watch| async {
            let event = watch.next().await?;
            Some((Ok(event), watch))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            let is_first = self.sent.is_none();
            let is_news = is_first || self.has_changed().await?;
            if !self.ticket.holds(&self.desk).await {
                return None;
            }
            let now = self.desk.0.clock.date();
            let backlog = self.of.backlog(&self.desk, now).await.ok()?;
            if is_news || self.sent != Some(backlog) {
                self.sent = Some(backlog);
                let summary = export::document(&summary_of(&self.desk, &backlog, now));
                return Some(Event::default().event("summary").data(summary));
            }
        }
    }

    /// Whether there was a change that they see, waited for a while; nothing where the log has ended.
    async fn has_changed(&mut self) -> Option<bool> {
        look_again(&mut self.changes, self.desk.0.clock).await?;
        let mailboxes = self.of.mailboxes.as_deref();
        let now = self.changes.borrow_and_update().of(mailboxes);
        Some(mem::replace(&mut self.seen, now) != now)
    }
}
