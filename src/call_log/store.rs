//! What the log asks of a database; it is asked on the writer's thread, and may wait for the disk.

use jiff::Timestamp;
use jiff::civil::Date;

use super::case_change::{Change, Changed, Judged};
use super::digest::{DigestNote, DigestsOfDay};
use super::error::StoreError;
use super::journal::Entry;
use super::kept::{Decided, Kept, Pause};
use super::listening::Listening;
use super::query::SetAside;
use super::queue::{Delivery, Key, Settlement};
use crate::call_record::{CallId, CallRecord};
use crate::case::{Connected, Judging};
use crate::hearing::Segment;
use crate::keeping::Pseudonyms;
use crate::number::Home;

pub(super) type Result<T> = std::result::Result<T, StoreError>;

/// A database with calls, cases and the outbox. What has been changed is on the disk when a method returns.
pub(super) trait Store: Send {
    /// Begins to file entries.
    fn filing(&mut self) -> Result<Box<dyn Filing + '_>>;

    /// The records of calls that were never closed, oldest first.
    ///
    /// A record that cannot be read stays as it is; its id is in the second list.
    fn unfinished(&self) -> Result<(Vec<CallRecord>, Vec<String>)>;

    /// The record of a call.
    fn record(&self, call: CallId) -> Result<Option<CallRecord>>;

    /// The mailbox of the call or the case with this identifier.
    fn mailbox_of(&self, id: CallId) -> Result<Option<String>>;

    /// Notes where the audio of a call is kept, and what is heard in it.
    fn note_audio(&self, call: CallId, place: &str, timeline: &[Segment]) -> Result<()>;

    /// What may be tried ([`queue::due`](super::queue::due)).
    fn due(&self) -> Result<Vec<Delivery>>;

    /// Makes everything due that waits.
    fn retry_all_now(&self) -> Result<()>;

    /// Whether anything of a call is still to be delivered.
    fn has_pending(&self, call: CallId) -> Result<bool>;

    /// Notes what came of an attempt ([`queue::settle`](super::queue::settle)); nothing where the delivery is
    /// not there any more.
    fn settle(&mut self, key: Key, settlement: Settlement) -> Result<()>;

    /// The recipients that have got theirs of a delivery to several.
    fn served(&self, key: Key) -> Result<Vec<String>>;

    /// Notes that one recipient has got theirs.
    fn note_served(&self, key: Key, recipient: &str) -> Result<()>;

    /// What this installation calls itself, the same for as long as its database lives.
    fn installation(&self) -> Result<String>;

    /// Closes the cases that a connection between two telephones closes, and returns them.
    fn close_connected(
        &mut self,
        connected: &Connected,
        at: Timestamp,
        homes: &[Home],
    ) -> Result<Vec<CallId>>;

    /// Takes a step in a case.
    fn change_case(&mut self, change: &Change) -> Result<Changed>;

    /// Notes what somebody says that a call really was.
    fn judge(&mut self, judging: &Judging) -> Result<Judged>;

    /// Notes that somebody listened to a recording.
    fn note_listening(&mut self, listening: &Listening) -> Result<()>;

    /// Notes that a token was used.
    fn note_token_used(&mut self, name: &str, at: Timestamp) -> Result<()>;

    /// What is known of the digests of a day.
    fn digests_of(&self, day: Date) -> Result<DigestsOfDay>;

    /// Notes what has been done about a digest.
    fn note_digest(&mut self, note: &DigestNote) -> Result<()>;

    /// Whether a call has begun since then.
    fn any_call_since(&self, since: Timestamp) -> Result<bool>;

    /// Notes that a sweep begins; why nothing is to be deleted in it, if that is so.
    fn begin_sweep(&mut self, now: Timestamp) -> Result<Option<Pause>>;

    /// Whether there is a call whose recording is kept.
    fn keeps_audio(&self, call: CallId) -> Result<bool>;

    /// Has calls behind this row looked at again if these are other rules than before; the row to go on behind, if
    /// there are more.
    fn go_by_rules(&mut self, rules: &str, after: i64) -> Result<Option<i64>>;

    /// The calls of which something may be due by then, the longest due first.
    fn kept_until(&self, now: Timestamp, most: u32) -> Result<Vec<Kept>>;

    /// Deletes what was decided to be due, all or nothing.
    fn keep_no_longer(&mut self, decided: &[Decided], pseudonyms: &Pseudonyms) -> Result<()>;

    /// Calls that were erased since then, and when they began.
    fn erased_since(&self, since: Timestamp) -> Result<Vec<(CallId, Timestamp)>>;

    /// The broken databases that lie beside this one, oldest first.
    fn set_aside(&self) -> Result<Vec<SetAside>>;

    /// Forgets a broken database whose file was removed.
    fn forget_set_aside(&self, file: &str) -> Result<()>;

    /// Empties the write-ahead log, in which what was deleted stands; `false` if somebody reads in it now.
    fn truncate_wal(&self) -> Result<bool>;
}

/// Entries that are filed together, or not at all when it is dropped.
pub(super) trait Filing {
    /// Files one entry. An opening never changes a row that is there, the others never one that is closed.
    fn file(&self, entry: &Entry) -> Result<()>;

    /// All are on the disk when this returns.
    fn commit(self: Box<Self>) -> Result<()>;
}
