//! The thread that writes: database first, else journal, else memory; what waits is tried every second.

use std::collections::HashSet;
use std::fs::File;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, oneshot, watch};
use tracing::{error, info, warn};

use super::error::{LogError, StoreError};
use super::journal::{Entry, Journal, ReplayError};
use super::news::{News, Touched};
use super::store::Store;
use super::{DATABASE, JOURNAL, UNREADABLE, sqlite};
use crate::call_record::{CallId, CallRecord};
use crate::clock::Clock;
use crate::metrics::METRICS;

/// What waits is tried again after this long.
const RETRY: Duration = Duration::from_secs(1);
/// Entries filed in one transaction.
const MOST_AT_ONCE: usize = 1_000;

/// Where the entries are that were given to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// All are filed in the database.
    Database,
    /// Some wait in the journal, on the disk.
    Journal,
    /// Some wait in memory: neither database nor journal can be written.
    Memory,
}

/// What is asked of the writer.
pub(super) enum Task {
    /// File this.
    File(Entry),
    /// Try everything now and say where it is.
    Flush(oneshot::Sender<Durability>),
    /// Do this on the database once everything given before is filed; dropped when there is none.
    Do(Job),
}

/// What is done on the database; what its failure means for the connection, and in which calls and cases it can be
/// seen.
pub(super) type Job = Box<dyn FnOnce(&mut dyn Store) -> (Remedy, Vec<CallId>) + Send>;

/// What is to be done about a database before it is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    Nothing,
    /// Met with a new connection.
    Reopen,
    /// Set aside.
    Recreate,
}

impl Remedy {
    pub(super) fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Locked(_) => Self::Nothing,
            StoreError::Broken(_) => Self::Recreate,
            StoreError::Entry(_) | StoreError::Other(_) => Self::Reopen,
        }
    }
}

/// The only one who writes in the data folder's log.
pub(super) struct Writer {
    path: PathBuf,
    store: Option<Box<dyn Store>>,
    journal: Journal,
    /// Entries that are neither in the database nor in the journal.
    memory: Vec<Entry>,
    health: Health,
    recovery: Option<Recovery>,
    /// Notified when deliveries may have come into the outbox.
    changed: Arc<Notify>,
    /// Changes whenever something was filed or done that can be seen.
    news: watch::Sender<News>,
    /// What there will be news of once it can be read.
    touched: Touched,
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

/// Calls of an earlier run that still have to be handed over.
struct Recovery {
    unfinished: UnboundedSender<CallRecord>,
    /// Calls of this run, which are not over although they have no end.
    ours: HashSet<CallId>,
}

impl Writer {
    /// Opens database and journal, files what waits, and finds the calls that were never closed.
    pub(super) fn open(
        folder: &Path,
        lock: File,
        (changed, news): (Arc<Notify>, watch::Sender<News>),
        clock: Clock,
    ) -> Result<(Self, UnboundedReceiver<CallRecord>), LogError> {
        let journal = Journal::open(folder).map_err(|source| LogError::File {
            path: folder.join(JOURNAL),
            source,
        })?;
        let (found, unfinished) = unbounded_channel();
        let mut writer = Self {
            path: folder.join(DATABASE),
            store: None,
            journal,
            memory: Vec::new(),
            health: Health::Well,
            recovery: Some(Recovery {
                unfinished: found,
                ours: HashSet::new(),
            }),
            changed,
            news,
            touched: Touched::default(),
            clock,
            _lock: lock,
        };
        match writer.settle() {
            Err(error @ LogError::Newer { .. }) => Err(error),
            _ => Ok((writer, unfinished)),
        }
    }

    /// Works until the last handle is gone.
    pub(super) fn run(mut self, commands: &Receiver<Task>) {
        loop {
            let first = if self.durability() == Durability::Database && self.recovery.is_none() {
                commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                commands.recv_timeout(RETRY)
            };
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                self.finish();
                return;
            }
            let (mut flushes, mut jobs) = (Vec::new(), Vec::new());
            let waited = self.durability() != Durability::Database;
            let more = commands.try_iter().take(MOST_AT_ONCE);
            for command in first.into_iter().chain(more) {
                match command {
                    Task::File(entry) => self.take(entry),
                    Task::Flush(answer) => flushes.push(answer),
                    Task::Do(job) => jobs.push(job),
                }
            }
            self.settle().ok();
            // What waited may be of an earlier run.
            self.touched.everywhere |= waited && self.durability() == Durability::Database;
            for job in jobs {
                let Some(store) = &mut self.store else {
                    break;
                };
                let (remedy, touched) = job(&mut **store);
                for id in touched {
                    match store.mailbox_of(id) {
                        Ok(mailbox) => self.touched.mailboxes.extend(mailbox),
                        Err(_) => self.touched.everywhere = true,
                    }
                }
                if self.apply(remedy) {
                    self.settle().ok();
                }
            }
            if self.durability() == Durability::Database && !self.touched.is_nothing() {
                let touched = mem::take(&mut self.touched);
                self.news.send_modify(|news| news.note(touched));
            }
            for answer in flushes {
                // Nobody need be waiting for the answer.
                answer.send(self.durability()).ok();
            }
        }
    }

    /// Whether there is a new database to begin with now.
    fn apply(&mut self, remedy: Remedy) -> bool {
        if remedy != Remedy::Nothing {
            self.store = None;
        }
        remedy == Remedy::Recreate && self.recreate()
    }

    fn finish(mut self) {
        self.settle().ok();
        if !self.memory.is_empty() {
            let lost = self.memory.len();
            error!(
                event = "log_entry_lost",
                lost,
                "neither database nor journal could be written, entries of the call log are lost"
            );
        }
    }

    fn take(&mut self, entry: Entry) {
        if let Some(recovery) = &mut self.recovery {
            recovery.ours.insert(entry.record().id);
        }
        let mailbox = entry.record().mailbox.as_str();
        self.touched.mailboxes.insert(mailbox.to_owned());
        self.memory.push(entry);
    }

    fn durability(&self) -> Durability {
        match (self.memory.is_empty(), self.journal.is_empty()) {
            (true, true) => Durability::Database,
            (true, false) => Durability::Journal,
            (false, _) => Durability::Memory,
        }
    }

    /// Brings everything that waits as far as it gets.
    fn settle(&mut self) -> Result<(), LogError> {
        let mut filed = self.file_all();
        if let Err(error) = &filed {
            let remedy = match error {
                LogError::Database { source, .. } => Remedy::of(source),
                _ => Remedy::Reopen,
            };
            if self.apply(remedy) {
                filed = self.file_all();
            }
        }
        match &filed {
            Ok(()) => self.change_to(Health::Well, ""),
            Err(error) => {
                let health = self.health.max_with(Health::NoDatabase);
                self.change_to(health, &error.to_string());
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

    fn file_all(&mut self) -> Result<(), LogError> {
        if self.store.is_none() {
            self.store = Some(sqlite::open(&self.path)?);
            // What a broken database owed may have come into it.
            self.changed.notify_one();
        }
        self.file_waiting()?;
        self.recover()
    }

    fn file_waiting(&mut self) -> Result<(), LogError> {
        if self.durability() == Durability::Database {
            return Ok(());
        }
        let database = |source| LogError::Database {
            path: self.path.clone(),
            source,
        };
        let journal = |source| LogError::File {
            path: self.path.with_file_name(JOURNAL),
            source,
        };
        let store = self.store.as_mut().expect("opened by file_all");
        let filing = store.filing().map_err(database)?;
        let mut refused = Vec::new();
        let mut ended = Vec::new();
        let mut file = |entry: &Entry| match filing.file(entry) {
            Ok(()) => {
                if let Entry::Close(closing) = entry {
                    ended.extend(closing.record.ended);
                }
                Ok(())
            }
            Err(StoreError::Entry(error)) => {
                error!(event = "log_entry_refused", call = %entry.record().id, %error, "the database refuses an entry for good, it goes to {UNREADABLE}");
                refused.push(serde_json::to_vec(entry).unwrap_or_default());
                Ok(())
            }
            error => error,
        };
        let mut aside = Vec::new();
        if !self.journal.is_empty() {
            let replayed = self.journal.replay(|entry| file(&entry));
            aside = replayed.map_err(|error| match error {
                ReplayError::Read(error) => journal(error),
                ReplayError::File(error) => database(error),
            })?;
        }
        for entry in &self.memory {
            file(entry).map_err(database)?;
        }
        if !aside.is_empty() {
            warn!(
                event = "journal_unreadable",
                lines = aside.len(),
                "the journal has lines nobody can read (a crash cuts the last one), they go to {UNREADABLE}"
            );
        }
        aside.extend(refused);
        if !aside.is_empty() {
            self.journal.set_aside(&aside).map_err(journal)?;
        }
        filing.commit().map_err(database)?;
        let now = self.clock.date();
        for ended in ended {
            let waited = Duration::try_from(now.duration_since(ended)).unwrap_or_default();
            METRICS.filed(waited);
        }
        let deliveries = !self.journal.is_empty()
            || self
                .memory
                .iter()
                .any(|entry| !entry.deliver_to().is_empty());
        if deliveries {
            self.changed.notify_one();
        }
        self.memory.clear();
        if !self.journal.is_empty() {
            self.journal.clear().map_err(journal)?;
            info!(
                event = "journal_filed",
                "the entries in the journal are filed in the call log"
            );
        }
        Ok(())
    }

    /// Hands over the calls that an earlier run never closed, once.
    fn recover(&mut self) -> Result<(), LogError> {
        let Some(recovery) = &self.recovery else {
            return Ok(());
        };
        let store = self.store.as_ref().expect("opened by file_all");
        let (records, unreadable) = store.unfinished().map_err(|source| LogError::Database {
            path: self.path.clone(),
            source,
        })?;
        for id in unreadable {
            error!(
                event = "log_record_unreadable",
                call = id,
                "an unfinished record cannot be read and stays open"
            );
        }
        for record in records {
            if !recovery.ours.contains(&record.id) {
                // A shell that is not interested has dropped the receiver.
                recovery.unfinished.send(record).ok();
            }
        }
        self.recovery = None;
        Ok(())
    }

    fn recreate(&self) -> bool {
        match sqlite::set_aside(&self.path, self.clock.date()) {
            Ok(aside) => {
                error!(event = "database_set_aside", kept = %aside.display(), "the call log's database is broken: it was moved aside, nothing of it is deleted, and a new one is begun");
                true
            }
            Err(error) => {
                error!(event = "database_stuck", %error, database = %self.path.display(), "the call log's database is broken and cannot be moved aside");
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
            Health::Well => info!(
                event = "database_back",
                "the call log's database is written again"
            ),
            Health::NoDatabase => {
                error!(
                    event = "database_down",
                    why, "the call log's database cannot be written, entries wait in the journal"
                );
            }
            Health::NoJournal => {
                error!(
                    event = "journal_down",
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
