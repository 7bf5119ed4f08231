//! The answer to the question: near speech, or a key.
//!
//! The time for it is counted in the caller's sound, which is heard up to a second after he has made it: nobody is
//! cut off while his answer is on its way, nor by a tap that stands.

use std::time::{Duration, Instant};

use super::Call;
use super::policy::Situation;
use super::state::{AwaitedAnswer, Keying, Listening};
use crate::agi::Key;
use crate::prompts::Prompt;
use crate::record::{Answer, EndedBy, Mode, Trouble};

impl Call {
    pub(super) fn await_answer(
        &mut self,
        answer: AwaitedAnswer,
        situation: &Situation,
        now: Instant,
    ) {
        let spoken = self.ears.speech_since(answer.since);
        if spoken >= ANSWER_BY_VOICE {
            self.answered(Prompt::StillThere, Answer::Voice);
            return self.listen(None, now);
        }
        let late = if spoken.is_zero() {
            ON_ITS_WAY
        } else {
            BEGUN_LATE
        };
        if self.ears.heard() < answer.since + (self.policy.answer + late).into() {
            if now < answer.until + LONGEST_LAG {
                let answer = Some(answer);
                return self.heartbeat(Listening { answer }, situation, now);
            }
            self.ears.deaf = true;
            self.trouble(Trouble::AnswerNotHeard);
            return self.leave(EndedBy::HandedOn, now);
        }
        self.progress.unanswered = Some(self.ears.heard());
        match self.record.mode {
            Mode::Enforce => self.end(EndedBy::Guard, now),
            Mode::Guide | Mode::Observe => self.listen(None, now),
        }
    }

    /// A digit is the first of a number as well.
    pub(super) fn answered_by_key(&mut self, key: Key, now: Instant) {
        self.answered(Prompt::StillThere, Answer::Key);
        if key.digit().is_some() {
            self.keyed(Keying::default(), Some(key), now);
        } else {
            self.listen(None, now);
        }
    }
}

/// This much near speech after the question is an answer.
pub(super) const ANSWER_BY_VOICE: Duration = Duration::from_millis(500);

/// What the caller says is heard so much later: the flush of Asterisk's file, the look at it, and the ear, which makes
/// sure first that it is a voice.
const ON_ITS_WAY: Duration = Duration::from_millis(750);

/// Who has begun to answer in the last moment is heard for so much longer.
const BEGUN_LATE: Duration = Duration::from_millis(1_750);

/// A tap that has stood for longer has failed, and has said so.
const LONGEST_LAG: Duration = Duration::from_secs(20);
