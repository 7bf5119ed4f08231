//! The descriptors this process may have, and how many connections they are enough for.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{Limits, MOST_REFUSALS};

/// As many as the hard limit allows, from now on; gives how many that are.
pub fn raise() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of descriptors stays");
    }
    allowed()
}

/// How many this process may have now.
pub fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many a guard started here could raise its limit to.
pub fn possible() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// How many all that is let in can need.
pub fn needed(limits: &Limits) -> u64 {
    (limits.connections.max(limits.calls) + limits.calls) as u64 + BESIDE
}

/// So many connections find their descriptors: one each, and those of calls one for their sound. What is above is
/// refused at once; where no descriptor is left the listener could not even do that.
pub(super) fn connections(allowed: u64, calls: usize) -> usize {
    let left = allowed.saturating_sub(BESIDE);
    let calls = calls as u64;
    let connections = (left / 2).max(left.saturating_sub(calls));
    usize::try_from(connections).unwrap_or(usize::MAX).max(1)
}

/// For listeners, database, journal, deliveries, and connections that are being refused.
const BESIDE: u64 = 128 + MOST_REFUSALS as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_let_in_finds_its_descriptors() {
        for (allowed, calls) in [(1024, 400), (1024, 100), (256, 400), (4096, 400), (0, 1)] {
            let let_in = connections(allowed, calls) as u64;
            let used = let_in + let_in.min(calls as u64) + BESIDE;
            assert!(
                used <= allowed.max(BESIDE + 2),
                "{allowed} {calls}: {let_in}"
            );
        }
        let limits = Limits::default();
        assert!(connections(needed(&limits), limits.calls) >= limits.connections);
        assert_eq!(
            connections(u64::MAX, 400),
            usize::MAX - 400 - BESIDE as usize
        );
    }
}
