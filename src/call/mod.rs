//! The conversation, pure: events in, actions out, time as an argument.
//!
//! [`Call`] is driven like every machine here: [`handle_event`](Call::handle_event) and
//! [`handle_timeout`](Call::handle_timeout), then [`poll_action`](Call::poll_action) until it gives
//! `None`, then wait until [`poll_timeout`](Call::poll_timeout). It never waits, reads no clock and owns
//! no socket. While it listens, short WAIT FOR DIGIT commands are its heartbeat: each reply is a moment
//! to decide, by [`Policy::advise`](policy::Policy::advise).

mod action;
pub mod admission;
mod answering;
mod ears;
mod event;
mod exits;
mod leaving;
mod number_entry;
mod observing;
mod offer;
mod playing;
pub mod policy;
mod prompt;
mod settings;
mod state;
mod timers;
pub mod verdict;

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::{iter, mem};

pub use action::Action;
pub use event::Event;
pub use timers::Timer;

use self::ears::Ears;
use self::policy::{Advice, Offer, Policy, Situation};
use self::prompt::{Clip, LONGEST_CLIP};
use self::state::{Keying, Listening, State, Then};
use self::timers::Deadline;
use crate::agi::{Command, Exchange, Finished, Handled, Key, Outcome, Verb};
use crate::audio::MediaTime;
use crate::hearing::Update;
use crate::prompts::Prompt;
use crate::record::{Answer, CallRecord, EndedBy, Mode, Presentation, Reason, Trouble};

/// One caller's stay, from the prelude to the closed record.
#[derive(Debug)]
pub struct Call {
    exchange: Exchange,
    policy: Policy,
    record: CallRecord,
    tap_id: String,
    ears: Ears,
    state: State,
    deadline: Deadline,
    progress: Progress,
    started: Instant,
    rail_until: Option<Instant>,
    trouble: Option<Trouble>,
    unexpected: u32,
    /// Why enforce would not have let the caller in; only in observe.
    would_refuse: Option<Reason>,
    actions: VecDeque<Action>,
}

/// What has happened in the conversation, each thing with its time or its place in the sound.
#[derive(Debug, Default)]
struct Progress {
    tapped: Option<MediaTime>,
    recording: Option<(Instant, MediaTime)>,
    number_asked: Option<MediaTime>,
    /// The end of that prompt: what is said from here on answers it.
    number_awaited: Option<MediaTime>,
    /// A number by keys is under way.
    number_begun: Option<Instant>,
    /// Asterisk has told keys of a number.
    keyed: bool,
    /// The number is the one whose tones were heard.
    keyed_in_sound: bool,
    warned: Option<Instant>,
    exit: Option<Key>,
    offered_until: Option<Instant>,
    questions: u32,
    /// The question has not been answered.
    unanswered: Option<MediaTime>,
}

impl Call {
    /// A call whose prelude has been read.
    ///
    /// `mix_monitor` is the option text that makes MixMonitor write the tap's file.
    pub fn new(record: CallRecord, policy: Policy, mix_monitor: &str, now: Instant) -> Self {
        let mut steps = VecDeque::from([
            rail(RAIL),
            Command::answer(),
            Command::set_variable("GUARD_CALL_ID", record.id.to_string()),
            Command::get_full_variable("${CHANNEL(linkedid)}"),
            Command::exec("MixMonitor", mix_monitor),
            Command::get_variable(TAP_ID),
        ]);
        if record.mode == Mode::Observe {
            steps.push_back(rail(RAIL_BESIDE_VOICEMAIL));
        }
        let first = steps.front().cloned();
        let mut call = Self {
            exchange: Exchange::new(),
            policy,
            record,
            tap_id: String::new(),
            ears: Ears::default(),
            state: State::Opening(steps),
            deadline: Deadline::default(),
            progress: Progress::default(),
            started: now,
            rail_until: Some(now + RAIL),
            trouble: None,
            unexpected: 0,
            would_refuse: None,
            actions: VecDeque::new(),
        };
        if call.passes_by(now) {
            return call;
        }
        if let Some(first) = first {
            call.send(first, SHORT, now);
        }
        call
    }

    /// What is known of the call so far.
    pub fn record(&self) -> &CallRecord {
        &self.record
    }

    /// How many replies came that answer no command.
    pub fn unexpected(&self) -> u32 {
        self.unexpected
    }

    /// Takes what happened.
    pub fn handle_event(&mut self, event: Event, now: Instant) {
        match event {
            Event::Agi(incoming) => match self.exchange.handle(incoming) {
                Handled::Finished(finished) => self.finished(finished, now),
                Handled::HungUp if self.exchange.is_idle() => self.hung_up(now),
                Handled::Unexpected(_) => self.unexpected += 1,
                Handled::Nothing | Handled::HungUp => {}
            },
            Event::AgiClosed => self.closed(now),
            Event::PacketsCame => self.ears.packets = true,
            Event::Heard(Update::Key(key)) => self.key_in_sound(key),
            Event::Heard(update) => self.ears.hear(update),
            Event::HeardUpTo(heard) => {
                self.ears.advance(heard);
                self.observe();
            }
            Event::StoodStill(lost) => self.ears.stood_still += lost,
            Event::TapFailed(why) => {
                self.ears.deaf = true;
                self.trouble(Trouble::Tap(why));
            }
            Event::TapFinished => self.tap_finished(now),
            Event::Shutdown => self.trouble(Trouble::Stopped),
        }
        self.drain_exchange();
    }

    /// The time that [`Self::poll_timeout`] gave has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.deadline.expired(now) {
            Some(Timer::CommandOverdue) => {
                self.trouble(Trouble::NoReply);
                self.closed(now);
            }
            Some(Timer::TapOverdue) => self.tap_overdue(now),
            Some(Timer::RailDue) => self.send_rail_behind(now),
            None => {}
        }
        self.drain_exchange();
    }

    /// The next thing to do; call it until it gives `None`.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Self::handle_timeout`], and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.deadline.next()
    }

    /// Whether the call is over; nothing comes out of it any more.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether something went wrong that will end the call.
    pub fn is_stopped(&self) -> bool {
        self.trouble.is_some() || self.is_ended()
    }

    /// What would be lost with the guard is filed now: the number, what was asked and answered.
    fn save(&mut self) {
        let record = Box::new(self.record.clone());
        match self.actions.back_mut() {
            Some(Action::Save(last)) => *last = record,
            _ => self.actions.push_back(Action::Save(record)),
        }
    }

    fn trouble(&mut self, why: Trouble) {
        self.trouble.get_or_insert(why);
    }

    fn drain_exchange(&mut self) {
        while let Some(command) = self.exchange.poll_send() {
            self.actions.push_back(Action::Send(command));
        }
    }

    /// Starts a command whose reply is overdue `longest` and some from now.
    fn send(&mut self, command: Command, longest: Duration, now: Instant) -> bool {
        let started = self.exchange.start(command).is_ok();
        if started {
            self.deadline
                .set(Timer::CommandOverdue, now + longest + SLACK);
            self.drain_exchange();
        }
        started
    }

    fn hung_up(&mut self, now: Instant) {
        if !matches!(self.state, State::Leaving(_) | State::Ended) {
            let by = self.ended_by_hangup(now);
            self.leave(by, now);
        }
    }

    fn closed(&mut self, now: Instant) {
        let was_dead = self.exchange.is_dead();
        let lost: Vec<_> = iter::from_fn(|| self.exchange.closed()).collect();
        let gone = |finished: &Finished| matches!(finished.outcome, Outcome::ChannelGone);
        self.deadline.stop();
        match &self.state {
            State::Ended => {}
            State::Leaving(_) => self.step_lost(!lost.is_empty(), now),
            _ if was_dead || lost.iter().any(gone) => self.hung_up(now),
            _ if self.trouble.is_some() => self.leave(EndedBy::HandedOn, now),
            _ => {
                self.trouble(Trouble::Disconnected);
                self.leave(EndedBy::Asterisk, now);
            }
        }
    }

    fn finished(&mut self, Finished { command, outcome }: Finished, now: Instant) {
        self.deadline.stop();
        if matches!(self.state, State::Leaving(_)) {
            return self.step_done(now);
        }
        if matches!(self.state, State::Observing(_) | State::Observed) {
            return self.observed(&command, &outcome, now);
        }
        if self.exchange.is_dead() {
            self.keep_last_digit(&outcome);
            return self.hung_up(now);
        }
        // A prompt that cannot be played has a rule of its own.
        let is_prompt = matches!(command.verb(), Verb::StreamFile | Verb::SayDigits);
        if is_refused(&outcome) && !is_prompt {
            self.trouble(Trouble::Command(command.to_string()));
        }
        if self.trouble.is_some() {
            self.keep_last_digit(&outcome);
            return self.leave(EndedBy::HandedOn, now);
        }
        match mem::replace(&mut self.state, State::Ended) {
            State::Opening(steps) => self.opened(steps, &outcome, now),
            State::Playing(playing) => self.played(playing, &outcome, now),
            State::Listening(listening) => self.heard_key(listening, key_of(&outcome), now),
            // The guard rail was renewed; the wait for a key follows it.
            State::Keying(keying) if outcome == Outcome::Done => self.await_keys(keying, now),
            State::Keying(keying) => self.keyed(keying, key_of(&outcome), now),
            State::Confirming(keying) if outcome == Outcome::Done => {
                self.await_confirmation(keying, now);
            }
            State::Confirming(keying) => self.confirmed(keying, key_of(&outcome), now),
            state @ (State::Observing(_) | State::Observed | State::Leaving(_) | State::Ended) => {
                self.state = state;
            }
        }
    }

    fn opened(&mut self, mut steps: VecDeque<Command>, outcome: &Outcome, now: Instant) {
        if let Outcome::Value(Some(value)) = outcome {
            let value = String::from_utf8_lossy(value).chars().take(80).collect();
            match steps.front().map(Command::verb) {
                Some(Verb::GetVariable) => self.tap_id = value,
                _ => self.record.linkedid = value,
            }
        }
        steps.pop_front();
        if let Some(next) = steps.front().cloned() {
            self.state = State::Opening(steps);
            self.send(next, SHORT, now);
            return;
        }
        self.progress.tapped = Some(self.ears.heard());
        self.actions.push_back(Action::FollowTap);
        self.save();
        if self.record.mode == Mode::Observe {
            self.begin_observing(now);
        } else {
            let greeting = self.greeting();
            self.play_and_offer(greeting, Offer::Greeting, now);
        }
    }

    fn heartbeat(&mut self, listening: Listening, situation: &Situation, now: Instant) {
        self.state = State::Listening(listening);
        let beat = if self.policy.seeks_a_pause(situation) {
            HEARTBEAT_AT_A_PAUSE
        } else {
            HEARTBEAT
        };
        self.renew_rail_then(Command::wait_for_digit(beat), beat, now);
    }

    /// Renews Asterisk's guard rail when half of it is used up, or it does not fit the command; else sends the
    /// command.
    ///
    /// The reply to the renewal comes back to the same state, which then goes on.
    fn renew_rail_then(&mut self, command: Command, longest: Duration, now: Instant) {
        let length = RAIL.max(longest + RAIL / 3);
        let least = longest.max(LONGEST_CLIP);
        let due = self
            .rail_until
            .is_some_and(|until| until < now + least || until > now + length);
        if due {
            self.rail_until = Some(now + length);
            self.send(rail(length), SHORT, now);
        } else {
            self.send(command, longest, now);
        }
    }

    fn heard_key(&mut self, listening: Listening, key: Option<Key>, now: Instant) {
        match key {
            Some(Key::ONE) if self.is_offer_open(now) => self.take_offer(now),
            Some(key) if listening.answer.is_some() => self.answered_by_key(key, now),
            Some(Key::POUND) => self.end(EndedBy::Caller, now),
            Some(key) if key.digit().is_some() => self.keyed(Keying::default(), Some(key), now),
            _ => self.decide(listening, now),
        }
    }

    fn decide(&mut self, listening: Listening, now: Instant) {
        let situation = self.situation(now);
        if let Some(answer) = listening.answer {
            return self.await_answer(answer, &situation, now);
        }
        match self.policy.advise(&situation) {
            Advice::GoOn => self.heartbeat(listening, &situation, now),
            Advice::Ask => {
                self.progress.questions += 1;
                self.play([Clip::Prompt(Prompt::StillThere)], Then::AwaitAnswer, now);
            }
            Advice::AskNumber => {
                self.progress.number_asked = Some(self.ears.heard());
                let prompt = vec![Clip::Prompt(Prompt::NumberFirst)];
                self.play_and_offer(prompt, Offer::Rambler, now);
            }
            Advice::Warn => {
                self.progress.warned = Some(now);
                self.play([Clip::Prompt(Prompt::TimeWarning)], Then::Listen, now);
            }
            Advice::EndIdle => {
                self.progress.unanswered = Some(self.ears.heard());
                self.end(EndedBy::Guard, now);
            }
            Advice::EndTone => self.leave(EndedBy::Guard, now),
            Advice::EndLimit | Advice::HandOn => self.limit_reached(now),
        }
    }

    /// A caller without a number is asked for it, by our greeting or behind the administrator's own.
    fn greeting(&self) -> Vec<Clip> {
        let without = self.record.caller.presentation != Presentation::Shown;
        let own = self.policy.is_own_greeting();
        let greeting = Clip::Greeting(self.policy.greeting.clone());
        match (without, own) {
            (true, true) => vec![greeting, Clip::Prompt(Prompt::EnterNumber)],
            (true, false) => vec![Clip::Greeting(Prompt::GreetingWithheld.path())],
            (false, _) => vec![greeting],
        }
    }

    /// Plays this, makes the offer where it belongs here, and goes on recording behind the beep.
    fn play_and_offer(&mut self, mut clips: Vec<Clip>, place: Offer, now: Instant) {
        let offer = self.offer(place);
        let then = if offer.is_empty() {
            Then::Listen
        } else {
            Then::ListenOffered
        };
        clips.extend(offer);
        clips.push(Clip::Beep);
        self.play(clips, then, now);
    }

    /// Ends politely: thanks for a message, a goodbye for everything else.
    fn end(&mut self, by: EndedBy, now: Instant) {
        let delivered = verdict::judge(&self.facts()).verdict.is_delivered();
        let words = if delivered {
            Prompt::Thanks
        } else {
            Prompt::Goodbye
        };
        self.play([Clip::Prompt(words)], Then::Leave(by), now);
    }

    /// Notes how the last such prompt was answered, and files it.
    fn answered(&mut self, prompt: Prompt, how: Answer) {
        self.note_answer(prompt, how);
        self.save();
    }

    fn note_answer(&mut self, prompt: Prompt, how: Answer) {
        let mut asked = self.record.asked.iter_mut().rev();
        if let Some(asked) = asked.find(|asked| asked.prompt == prompt) {
            asked.answer.get_or_insert(how);
        }
    }

    fn situation(&self, now: Instant) -> Situation {
        let (since, place) = self.progress.recording.unwrap_or((now, MediaTime::ZERO));
        let confirmed = self.record.callback.confirmed;
        let warned = self.progress.warned;
        Situation {
            recording_for: now.saturating_duration_since(since),
            call_for: now.saturating_duration_since(self.started),
            idle: self.ears.idle(&self.policy),
            speech: self.ears.speech_since(place),
            voice_paused_for: self.ears.voice_paused_for(),
            tone_for: self.ears.tone_for(),
            questions_asked: self.progress.questions,
            doubtful: self.progress.questions > 0
                && verdict::is_doubtful(&self.ears.timeline, place),
            number_settled: confirmed || self.progress.number_asked.is_some(),
            warned_for: warned.map(|at| now.saturating_duration_since(at)),
        }
    }
}

/// Asterisk lets go of us after this long, whatever we do.
fn rail(length: Duration) -> Command {
    Command::set_variable("TIMEOUT(absolute)", length.as_secs().to_string())
}

/// Whether Asterisk did not do what it was told, although the caller is there.
fn is_refused(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed(_)
            | Outcome::NoSuchApplication
            | Outcome::UnknownCommand
            | Outcome::Usage(_)
            | Outcome::Malformed(_)
    )
}

/// The key that ended a prompt or a wait.
fn key_of(outcome: &Outcome) -> Option<Key> {
    match outcome {
        Outcome::Key { key, .. } => *key,
        _ => None,
    }
}

/// Where MixMonitor leaves its id; the shell's option text names it, and the dialplan reads it.
pub const TAP_ID: &str = "GUARD_TAP_ID";

/// Asterisk's own absolute timeout, renewed again and again: if we hang, `VoiceMail()` has the caller
/// after this long at the most.
const RAIL: Duration = Duration::from_mins(1);

/// The same while `VoiceMail()` runs, which has limits of its own: cuts nobody off, and is not for ever.
const RAIL_BESIDE_VOICEMAIL: Duration = Duration::from_hours(24);

/// The length of a wait for a key while listening: the pulse of all decisions.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// The same while a pause of the caller's is waited for: pauses are short.
const HEARTBEAT_AT_A_PAUSE: Duration = Duration::from_millis(50);

/// Commands that Asterisk answers from memory.
const SHORT: Duration = Duration::from_secs(2);

/// A loaded Asterisk may answer late by this much.
const SLACK: Duration = Duration::from_secs(8);
