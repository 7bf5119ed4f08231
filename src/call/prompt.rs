//! What is played to the caller, what keys do meanwhile, and what comes after it.

use std::collections::VecDeque;
use std::time::Instant;

use super::clip::{Clip, LONGEST_CLIP};
use super::policy::Offer;
use super::state::{AfterPrompt, AwaitedAnswer, Keying, Playing, Recording, State};
use super::{Call, is_refused, key_of, verdict};
use crate::agi::{Key, Keys, Outcome};
use crate::audio::MediaTime;
use crate::call_record::{Answer, Asked, EndedBy, Presentation, Trouble};
use crate::prompts::Prompt;

impl Call {
    pub(super) fn play(
        &mut self,
        clips: impl Into<VecDeque<Clip>>,
        then: AfterPrompt,
        now: Instant,
    ) {
        let playing = Playing {
            clips: clips.into(),
            then,
            began: self.heard.heard(),
            lost: self.heard.lost,
        };
        let asked = self.record.asked.len();
        let played = playing.clips.iter().filter_map(Clip::played);
        self.record.asked.extend(played.map(|prompt| Asked {
            prompt,
            at: playing.began,
            answer: None,
        }));
        if self.record.asked.len() > asked {
            self.save();
        }
        self.play_next(playing, now);
    }

    pub(super) fn play_next(&mut self, mut playing: Playing, now: Instant) {
        playing.lost = self.heard.lost;
        let keys = match &playing.then {
            AfterPrompt::Confirm(_) => confirming_keys(),
            AfterPrompt::Leave(_) => Keys::NONE,
            AfterPrompt::Record { .. }
            | AfterPrompt::RecordOffered
            | AfterPrompt::AwaitAnswer
            | AfterPrompt::Key(_) => Keys::ALL,
        };
        match playing.clips.front() {
            Some(clip) => {
                let own = matches!(clip, Clip::Greeting(file) if *file == self.policy.greeting);
                let longest = if own {
                    self.policy.longest_greeting()
                } else {
                    LONGEST_CLIP
                };
                let command = clip.command(keys);
                self.state = State::Playing(playing);
                self.renew_timeout_then(command, longest, now);
            }
            None => self.prompt_over(playing.then, now),
        }
    }

    pub(super) fn played(&mut self, mut playing: Playing, outcome: &Outcome, now: Instant) {
        let clip = playing.clips.pop_front();
        if self.is_not_recorded(&playing) {
            self.heard.deaf = true;
            self.trouble(Trouble::NotRecorded);
            return self.leave(EndedBy::HandedOn, now);
        }
        if let (true, Some(clip)) = (is_refused(outcome), &clip) {
            // What the caller did not hear was not asked.
            if let Some(unheard) = clip.played() {
                let is_it = |a: &Asked| a.prompt == unheard && a.at == playing.began;
                self.record.asked.retain(|asked| !is_it(asked));
            }
            let needed = matches!(clip, Clip::Greeting(_) | Clip::Prompt(Prompt::StillThere));
            if needed {
                self.trouble(Trouble::Prompt(clip.name().into()));
                return self.leave(EndedBy::HandedOn, now);
            }
        }
        let Some(key) = key_of(outcome) else {
            return self.play_next(playing, now);
        };
        match playing.then {
            AfterPrompt::AwaitAnswer => self.answered_by_key(key, now),
            AfterPrompt::Confirm(keying) => self.confirmed(keying, Some(key), now),
            AfterPrompt::Key(keying) => self.keyed(keying, Some(key), now),
            AfterPrompt::RecordOffered if key == Key::ONE && is_of_offer(clip.as_ref()) => {
                self.take_offer(now);
            }
            AfterPrompt::RecordOffered => self.key_before_recording(playing, None, key, now),
            AfterPrompt::Record { number_since } => {
                self.key_before_recording(playing, number_since, key, now);
            }
            AfterPrompt::Leave(by) => self.leave(by, now),
        }
    }

    /// A key while something is played behind which the recording begins or goes on.
    fn key_before_recording(
        &mut self,
        mut playing: Playing,
        number_since: Option<Instant>,
        key: Key,
        now: Instant,
    ) {
        if key == Key::STAR && self.exits(key, now) {
            return;
        }
        if key.digit().is_some() {
            let keying = Keying::since(number_since.unwrap_or(now));
            return self.keyed(keying, Some(key), now);
        }
        playing.clips.retain(|clip| *clip == Clip::Beep);
        playing.then = AfterPrompt::Record { number_since };
        self.play_next(playing, now);
    }

    /// A tap that fills up the caller's side while something is played, whether they send packets
    /// or not, and stands still meanwhile: that is not the caller's doing.
    fn is_not_recorded(&self, playing: &Playing) -> bool {
        let lost = self.heard.lost - playing.lost;
        self.tap.fills_under_prompt
            && lost >= STANDS_STILL
            && !matches!(playing.then, AfterPrompt::Leave(_))
    }

    fn prompt_over(&mut self, then: AfterPrompt, now: Instant) {
        match then {
            AfterPrompt::Record { number_since } => {
                self.record_on(Recording::default(), number_since, now);
            }
            AfterPrompt::RecordOffered => {
                let recording = Recording {
                    offered_until: Some(now + self.policy.confirm),
                    ..Recording::default()
                };
                self.record_on(recording, None, now);
            }
            AfterPrompt::AwaitAnswer => {
                let answer = AwaitedAnswer {
                    until: now + self.policy.answer,
                    since: self.heard.heard(),
                };
                let recording = Recording {
                    answer: Some(answer),
                    ..Recording::default()
                };
                self.record_on(recording, None, now);
            }
            AfterPrompt::Key(keying) => self.await_keys(keying, now),
            AfterPrompt::Confirm(keying) => self.await_confirmation(keying, now),
            AfterPrompt::Leave(by) => self.leave(by, now),
        }
    }

    /// A caller without a number is asked for it, by our greeting or behind the administrator's
    /// own.
    pub(super) fn greeting(&self) -> Vec<Clip> {
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
    pub(super) fn play_and_offer(&mut self, mut clips: Vec<Clip>, place: Offer, now: Instant) {
        let offer = self.offer(place);
        let then = if offer.is_empty() {
            AfterPrompt::RECORD
        } else {
            AfterPrompt::RecordOffered
        };
        clips.extend(offer);
        clips.push(Clip::Beep);
        self.play(clips, then, now);
    }

    /// Ends politely: thanks for a message, a goodbye for everything else.
    pub(super) fn end(&mut self, by: EndedBy, now: Instant) {
        let delivered = verdict::judge(&self.facts()).verdict.is_delivered();
        let words = if delivered {
            Prompt::Thanks
        } else {
            Prompt::Goodbye
        };
        self.play([Clip::Prompt(words)], AfterPrompt::Leave(by), now);
    }

    /// Notes how the last such prompt was answered, and files it.
    pub(super) fn answered(&mut self, prompt: Prompt, how: Answer) {
        self.note_answer(prompt, how);
        self.save();
    }

    pub(super) fn note_answer(&mut self, prompt: Prompt, how: Answer) {
        let mut asked = self.record.asked.iter_mut().rev();
        if let Some(asked) = asked.find(|asked| asked.prompt == prompt) {
            asked.answer.get_or_insert(how);
        }
    }
}

/// The keys that answer the read-back.
fn confirming_keys() -> Keys {
    Keys::NONE.with(Key::ONE).with(Key::TWO)
}

/// Whether the offer of the caller ID has begun with this clip.
fn is_of_offer(clip: Option<&Clip>) -> bool {
    let before = [Prompt::NumberFirst, Prompt::EnterNumber].map(Clip::Prompt);
    clip.is_some_and(|clip| !matches!(clip, Clip::Greeting(_)) && !before.contains(clip))
}

/// More than a late flush and what is reported late of the time before; the shortest prompt that is not
/// the last is 3.8 s long.
const STANDS_STILL: MediaTime = MediaTime::from_millis(2_500);
