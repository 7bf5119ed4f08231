//! The words for what stands in a record, in every language in which it is shown: pure, without I/O or a clock.

mod reason;

use serde::Deserialize;

pub use reason::{reason, reasons};

/// A language of people who read about calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English; what JSON, CSV and channel variables have as well.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::De];
}
