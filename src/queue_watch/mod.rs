//! Callers who wait in Asterisk's queues: nobody has answered yet, and perhaps nobody is there any more.
//!
//! ```text
//! dialplan ── "they join now" ──► Watches ── a Follower each ──► watch::QueueWatch ── Action
//!                                                ▲    ▲                (pure)          │
//! manager interface ── joined, answered, keys ───┘    │                                │
//! tap::audiosocket ── the caller's side ─► Ear ───────┘ ◄── the question, whispered ───┘
//! ```
//!
//! The dialplan's request is over at once: no caller waits for the guard, nor depends on it. What the guard does it
//! does over the manager interface, and it listens only while that reports what happens to the caller. Nothing of what it
//! hears is kept, unless `keep_queue_audio` says so.

mod follow;
mod manager;
mod question;
mod sound;
pub mod waiting;
pub mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, warn};

use self::follow::{Follower, Keeping, Tap};
use self::manager::Manager;
use self::waiting::Waiting;
use self::watch::QueueWatch;
use self::watch::remembered::Remembered;
use crate::agi::Request;
use crate::call::intake;
use crate::call_log::CallLog;
use crate::call_record::{CallId, CallRecord, Callback, CameFrom, MailboxName};
use crate::clock::Clock;
use crate::config::{Config, SharedConfig};
use crate::server::descriptors::{self, Wants};
use crate::server::rate_limit::RateLimit;
use crate::tap::audiosocket::Listener;
use crate::tap::spy::Reach;
use crate::trace;

/// The watches of all callers who wait.
pub struct Watches {
    settings: SharedConfig,
    log: CallLog,
    clock: Clock,
    /// What the sound comes over; `None` where nothing listens for it.
    listener: Option<Listener>,
    reach: Reach,
    /// Where recordings are kept.
    data: PathBuf,
    remembered: Arc<Mutex<Remembered>>,
    manager: Manager,
    followers: TaskTracker,
    stop: CancellationToken,
    refusals: RateLimit,
    waiting: Waiting,
}

/// Why a caller is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NotWatched {
    #[error("the request names no queue that there can be")]
    NoQueue,
    #[error("the request does not say which channel it is")]
    NoChannel,
    #[error("[ami] has no user, and nothing else reports who was answered")]
    NoManager,
    #[error("[queue] listen is not set, or cannot be listened on")]
    NoSound,
    #[error("there are as many as [limits] max_calls, or the process's descriptors, allow")]
    TooMany,
}

impl Watches {
    /// No watch yet. All of them end when `stop` is cancelled.
    pub fn new(
        settings: SharedConfig,
        log: CallLog,
        clock: Clock,
        listener: Option<Listener>,
        data: PathBuf,
        stop: CancellationToken,
    ) -> Self {
        Self {
            manager: Manager::start(settings.clone()),
            settings,
            log,
            clock,
            listener,
            reach: Reach::new(clock),
            data,
            remembered: Arc::default(),
            followers: TaskTracker::new(),
            stop,
            refusals: RateLimit::default(),
            waiting: Waiting::default(),
        }
    }

    /// Who waits, kept up to date.
    pub fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// Begins to watch the caller of this request, beside whatever they do; does not wait.
    pub(crate) fn begin(&self, request: &Request, id: CallId) {
        if let Err(why) = self.try_begin(request, id)
            && let Some(left_out) = self.refusals.allow(self.clock.now())
        {
            warn!(event = "queue_not_watched", %why, left_out, "a caller waits in a queue and is not watched");
        }
    }

    /// The wait that the caller of this call comes from, if they come from one that this guard has watched.
    pub(crate) fn came_from(&self, call: &CallRecord) -> Option<CameFrom> {
        let remembered = self.remembered.lock();
        let remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        remembered.came_from(call, self.clock.now())
    }

    /// Waits until all watches have ended and are filed.
    pub async fn ended(&self) {
        self.followers.close();
        self.followers.wait().await;
    }

    fn try_begin(&self, request: &Request, id: CallId) -> Result<(), NotWatched> {
        let config = self.settings.now();
        let queue = request.argument("queue").unwrap_or_default();
        let mailbox = MailboxName::of_queue(&queue).ok_or(NotWatched::NoQueue)?;
        let uniqueid = request.uniqueid().unwrap_or_default().into_owned();
        if !is_plain(&uniqueid) {
            return Err(NotWatched::NoChannel);
        }
        if !config.delivery.ami.is_set() {
            return Err(NotWatched::NoManager);
        }
        let listener = self.listener.clone().ok_or(NotWatched::NoSound)?;
        if self.followers.len() >= Wants::of(&config).watches(descriptors::allowed()) {
            return Err(NotWatched::TooMany);
        }
        let settings = config.queue_settings(&mailbox).clone();
        let language = request.get("agi_language").unwrap_or_default();
        let language = Some(language.into_owned()).filter(|it| is_plain(it));
        let record = record(request, mailbox, &config, id, self.clock);
        let span = trace::call_span(&record);
        let keeping = settings.keep_audio.then(|| Keeping {
            tap_folder: config.tap.folder_as_guard_sees_it.clone(),
            data: self.data.clone(),
        });
        let watch = QueueWatch::new(record, queue.clone(), settings, self.clock.now());
        let follower = Follower {
            open: Some(self.log.open_call(watch.record().clone())),
            watch,
            config,
            clock: self.clock,
            manager: self.manager.clone(),
            events: self.manager.watch(uniqueid, queue),
            signs: 0,
            listener,
            reach: self.reach.clone(),
            language: language.unwrap_or_else(|| "en".to_owned()),
            stop: self.stop.clone(),
            shown: self.waiting.entry(id),
            shown_until: self.clock.now(),
            tap: Tap::default(),
            jobs: JoinSet::new(),
            keeping,
            sound: None,
            remembered: Arc::clone(&self.remembered),
            closed: None,
        };
        follower.remember(follower.watch.record());
        self.followers.spawn(follower.run().instrument(span));
        Ok(())
    }
}

/// Whether a text means nothing to Asterisk but itself.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=80).contains(&text.len()) && text.chars().all(plain)
}

/// The record of a wait as the request opens it: in no case, and delivered nowhere.
fn record(
    request: &Request,
    mailbox: MailboxName,
    config: &Config,
    id: CallId,
    clock: Clock,
) -> CallRecord {
    let settings = intake::Settings {
        policy: config.policy(&mailbox),
        repeat_window: None,
        is_test: false,
    };
    CallRecord {
        mailbox,
        watched: None,
        callback: Callback::default(),
        ..intake::record(request, &settings, id, clock.date())
    }
}

/// A moment, for the tests of what is pure.
#[cfg(test)]
fn any_moment() -> std::time::Instant {
    Clock::default().now()
}
