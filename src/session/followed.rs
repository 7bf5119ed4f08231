//! The tap of one call that is being followed, and the ear behind it.

use std::future::pending;

use tracing::error;

use crate::call::{Event, Listener};
use crate::clock::Clock;
use crate::hearing::Classifier;
use crate::metrics::METRICS;
use crate::tap::{Follow, Followed, Gap, TapEvent};

pub(super) struct FollowedTap {
    /// `None` once the tap has sent its last event.
    followed: Option<Followed>,
    listener: Listener,
    /// What never came of the sound, once it has ended.
    pub(super) gaps: Vec<Gap>,
}

impl FollowedTap {
    pub(super) fn new(follow: Follow, ear: Box<dyn Classifier>, clock: Clock) -> Self {
        Self {
            followed: Some(follow(clock)),
            listener: Listener::new(ear),
            gaps: Vec::new(),
        }
    }

    /// Has the tap come to its end; `false` where it has done so already.
    pub(super) fn finish(&self) -> bool {
        let finish = |followed: &Followed| followed.finish.cancel();
        self.followed.as_ref().map(finish).is_some()
    }

    /// What the tap sends next; `None` where it broke off.
    pub(super) async fn next(&mut self) -> Option<TapEvent> {
        match &mut self.followed {
            Some(followed) => followed.events.recv().await,
            None => pending().await,
        }
    }

    /// Lets the ear hear what the tap sent; what the conversation is to know of it.
    pub(super) fn hear(&mut self, event: Option<TapEvent>) -> Vec<Event> {
        if !matches!(event, Some(TapEvent::Samples(_) | TapEvent::Gap(_))) {
            self.followed = None;
        }
        match event {
            Some(TapEvent::Samples(samples)) => self.listener.samples(&samples),
            Some(TapEvent::Gap(lost)) => self.listener.gap(lost),
            Some(TapEvent::Finished(gaps)) => {
                self.gaps = gaps;
                self.listener.finished()
            }
            Some(TapEvent::Failed(error)) => {
                METRICS.tap_failed();
                error!(event = "tap_failed", %error, "the tap failed");
                self.listener.failed(error.to_string())
            }
            None => {
                METRICS.tap_failed();
                self.listener.failed("the tap broke off".into())
            }
        }
    }
}
