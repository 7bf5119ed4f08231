//! What an earlier run left behind: records that were never closed, and their recordings.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tracing::{error, info};

use crate::audio::MediaTime;
use crate::call::record::{CallId, CallRecord, CallbackSource, EndedBy};
use crate::call::verdict::{Facts, Verdict, judge};
use crate::hearing::{Listening, Timeline};
use crate::log::support_line;
use crate::session::Guard;
use crate::tap::keep;

/// Hears the recording of a call that the guard did not live to close, keeps it, closes the record.
///
/// Blocks.
pub fn recover(guard: &Guard, mut record: CallRecord) {
    let config = guard.settings.now();
    let folder = &config.tap.folder_as_guard_sees_it;
    let timeline = hear(folder, record.id);
    let keyed = matches!(
        record.callback.source,
        CallbackSource::Keyed | CallbackSource::KeyedConfirmed
    );
    record.reasons = vec!["the guard died during the call; closed at its next start".to_owned()];
    if timeline.heard() == MediaTime::ZERO {
        record.verdict = Some(Verdict::Unsure);
        record.confidence = 0.0;
        record
            .reasons
            .push("nothing is left of its sound".to_owned());
    } else {
        let judgement = judge(&Facts {
            keyed,
            asked: &record.asked,
            ..Facts::of_recording(&timeline)
        });
        let reasons = judgement.reasons.iter().map(ToString::to_string);
        record.reasons.extend(reasons);
        record.verdict = Some(judgement.verdict);
        record.confidence = judgement.confidence;
    }
    record.seconds = timeline.seconds();
    let would_have = record.would_have.take();
    record.would_have = would_have.and_then(|would_have| would_have.over_at(timeline.heard()));
    record.timeline = timeline.segments().to_vec();
    record.ended_by = Some(EndedBy::Recovered);
    record.ended = Some(guard.clock.date().max(record.started));
    match keep::keep(folder, &guard.data, record.id, record.started, &[]) {
        Ok(place) => record.audio = place,
        Err(error) => {
            error!(%error, id = %record.id, "the audio of a recovered call could not be kept");
        }
    }
    info!(target: "support", "{}", support_line(&record, &TimeZone::system()));
    let wanted = config.deliver_to(&record.box_name);
    guard.log.close_and_deliver(record, wanted);
}

/// Waits for unfinished records and recovers them, one after the other.
pub async fn recover_all(
    guard: Arc<Guard>,
    mut unfinished: tokio::sync::mpsc::UnboundedReceiver<CallRecord>,
) {
    while let Some(record) = unfinished.recv().await {
        let guard = Arc::clone(&guard);
        if let Err(error) = tokio::task::spawn_blocking(move || recover(&guard, record)).await {
            error!(%error, "recovering a call broke off");
        }
    }
}

fn hear(tap_folder: &Path, id: CallId) -> Timeline {
    let mut listening = Listening::default();
    let read = keep::read(tap_folder, id, &mut |samples| listening.push(samples));
    if let Err(error) = read {
        error!(%error, %id, "the recording of a recovered call could not be heard to its end");
    }
    listening.finish()
}
