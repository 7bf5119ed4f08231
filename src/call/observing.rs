//! Observe: `VoiceMail()` takes the message, and the guard hears.

use std::mem;
use std::time::{Duration, Instant};

use super::policy::LONGEST_VOICEMAIL;
use super::state::State;
use super::verdict::Parting;
use super::would_have::Observing;
use super::{Call, SAFETY_TIMEOUT, SHORT, SLACK, Timer, is_refused, safety_timeout, verdict};
use crate::agi::{Command, Outcome, Verb};
use crate::audio::MediaTime;
use crate::call_record::{EndedBy, Trouble, WouldHave};

impl Call {
    /// `VoiceMail()` begins to take the message.
    pub(super) fn begin_observing(&mut self, now: Instant) {
        self.safety_timeout = None;
        self.state = State::Observing(Box::new(Observing::new(
            &self.policy,
            self.music_was_known(),
        )));
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

/// Asterisk has read a command by then, so that the next one is not read with it.
const READ_BY_NOW: Duration = Duration::from_secs(2);
