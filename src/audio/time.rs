//! Time measured in the caller's sound, not on the clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RATE_HZ;

/// A position or a length in the caller's sound, in samples at 8 kHz.
///
/// Sound stands still while no packets come, so this is not wall time; the two never mix but where the
/// shell says how much sound was lost. Serialised as seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime(u64);

impl MediaTime {
    /// The start of the sound.
    pub const ZERO: Self = Self(0);

    /// This many samples at 8 kHz.
    pub const fn from_samples(samples: u64) -> Self {
        Self(samples)
    }

    /// This many milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * (RATE_HZ as u64 / 1_000))
    }

    /// This many whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * RATE_HZ as u64)
    }

    /// Samples at 8 kHz.
    pub const fn samples(self) -> u64 {
        self.0
    }

    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / f64::from(RATE_HZ)
    }

    /// The stretch from `earlier` to here, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for MediaTime {
    fn from(wall: Duration) -> Self {
        Self((wall.as_micros() * u128::from(RATE_HZ) / 1_000_000) as u64)
    }
}

impl From<MediaTime> for Duration {
    fn from(media: MediaTime) -> Self {
        Self::from_micros(media.0 * 1_000_000 / u64::from(RATE_HZ))
    }
}

impl Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for MediaTime {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for MediaTime {
    type Output = Self;
    /// Saturates at zero: a length is never negative.
    fn sub(self, other: Self) -> Self {
        self.since(other)
    }
}

impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.as_secs_f64())
    }
}

impl Serialize for MediaTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.as_secs_f64() * 1_000.0).round() / 1_000.0)
    }
}

impl<'de> Deserialize<'de> for MediaTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secs = f64::deserialize(deserializer)?;
        if !(0.0..1e9).contains(&secs) {
            return Err(serde::de::Error::custom("seconds of sound out of range"));
        }
        Ok(Self((secs * f64::from(RATE_HZ)).round() as u64))
    }
}
