//! Figures for machines: what the guard counts of itself while it runs, and its text for Prometheus.
//!
//! They are of the process, as its log is: whoever counts calls [`METRICS`], nobody hands it on. What belongs to a
//! call is counted when it is over, from its record; what is counted while it is up is an atomic step. No label
//! holds what a caller sent: mailboxes are those of the configuration, or `other`.

mod count;
mod exposition;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::count::{Count, Held, Histogram};
pub use self::exposition::{FAMILIES, Family, State};
use crate::call_record::{Answer, CallRecord, Destination, EndedBy, Played, Verdict};
use crate::config::Config;
use crate::prompts::Prompt;

/// What has been counted since this process began.
pub static METRICS: Metrics = Metrics::new();

/// The mailbox of calls whose mailbox has no table in the configuration.
const OTHER: &str = "other";

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    calls: Mutex<BTreeMap<Closed, u64>>,
    /// By prompt, the administrator's own greetings last; by [`answer_of`].
    prompts: [[Count; ANSWERS.len()]; Prompt::ALL.len() + 1],
    calls_up: Count,
    refused: [Count; Refusal::ALL.len()],
    agi_replies: Histogram<9>,
    filing: Histogram<8>,
    ear_ns: Count,
    tap_gaps: Count,
    tap_gap_ms: Count,
    tap_failures: Count,
    tap_refused: [Count; TapRefusal::ALL.len()],
    deliveries: [[Count; Outcome::ALL.len()]; Destination::ALL.len()],
    ami_is_connected: Count,
    config_generation: Count,
    config_is_refused: Count,
}

/// What calls that are over are counted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Closed {
    mailbox: String,
    verdict: &'static str,
    ended_by: &'static str,
}

/// How prompts are answered.
const ANSWERS: [&str; 3] = ["voice", "key", "none"];

fn answer_of(answer: Option<Answer>) -> usize {
    match answer {
        Some(Answer::Voice) => 0,
        Some(Answer::Key) => 1,
        None => 2,
    }
}

/// Why a connection of Asterisk's is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// More calls than allowed: Asterisk carries on.
    TooManyCalls,
    /// Asterisk is behind with other calls: it carries on with this one alone.
    Behind,
    /// More connections than allowed.
    TooManyConnections,
    /// Not from an address that may connect.
    NotAllowed,
    /// Nothing, or nonsense, where the prelude should be.
    BadPrelude,
}

impl Refusal {
    const ALL: [Self; 5] = [
        Self::TooManyCalls,
        Self::Behind,
        Self::TooManyConnections,
        Self::NotAllowed,
        Self::BadPrelude,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::TooManyCalls => "too_many_calls",
            Self::Behind => "behind",
            Self::TooManyConnections => "too_many_connections",
            Self::NotAllowed => "not_allowed",
            Self::BadPrelude => "bad_prelude",
        }
    }
}

/// Why a connection that brings sound is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TapRefusal {
    /// Not from an address that may connect.
    NotAllowed,
    /// It did not say what it is known by, or not in time.
    NoId,
    /// Nobody expects it, or not any more.
    UnknownId,
    /// Somebody has come with its id before.
    UsedId,
}

impl TapRefusal {
    pub(crate) const ALL: [Self; 4] = [Self::NotAllowed, Self::NoId, Self::UnknownId, Self::UsedId];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::NoId => "no_id",
            Self::UnknownId => "unknown_id",
            Self::UsedId => "used_id",
        }
    }
}

/// What came of an attempt to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is where it belongs.
    Delivered,
    /// It is tried again.
    Retried,
    /// It is not tried again.
    GivenUp,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Delivered, Self::Retried, Self::GivenUp];

    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::GivenUp => "given_up",
        }
    }
}

impl Metrics {
    const fn new() -> Self {
        Self {
            calls: Mutex::new(BTreeMap::new()),
            prompts: [const { [const { Count::new() }; ANSWERS.len()] }; Prompt::ALL.len() + 1],
            calls_up: Count::new(),
            refused: [const { Count::new() }; Refusal::ALL.len()],
            agi_replies: Histogram::new([0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0]),
            filing: Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0]),
            ear_ns: Count::new(),
            tap_gaps: Count::new(),
            tap_gap_ms: Count::new(),
            tap_failures: Count::new(),
            tap_refused: [const { Count::new() }; TapRefusal::ALL.len()],
            deliveries: [const { [const { Count::new() }; Outcome::ALL.len()] };
                Destination::ALL.len()],
            ami_is_connected: Count::new(),
            config_generation: Count::new(),
            config_is_refused: Count::new(),
        }
    }

    /// A call is over; its record is closed so.
    pub(crate) fn call_closed(&self, record: &CallRecord, config: &Config) {
        let mailbox = if config.has_table(&record.mailbox) {
            record.mailbox.to_string()
        } else {
            OTHER.to_owned()
        };
        let closed = Closed {
            mailbox,
            verdict: record.verdict.unwrap_or(Verdict::Unsure).as_str(),
            ended_by: record.ended_by.unwrap_or(EndedBy::HandedOn).as_str(),
        };
        *self.closed().entry(closed).or_default() += 1;
        for asked in &record.asked {
            let ours =
                |prompt: &Prompt| matches!(&asked.prompt, Played::Prompt(of) if of == prompt);
            let at = Prompt::ALL.iter().position(ours);
            self.prompts[at.unwrap_or(Prompt::ALL.len())][answer_of(asked.answer)].add(1);
        }
    }

    fn closed(&self) -> MutexGuard<'_, BTreeMap<Closed, u64>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call is up for as long as what is returned lives.
    pub(crate) fn call_up(&self) -> Held<'_> {
        self.calls_up.hold()
    }

    /// How many calls are up.
    pub(crate) fn calls_up(&self) -> u64 {
        self.calls_up.get()
    }

    pub(crate) fn refused(&self, why: Refusal) {
        self.refused[why as usize].add(1);
    }

    /// Asterisk answered a command that takes no time by itself.
    pub(crate) fn agi_replied(&self, after: Duration) {
        self.agi_replies.observe(after);
    }

    /// The record of a call is in the database, so long after the call was over.
    pub(crate) fn filed(&self, after: Duration) {
        self.filing.observe(after);
    }

    /// The ear took so much processor time.
    pub(crate) fn heard(&self, took: Duration) {
        self.ear_ns.add(took.as_nanos() as u64);
    }

    /// So many stretches of a call's sound never came, so long together.
    pub(crate) fn gaps(&self, count: usize, lost: Duration) {
        self.tap_gaps.add(count as u64);
        self.tap_gap_ms.add(lost.as_millis() as u64);
    }

    pub(crate) fn tap_failed(&self) {
        self.tap_failures.add(1);
    }

    pub(crate) fn tap_refused(&self, why: TapRefusal) {
        self.tap_refused[why as usize].add(1);
    }

    pub(crate) fn delivery(&self, to: Destination, outcome: Outcome) {
        let at = Destination::ALL.iter().position(|of| *of == to);
        if let Some(to) = at {
            self.deliveries[to][outcome as usize].add(1);
        }
    }

    /// Whether the manager interface reports who was answered.
    pub(crate) fn ami_is_connected(&self, is_so: bool) {
        self.ami_is_connected.set(is_so.into());
    }

    /// Settings were taken: the first at the start, others at each reload.
    pub(crate) fn config_taken(&self) {
        self.config_generation.add(1);
        self.config_is_refused.set(0);
    }

    /// A reload was refused: what is in the file does not hold.
    pub(crate) fn config_refused(&self) {
        self.config_is_refused.set(1);
    }
}
