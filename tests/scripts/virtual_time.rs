//! A script against the conversation alone: no runtime, no sockets, time that only jumps.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use jiff::Timestamp;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, CodecLimits, Incoming, Request};
use voicemail_guard::call::intake::{self, Opening, Settings};
use voicemail_guard::call::{Action, Call, Event, Listener};
use voicemail_guard::call_record::{CallId, CallRecord};
use voicemail_guard::clock::Clock;
use voicemail_guard::tap::{TapEvent, Tapped};

use super::dialogue::Outcome;
use super::ear::ScriptedEar;
use super::pbx::{Output, Pbx};
use super::script::Script;

/// Runs a script to its end.
pub(crate) fn run(script: &Script) -> Outcome {
    let request = request(script);
    let Opening { record, policy, .. } = opened(script, &request);
    let version = request.get("agi_version");
    let tap = script.plan(&Tapped {
        id: record.id,
        uniqueid: &record.uniqueid,
        agi_version: version.as_deref(),
    });
    let began = Clock::default().now();
    let mut shell = Shell {
        call: Call::new(record, policy, tap, began),
        pbx: Pbx::new(script),
        codec: Codec::after_prelude(CodecLimits::default()),
        buffer: BytesMut::new(),
        listener: None,
        record: None,
        began,
        now: 0,
        is_over: false,
    };
    shell.act();
    while !shell.is_over {
        shell.wait();
        assert!(shell.now < LONGEST, "{} does not end", script.name);
    }
    shell.pbx.closed(shell.now);
    Outcome::new(script, shell.pbx, shell.record.expect("a closed record"))
}

/// The request as the codec reads it.
fn request(script: &Script) -> Request {
    let mut prelude = BytesMut::from(&*script.prelude());
    match Codec::new(CodecLimits::default()).decode(&mut prelude) {
        Ok(Some(Incoming::Request(request))) => request,
        other => panic!("no prelude: {other:?}"),
    }
}

/// The call as the session opens it.
fn opened(script: &Script, request: &Request) -> Opening {
    let config = script.config("/tap".as_ref());
    let mailbox = intake::mailbox(request);
    let settings = Settings {
        policy: config.policy(&mailbox),
        repeat_window: config.repeat_window(&mailbox),
        is_test: false,
    };
    let now = Timestamp::UNIX_EPOCH;
    intake::open(request, settings, CallId::new(now, 7), now).expect("a mailbox")
}

struct Shell {
    call: Call,
    pbx: Pbx,
    codec: Codec,
    buffer: BytesMut,
    listener: Option<Listener>,
    record: Option<CallRecord>,
    began: Instant,
    now: u64,
    is_over: bool,
}

impl Shell {
    /// Does what the conversation wants.
    fn act(&mut self) {
        while let Some(action) = self.call.poll_action() {
            match action {
                Action::Send(command) => self.pbx.take(&command.encode().unwrap(), self.now),
                Action::FollowTap => {
                    let ear = Box::new(ScriptedEar::default());
                    self.listener = Some(Listener::new(ear));
                    self.pbx.follow_tap(self.now);
                }
                Action::FinishTap if self.listener.is_some() => self.pbx.finish_tap(self.now),
                Action::FinishTap => self.feed(Event::TapFinished),
                // There is no file.
                Action::HearAgain => self.feed(Event::HeardAgain(None)),
                Action::Save(record) => assert_eq!((record.ended, &self.record), (None, &None)),
                Action::File(record) => {
                    assert_eq!(self.record.replace(*record), None, "filed twice");
                }
                Action::Close => self.is_over = true,
            }
        }
    }

    /// Until something happens.
    fn wait(&mut self) {
        let woken = self.call.poll_timeout().map(|(at, _)| at - self.began);
        let woken = woken.map(|after| after.as_millis() as u64);
        let pbx = self.pbx.next_at();
        let next = [pbx, woken].into_iter().flatten().min();
        self.now = self
            .now
            .max(next.expect("a timer, or something that comes"));
        if pbx.is_some_and(|at| at <= self.now) {
            for output in self.pbx.poll(self.now) {
                self.happens(output);
            }
        } else {
            self.call.handle_timeout(self.instant());
            self.act();
        }
    }

    fn happens(&mut self, output: Output) {
        match output {
            Output::Line(line) => {
                self.buffer.extend_from_slice(line.as_bytes());
                while let Some(item) = self.codec.decode(&mut self.buffer).unwrap() {
                    self.feed(Event::Agi(item));
                    self.act();
                }
            }
            Output::Close => self.feed(Event::AgiClosed),
            Output::Shutdown => {
                // The server's token is heard only by calls that are not on their way out.
                if !self.call.is_stopped() {
                    self.feed(Event::Shutdown);
                }
            }
            Output::Tap(event) => self.hear(event),
        }
        self.act();
    }

    fn hear(&mut self, event: TapEvent) {
        let listener = self.listener.as_mut().expect("a tap that is followed");
        let events = match event {
            TapEvent::Samples(samples) => listener.samples(&samples),
            TapEvent::Gap(lost) => listener.gap(lost),
            TapEvent::Finished(_) => listener.finished(),
            TapEvent::Failed(error) => {
                let events = listener.failed(error.to_string());
                self.listener = None;
                events
            }
        };
        for event in events {
            self.feed(event);
        }
    }

    fn feed(&mut self, event: Event) {
        self.call.handle_event(event, self.instant());
    }

    fn instant(&self) -> Instant {
        self.began + Duration::from_millis(self.now)
    }
}

/// Nothing that is tried here takes so long, in ms.
const LONGEST: u64 = 90 * 60 * 1_000;
