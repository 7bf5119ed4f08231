//! The caller's sound on its way into the tap.

use std::fmt;
use std::time::Duration;

use voicemail_guard::audio::MediaTime;
use voicemail_guard::tap::audiosocket::Ended;
use voicemail_guard::tap::{TapError, TapEvent};

use super::ear::code;
use super::script::Sound;

/// What MixMonitor writes, or a spy sends, and what the tap sends of it, in pieces of 0.34 s.
pub(super) struct Recording {
    /// Their sound, each with its beginning in ms.
    changes: Vec<(u64, Sound)>,
    /// Once it has begun.
    by: Option<By>,
    followed: bool,
    /// Up to here it has been sent.
    sent: u64,
    next: u64,
    ended: Option<u64>,
    finish: Option<u64>,
    failure: Option<u64>,
    /// Nothing comes any more until the tap gives up.
    hung: Option<u64>,
    over: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    MixMonitor,
    /// No command ends it.
    Spy,
}

impl Recording {
    pub(super) fn new() -> Self {
        Self {
            changes: vec![(0, Sound::Of(voicemail_guard::hearing::Class::Silence, None))],
            by: None,
            followed: false,
            sent: 0,
            next: 0,
            ended: None,
            finish: None,
            failure: None,
            hung: None,
            over: false,
        }
    }

    pub(super) fn change(&mut self, sound: Sound, now: u64) {
        self.changes.push((now, sound));
    }

    pub(super) fn begin(&mut self, now: u64) {
        self.begin_by(By::MixMonitor, now);
    }

    /// The same, until the guard has had enough.
    pub(super) fn spy(&mut self, now: u64) {
        self.begin_by(By::Spy, now);
    }

    fn begin_by(&mut self, by: By, now: u64) {
        self.by = Some(by);
        self.sent = now;
        self.next = now + PIECE + OFFSET;
    }

    pub(super) fn end(&mut self, now: u64) {
        self.ended.get_or_insert(now);
    }

    pub(super) fn follow(&mut self, now: u64) {
        self.followed = true;
        if self.by.is_none() {
            // The file never appears: no packets, as far as anybody can tell.
            self.begin(now);
            self.changes = vec![(0, Sound::Nothing)];
        }
        self.next = self.next.max(now + OFFSET);
    }

    pub(super) fn finish(&mut self, now: u64) {
        if self.by == Some(By::Spy) {
            self.end(now);
        }
        self.finish.get_or_insert(now / 10 * 10 + FLUSH + OFFSET);
    }

    /// Gives what has happened to it.
    pub(super) fn fail(&mut self, now: u64) -> &'static str {
        self.failure.get_or_insert(now + OFFSET);
        if self.by == Some(By::Spy) {
            "the line with the sound is closed"
        } else {
            "the tap's file is removed"
        }
    }

    pub(super) fn hang(&mut self, now: u64) {
        self.hung.get_or_insert(now + LONGEST_LOOK + OFFSET);
    }

    pub(super) fn next_at(&self) -> Option<u64> {
        let active = self.followed && !self.over;
        let due = match self.hung {
            Some(_) => [None, None, self.hung],
            None => [Some(self.next), self.finish, self.failure],
        };
        due.into_iter().flatten().min().filter(|_| active)
    }

    pub(super) fn poll(&mut self, now: u64) -> Vec<TapEvent> {
        if self.next_at().is_none_or(|at| at > now) {
            return Vec::new();
        }
        if self.hung.is_some() {
            self.over = true;
            return vec![TapEvent::Failed(TapError::NoAnswer {
                path: "/tap/caller.sln48".into(),
                waited: Duration::from_millis(LONGEST_LOOK),
            })];
        }
        if self.failure.is_some_and(|at| at <= now) {
            self.over = true;
            let removed = TapError::Replaced {
                path: "/tap/caller.sln48".into(),
                how: "removed",
            };
            let closed = TapError::Closed(Ended::Closed);
            let error = if self.by == Some(By::Spy) {
                closed
            } else {
                removed
            };
            return vec![TapEvent::Failed(error)];
        }
        let mut events = self.piece(now / 10 * 10);
        self.next = now / 10 * 10 + PIECE + OFFSET;
        if self.finish.is_some_and(|at| at <= now) {
            self.over = true;
            events.push(TapEvent::Finished(Vec::new()));
        }
        events
    }

    /// Everything that has not been sent yet.
    fn piece(&mut self, now: u64) -> Vec<TapEvent> {
        let until = self.ended.map_or(now, |ended| ended.min(now));
        let ends = self
            .changes
            .iter()
            .skip(1)
            .map(|change| change.0)
            .chain([u64::MAX]);
        let mut events = Vec::new();
        for (&(from, sound), to) in self.changes.iter().zip(ends) {
            let millis = to.min(until).saturating_sub(from.max(self.sent));
            let length = MediaTime::from_millis(millis);
            match (millis, sound) {
                (0, _) => {}
                (_, Sound::Nothing) => events.push(TapEvent::Gap(length)),
                (_, sound) => events.push(TapEvent::Samples(vec![
                    code(sound);
                    length.samples() as usize
                ])),
            }
        }
        self.sent = self.sent.max(until);
        events
    }
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(_, Some(signal)) => write!(f, "{signal}"),
            Self::Of(class, None) => write!(f, "{class}"),
            Self::Key(key) => write!(f, "key {key}"),
            Self::Indistinct => f.write_str("somebody may be speaking"),
            Self::Zeros => f.write_str("zeros"),
            Self::Nothing => f.write_str("no packets"),
            Self::Same => f.write_str("the same"),
        }
    }
}

/// A piece of the tap, in ms.
const PIECE: u64 = 340;

/// After this the tap gives up, in ms.
const LONGEST_LOOK: u64 = 8_000;

/// The last flush, in ms.
const FLUSH: u64 = 40;

/// The tap's own place between the hundredths of a second, in ms.
const OFFSET: u64 = 5;
