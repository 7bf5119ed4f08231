//! What a person gets of a call.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::call_record::{CallId, CallRecord, Verdict};

/// One call, and what is kept beside its record.
#[derive(Serialize)]
pub(super) struct Exported {
    /// As it is stored, reasons and times as values.
    #[serde(flatten)]
    pub(super) record: Value,
    /// The recording in this archive.
    pub(super) recording: Option<String>,
    /// What the team noted on the case of the call.
    pub(super) notes: Vec<Note>,
    /// What somebody of the team says that the call really was.
    pub(super) correction: Option<Corrected>,
    /// When somebody of the team had the recording sent to them.
    pub(super) listened: Vec<Timestamp>,
    /// Where something is still to be delivered, or could not be.
    pub(super) undelivered: Vec<String>,
    #[serde(skip)]
    pub(super) call: CallRecord,
}

/// What somebody said that a call really was.
#[derive(Serialize)]
pub(super) struct Corrected {
    pub(super) at: Timestamp,
    pub(super) verdict: Verdict,
    #[serde(rename = "note")]
    pub(super) text: Option<String>,
}

/// What was noted on a case.
#[derive(Serialize)]
pub(super) struct Note {
    pub(super) at: Timestamp,
    pub(super) what: String,
    pub(super) call: Option<CallId>,
    pub(super) verdict: Option<Verdict>,
    #[serde(rename = "note")]
    pub(super) text: Option<String>,
}
