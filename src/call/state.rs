//! Where a call is. Each state owns what exists only in it.

use std::collections::VecDeque;
use std::time::Instant;

use super::clip::Clip;
use super::would_have::Observing;
use crate::agi::{Command, Key};
use crate::audio::MediaTime;
use crate::call_record::{Callback, EndedBy};

/// ```text
///  SettingUp ──► Playing greeting ──► Recording ◄──────────────┐
///     │             │ digit          │  │ advice             │
///     │             ▼                │  └─► Playing question │ answer, or a prompt is over
///     │          Keying ◄── digit ───┤      warning, number ─┘
///     │             │ # or pause     │
///     │             ▼                │ end, #, limit
///     │   Playing read-back ─► Confirming ─► Playing ─► Recording
///     │ observe                           ▼
///     └──► Observing ──► Observed ──► Leaving ──► Ended
/// ```
///
/// Before a command of `Playing`, `Recording`, `Keying` and `Confirming` the safety timeout may
/// have to be renewed: `Renewing`, then on. A hang-up, a broken connection or a failure leads to
/// `Leaving` from everywhere.
#[derive(Debug)]
pub(super) enum State {
    /// The set-up.
    SettingUp(SettingUp),
    /// `VoiceMail()` takes the message itself.
    Observing(Box<Observing>),
    /// `VoiceMail()` is over; the safety timeout is set again, or both are still to be answered.
    Observed,
    /// Something is played.
    Playing(Playing),
    /// Short waits for a key, while the tap is heard.
    Recording(Recording),
    /// The caller keys a number.
    Keying(Keying),
    /// 1 or 2 is awaited.
    Confirming(Keying),
    /// The safety timeout is renewed; this state goes on behind it.
    Renewing {
        /// What goes on, and sends its command then.
        then: Box<State>,
    },
    /// On the way out.
    Leaving(Leaving),
    /// Nothing more happens.
    Ended,
}

impl State {
    /// The state that the call is in, whether the safety timeout is being renewed in it or not.
    pub(super) fn lasting(&self) -> &Self {
        match self {
            Self::Renewing { then } => then,
            state => state,
        }
    }

    /// The same, to change it.
    pub(super) fn lasting_mut(&mut self) -> &mut Self {
        match self {
            Self::Renewing { then } => then,
            state => state,
        }
    }
}

#[derive(Debug)]
pub(super) struct SettingUp {
    /// The commands that are left; the first is under way.
    pub(super) steps: VecDeque<Command>,
    /// What Asterisk calls the tap; empty until it has said so.
    pub(super) tap_id: String,
}

#[derive(Debug)]
pub(super) struct Playing {
    /// What is left; the first is under way.
    pub(super) clips: VecDeque<Clip>,
    pub(super) then: AfterPrompt,
    pub(super) began: MediaTime,
    /// What of the sound had never come when the first clip began.
    pub(super) lost: MediaTime,
}

/// What comes after a prompt.
#[derive(Clone, Debug)]
pub(super) enum AfterPrompt {
    /// The recording begins, or goes on.
    Record {
        /// A number by keys has taken the time since then, which does not count.
        number_since: Option<Instant>,
    },
    /// The same; the caller ID was offered in what is played.
    RecordOffered,
    /// The answer to the question is awaited.
    AwaitAnswer,
    /// The number is keyed in again.
    Key(Keying),
    /// 1 or 2 is awaited.
    Confirm(Keying),
    /// The call ends.
    Leave(EndedBy),
}

impl AfterPrompt {
    /// The recording begins, or goes on.
    pub(super) const RECORD: Self = Self::Record { number_since: None };
}

#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) answer: Option<AwaitedAnswer>,
    /// The caller ID has been offered: 1 takes it until then.
    pub(super) offered_until: Option<Instant>,
}

/// The question has been asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwaitedAnswer {
    pub(super) until: Instant,
    /// Speech from here on is an answer.
    pub(super) since: MediaTime,
}

#[derive(Clone, Debug)]
pub(super) struct Keying {
    /// When the first key came.
    pub(super) since: Instant,
    pub(super) digits: String,
    /// How often the caller has started again.
    pub(super) tries: u32,
    /// How often these digits were read back.
    pub(super) read_backs: u32,
    /// The number known before these digits, once they are enough to stand for one.
    pub(super) before: Option<Callback>,
}

impl Keying {
    /// No digit yet.
    pub(super) fn since(since: Instant) -> Self {
        Self {
            since,
            digits: String::new(),
            tries: 0,
            read_backs: 0,
            before: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) ended_by: EndedBy,
    /// The key that the caller left by.
    pub(super) exit: Option<Key>,
    pub(super) step: Step,
}

/// In this order; what a closed connection cannot take is left out.
#[derive(Debug)]
pub(super) enum Step {
    /// The command that ends the tap is under way.
    StopTap,
    /// The tap is heard to its end.
    DrainTap,
    /// The third listener hears the recording.
    HearAgain,
    /// The variables that are left; the first is under way.
    Variables(VecDeque<Command>),
}
