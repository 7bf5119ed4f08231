//! The thread that writes: database first, else journal, else memory; what waits is tried every second.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, oneshot};
use tracing::{error, info, warn};

use super::journal::{Entry, Journal, ReplayError};
use super::outbox::Job;
use super::{DATABASE, LogError, Safe, UNREADABLE, schema, store};
use crate::clock::Clock;
use crate::record::{CallId, CallRecord};

/// What waits is tried again after this long.
const RETRY: Duration = Duration::from_secs(1);
/// Entries filed in one transaction.
const MOST_AT_ONCE: usize = 1_000;

/// What the handle asks of the writer.
pub(super) enum Message {
    /// File this.
    File(Entry),
    /// Try everything now and tell where it is.
    Flush(oneshot::Sender<Safe>),
    /// Do this on the database once everything given before is filed; dropped when there is none.
    Do(Job),
}

/// The only one who writes in the data folder's log.
pub(super) struct Writer {
    path: PathBuf,
    connection: Option<Connection>,
    journal: Journal,
    /// Entries that are neither in the database nor in the journal.
    memory: Vec<Entry>,
    health: Health,
    recovery: Option<Recovery>,
    /// Told when deliveries have been put into the outbox.
    news: Arc<Notify>,
    clock: Clock,
    _lock: File,
}

/// How the last attempt went; only a change is worth a line in the technical log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    NoDatabase,
    NoJournal,
}

/// Calls of an earlier run that still have to be told.
struct Recovery {
    tell: UnboundedSender<CallRecord>,
    /// Calls of this run, which are not over although they have no end.
    ours: HashSet<CallId>,
}

/// Why the database did not take the entries.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Open(#[from] LogError),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("the journal cannot be read: {0}")]
    Journal(std::io::Error),
}

impl From<ReplayError<rusqlite::Error>> for Trouble {
    fn from(error: ReplayError<rusqlite::Error>) -> Self {
        match error {
            ReplayError::Read(error) => Self::Journal(error),
            ReplayError::File(error) => Self::Database(error),
        }
    }
}

impl Trouble {
    fn is_broken(&self) -> bool {
        match self {
            Self::Database(error) | Self::Open(LogError::Database { source: error, .. }) => {
                schema::is_broken(error)
            }
            Self::Open(_) | Self::Journal(_) => false,
        }
    }
}

impl Writer {
    /// Opens database and journal, files what waits, and finds the calls that were never closed.
    pub(super) fn open(
        folder: &Path,
        lock: File,
        news: Arc<Notify>,
        clock: Clock,
    ) -> Result<(Self, UnboundedReceiver<CallRecord>), LogError> {
        let journal = Journal::open(folder).map_err(|source| LogError::File {
            path: folder.join(super::JOURNAL),
            source,
        })?;
        let (tell, unfinished) = unbounded_channel();
        let mut writer = Self {
            path: folder.join(DATABASE),
            connection: None,
            journal,
            memory: Vec::new(),
            health: Health::Well,
            recovery: Some(Recovery {
                tell,
                ours: HashSet::new(),
            }),
            news,
            clock,
            _lock: lock,
        };
        match writer.settle() {
            Err(Trouble::Open(error @ LogError::Newer { .. })) => Err(error),
            _ => Ok((writer, unfinished)),
        }
    }

    /// Works until the last handle is gone.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let first = if self.whereabouts() == Safe::Database && self.recovery.is_none() {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(RETRY)
            };
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                self.finish();
                return;
            }
            let (mut flushes, mut jobs) = (Vec::new(), Vec::new());
            let more = messages.try_iter().take(MOST_AT_ONCE);
            for message in first.into_iter().chain(more) {
                match message {
                    Message::File(entry) => self.take(entry),
                    Message::Flush(tell) => flushes.push(tell),
                    Message::Do(job) => jobs.push(job),
                }
            }
            self.settle().ok();
            for job in jobs {
                let Some(connection) = &mut self.connection else {
                    break;
                };
                if !job(connection) {
                    self.connection = None;
                }
            }
            for tell in flushes {
                // Nobody need be waiting for the answer.
                tell.send(self.whereabouts()).ok();
            }
        }
    }

    fn finish(mut self) {
        self.settle().ok();
        if !self.memory.is_empty() {
            let lost = self.memory.len();
            error!(
                lost,
                "neither database nor journal could be written, entries of the call log are lost"
            );
        }
    }

    fn take(&mut self, entry: Entry) {
        if let Some(recovery) = &mut self.recovery {
            recovery.ours.insert(entry.record().id);
        }
        self.memory.push(entry);
    }

    fn whereabouts(&self) -> Safe {
        match (self.memory.is_empty(), self.journal.is_empty()) {
            (true, true) => Safe::Database,
            (true, false) => Safe::Journal,
            (false, _) => Safe::Memory,
        }
    }

    /// Brings everything that waits as far as it gets.
    fn settle(&mut self) -> Result<(), Trouble> {
        let mut filed = self.file_all();
        if filed.as_ref().is_err_and(Trouble::is_broken) && self.begin_afresh() {
            filed = self.file_all();
        }
        match &filed {
            Ok(()) => self.change_to(Health::Well, ""),
            Err(trouble) => {
                self.change_to(
                    self.health.max_with(Health::NoDatabase),
                    &trouble.to_string(),
                );
                self.write_journal();
            }
        }
        filed
    }

    fn write_journal(&mut self) {
        if self.memory.is_empty() {
            return;
        }
        match self.journal.append(&self.memory) {
            Ok(()) => {
                self.memory.clear();
                self.change_to(Health::NoDatabase, "the journal can be written again");
            }
            Err(error) => self.change_to(Health::NoJournal, &error.to_string()),
        }
    }

    fn file_all(&mut self) -> Result<(), Trouble> {
        if self.connection.is_none() {
            let connection = schema::open(&self.path)?;
            store::probe(&connection)?;
            self.connection = Some(connection);
        }
        let filed = self.file_waiting().and_then(|()| self.recover());
        if let Err(trouble) = &filed {
            // Anything but a lock is met with a new connection next time.
            if !matches!(trouble, Trouble::Database(error) if is_locked(error)) {
                self.connection = None;
            }
        }
        filed
    }

    fn file_waiting(&mut self) -> Result<(), Trouble> {
        if self.whereabouts() == Safe::Database {
            return Ok(());
        }
        let connection = self.connection.as_mut().expect("opened by file_all");
        let filing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut refused = Vec::new();
        let mut file = |entry: &Entry| match store::file(&filing, entry) {
            Err(error) if schema::is_about_entry(&error) => {
                error!(call = %entry.record().id, %error, "the database refuses an entry for good, it goes to {UNREADABLE}");
                refused.push(serde_json::to_vec(entry).unwrap_or_default());
                Ok(())
            }
            other => other,
        };
        let mut aside = Vec::new();
        if !self.journal.is_empty() {
            aside = self.journal.replay(|entry| file(&entry))?;
        }
        for entry in &self.memory {
            file(entry)?;
        }
        if !aside.is_empty() {
            warn!(
                lines = aside.len(),
                "the journal has lines nobody can read (a crash cuts the last one), they go to {UNREADABLE}"
            );
        }
        aside.extend(refused);
        if !aside.is_empty() {
            self.journal.set_aside(&aside).map_err(Trouble::Journal)?;
        }
        filing.commit()?;
        let deliveries = !self.journal.is_empty()
            || self
                .memory
                .iter()
                .any(|entry| !entry.deliver_to().is_empty());
        if deliveries {
            self.news.notify_one();
        }
        self.memory.clear();
        if !self.journal.is_empty() {
            self.journal.clear().map_err(Trouble::Journal)?;
            info!("the entries in the journal are filed in the call log");
        }
        Ok(())
    }

    /// Tells the calls that an earlier run never closed, once.
    fn recover(&mut self) -> Result<(), Trouble> {
        let Some(recovery) = &self.recovery else {
            return Ok(());
        };
        let connection = self.connection.as_ref().expect("opened by file_all");
        let (records, unreadable) = store::unfinished(connection)?;
        for id in unreadable {
            error!(
                call = id,
                "an unfinished record cannot be read and stays open"
            );
        }
        for record in records {
            if !recovery.ours.contains(&record.id) {
                // A shell that is not interested has dropped the receiver.
                recovery.tell.send(record).ok();
            }
        }
        self.recovery = None;
        Ok(())
    }

    fn begin_afresh(&mut self) -> bool {
        self.connection = None;
        match schema::set_aside(&self.path, self.clock.date()) {
            Ok(aside) => {
                error!(kept = %aside.display(), "the call log's database is broken: it was moved aside, nothing of it is deleted, and a new one is begun");
                true
            }
            Err(error) => {
                error!(%error, database = %self.path.display(), "the call log's database is broken and cannot be moved aside");
                false
            }
        }
    }

    fn change_to(&mut self, health: Health, why: &str) {
        if self.health == health {
            return;
        }
        self.health = health;
        match health {
            Health::Well => info!("the call log's database is written again"),
            Health::NoDatabase => {
                error!(
                    why,
                    "the call log's database cannot be written, entries wait in the journal"
                );
            }
            Health::NoJournal => {
                error!(
                    why,
                    "neither the call log's database nor its journal can be written, entries wait in memory"
                );
            }
        }
    }
}

impl Health {
    fn max_with(self, other: Self) -> Self {
        if self == Self::Well { other } else { self }
    }
}

pub(super) fn is_locked(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}
