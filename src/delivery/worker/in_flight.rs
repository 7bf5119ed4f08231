//! The deliveries that the worker is making just now.

use std::collections::HashMap;

use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

use crate::call_log::{Delivery, Stage};

/// The attempts that are being made.
#[derive(Default)]
pub(super) struct InFlight {
    pub(super) tasks: JoinSet<()>,
    attempts: HashMap<Id, (Delivery, Lane)>,
}

/// How long an attempt takes; one kind does not wait for the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Moments.
    Instant,
    /// As long as the message.
    RealTime,
}

impl InFlight {
    pub(super) fn begin(
        &mut self,
        delivery: Delivery,
        kind: Lane,
        attempt: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(attempt);
        self.attempts.insert(task.id(), (delivery, kind));
    }

    /// Whether this delivery is being made, or another to its mailbox: nobody works in a mailbox
    /// twice at a time.
    pub(super) fn has(&self, delivery: &Delivery) -> bool {
        let delivers = |delivery: &Delivery| delivery.stage != Stage::Stored;
        self.attempts.values().any(|(other, _)| {
            let of_one_box = (&other.mailbox, other.to) == (&delivery.mailbox, delivery.to);
            (other.call, other.to) == (delivery.call, delivery.to)
                || of_one_box && delivers(other) && delivers(delivery)
        })
    }

    pub(super) fn count(&self, kind: Lane) -> usize {
        let kinds = self.attempts.values().map(|(_, kind)| *kind);
        kinds.filter(|&other| other == kind).count()
    }

    pub(super) fn ended(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => {
                error!(event = "delivery_failed", %error, "a delivery broke off");
                error.id()
            }
        };
        self.attempts.remove(&id);
    }
}
