//! A script against the conversation alone: no runtime, no sockets, time that only jumps.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use jiff::Timestamp;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, CodecLimits};
use voicemail_guard::call::{Action, Call, Event};
use voicemail_guard::clock::Clock;
use voicemail_guard::number::{self, NoNumber};
use voicemail_guard::record::{CallId, CallRecord, Callback, CallbackSource, Caller, Presentation};
use voicemail_guard::tap::{Hear, TapEvent, monitor};

use super::dialogue::Outcome;
use super::ear::ScriptedEar;
use super::pbx::{Output, Pbx};
use super::script::Script;

/// Runs a script to its end.
pub(crate) fn run(script: &Script) -> Outcome {
    let record = opened(script);
    let options = monitor::mix_monitor_options("/tap".as_ref(), record.id, None);
    let began = Clock::default().now();
    let mut shell = Shell {
        call: Call::new(record, script.policy(), &options, began),
        pbx: Pbx::new(script),
        codec: Codec::after_prelude(CodecLimits::default()),
        buffer: BytesMut::new(),
        ear: None,
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

/// The record as the session opens it from the prelude.
fn opened(script: &Script) -> CallRecord {
    let known = |name| Some(script.field(name)).filter(|value| value != "unknown");
    let number = known("agi_callerid").unwrap_or_default();
    let presentation = match (
        script.field("agi_callingpres").as_str(),
        number::no_number(&number),
    ) {
        ("32", _) | (_, Some(NoNumber::Withheld)) => Presentation::Withheld,
        ("0", None) => Presentation::Shown,
        _ => Presentation::Unavailable,
    };
    let e164 = number::normalise(&number, "DE".parse().ok());
    let shown = e164.clone().filter(|_| presentation == Presentation::Shown);
    let window = script
        .config(std::path::Path::new("/tap"))
        .repeat_window("100@default");
    let caller = Caller {
        number: number.clone(),
        e164,
        name: known("agi_calleridname").unwrap_or_default(),
        presentation,
    };
    CallRecord {
        id: CallId::new(Timestamp::UNIX_EPOCH, 7),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        box_name: "100@default".into(),
        uniqueid: script.field("agi_uniqueid"),
        linkedid: String::new(),
        channel: script.field("agi_channel"),
        callback: shown.map_or_else(Callback::default, |e164| Callback {
            number: number.clone(),
            e164: Some(e164),
            source: CallbackSource::CallerId,
            confirmed: false,
        }),
        watched: script.policy().lists.watched(&caller),
        caller,
        dnid: script.field("agi_dnid"),
        rdnis: known("agi_rdnis").unwrap_or_default(),
        verdict: None,
        confidence: 0.0,
        reasons: Vec::new(),
        seconds: voicemail_guard::hearing::ClassSeconds::default(),
        asked: Vec::new(),
        mode: script.policy().mode,
        ended_by: None,
        would_have: None,
        repeat_window_s: window.map(|window| window.as_secs() as u32),
        timeline: Vec::new(),
        audio: None,
        delivered: Vec::new(),
    }
}

struct Shell {
    call: Call,
    pbx: Pbx,
    codec: Codec,
    buffer: BytesMut,
    ear: Option<ScriptedEar>,
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
                    self.ear = Some(ScriptedEar::default());
                    self.pbx.follow_tap(self.now);
                }
                Action::FinishTap if self.ear.is_some() => self.pbx.finish_tap(self.now),
                Action::FinishTap => self.tell(Event::TapFinished),
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
                    self.tell(Event::Agi(item));
                    self.act();
                }
            }
            Output::Close => self.tell(Event::AgiClosed),
            Output::Shutdown => {
                // The server's token is heard only by calls that are not on their way out.
                if !self.call.is_stopped() {
                    self.tell(Event::Shutdown);
                }
            }
            Output::Tap(event) => self.hear(event),
        }
        self.act();
    }

    fn hear(&mut self, event: TapEvent) {
        let ear = self.ear.as_mut().expect("a tap that is followed");
        let mut last = None;
        match event {
            TapEvent::Samples(samples) => {
                ear.push(&samples);
                if samples.iter().any(|&sample| sample != 0) {
                    self.call.handle_event(Event::PacketsCame, self.instant());
                }
            }
            TapEvent::StoodStill(lost) => {
                ear.skip(lost);
                self.call
                    .handle_event(Event::StoodStill(lost), self.instant());
            }
            TapEvent::Failed(error) => last = Some(Event::TapFailed(error.to_string())),
            TapEvent::Finished(_) => last = Some(Event::TapFinished),
        }
        let ear = self.ear.as_mut().expect("still there");
        let mut told: Vec<Event> = std::iter::from_fn(|| ear.poll_update())
            .map(Event::Heard)
            .collect();
        told.push(Event::HeardUpTo(ear.heard()));
        let failed = matches!(last, Some(Event::TapFailed(_)));
        told.extend(last);
        told.extend(failed.then_some(Event::TapFinished));
        if failed {
            self.ear = None;
        }
        for event in told {
            self.tell(event);
        }
    }

    fn tell(&mut self, event: Event) {
        self.call.handle_event(event, self.instant());
    }

    fn instant(&self) -> Instant {
        self.began + Duration::from_millis(self.now)
    }
}

/// Nothing that is tried here takes so long, in ms.
const LONGEST: u64 = 90 * 60 * 1_000;
