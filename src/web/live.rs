//! News for pages that are open: that something has changed which their user sees, never what.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::Desk;
use crate::call_log::News;
use crate::clock::{Clock, timeout};

/// Changes within this time are one piece of news.
const AT_MOST_EVERY: Duration = Duration::from_secs(2);
/// Long enough to cost nothing, short enough for proxies.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How soon it is seen that somebody has logged out, a token was revoked, or time alone has changed something.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Waits for a change of the log, or of another thing, but not for ever; nothing where that has ended.
pub(super) async fn look_again<T>(changes: &mut watch::Receiver<T>, clock: Clock) -> Option<()> {
    if let Ok(changed) = timeout(LOOK_AGAIN, changes.changed()).await {
        changed.ok()?;
        clock.sleep(AT_MOST_EVERY).await;
    }
    Some(())
}

pub(super) async fn events(
    State(desk): State<Desk>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let changes = desk.0.log.changes();
    let mut page = OpenPage {
        remote: remote.ip(),
        headers,
        changes,
        seen: 0,
        desk,
    };
    // What was there before the page was opened is no news.
    page.seen = page.changed_so_far().unwrap_or_default();
    Sse::new(page.news()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// A page that somebody has open.
struct OpenPage {
    desk: Desk,
    remote: IpAddr,
    headers: HeaderMap,
    changes: watch::Receiver<News>,
    /// What had changed when they last had news.
    seen: u64,
}

impl OpenPage {
    /// It ends with the log, and where they may not see the page any more.
    fn news(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut page| async {
            page.has_news().await?;
            // Browsers drop an event without data.
            Some((Ok(Event::default().event("change").data("-")), page))
        })
    }

    async fn has_news(&mut self) -> Option<()> {
        loop {
            look_again(&mut self.changes, self.desk.0.clock).await?;
            let now = self.changed_so_far()?;
            if now != self.seen {
                self.seen = now;
                return Some(());
            }
        }
    }

    /// How much has changed of what they see; nothing where they see nothing any more.
    fn changed_so_far(&mut self) -> Option<u64> {
        let rights = self.desk.still_may(self.remote, &self.headers)?;
        let mailboxes = rights.mailboxes.map(|listed| -> Vec<_> {
            let listed = listed.iter();
            listed.map(ToString::to_string).collect()
        });
        let news = self.changes.borrow_and_update();
        Some(news.of(mailboxes.as_deref()))
    }
}
