//! One delivery into a mailbox: by files or by replay, and MWI.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::{Shared, Stopped};
use crate::ami;
use crate::call_log::{Delivery, Settlement, Stage};
use crate::call_record::CallRecord;
use crate::config::delivery::Method;
use crate::delivery::spool::replay::Replayed;
use crate::delivery::spool::{Placement, SpoolError};
use crate::delivery::{DeliveryError, blocking};

/// A mailbox that Asterisk is working in is tried again after this long, this many times.
const LOCK_RETRY: Duration = Duration::from_millis(20);
const LOCK_TRIES: u32 = 250;

impl Shared {
    pub(super) async fn into_mailbox(
        self: &Arc<Self>,
        delivery: &Delivery,
    ) -> Result<Settlement, Stopped> {
        match delivery.stage {
            Stage::Stored if self.replays() => {
                self.replay.forget(delivery.call).await?;
                return Ok(Settlement::Done(None));
            }
            Stage::Stored => return self.notify_mwi(delivery).await,
            Stage::Waiting if self.replays() => return self.replay(delivery).await,
            Stage::Waiting => self.prepare(delivery).await?,
            Stage::Prepared | Stage::GivenUp => {}
        }
        let record = self.record(delivery).await?;
        let placed = self.place(record).await?;
        let delivered =
            |under: &str| self.delivered(delivery, format!("{}{under}", delivery.mailbox));
        let entry = match placed {
            Ok(Placement::As(number)) => delivered(&format!(" msg{number:04}")),
            Ok(Placement::Before) => delivered(""),
            Ok(Placement::Gone) if self.lies_in_another_spool(delivery) => {
                warn!(event = "delivery_repeated", call = %delivery.call, r#box = delivery.mailbox.as_str(), "a message that was in flight when the guard died lies in another spool; it is delivered into the one that is set now");
                return Ok(Settlement::Unprepared);
            }
            Ok(Placement::Gone) => {
                warn!(event = "delivery_repeated", call = %delivery.call, r#box = delivery.mailbox.as_str(), "a message that was in flight when the guard died is in no folder of the box: it was delivered and has been deleted since, or tmp was cleared");
                delivered("")
            }
            Err(SpoolError::Unprepared) => return Ok(Settlement::Unprepared),
            Err(trouble) => return Err(DeliveryError::from(trouble).into()),
        };
        if self.config.delivery.ami.is_set() {
            Ok(Settlement::Stored(entry))
        } else {
            Ok(Settlement::Done(Some(entry)))
        }
    }

    fn spool(&self) -> &PathBuf {
        &self.config.delivery.voicemail.spool
    }

    /// Whether a message was prepared before `[delivery.voicemail] spool` was set anew.
    fn lies_in_another_spool(&self, delivery: &Delivery) -> bool {
        let spool = delivery.spool.as_ref();
        spool.is_some_and(|spool| spool != self.spool())
    }

    pub(super) fn replays(&self) -> bool {
        self.config.delivery.voicemail.method == Method::Replay
    }

    /// Plays the message to `VoiceMail()`, which looks after MWI itself.
    async fn replay(self: &Arc<Self>, delivery: &Delivery) -> Result<Settlement, Stopped> {
        let outgoing = self.outgoing(delivery).await?;
        let sound = outgoing.for_the_mailbox();
        let how = match self.replay.deliver(&outgoing.record, sound).await? {
            Replayed::Whole => "by replay",
            Replayed::CutOff => {
                warn!(event = "message_cut_off", call = %delivery.call, r#box = delivery.mailbox.as_str(), "VoiceMail() ended the recording before the end of a message that was played to it: raise maxsecs and maxsilence in voicemail.conf; the whole message is in the call log");
                "by replay, cut off by VoiceMail(),"
            }
        };
        let place = format!("{} {how}", delivery.mailbox);
        Ok(Settlement::Stored(self.delivered(delivery, place)))
    }

    async fn prepare(self: &Arc<Self>, delivery: &Delivery) -> Result<(), Stopped> {
        let outgoing = self.outgoing(delivery).await?;
        let shared = Arc::clone(self);
        let prepared = blocking(move || {
            let sound = outgoing.for_the_mailbox();
            shared.spool.prepare(&outgoing.record, &sound)
        });
        prepared.await?.map_err(DeliveryError::from)?;
        Ok(self
            .outbox
            .settle(delivery, Settlement::Prepared(self.spool().clone()))
            .await?)
    }

    /// Puts a prepared message in its place; Asterisk works in a mailbox for moments only, which
    /// are waited for.
    async fn place(
        self: &Arc<Self>,
        record: CallRecord,
    ) -> Result<Result<Placement, SpoolError>, Stopped> {
        let record = Arc::new(record);
        let mut tries = 0;
        loop {
            let (shared, record) = (Arc::clone(self), Arc::clone(&record));
            let now = self.clock.date();
            let placed = blocking(move || shared.spool.place(&record, now)).await?;
            tries += 1;
            match placed {
                Err(SpoolError::Locked { .. }) if tries < LOCK_TRIES => {
                    self.clock.sleep(LOCK_RETRY).await;
                }
                placed => return Ok(placed),
            }
        }
    }

    /// Has Asterisk look at the mailbox, so that MWI follows.
    async fn notify_mwi(&self, delivery: &Delivery) -> Result<Settlement, Stopped> {
        let ami = &self.config.delivery.ami;
        // Taken out of the settings since.
        if ami.is_set()
            && let Some(mailbox) = delivery.mailbox.mailbox()
        {
            let refreshed = ami::refresh_mwi(ami, mailbox).await;
            refreshed.map_err(DeliveryError::transient)?;
        }
        Ok(Settlement::Done(None))
    }

    /// Removes what a delivery that was given up has put down.
    pub(super) async fn clear_up(self: Arc<Self>, delivery: Delivery) {
        if self.replays() && delivery.stage == Stage::Waiting {
            if let Err(error) = self.replay.forget(delivery.call).await {
                warn!(event = "leftover_mark", %error, "the mark of a message that was given up stays in Asterisk's database");
            }
        } else if delivery.stage != Stage::Stored && delivery.mailbox.mailbox().is_some() {
            // Whatever its stage was at the begin: of a call that was erased meanwhile it could not be noted.
            let discarded =
                blocking(move || self.spool.discard(&delivery.mailbox, delivery.call)).await;
            if let Ok(Err(error)) = discarded {
                warn!(event = "leftover_file", %error, "what was prepared of a message stays in tmp");
            }
        }
    }
}
