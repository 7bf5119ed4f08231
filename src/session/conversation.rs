//! One call in the shell: the only `select!`, and a `match` that does what the conversation wants.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, error, warn};

use super::followed::FollowedTap;
use super::hearing_again::{HearingAgain, heard_again};
use super::overload::Overload;
use crate::agi::{Command, Incoming};
use crate::call::{Action, Call, Event};
use crate::call_log::OpenCall;
use crate::call_record::CallRecord;
use crate::clock::{Clock, processor_time};
use crate::config::Config;
use crate::metrics::METRICS;
use crate::recordings;
use crate::server::Connection;
use crate::tap::{Follow, Source, TapEvent};
use crate::trace;

/// A call that is up.
pub(super) struct Session<'a, S> {
    pub(super) clock: Clock,
    pub(super) source: &'a dyn Source,
    /// Below this folder the audio is kept.
    pub(super) data: &'a Path,
    /// Where it is noted that Asterisk answers late.
    pub(super) overload: &'a Overload,
    /// When it was noted last.
    pub(super) late_at: Option<Instant>,
    /// Cancelled when the call is to be handed on now.
    pub(super) at_once: &'a CancellationToken,
    /// The settings with which the call began.
    pub(super) config: Arc<Config>,
    pub(super) connection: Option<Connection<S>>,
    /// When a command was sent that takes Asterisk no time, until its reply comes.
    pub(super) awaited: Option<Instant>,
    pub(super) open: Option<OpenCall>,
    pub(super) call: Call,
    /// Begins to follow the tap, until it has.
    pub(super) follow: Option<Follow>,
    pub(super) tap: Option<Box<FollowedTap>>,
    pub(super) hearing_again: Option<HearingAgain>,
    pub(super) filing: Option<JoinHandle<()>>,
    /// The call's span, until it has the linkedid, which only Asterisk's answer has.
    pub(super) unlinked: Option<Span>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn run(mut self) {
        while self.act().await {
            let event = tokio::select! {
                event = next_line(&mut self.connection) => Some(event),
                event = next_sound(&mut self.tap) => { self.hear(event); None }
                third = heard_again(&mut self.hearing_again) => Some(Event::HeardAgain(third)),
                () = self.clock.wake(self.call.poll_timeout().map(|(at, _)| at)) => {
                    self.call.handle_timeout(self.clock.now());
                    self.note_lateness();
                    None
                }
                () = self.at_once.cancelled(), if !self.call.is_stopped() => Some(Event::Shutdown),
            };
            if let Some(event) = event {
                match event {
                    Event::AgiClosed => self.connection = None,
                    Event::Agi(Incoming::Reply(_)) => {
                        if let Some(sent) = self.awaited.take() {
                            METRICS.agi_replied(self.clock.now() - sent);
                        }
                    }
                    _ => {}
                }
                self.handle(event);
                self.note_lateness();
                self.link();
            }
        }
        let count = self.call.unexpected();
        if count > 0 {
            warn!(
                event = "agi_stray_lines",
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
            error!(event = "filing_failed", %error, "filing the call broke off");
        }
    }

    fn note_lateness(&mut self) {
        let Some(at) = self.call.late_at() else {
            return;
        };
        if self.late_at.replace(at) != Some(at) && self.overload.note(self.call.record().id, at) {
            warn!(
                event = "overloaded",
                "Asterisk answers several calls seconds late: until it keeps up again new calls are left to it alone, and no caller is ended"
            );
        }
    }

    fn link(&mut self) {
        let linkedid = &self.call.record().linkedid;
        self.unlinked.take_if(|span| trace::link(span, linkedid));
    }

    /// Does what the conversation wants; `false` once it is over.
    async fn act(&mut self) -> bool {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::Send(command) => self.send(&command).await,
                Action::FollowTap => self.follow_tap(),
                Action::FinishTap => {
                    if !self.tap.as_ref().is_some_and(|tap| tap.finish()) {
                        self.handle(Event::TapFinished);
                    }
                }
                Action::HearAgain => self.hear_again(),
                Action::Save(record) => self.save(*record),
                Action::File(record) => self.file(*record),
                Action::Close => return false,
            }
        }
        true
    }

    fn handle(&mut self, event: Event) {
        self.call.handle_event(event, self.clock.now());
    }

    async fn send(&mut self, command: &Command) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        debug!(command = %trace::command(command), "send");
        let at_once = command.verb().is_answered_at_once();
        self.awaited = at_once.then(|| self.clock.now());
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
        let begin = |follow| FollowedTap::new(follow, self.source.ear(), self.clock);
        self.tap = self.follow.take().map(begin).map(Box::new);
    }

    /// Lets the ear hear what the tap sent, and the conversation what came of it.
    fn hear(&mut self, event: Option<TapEvent>) {
        let Some(tap) = &mut self.tap else { return };
        let before = processor_time();
        let events = tap.hear(event);
        METRICS.heard(processor_time().saturating_sub(before));
        for event in events {
            self.handle(event);
        }
    }

    /// Lets the third listener hear the recording, beside the call.
    fn hear_again(&mut self) {
        let record = self.call.record();
        let (id, started) = (record.id, record.started);
        let gaps = self.tap.as_ref().map(|tap| tap.gaps.clone());
        let gaps = gaps.unwrap_or_default();
        let folder = self.config.tap.folder_as_guard_sees_it.clone();
        let data = self.data.to_owned();
        let read = move |each: &mut dyn FnMut(&[i16])| {
            recordings::read(&folder, &data, id, started, &gaps, each)
        };
        self.hearing_again = Some(HearingAgain::begin(read));
    }

    /// Keeps the audio and closes the record, beside the call: no caller waits for our disk.
    fn file(&mut self, mut record: CallRecord) {
        let Some(open) = self.open.take() else { return };
        if self.hearing_again.take().is_some() && !self.at_once.is_cancelled() {
            warn!(
                event = "not_heard_again",
                "the recording was not heard again in time; the verdict is without that"
            );
        }
        let gaps = self.tap.take().map(|tap| tap.gaps).unwrap_or_default();
        record.ended = Some(self.clock.date().max(record.started));
        let lost = gaps.iter().map(|gap| Duration::from(gap.lost)).sum();
        METRICS.gaps(gaps.len(), lost);
        let config = Arc::clone(&self.config);
        let folder = config.tap.folder_as_guard_sees_it.clone();
        let data = self.data.to_owned();
        let filing = async move {
            record.audio = recordings::kept(folder, data, record.id, record.started, gaps).await;
            trace::log_end(&record);
            METRICS.call_closed(&record, &config);
            let wanted = config.deliver_to(&record.mailbox);
            open.close_and_deliver(record, wanted);
        };
        self.filing = Some(tokio::spawn(filing.in_current_span()));
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
            warn!(event = "agi_unreadable", %error, "the FastAGI connection cannot be understood");
            Event::AgiClosed
        }
    }
}

async fn next_sound(tap: &mut Option<Box<FollowedTap>>) -> Option<TapEvent> {
    match tap {
        Some(tap) => tap.next().await,
        None => pending().await,
    }
}
