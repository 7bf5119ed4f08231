//! Who waits in a watched queue right now: the watches keep it, the support team's page shows it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::watch::Glance;
use crate::call_record::{CallId, Caller, MailboxName};

/// The callers who wait; clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<List>);

#[derive(Debug, Default)]
struct List {
    callers: Mutex<BTreeMap<CallId, Waiter>>,
    changed: watch::Sender<()>,
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// The record of the wait.
    pub id: CallId,
    /// The queue in the place of a mailbox, as `support@queue`.
    pub mailbox: MailboxName,
    /// Who they are, as the network says.
    pub caller: Caller,
    /// When they came.
    pub since: Timestamp,
    /// How the wait stands.
    pub glance: Glance,
}

impl Waiting {
    /// Everybody who waits, by queue and place.
    pub fn all(&self) -> Vec<Waiter> {
        let mut all: Vec<_> = self.locked().values().cloned().collect();
        let order = |of: &Waiter| (of.mailbox.to_string(), of.glance.place, of.since);
        all.sort_by_cached_key(order);
        all
    }

    /// Is notified of every change.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// The place of one caller in the list, empty until they are shown.
    pub fn entry(&self, id: CallId) -> Entry {
        Entry {
            list: self.clone(),
            id,
        }
    }

    /// Puts a caller there, or takes them away; whether the list is another now.
    fn put(&self, id: CallId, waiter: Option<Waiter>) -> bool {
        let mut callers = self.locked();
        if callers.get(&id) == waiter.as_ref() {
            return false;
        }
        match waiter {
            Some(waiter) => callers.insert(id, waiter),
            None => callers.remove(&id),
        };
        true
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<CallId, Waiter>> {
        let callers = &self.0.callers;
        callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One caller's place in the list; when it is dropped they are not in it any more.
#[derive(Debug)]
pub struct Entry {
    list: Waiting,
    id: CallId,
}

impl Entry {
    /// Has the caller stand in the list like this; nothing takes them out of it.
    pub fn show(&self, waiter: Option<Waiter>) {
        if self.list.put(self.id, waiter) {
            self.list.0.changed.send_replace(());
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.show(None);
    }
}
