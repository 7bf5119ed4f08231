//! A caller who waits in a queue, pure: events in, actions out, time as an argument.
//!
//! ```text
//! Expected ── joined ──► Tapping ── connected ──► Listening ◄── a sign of life ──┐
//!                                                     │ idle for long            │
//!                                                  Asking ── said ──► Awaiting ──┤ an answer
//!                                                     ▲  not answered: once more │
//!                                                     └──────────────────┤       │
//!                                                                        │ twice │
//!                                     enforce: Leaving ◄─────────────────┴─► Deserted
//! any ── answered, gone, manager interface lost, guard stops ──► Ended
//! ```
//!
//! Laws: the tap is ended in the same step as any sign that somebody has answered, and nothing is heard after
//! that; nobody is taken out of the queue without two questions that reached them and were not answered, and nobody at
//! all for silence alone unless that is set; the record is filed exactly once.

mod deserted;
pub(crate) mod echo;
mod glance;
mod heard;
pub(crate) mod held_back;
mod io;
pub(crate) mod manager_event;
pub(crate) mod remembered;
mod settings;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub(crate) use glance::Move;
pub use glance::{Glance, Sound};
pub(crate) use io::{Action, Departure, Event};
pub use settings::QueueSettings;

use self::heard::Heard;
use crate::audio::MediaTime;
use crate::call_record::{
    Answer, Asked, CallRecord, EndedBy, Instead, Mode, Played, QueueWait, Reason, Trouble, WaitEnd,
};
use crate::prompts::Prompt;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Asterisk has not reported the caller in the queue yet.
    Expected { until: Instant },
    /// Asterisk was asked for the tap.
    Tapping { until: Instant },
    /// The caller is listened to.
    Listening {
        /// So many questions went unanswered, up to this place.
        unanswered: u32,
        since: MediaTime,
    },
    /// The question is being said.
    Asking {
        number: u32,
        since: MediaTime,
        until: Instant,
    },
    /// The question has been said.
    Awaiting {
        number: u32,
        /// Where it began.
        since: MediaTime,
        /// The time to answer it is over there.
        until: MediaTime,
    },
    /// Two questions went unanswered, up to this place.
    Deserted { since: MediaTime },
    /// Asterisk was asked to take the caller out of the queue.
    Leaving { until: Instant },
    /// The caller has left the queue; whether they hung up is known in a moment.
    Left { until: Instant },
    /// Nothing is heard; how the wait ends is followed all the same.
    Deaf,
    /// The record is filed.
    Ended,
}

/// One caller's wait, from the request of the dialplan to the filed record.
#[derive(Debug)]
pub(crate) struct QueueWatch {
    settings: QueueSettings,
    record: CallRecord,
    wait: QueueWait,
    heard: Heard,
    stage: Stage,
    joined: Option<Instant>,
    place: Option<u32>,
    is_tapped: bool,
    /// The queue's music has been played to the caller: what is whispered over it reached them, while into a line on
    /// which Asterisk sends nothing at all nothing can be whispered.
    has_music: bool,
    /// It has made room for something else, since then.
    announcing: Option<Instant>,
    actions: VecDeque<Action>,
}

impl QueueWatch {
    /// A caller of whom the dialplan says that they are about to join this queue.
    pub(crate) fn new(
        record: CallRecord,
        queue: String,
        settings: QueueSettings,
        now: Instant,
    ) -> Self {
        let wait = QueueWait::new(queue);
        Self {
            record: CallRecord {
                mode: settings.mode,
                queue: Some(wait.clone()),
                ..record
            },
            settings,
            wait,
            heard: Heard::default(),
            stage: Stage::Expected {
                until: now + LONGEST_UNTIL_JOINED,
            },
            joined: None,
            place: None,
            is_tapped: false,
            has_music: false,
            announcing: None,
            actions: VecDeque::new(),
        }
    }

    /// What is known of the wait so far.
    pub(crate) fn record(&self) -> &CallRecord {
        &self.record
    }

    /// Takes what happened.
    pub(crate) fn handle_event(&mut self, event: Event, now: Instant) {
        if self.stage == Stage::Ended {
            return;
        }
        match event {
            Event::Joined { position, channel } => self.join(position, channel, now),
            Event::Answered => self.end(WaitEnd::Answered, now),
            Event::Gone(Departure::HungUp) => self.gone(WaitEnd::HungUp, now),
            Event::Gone(Departure::Left) => self.gone(WaitEnd::Left, now),
            Event::ManagerLost | Event::Stop if matches!(self.stage, Stage::Left { .. }) => {
                self.end(WaitEnd::Left, now);
            }
            Event::ManagerLost => self.end(WaitEnd::ManagerLost, now),
            Event::Stop => self.end(WaitEnd::GuardStopped, now),
            Event::Tapped => {
                if matches!(self.stage, Stage::Tapping { .. }) {
                    self.is_tapped = true;
                    self.listen_on(0);
                }
            }
            Event::TapFailed(why) => self.deafen(Reason::Trouble(Trouble::Tap(why))),
            Event::Others(other) => self.place = self.place.map(|place| other.shifts(place)),
            Event::Key => self.answered(Answer::Key, now),
            Event::HoldMusic(plays) => {
                self.has_music |= plays;
                self.announcing = (!plays).then_some(now);
            }
            Event::Heard(update) if self.is_tapped => self.heard.update(update),
            Event::Gap(lost) if self.is_tapped => self.heard.lose(lost),
            Event::HeardUpTo(heard) if self.is_tapped => {
                self.heard.advance(heard);
                self.decide(now);
            }
            Event::Heard(_) | Event::Gap(_) | Event::HeardUpTo(_) => {}
            Event::Said => self.said(),
            Event::Echo(comes_back) => self.heard.comes_back(comes_back),
            Event::Unsayable => {
                if matches!(self.stage, Stage::Asking { .. }) {
                    self.unsayable();
                }
            }
            Event::Refused(why) => {
                if matches!(self.stage, Stage::Leaving { .. }) {
                    self.deafen(Reason::Trouble(Trouble::Command(why)));
                }
            }
        }
    }

    /// The time that [`Self::poll_timeout`] gave has come.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        match self.stage {
            Stage::Expected { .. } | Stage::Left { .. } => self.end(WaitEnd::Left, now),
            Stage::Tapping { .. } => {
                let why = "Asterisk has not connected with the caller's sound".into();
                self.deafen(Reason::Trouble(Trouble::Tap(why)));
            }
            Stage::Asking { .. } => self.unsayable(),
            Stage::Leaving { .. } => self.deafen(Reason::Trouble(Trouble::NoReply)),
            _ => {}
        }
    }

    /// The next thing to do; call it until it gives `None`.
    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Self::handle_timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Expected { until }
            | Stage::Tapping { until }
            | Stage::Asking { until, .. }
            | Stage::Leaving { until }
            | Stage::Left { until } => Some(until),
            _ => None,
        }
    }

    fn join(&mut self, position: Option<u32>, channel: String, now: Instant) {
        if !matches!(self.stage, Stage::Expected { .. }) {
            return;
        }
        self.joined = Some(now);
        self.wait.position = position;
        self.place = position;
        if !channel.is_empty() {
            self.record.channel = channel;
        }
        self.stage = Stage::Tapping {
            until: now + LONGEST_UNTIL_TAPPED,
        };
        self.actions.push_back(Action::BeginTap);
        self.save();
    }

    fn listen_on(&mut self, unanswered: u32) {
        self.stage = Stage::Listening {
            unanswered,
            since: self.heard.now(),
        };
    }

    /// A moment to decide: something more has been heard.
    ///
    /// A near voice from the beginning of a question on is an answer, also under it: that a speakerphone sends it back
    /// makes the guard believe that somebody is there, and the other way round would hurt.
    fn decide(&mut self, now: Instant) {
        match self.stage {
            Stage::Listening { unanswered, since } => {
                if unanswered > 0 && self.heard.spoke_since(since) {
                    self.listen_on(0);
                } else if self.is_question_due(unanswered, since) && self.may_speak(now) {
                    self.ask(unanswered + 1, now);
                }
            }
            Stage::Awaiting {
                number,
                since,
                until,
            } => {
                if self.heard.spoke_since(since) {
                    self.answered(Answer::Voice, now);
                } else if self.heard.now() >= until {
                    if number < QUESTIONS {
                        self.listen_on(number);
                    } else {
                        self.desert(now);
                    }
                }
            }
            Stage::Deserted { since } if self.heard.spoke_since(since) => self.came_back(now),
            _ => {}
        }
    }

    fn is_question_due(&self, unanswered: u32, since: MediaTime) -> bool {
        let since_then = self.heard.now() - since;
        if unanswered > 0 && since_then < AGAIN {
            return false;
        }
        let idle = self.heard.idle();
        let after = match idle.heard {
            quiet if quiet.may_listen() => self.settings.silence,
            _ => Some(self.settings.idle),
        };
        // A voice in their hold music is none of the caller's.
        let window = MediaTime::from(self.settings.idle);
        let is_music = idle.heard != Instead::Echo
            && since_then >= window
            && self.heard.is_mostly_music(window);
        is_music || after.is_some_and(|after| idle.total >= after)
    }

    /// Whether Asterisk announces nothing, as far as that can be known.
    fn may_speak(&self, now: Instant) -> bool {
        self.announcing
            .is_none_or(|since| now.saturating_duration_since(since) >= LONGEST_ANNOUNCEMENT)
    }

    fn ask(&mut self, number: u32, now: Instant) {
        let since = self.heard.now();
        if self.settings.mode == Mode::Observe {
            // Nothing is said; whether anybody is there is seen in the same time.
            self.stage = Stage::Awaiting {
                number,
                since,
                until: since + TO_ANSWER,
            };
            return;
        }
        self.record.asked.push(Asked {
            prompt: Played::Prompt(Prompt::StillWaiting),
            at: since,
            answer: None,
        });
        self.stage = Stage::Asking {
            number,
            since,
            until: now + LONGEST_QUESTION,
        };
        self.actions.push_back(Action::Ask);
    }

    fn said(&mut self) {
        if let Stage::Asking { number, since, .. } = self.stage {
            self.stage = Stage::Awaiting {
                number,
                since,
                until: self.heard.now() + TO_ANSWER,
            };
        }
    }

    /// Whom nobody can ask, nobody need listen to.
    fn unsayable(&mut self) {
        self.record.asked.pop();
        let prompt = Prompt::StillWaiting.to_string();
        self.deafen(Reason::Trouble(Trouble::Prompt(prompt)));
    }

    /// A key, or a voice behind a question: somebody is there.
    fn answered(&mut self, how: Answer, now: Instant) {
        let is_heard = match self.stage {
            Stage::Asking { .. } | Stage::Awaiting { .. } => {
                if self.settings.mode != Mode::Observe
                    && let Some(asked) = self.record.asked.last_mut()
                {
                    asked.answer = Some(how);
                }
                true
            }
            Stage::Listening { .. } => true,
            Stage::Deserted { .. } => return self.came_back(now),
            // Too late to be left in the queue, or listened to; somebody is there all the same.
            Stage::Leaving { .. } | Stage::Deaf if self.wait.unanswered().is_some() => {
                return self.somebody_is_there(now);
            }
            _ => false,
        };
        if is_heard {
            self.heard.resume();
            self.listen_on(0);
        }
    }

    /// The caller is in the queue no longer; by us, if we have asked for that.
    fn gone(&mut self, how: WaitEnd, now: Instant) {
        match self.stage {
            Stage::Leaving { .. } => self.end(WaitEnd::Ended, now),
            _ if how == WaitEnd::HungUp => self.end(how, now),
            Stage::Left { .. } => {}
            _ => {
                self.end_tap();
                self.wait.waited_s = self.waited_s(now);
                self.stage = Stage::Left {
                    until: now + UNTIL_THE_REASON,
                };
            }
        }
    }

    /// Nothing is heard from here on; the wait goes on.
    fn deafen(&mut self, why: Reason) {
        if matches!(self.stage, Stage::Ended | Stage::Deaf | Stage::Left { .. }) {
            return;
        }
        self.end_tap();
        self.record.reasons.push(why);
        self.stage = Stage::Deaf;
        self.save();
    }

    fn end_tap(&mut self) {
        self.is_tapped = false;
        self.actions.push_back(Action::EndTap);
    }

    fn end(&mut self, how: WaitEnd, now: Instant) {
        self.end_tap();
        self.stage = Stage::Ended;
        self.wait.waited_s = self.wait.waited_s.or(self.waited_s(now));
        self.wait.ended = Some(how);
        self.record.ended_by = Some(match how {
            WaitEnd::HungUp => EndedBy::Caller,
            WaitEnd::Ended => EndedBy::Guard,
            WaitEnd::Answered | WaitEnd::Left | WaitEnd::ManagerLost | WaitEnd::GuardStopped => {
                EndedBy::Asterisk
            }
        });
        self.fill_in();
        let record = Box::new(self.record.clone());
        self.actions.push_back(Action::File(record));
    }

    fn save(&mut self) {
        self.fill_in();
        let record = Box::new(self.record.clone());
        self.actions.push_back(Action::Save(record));
    }

    fn fill_in(&mut self) {
        let timeline = self.heard.timeline();
        let segments = timeline.segments();
        let newest = segments.len().saturating_sub(MOST_SEGMENTS);
        self.record.timeline = segments[newest..].to_vec();
        self.record.seconds = timeline.seconds();
        self.record.queue = Some(self.wait.clone());
    }

    fn waited_s(&self, now: Instant) -> Option<u32> {
        let waited = now.saturating_duration_since(self.joined?);
        u32::try_from(waited.as_secs()).ok()
    }
}

/// So many questions, one after the other, go unanswered before nobody is said to be there.
const QUESTIONS: u32 = 2;
/// Between the end of the time for one and the next.
const AGAIN: MediaTime = MediaTime::from_secs(10);
/// The time to answer, in the caller's sound.
const TO_ANSWER: MediaTime = MediaTime::from_secs(8);
/// From the request to Asterisk's word that the caller is in the queue.
const LONGEST_UNTIL_JOINED: Duration = Duration::from_secs(10);
/// From there to the tap.
const LONGEST_UNTIL_TAPPED: Duration = Duration::from_secs(10);
/// The question takes five seconds; an administrator's own may take longer.
const LONGEST_QUESTION: Duration = Duration::from_secs(30);
/// What takes longer is no announcement, or its end was not reported.
const LONGEST_ANNOUNCEMENT: Duration = Duration::from_secs(30);
/// From the end of the wait to Asterisk's word that the caller has hung up, where they have.
const UNTIL_THE_REASON: Duration = Duration::from_secs(1);
/// The newest segments are kept: a wait may last for hours.
const MOST_SEGMENTS: usize = 1_000;

#[cfg(test)]
mod tests;
