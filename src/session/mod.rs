//! Calls in the shell: what all share, and how a request becomes a call that is guarded.

mod conversation;
mod followed;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug, error, info};

use crate::agi::{Command, Request};
use crate::call::Call;
use crate::call::intake::{self, NoMailbox, Opening, Settings};
use crate::call_log::CallLog;
use crate::call_record::{CallId, CallRecord, EndedBy, Reason};
use crate::clock::Clock;
use crate::config::{Config, SharedConfig};
use crate::delivery::spool::rights;
use crate::metrics::METRICS;
use crate::server::{Connection, Handler};
use crate::tap::{Source, monitor};
use crate::wording::{self, Language, support_line};
use crate::{text, trace};

use conversation::Session;

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
}

/// Path of a request that asks whether a guard is there: no call, no record.
pub const CHECK_PATH: &str = "check";

impl Handler for Guard {
    async fn call(&self, connection: Connection, request: Request) {
        self.answer(connection, request).await;
    }

    async fn refused(&self, request: Request) {
        if request.path() == CHECK_PATH {
            return;
        }
        let (settings, id, now) = self.opens(&request, &self.settings.now());
        let record = intake::record(&request, &settings, id, now);
        self.close_unheard(record, EndedBy::Overloaded, Reason::TooManyCalls);
    }
}

impl Guard {
    /// The record of a call that Asterisk carried on with from the start.
    fn close_unheard(&self, record: CallRecord, ended_by: EndedBy, reason: Reason) {
        let mut record = intake::unheard(record, ended_by, reason);
        record.ended = Some(self.clock.date());
        info!(target: "support", "{}", support_line(&record, &TimeZone::system()));
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
        let _up = METRICS.call_up();
        let config = self.settings.now();
        let (settings, id, now) = self.opens(&request, &config);
        let opening = intake::open(&request, settings, id, now);
        let record = match &opening {
            Ok(opening) => &opening.record,
            Err(refused) => &refused.record,
        };
        let span = tracing::info_span!(
            "call",
            id = %record.id,
            uniqueid = %text::shown(&record.uniqueid),
            linkedid = Empty,
            r#box = %text::shown(record.mailbox.as_str()),
        );
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
            record,
            policy,
            mistakes,
        } = match opening {
            Ok(opening) => opening,
            Err(refused) => {
                let NoMailbox { record, reason } = refused;
                let why = wording::reason(&reason, Language::En);
                error!("{why}; the call goes on to VoiceMail()");
                self.close_unheard(*record, EndedBy::HandedOn, reason);
                return connection.fail(self.clock).await;
            }
        };
        trace::log_mistakes(mistakes);
        if let Some(obstacle) = rights::in_the_way(&record, &config, self.clock).await {
            error!(
                "no message can be put into the mailbox: {obstacle}; the call goes on to VoiceMail()"
            );
            let reason = Reason::Undeliverable(obstacle.to_string());
            self.close_unheard(record, EndedBy::HandedOn, reason);
            return connection.fail(self.clock).await;
        }
        let tap = monitor::plan(
            &config.tap.folder_as_asterisk_sees_it,
            record.id,
            request.get("agi_version").as_deref(),
        );
        let call = Call::new(record, policy, tap, self.clock.now());
        // As it stands now: a call that a list decided on at once is not to become one of a case.
        let open = self.log.open_call(call.record().clone());
        let session = Session {
            clock: self.clock,
            source: &*self.source,
            data: &self.data,
            at_once: &self.at_once,
            config,
            connection: Some(connection),
            awaited: None,
            open: Some(open),
            call,
            tap: None,
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
        };
        let now = self.clock.date();
        (settings, CallId::new(now, random()), now)
    }
}

/// Distinguishes calls of one millisecond; where the system has no randomness, the counter does.
fn random() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(0x9e37, Ordering::Relaxed);
    getrandom::u32().unwrap_or_default() ^ count
}
