//! The deliveries that the worker is making just now.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

use crate::call_log::{Duty, Stage};

/// The attempts that are being made.
#[derive(Default)]
pub(super) struct UnderWay {
    pub(super) tasks: JoinSet<()>,
    duties: HashMap<Id, (Duty, Pace)>,
}

/// How long an attempt takes; one kind does not wait for the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Moments.
    Quick,
    /// As long as the message.
    AsSpoken,
}

impl UnderWay {
    pub(super) fn begin(
        &mut self,
        duty: Duty,
        pace: Pace,
        attempt: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(attempt);
        self.duties.insert(task.id(), (duty, pace));
    }

    /// Whether this delivery is being made, or another to its box: nobody works in a box twice at a time.
    pub(super) fn has(&self, duty: &Duty) -> bool {
        let delivers = |duty: &Duty| duty.stage != Stage::Placed;
        self.duties.values().any(|(other, _)| {
            let of_one_box = (&other.box_name, other.to) == (&duty.box_name, duty.to);
            other.seq == duty.seq || of_one_box && delivers(other) && delivers(duty)
        })
    }

    pub(super) fn count(&self, pace: Pace) -> usize {
        let paces = self.duties.values().map(|(_, pace)| *pace);
        paces.filter(|&other| other == pace).count()
    }

    pub(super) fn ended(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => {
                error!(%error, "a delivery broke off");
                error.id()
            }
        };
        self.duties.remove(&id);
    }
}
