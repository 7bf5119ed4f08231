//! The writer's thread, as the handle and the outbox know it: what is asked of it, and its answers.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, oneshot, watch};
use tracing::error;

use super::error::{LogError, OutboxError};
use super::journal::Entry;
use super::news::News;
use super::store::{self, Store};
use super::writer::{Durability, Remedy, Task, Writer};
use crate::call_record::{CallId, CallRecord};
use crate::clock::Clock;

/// The writer's thread. When this is dropped, the entries that are left are written and the data folder is
/// unlocked.
pub(super) struct WriterThread {
    commands: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    changed: Arc<Notify>,
    news: watch::Sender<News>,
    clock: Clock,
}

impl WriterThread {
    /// Opens database and journal, files what waits, and finds the calls that were never closed.
    pub(super) fn start(
        folder: &Path,
        lock: File,
        clock: Clock,
    ) -> Result<(Self, UnboundedReceiver<CallRecord>), LogError> {
        let changed = Arc::new(Notify::new());
        let (news, _) = watch::channel(News::default());
        let (writer, unfinished) =
            Writer::open(folder, lock, (Arc::clone(&changed), news.clone()), clock)?;
        let (commands, given) = channel();
        let thread = thread::Builder::new()
            .name("call-log".into())
            .spawn(move || writer.run(&given))
            .map_err(|source| LogError::File {
                path: folder.into(),
                source,
            })?;
        let started = Self {
            commands: Some(commands),
            thread: Some(thread),
            changed,
            news,
            clock,
        };
        Ok((started, unfinished))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.date()
    }

    /// Returns when deliveries may have come into the outbox since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Changes whenever something was filed or done that can be seen.
    pub(super) fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    pub(super) fn file(&self, entry: Entry) {
        let id = entry.record().id;
        if !self.send(Task::File(entry)) {
            error!(event = "log_entry_lost", call = %id, "the writer of the call log is gone, the entry is lost");
        }
    }

    pub(super) fn flush(&self) -> oneshot::Receiver<Durability> {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Flush(answer));
        answered
    }

    /// Has something done on the database that nobody sees, once everything given so far is filed.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Store) -> store::Result<T> + Send + 'static,
    ) -> Result<T, OutboxError> {
        self.change(job, |_| Vec::new()).await
    }

    /// Has something changed in the database, once everything given so far is filed; `touched` says
    /// in which calls and cases it can be seen.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Store) -> store::Result<T> + Send + 'static,
        touched: impl FnOnce(&T) -> Vec<CallId> + Send + 'static,
    ) -> Result<T, OutboxError> {
        let (answer, answered) = oneshot::channel();
        self.send(Task::Do(Box::new(move |store| {
            let done = job(store);
            let (remedy, touched) = match &done {
                Ok(done) => (Remedy::Nothing, touched(done)),
                Err(error) => (Remedy::of(error), Vec::new()),
            };
            // Who asked may be gone by now; what was done is done.
            answer.send(done).ok();
            (remedy, touched)
        })));
        Ok(answered.await.map_err(|_| OutboxError::Away)??)
    }

    fn send(&self, command: Task) -> bool {
        let commands = self.commands.as_ref();
        commands.is_some_and(|commands| commands.send(command).is_ok())
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
