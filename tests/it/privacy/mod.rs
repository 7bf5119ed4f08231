//! For how long what is kept, and that what is erased is gone.

mod erase;
mod export;
mod house;
mod killed;
mod others;
mod queue;
mod record;
mod retention;
mod settings;
mod waits;

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use voicemail_guard::call_log::CallLog;
use voicemail_guard::call_record::CallRecord;
use voicemail_guard::clock::Clock;
use voicemail_guard::recordings;

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(work)
}

/// The log of a folder on a clock that shows this date.
fn open_at(folder: &Path, now: Timestamp) -> CallLog {
    CallLog::open(folder, Clock::starting(now)).unwrap().log
}

/// Puts a recording where that of a call is kept.
fn put_audio(folder: &Path, record: &CallRecord) {
    let path = folder.join(recordings::place(record.id, record.started));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "RIFF").unwrap();
}
