//! The recording: short waits for a key are its pulse; each reply is a moment to decide, by what
//! has been heard.
//!
//! Here too the answer to the question: near speech, or a key. The time for it is counted in the
//! caller's sound, which is heard up to a second after they have made it: nobody is cut off while
//! their answer is on its way, nor by a tap that stands.

use std::time::{Duration, Instant};

use super::clip::Clip;
use super::heard::ANSWER_BY_VOICE;
use super::policy::{Advice, Offer, Situation};
use super::state::{AfterPrompt, AwaitedAnswer, Keying, Recording, State};
use super::{Call, NumberPrompt, verdict};
use crate::agi::{Command, Key};
use crate::audio::MediaTime;
use crate::call_record::{Answer, CameFrom, EndedBy, Mode, Trouble};
use crate::prompts::Prompt;

impl Call {
    /// The recording begins, or goes on behind a prompt; what a number by keys took does not count.
    pub(super) fn record_on(
        &mut self,
        recording: Recording,
        number_since: Option<Instant>,
        now: Instant,
    ) {
        let heard = self.heard.heard();
        if self.progress.number_prompt == NumberPrompt::Played {
            self.progress.number_prompt = NumberPrompt::Answerable { since: heard };
        }
        match (&mut self.progress.recording, number_since) {
            (Some((since, _)), Some(begun)) => *since += now.saturating_duration_since(begun),
            (Some(_), None) => {}
            (none, _) => *none = Some((now, heard)),
        }
        self.heard.resume();
        let situation = self.situation(now);
        self.heartbeat(recording, &situation, now);
    }

    fn heartbeat(&mut self, recording: Recording, situation: &Situation, now: Instant) {
        self.state = State::Recording(recording);
        let beat = if self.policy.seeks_a_pause(situation) {
            HEARTBEAT_AT_A_PAUSE
        } else {
            HEARTBEAT
        };
        self.renew_timeout_then(Command::wait_for_digit(beat), beat, now);
    }

    pub(super) fn heard_key(&mut self, recording: Recording, key: Option<Key>, now: Instant) {
        match key {
            Some(Key::ONE) if self.is_offer_open(&recording, now) => self.take_offer(now),
            Some(key) if recording.answer.is_some() => self.answered_by_key(key, now),
            Some(Key::POUND) => self.end(EndedBy::Caller, now),
            Some(key) if key.digit().is_some() => self.keyed(Keying::since(now), Some(key), now),
            _ => self.decide(recording, now),
        }
    }

    pub(super) fn decide(&mut self, recording: Recording, now: Instant) {
        let situation = self.situation(now);
        let advice = self.policy.advise(&situation);
        if let Some(answer) = recording.answer.filter(|_| advice != Advice::EndTone) {
            return self.await_answer(recording, answer, &situation, now);
        }
        match advice {
            Advice::GoOn => self.heartbeat(recording, &situation, now),
            Advice::Ask => {
                self.progress.questions += 1;
                self.play(
                    [Clip::Prompt(Prompt::StillThere)],
                    AfterPrompt::AwaitAnswer,
                    now,
                );
            }
            Advice::AskNumber => {
                self.progress.number_prompt = NumberPrompt::Played;
                let prompt = vec![Clip::Prompt(Prompt::NumberFirst)];
                self.play_and_offer(prompt, Offer::Rambler, now);
            }
            Advice::Warn => {
                self.progress.warned = Some(now);
                self.play(
                    [Clip::Prompt(Prompt::TimeWarning)],
                    AfterPrompt::RECORD,
                    now,
                );
            }
            Advice::EndIdle | Advice::EndTone if self.late_at().is_some() => self.hand_on_late(now),
            Advice::EndIdle => {
                self.progress.unanswered = Some(self.heard.heard());
                self.end(EndedBy::Guard, now);
            }
            Advice::EndTone => self.leave(EndedBy::Guard, now),
            Advice::EndLimit | Advice::HandOn => self.limit_reached(now),
        }
    }

    fn await_answer(
        &mut self,
        recording: Recording,
        answer: AwaitedAnswer,
        situation: &Situation,
        now: Instant,
    ) {
        let spoken = self.heard.speech_since(answer.since);
        if spoken >= ANSWER_BY_VOICE {
            self.answered(Prompt::StillThere, Answer::Voice);
            return self.record_on(Recording::default(), None, now);
        }
        let late = if spoken.is_zero() {
            ON_ITS_WAY
        } else {
            BEGUN_LATE
        };
        if self.heard.heard() < answer.since + (self.policy.answer + late).into() {
            if now < answer.until + LONGEST_LAG {
                return self.heartbeat(recording, situation, now);
            }
            self.heard.deaf = true;
            self.trouble(Trouble::AnswerNotHeard);
            return self.leave(EndedBy::HandedOn, now);
        }
        self.progress.unanswered = Some(self.heard.heard());
        match self.record.mode {
            Mode::Enforce if self.late_at().is_some() => self.hand_on_late(now),
            // Somebody may be speaking, only not clearly enough for an answer.
            Mode::Enforce if !situation.doubtful => self.end(EndedBy::Guard, now),
            Mode::Enforce | Mode::Guide | Mode::Observe => {
                self.record_on(Recording::default(), None, now);
            }
        }
    }

    /// Nobody is ended for what they may have said where it has not come yet.
    pub(super) fn hand_on_late(&mut self, now: Instant) {
        self.progress.unanswered = None;
        if let Some(by) = self.lateness.worst() {
            self.trouble(Trouble::Late(by.into()));
        }
        self.leave(EndedBy::HandedOn, now);
    }

    /// A digit is the first of a number as well.
    pub(super) fn answered_by_key(&mut self, key: Key, now: Instant) {
        self.answered(Prompt::StillThere, Answer::Key);
        if key.digit().is_some() {
            self.keyed(Keying::since(now), Some(key), now);
        } else {
            self.record_on(Recording::default(), None, now);
        }
    }

    /// Whether hold music played on this line, and nobody was there, when the caller left a queue.
    pub(super) fn music_was_known(&self) -> bool {
        let came_from = self.record.came_from.as_ref();
        came_from.is_some_and(CameFrom::is_hold_music)
    }

    fn situation(&self, now: Instant) -> Situation {
        let (since, place) = self.progress.recording.unwrap_or((now, MediaTime::ZERO));
        let confirmed = self.record.callback.confirmed;
        Situation {
            recording_for: now.saturating_duration_since(since),
            call_for: now.saturating_duration_since(self.started),
            idle: self.heard.idle(&self.policy),
            speech: self.heard.speech_since(place),
            voice_paused_for: self.heard.voice_paused_for(),
            tone_for: self.heard.tone_for(),
            questions_asked: self.progress.questions,
            doubtful: self.progress.questions > 0
                && verdict::is_doubtful(&self.heard.timeline, place),
            number_settled: confirmed || self.progress.number_prompt != NumberPrompt::NotYet,
            music_known: self.music_was_known()
                && self.record.keys.is_empty()
                && !self.heard.has_spoken(),
            warned_for: self
                .progress
                .warned
                .map(|at| now.saturating_duration_since(at)),
        }
    }
}

/// What the caller says is heard so much later: the flush of Asterisk's file, the look at it, and
/// the ear, which makes sure first that it is a voice.
const ON_ITS_WAY: Duration = Duration::from_millis(750);

/// Who has begun to answer in the last moment is heard for so much longer.
const BEGUN_LATE: Duration = Duration::from_millis(1_750);

/// A tap that has stood for longer has failed, and has said so.
const LONGEST_LAG: Duration = Duration::from_secs(20);

/// The length of a wait for a key while listening: the pulse of all decisions.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// The same while a pause of the caller's is waited for: pauses are short.
const HEARTBEAT_AT_A_PAUSE: Duration = Duration::from_millis(50);
