//! What is played to the caller, and what comes after it.

use std::collections::VecDeque;
use std::time::Instant;

use super::prompt::{self, Clip, LONGEST_CLIP};
use super::state::{AwaitedAnswer, Keying, Listening, Playing, State, Then};
use super::{Call, is_refused, key_of};
use crate::agi::{Key, Keys, Outcome};
use crate::audio::MediaTime;
use crate::prompts::Prompt;
use crate::record::{Asked, EndedBy, Trouble};

impl Call {
    pub(super) fn play(&mut self, clips: impl Into<VecDeque<Clip>>, then: Then, now: Instant) {
        let playing = Playing {
            clips: clips.into(),
            then,
            began: self.ears.heard(),
            stood_still: self.ears.stood_still,
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

    fn play_next(&mut self, mut playing: Playing, now: Instant) {
        playing.stood_still = self.ears.stood_still;
        let keys = match &playing.then {
            Then::Confirm(_) => prompt::confirming_keys(),
            Then::Leave(_) => Keys::NONE,
            Then::Listen | Then::ListenOffered | Then::AwaitAnswer | Then::Key(_) => Keys::ALL,
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
                // The rail is renewed between prompts; the command that is due follows it.
                self.renew_rail_then(command, longest, now);
            }
            None => self.prompt_over(playing.then, now),
        }
    }

    pub(super) fn played(&mut self, mut playing: Playing, outcome: &Outcome, now: Instant) {
        if matches!(outcome, Outcome::Done) {
            return self.play_next(playing, now);
        }
        let clip = playing.clips.pop_front();
        if self.is_not_recorded(&playing) {
            self.ears.deaf = true;
            self.trouble(Trouble::NotRecorded);
            return self.leave(EndedBy::HandedOn, now);
        }
        if let (true, Some(clip)) = (is_refused(outcome), &clip) {
            // What the caller did not hear, he was not told.
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
            Then::AwaitAnswer => self.answered_by_key(key, now),
            Then::Confirm(keying) => self.confirmed(keying, Some(key), now),
            Then::Key(keying) => self.keyed(keying, Some(key), now),
            Then::ListenOffered if key == Key::ONE && is_of_offer(clip.as_ref()) => {
                self.take_offer(now);
            }
            Then::Listen | Then::ListenOffered => {
                if key == Key::STAR && self.exits(key, now) {
                    return;
                }
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

    /// MixMonitor fills up the caller's side while something is played, whether he sends packets or not: a
    /// recording that stands still meanwhile is not the caller's doing.
    fn is_not_recorded(&self, playing: &Playing) -> bool {
        let stood = self.ears.stood_still - playing.stood_still;
        stood >= STANDS_STILL && !matches!(playing.then, Then::Leave(_))
    }

    fn prompt_over(&mut self, then: Then, now: Instant) {
        match then {
            Then::Listen => self.listen(None, now),
            Then::ListenOffered => {
                self.offered(now);
                self.listen(None, now);
            }
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
        if self.progress.number_asked.is_some() {
            let heard = self.ears.heard();
            self.progress.number_awaited.get_or_insert(heard);
        }
        let number_begun = self.progress.number_begun.take();
        match (&mut self.progress.recording, number_begun) {
            (Some((since, _)), Some(begun)) => *since += now.saturating_duration_since(begun),
            (Some(_), None) => {}
            (none, _) => *none = Some((now, self.ears.heard())),
        }
        self.ears.resume();
        let situation = self.situation(now);
        self.heartbeat(Listening { answer }, &situation, now);
    }
}

/// Whether the offer of the caller ID has begun with this clip.
fn is_of_offer(clip: Option<&Clip>) -> bool {
    let before = [Prompt::NumberFirst, Prompt::EnterNumber].map(Clip::Prompt);
    clip.is_some_and(|clip| !matches!(clip, Clip::Greeting(_)) && !before.contains(clip))
}

/// More than a late flush and what is told late of the time before; the shortest prompt that is not the
/// last is 3.8 s long.
const STANDS_STILL: MediaTime = MediaTime::from_millis(2_500);
