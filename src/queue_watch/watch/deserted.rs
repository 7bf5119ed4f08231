//! Nobody is there any more, as far as can be known; and somebody is there after all.

use std::time::{Duration, Instant};

use super::{Action, QueueWatch, Stage};
use crate::call_record::{Mode, Nobody};

impl QueueWatch {
    /// Two questions went unanswered.
    pub(super) fn desert(&mut self, now: Instant) {
        let heard = self.heard.idle().heard;
        self.wait.nobody = Some(Nobody {
            heard,
            after_s: self.waited_s(now).unwrap_or_default(),
            back_s: None,
        });
        let nobody = Some(heard);
        let since = self.heard.now();
        let is_certain = !heard.may_listen() || self.settings.silence_ends;
        // Nobody is sent away who was never heard, or whom the questions cannot have reached.
        let is_certain = is_certain && self.heard.has_packets() && self.has_music;
        match self.settings.mode {
            Mode::Observe => self.stage = Stage::Deserted { since },
            Mode::Enforce if is_certain => {
                self.end_tap();
                self.actions.push_back(Action::Report { nobody });
                self.actions.push_back(Action::TakeOut);
                self.stage = Stage::Leaving {
                    until: now + LONGEST_UNTIL_OUT,
                };
            }
            Mode::Guide | Mode::Enforce => {
                self.stage = Stage::Deserted { since };
                self.actions.push_back(Action::Report { nobody });
            }
        }
        self.save();
    }

    pub(super) fn came_back(&mut self, now: Instant) {
        self.somebody_is_there(now);
        self.heard.resume();
        self.listen_on(0);
    }

    /// What was said of them is taken back.
    pub(super) fn somebody_is_there(&mut self, now: Instant) {
        let back = self.waited_s(now);
        if let Some(nobody) = &mut self.wait.nobody {
            nobody.back_s = back;
        }
        if self.settings.mode != Mode::Observe {
            self.actions.push_back(Action::Report { nobody: None });
        }
        self.save();
    }
}

/// From the order to Asterisk's word that the caller has left the queue.
const LONGEST_UNTIL_OUT: Duration = Duration::from_secs(10);
