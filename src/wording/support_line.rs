//! The line the support team reads: one per call, at its end, with numbers in clear.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::{
    Language::En, call_length, callback, ended_by, look_elsewhere, name, number, passed_by,
    reasons, sure, time, verdict,
};
use crate::call_record::{CallRecord, EndedBy};
use crate::text::shown;

/// The call as one sentence: time, number, name, mailbox, verdict, why.
///
/// It holds the number in clear, so it belongs into the support team's log; the technical log masks
/// numbers. Nothing the caller sent can end the line or steer a terminal.
pub fn support_line(record: &CallRecord, zone: &TimeZone) -> String {
    let mut line = time(record.started, zone, En);
    line.push(' ');
    line.push_str(&number(&record.caller, En));
    // Writing into a string does not fail.
    if let Some(name) = name(&record.caller) {
        let _ = write!(line, " {name}");
    }
    if let Some(wait) = &record.queue {
        let of = super::wait(wait, En).join("; ");
        let _ = write!(line, " {of}. Call {}.", record.id);
        return line;
    }
    let _ = write!(line, " called box {}", shown(record.mailbox.as_str()));
    match (passed_by(record, En), record.verdict) {
        (Some(passed_by), _) => {
            let _ = write!(line, " and {passed_by}");
        }
        (None, Some(verdict)) => {
            let _ = write!(line, " and {}: {verdict}", self::verdict(verdict, En));
            if let Some(sure) = sure(record, En) {
                let _ = write!(line, ", {sure}");
            }
        }
        (None, None) => line.push_str(" and is still there"),
    }
    let reasons = reasons(&record.reasons, En);
    for (i, reason) in reasons.iter().enumerate() {
        line.push_str(if i == 0 { ", because " } else { "; " });
        let _ = write!(line, "{}", shown(reason.trim().trim_end_matches('.')));
    }
    line.push('.');
    if let Some(entry) = &record.watched {
        let _ = write!(line, " ON THE WATCH LIST ({}).", shown(entry));
    }
    let turned_away = record.ended_by == Some(EndedBy::Rejected);
    if let Some(callback) = callback(&record.callback, En).filter(|_| !turned_away) {
        let _ = write!(line, " Call back {callback}.");
    }
    if let Some(ended_by) = record.ended_by {
        let _ = write!(line, " The call {}", self::ended_by(ended_by, En));
        let heard = passed_by(record, En).is_none();
        if let Some(length) = call_length(record).filter(|_| heard) {
            let _ = write!(line, " after {length} s");
        }
        if let Some(look) = look_elsewhere(record, En) {
            let _ = write!(line, "; {look}");
        }
        line.push('.');
    }
    let _ = write!(line, " Call {}.", record.id);
    line
}
