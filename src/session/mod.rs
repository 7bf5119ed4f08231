//! Calls in the shell: what all share, and how a request becomes a call that is guarded.

mod conversation;
mod followed;
mod hearing_again;
mod overload;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, error, info};

use crate::agi::{Command, Request};
use crate::call::Call;
use crate::call::intake::{self, NoMailbox, Opening, Settings};
use crate::call_log::CallLog;
use crate::call_record::{CallId, CallRecord, EndedBy, Reason, Trouble};
use crate::clock::Clock;
use crate::config::{Config, SharedConfig};
use crate::delivery::spool::rights;
use crate::doctor::mark;
use crate::metrics::{METRICS, Refusal};
use crate::queue_watch::Watches;
use crate::server::{Connection, Handler};
use crate::tap::{Prepared, Source, Tapped};
use crate::trace;
use crate::wording::{self, Language};

use conversation::Session;
pub use overload::Overload;

/// What all calls share.
pub struct Guard {
    /// The settings; a call keeps those with which it began.
    pub settings: SharedConfig,
    /// The call log.
    pub log: CallLog,
    /// The time.
    pub clock: Clock,
    /// Where the audio is kept.
    pub data: PathBuf,
    /// Where the callers' sound comes from.
    pub source: Box<dyn Source>,
    /// Cancelled when calls that are up are to be handed on now.
    pub at_once: CancellationToken,
    /// The callers who wait in queues; `None` where nobody is watched there.
    pub queues: Option<Watches>,
    /// Whether Asterisk answers late.
    pub overload: Overload,
}

/// Path of a request that says that a caller is about to wait in a queue.
pub const QUEUE_PATH: &str = "queue";

/// Path of a request that asks whether a guard is there: no call, no record.
pub const CHECK_PATH: &str = "check";

impl Handler for Guard {
    async fn call(&self, connection: Connection, request: Request) {
        self.answer(connection, request).await;
    }

    async fn refused(&self, request: Request) {
        if [CHECK_PATH, QUEUE_PATH].contains(&&*request.path()) {
            return;
        }
        self.turn_away(&request, Reason::TooManyCalls);
    }
}

impl Guard {
    /// Leaves a call to Asterisk alone, since there is too much to do.
    fn turn_away(&self, request: &Request, reason: Reason) {
        let (settings, id, now) = self.opens(request, &self.settings.now());
        let record = intake::record(request, &settings, id, now);
        let _in_call = trace::call_span(&record).entered();
        self.close_unheard(request, record, EndedBy::Overloaded, reason);
    }

    /// The record of a call that Asterisk carried on with from the start. A call that goes on to another guard is in the
    /// log of that one.
    fn close_unheard(
        &self,
        request: &Request,
        record: CallRecord,
        ended_by: EndedBy,
        reason: Reason,
    ) {
        if intake::has_further_guard(request) {
            let reason = wording::reason(&reason, Language::En);
            info!(
                event = "call_sent_on",
                reason, "not taken; Asterisk asks the next guard"
            );
            return;
        }
        let mut record = intake::unheard(record, ended_by, reason);
        record.ended = Some(self.clock.date());
        trace::log_end(&record);
        METRICS.call_closed(&record, &self.settings.now());
        self.log.close_call(record);
    }

    /// One request over any stream whose prelude has been read: a call, from the greeting to its
    /// record.
    pub async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut connection: Connection<S>,
        request: Request,
    ) {
        if request.path() == CHECK_PATH {
            let name = concat!("voicemail-guard ", env!("CARGO_PKG_VERSION"));
            if let Err(error) = connection.send(&Command::verbose(name, 3)).await {
                debug!(%error, "the one who asked is gone");
            }
            return;
        }
        if request.path() == QUEUE_PATH {
            // Over as soon as it is said: the caller goes on to the queue.
            trace::log_prelude(&request);
            let id = CallId::new(self.clock.date(), random());
            let queues = self.queues.iter();
            return queues.for_each(|queues| queues.begin(&request, id));
        }
        if self.overload.is_on(self.clock.now()) {
            METRICS.refused(Refusal::Behind);
            self.turn_away(&request, Reason::Behind);
            return connection.fail(self.clock).await;
        }
        let _up = METRICS.call_up();
        let config = self.settings.now();
        let (settings, id, now) = self.opens(&request, &config);
        let opening = intake::open(&request, settings, id, now);
        let record = match &opening {
            Ok(opening) => &opening.record,
            Err(refused) => &refused.record,
        };
        let span = trace::call_span(record);
        self.guard(connection, &request, opening, config)
            .instrument(span)
            .await;
    }

    async fn guard<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        connection: Connection<S>,
        request: &Request,
        opening: Result<Opening, NoMailbox>,
        config: Arc<Config>,
    ) {
        trace::log_prelude(request);
        let Opening {
            mut record,
            policy,
            mistakes,
        } = match opening {
            Ok(opening) => opening,
            Err(refused) => {
                let NoMailbox { record, reason } = refused;
                let why = wording::reason(&reason, Language::En);
                error!(
                    event = "call_handed_on",
                    "{why}; the call goes on without this guard"
                );
                self.close_unheard(request, *record, EndedBy::HandedOn, reason);
                return connection.fail(self.clock).await;
            }
        };
        trace::log_mistakes(mistakes);
        let queues = self.queues.as_ref();
        record.came_from = queues.and_then(|queues| queues.came_from(&record));
        if let Some(obstacle) = rights::in_the_way(&record, &config, self.clock).await {
            error!(
                event = "call_handed_on",
                "no message can be put into the mailbox: {obstacle}; the call goes on without this guard"
            );
            let reason = Reason::Undeliverable(obstacle.to_string());
            self.close_unheard(request, record, EndedBy::HandedOn, reason);
            return connection.fail(self.clock).await;
        }
        let agi_version = request.get("agi_version");
        let tapped = Tapped {
            id: record.id,
            uniqueid: &record.uniqueid,
            agi_version: agi_version.as_deref(),
        };
        let Prepared { plan, follow } = match self.source.prepare(&tapped) {
            Ok(tap) => tap,
            Err(error) => {
                METRICS.tap_failed();
                error!(
                    event = "call_handed_on",
                    %error,
                    "the caller cannot be heard; the call goes on without this guard"
                );
                let reason = Reason::HandedOn(Trouble::Tap(error.to_string()));
                self.close_unheard(request, record, EndedBy::HandedOn, reason);
                return connection.fail(self.clock).await;
            }
        };
        let call = Call::new(record, policy, plan, self.clock.now());
        // As it stands now: a call that a list decided on at once is not to become one of a case.
        let open = self.log.open_call(call.record().clone());
        let session = Session {
            clock: self.clock,
            source: &*self.source,
            data: &self.data,
            overload: &self.overload,
            late_at: None,
            at_once: &self.at_once,
            config,
            connection: Some(connection),
            awaited: None,
            open: Some(open),
            call,
            follow: Some(follow),
            tap: None,
            hearing_again: None,
            filing: None,
            unlinked: Some(Span::current()),
        };
        session.run().await;
    }

    /// What a call that begins now is opened with: the settings of its mailbox, its identifier, the
    /// time.
    fn opens(&self, request: &Request, config: &Config) -> (Settings, CallId, Timestamp) {
        let mailbox = intake::mailbox(request);
        let settings = Settings {
            policy: config.policy(&mailbox),
            repeat_window: config.repeat_window(&mailbox),
            is_test: is_test(request, config),
        };
        let now = self.clock.date();
        (settings, CallId::new(now, random()), now)
    }
}

/// Whether `doctor` has placed the call, with the same secret of the manager interface.
fn is_test(request: &Request, config: &Config) -> bool {
    let secret = config.delivery.ami.secret.inline();
    let uniqueid = request.uniqueid().unwrap_or_default();
    let account = request.get("agi_accountcode").unwrap_or_default();
    mark::is_of(secret, &uniqueid, &account)
}

/// Distinguishes calls of one millisecond; where the system has no randomness, the counter does.
fn random() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(0x9e37, Ordering::Relaxed);
    getrandom::u32().unwrap_or_default() ^ count
}
