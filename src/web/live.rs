//! News for pages that are open: that something has changed, never what.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};

use super::Desk;

/// Changes within this time are one piece of news.
pub(super) const AT_MOST_EVERY: Duration = Duration::from_secs(2);
/// Long enough to cost nothing, short enough for proxies.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(20);

pub(super) async fn events(State(desk): State<Desk>) -> impl IntoResponse {
    Sse::new(news(desk)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn news(desk: Desk) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = desk.0.log.changes();
    stream::unfold((desk, changes), |(desk, mut changes)| async {
        // It ends with the log.
        changes.changed().await.ok()?;
        changes.borrow_and_update();
        desk.0.clock.sleep(AT_MOST_EVERY).await;
        Some((
            // Browsers drop an event without data.
            Ok(Event::default().event("change").data("-")),
            (desk, changes),
        ))
    })
}
