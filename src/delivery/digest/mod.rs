//! The digest of each mailbox that wants one: whom to ring and what was junk, by e-mail, once a day.
//!
//! What has been sent stands in the call log's database, so that a restart sends nothing twice. A digest whose mail
//! server is away is tried again until its day is over; one that was missed, since the guard was down, is sent
//! later that day and says so. Where nobody waits and nothing was junk none is sent.

mod due;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use tracing::{debug, info, warn};

use self::due::{Due, Plan, Slot, settled_at_first};
use super::mail::digest::{Digest, Waiting};
use super::mail::{self, Sent};
use super::worker::backoff;
use super::{DeliveryError, blocking};
use crate::call_log::{
    CallLog, CaseQuery, CountedCase, DigestNote, DigestsOfDay, LogError, OutboxError, Query,
    Reader, Standing,
};
use crate::call_record::{Callback, MailboxName, Pseudonym};
use crate::clock::Clock;
use crate::config::{Config, MailboxDelivery, SharedConfig};
use crate::wording::{self, Language};

/// The calendar is looked at this often, whatever is due: clocks are set and machines sleep.
const ROUND: Duration = Duration::from_mins(1);
/// Callers that one digest names.
const MOST_NAMED: usize = 20;
/// Of these so many are looked at.
const MOST_LOOKED_AT: u32 = 1_000;

/// Sends the digests.
pub struct Digests {
    settings: SharedConfig,
    log: CallLog,
    data: PathBuf,
    clock: Clock,
    zone: TimeZone,
    /// Mailboxes whose digest could not be sent: how often, and when it is tried again.
    failed: BTreeMap<String, (u32, Timestamp)>,
}

impl Digests {
    /// Digests by these settings of the log in this data folder.
    pub fn new(settings: SharedConfig, log: CallLog, data: PathBuf, clock: Clock) -> Self {
        Self {
            settings,
            log,
            data,
            clock,
            zone: TimeZone::system(),
            failed: BTreeMap::new(),
        }
    }

    /// Sends what is due until it is dropped.
    pub async fn run(mut self) {
        let mut changes = self.settings.changes();
        loop {
            if let Err(error) = self.round().await {
                debug!(%error, "the digests wait for the call log");
            }
            tokio::select! {
                () = self.clock.sleep(ROUND) => {}
                () = changes.changed() => self.failed.clear(),
            }
        }
    }

    async fn round(&mut self) -> Result<(), Waits> {
        let config = self.settings.now();
        if !config.wants_digests() {
            return Ok(());
        }
        let now = self.clock.date().to_zoned_datetime(self.zone.clone());
        let done = self.log.digests_of(now.date()).await?;
        let data = self.data.clone();
        let called = blocking(move || Reader::open(&data)?.mailboxes()).await??;
        for mailbox in wanting(&config, called) {
            let wants = config.mailbox_delivery(&mailbox.as_str().into());
            let plan = Plan::of(wants);
            if !done.known.contains(&mailbox) {
                let day = settled_at_first(plan, &now);
                self.note(&mailbox, day, None).await?;
                continue;
            }
            let Due::Now(slot) = plan.due(&now, done.settled.contains(&mailbox)) else {
                continue;
            };
            let again = self.failed.get(&mailbox).map(|(_, again)| *again);
            if again.is_none_or(|again| again <= now.timestamp()) {
                self.send(&config, &mailbox, &slot, &done).await?;
            }
        }
        Ok(())
    }

    async fn send(
        &mut self,
        config: &Config,
        mailbox: &str,
        slot: &Slot,
        done: &DigestsOfDay,
    ) -> Result<(), Waits> {
        let wants = config.mailbox_delivery(&mailbox.into());
        let (data, name, slot_of) = (self.data.clone(), mailbox.to_owned(), slot.clone());
        let now = self.clock.date().to_zoned_datetime(self.zone.clone());
        let context = Context::of(config, wants, &now);
        let digest = blocking(move || of(&data, &name, &slot_of, &context)).await??;
        if digest.is_empty() {
            debug!(mailbox, "nobody waits and nothing was junk: no digest");
            return self.settle(mailbox, slot).await;
        }
        let mut failures = Vec::new();
        for to in &wants.digest_to {
            if done.served.contains(&(mailbox.to_owned(), to.to_string())) {
                continue;
            }
            match mail::send_digest(&config.delivery.mail, &digest, wants.language, to).await {
                Ok(Sent::Taken) => {
                    info!(event = "digest_sent", mailbox, %to, "digest sent");
                    self.note(mailbox, slot.day, Some(to.to_string())).await?;
                }
                Ok(Sent::Refused(why)) => {
                    warn!(event = "digest_refused", mailbox, %to, why, "the mail server refuses the digest for good");
                    self.note(mailbox, slot.day, Some(to.to_string())).await?;
                }
                Err(error) => failures.push(error),
            }
        }
        match failures.first() {
            None => self.settle(mailbox, slot).await,
            Some(error) => {
                let failures = self
                    .failed
                    .get(mailbox)
                    .map_or(0, |(failures, _)| *failures)
                    + 1;
                let again = self.clock.date() + backoff::wait(failures, 0.5).max(ROUND);
                warn!(event = "digest_delayed", mailbox, %error, failures, "the digest could not be sent, it is tried again today");
                self.failed.insert(mailbox.to_owned(), (failures, again));
                Ok(())
            }
        }
    }

    async fn settle(&mut self, mailbox: &str, slot: &Slot) -> Result<(), Waits> {
        self.failed.remove(mailbox);
        self.note(mailbox, slot.day, None).await
    }

    async fn note(
        &self,
        mailbox: &str,
        day: jiff::civil::Date,
        recipient: Option<String>,
    ) -> Result<(), Waits> {
        let note = DigestNote {
            mailbox: mailbox.to_owned(),
            day,
            recipient,
            at: self.clock.date(),
        };
        Ok(self.log.note_digest(note).await?)
    }
}

/// Why nothing can be done now.
#[derive(Debug, thiserror::Error)]
enum Waits {
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Broken(#[from] DeliveryError),
}

/// The mailboxes that want a digest: those with a table of their own, and those that were called.
fn wanting(config: &Config, called: Vec<String>) -> BTreeSet<String> {
    let own = config.mailboxes().map(str::to_owned);
    let all = own.chain(called).filter(|name| {
        let name = MailboxName::from(name.as_str());
        name.mailbox().is_some() && config.mailbox_delivery(&name).wants_digest()
    });
    all.collect()
}

/// What a digest is made with.
struct Context {
    now: Timestamp,
    zone: TimeZone,
    language: Language,
    page: Option<String>,
}

impl Context {
    fn of(config: &Config, wants: &MailboxDelivery, now: &ZonedDateTime) -> Self {
        Self {
            now: now.timestamp(),
            zone: now.time_zone().clone(),
            language: wants.language,
            page: config.delivery.page_url.clone(),
        }
    }
}

impl<'a> Plan<'a> {
    fn of(wants: &'a MailboxDelivery) -> Self {
        Self {
            at: wants.digest_at,
            days: &wants.digest_days,
        }
    }
}

/// The digest of a mailbox as it would be sent now, whenever it is due.
///
/// # Errors
/// The log cannot be read.
pub fn preview(
    config: &Config,
    data: &Path,
    mailbox: &MailboxName,
    now: &ZonedDateTime,
) -> Result<Digest, LogError> {
    let wants = config.mailbox_delivery(mailbox);
    let context = Context::of(config, wants, now);
    let slot = Plan::of(wants).at_once(now);
    of(data, mailbox.as_str(), &slot, &context)
}

fn of(data: &Path, mailbox: &str, slot: &Slot, context: &Context) -> Result<Digest, LogError> {
    let reader = Reader::open(data)?;
    let query = CaseQuery {
        standing: Standing::ToRing(context.now),
        calls: Query {
            mailbox: Some(mailbox.into()),
            ..Query::default()
        },
        limit: Some(MOST_LOOKED_AT),
        ..CaseQuery::default()
    };
    let mut cases = reader.cases(&query)?;
    let all = reader.count_cases(&query)? as usize;
    // The log has the most urgent first.
    cases.sort_by_key(|counted| counted.waiting_since.unwrap_or(counted.case.first));
    cases.truncate(MOST_NAMED);
    let mut junk = reader.verdicts_since(mailbox, slot.since)?;
    junk.retain(|(verdict, _)| !verdict.is_delivered());
    Ok(Digest {
        mailbox: mailbox.to_owned(),
        day: slot.day,
        at: slot.at,
        is_late: slot.is_late,
        more: all.saturating_sub(cases.len()),
        waiting: cases.iter().map(|of| waiting(of, context)).collect(),
        since: slot.since,
        junk,
    })
}

fn waiting(counted: &CountedCase, context: &Context) -> Waiting {
    let (case, lead) = (&counted.case, counted.lead.as_ref());
    let callback = lead.map(|lead| &lead.callback);
    Waiting {
        name: lead.map_or_else(String::new, |lead| lead.caller.name.clone()),
        number: match callback.map_or(counted.number.as_str(), Callback::best_form) {
            number if Pseudonym::is_one(number) => {
                wording::number_deleted(context.language).to_owned()
            }
            number => number.to_owned(),
        },
        dial: callback
            .and_then(|callback| callback.e164.as_ref())
            .map(|e164| e164.as_str().to_owned()),
        verdict: lead.and_then(|lead| lead.verdict),
        since: counted.waiting_since.unwrap_or(case.first),
        state: wording::case_state(case, context.now, &context.zone, context.language),
        page: context.page.as_deref().map(|page| page_of(page, counted)),
    }
}

/// The page of a case: beside that of its calls where that is the guard's own, else that of the call itself.
fn page_of(template: &str, counted: &CountedCase) -> String {
    let lead = counted
        .lead
        .as_ref()
        .map_or(counted.case.id, |lead| lead.id);
    match template.strip_suffix("/calls/{id}") {
        Some(own) => format!("{own}/cases/{}", counted.case.id),
        None => template.replace("{id}", &lead.to_string()),
    }
}
