//! The way out: stop the tap, hear it to its end, have it heard again, judge, file, set the
//! dialplan's variables, close.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::heard::ANSWER_BY_VOICE;
use super::state::{AfterPrompt, Leaving, Playing, State, Step};
use super::verdict::{self, Facts, Parting};
use super::{Action, Call, NumberPrompt, SHORT, Timer};
use crate::agi::{Command, Key};
use crate::audio::MediaTime;
use crate::call_record::{Answer, EndedBy, Mode, Reason, Trouble, Verdict};
use crate::hearing::ThirdOpinion;
use crate::prompts::Prompt;
use crate::wording::{self, Language};

impl Call {
    /// Goes out; from every state.
    pub(super) fn leave(&mut self, ended_by: EndedBy, now: Instant) {
        self.leave_by(ended_by, None, now);
    }

    /// The same, by a key that leads out.
    pub(super) fn leave_by(&mut self, ended_by: EndedBy, exit: Option<Key>, now: Instant) {
        self.state = State::Leaving(Leaving {
            ended_by,
            exit,
            step: Step::StopTap,
        });
        let tapped = self.progress.tapped.as_ref();
        let end = tapped.and_then(|id| self.tap.end(id));
        if !end.is_some_and(|command| self.send(command, SHORT, now)) {
            self.drain_tap(now);
        }
    }

    /// The longest message or the longest call: ends it, or hands it on where nobody is ended.
    pub(super) fn limit_reached(&mut self, now: Instant) {
        if self.record.mode == Mode::Enforce {
            if self.late_at().is_some() {
                return self.hand_on_late(now);
            }
            return self.end(EndedBy::Limit, now);
        }
        let longest = self.policy.longest_call.as_secs_f64();
        self.trouble(Trouble::LongestCall(longest));
        self.leave(EndedBy::HandedOn, now);
    }

    fn drain_tap(&mut self, now: Instant) {
        let State::Leaving(leaving) = &mut self.state else {
            return;
        };
        leaving.step = Step::DrainTap;
        if self.progress.tapped.is_some() {
            self.actions.push_back(Action::FinishTap);
            self.await_step(now);
        } else {
            self.tap_finished(now);
        }
    }

    /// What was heard is not all of the sound: nobody is judged by that.
    pub(super) fn tap_overdue(&mut self, now: Instant) {
        self.heard.deaf = true;
        self.trouble(Trouble::NotHeardToTheEnd);
        self.tap_finished(now);
    }

    /// The sound is complete: have it heard again where that can change the verdict and nobody
    /// waits for the dialplan to go on with them.
    pub(super) fn tap_finished(&mut self, now: Instant) {
        let State::Leaving(Leaving {
            ended_by,
            step: step @ Step::DrainTap,
            ..
        }) = &mut self.state
        else {
            return;
        };
        *step = Step::HearAgain;
        let is_over = matches!(ended_by, EndedBy::Caller | EndedBy::Guard | EndedBy::Limit);
        let is_sound = self.progress.tapped.is_some() && self.trouble.is_none();
        if is_over && is_sound && verdict::asks_third_listener(&self.facts()) {
            self.actions.push_back(Action::HearAgain);
            self.await_step(now);
        } else {
            self.heard_again(None, now);
        }
    }

    /// Sets when the step that waits for the tap or for the third listener is overdue.
    fn await_step(&mut self, now: Instant) {
        let State::Leaving(leaving) = &self.state else {
            return;
        };
        match leaving.step {
            Step::DrainTap => self.deadline.set(Timer::TapOverdue, now + LONGEST_FLUSH),
            Step::HearAgain => self
                .deadline
                .set(Timer::HearingAgainOverdue, now + LONGEST_HEARING),
            Step::StopTap | Step::Variables(_) => {}
        }
    }

    /// Whether the third listener is waited for.
    pub(super) fn is_heard_again(&self) -> bool {
        matches!(
            &self.state,
            State::Leaving(Leaving {
                step: Step::HearAgain,
                ..
            })
        )
    }

    /// All listeners have had their say: judge and file, then set the variables.
    pub(super) fn heard_again(&mut self, third: Option<&ThirdOpinion>, now: Instant) {
        let State::Leaving(Leaving {
            ended_by,
            exit,
            step: Step::HearAgain,
        }) = self.state
        else {
            return;
        };
        self.deadline.stop();
        self.judge(ended_by, third);
        self.actions
            .push_back(Action::File(Box::new(self.record.clone())));
        let variables = self.variables(ended_by);
        self.state = State::Leaving(Leaving {
            ended_by,
            exit,
            step: Step::Variables(variables),
        });
        self.next_variable(now);
    }

    /// The command of this step has ended, whatever came of it.
    pub(super) fn step_done(&mut self, now: Instant) {
        let State::Leaving(leaving) = &mut self.state else {
            return;
        };
        match &mut leaving.step {
            Step::StopTap => self.drain_tap(now),
            Step::DrainTap | Step::HearAgain => self.await_step(now),
            Step::Variables(left) => {
                left.pop_front();
                self.next_variable(now);
            }
        }
    }

    /// The connection went while leaving.
    pub(super) fn step_lost(&mut self, command_lost: bool, now: Instant) {
        let State::Leaving(leaving) = &mut self.state else {
            return;
        };
        match &mut leaving.step {
            Step::DrainTap | Step::HearAgain => self.await_step(now),
            Step::StopTap if command_lost => self.drain_tap(now),
            Step::StopTap => {}
            Step::Variables(left) => {
                left.clear();
                self.next_variable(now);
            }
        }
    }

    pub(super) fn next_variable(&mut self, now: Instant) {
        let State::Leaving(Leaving {
            step: Step::Variables(left),
            ..
        }) = &self.state
        else {
            return;
        };
        let next = left.front().cloned();
        if !next.is_some_and(|command| self.send(command, SHORT, now)) {
            self.state = State::Ended;
            self.deadline.stop();
            self.actions.push_back(Action::Close);
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        let place = self
            .progress
            .recording
            .map_or_else(|| self.unrecorded(), |(_, place)| place);
        Facts {
            timeline: &self.heard.timeline,
            third: None,
            began: self.heard.signal_before(place).unwrap_or(place),
            packets: self.heard.packets,
            longest_message: self.policy.longest_message.into(),
            keyed: self.record.callback.source.is_keyed(),
            asked: &self.record.asked,
            parting: self.parting(),
            mutter: self.policy.mutter.into(),
        }
    }

    /// Who speaks after all, behind the question that was not answered, has gone like everybody.
    fn parting(&self) -> Parting {
        let spoke_after_all = |from| self.heard.speech_since(from) >= self.policy.mutter;
        let unanswering = match (self.progress.unanswered, self.record.would_have) {
            (Some(from), _) => !spoke_after_all(from),
            (None, Some(would_have)) => would_have.ended_by == EndedBy::Guard,
            (None, None) => false,
        };
        if unanswering {
            Parting::Unanswering
        } else {
            Parting::Gone
        }
    }

    /// Where to listen from in a call that never got to the beep: only if somebody spoke, or in
    /// observe.
    fn unrecorded(&self) -> MediaTime {
        let observed = self.record.mode == Mode::Observe;
        let spoke = self.heard.speech_since(MediaTime::ZERO) >= Duration::from_millis(300);
        if observed || spoke {
            MediaTime::ZERO
        } else {
            self.heard.heard()
        }
    }

    /// Who ended the call of a caller that has gone: us, if we had said goodbye already.
    ///
    /// Asterisk's absolute timeout looks the same from here; it strikes when we were late to renew
    /// it.
    pub(super) fn ended_by_hangup(&mut self, now: Instant) -> EndedBy {
        if self.safety_timeout.is_some_and(|until| now >= until) {
            self.trouble(Trouble::AbsoluteTimeout);
            return EndedBy::HandedOn;
        }
        match self.state.lasting() {
            State::Playing(Playing {
                then: AfterPrompt::Leave(by),
                ..
            }) => *by,
            _ => EndedBy::Caller,
        }
    }

    fn judge(&mut self, ended_by: EndedBy, third: Option<&ThirdOpinion>) {
        let handed_on = ended_by == EndedBy::HandedOn;
        if let NumberPrompt::Answerable { since } = self.progress.number_prompt
            && self.heard.speech_since(since) >= ANSWER_BY_VOICE
        {
            self.note_answer(Prompt::NumberFirst, Answer::Voice);
        }
        let facts = Facts {
            third,
            ..self.facts()
        };
        let mut judgement = verdict::judge(&facts);
        // Where the connection broke, the caller may be there still: what they were is not known.
        let broke_off = ended_by == EndedBy::Asterisk && self.trouble.is_some();
        let late = self.lateness.worst();
        let is_unknown = handed_on || broke_off || self.heard.deaf || late.is_some();
        if let Some(by) = late.filter(|_| !judgement.verdict.is_delivered()) {
            self.trouble(Trouble::Late(by.into()));
        }
        if is_unknown {
            judgement = judgement.not_heard_to_the_end();
        }
        if self.heard.deaf && !self.heard.packets {
            judgement.reasons.clear();
        }
        let trouble = self.trouble.take().map(|why| {
            if handed_on {
                Reason::HandedOn(why)
            } else {
                Reason::Trouble(why)
            }
        });
        let left = self
            .exit_taken()
            .map(|(key, way)| Reason::LeftWithKey(key.as_char(), way.into()));
        let unanswered = ended_by == EndedBy::Guard && self.progress.questions > 0;
        self.record.reasons = trouble
            .into_iter()
            .chain(self.would_refuse.take())
            .chain(left)
            .chain(judgement.reasons)
            .chain(unanswered.then_some(Reason::DidNotAnswer))
            .collect();
        self.record.verdict = Some(judgement.verdict);
        self.record.confidence = judgement.confidence;
        self.record.seconds = self.heard.timeline.seconds();
        self.record.timeline = self.heard.timeline.segments().to_vec();
        self.record.ended_by = Some(ended_by);
        self.record.would_have = self.would_have();
    }

    pub(super) fn variables(&self, ended_by: EndedBy) -> VecDeque<Command> {
        let record = &self.record;
        let number = record.callback.best_form().chars();
        let callback: String = number.filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let verdict = record.verdict.map_or("unsure", Verdict::as_str);
        // A hang-up before the set-up is over may be a line that the caller forged in the
        // number. Who has really gone reads this no more; who has not is VoiceMail()'s.
        let doubtful = ended_by == EndedBy::Caller && self.progress.tapped.is_none();
        let status = match ended_by {
            EndedBy::Bypassed => "straight",
            EndedBy::Rejected => "refused",
            EndedBy::HandedOn => "failed",
            _ if doubtful => "failed",
            _ => "done",
        };
        let way_out = self.exit_taken().map_or("", |(_, way)| way);
        let exit =
            (ended_by == EndedBy::Exit).then(|| Command::set_variable("GUARD_EXIT", way_out));
        let reasons = wording::reasons(&record.reasons, Language::En);
        let variables = [
            Command::set_variable("GUARD_VERDICT", verdict),
            Command::set_variable("GUARD_CALLBACK", callback),
            Command::set_variable("GUARD_CALL_ID", record.id.to_string()),
            Command::set_variable("GUARD_REASON", reasons.join("; ")),
        ];
        let status = Command::set_variable("GUARD_STATUS", status);
        variables.into_iter().chain(exit).chain([status]).collect()
    }
}

/// A minute of sound takes a tenth of a second; when many calls end at once they wait for one
/// another.
const LONGEST_HEARING: Duration = Duration::from_secs(5);

/// Asterisk flushes within milliseconds; the tap itself gives up after one second.
const LONGEST_FLUSH: Duration = Duration::from_secs(3);
