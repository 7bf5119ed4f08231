//! Whether it is worth asking Asterisk for a connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;

/// Whether Asterisk's connections come; clones are one and the same.
///
/// Where one did not, calls go on to `VoiceMail()` for a while without another attempt: callers do not hear half a
/// greeting for nothing, and an `AudioSocket()` whose connection is refused closes its socket twice, and with it
/// sometimes a descriptor of another call (`ast_audiosocket_connect` in `res_audiosocket.c`, seen with 22.10.1).
#[derive(Clone, Debug)]
pub struct Reach {
    clock: Clock,
    /// When the last attempt failed, and how long it was waited for.
    failed: Arc<Mutex<Option<(Instant, Duration)>>>,
}

impl Reach {
    /// Nothing is known yet.
    pub fn new(clock: Clock) -> Self {
        let failed = Arc::default();
        Self { clock, failed }
    }

    /// How long a connection was waited for in vain, where it is too early for another attempt.
    pub(crate) fn is_in_doubt(&self) -> Option<Duration> {
        let mut failed = self.lock();
        let (at, waited) = (*failed)?;
        if self.clock.now() < at + RETRY {
            return Some(waited);
        }
        // One call tries; the others go on by what came of it.
        *failed = Some((self.clock.now(), waited));
        None
    }

    pub(crate) fn failed(&self, waited: Duration) {
        *self.lock() = Some((self.clock.now(), waited));
    }

    pub(crate) fn succeeded(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Duration)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long calls go on without an attempt after one that failed.
const RETRY: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_call_a_minute_tries_until_one_succeeds() {
        let clock = Clock::default();
        let reach = Reach::new(clock);
        let waited = Duration::from_secs(3);
        assert_eq!(reach.is_in_doubt(), None);
        assert_eq!(reach.is_in_doubt(), None);
        reach.failed(waited);
        assert_eq!(reach.is_in_doubt(), Some(waited));
        clock.sleep(RETRY).await;
        assert_eq!(reach.is_in_doubt(), None, "one tries");
        assert_eq!(reach.clone().is_in_doubt(), Some(waited), "and one alone");
        reach.succeeded();
        assert_eq!(reach.is_in_doubt(), None);
        assert_eq!(reach.is_in_doubt(), None);
    }
}
