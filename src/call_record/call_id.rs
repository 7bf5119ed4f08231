//! A call's own identifier.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call's own identifier: 12 characters of Crockford's base 32, sorted by time. Also its file
/// name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(u64);

impl CallId {
    const EPOCH_MS: i64 = 1_577_836_800_000;
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// Forty bits of time in milliseconds since 2020 (until 2054), twenty bits that distinguish calls of
    /// one millisecond apart.
    pub fn new(started: Timestamp, random: u32) -> Self {
        let ms = (started.as_millisecond() - Self::EPOCH_MS).max(0) as u64 & ((1 << 40) - 1);
        Self(ms << 20 | u64::from(random & 0xf_ffff))
    }

    /// Reads an identifier as people type it: any case, `o` for `0`, `i` and `l` for `1`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 12 {
            return None;
        }
        text.bytes()
            .try_fold(0u64, |id, byte| Some(id << 5 | Self::digit(byte)? as u64))
            .map(Self)
    }

    /// The beginning of an identifier, typed in the same ways, as [`Display`](fmt::Display) writes
    /// it.
    pub fn parse_prefix(text: &str) -> Option<String> {
        if text.len() > 12 {
            return None;
        }
        text.bytes()
            .map(|byte| Some(char::from(Self::ALPHABET[Self::digit(byte)?])))
            .collect()
    }

    /// The sixty bits, time first.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The identifier with these bits ([`Self::bits`]).
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & ((1 << 60) - 1))
    }

    fn digit(byte: u8) -> Option<usize> {
        let byte = match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        Self::ALPHABET.iter().position(|&c| c == byte)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = (0..12)
            .rev()
            .map(|i| char::from(Self::ALPHABET[(self.0 >> (5 * i) & 31) as usize]))
            .collect();
        f.pad(&text)
    }
}

impl Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no call id"))
    }
}
