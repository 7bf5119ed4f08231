//! The deliveries that the worker is making just now.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

/// The attempts that are being made.
#[derive(Default)]
pub(super) struct UnderWay {
    pub(super) tasks: JoinSet<()>,
    duties: HashMap<Id, (i64, Pace)>,
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
        seq: i64,
        pace: Pace,
        attempt: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(attempt);
        self.duties.insert(task.id(), (seq, pace));
    }

    pub(super) fn has(&self, seq: i64) -> bool {
        self.duties.values().any(|&(under_way, _)| under_way == seq)
    }

    pub(super) fn count(&self, pace: Pace) -> usize {
        let paces = self.duties.values().map(|&(_, pace)| pace);
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
