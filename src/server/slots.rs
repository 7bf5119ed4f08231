//! How many are in at once, under a limit that may change while they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts who is in; clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots(Arc<AtomicUsize>);

impl Slots {
    /// One more, where fewer than `limit` are in. Those that are in stay when the limit falls.
    pub(super) fn take(&self, limit: usize) -> Option<Slot> {
        let one_more = |taken| (taken < limit).then_some(taken + 1);
        let taken = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.is_ok().then(|| Slot(self.clone()))
    }
}

/// One who is in, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Slots);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_falls_lets_nobody_in_until_enough_are_gone() {
        let slots = Slots::default();
        let (first, second) = (slots.take(2), slots.take(2));
        assert!(first.is_some() && second.is_some());
        assert!(slots.take(2).is_none() && slots.take(1).is_none());
        let third = slots.take(3);
        assert!(third.is_some());
        drop((first, second));
        assert!(slots.take(1).is_none(), "the third is in");
        drop(third);
        assert!(slots.take(1).is_some());
        assert!(slots.take(1).is_some(), "its slot was given back at once");
    }
}
