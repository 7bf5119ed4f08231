//! The worker: takes what is due from the outbox, has it delivered, notes what came of it.
//!
//! Of every mailbox and destination one delivery is tried at a time, as the outbox orders them;
//! mailboxes do not wait for one another. A delivery that was in flight when the guard died is due
//! at once at the next start.

pub(crate) mod backoff;
mod in_flight;
mod log;
mod mailbox;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::spool::Spool;
use super::spool::carrier::Carrier;
use super::spool::replay::Replay;
use super::trim::{TrimPlan, trim};
use super::{DeliveryError, Outgoing, blocking, key_of, mail, sound, webhook};
use crate::call_log::{Delivery, Outbox, OutboxError, Settlement, Stage};
use crate::call_record::{CallRecord, Delivered, Destination};
use crate::clock::Clock;
use crate::config::{Changes, Config, SharedConfig};
use crate::metrics::{METRICS, Outcome};
use crate::recordings;

use in_flight::{InFlight, Lane};
use log::{log, warn_without_mwi};

/// Deliveries of one kind in flight at the same time.
const MOST_AT_ONCE: usize = 8;
/// No more are begun with one that was overtaken, so that what hangs takes no room from what does
/// not.
const MOST_OVERTAKEN: usize = 4;
/// The outbox is looked at this often even if nothing is known to be due.
const ROUND: Duration = Duration::from_mins(1);
/// When the outbox cannot be read it is tried again after this long.
const OUTBOX_RETRY: Duration = Duration::from_secs(2);
/// What is in flight when the guard stops may take this long.
const GRACE: Duration = Duration::from_secs(10);

/// Delivers what is in the outbox until it is stopped.
///
/// An attempt keeps the settings with which it began; when they are replaced, everything that waits
/// is tried at once.
pub struct Worker {
    settings: SharedConfig,
    changes: Changes,
    shared: Arc<Shared>,
}

struct Shared {
    outbox: Outbox,
    mark: String,
    spool: Spool,
    replay: Replay,
    carrier: Option<Carrier>,
    config: Arc<Config>,
    data: PathBuf,
    clock: Clock,
}

impl Worker {
    /// A worker on this outbox; `data` is the folder below which audio is kept.
    ///
    /// Waits for the log's database and says once what delivery will not do.
    pub async fn new(settings: &SharedConfig, outbox: Outbox, data: PathBuf, clock: Clock) -> Self {
        let changes = settings.changes();
        let config = settings.now();
        warn_without_mwi(&config);
        let mark = loop {
            match outbox.installation().await {
                Ok(mark) => break mark,
                Err(error) => {
                    warn!(event = "delivery_waits", %error, "deliveries wait");
                    clock.sleep(OUTBOX_RETRY).await;
                }
            }
        };
        Self {
            settings: settings.clone(),
            changes,
            shared: Arc::new(Shared::of(config, outbox, mark, data, None, clock)),
        }
    }

    /// The same where what is replayed goes over connections, since Asterisk sees no folder of the guard's.
    #[must_use]
    pub fn carrying(mut self, carrier: Carrier) -> Self {
        let config = Arc::clone(&self.shared.config);
        self.shared = Arc::new(self.shared.with(config, Some(carrier)));
        self
    }

    /// Works until `stop`; then what is in flight may finish within ten seconds.
    pub async fn run(mut self, stop: CancellationToken) {
        let clock = self.shared.clock;
        let mut in_flight = InFlight::default();
        let mut at_once = false;
        loop {
            let pause = self.begin(&mut in_flight, &mut at_once).await;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = in_flight.tasks.join_next_with_id() => in_flight.ended(&ended),
                () = self.shared.outbox.changed() => {}
                () = self.changes.changed() => {
                    let (config, carrier) = (self.settings.now(), self.shared.carrier.clone());
                    warn_without_mwi(&config);
                    self.shared = Arc::new(self.shared.with(config, carrier));
                    at_once = true;
                }
                () = clock.sleep(pause) => {}
            }
        }
        let finish = async { while in_flight.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = finish => {}
            () = clock.sleep(GRACE) => info!(event = "delivery_waits", "deliveries in flight go on at the next start"),
        }
    }

    /// Begins what is due, or all that waits; returns for how long nothing else will be.
    async fn begin(&self, in_flight: &mut InFlight, at_once: &mut bool) -> Duration {
        let outbox = &self.shared.outbox;
        let due = async {
            if *at_once {
                outbox.retry_all_now().await?;
                *at_once = false;
            }
            outbox.due().await
        };
        let due = match due.await {
            Ok(due) => due,
            Err(error) => {
                debug!(%error, "the outbox cannot be read");
                return OUTBOX_RETRY;
            }
        };
        let now = self.shared.clock.date();
        let mut pause = ROUND;
        for delivery in due {
            if in_flight.has(&delivery) {
                continue;
            }
            let most = if delivery.is_overtaken() {
                MOST_OVERTAKEN
            } else {
                MOST_AT_ONCE
            };
            let ahead = backoff::until_due(&delivery, now);
            let kind = self.shared.kind(&delivery);
            if ahead > Duration::ZERO {
                pause = pause.min(ahead);
            } else if in_flight.count(kind) < most {
                let shared = Arc::clone(&self.shared);
                in_flight.begin(delivery.clone(), kind, async move {
                    shared.attend(delivery).await;
                });
            }
        }
        pause
    }
}

impl Shared {
    fn of(
        config: Arc<Config>,
        outbox: Outbox,
        mark: String,
        data: PathBuf,
        carrier: Option<Carrier>,
        clock: Clock,
    ) -> Self {
        let delivery = &config.delivery;
        let (ami, tap) = (delivery.ami.clone(), config.tap.clone());
        Self {
            spool: Spool::new(delivery.voicemail.clone(), mark.clone()),
            replay: Replay::new(ami, tap, carrier.clone(), clock),
            carrier,
            mark,
            config,
            outbox,
            data,
            clock,
        }
    }

    /// The same under other settings.
    fn with(&self, config: Arc<Config>, carrier: Option<Carrier>) -> Self {
        let (outbox, mark) = (self.outbox.clone(), self.mark.clone());
        Self::of(config, outbox, mark, self.data.clone(), carrier, self.clock)
    }

    fn kind(&self, delivery: &Delivery) -> Lane {
        if delivery.to == Destination::Mailbox && delivery.stage == Stage::Waiting && self.replays()
        {
            Lane::RealTime
        } else {
            Lane::Instant
        }
    }

    /// One attempt, and the note of it.
    async fn attend(self: Arc<Self>, delivery: Delivery) {
        let attempt = Arc::clone(&self).attempt(&delivery).await;
        let is_for_people = matches!(
            attempt,
            Err(Stopped::Failed(DeliveryError::Settings { .. }))
        );
        let settlement = match attempt {
            Err(Stopped::Failed(failed)) => self.failure(&delivery, &failed).await,
            Err(Stopped::Outbox(error)) => Err(error),
            Ok(settlement) => Ok(settlement),
        };
        let settlement = match settlement {
            Ok(settlement) => settlement,
            Err(error) => {
                warn!(event = "delivery_waits", call = %delivery.call, to = delivery.to.as_str(), %error, "a delivery waits");
                self.clock.sleep(OUTBOX_RETRY).await;
                return;
            }
        };
        log(&delivery, &settlement, is_for_people);
        if let Some(outcome) = outcome(&delivery, &settlement) {
            METRICS.delivery(delivery.to, outcome);
        }
        let is_given_up = matches!(settlement, Settlement::GivenUp { .. });
        let settlement = match delivery.stage {
            // The message itself is where it belongs.
            Stage::Stored if is_given_up => Settlement::Done(None),
            _ => settlement,
        };
        // What cannot be noted is tried again, and found to be done: nothing is delivered twice by
        // it into a mailbox, and elsewhere the receiver knows its key.
        while let Err(error) = self.outbox.settle(&delivery, settlement.clone()).await {
            warn!(event = "delivery_not_noted", call = %delivery.call, to = delivery.to.as_str(), %error, "what came of a delivery cannot be noted");
            self.clock.sleep(OUTBOX_RETRY).await;
        }
        if delivery.to == Destination::Mailbox && matches!(settlement, Settlement::GivenUp { .. }) {
            self.clear_up(delivery).await;
        }
    }

    async fn failure(
        &self,
        delivery: &Delivery,
        failed: &DeliveryError,
    ) -> Result<Settlement, OutboxError> {
        let now = self.clock.date();
        let why = failed.to_string();
        let limit = self.config.delivery.give_up_after;
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        let jitter = f64::from(random) / f64::from(u32::MAX);
        if let Some(due) = backoff::next_attempt(delivery, failed, now, limit, jitter) {
            return Ok(Settlement::Later { due, why });
        }
        let served = self.outbox.served(delivery).await?;
        let entry = (!served.is_empty())
            .then(|| self.delivered(delivery, format!("{} (given up: {why})", served.join(", "))));
        Ok(Settlement::GivenUp { why, entry })
    }

    async fn attempt(self: Arc<Self>, delivery: &Delivery) -> Result<Settlement, Stopped> {
        match delivery.to {
            Destination::Mailbox => self.into_mailbox(delivery).await,
            Destination::Mail => {
                let outgoing = self.outgoing(delivery).await?;
                let mailbox = self.config.mailbox_delivery(&delivery.mailbox);
                let page = self.config.delivery.page_url.as_deref();
                let served = Served {
                    before: self.outbox.served(delivery).await?,
                    shared: &self,
                    delivery,
                };
                let settings = &self.config.delivery.mail;
                let sending = mail::deliver(settings, mailbox, page, &outgoing, &served);
                Ok(self.done(delivery, sending.await?))
            }
            Destination::Webhook => {
                let outgoing = self.outgoing(delivery).await?;
                let now = self.clock.date();
                let page = self.config.delivery.page_url.as_deref();
                let sending = webhook::deliver(&self.config.delivery.webhook, page, &outgoing, now);
                Ok(self.done(delivery, sending.await?))
            }
        }
    }

    fn done(&self, delivery: &Delivery, detail: String) -> Settlement {
        Settlement::Done(Some(self.delivered(delivery, detail)))
    }

    /// What the record keeps of a delivery that is made now.
    fn delivered(&self, delivery: &Delivery, detail: String) -> Delivered {
        let now = self.clock.date();
        Delivered {
            to: delivery.to,
            detail,
            at: Timestamp::from_second(now.as_second()).unwrap_or(now),
        }
    }

    /// Everything that one attempt needs.
    async fn outgoing(self: &Arc<Self>, delivery: &Delivery) -> Result<Outgoing, Stopped> {
        let mut record = self.record(delivery).await?;
        let original = self.original(&mut record).await?;
        let sound = match original.clone() {
            Some(path) => {
                let first = self.config.mailbox_delivery(&delivery.mailbox).number_first;
                let plan = TrimPlan::of(&record, first);
                let timeline = record.timeline.clone();
                let trimmed = blocking(move || {
                    let recording = sound::read(&path)?;
                    Ok::<_, DeliveryError>(trim(&recording, &timeline, &plan))
                });
                Some(trimmed.await??)
            }
            None => None,
        };
        Ok(Outgoing {
            key: key_of(delivery.call, delivery.to),
            failures: delivery.failures,
            record,
            case: delivery.case,
            sound,
            original,
        })
    }

    async fn record(&self, delivery: &Delivery) -> Result<CallRecord, Stopped> {
        let record = self.outbox.record(delivery.call).await?;
        Ok(
            record
                .ok_or_else(|| DeliveryError::permanent("the call is not in the log any more"))?,
        )
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
        if let Some((place, timeline)) = kept.map_err(DeliveryError::transient)? {
            record.audio = Some(place.clone());
            record.timeline = timeline.segments().to_vec();
            let timeline = record.timeline.clone();
            self.outbox.note_audio(id, place, timeline).await?;
        }
        Ok(recordings::path(&self.data, record))
    }
}

/// Who has got the mails of one delivery, as the outbox knows it.
struct Served<'a> {
    shared: &'a Shared,
    delivery: &'a Delivery,
    before: Vec<String>,
}

impl mail::Recipients for Served<'_> {
    fn has(&self, to: &lettre::Address) -> bool {
        self.before
            .iter()
            .any(|served| served == AsRef::<str>::as_ref(to))
    }

    async fn note(&self, to: &lettre::Address) {
        let Shared { outbox, clock, .. } = self.shared;
        while let Err(error) = outbox.note_served(self.delivery, to.to_string()).await {
            warn!(event = "delivery_not_noted", call = %self.delivery.call, %error, "who has got a mail cannot be noted");
            clock.sleep(OUTBOX_RETRY).await;
        }
    }
}

/// What is counted of an attempt: not the steps on the way, nor what follows once the message is where it belongs.
fn outcome(delivery: &Delivery, settlement: &Settlement) -> Option<Outcome> {
    match settlement {
        _ if delivery.stage == Stage::Stored => None,
        Settlement::Prepared(_) | Settlement::Unprepared => None,
        Settlement::Stored(_) | Settlement::Done(_) => Some(Outcome::Delivered),
        Settlement::Later { .. } => Some(Outcome::Retried),
        Settlement::GivenUp { .. } => Some(Outcome::GivenUp),
    }
}

/// Why an attempt has no outcome.
enum Stopped {
    /// The destination did not take it.
    Failed(DeliveryError),
    /// The outbox cannot be used: nothing is known, nothing is counted.
    Outbox(OutboxError),
}

impl From<DeliveryError> for Stopped {
    fn from(failed: DeliveryError) -> Self {
        Self::Failed(failed)
    }
}

impl From<OutboxError> for Stopped {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}
