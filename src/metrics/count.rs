//! Numbers that are counted beside calls: adding to one is an atomic step and waits for nobody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows, or that is set.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn set(&self, to: u64) {
        self.0.store(to, Ordering::Relaxed);
    }

    /// One more for as long as what is returned lives.
    pub(super) fn hold(&self) -> Held<'_> {
        self.add(1);
        Held(self)
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a Count);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How often something took how long.
#[derive(Debug)]
pub(crate) struct Histogram<const N: usize> {
    /// The upper bounds, in seconds, in order.
    bounds: [f64; N],
    /// How many were no longer than the bound in the same place, and longer than the one before it.
    within: [Count; N],
    longer: Count,
    sum_us: Count,
}

impl<const N: usize> Histogram<N> {
    pub(super) const fn new(bounds: [f64; N]) -> Self {
        Self {
            bounds,
            within: [const { Count::new() }; N],
            longer: Count::new(),
            sum_us: Count::new(),
        }
    }

    pub(crate) fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = self.bounds.iter().position(|bound| seconds <= *bound);
        at.map_or(&self.longer, |at| &self.within[at]).add(1);
        self.sum_us.add(took.as_micros() as u64);
    }

    /// Each bound, in seconds, and how many were no longer.
    pub(super) fn up_to(&self) -> [(f64, u64); N] {
        let mut sum = 0;
        std::array::from_fn(|at| {
            sum += self.within[at].get();
            (self.bounds[at], sum)
        })
    }

    pub(super) fn count(&self) -> u64 {
        let within: u64 = self.within.iter().map(Count::get).sum();
        within + self.longer.get()
    }

    pub(super) fn sum_seconds(&self) -> f64 {
        self.sum_us.get() as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_all_that_were_no_longer() {
        let histogram = Histogram::new([0.01, 0.1]);
        for ms in [1, 10, 11, 100, 101, 5_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        assert_eq!(histogram.up_to(), [(0.01, 2), (0.1, 4)]);
        assert_eq!(histogram.count(), 6);
        assert!((histogram.sum_seconds() - 5.223).abs() < 1e-9);
    }

    #[test]
    fn who_is_held_is_counted_until_dropped() {
        let count = Count::new();
        let held = [count.hold(), count.hold()];
        assert_eq!(count.get(), 2);
        drop(held);
        assert_eq!(count.get(), 0);
    }
}
