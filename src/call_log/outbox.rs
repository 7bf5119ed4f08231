//! The outbox as delivery uses it: asks the log's writer, never waits for a file.

use std::sync::Arc;

use super::error::OutboxError;
use super::queue::{Delivery, Settlement};
use super::thread::WriterThread;
use crate::call_record::{CallId, CallRecord};
use crate::hearing::Segment;

type Result<T> = std::result::Result<T, OutboxError>;

/// The deliveries of an open log that are still to be made.
#[derive(Clone)]
pub struct Outbox {
    writer: Arc<WriterThread>,
}

impl Outbox {
    pub(super) fn new(writer: Arc<WriterThread>) -> Self {
        Self { writer }
    }

    /// Returns when deliveries may have been filed since the last time.
    pub async fn changed(&self) {
        self.writer.changed().await;
    }

    /// What may be tried, oldest first, the overtaken last: the first delivery of every mailbox and
    /// destination, one of those that were overtaken, and all that only want MWI.
    pub async fn due(&self) -> Result<Vec<Delivery>> {
        self.writer.ask(|store| store.due()).await
    }

    /// Makes everything due that waits.
    pub async fn retry_all_now(&self) -> Result<()> {
        self.writer.ask(|store| store.retry_all_now()).await
    }

    /// The record of a call.
    pub async fn record(&self, call: CallId) -> Result<Option<CallRecord>> {
        self.writer.ask(move |store| store.record(call)).await
    }

    /// Notes what came of an attempt; it is on the disk when this returns.
    pub async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Result<()> {
        let (key, call) = (delivery.key(), delivery.call);
        let touched = move |(): &()| vec![call];
        self.writer
            .change(move |store| store.settle(key, settlement), touched)
            .await
    }

    /// Notes where the audio of a call is kept after all, and what is heard in it.
    pub async fn note_audio(
        &self,
        call: CallId,
        place: String,
        timeline: Vec<Segment>,
    ) -> Result<()> {
        self.writer
            .change(
                move |store| store.note_audio(call, &place, &timeline),
                move |()| vec![call],
            )
            .await
    }

    /// Whether anything of a call is still to be delivered.
    pub async fn has_pending(&self, call: CallId) -> Result<bool> {
        self.writer.ask(move |store| store.has_pending(call)).await
    }

    /// The recipients that have got theirs of a delivery to several.
    pub async fn served(&self, delivery: &Delivery) -> Result<Vec<String>> {
        let key = delivery.key();
        self.writer.ask(move |store| store.served(key)).await
    }

    /// Notes that one recipient has got theirs; it is on the disk when this returns.
    pub async fn note_served(&self, delivery: &Delivery, recipient: String) -> Result<()> {
        let key = delivery.key();
        self.writer
            .ask(move |store| store.note_served(key, &recipient))
            .await
    }

    /// What this installation calls itself, the same for as long as its database lives.
    pub async fn installation(&self) -> Result<String> {
        self.writer.ask(|store| store.installation()).await
    }
}
