//! What enforce would have done, imagined beside `VoiceMail()` from the same advice.
//!
//! A simple model, in the time of the caller's sound. The recording begins `GREETING` after the
//! call did, since nothing shows when `VoiceMail()` beeps. When the question would have been asked,
//! `QUESTION` passes for it, and then the answer is awaited as ever: near speech is an answer,
//! without one, and without doubt, the call would have ended, and be over `GOODBYE` later. Prompts that end no call are
//! left out. Nobody was really asked, so some would have answered: what would have been saved is at
//! most that much.

use std::time::Duration;

use super::heard::{ANSWER_BY_VOICE, Heard};
use super::policy::{Advice, Policy, Situation};
use super::verdict;
use crate::audio::MediaTime;
use crate::call_record::{EndedBy, Mode};

/// The call that enforce would be having.
#[derive(Debug)]
pub(super) struct Observing {
    enforcing: Policy,
    stage: Imagined,
    questions: u32,
    /// Hold music played on this line before the call.
    music_was_known: bool,
}

#[derive(Debug)]
enum Imagined {
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
    pub(super) fn new(policy: &Policy, music_was_known: bool) -> Self {
        Self {
            enforcing: Policy {
                mode: Mode::Enforce,
                ..policy.clone()
            },
            stage: Imagined::Greeting,
            questions: 0,
            music_was_known,
        }
    }

    /// More was heard; how and where the call would have ended now.
    pub(super) fn hear(&mut self, sound: &mut Heard) -> Option<(EndedBy, MediaTime)> {
        let heard = sound.heard();
        match self.stage {
            Imagined::Greeting if heard >= GREETING => {
                sound.resume();
                self.stage = Imagined::Recording(heard);
            }
            Imagined::Recording(began) => return self.decide(began, sound),
            Imagined::Asking { began, until } if heard >= until => {
                sound.resume();
                self.stage = Imagined::Awaiting {
                    began,
                    since: heard,
                    until: heard + self.enforcing.answer.into(),
                };
            }
            Imagined::Awaiting { .. } if sound.tone_for() >= self.enforcing.tone => {
                return Some(self.end(EndedBy::Guard, heard));
            }
            Imagined::Awaiting { began, since, .. }
                if sound.speech_since(since) >= ANSWER_BY_VOICE =>
            {
                sound.resume();
                self.stage = Imagined::Recording(began);
            }
            Imagined::Awaiting { began, until, .. } if heard >= until => {
                if !verdict::is_doubtful(&sound.timeline, began) {
                    return Some(self.end(EndedBy::Guard, heard + GOODBYE));
                }
                sound.resume();
                self.stage = Imagined::Recording(began);
            }
            Imagined::Greeting
            | Imagined::Asking { .. }
            | Imagined::Awaiting { .. }
            | Imagined::Over => {}
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
            music_known: self.music_was_known && !sound.has_spoken(),
            warned_for: Some(Duration::MAX),
        };
        match self.enforcing.advise(&situation) {
            Advice::GoOn | Advice::AskNumber | Advice::Warn | Advice::HandOn => None,
            Advice::Ask => {
                self.questions += 1;
                let until = heard + QUESTION;
                self.stage = Imagined::Asking { began, until };
                None
            }
            Advice::EndIdle => Some(self.end(EndedBy::Guard, heard + GOODBYE)),
            Advice::EndTone => Some(self.end(EndedBy::Guard, heard)),
            Advice::EndLimit => Some(self.end(EndedBy::Limit, heard + GOODBYE)),
        }
    }

    fn end(&mut self, by: EndedBy, at: MediaTime) -> (EndedBy, MediaTime) {
        self.stage = Imagined::Over;
        (by, at)
    }
}

/// What a greeting takes with its beep; ours and Asterisk's own take 9 to 11 s.
const GREETING: MediaTime = MediaTime::from_secs(10);

/// What the question takes.
const QUESTION: MediaTime = MediaTime::from_secs(5);

/// What the last words take.
const GOODBYE: MediaTime = MediaTime::from_secs(6);
