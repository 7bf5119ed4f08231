//! What is played to the caller, and what comes after it.

use std::collections::VecDeque;
use std::time::Instant;

use super::prompt::{self, Clip, LONGEST_CLIP};
use super::record::{Asked, EndedBy};
use super::state::{AwaitedAnswer, Keying, Listening, Playing, State, Then};
use super::{Call, is_refused, key_of};
use crate::agi::{Keys, Outcome};
use crate::prompts::Prompt;

impl Call {
    pub(super) fn play(&mut self, clips: impl Into<VecDeque<Clip>>, then: Then, now: Instant) {
        let playing = Playing {
            clips: clips.into(),
            then,
            began: self.ears.heard(),
        };
        for clip in playing
            .clips
            .iter()
            .filter(|c| matches!(c, Clip::Prompt(_) | Clip::Greeting(_)))
        {
            let prompt = clip.name().to_owned();
            self.record.asked.push(Asked {
                prompt,
                at: playing.began,
                answer: None,
            });
        }
        self.play_next(playing, now);
    }

    fn play_next(&mut self, playing: Playing, now: Instant) {
        let keys = match &playing.then {
            Then::Confirm(_) => prompt::confirming_keys(),
            Then::Leave(_) => Keys::NONE,
            Then::Listen | Then::AwaitAnswer | Then::Key(_) => Keys::ALL,
        };
        match playing.clips.front().map(|clip| clip.command(keys)) {
            Some(command) => {
                self.state = State::Playing(playing);
                // The rail is renewed between prompts; the command that is due follows it.
                self.renew_rail_then(command, LONGEST_CLIP, now);
            }
            None => self.prompt_over(playing.then, now),
        }
    }

    pub(super) fn played(&mut self, mut playing: Playing, outcome: &Outcome, now: Instant) {
        if matches!(outcome, Outcome::Done) {
            return self.play_next(playing, now);
        }
        let clip = playing.clips.pop_front();
        if let (true, Some(clip)) = (is_refused(outcome), &clip) {
            // What the caller did not hear, he was not told.
            let (name, at) = (clip.name(), playing.began);
            self.record.asked.retain(|a| a.prompt != name || a.at != at);
            let needed = matches!(clip, Clip::Greeting(_) | Clip::Prompt(Prompt::StillThere));
            if needed {
                self.trouble(format!("the prompt {} could not be played", clip.name()));
                return self.leave(EndedBy::HandedOn, now);
            }
        }
        let Some(key) = key_of(outcome) else {
            return self.play_next(playing, now);
        };
        match playing.then {
            Then::AwaitAnswer => {
                self.answered("key");
                self.listen(None, now);
            }
            Then::Confirm(keying) => self.confirmed(&keying, Some(key), now),
            Then::Key(keying) => self.keyed(keying, Some(key), now),
            Then::Listen => {
                if key.digit().is_some() {
                    self.keyed(Keying::default(), Some(key), now);
                } else {
                    playing.clips.retain(|clip| *clip == Clip::Beep);
                    self.play_next(
                        Playing {
                            then: Then::Listen,
                            ..playing
                        },
                        now,
                    );
                }
            }
            Then::Leave(by) => self.leave(by, now),
        }
    }

    fn prompt_over(&mut self, then: Then, now: Instant) {
        match then {
            Then::Listen => self.listen(None, now),
            Then::AwaitAnswer => {
                let since = self.ears.heard();
                self.listen(
                    Some(AwaitedAnswer {
                        until: now + self.policy.answer,
                        since,
                    }),
                    now,
                );
            }
            Then::Key(keying) => self.await_keys(keying, now),
            Then::Confirm(keying) => self.await_confirmation(keying, now),
            Then::Leave(by) => self.leave(by, now),
        }
    }

    pub(super) fn listen(&mut self, answer: Option<AwaitedAnswer>, now: Instant) {
        if self.progress.recording.is_none() {
            self.progress.recording = Some((now, self.ears.heard()));
        }
        self.ears.resume();
        self.heartbeat(Listening { answer }, now);
    }
}
