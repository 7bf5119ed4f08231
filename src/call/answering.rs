//! The answer to the question: near speech, or a key.

use std::time::{Duration, Instant};

use super::Call;
use super::policy::Situation;
use super::record::{EndedBy, Mode};
use super::state::{AwaitedAnswer, Keying, Listening};
use crate::agi::Key;
use crate::prompts::Prompt;

impl Call {
    pub(super) fn await_answer(
        &mut self,
        answer: AwaitedAnswer,
        situation: &Situation,
        now: Instant,
    ) {
        if self.ears.speech_since(answer.since) >= ANSWER_BY_VOICE {
            self.answered(Prompt::StillThere, "voice");
            return self.listen(None, now);
        }
        if now < answer.until {
            let answer = Some(answer);
            return self.heartbeat(Listening { answer }, situation, now);
        }
        match self.record.mode {
            Mode::Enforce => self.end(EndedBy::Guard, now),
            Mode::Guide | Mode::Observe => self.listen(None, now),
        }
    }

    /// A digit is the first of a number as well.
    pub(super) fn answered_by_key(&mut self, key: Key, now: Instant) {
        self.answered(Prompt::StillThere, "key");
        if key.digit().is_some() {
            self.keyed(Keying::default(), Some(key), now);
        } else {
            self.listen(None, now);
        }
    }
}

/// This much near speech after the question is an answer.
pub(super) const ANSWER_BY_VOICE: Duration = Duration::from_millis(500);
