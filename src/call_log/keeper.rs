//! What is kept no longer, as the sweep uses it: asks the log's writer, in small transactions.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::OutboxError;
use super::kept::{Decided, Kept, Pause};
use super::query::SetAside;
use super::thread::WriterThread;
use crate::call_record::CallId;
use crate::keeping::Pseudonyms;

type Result<T> = std::result::Result<T, OutboxError>;

/// The calls of an open log, for the one who deletes what is due.
#[derive(Clone)]
pub struct Keeper {
    writer: Arc<WriterThread>,
}

impl Keeper {
    pub(super) fn new(writer: Arc<WriterThread>) -> Self {
        Self { writer }
    }

    /// Notes that a sweep begins; why nothing is to be deleted in it, if that is so.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn begin_sweep(&self, now: Timestamp) -> Result<Option<Pause>> {
        self.writer.ask(move |store| store.begin_sweep(now)).await
    }

    /// Whether there is a call whose recording is kept.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn keeps_audio(&self, call: CallId) -> Result<bool> {
        self.writer.ask(move |store| store.keeps_audio(call)).await
    }

    /// Has every call looked at again where these are other rules than before.
    ///
    /// # Errors
    /// The database cannot be used now; what was not reached is reached by the next call.
    pub async fn go_by_rules(&self, rules: String) -> Result<()> {
        let mut after = Some(0);
        while let Some(behind) = after {
            let rules = rules.clone();
            after = self
                .writer
                .ask(move |store| store.go_by_rules(&rules, behind))
                .await?;
        }
        Ok(())
    }

    /// The calls of which something may be due, the longest due first.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn kept_until(&self, now: Timestamp, most: u32) -> Result<Vec<Kept>> {
        self.writer
            .ask(move |store| store.kept_until(now, most))
            .await
    }

    /// Deletes what is due of these calls, in one transaction; their files are the caller's.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was deleted.
    pub async fn keep_no_longer(
        &self,
        decided: Vec<Decided>,
        pseudonyms: Pseudonyms,
    ) -> Result<()> {
        self.writer
            .ask(move |store| store.keep_no_longer(&decided, &pseudonyms))
            .await
    }

    /// Calls that were erased since then, and when they began.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn erased_since(&self, since: Timestamp) -> Result<Vec<(CallId, Timestamp)>> {
        self.writer
            .ask(move |store| store.erased_since(since))
            .await
    }

    /// The broken databases that lie beside this one, oldest first.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn set_aside(&self) -> Result<Vec<SetAside>> {
        self.writer.ask(|store| store.set_aside()).await
    }

    /// Forgets a broken database whose file was removed.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn forget_set_aside(&self, file: String) -> Result<()> {
        self.writer
            .ask(move |store| store.forget_set_aside(&file))
            .await
    }

    /// Empties the write-ahead log, in which what was deleted stands; `false` if somebody reads in
    /// it now.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn truncate_wal(&self) -> Result<bool> {
        self.writer.ask(|store| store.truncate_wal()).await
    }
}
