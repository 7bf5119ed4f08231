//! The connection: log in, listen, notice when nobody is there any more, connect again.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tracing::{debug, info, warn};

use super::calls_up::CallsUp;
use crate::ami::{AmiError, Connection, Events};
use crate::call_log::CallLog;
use crate::case::Connected;
use crate::clock::{Clock, timeout};
use crate::config::Config;
use crate::config::delivery::Ami;
use crate::delivery::backoff;
use crate::metrics::METRICS;
use crate::number::Home;

/// After this long without a word Asterisk is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);
/// A connection that has lasted this long was a good one: the next attempt comes soon.
const LASTING: Duration = Duration::from_mins(1);
/// Connections that wait for the database; of more the newest are left out.
const MOST_WAITING: usize = 1_000;
/// When the database cannot be used it is tried again after this long.
const FILING_RETRY: Duration = Duration::from_secs(2);

/// Listens to Asterisk's manager interface for as long as it is run.
pub(crate) struct Watch {
    settings: Ami,
    homes: Vec<Home>,
    log: CallLog,
    clock: Clock,
}

impl Watch {
    /// A watch by these settings; `None` where no manager interface is set or calls form no cases.
    pub(crate) fn of(config: &Config, log: CallLog, clock: Clock) -> Option<Self> {
        let settings = config.delivery.ami.clone();
        if !config.has_cases() {
            return None;
        }
        if !settings.is_set() {
            info!(
                event = "ami_off",
                "[ami] has no user: cases of callers who were answered stay open until the team closes them"
            );
            return None;
        }
        Some(Self {
            settings,
            homes: config.homes(),
            log,
            clock,
        })
    }

    /// Listens, and closes cases, until dropped.
    pub(crate) async fn run(self) {
        let (connections, waiting) = channel(MOST_WAITING);
        tokio::join!(self.listen_again(connections), self.file(waiting));
    }

    async fn listen_again(&self, connections: Sender<(Connected, Timestamp)>) {
        let (mut failures, mut warned_of) = (0, String::new());
        loop {
            let began = self.clock.now();
            let mut logged_in = false;
            let Err(error) = self.listen(&connections, &mut logged_in).await;
            METRICS.ami_is_connected(false);
            if self.clock.now().saturating_duration_since(began) >= LASTING {
                failures = 0;
            }
            failures += 1;
            let address = &self.settings.address;
            let why = error.to_string();
            // Said once: what is tried again every quarter of an hour need not fill the log.
            if logged_in || why != warned_of {
                warned_of = why;
                warn!(event = "ami_lost", %address, why = %error, "the manager interface does not report who was answered; it is tried again and again");
            } else {
                debug!(%address, why = %error, failures, "the manager interface still does not report who was answered");
            }
            let jitter = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
            self.clock.sleep(backoff::wait(failures, jitter)).await;
        }
    }

    /// One connection, from its login to its end.
    async fn listen(
        &self,
        connections: &Sender<(Connected, Timestamp)>,
        logged_in: &mut bool,
    ) -> Result<std::convert::Infallible, AmiError> {
        let mut connection = Connection::open(&self.settings, Events::Call).await?;
        let mut calls = CallsUp::default();
        let since = self.clock.date();
        *logged_in = true;
        METRICS.ami_is_connected(true);
        info!(event = "ami_connected", address = %self.settings.address, "the manager interface reports who was answered");
        let (mut sees_calls, mut skipped) = (false, 0);
        loop {
            if connection.skipped() > skipped {
                skipped = connection.skipped();
                warn!(
                    event = "ami_skipped",
                    skipped, "the manager interface sent something too large, it was skipped"
                );
            }
            if let Ok(event) = timeout(QUIET, connection.event()).await {
                let event = event?;
                sees_calls |= !event.get("Uniqueid").is_empty();
                if let Some(connected) = calls.hear(&event) {
                    self.queue(connections, connected);
                }
                continue;
            }
            if !sees_calls && self.log.any_call_since(since).await.unwrap_or(false) {
                sees_calls = true;
                warn!(
                    event = "ami_silent",
                    "the manager interface reports no calls, though there are some: its user needs read = call in manager.conf"
                );
            }
            connection.act("Ping", &[]).await?;
        }
    }

    fn queue(&self, connections: &Sender<(Connected, Timestamp)>, connected: Connected) {
        if let Err(TrySendError::Full(_)) = connections.try_send((connected, self.clock.date())) {
            warn!(
                event = "case_not_closed",
                "the call log cannot be written: a call that was answered closes no case"
            );
        }
    }

    async fn file(&self, mut waiting: Receiver<(Connected, Timestamp)>) {
        while let Some((connected, at)) = waiting.recv().await {
            loop {
                let noting = self
                    .log
                    .note_connected(connected.clone(), at, self.homes.clone());
                match noting.await {
                    Ok(closed) => {
                        for case in closed {
                            info!(event = "case_answered", %case, "the case is closed: the caller was connected");
                        }
                        break;
                    }
                    Err(error) => {
                        debug!(%error, "a case cannot be closed yet");
                        self.clock.sleep(FILING_RETRY).await;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
