//! What the rest of the guard holds of the log: a handle that never waits, and a guard value per call.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use super::LOCK;
use super::case_change::{Change, Changed, Judged};
use super::digest::{DigestNote, DigestsOfDay};
use super::error::{LogError, OutboxError};
use super::journal::{Closing, Entry};
use super::keeper::Keeper;
use super::listening::Listening;
use super::news::News;
use super::outbox::Outbox;
use super::thread::WriterThread;
use super::writer::Durability;
use crate::call_record::{
    CallId, CallRecord, Destination, EndedBy, Reason, Trouble, Verdict, destinations_of,
};
use crate::case::{Connected, Judging};
use crate::clock::Clock;
use crate::number::Home;

/// The opened log, and what an earlier run left undone.
pub struct Opened {
    /// The log.
    pub log: CallLog,
    /// Records of calls that an earlier run never closed; the shell repairs their audio and closes them
    /// ([`EndedBy::Recovered`]) with [`CallLog::close_call`].
    ///
    /// They are there when [`CallLog::open`] returns, and then the channel ends; if the database was
    /// locked at the start they come when it is free.
    pub unfinished: UnboundedReceiver<CallRecord>,
    /// Records of calls of this run that were dropped before they were closed; the shell closes them as it
    /// does those above, with the recording. Where nobody receives, they close themselves, undelivered.
    pub abandoned: UnboundedReceiver<CallRecord>,
}

/// A handle to the call log; clones are the same log. No method waits.
///
/// When the last clone goes, the entries that are left are written and the data folder is unlocked.
#[derive(Clone)]
pub struct CallLog {
    writer: Arc<WriterThread>,
    abandoned: UnboundedSender<CallRecord>,
}

impl CallLog {
    /// Opens the log in the data folder and makes what is missing.
    ///
    /// A database that is locked, broken or cannot be written is no error: a broken one is moved aside
    /// and a new one begun, otherwise entries go to the journal until it is back. Errors are a folder
    /// that cannot be used, one that another guard uses, and a database of a newer version.
    pub fn open(folder: &Path, clock: Clock) -> Result<Opened, LogError> {
        let failed = |source| LogError::File {
            path: folder.into(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(folder)
            .map_err(failed)?;
        let lock = lock(folder)?;
        let (writer, unfinished) = WriterThread::start(folder, lock, clock)?;
        let (left, abandoned) = unbounded_channel();
        Ok(Opened {
            log: Self {
                writer: Arc::new(writer),
                abandoned: left,
            },
            unfinished,
            abandoned,
        })
    }

    /// Opens the record of a call that has begun. Whatever becomes of the returned value, the call gets
    /// its closed record.
    pub fn open_call(&self, record: CallRecord) -> OpenCall {
        self.writer.file(Entry::Open(Box::new(record.clone())));
        OpenCall {
            log: self.clone(),
            record: Some(record),
        }
    }

    /// Closes the record of a call that is delivered nowhere, as [`Self::close_and_deliver`] does.
    pub fn close_call(&self, record: CallRecord) {
        self.close_and_deliver(record, &[]);
    }

    /// Closes the record of a call, also of one that was never opened here (recovered, refused), and puts
    /// its deliveries into the outbox: those of the wanted ones that it deserves ([`destinations_of`]).
    ///
    /// A closed record stays as it is. What a closed record must have and this one lacks is filled in:
    /// the end is now, the verdict `unsure` (a wait in a queue has none), ended by handing on.
    pub fn close_and_deliver(&self, mut record: CallRecord, wanted: &[Destination]) {
        record
            .ended
            .get_or_insert_with(|| self.writer.now().max(record.started));
        if record.queue.is_none() {
            record.verdict.get_or_insert(Verdict::Unsure);
        }
        record.ended_by.get_or_insert(EndedBy::HandedOn);
        let deliver_to = destinations_of(&record, wanted);
        self.writer
            .file(Entry::Close(Box::new(Closing { record, deliver_to })));
    }

    /// The deliveries that are still to be made.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(Arc::clone(&self.writer))
    }

    /// What is kept no longer.
    pub fn keeper(&self) -> Keeper {
        Keeper::new(Arc::clone(&self.writer))
    }

    /// Closes the cases that a connection between two telephones closes, and returns them. They are closed on the
    /// disk when this returns.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was closed.
    pub async fn note_connected(
        &self,
        connected: Connected,
        at: Timestamp,
        homes: Vec<Home>,
    ) -> Result<Vec<CallId>, OutboxError> {
        self.writer
            .change(
                move |store| store.close_connected(&connected, at, &homes),
                Vec::clone,
            )
            .await
    }

    /// Takes a step in a case; it is on the disk when this returns.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was changed.
    pub async fn change_case(&self, change: Change) -> Result<Changed, OutboxError> {
        let case = change.case;
        let touched = move |changed: &Changed| match changed {
            Changed::Done(_) => vec![case],
            Changed::Refused(_) | Changed::Missing => Vec::new(),
        };
        self.writer
            .change(move |store| store.change_case(&change), touched)
            .await
    }

    /// Notes what somebody says that a call really was; it is on the disk when this returns.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was noted.
    pub async fn judge(&self, judging: Judging) -> Result<Judged, OutboxError> {
        let call = judging.call;
        let touched = move |judged: &Judged| match judged {
            Judged::Done(..) => vec![call],
            Judged::Refused(_) | Judged::Missing => Vec::new(),
        };
        self.writer
            .change(move |store| store.judge(&judging), touched)
            .await
    }

    /// Notes that somebody listens to a recording, once for each hour; it is on the disk when this returns.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was noted.
    pub async fn note_listening(&self, listening: Listening) -> Result<(), OutboxError> {
        self.writer
            .ask(move |store| store.note_listening(&listening))
            .await
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was noted.
    pub async fn note_token_used(&self, name: String, at: Timestamp) -> Result<(), OutboxError> {
        self.writer
            .ask(move |store| store.note_token_used(&name, at))
            .await
    }

    /// What is known of the digests of a day.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn digests_of(&self, day: Date) -> Result<DigestsOfDay, OutboxError> {
        self.writer.ask(move |store| store.digests_of(day)).await
    }

    /// Notes what has been done about a digest; it is on the disk when this returns.
    ///
    /// # Errors
    /// The database cannot be used now; nothing was noted.
    pub async fn note_digest(&self, note: DigestNote) -> Result<(), OutboxError> {
        self.writer.ask(move |store| store.note_digest(&note)).await
    }

    /// Changes whenever something was filed or done in the log that can be seen.
    pub fn changes(&self) -> watch::Receiver<News> {
        self.writer.news()
    }

    /// Whether a call has begun since then.
    ///
    /// # Errors
    /// The database cannot be used now.
    pub async fn any_call_since(&self, since: Timestamp) -> Result<bool, OutboxError> {
        self.writer
            .ask(move |store| store.any_call_since(since))
            .await
    }

    /// Tries once more to file everything given so far; answers where it is then.
    ///
    /// The receiver fails only if the writer is gone, which is in the technical log then.
    pub fn flush(&self) -> oneshot::Receiver<Durability> {
        self.writer.flush()
    }
}

/// The open record of one call: dropped without [`OpenCall::close_and_deliver`], as by a panic in the call, it is handed on as
/// abandoned ([`Opened::abandoned`]), so that it is still closed and what was said delivered; where nobody
/// listens there it closes the record itself, as handed on and unsure.
#[must_use = "dropping it closes the record of the call"]
pub struct OpenCall {
    log: CallLog,
    record: Option<CallRecord>,
}

impl OpenCall {
    /// The call.
    pub fn id(&self) -> CallId {
        self.record().id
    }

    /// What is known of the call so far.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the record is there until close or drop"
    )]
    pub fn record(&self) -> &CallRecord {
        self.record.as_ref().expect("taken only by close and drop")
    }

    /// What is known of the call so far, to be amended; filed at the end, or at once by [`Self::save`].
    #[expect(
        clippy::missing_panics_doc,
        reason = "the record is there until close or drop"
    )]
    pub fn record_mut(&mut self) -> &mut CallRecord {
        self.record.as_mut().expect("taken only by close and drop")
    }

    /// Files what is known so far, such as a callback number, so that it outlives the guard.
    pub fn save(&self) {
        let record = self.record().clone();
        self.log.writer.file(Entry::Update(Box::new(record)));
    }

    /// Closes the record; `record` is filed as it is, under the call's own id, with deliveries
    /// ([`CallLog::close_and_deliver`]).
    pub fn close_and_deliver(mut self, mut record: CallRecord, wanted: &[Destination]) {
        record.id = self.id();
        self.record = None;
        self.log.close_and_deliver(record, wanted);
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let Some(mut record) = self.record.take() else {
            return;
        };
        let failed = thread::panicking();
        let reason = Reason::Trouble(Trouble::Abandoned { failed });
        record.reasons.push(reason);
        if let Err(unheard) = self.log.abandoned.send(record) {
            let mut record = unheard.0;
            record.confidence = 0.0;
            record.verdict = record.queue.is_none().then_some(Verdict::Unsure);
            record.ended_by = Some(EndedBy::HandedOn);
            self.log.close_call(record);
        }
    }
}

/// Whether another process works on this data folder as its guard, as far as can be known without
/// taking its lock, which would keep one from starting.
pub fn guard_at_work(folder: &Path) -> bool {
    let noted = std::fs::read_to_string(folder.join(LOCK)).unwrap_or_default();
    let process: Option<u32> = noted.trim().parse().ok();
    process.is_some_and(|process| {
        let is_up = Path::new("/proc").join(process.to_string()).exists();
        is_up && process != std::process::id()
    })
}

fn lock(folder: &Path) -> Result<File, LogError> {
    let path = folder.join(LOCK);
    let failed = |source| LogError::File {
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o640)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            file.read_to_string(&mut process).ok();
            return Err(LogError::InUse {
                folder: folder.into(),
                process: process.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    // The number is for the message only; a full disk must not keep the guard from starting.
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .ok();
    Ok(file)
}
