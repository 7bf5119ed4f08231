//! The third listener at work on the recording of a call that is over, beside the conversation.

use std::future::pending;
use std::num::NonZero;
use std::sync::LazyLock;
use std::thread;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument, error, warn};

use crate::clock::processor_time;
use crate::hearing::{ThirdListener, ThirdOpinion};
use crate::metrics::METRICS;
use crate::tap::TapError;

/// A recording that is being heard, or waits for that. Dropped, it is heard no further.
pub(super) struct HearingAgain {
    opinion: JoinHandle<Option<ThirdOpinion>>,
    _stop: DropGuard,
}

impl HearingAgain {
    /// Begins as soon as it is this recording's turn. `read` gives all samples of it, in pieces.
    pub(super) fn begin<F>(read: F) -> Self
    where
        F: FnOnce(&mut dyn FnMut(&[i16])) -> Result<(), TapError> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let hearing = async move {
            let turn = stopped.run_until_cancelled(TURNS.acquire()).await?;
            let _turn = turn.ok()?;
            let heard = spawn_blocking(move || hear(read, &stopped)).await;
            heard.unwrap_or_else(|error| {
                error!(event = "not_heard_again", %error, "hearing the recording again broke off");
                None
            })
        };
        Self {
            opinion: tokio::spawn(hearing.in_current_span()),
            _stop: stop.drop_guard(),
        }
    }
}

/// What the listener made of the recording. Nothing ever comes of it where there is none.
pub(super) async fn heard_again(listener: &mut Option<HearingAgain>) -> Option<ThirdOpinion> {
    let Some(at_work) = listener else {
        return pending().await;
    };
    let opinion = (&mut at_work.opinion).await;
    *listener = None;
    opinion.ok().flatten()
}

/// `None` where there is no sound, or not all of it was heard.
fn hear(
    read: impl FnOnce(&mut dyn FnMut(&[i16])) -> Result<(), TapError>,
    stop: &CancellationToken,
) -> Option<ThirdOpinion> {
    let before = processor_time();
    let (mut listener, mut is_there) = (ThirdListener::default(), false);
    let read = read(&mut |samples| {
        is_there |= !samples.is_empty();
        if !stop.is_cancelled() {
            listener.push(samples);
        }
    });
    METRICS.heard(processor_time().saturating_sub(before));
    if let Err(error) = &read {
        warn!(event = "not_heard_again", %error, "the recording cannot be heard again");
    }
    let is_whole = read.is_ok() && is_there && !stop.is_cancelled();
    is_whole.then(|| listener.finish())
}

/// Recordings that are heard at a time: half of the cores are left to the calls that are up.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new(cores.div_ceil(2))
});

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    type Each<'a> = &'a mut dyn FnMut(&[i16]);

    /// A second of silence, and then what comes of reading on.
    fn second(end: Result<(), TapError>) -> impl FnOnce(Each<'_>) -> Result<(), TapError> {
        |each| {
            each(&[0; 8_000]);
            end
        }
    }

    #[test]
    fn what_is_not_whole_is_not_judged() {
        let stop = CancellationToken::new();
        assert!(hear(second(Ok(())), &stop).is_some());
        assert_eq!(hear(|_| Ok(()), &stop), None);
        assert_eq!(hear(second(Err(TapError::BrokeOff)), &stop), None);
        stop.cancel();
        assert_eq!(hear(second(Ok(())), &stop), None);
    }

    #[tokio::test]
    async fn one_after_the_other_is_heard_and_who_waits_no_longer_takes_no_turn() {
        let all = TURNS.available_permits() as u32;
        let taken = TURNS.acquire_many(all).await.unwrap();
        let heard_all_the_same = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&heard_all_the_same);
        let dropped = HearingAgain::begin(move |_| {
            seen.store(true, Ordering::Relaxed);
            Ok(())
        });
        let mut waits = Some(HearingAgain::begin(second(Ok(()))));
        drop(dropped);
        tokio::task::yield_now().await;
        assert!(!waits.as_ref().unwrap().opinion.is_finished());
        drop(taken);
        assert!(heard_again(&mut waits).await.is_some());
        assert!(waits.is_none());
        assert!(!heard_all_the_same.load(Ordering::Relaxed));
        let mut broken = Some(HearingAgain::begin(|_| panic!("a fault")));
        assert_eq!(heard_again(&mut broken).await, None);
    }
}
