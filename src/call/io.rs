//! What goes in and out of the conversation: events, actions, and the timers it wants to be woken
//! by.

use std::time::Instant;

use crate::agi::{self, Command};
use crate::audio::MediaTime;
use crate::call_record::CallRecord;
use crate::hearing::{ThirdOpinion, Update};

/// What can happen to a call.
#[derive(Debug)]
pub enum Event {
    /// Asterisk sent a line: a reply or `HANGUP`. From the AGI stream.
    Agi(agi::Incoming),
    /// The FastAGI connection has ended or broken. From the AGI stream.
    AgiClosed,
    /// The first packets of the caller have come. From the tap.
    FirstPacket,
    /// A change of class, or a key. From the ear.
    Heard(Update),
    /// The sound has been heard up to here. From the ear, after its updates.
    HeardUpTo(MediaTime),
    /// So much sound never came; the ear knows of it as well. From the tap.
    Gap(MediaTime),
    /// The tap cannot be followed; why, for the log. From the tap.
    TapFailed(String),
    /// The last sound has been heard, as [`Action::FinishTap`] asked.
    TapFinished,
    /// What the third listener made of the recording, as [`Action::HearAgain`] asked; nothing where
    /// it could not be read.
    HeardAgain(Option<ThirdOpinion>),
    /// The guard must go now: the grace period of a graceful stop is over. From the server.
    Shutdown,
}

/// What the shell does for the conversation, in this order.
#[derive(Debug)]
#[must_use]
pub enum Action {
    /// Write this command in one piece; its reply comes back as [`Event::Agi`].
    Send(Command),
    /// Follow the tap, which has begun; what is heard comes back as events.
    FollowTap,
    /// Hear the tap to its end, then report [`Event::TapFinished`].
    FinishTap,
    /// Let the third listener hear the recording, then report [`Event::HeardAgain`].
    HearAgain,
    /// File what is known so far, so that it outlives the guard.
    Save(Box<CallRecord>),
    /// Close the record: stamp it, keep its audio, file it. The last but one action of every call.
    File(Box<CallRecord>),
    /// Close the connection. The last action of every call.
    Close,
}

/// All timers of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Asterisk has not replied for too long: the connection is given up, `VoiceMail()` takes over.
    CommandOverdue,
    /// `VoiceMail()` is under way: what sets the safety timeout again is to be sent behind it.
    SafetyTimeoutDue,
    /// The tap has not reported its end: the record is closed, and says that not all was heard.
    TapOverdue,
    /// The third listener has not had its say: the call is judged without it.
    HearingAgainOverdue,
}

/// At most one wait at a time: a command, the end of the tap or the third listener.
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
