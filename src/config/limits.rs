//! `[limits]`: how much the listener lets in.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::agi::CodecLimits;

/// How much is let in, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at once; one more is refused, so that Asterisk carries on without us.
    pub calls: usize,
    /// Connections at once, those in their prelude or refused above `calls` among them; one more is refused
    /// without a look at what it sends. At least `calls`.
    pub connections: usize,
    /// Time from connecting to the end of the prelude.
    pub prelude: Duration,
    /// The longest a session may last, whatever its handler does.
    pub session: Duration,
    /// How long sessions may go on after the end was asked for.
    pub grace: Duration,
    /// How much one connection may send.
    pub codec: CodecLimits,
    /// Who may connect; loopback always may.
    pub allow: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 500,
            connections: 2000,
            prelude: Duration::from_secs(5),
            session: Duration::from_mins(15),
            grace: Duration::from_secs(30),
            codec: CodecLimits::default(),
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
}
