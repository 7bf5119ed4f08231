//! One call in the shell: the only `select!`, and a `match` that does what the conversation wants.

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::field::{Empty, display};
use tracing::{Instrument, Span, debug, error, info, warn};

use crate::agi::{Command, Request};
use crate::call::intake::{self, NoMailbox, Opening, Settings};
use crate::call::{Action, Call, Event, Listener};
use crate::call_log::{CallLog, OpenCall};
use crate::call_record::{CallId, CallRecord, EndedBy, Reason};
use crate::clock::Clock;
use crate::config::{Config, SharedConfig};
use crate::delivery::spool::rights;
use crate::recordings;
use crate::server::{Connection, Handler};
use crate::tap::{Followed, Gap, Source, TapEvent, monitor};
use crate::wording::{self, Language, support_line};
use crate::{text, trace};

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
            guard: self,
            config,
            connection: Some(connection),
            open: Some(open),
            tap: None,
            call,
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

struct Session<'a, S> {
    guard: &'a Guard,
    /// The settings with which the call began.
    config: Arc<Config>,
    connection: Option<Connection<S>>,
    open: Option<OpenCall>,
    tap: Option<Box<Tapped>>,
    call: Call,
    filing: Option<JoinHandle<()>>,
    /// The call's span, until it has the linkedid, which only Asterisk's answer has.
    unlinked: Option<Span>,
}

/// The tap that is being followed, and the ear behind it.
struct Tapped {
    /// `None` once the tap has sent its last event.
    followed: Option<Followed>,
    listener: Listener,
    gaps: Vec<Gap>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn run(mut self) {
        while self.act().await {
            let event = tokio::select! {
                event = next_line(&mut self.connection) => Some(event),
                event = next_sound(&mut self.tap) => { self.hear(event); None }
                () = wake(self.guard.clock, self.call.poll_timeout().map(|(at, _)| at)) => {
                    self.call.handle_timeout(self.guard.clock.now());
                    None
                }
                () = self.guard.at_once.cancelled(), if !self.call.is_stopped() => Some(Event::Shutdown),
            };
            if let Some(event) = event {
                if matches!(event, Event::AgiClosed) {
                    self.connection = None;
                }
                self.call.handle_event(event, self.guard.clock.now());
                self.link();
            }
        }
        let count = self.call.unexpected();
        if count > 0 {
            warn!(
                count,
                "Asterisk said what answers no command; the lines are in the log at the level debug"
            );
        }
        // Asterisk goes on as soon as the connection is closed, the server counts the call until it
        // is filed.
        self.connection = None;
        if let Some(filing) = self.filing.take()
            && let Err(error) = filing.await
        {
            error!(%error, "filing the call broke off");
        }
    }

    fn link(&mut self) {
        let linkedid = &self.call.record().linkedid;
        if !linkedid.is_empty()
            && let Some(span) = self.unlinked.take()
        {
            span.record("linkedid", display(text::shown(linkedid)));
        }
    }

    /// Does what the conversation wants; `false` once it is over.
    async fn act(&mut self) -> bool {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::Send(command) => self.send(&command).await,
                Action::FollowTap => self.follow_tap(),
                Action::FinishTap => {
                    match self.tap.as_ref().and_then(|tap| tap.followed.as_ref()) {
                        Some(followed) => followed.finish.cancel(),
                        None => self.handle(Event::TapFinished),
                    }
                }
                Action::Save(record) => self.save(*record),
                Action::File(record) => self.file(*record),
                Action::Close => return false,
            }
        }
        true
    }

    fn handle(&mut self, event: Event) {
        self.call.handle_event(event, self.guard.clock.now());
    }

    async fn send(&mut self, command: &Command) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        debug!(command = %trace::command(command), "send");
        // What Asterisk said before it closed may still be there to be read, and its end behind
        // that.
        if let Err(error) = connection.send(command).await {
            debug!(%error, "said to nobody");
        }
    }

    fn save(&mut self, record: CallRecord) {
        if let Some(open) = &mut self.open {
            *open.record_mut() = record;
            open.save();
        }
    }

    fn follow_tap(&mut self) {
        let guard = self.guard;
        self.tap = self.open.as_ref().map(|open| {
            Box::new(Tapped {
                followed: Some(guard.source.follow(open.id(), guard.clock)),
                listener: Listener::new(guard.source.ear()),
                gaps: Vec::new(),
            })
        });
    }

    /// Lets the ear hear what the tap sent, and the conversation what came of it.
    fn hear(&mut self, event: Option<TapEvent>) {
        let Some(tap) = &mut self.tap else { return };
        let goes_on = matches!(event, Some(TapEvent::Samples(_) | TapEvent::Gap(_)));
        let events = match event {
            Some(TapEvent::Samples(samples)) => tap.listener.samples(&samples),
            Some(TapEvent::Gap(lost)) => tap.listener.gap(lost),
            Some(TapEvent::Finished(gaps)) => {
                tap.gaps = gaps;
                tap.listener.finished()
            }
            Some(TapEvent::Failed(error)) => {
                error!(%error, "the tap failed");
                tap.listener.failed(error.to_string())
            }
            None => tap.listener.failed("the tap broke off".into()),
        };
        if !goes_on {
            tap.followed = None;
        }
        for event in events {
            self.handle(event);
        }
    }

    /// Keeps the audio and closes the record, beside the call: no caller waits for our disk.
    fn file(&mut self, mut record: CallRecord) {
        let Some(open) = self.open.take() else { return };
        let gaps = self.tap.take().map(|tap| tap.gaps).unwrap_or_default();
        record.ended = Some(self.guard.clock.date().max(record.started));
        let folder = self.config.tap.folder_as_guard_sees_it.clone();
        let data = self.guard.data.clone();
        let wanted = self.config.deliver_to(&record.mailbox).to_vec();
        let filing = async move {
            record.audio = kept(folder, data, record.id, record.started, gaps).await;
            info!(target: "support", "{}", support_line(&record, &TimeZone::system()));
            open.close_and_deliver(record, &wanted);
        };
        self.filing = Some(tokio::spawn(filing.in_current_span()));
    }
}

/// Where the audio is kept; `None` where there is none, or it could not be kept.
async fn kept(
    folder: PathBuf,
    data: PathBuf,
    id: CallId,
    started: Timestamp,
    gaps: Vec<Gap>,
) -> Option<String> {
    let kept =
        tokio::task::spawn_blocking(move || recordings::keep(&folder, &data, id, started, &gaps));
    match kept.await {
        Ok(Ok(place)) => place,
        Ok(Err(error)) => {
            error!(%error, "the audio could not be kept");
            None
        }
        Err(error) => {
            warn!(%error, "keeping the audio broke off");
            None
        }
    }
}

async fn next_line<S: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Option<Connection<S>>,
) -> Event {
    let Some(open) = connection else {
        return pending().await;
    };
    match open.next().await {
        Ok(Some(incoming)) => {
            debug!(line = %trace::incoming(&incoming), "receive");
            Event::Agi(incoming)
        }
        Ok(None) => Event::AgiClosed,
        Err(error) => {
            warn!(%error, "the FastAGI connection cannot be understood");
            Event::AgiClosed
        }
    }
}

async fn next_sound(tap: &mut Option<Box<Tapped>>) -> Option<TapEvent> {
    match tap.as_mut().and_then(|tap| tap.followed.as_mut()) {
        Some(followed) => followed.events.recv().await,
        None => pending().await,
    }
}

async fn wake(clock: Clock, at: Option<std::time::Instant>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => pending().await,
    }
}

/// Distinguishes calls of one millisecond; where the system has no randomness, the counter does.
fn random() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(0x9e37, Ordering::Relaxed);
    getrandom::u32().unwrap_or_default() ^ count
}
