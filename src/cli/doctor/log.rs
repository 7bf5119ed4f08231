//! What the guard's log has of the test call, read beside the guard.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::call_log::{Delivery, LogError, Reader, Stage};
use crate::call_record::{CallId, CallRecord, Destination};
use crate::clock::Clock;
use crate::condition::writable;
use crate::delivery::blocking;
use crate::doctor::{Finding, Outcome};

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(50);

/// Whether the data folder can be written and its log read.
pub(super) fn condition(data: &Path) -> Finding {
    let (what, mend) = writable("log", data).parts();
    if let Some(remedy) = mend {
        return Finding::broken(what, remedy);
    }
    match Reader::open(data) {
        Ok(_) => Finding::holds(format!(
            "the call log in {} can be read, and its folder written",
            data.display()
        )),
        Err(error) => Finding::broken(
            error.to_string(),
            "name the data folder of the guard that runs with --data or VOICEMAIL_GUARD_DATA",
        ),
    }
}

/// The test call with this uniqueid.
pub(super) async fn find(data: &Path, uniqueid: &str) -> Option<CallRecord> {
    let uniqueid = uniqueid.to_owned();
    let found = read(data, move |log| log.find(&uniqueid)).await?;
    found.into_iter().next()
}

/// The call once it is over, within this time; else as it is, if it is there.
pub(super) async fn ended(
    data: &Path,
    call: CallId,
    within: Duration,
    clock: Clock,
) -> Option<CallRecord> {
    let until = clock.now() + within;
    loop {
        let record = read(data, move |log| log.call(call)).await.flatten();
        let is_over = record.as_ref().is_some_and(|record| record.ended.is_some());
        if is_over || clock.now() >= until {
            return record;
        }
        clock.sleep(BETWEEN).await;
    }
}

/// What came of a delivery of the call, within this time.
pub(super) async fn outcome(
    data: &Path,
    call: CallId,
    to: Destination,
    within: Duration,
    clock: Clock,
) -> Outcome {
    let until = clock.now() + within;
    loop {
        if let Some(outcome) = outcome_now(data, call, to).await {
            return outcome;
        }
        if clock.now() >= until {
            return Outcome::Pending(within);
        }
        clock.sleep(BETWEEN).await;
    }
}

/// The same as it is now; `None` while nothing is known.
pub(super) async fn outcome_now(data: &Path, call: CallId, to: Destination) -> Option<Outcome> {
    let (record, owed) = read(data, move |log| Ok((log.call(call)?, log.undelivered()?))).await?;
    let made = record?.delivered.into_iter().find(|made| made.to == to);
    if let Some(made) = made {
        return Some(Outcome::Taken(made.detail));
    }
    let of_it = |delivery: &&Delivery| delivery.call == call && delivery.to == to;
    let delivery = owed.iter().find(of_it)?;
    let has_failed = delivery.failures > 0 || delivery.stage == Stage::GivenUp;
    let why = || {
        delivery
            .why
            .clone()
            .unwrap_or_else(|| "no reason is noted".into())
    };
    has_failed.then(|| Outcome::Failed(why()))
}

/// What the log has; `None` where it cannot be read now.
pub(super) async fn read<T: Send + 'static>(
    data: &Path,
    ask: impl FnOnce(&Reader) -> Result<T, LogError> + Send + 'static,
) -> Option<T> {
    let data: PathBuf = data.to_owned();
    let reading = blocking(move || ask(&Reader::open(&data)?));
    reading.await.ok()?.ok()
}
