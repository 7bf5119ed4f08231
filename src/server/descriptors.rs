//! The descriptors this process may have, and how much they are enough for.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{Limits, MOST_REFUSALS};
use crate::config::{Config, TapKind};

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

/// How many of these the page's connections may take: six for each browser of a large team, and
/// where there are few, far fewer than calls need.
pub fn of_page(allowed: u64) -> usize {
    share(allowed, 4, MOST_OF_PAGE) as usize
}

/// How many of these the connections that have not yet said whose sound they bring may take on one port.
pub fn of_unnamed(allowed: u64) -> usize {
    share(allowed, 8, MOST_UNNAMED) as usize
}

/// What a guard's settings want of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    calls: u64,
    connections: u64,
    /// Those of one call beside its connection: a file with its sound, or a connection with it and the file that
    /// this is kept in.
    sound: u64,
    /// Where sound comes in.
    ports: u64,
    /// Callers in queues.
    watches: u64,
    /// Those of one of them: a connection with its sound, and the file that this is kept in, if it is.
    each_watch: u64,
}

impl Wants {
    /// Those of this configuration.
    pub fn of(config: &Config) -> Self {
        let (limits, tap) = (&config.limits, &config.tap);
        let sound = match tap.kind {
            TapKind::Monitor => 1,
            TapKind::AudioSocket => 2,
        };
        let watches = if config.queue.is_watched() {
            limits.calls
        } else {
            0
        };
        let each_watch = 1 + u64::from(config.queues_with_audio().next().is_some());
        Self {
            calls: limits.calls as u64,
            connections: limits.connections.max(limits.calls) as u64,
            sound,
            ports: (tap.ports().len() + config.ports_of_queues().count()) as u64,
            watches: watches as u64,
            each_watch,
        }
    }

    /// How many all that is let in can need.
    pub fn needed(&self) -> u64 {
        let of_sound =
            self.calls * self.sound + self.watches * self.each_watch + self.ports * MOST_UNNAMED;
        self.connections + of_sound + MOST_OF_PAGE + BESIDE
    }

    /// How many callers in queues may be watched.
    pub fn watches(&self, allowed: u64) -> usize {
        (share(allowed, 3, self.watches * self.each_watch) / self.each_watch) as usize
    }

    /// So many connections find their descriptors, those of calls also for their sound.
    fn connections(&self, allowed: u64) -> usize {
        let of_sound = self.ports * of_unnamed(allowed) as u64
            + self.watches(allowed) as u64 * self.each_watch;
        let left = allowed.saturating_sub(BESIDE + of_page(allowed) as u64 + of_sound);
        let of_calls = left / (1 + self.sound);
        let connections = of_calls.max(left.saturating_sub(self.calls * self.sound));
        usize::try_from(connections).unwrap_or(usize::MAX).max(1)
    }
}

/// The limits of these settings, as far as there are descriptors for them. What is above is refused at once; where no
/// descriptor is left the listener could not even do that.
pub fn fitted(config: &Config, allowed: u64) -> Limits {
    let mut limits = config.limits.clone();
    let most = Wants::of(config).connections(allowed);
    limits.connections = limits.connections.max(limits.calls).min(most);
    limits.calls = limits.calls.min(most);
    limits
}

/// One in so many of what is there for more than a guard has at all; at least one, and not above `most`.
fn share(allowed: u64, one_in: u64, most: u64) -> u64 {
    (allowed.saturating_sub(BESIDE) / one_in).max(1).min(most)
}

/// Connections of the page at the most.
const MOST_OF_PAGE: u64 = 500;

/// Connections that have not said whose sound they bring, at a time and on one port; Asterisk's say it within a
/// millisecond.
const MOST_UNNAMED: u64 = 256;

/// For listeners, database, journal, deliveries, and connections that are being refused.
const BESIDE: u64 = 128 + MOST_REFUSALS as u64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings of every kind that differs in what it needs, and what a call, the ports and the watches take by them.
    fn kinds(calls: usize) -> Vec<(Config, [u64; 3])> {
        let of = |text: &str| Config::parse(text.as_bytes()).unwrap();
        let watches = calls as u64;
        let limits = format!("[limits]\nmax_calls = {calls}\n");
        let network =
            "[tap]\nkind = 'audiosocket'\nlisten = ['127.0.0.1:4576', '127.0.0.2:4576']\n";
        let queue = |port| format!("[queue]\nlisten = ['127.0.0.1:{port}']\n");
        let own_port = queue(4577);
        let same_port = queue(4576);
        [
            (limits.clone(), [2, 0, 0]),
            (format!("{limits}{own_port}"), [2, 1, watches]),
            (format!("{limits}{network}"), [3, 2, 0]),
            (format!("{limits}{network}{same_port}"), [3, 2, watches]),
            (format!("{limits}{network}{own_port}"), [3, 3, watches]),
        ]
        .map(|(text, takes)| (of(&text), takes))
        .into()
    }

    #[test]
    fn what_is_let_in_finds_its_descriptors() {
        for (allowed, calls, page) in [
            (1_024, 400, 192),
            (1_024, 100, 192),
            (256, 400, 1),
            (4_096, 400, 500),
            (0, 1, 1),
        ] {
            assert_eq!(of_page(allowed), page, "{allowed}");
            for (config, [a_call, ports, _]) in kinds(calls) {
                let wants = Wants::of(&config);
                let limits = fitted(&config, allowed);
                let (let_in, calls) = (limits.connections as u64, limits.calls as u64);
                let of_sound = ports * of_unnamed(allowed) as u64 + wants.watches(allowed) as u64;
                let used = let_in + calls * (a_call - 1) + of_sound + page as u64 + BESIDE;
                let least = BESIDE + 1 + a_call + ports + wants.watches(0) as u64;
                assert!(
                    used <= allowed.max(least),
                    "{allowed} {config:?}: {limits:?}"
                );
                assert!(calls >= 1 && let_in >= calls);
            }
        }
    }

    #[test]
    fn what_is_needed_goes_by_how_sound_comes() {
        for (config, [a_call, ports, watches]) in kinds(400) {
            let needed = Wants::of(&config).needed();
            let of_calls = 2_000 + 400 * (a_call - 1);
            let expected = of_calls + watches + ports * MOST_UNNAMED + MOST_OF_PAGE + BESIDE;
            assert_eq!(needed, expected, "{config:?}");
            assert_eq!(fitted(&config, needed), config.limits);
            assert_eq!(fitted(&config, u64::MAX), config.limits);
            assert_ne!(fitted(&config, needed - 2), config.limits);
            assert_eq!(Wants::of(&config).watches(u64::MAX) as u64, watches);
        }
    }
}
