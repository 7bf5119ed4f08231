//! `[limits]`: how much the listener lets in.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

use crate::agi::CodecLimits;
use crate::setting::{count, seconds};

/// How much is let in, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Calls at once; one more is refused, so that Asterisk carries on without us.
    #[serde(rename = "max_calls", deserialize_with = "count::<_, _, 1, 100_000>")]
    pub calls: usize,
    /// Connections at once, those in their prelude or refused above `calls` among them; one more is
    /// refused without a look at what it sends. At least `calls`.
    #[serde(
        rename = "max_connections",
        deserialize_with = "count::<_, _, 1, 200_000>"
    )]
    pub connections: usize,
    /// Time from connecting to the end of the prelude.
    #[serde(rename = "prelude_s", deserialize_with = "seconds::<_, 1, 60>")]
    pub prelude: Duration,
    /// Longest prelude, in bytes.
    #[serde(deserialize_with = "count::<_, _, 4096, 16_777_216>")]
    pub prelude_bytes: usize,
    /// Longest prelude, in lines.
    #[serde(deserialize_with = "count::<_, _, 64, 65_536>")]
    pub prelude_lines: usize,
    /// Longest line, in bytes with its end.
    #[serde(deserialize_with = "count::<_, _, 1024, 1_048_576>")]
    pub line_bytes: usize,
    /// Longest reply of several lines, in bytes.
    #[serde(deserialize_with = "count::<_, _, 4096, 16_777_216>")]
    pub reply_bytes: usize,
    /// How long sessions may go on after the end was asked for.
    #[serde(rename = "stop_grace_s", deserialize_with = "seconds::<_, 0, 86_400>")]
    pub grace: Duration,
    /// The longest a session may last, whatever its handler does; follows from the longest call.
    #[serde(skip)]
    pub session: Duration,
    /// Who may connect, by `[listen]`; loopback always may.
    #[serde(skip)]
    pub allow: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        let codec = CodecLimits::default();
        Self {
            calls: 400,
            connections: 2000,
            prelude: Duration::from_secs(5),
            prelude_bytes: codec.prelude_bytes,
            prelude_lines: codec.prelude_lines,
            line_bytes: codec.line_bytes,
            reply_bytes: codec.reply_bytes,
            grace: Duration::from_mins(3),
            session: Duration::from_mins(15),
            allow: Vec::new(),
        }
    }
}

impl Limits {
    /// Whether this peer may connect.
    pub fn admits(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.allow.iter().any(|net| net.contains(&peer))
    }

    /// How much one connection may send.
    pub fn codec(&self) -> CodecLimits {
        CodecLimits {
            line_bytes: self.line_bytes,
            prelude_bytes: self.prelude_bytes,
            prelude_lines: self.prelude_lines,
            reply_bytes: self.reply_bytes,
        }
    }
}
