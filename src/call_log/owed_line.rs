//! Deliveries that are not made, for people and for machines.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::time::rfc3339;
use super::{Delivery, Stage};
use crate::call_record::Destination;
use crate::wording::{Pending, Undelivered};

/// A delivery that is not made.
#[derive(Serialize)]
pub(super) struct OwedLine {
    to: Destination,
    stage: &'static str,
    since: String,
    failures: u32,
    why: Option<String>,
}

/// As it is shown to people.
impl<'a> From<&'a Delivery> for Undelivered<'a> {
    fn from(delivery: &'a Delivery) -> Self {
        Self {
            to: delivery.to,
            state: match delivery.stage {
                Stage::GivenUp => Pending::GivenUp,
                Stage::Stored => Pending::Mwi,
                Stage::Waiting | Stage::Prepared => Pending::Due(delivery.due),
            },
            since: delivery.since,
            why: delivery.why.as_deref(),
        }
    }
}

impl OwedLine {
    pub(super) fn all<'o>(owed: impl Iterator<Item = &'o Delivery>, zone: &TimeZone) -> Vec<Self> {
        owed.map(|delivery| Self {
            to: delivery.to,
            stage: delivery.stage.as_str(),
            since: rfc3339(delivery.since, zone),
            failures: delivery.failures,
            why: delivery.why.clone(),
        })
        .collect()
    }
}
