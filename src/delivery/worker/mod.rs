//! The worker: takes what is due from the outbox, has it delivered, notes what came of it.
//!
//! Of every box and destination one delivery is tried at a time, as the outbox orders them; boxes do not wait for
//! one another. A delivery that was under way when the guard died is due at once at the
//! next start.

mod voice_box;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::spool::VoiceBoxes;
use super::spool::replay::Replay;
use super::telling::{tell, warn_no_mwi};
use super::trim::{Wishes, trim};
use super::under_way::{Pace, UnderWay};
use super::{Failed, Parcel, backoff, blocking, key_of, mail, sound, webhook};
use crate::call_log::{Duty, Outbox, OutboxError, Outcome, Stage};
use crate::clock::Clock;
use crate::config::{Config, News, SharedConfig};
use crate::record::{CallRecord, Delivered, Destination};
use crate::recordings;

/// Deliveries of one pace under way at the same time.
const MOST_AT_ONCE: usize = 8;
/// No more are begun with one that was overtaken, so that what hangs takes no room from what does not.
const MOST_OVERTAKEN: usize = 4;
/// The outbox is looked at so often even if nothing is known to be due.
const ROUND: Duration = Duration::from_mins(1);
/// When the outbox cannot be read it is tried again after this long.
const OUTBOX_RETRY: Duration = Duration::from_secs(2);
/// What is under way when the guard stops may take so long.
const GRACE: Duration = Duration::from_secs(10);

/// Delivers what stands in the outbox until told to stop.
///
/// An attempt keeps the settings with which it began; when they are replaced, everything that waits is tried
/// at once.
pub struct Worker {
    settings: SharedConfig,
    news: News,
    shared: Arc<Shared>,
}

struct Shared {
    outbox: Outbox,
    mark: String,
    voice_boxes: VoiceBoxes,
    replay: Replay,
    config: Arc<Config>,
    data: PathBuf,
    clock: Clock,
}

impl Worker {
    /// A worker on this outbox; `data` is the folder below which audio is kept.
    ///
    /// Waits for the log's database and says once what delivery will not do.
    pub async fn new(settings: &SharedConfig, outbox: Outbox, data: PathBuf, clock: Clock) -> Self {
        let news = settings.news();
        let config = settings.now();
        warn_no_mwi(&config);
        let mark = loop {
            match outbox.name().await {
                Ok(mark) => break mark,
                Err(error) => {
                    warn!(%error, "deliveries wait");
                    clock.sleep(OUTBOX_RETRY).await;
                }
            }
        };
        Self {
            settings: settings.clone(),
            news,
            shared: Arc::new(Shared::of(config, outbox, mark, data, clock)),
        }
    }

    /// Works until `stop`; then what is under way may finish within ten seconds.
    pub async fn run(mut self, stop: CancellationToken) {
        let clock = self.shared.clock;
        let mut under_way = UnderWay::default();
        let mut at_once = false;
        loop {
            let pause = self.begin(&mut under_way, &mut at_once).await;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = under_way.tasks.join_next_with_id() => under_way.ended(&ended),
                () = self.shared.outbox.news() => {}
                () = self.news.changed() => {
                    self.shared = Arc::new(self.shared.with(self.settings.now()));
                    at_once = true;
                }
                () = clock.sleep(pause) => {}
            }
        }
        let finish = async { while under_way.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = finish => {}
            () = clock.sleep(GRACE) => info!("deliveries under way go on at the next start"),
        }
    }

    /// Begins what is due, or all that waits; tells how long nothing else will be.
    async fn begin(&self, under_way: &mut UnderWay, at_once: &mut bool) -> Duration {
        let outbox = &self.shared.outbox;
        let heads = async {
            if *at_once {
                outbox.hurry().await?;
                *at_once = false;
            }
            outbox.heads().await
        };
        let heads = match heads.await {
            Ok(heads) => heads,
            Err(error) => {
                debug!(%error, "the outbox cannot be read");
                return OUTBOX_RETRY;
            }
        };
        let now = self.shared.clock.date();
        let mut pause = ROUND;
        for duty in heads {
            if under_way.has(&duty) {
                continue;
            }
            let most = if duty.is_overtaken() {
                MOST_OVERTAKEN
            } else {
                MOST_AT_ONCE
            };
            let ahead = until_due(&duty, now);
            let pace = self.shared.pace(&duty);
            if ahead > Duration::ZERO {
                pause = pause.min(ahead);
            } else if under_way.count(pace) < most {
                let shared = Arc::clone(&self.shared);
                under_way.begin(duty.clone(), pace, async move { shared.attend(duty).await });
            }
        }
        pause
    }
}

/// How long until a delivery is to be tried; a time that no back-off gives was set by another clock.
fn until_due(duty: &Duty, now: Timestamp) -> Duration {
    let ahead = Duration::try_from(duty.due.duration_since(now)).unwrap_or_default();
    if ahead > backoff::LONGEST_WAIT {
        Duration::ZERO
    } else {
        ahead
    }
}

impl Shared {
    fn of(config: Arc<Config>, outbox: Outbox, mark: String, data: PathBuf, clock: Clock) -> Self {
        let delivery = &config.delivery;
        Self {
            voice_boxes: VoiceBoxes::new(delivery.voice_box.clone(), mark.clone()),
            replay: Replay::new(delivery.ami.clone(), config.tap.clone(), clock),
            mark,
            config,
            outbox,
            data,
            clock,
        }
    }

    /// The same under other settings.
    fn with(&self, config: Arc<Config>) -> Self {
        warn_no_mwi(&config);
        let (outbox, mark) = (self.outbox.clone(), self.mark.clone());
        Self::of(config, outbox, mark, self.data.clone(), self.clock)
    }

    fn pace(&self, duty: &Duty) -> Pace {
        if duty.to == Destination::VoiceBox && duty.stage == Stage::Waiting && self.replays() {
            Pace::AsSpoken
        } else {
            Pace::Quick
        }
    }

    /// One attempt, and the note of it.
    async fn attend(self: Arc<Self>, duty: Duty) {
        let attempt = Arc::clone(&self).attempt(&duty).await;
        let is_for_people = matches!(attempt, Err(Stopped::Failed(Failed::Settings { .. })));
        let outcome = match attempt {
            Err(Stopped::Failed(failed)) => self.failure(&duty, &failed).await,
            Err(Stopped::Outbox(error)) => Err(error),
            Ok(outcome) => Ok(outcome),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                warn!(call = %duty.call, to = duty.to.as_str(), %error, "a delivery waits");
                self.clock.sleep(OUTBOX_RETRY).await;
                return;
            }
        };
        tell(&duty, &outcome, is_for_people);
        let mwi_given_up =
            duty.stage == Stage::Placed && matches!(outcome, Outcome::GivenUp { .. });
        let outcome = if mwi_given_up {
            Outcome::Done(None)
        } else {
            outcome
        };
        // What cannot be noted is tried again, and found to be done: nothing is delivered twice by it
        // into a voice box, and elsewhere the receiver knows its key.
        while let Err(error) = self.outbox.note(&duty, outcome.clone()).await {
            warn!(call = %duty.call, to = duty.to.as_str(), %error, "what came of a delivery cannot be noted");
            self.clock.sleep(OUTBOX_RETRY).await;
        }
        if duty.to == Destination::VoiceBox && matches!(outcome, Outcome::GivenUp { .. }) {
            self.clear_up(duty).await;
        }
    }

    async fn failure(&self, duty: &Duty, failed: &Failed) -> Result<Outcome, OutboxError> {
        let now = self.clock.date();
        let why = failed.to_string();
        let tried_for = now.duration_since(duty.since);
        let limit =
            SignedDuration::try_from(self.config.delivery.give_up_after).unwrap_or_default();
        if matches!(failed, Failed::Never { .. }) || tried_for >= limit {
            let told = self.outbox.told(duty).await?;
            let entry = (!told.is_empty())
                .then(|| self.delivered(duty, format!("{} (given up: {why})", told.join(", "))));
            return Ok(Outcome::GivenUp { why, entry });
        }
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        let wait = backoff::wait(duty.failures + 1, f64::from(random) / f64::from(u32::MAX));
        let wait = match failed {
            Failed::Again {
                after: Some(after), ..
            } => wait.max(*after).min(backoff::LONGEST_WAIT),
            _ => wait,
        };
        let due = now.checked_add(wait).unwrap_or(now);
        Ok(Outcome::Later { due, why })
    }

    async fn attempt(self: Arc<Self>, duty: &Duty) -> Result<Outcome, Stopped> {
        match duty.to {
            Destination::VoiceBox => self.into_voice_box(duty).await,
            Destination::Mail => {
                let parcel = self.parcel(duty).await?;
                let wishes = self.config.mailbox_delivery(&duty.box_name);
                let page = self.config.delivery.page_url.as_deref();
                let told = self.outbox.told(duty).await?;
                let told = Told {
                    shared: &self,
                    duty,
                    before: told,
                };
                let settings = &self.config.delivery.mail;
                let sending = mail::deliver(settings, wishes, page, &parcel, &told);
                Ok(self.done(duty, sending.await?))
            }
            Destination::Webhook => {
                let parcel = self.parcel(duty).await?;
                let now = self.clock.date();
                let page = self.config.delivery.page_url.as_deref();
                let telling = webhook::deliver(&self.config.delivery.webhook, page, &parcel, now);
                Ok(self.done(duty, telling.await?))
            }
        }
    }

    fn done(&self, duty: &Duty, detail: String) -> Outcome {
        Outcome::Done(Some(self.delivered(duty, detail)))
    }

    /// What the record keeps of a delivery that is made now.
    fn delivered(&self, duty: &Duty, detail: String) -> Delivered {
        let now = self.clock.date();
        Delivered {
            to: duty.to,
            detail,
            at: Timestamp::from_second(now.as_second()).unwrap_or(now),
        }
    }

    /// Everything that one attempt needs.
    async fn parcel(self: &Arc<Self>, duty: &Duty) -> Result<Parcel, Stopped> {
        let mut record = self.record(duty).await?;
        let case = self.outbox.place_in_case(duty).await?;
        let original = self.original(&mut record).await?;
        let sound = match original.clone() {
            Some(path) => {
                let first = self.config.mailbox_delivery(&duty.box_name).number_first;
                let wishes = Wishes::of(&record, first);
                let timeline = record.timeline.clone();
                let trimmed = blocking(move || {
                    let recording = sound::read(&path)?;
                    Ok::<_, Failed>(trim(&recording, &timeline, &wishes))
                });
                Some(trimmed.await??)
            }
            None => None,
        };
        Ok(Parcel {
            key: key_of(duty.call, duty.to),
            failures: duty.failures,
            record,
            case,
            sound,
            original,
        })
    }

    async fn record(&self, duty: &Duty) -> Result<CallRecord, Stopped> {
        let record = self.outbox.record(duty.call).await?;
        Ok(record.ok_or_else(|| Failed::never("the call is not in the log any more"))?)
    }

    /// The kept recording. A raw one that could not be kept when the call ended is kept now.
    async fn original(
        self: &Arc<Self>,
        record: &mut CallRecord,
    ) -> Result<Option<PathBuf>, Stopped> {
        if record.audio.is_some() {
            return Ok(recordings::path(&self.data, record));
        }
        let (shared, id, started) = (Arc::clone(self), record.id, record.started);
        let kept = blocking(move || {
            let folder = &shared.config.tap.folder_as_guard_sees_it;
            recordings::keep_late(folder, &shared.data, id, started)
        })
        .await?;
        if let Some((place, timeline)) = kept.map_err(Failed::again)? {
            record.audio = Some(place.clone());
            record.timeline = timeline.segments().to_vec();
            let timeline = record.timeline.clone();
            self.outbox.note_audio(id, place, timeline).await?;
        }
        Ok(recordings::path(&self.data, record))
    }
}

/// Who has got the mails of one delivery, as the outbox knows it.
struct Told<'a> {
    shared: &'a Shared,
    duty: &'a Duty,
    before: Vec<String>,
}

impl mail::Progress for Told<'_> {
    fn has(&self, to: &lettre::Address) -> bool {
        self.before
            .iter()
            .any(|told| told == AsRef::<str>::as_ref(to))
    }

    async fn note(&self, to: &lettre::Address) {
        let Shared { outbox, clock, .. } = self.shared;
        while let Err(error) = outbox.note_told(self.duty, to.to_string()).await {
            warn!(call = %self.duty.call, %error, "who has got a mail cannot be noted");
            clock.sleep(OUTBOX_RETRY).await;
        }
    }
}

/// Why an attempt has no outcome.
enum Stopped {
    /// The destination did not take it.
    Failed(Failed),
    /// The outbox cannot be used: nothing is known, nothing is counted.
    Outbox(OutboxError),
}

impl From<Failed> for Stopped {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<OutboxError> for Stopped {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}
