//! Calls that have only just ended.

use voicemail_guard::clock::Clock;
use voicemail_guard::record::CallRecord;

/// The call, ended now: of one that ended days ago the first failure to deliver it is the last.
pub(crate) fn of_today(record: CallRecord) -> CallRecord {
    CallRecord {
        ended: Some(Clock::default().date()),
        ..record
    }
}
