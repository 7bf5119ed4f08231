//! Observe: what enforce would have done, imagined beside `VoiceMail()` from the same advice.
//!
//! A simple model, in the time of the caller's sound. The recording begins `GREETING` after the
//! call did, since nothing shows when `VoiceMail()` beeps. When the question would have been asked,
//! `QUESTION` passes for it, and then the answer is awaited as ever: near speech is an answer,
//! without one the call would have ended, and be over `GOODBYE` later. Prompts that end no call are
//! left out. Nobody was really asked, so some would have answered: what would have been saved is at
//! most that much.

use std::mem;
use std::time::{Duration, Instant};

use super::heard::Heard;
use super::policy::{Advice, LONGEST_VOICEMAIL, Policy, Situation};
use super::recording::ANSWER_BY_VOICE;
use super::state::State;
use super::verdict::Parting;
use super::{Call, SAFETY_TIMEOUT, SHORT, SLACK, Timer, is_refused, safety_timeout, verdict};
use crate::agi::{Command, Outcome, Verb};
use crate::audio::MediaTime;
use crate::call_record::{EndedBy, Mode, Trouble, WouldHave};

/// The call that enforce would be having.
#[derive(Debug)]
pub(super) struct Observing {
    enforcing: Policy,
    stage: Phase,
    questions: u32,
}

#[derive(Debug)]
enum Phase {
    /// The greeting is played.
    Greeting,
    /// The recording that began there.
    Recording(MediaTime),
    /// The question is played in it.
    Asking { began: MediaTime, until: MediaTime },
    /// The answer is awaited: near speech since then.
    Awaiting {
        began: MediaTime,
        since: MediaTime,
        until: MediaTime,
    },
    /// The call would be over.
    Over,
}

impl Observing {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            enforcing: Policy {
                mode: Mode::Enforce,
                ..policy.clone()
            },
            stage: Phase::Greeting,
            questions: 0,
        }
    }

    /// More was heard; how and where the call would have ended now.
    fn hear(&mut self, sound: &mut Heard) -> Option<(EndedBy, MediaTime)> {
        let heard = sound.heard();
        match self.stage {
            Phase::Greeting if heard >= GREETING => {
                sound.resume();
                self.stage = Phase::Recording(heard);
            }
            Phase::Recording(began) => return self.decide(began, sound),
            Phase::Asking { began, until } if heard >= until => {
                sound.resume();
                self.stage = Phase::Awaiting {
                    began,
                    since: heard,
                    until: heard + self.enforcing.answer.into(),
                };
            }
            Phase::Awaiting { began, since, .. }
                if sound.speech_since(since) >= ANSWER_BY_VOICE =>
            {
                sound.resume();
                self.stage = Phase::Recording(began);
            }
            Phase::Awaiting { until, .. } if heard >= until => {
                return Some(self.end(EndedBy::Guard, heard + GOODBYE));
            }
            Phase::Greeting | Phase::Asking { .. } | Phase::Awaiting { .. } | Phase::Over => {}
        }
        None
    }

    fn decide(&mut self, began: MediaTime, sound: &Heard) -> Option<(EndedBy, MediaTime)> {
        let heard = sound.heard();
        let situation = Situation {
            recording_for: (heard - began).into(),
            call_for: heard.into(),
            idle: sound.idle(&self.enforcing),
            speech: sound.speech_since(began),
            voice_paused_for: sound.voice_paused_for(),
            tone_for: sound.tone_for(),
            questions_asked: self.questions,
            doubtful: self.questions > 0 && verdict::is_doubtful(&sound.timeline, began),
            // What would only be said is left out.
            number_settled: true,
            warned_for: Some(Duration::MAX),
        };
        match self.enforcing.advise(&situation) {
            Advice::GoOn | Advice::AskNumber | Advice::Warn | Advice::HandOn => None,
            Advice::Ask => {
                self.questions += 1;
                let until = heard + QUESTION;
                self.stage = Phase::Asking { began, until };
                None
            }
            Advice::EndIdle => Some(self.end(EndedBy::Guard, heard + GOODBYE)),
            Advice::EndTone => Some(self.end(EndedBy::Guard, heard)),
            Advice::EndLimit => Some(self.end(EndedBy::Limit, heard + GOODBYE)),
        }
    }

    fn end(&mut self, by: EndedBy, at: MediaTime) -> (EndedBy, MediaTime) {
        self.stage = Phase::Over;
        (by, at)
    }
}

impl Call {
    /// `VoiceMail()` begins to take the message.
    pub(super) fn begin_observing(&mut self, now: Instant) {
        self.safety_timeout = None;
        self.state = State::Observing(Box::new(Observing::new(&self.policy)));
        let voicemail = format!("{},{}", self.record.mailbox, self.policy.voicemail_options);
        self.send(
            Command::exec("VoiceMail", voicemail),
            LONGEST_VOICEMAIL,
            now,
        );
        self.deadline
            .set(Timer::SafetyTimeoutDue, now + READ_BY_NOW);
    }

    /// Sets the safety timeout again for the moment when `VoiceMail()` returns, whatever has become
    /// of us by then.
    pub(super) fn send_timeout_behind(&mut self, now: Instant) {
        let sent = self
            .exchange
            .start_behind(safety_timeout(SAFETY_TIMEOUT))
            .is_ok();
        let longest = if sent { LONGEST_VOICEMAIL } else { SHORT };
        self.deadline
            .set(Timer::CommandOverdue, now + longest + SLACK);
    }

    /// `VoiceMail()` or the renewal behind it has ended; the call goes on when both have.
    pub(super) fn observed(&mut self, command: &Command, outcome: &Outcome, now: Instant) {
        // VoiceMail() says -1 when it has ended a call without sound by itself.
        let gave_up = command.verb() == Verb::Exec && matches!(outcome, Outcome::Failed(_));
        if is_refused(outcome) && !gave_up {
            self.trouble(Trouble::Command(command.to_string()));
        }
        let before = mem::replace(&mut self.state, State::Observed);
        if !self.exchange.is_idle() {
            self.deadline
                .set(Timer::CommandOverdue, now + SHORT + SLACK);
        } else if self.exchange.is_dead() {
            self.hung_up(now);
        } else if matches!(before, State::Observing(_)) {
            self.send(safety_timeout(SAFETY_TIMEOUT), SHORT, now);
        } else if self.trouble.is_some() {
            self.leave(EndedBy::HandedOn, now);
        } else {
            self.leave(EndedBy::Asterisk, now);
        }
    }

    /// More was heard while `VoiceMail()` takes the message.
    pub(super) fn observe(&mut self) {
        let State::Observing(observing) = &mut self.state else {
            return;
        };
        let Some((ended_by, at)) = observing.hear(&mut self.heard) else {
            return;
        };
        // They would not even have been let in.
        if self.record.would_have.is_some() {
            return;
        }
        let mut facts = self.facts();
        if ended_by == EndedBy::Guard {
            facts.parting = Parting::Unanswering;
        }
        let verdict = verdict::judge(&facts).verdict;
        self.record.would_have = Some(WouldHave {
            ended_by,
            verdict,
            at,
            saved_s: MediaTime::ZERO,
        });
        self.save();
    }

    /// The call is over: what enforce would have saved, if it would have been over before.
    pub(super) fn would_have(&self) -> Option<WouldHave> {
        self.record.would_have?.over_at(self.heard.heard())
    }
}

/// What a greeting takes with its beep; ours and Asterisk's own take 9 to 11 s.
const GREETING: MediaTime = MediaTime::from_secs(10);

/// What the question takes.
const QUESTION: MediaTime = MediaTime::from_secs(5);

/// What the last words take.
const GOODBYE: MediaTime = MediaTime::from_secs(6);

/// Asterisk has read a command by then, so that the next one is not read with it.
const READ_BY_NOW: Duration = Duration::from_secs(2);
