//! `[queue]`: where Asterisk sends the sound of callers who wait in queues.

use std::net::SocketAddr;

use serde::Deserialize;

use super::value::{host_and_port_or_none, ports};

/// The sound of callers who wait; nobody is watched where nothing listens for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// Where it comes in.
    #[serde(deserialize_with = "ports")]
    pub listen: Vec<SocketAddr>,
    /// The same place as Asterisk sees it, where that is not the first of `listen`.
    #[serde(deserialize_with = "host_and_port_or_none")]
    pub address_as_asterisk_sees_it: Option<String>,
}

impl Queue {
    /// Whether callers are to be watched.
    pub fn is_watched(&self) -> bool {
        !self.listen.is_empty()
    }

    /// Where Asterisk is to connect to.
    pub fn address_for_asterisk(&self) -> Option<String> {
        let named = self.address_as_asterisk_sees_it.clone();
        named.or_else(|| self.listen.first().map(ToString::to_string))
    }
}
