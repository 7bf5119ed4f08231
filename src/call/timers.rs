//! Why the conversation wants to be woken.

use std::time::Instant;

/// All timers of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Asterisk owes a reply for too long: the connection is given up, `VoiceMail()` takes over.
    CommandOverdue,
    /// `VoiceMail()` is under way: what puts Asterisk's guard rail back is to be sent behind it.
    RailDue,
    /// The tap has not reported its end: the record is closed, and says that not all was heard.
    TapOverdue,
}

/// At most one wait at a time: a command or the end of the tap.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deadline(Option<(Instant, Timer)>);

impl Deadline {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0 = Some((at, timer));
    }

    pub(super) fn stop(&mut self) {
        self.0 = None;
    }

    pub(super) fn next(&self) -> Option<(Instant, Timer)> {
        self.0
    }

    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = self.0?;
        (now >= at).then(|| {
            self.stop();
            timer
        })
    }
}
