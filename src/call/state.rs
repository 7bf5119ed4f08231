//! Where a call is. Each state owns what exists only in it.

use std::collections::VecDeque;
use std::time::Instant;

use super::observing::Observing;
use super::prompt::Clip;
use crate::agi::Command;
use crate::audio::MediaTime;
use crate::record::{Callback, EndedBy};

/// ```text
///  Opening ──► Playing greeting ──► Listening ◄──────────────┐
///     │             │ digit          │  │ advice             │
///     │             ▼                │  └─► Playing question │ answer, or a prompt is over
///     │          Keying ◄── digit ───┤      warning, number ─┘
///     │             │ # or pause     │
///     │             ▼                │ end, #, limit
///     │   Playing read-back ─► Confirming ─► Playing ─► Listening
///     │ observe                           ▼
///     └──► Observing ──► Observed ──► Leaving ──► Ended
/// ```
///
/// A hang-up, a broken connection or a failure leads to `Leaving` from everywhere.
#[derive(Debug)]
pub(super) enum State {
    /// The set-up commands that are left; the first is under way.
    Opening(VecDeque<Command>),
    /// `VoiceMail()` takes the message itself.
    Observing(Box<Observing>),
    /// `VoiceMail()` is over; Asterisk's guard rail is put back, or both are still to be answered.
    Observed,
    /// Something is played.
    Playing(Playing),
    /// Short waits for a key, while the tap is heard.
    Listening(Listening),
    /// The caller keys a number.
    Keying(Keying),
    /// 1 or 2 is awaited.
    Confirming(Keying),
    /// On the way out.
    Leaving(Leaving),
    /// Nothing more happens.
    Ended,
}

#[derive(Debug)]
pub(super) struct Playing {
    /// What is left; the first is under way.
    pub(super) clips: VecDeque<Clip>,
    pub(super) then: Then,
    pub(super) began: MediaTime,
    /// What of the sound had never come when the first clip began.
    pub(super) stood_still: MediaTime,
}

/// What comes after a prompt.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// The recording proper begins, or goes on.
    Listen,
    /// The same; the caller ID was offered in what is played.
    ListenOffered,
    /// The answer to the question is awaited.
    AwaitAnswer,
    /// The number is keyed in again.
    Key(Keying),
    /// 1 or 2 is awaited.
    Confirm(Keying),
    /// The call ends.
    Leave(EndedBy),
}

#[derive(Debug, Default)]
pub(super) struct Listening {
    pub(super) answer: Option<AwaitedAnswer>,
}

/// The question has been asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwaitedAnswer {
    pub(super) until: Instant,
    /// Speech from here on is an answer.
    pub(super) since: MediaTime,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Keying {
    pub(super) digits: String,
    /// How often he has started again.
    pub(super) tries: u32,
    /// How often these digits were read back.
    pub(super) read_backs: u32,
    /// The number known before these digits, once they are enough to stand for one.
    pub(super) before: Option<Callback>,
}

#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) ended_by: EndedBy,
    pub(super) step: Step,
}

/// In this order; what a closed connection cannot take is left out.
#[derive(Debug)]
pub(super) enum Step {
    /// StopMixMonitor is under way.
    StopTap,
    /// The tap reads the file to its end.
    DrainTap,
    /// The variables that are left; the first is under way.
    Variables(VecDeque<Command>),
}
