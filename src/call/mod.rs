//! The conversation, pure: events in, actions out, time as an argument.
//!
//! [`Call`] is driven like every machine here: [`handle_event`](Call::handle_event) and
//! [`handle_timeout`](Call::handle_timeout), then [`poll_action`](Call::poll_action) until it gives
//! `None`, then wait until [`poll_timeout`](Call::poll_timeout). It never waits, reads no clock and
//! owns no socket. While it listens, short WAIT FOR DIGIT commands are its heartbeat: each reply is
//! a moment to decide, by [`Policy::advise`](policy::Policy::advise).

pub mod admission;
mod clip;
mod heard;
pub mod intake;
mod io;
mod keypad;
mod lateness;
mod leaving;
mod listener;
mod observing;
pub mod policy;
mod prompt;
mod recording;
mod settings;
mod state;
pub mod verdict;
mod would_have;

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::{iter, mem};

pub use io::{Action, Event, Timer};
pub use listener::Listener;

use self::clip::LONGEST_CLIP;
use self::heard::Heard;
use self::io::Deadline;
use self::lateness::Lateness;
use self::policy::{Offer, Policy};
use self::state::{SettingUp, State};
use crate::agi::{Command, Exchange, Finished, Handled, Key, Outcome, Verb};
use crate::audio::MediaTime;
use crate::call_record::{CallRecord, EndedBy, Mode, Reason, Trouble};
use crate::hearing::Update;
use crate::tap::plan::TapPlan;

/// One caller's stay, from the prelude to the closed record.
#[derive(Debug)]
pub struct Call {
    exchange: Exchange,
    policy: Policy,
    record: CallRecord,
    tap: TapPlan,
    heard: Heard,
    state: State,
    deadline: Deadline,
    lateness: Lateness,
    progress: Progress,
    started: Instant,
    /// When Asterisk's safety timeout strikes; `None` where it is not ours.
    safety_timeout: Option<Instant>,
    trouble: Option<Trouble>,
    unexpected: u32,
    /// Why enforce would not have let the caller in; only in observe.
    would_refuse: Option<Reason>,
    actions: VecDeque<Action>,
}

/// What has happened in the conversation, each thing with its time or its place in the sound.
#[derive(Debug, Default)]
struct Progress {
    /// The set-up is over, and Asterisk calls the tap so.
    tapped: Option<String>,
    recording: Option<(Instant, MediaTime)>,
    number_prompt: NumberPrompt,
    /// Asterisk has reported a key: those that are heard as sound besides are the same ones.
    asterisk_hears_keys: bool,
    /// Where the keys of the number come from.
    keys_from: Option<KeysFrom>,
    warned: Option<Instant>,
    questions: u32,
    /// The question has not been answered.
    unanswered: Option<MediaTime>,
}

/// What has become of the rambler's prompt, which asks for the number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum NumberPrompt {
    #[default]
    NotYet,
    Played,
    /// It is over: what is said from here on answers it.
    Answerable {
        since: MediaTime,
    },
}

/// How the keys of a number come; what Asterisk says of them counts for more than their sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeysFrom {
    Sound,
    Asterisk,
}

impl Call {
    /// A call whose prelude has been read.
    ///
    /// `tap` has the commands that begin and end the tap.
    pub fn new(record: CallRecord, policy: Policy, tap: TapPlan, now: Instant) -> Self {
        let mut steps = VecDeque::from([
            safety_timeout(SAFETY_TIMEOUT),
            Command::answer(),
            Command::set_variable("GUARD_CALL_ID", record.id.to_string()),
            Command::get_full_variable("${CHANNEL(linkedid)}"),
        ]);
        steps.extend(tap.begin.iter().cloned());
        if record.mode == Mode::Observe {
            steps.push_back(safety_timeout(BESIDE_VOICEMAIL));
        }
        let first = steps.front().cloned();
        let mut call = Self {
            exchange: Exchange::new(),
            policy,
            record,
            tap,
            heard: Heard::default(),
            state: State::SettingUp(SettingUp {
                steps,
                tap_id: String::new(),
            }),
            deadline: Deadline::default(),
            lateness: Lateness::default(),
            progress: Progress::default(),
            started: now,
            safety_timeout: Some(now + SAFETY_TIMEOUT),
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

    /// When Asterisk was late to reply the last time; `None` where it keeps up.
    pub fn late_at(&self) -> Option<Instant> {
        self.lateness.last()
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
            Event::FirstPacket => self.heard.packets = true,
            Event::Heard(Update::Key(key)) => self.key_in_sound(key),
            Event::Heard(update) => self.heard.update(update),
            Event::HeardUpTo(heard) => {
                self.heard.advance(heard);
                self.observe();
            }
            Event::Gap(lost) => self.heard.lost += lost,
            Event::TapFailed(why) => {
                self.heard.deaf = true;
                self.trouble(Trouble::Tap(why));
            }
            Event::TapFinished => self.tap_finished(now),
            Event::HeardAgain(third) => self.heard_again(third.as_ref(), now),
            // Nobody stays for the third listener.
            Event::Shutdown if self.is_heard_again() => self.heard_again(None, now),
            Event::Shutdown => self.trouble(Trouble::Stopped),
        }
        self.drain_exchange();
    }

    /// The time that [`Self::poll_timeout`] gave has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.deadline.expired(now) {
            Some(Timer::CommandOverdue) => {
                self.lateness.replied(now);
                self.trouble(Trouble::NoReply);
                self.closed(now);
            }
            Some(Timer::TapOverdue) => self.tap_overdue(now),
            Some(Timer::HearingAgainOverdue) => self.heard_again(None, now),
            Some(Timer::SafetyTimeoutDue) => self.send_timeout_behind(now),
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
        if self.record.ended_by.is_some() {
            return;
        }
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
        // What a set-up waits for, an answered line or a recording that begins, may take its time.
        let sets_up = matches!(self.state, State::SettingUp(_));
        let at_once = command.verb().is_answered_at_once() && !sets_up;
        let started = self.exchange.start(command).is_ok();
        if started {
            self.lateness
                .expect(if at_once { now } else { now + longest });
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
        self.lateness.replied(now);
        if matches!(self.state, State::Leaving(_)) {
            return self.step_done(now);
        }
        if matches!(self.state, State::Observing(_) | State::Observed) {
            return self.observed(&command, &outcome, now);
        }
        if let Some(key) = key_of(&outcome) {
            self.progress.asterisk_hears_keys = true;
            self.note_key(key.as_char());
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
            State::SettingUp(opening) => self.opened(opening, &outcome, now),
            State::Playing(playing) => self.played(playing, &outcome, now),
            State::Recording(recording) => self.heard_key(recording, key_of(&outcome), now),
            State::Keying(keying) => self.keyed(keying, key_of(&outcome), now),
            State::Confirming(keying) => self.confirmed(keying, key_of(&outcome), now),
            State::Renewing { then } => self.go_on(*then, now),
            state @ (State::Observing(_) | State::Observed | State::Leaving(_) | State::Ended) => {
                self.state = state;
            }
        }
    }

    fn opened(&mut self, mut opening: SettingUp, outcome: &Outcome, now: Instant) {
        if let Outcome::Value(Some(value)) = outcome {
            let value = String::from_utf8_lossy(value).chars().take(80).collect();
            match opening.steps.front().map(Command::verb) {
                Some(Verb::GetVariable) => opening.tap_id = value,
                _ => self.record.linkedid = value,
            }
        }
        opening.steps.pop_front();
        if let Some(next) = opening.steps.front().cloned() {
            self.state = State::SettingUp(opening);
            self.send(next, SHORT, now);
            return;
        }
        self.progress.tapped = Some(opening.tap_id);
        self.actions.push_back(Action::FollowTap);
        self.save();
        if self.record.mode == Mode::Observe {
            self.begin_observing(now);
        } else {
            let greeting = self.greeting();
            self.play_and_offer(greeting, Offer::Greeting, now);
        }
    }

    /// Sends the command of the state the call is in; the safety timeout first, where half of it is
    /// used up or it does not fit the command.
    fn renew_timeout_then(&mut self, command: Command, longest: Duration, now: Instant) {
        let length = SAFETY_TIMEOUT.max(longest + SAFETY_TIMEOUT / 3);
        let least = longest.max(LONGEST_CLIP);
        let due = self
            .safety_timeout
            .is_some_and(|until| until < now + least || until > now + length);
        if due {
            self.safety_timeout = Some(now + length);
            let then = Box::new(mem::replace(&mut self.state, State::Ended));
            self.state = State::Renewing { then };
            self.send(safety_timeout(length), SHORT, now);
        } else {
            self.send(command, longest, now);
        }
    }

    /// The safety timeout has been renewed.
    fn go_on(&mut self, then: State, now: Instant) {
        match then {
            State::Playing(playing) => self.play_next(playing, now),
            State::Recording(recording) => self.decide(recording, now),
            State::Keying(keying) => self.await_keys(keying, now),
            State::Confirming(keying) => self.await_confirmation(keying, now),
            state => self.state = state,
        }
    }
}

/// Asterisk lets go of us after this long, whatever we do.
fn safety_timeout(length: Duration) -> Command {
    Command::set_variable("TIMEOUT(absolute)", length.as_secs().to_string())
}

/// Whether Asterisk did not do what it was asked, although the caller is there.
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

/// Asterisk's own absolute timeout, renewed again and again: if we hang, `VoiceMail()` has the
/// caller after this long at the most.
const SAFETY_TIMEOUT: Duration = Duration::from_mins(1);

/// The same while `VoiceMail()` runs, which has limits of its own: cuts nobody off, and is not for
/// ever.
const BESIDE_VOICEMAIL: Duration = Duration::from_hours(24);

/// Commands that Asterisk answers from memory.
const SHORT: Duration = Duration::from_secs(2);

/// A loaded Asterisk may answer late by this much.
const SLACK: Duration = Duration::from_secs(8);
