//! What somebody says that a call really was, for machines.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::time::rfc3339;
use crate::call_record::Verdict;
use crate::case::Correction;

/// What somebody says that a call really was.
#[derive(Serialize)]
pub(super) struct CorrectionLine<'a> {
    verdict: Verdict,
    by: &'a str,
    via: &'static str,
    at: String,
    note: Option<&'a str>,
}

impl<'a> CorrectionLine<'a> {
    pub(super) fn of(correction: Option<&'a Correction>, zone: &TimeZone) -> Option<Self> {
        correction.map(|of| Self {
            verdict: of.verdict,
            by: &of.author.who,
            via: of.author.via.as_str(),
            at: rfc3339(of.at, zone),
            note: of.note.as_deref(),
        })
    }
}
