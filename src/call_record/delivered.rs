//! Where a message went, and when.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Destination;

/// One delivery that was made; serialised as text: `voicemail 100@default msg0001 at
/// 2026-11-24T09:12:35Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delivered {
    /// Where to.
    pub to: Destination,
    /// Where exactly: mailbox and message, recipients and who refused, or the webhook's address.
    pub detail: String,
    /// When; in whole seconds where the guard itself notes it.
    pub at: Timestamp,
}

impl Delivered {
    /// The text with its time in the form that `form` gives it.
    pub fn text(&self, form: impl Fn(Timestamp) -> String) -> String {
        let Self { to, detail, at } = self;
        format!("{} {detail} at {}", to.as_str(), form(*at))
    }
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|at| at.to_string()))
    }
}

impl FromStr for Delivered {
    type Err = NotDelivered;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (place, at) = text.rsplit_once(" at ")?;
            let (to, detail) = place.split_once(' ')?;
            Some(Self {
                to: Destination::parse(to)?,
                detail: detail.into(),
                at: at.parse().ok()?,
            })
        };
        read().ok_or_else(|| NotDelivered(text.into()))
    }
}

impl TryFrom<String> for Delivered {
    type Error = NotDelivered;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Delivered> for String {
    fn from(delivered: Delivered) -> Self {
        delivered.to_string()
    }
}

/// A text that does not say where and when something was delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not say where and when something was delivered")]
pub struct NotDelivered(pub String);
