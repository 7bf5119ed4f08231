//! The only place that may ask what time it is, and the only place that waits.
//!
//! A clock may run faster than the wall's: the demo and the tests live through a two-minute call in
//! seconds. Everything behind it sees ordinary [`Instant`]s.

#![expect(
    clippy::disallowed_methods,
    reason = "this module is the one that asks the time"
)]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Time for the shell: the wall's, or faster by a fixed factor.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    speed: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::faster(1.0)
    }
}

impl Clock {
    /// A clock that runs `speed` times as fast as the wall's; anything below 1 counts as 1.
    pub fn faster(speed: f64) -> Self {
        Self {
            origin: tokio::time::Instant::now().into_std(),
            speed: speed.max(1.0),
        }
    }

    /// How many times as fast as the wall's it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Now, on this clock.
    pub fn now(&self) -> Instant {
        let real = tokio::time::Instant::now()
            .into_std()
            .saturating_duration_since(self.origin);
        self.origin + real.mul_f64(self.speed)
    }

    /// Now, as a date; not faster than the wall's.
    pub fn date(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Now, in microseconds on the system's monotonic clock, as systemd compares them; not faster.
    pub fn monotonic_us(&self) -> i64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
    }

    /// Waits until this clock shows `deadline`.
    pub async fn sleep_until(&self, deadline: Instant) {
        let ahead = deadline
            .saturating_duration_since(self.origin)
            .div_f64(self.speed);
        tokio::time::sleep_until((self.origin + ahead).into()).await;
    }

    /// Waits for this long on this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.speed)).await;
    }
}
