//! The only place that may ask what time it is, and the only place that waits.
//!
//! A clock may run faster than the wall's, and from another date: the demo and the tests live
//! through a two-minute call in seconds. Everything behind it sees ordinary [`Instant`]s and
//! [`Timestamp`]s.

#![expect(
    clippy::disallowed_methods,
    reason = "this module is the one that asks the time"
)]

use std::future::pending;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::error::Elapsed;

/// Time for the shell: the wall's, or a virtual one that is faster by a fixed factor.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    speed: f64,
    /// What a virtual clock showed at `origin`; without it the date is the wall's, however that is
    /// set.
    date: Option<Timestamp>,
}

impl Default for Clock {
    /// The wall's.
    fn default() -> Self {
        Self {
            origin: tokio::time::Instant::now().into_std(),
            speed: 1.0,
            date: None,
        }
    }
}

impl Clock {
    /// A clock that runs `speed` times as fast as the wall's from now on; anything below 1 counts
    /// as 1.
    pub fn faster(speed: f64) -> Self {
        Self {
            speed: speed.max(1.0),
            ..Self::starting(Timestamp::now())
        }
    }

    /// A clock that shows this date now, and runs as fast as the wall's.
    pub fn starting(date: Timestamp) -> Self {
        Self {
            date: Some(date),
            ..Self::default()
        }
    }

    /// Now, on this clock.
    pub fn now(&self) -> Instant {
        let real = tokio::time::Instant::now()
            .into_std()
            .saturating_duration_since(self.origin);
        self.origin + real.mul_f64(self.speed)
    }

    /// Now, as a date.
    pub fn date(&self) -> Timestamp {
        let passed = self.now().saturating_duration_since(self.origin);
        match self.date {
            None => Timestamp::now(),
            Some(date) => date.checked_add(passed).unwrap_or(Timestamp::MAX),
        }
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

    /// The same of a deadline that there may not be; then for ever.
    pub async fn wake(&self, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => self.sleep_until(deadline).await,
            None => pending().await,
        }
    }

    /// Waits for this long on this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.speed)).await;
    }
}

/// Processor time that this thread has used so far.
pub fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// Waits this long for an answer, by the wall's clock: other machines run no faster.
///
/// # Errors
/// It has not come.
pub async fn timeout<F: IntoFuture>(limit: Duration, answer: F) -> Result<F::Output, Elapsed> {
    tokio::time::timeout(limit, answer).await
}

/// Blocks the thread this long, by the wall's clock.
pub fn block(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_virtual_clock_advances_instants_and_dates_alike() {
        let (date, hour) = (
            "2001-02-03T04:05:06Z".parse().unwrap(),
            Duration::from_hours(1),
        );
        for speed in [1.0, 60.0] {
            let clock = Clock {
                speed,
                ..Clock::starting(date)
            };
            let began = (clock.now(), tokio::time::Instant::now());
            assert_eq!(clock.date(), date);
            clock.sleep(hour).await;
            assert_eq!(clock.now() - began.0, hour);
            assert_eq!(clock.date(), date + hour);
            assert_eq!(began.1.elapsed(), hour.div_f64(speed));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_walls_date_is_the_walls() {
        let (clock, before) = (Clock::default(), Timestamp::now());
        clock.sleep(Duration::from_hours(48)).await;
        let date = clock.date();
        assert!((before..=Timestamp::now()).contains(&date));
        let faster = Clock::faster(10.0).date();
        assert!((before..=Timestamp::now()).contains(&faster));
    }
}
