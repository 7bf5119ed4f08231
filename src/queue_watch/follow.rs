//! One watch in the shell: the only `select!`, and a `match` that does what the watch wants.

use std::future::pending;
use std::iter;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::manager::{Manager, NotDone, is_sign};
use super::question;
use super::sound::Sound;
use super::waiting::{Entry, Waiter};
use super::watch::held_back::{HeldBack, Piece};
use super::watch::remembered::Remembered;
use super::watch::{Action, Event, QueueWatch, echo};
use crate::audio::MediaTime;
use crate::call_log::OpenCall;
use crate::call_record::{CallRecord, Instead};
use crate::clock::{Clock, processor_time};
use crate::config::Config;
use crate::dialplan::QUEUE_CONTEXT;
use crate::hearing::Ear;
use crate::metrics::METRICS;
use crate::recordings;
use crate::tap::audiosocket::{Heard, Line, Listener};
use crate::tap::raw::Form;
use crate::tap::spy::Reach;
use crate::trace;

/// A caller who is being watched.
pub(super) struct Follower {
    pub(super) watch: QueueWatch,
    /// The settings with which the watch began.
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    pub(super) manager: Manager,
    pub(super) events: UnboundedReceiver<Event>,
    /// Signs among them so far.
    pub(super) signs: u32,
    pub(super) listener: Listener,
    /// Whether Asterisk's connections come.
    pub(super) reach: Reach,
    /// The language of the channel.
    pub(super) language: String,
    pub(super) open: Option<OpenCall>,
    pub(super) stop: CancellationToken,
    /// Where it is shown who waits.
    pub(super) shown: Entry,
    /// Only sound has come since it was shown; it is shown again then.
    pub(super) shown_until: Instant,
    pub(super) tap: Tap,
    pub(super) jobs: JoinSet<Done>,
    /// Where the sound is kept, if it is.
    pub(super) keeping: Option<Keeping>,
    pub(super) sound: Option<Sound>,
    /// What calls to mailboxes are to know of the wait.
    pub(super) remembered: Arc<Mutex<Remembered>>,
    /// The record of the wait that is over.
    pub(super) closed: Option<CallRecord>,
}

/// Where the sound of waits is kept: the folder of raw files, and the data folder.
pub(super) struct Keeping {
    pub(super) tap_folder: PathBuf,
    pub(super) data: PathBuf,
}

/// The caller's side, and the ear behind it.
pub(super) struct Tap {
    line: Option<Line>,
    /// It was ended, and does not begin again.
    is_over: bool,
    held_back: HeldBack,
    ear: Ear,
    /// When the question that is being said will have been said.
    said_at: Option<Instant>,
    /// The question, and what has been heard since it began, until it is known whether it comes back.
    said: Option<(Arc<[i16]>, Vec<i16>)>,
}

impl Default for Tap {
    fn default() -> Self {
        Self {
            line: None,
            is_over: false,
            held_back: HeldBack::before_the_ear(),
            ear: Ear::default(),
            said_at: None,
            said: None,
        }
    }
}

/// What came of something that takes a while.
pub(super) enum Done {
    Tapped(Line),
    Question(Arc<[i16]>),
    Event(Event),
    Nothing,
}

impl Follower {
    pub(super) async fn run(mut self) {
        while self.act() {
            self.show();
            let event = tokio::select! {
                // That somebody has answered counts before anything that is heard.
                biased;
                event = self.events.recv() => {
                    let event = event.unwrap_or(Event::ManagerLost);
                    self.signs += u32::from(is_sign(&event));
                    Some(event)
                }
                () = self.stop.cancelled() => Some(Event::Stop),
                Some(done) = self.jobs.join_next() => done.ok().and_then(|done| self.done(done)),
                () = self.clock.wake(self.watch.poll_timeout()) => {
                    self.watch.handle_timeout(self.clock.now());
                    self.shown_until = self.clock.now();
                    None
                }
                () = self.clock.wake(self.tap.said_at) => {
                    self.tap.said_at = None;
                    Some(Event::Said)
                }
                () = self.clock.wake(self.tap.held_back.due()) => { self.hear(); None }
                heard = next(&mut self.tap.line) => self.heard(heard),
            };
            if let Some(event) = event {
                self.handle(event);
                self.shown_until = self.clock.now();
            }
        }
        if let Some(record) = self.closed.take() {
            self.file(record).await;
        }
    }

    /// Shows how the wait stands, unless that was done a moment ago.
    fn show(&mut self) {
        let now = self.clock.now();
        if now < self.shown_until {
            return;
        }
        self.shown_until = now + SHOWN_EVERY;
        let record = self.watch.record();
        let waiter = self.watch.glance().map(|glance| Waiter {
            id: record.id,
            mailbox: record.mailbox.clone(),
            caller: record.caller.clone(),
            since: record.started,
            glance,
        });
        self.shown.show(waiter);
    }

    fn handle(&mut self, event: Event) {
        self.watch.handle_event(event, self.clock.now());
    }

    /// Does what the watch wants; `false` once it is over.
    fn act(&mut self) -> bool {
        while let Some(action) = self.watch.poll_action() {
            match action {
                Action::BeginTap => self.begin_tap(),
                Action::Ask => self.ask(),
                Action::EndTap => {
                    self.tap = Tap {
                        is_over: true,
                        ..Tap::default()
                    };
                }
                Action::Report { nobody } => self.report(nobody),
                Action::TakeOut => self.take_out(),
                Action::Save(record) => {
                    self.remember(&record);
                    self.save(*record);
                }
                Action::File(record) => {
                    self.remember(&record);
                    self.closed = Some(*record);
                    return false;
                }
            }
        }
        true
    }

    fn done(&mut self, done: Done) -> Option<Event> {
        match done {
            Done::Tapped(_) if self.tap.is_over => None,
            Done::Tapped(line) => {
                debug!("connected with the sound of a caller");
                self.tap.line = Some(line);
                let clock = self.clock;
                let raw = |to: &Keeping| Form::Spy.path(&to.tap_folder, self.watch.record().id);
                let path = self.keeping.as_ref().map(raw);
                self.sound = path.map(|path| Sound::begin(path, clock));
                Some(Event::Tapped)
            }
            Done::Question(samples) => {
                let line = self.tap.line.as_ref()?;
                let length = MediaTime::from_samples(samples.len() as u64);
                line.play(Arc::clone(&samples));
                self.tap.said = Some((samples, Vec::new()));
                self.tap.said_at = Some(self.clock.now() + Duration::from(length));
                None
            }
            Done::Event(event) => Some(event),
            Done::Nothing => None,
        }
    }

    /// Has Asterisk send the caller's side: one end of a Local channel spies on them, the other connects with us.
    fn begin_tap(&mut self) {
        if self.reach.is_in_doubt().is_some() {
            let why = "Asterisk has not connected with the sound of a caller before";
            return self.handle(Event::TapFailed(why.to_owned()));
        }
        let expected = match self.listener.expect(LONGEST_UNTIL_CONNECTED) {
            Ok(expected) => expected,
            Err(error) => return self.handle(Event::TapFailed(error.to_string())),
        };
        let Some(address) = self.config.queue.address_for_asterisk() else {
            return self.handle(Event::TapFailed("[queue] listen is not set".to_owned()));
        };
        let fields = vec![
            ("Channel", format!("Local/spy@{QUEUE_CONTEXT}/n")),
            ("Context", QUEUE_CONTEXT.to_owned()),
            ("Exten", "sound".to_owned()),
            ("Priority", "1".to_owned()),
            ("Async", "true".to_owned()),
            (
                "Variable",
                format!("VG_SPIED={}", self.watch.record().uniqueid),
            ),
            ("Variable", format!("VG_SOUND_ID={}", expected.id())),
            ("Variable", format!("VG_SOUND_AT={address}")),
        ];
        let (manager, reach) = (self.manager.clone(), self.reach.clone());
        self.jobs.spawn(async move {
            match manager.act("Originate", fields).await {
                Ok(()) => match expected.connected().await {
                    Ok(line) => {
                        reach.succeeded();
                        Done::Tapped(line)
                    }
                    Err(error) => {
                        reach.failed(LONGEST_UNTIL_CONNECTED);
                        Done::Event(Event::TapFailed(error.to_string()))
                    }
                },
                Err(error) => Done::Event(Event::TapFailed(error.to_string())),
            }
        });
    }

    fn ask(&mut self) {
        let settings = self.config.prompts.clone();
        let language = self.language.clone();
        self.jobs.spawn(async move {
            let reading = move || question::samples(&settings, &language);
            match tokio::task::spawn_blocking(reading).await {
                Ok(Ok(samples)) => Done::Question(samples),
                Ok(Err(error)) => {
                    warn!(event = "queue_question_missing", %error, "the question cannot be said, so nobody is asked and nobody taken out of the queue");
                    Done::Event(Event::Unsayable)
                }
                Err(_) => Done::Event(Event::Unsayable),
            }
        });
    }

    /// For agents and supervisors: `GUARD_QUEUE` on the caller's channel, and an event of the manager interface.
    fn report(&mut self, nobody: Option<Instead>) {
        let record = self.watch.record();
        let channel = record.channel.clone();
        let heard = nobody.map_or("", Instead::as_str).to_owned();
        let queue = record.queue.as_ref().map(|wait| wait.queue.clone());
        let variable = vec![
            ("Channel", channel.clone()),
            ("Variable", "GUARD_QUEUE".to_owned()),
            ("Value", heard.clone()),
        ];
        let event = vec![
            ("UserEvent", "VoicemailGuardQueue".to_owned()),
            ("Queue", queue.unwrap_or_default()),
            ("Channel", channel),
            ("Uniqueid", record.uniqueid.clone()),
            (
                "Nobody",
                if nobody.is_some() { "yes" } else { "no" }.to_owned(),
            ),
            ("Heard", heard),
            ("CallId", record.id.to_string()),
        ];
        let manager = self.manager.clone();
        // It is reported even where the wait is over in the next moment.
        tokio::spawn(async move {
            for (action, fields) in [("Setvar", variable), ("UserEvent", event)] {
                if let Err(error) = manager.act(action, fields).await {
                    warn!(event = "queue_not_reported", %error, "whether anybody is there is not reported to the queue's agents");
                }
            }
        });
    }

    /// By `Redirect`, where Asterisk has not said until it is asked that somebody has answered. An answer between that
    /// and the redirect takes the caller from the agent, who would have heard a line without anybody.
    ///
    /// `QueueWithdrawCaller` cannot do that, but only newer versions of Asterisk have it, they promise no more than that
    /// the caller leaves when they can, and the caller goes on behind `Queue()`: without another line there, for which
    /// generated dialplans have no place, to whatever stands behind the queue, mostly the mailbox.
    fn take_out(&mut self) {
        let fields = vec![
            ("Channel", self.watch.record().channel.clone()),
            ("Context", QUEUE_CONTEXT.to_owned()),
            ("Exten", "left".to_owned()),
            ("Priority", "1".to_owned()),
        ];
        let manager = self.manager.clone();
        let known = (self.watch.record().uniqueid.clone(), self.signs);
        self.jobs.spawn(async move {
            match manager.act_unless_more("Redirect", fields, known).await {
                Ok(()) | Err(NotDone::Gone) => Done::Nothing,
                Err(NotDone::Overtaken) => Done::Event(Event::Refused("Redirect".to_owned())),
                Err(NotDone::Ami(error)) => {
                    warn!(event = "queue_not_left", %error, "a caller who does not answer stays in the queue");
                    Done::Event(Event::Refused("Redirect".to_owned()))
                }
            }
        });
    }

    /// Takes what came over the line.
    fn heard(&mut self, heard: Heard) -> Option<Event> {
        let piece = match heard {
            Heard::Audio(samples) => Piece::Samples(samples),
            Heard::Pause => Piece::Gap(PAUSE),
            Heard::Key(_) => return Some(Event::Key),
            Heard::Closed(ended) => {
                self.line_is_down(ended.to_string());
                return None;
            }
        };
        self.tap.held_back.push(piece, self.clock.now());
        None
    }

    /// A caller who hangs up takes the line along, and Asterisk says so a moment later: only who stays is not heard.
    fn line_is_down(&mut self, why: String) {
        self.tap.line = None;
        let clock = self.clock;
        self.jobs.spawn(async move {
            clock.sleep(FOR_THE_REASON).await;
            Done::Event(Event::TapFailed(why))
        });
    }

    /// Lets the ear hear what has been held back for long enough.
    fn hear(&mut self) {
        let before = processor_time();
        let now = self.clock.now();
        while let Some(piece) = self.tap.held_back.ripe(now) {
            let gap = match &piece {
                Piece::Samples(samples) => {
                    self.tap.ear.push(samples);
                    self.look_for_an_echo(samples);
                    None
                }
                Piece::Gap(lost) => {
                    self.tap.ear.skip(*lost);
                    Some(Event::Gap(*lost))
                }
            };
            if let Some(sound) = &mut self.sound {
                sound.heard(piece, now);
            }
            let updates: Vec<_> = iter::from_fn(|| self.tap.ear.poll_update()).collect();
            let heard = updates.into_iter().map(|update| match update {
                crate::hearing::Update::Key(_) => Event::Key,
                update => Event::Heard(update),
            });
            let upto = Event::HeardUpTo(self.tap.ear.heard());
            for event in gap.into_iter().chain(heard).chain([upto]) {
                self.handle(event);
            }
        }
        METRICS.heard(processor_time().saturating_sub(before));
    }

    /// Once enough has been heard since the question began it is compared, beside the call.
    fn look_for_an_echo(&mut self, samples: &[i16]) {
        let Some((question, heard)) = &mut self.tap.said else {
            return;
        };
        heard.extend(samples);
        if heard.len() < question.len() + echo::LONGEST_DELAY {
            return;
        }
        let (question, heard) = (Arc::clone(question), std::mem::take(heard));
        self.tap.said = None;
        self.jobs.spawn(async move {
            let comparing = move || echo::is_in(&question, &heard);
            let found = tokio::task::spawn_blocking(comparing).await;
            Done::Event(Event::Echo(found.unwrap_or_default()))
        });
    }

    fn save(&mut self, record: CallRecord) {
        if let Some(open) = &mut self.open {
            *open.record_mut() = record;
            open.save();
        }
    }

    pub(super) fn remember(&self, record: &CallRecord) {
        let remembered = self.remembered.lock();
        let mut remembered = remembered.unwrap_or_else(PoisonError::into_inner);
        remembered.note(record, self.clock.now());
    }

    async fn file(&mut self, mut record: CallRecord) {
        let Some(open) = self.open.take() else { return };
        if let Some((sound, keeping)) = self.sound.take().zip(self.keeping.take()) {
            sound
                .end(record.queue.as_ref().and_then(|wait| wait.ended))
                .await;
            let Keeping { tap_folder, data } = keeping;
            let gaps = Vec::new();
            let (id, started) = (record.id, record.started);
            record.audio = recordings::kept(tap_folder, data, id, started, gaps).await;
        }
        record.ended = Some(self.clock.date().max(record.started));
        if record
            .queue
            .as_ref()
            .is_some_and(|wait| wait.position.is_none())
        {
            debug!("Asterisk has not reported the caller in the queue");
        }
        trace::log_end(&record);
        open.close_and_deliver(record, &[]);
    }
}

async fn next(line: &mut Option<Line>) -> Heard {
    match line {
        Some(line) => line.next().await,
        None => pending().await,
    }
}

/// What is heard is shown so often.
const SHOWN_EVERY: Duration = Duration::from_secs(1);
/// Asterisk connects within a second.
const LONGEST_UNTIL_CONNECTED: Duration = Duration::from_secs(8);
/// Asterisk says within this time why a line is down.
const FOR_THE_REASON: Duration = Duration::from_secs(1);
/// What a pause of the line stands for.
const PAUSE: MediaTime = MediaTime::from_secs(1);
