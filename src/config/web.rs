//! `[web]`: the support team's page.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use crate::setting::seconds;

/// `[web]`: where the page is served, and what the team goes by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Web {
    /// The addresses where it is served, with their ports; none for no page.
    pub address: Vec<SocketAddr>,
    /// How long a caller may wait for the team before it is late.
    #[serde(
        rename = "answer_within_s",
        deserialize_with = "seconds::<_, 60, 2_592_000>"
    )]
    pub answer_within: Duration,
    /// How long somebody who claims a case has it to themselves.
    #[serde(
        rename = "claims_last_s",
        deserialize_with = "seconds::<_, 60, 604_800>"
    )]
    pub claims_last: Duration,
}

impl Web {
    /// Beside the guard's own port.
    pub const PORT: u16 = 4575;
}

impl Default for Web {
    fn default() -> Self {
        Self {
            address: vec![
                (Ipv4Addr::LOCALHOST, Self::PORT).into(),
                (Ipv6Addr::LOCALHOST, Self::PORT).into(),
            ],
            answer_within: Duration::from_hours(4),
            claims_last: Duration::from_hours(2),
        }
    }
}
