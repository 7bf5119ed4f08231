//! Whether Asterisk keeps up with the call: a reply long behind its time means that keys and sound come as late.

use std::time::{Duration, Instant};

/// The worst delay of a reply so far.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    due: Option<Instant>,
    worst: Duration,
    last: Option<Instant>,
}

impl Lateness {
    /// A command is under way whose reply is due then.
    pub(super) fn expect(&mut self, due: Instant) {
        self.due = Some(due);
    }

    /// The reply has come.
    pub(super) fn replied(&mut self, now: Instant) {
        if let Some(due) = self.due.take() {
            let late = now.saturating_duration_since(due);
            self.worst = self.worst.max(late);
            self.last = (late > TOLERANCE).then_some(now).or(self.last);
        }
    }

    /// How late the worst reply was; `None` where Asterisk keeps up.
    pub(super) fn worst(&self) -> Option<Duration> {
        self.last.map(|_| self.worst)
    }

    /// When a reply was late the last time.
    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }
}

/// An Asterisk that keeps up replies within milliseconds; beside a full disk or a burst of calls within a second.
const TOLERANCE: Duration = Duration::from_secs(3);
