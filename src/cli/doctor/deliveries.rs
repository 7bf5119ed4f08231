//! Where the test's message went.

use std::io;
use std::time::Duration;

use super::calling::Said;
use super::chain::Chain;
use super::log;
use super::manager::Watching;
use crate::ami::{self, AmiError, Connection};
use crate::call_record::{CallRecord, Destination, Mode};
use crate::doctor::{self, Link, Message, Mwi, Outcome};

/// The first attempt at a delivery is over by then.
const DELIVERS_WITHIN: Duration = Duration::from_secs(40);
/// Asterisk has a message that the guard has delivered by then.
const SEEN_WITHIN: Duration = Duration::from_secs(5);
/// MWI follows within this time.
const MWI_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(50);

impl Chain<'_, '_> {
    /// Mailbox, MWI, mail and webhook.
    pub(super) async fn deliveries(
        &mut self,
        connection: &mut Connection,
        said: &Said,
        watching: Option<&Watching>,
    ) -> io::Result<()> {
        let Said {
            record,
            since,
            closed,
        } = said;
        let (test, clock, call) = (self.test, self.test.clock, record.id);
        let over = clock.now();
        if self.telling.tries(Link::Message) {
            let message = self.message(connection, record).await;
            let finding = doctor::message(&test.wired.mailbox, &message);
            self.telling.tell(Link::Message, finding)?;
        }
        if self.telling.tries(Link::Mwi) {
            let until = clock.now() + MWI_WITHIN;
            let sent = || watching.and_then(Watching::mwi).filter(|at| at >= since);
            while sent().is_none() && clock.now() < until {
                clock.sleep(BETWEEN).await;
            }
            let mwi = match sent() {
                Some(at) => Mwi::Sent(at.saturating_duration_since(*closed)),
                None if watching.is_some_and(Watching::any) => Mwi::NotSent,
                None => Mwi::NoEvents,
            };
            let user = &test.config.delivery.ami.user;
            self.telling.tell(Link::Mwi, doctor::mwi(user, mwi))?;
        }
        for (link, to) in [
            (Link::Mail, Destination::Mail),
            (Link::Webhook, Destination::Webhook),
        ] {
            if self.telling.tries(link) {
                let within = DELIVERS_WITHIN.saturating_sub(clock.now() - over);
                let outcome = log::outcome(&test.data, call, to, within, clock).await;
                self.telling.tell(link, doctor::delivered(to, &outcome))?;
            }
        }
        Ok(())
    }

    /// Whether Asterisk has the message; in observe `VoiceMail()` has put it there itself.
    async fn message(&self, connection: &mut Connection, record: &CallRecord) -> Message {
        let (test, clock) = (self.test, self.test.clock);
        let (began, caller) = (clock.now(), test.caller());
        let mut until = began + DELIVERS_WITHIN;
        let mut noted = None;
        loop {
            match ami::messages(connection, &test.wired.mailbox).await {
                Ok(all) if all.iter().any(|one| one.caller_id.contains(&caller)) => {
                    return Message::There(clock.now() - began);
                }
                Ok(_) => {}
                Err(error) => {
                    let to = Destination::Mailbox;
                    let noted = log::outcome(&test.data, record.id, to, DELIVERS_WITHIN, clock);
                    return Message::NotAsked(noted.await, why(&error));
                }
            }
            if noted.is_none() && record.mode != Mode::Observe {
                noted = log::outcome_now(&test.data, record.id, Destination::Mailbox).await;
                if noted.is_some() {
                    until = until.min(clock.now() + SEEN_WITHIN);
                }
            }
            if matches!(noted, Some(Outcome::Failed(_))) || clock.now() >= until {
                let pending = Outcome::Pending(clock.now() - began);
                return Message::Missing(noted.unwrap_or(pending));
            }
            clock.sleep(BETWEEN).await;
        }
    }
}

fn why(error: &AmiError) -> String {
    match error {
        AmiError::Rejected { message, .. } => message.clone(),
        error => error.to_string(),
    }
}
