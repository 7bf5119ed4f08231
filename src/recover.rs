//! What was left behind: records that were never closed, by an earlier run or by a fault in this one,
//! recordings that could not be kept when their calls ended, and the sound of messages that are replayed no more.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{debug, error, info, warn};

use crate::audio::MediaTime;
use crate::call::verdict::{Facts, Parting, judge};
use crate::call_record::{
    CallId, CallRecord, Callback, CallbackSource, EndedBy, Reason, Trouble, Verdict,
};
use crate::delivery::spool::replay::{laid_down, remove_sound};
use crate::hearing::{Recogniser, ThirdListener, ThirdOpinion, Timeline};
use crate::metrics::METRICS;
use crate::number;
use crate::recordings;
use crate::session::Guard;
use crate::trace;

/// Why a record was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An earlier run of the guard died.
    Crash,
    /// The call panicked; Asterisk has handed the caller to `VoiceMail()`.
    Panic,
}

/// Hears the recording of a call that the guard did not live to close, keeps it, closes the record.
///
/// Blocks.
pub fn recover(guard: &Guard, mut record: CallRecord, cause: Cause) {
    let _in_call = trace::call_span(&record).entered();
    if record.queue.is_some() {
        return close_wait(guard, record);
    }
    let config = guard.settings.now();
    let folder = &config.tap.folder_as_guard_sees_it;
    let (timeline, opinion) = hear(folder, &guard.data, &record);
    let keyed = record.callback.source.is_keyed();
    let confirmed = record.callback.confirmed;
    if let Some(number) = number::among_keys(timeline.keys()).filter(|_| !keyed && !confirmed) {
        let home = Some(config.policy(&record.mailbox).home_country);
        record.callback = Callback {
            number: number.to_owned(),
            e164: number::keyed(number, home),
            source: CallbackSource::Keyed,
            confirmed: false,
        };
    }
    let reason = match cause {
        Cause::Crash => Some(Reason::Trouble(Trouble::Died)),
        Cause::Panic => record.reasons.pop(),
    };
    record.reasons = Vec::from_iter(reason);
    if timeline.heard() == MediaTime::ZERO {
        record.verdict = Some(Verdict::Unsure);
        record.confidence = 0.0;
        record.reasons.push(Reason::NothingLeft);
    } else {
        let judgement = judge(&Facts {
            third: Some(&opinion),
            keyed,
            asked: &record.asked,
            parting: Parting::Gone,
            mutter: config.policy(&record.mailbox).mutter.into(),
            ..Facts::of_recording(&timeline)
        });
        let judgement = judgement.not_heard_to_the_end();
        record.reasons.extend(judgement.reasons);
        record.verdict = Some(judgement.verdict);
        record.confidence = judgement.confidence;
    }
    record.seconds = timeline.seconds();
    let would_have = record.would_have.take();
    record.would_have = would_have.and_then(|would_have| would_have.over_at(timeline.heard()));
    record.timeline = timeline.segments().to_vec();
    record.ended_by = Some(match cause {
        Cause::Crash => EndedBy::Recovered,
        Cause::Panic => EndedBy::HandedOn,
    });
    let now = guard.clock.date();
    // The recording goes on until the caller has gone, even where the guard died meanwhile.
    let heard = Duration::from(timeline.heard());
    let gone = record.started.checked_add(heard).unwrap_or(now);
    let is_known = cause == Cause::Crash && !heard.is_zero();
    let ended = if is_known { gone.min(now) } else { now };
    record.ended = Some(ended.max(record.started));
    match recordings::keep(folder, &guard.data, record.id, record.started, &[]) {
        Ok(place) => record.audio = place,
        Err(error) => {
            error!(event = "audio_lost", %error, id = %record.id, "the audio of a recovered call could not be kept");
        }
    }
    trace::log_end(&record);
    METRICS.call_closed(&record, &config);
    let wanted = config.deliver_to(&record.mailbox);
    guard.log.close_and_deliver(record, wanted);
}

/// What became of a caller who waited in a queue is not known; there is sound only where it was to be kept.
fn close_wait(guard: &Guard, mut record: CallRecord) {
    let folder = &guard.settings.now().tap.folder_as_guard_sees_it;
    match recordings::keep_late(folder, &guard.data, record.id, record.started) {
        Ok(None) => {}
        Ok(Some((place, timeline))) => {
            record.audio = Some(place);
            record.seconds = timeline.seconds();
            record.timeline = timeline.segments().to_vec();
        }
        Err(error) => {
            error!(event = "audio_lost", %error, id = %record.id, "the audio of a recovered wait could not be kept");
        }
    }
    record.ended_by = Some(EndedBy::Recovered);
    record.ended = Some(guard.clock.date().max(record.started));
    trace::log_end(&record);
    guard.log.close_call(record);
}

/// Waits for unfinished records and recovers them, one after the other.
pub async fn recover_all(
    guard: Arc<Guard>,
    mut unfinished: UnboundedReceiver<CallRecord>,
    cause: Cause,
) {
    while let Some(record) = unfinished.recv().await {
        if cause == Cause::Panic {
            // Asterisk stops the recording a moment after the connection has ended.
            guard.clock.sleep(FLUSH_GRACE).await;
        }
        let guard = Arc::clone(&guard);
        let recovering = tokio::task::spawn_blocking(move || recover(&guard, record, cause));
        if let Err(error) = recovering.await {
            error!(event = "recovery_failed", %error, "recovering a call broke off");
        }
    }
}

/// Looks through the tap folder now and again and again; never returns. Recordings that could not be kept when their
/// calls ended (a full disk, a folder without rights) are taken up; those that were kept but could not be removed, and
/// sounds that are replayed no more, are removed.
pub async fn sweep_tap_folder(guard: Arc<Guard>) {
    loop {
        let folder = guard.settings.now().tap.folder_as_guard_sees_it.clone();
        let look =
            move || Ok::<_, io::Error>((recordings::left_behind(&folder)?, laid_down(&folder)?));
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok((recordings, sounds))) => {
                for call in recordings {
                    if let Err(error) = take_up(&guard, call).await {
                        warn!(event = "recording_waits", %call, %error, "a recording waits in the tap folder");
                    }
                }
                for call in sounds {
                    if let Err(error) = sweep(&guard, call).await {
                        debug!(%call, %error, "a sound waits in the tap folder");
                    }
                }
            }
            Ok(Err(error)) => debug!(%error, "the tap folder cannot be looked through"),
            Err(error) => {
                error!(event = "recovery_failed", %error, "taking up recordings broke off");
            }
        }
        guard.clock.sleep(ROUND).await;
    }
}

/// Removes the sound that was laid down of a message of this guard to be replayed, once nothing of it is to be delivered.
async fn sweep(guard: &Arc<Guard>, call: CallId) -> Result<(), Box<dyn Error + Send + Sync>> {
    let outbox = guard.log.outbox();
    if outbox.record(call).await?.is_some() && !outbox.has_pending(call).await? {
        let folder = guard.settings.now().tap.folder_as_guard_sees_it.clone();
        tokio::task::spawn_blocking(move || remove_sound(&folder, call)).await?;
    }
    Ok(())
}

/// Keeps the recording of one call, if it is a closed one of this guard that has none yet; what has been kept is
/// removed from the tap folder.
async fn take_up(guard: &Arc<Guard>, call: CallId) -> Result<(), Box<dyn Error + Send + Sync>> {
    let outbox = guard.log.outbox();
    // Calls that are up, and those of another guard that has the same tap folder.
    let Some(record) = outbox.record(call).await? else {
        return Ok(());
    };
    // Kept long ago, and the raw file could not be removed then.
    let had_audio = record.audio.is_some();
    // What is still to be delivered is kept by its delivery.
    if record.ended.is_none() || !had_audio && outbox.has_pending(call).await? {
        return Ok(());
    }
    let own = Arc::clone(guard);
    let keeping = move || {
        let config = own.settings.now();
        let folder = &config.tap.folder_as_guard_sees_it;
        if had_audio {
            let kept = recordings::keep(folder, &own.data, call, record.started, &[]);
            return kept.map(|_| None);
        }
        recordings::keep_late(folder, &own.data, call, record.started)
    };
    if let Some((place, timeline)) = tokio::task::spawn_blocking(keeping).await?? {
        let timeline = timeline.segments();
        // The raw file is gone: nobody would look for this recording again.
        while let Err(error) = outbox
            .note_audio(call, place.clone(), timeline.to_vec())
            .await
        {
            warn!(event = "recording_not_noted", %call, %error, "that a recording is kept cannot be noted");
            guard.clock.sleep(NOTE_RETRY).await;
        }
        info!(event = "recording_kept", %call, place, "the recording of an earlier call could be kept after all");
    }
    Ok(())
}

fn hear(tap_folder: &Path, data: &Path, record: &CallRecord) -> (Timeline, ThirdOpinion) {
    let (id, started) = (record.id, record.started);
    let (mut recogniser, mut third) = (Recogniser::default(), ThirdListener::default());
    let each = &mut |samples: &[i16]| {
        recogniser.push(samples);
        third.push(samples);
    };
    if let Err(error) = recordings::read(tap_folder, data, id, started, &[], each) {
        error!(event = "recording_unheard", %error, %id, "the recording of a recovered call could not be heard to its end");
    }
    (recogniser.finish(), third.finish())
}

/// The tap folder is looked through this often.
const ROUND: Duration = Duration::from_mins(10);
/// What cannot be noted is noted after this long.
const NOTE_RETRY: Duration = Duration::from_secs(2);
/// A recording is whole this long after its call has left us.
const FLUSH_GRACE: Duration = Duration::from_secs(1);
