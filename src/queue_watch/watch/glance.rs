//! What somebody who looks at a wait sees of it while it goes on.

use std::time::Duration;

use super::{QueueWatch, Stage};
use crate::audio::MediaTime;
use crate::call_record::{Answer, Instead};

/// A wait as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The caller's place now, from 1; `None` where Asterisk has not said it.
    pub place: Option<u32>,
    /// What comes from them.
    pub sound: Sound,
    /// How often they were asked whether somebody is there.
    pub asked: u32,
    /// What came of the newest question; `None` where nothing has.
    pub answer: Option<Answer>,
    /// What was heard when two questions had gone unanswered, or would have in observe, and nobody has come back since.
    pub unanswered: Option<Instead>,
}

/// What comes from a caller who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// They are not listened to yet.
    NotYet,
    /// They cannot be listened to.
    Unheard,
    /// A near voice or a key, now or a moment ago.
    SignOfLife,
    /// This instead.
    Instead(Instead),
}

/// How somebody else moves in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// They join it in this place.
    Joins(u32),
    /// They leave it from this place.
    Leaves(u32),
}

impl Move {
    /// The place of somebody who was in this one.
    pub(super) fn shifts(self, place: u32) -> u32 {
        match self {
            Self::Joins(at) if at <= place => place.saturating_add(1),
            Self::Leaves(at) if at < place => place - 1,
            _ => place,
        }
    }
}

impl Glance {
    /// Whether nobody is there.
    pub fn is_deserted(&self) -> bool {
        self.unanswered.is_some_and(|heard| !heard.may_listen())
    }
}

impl QueueWatch {
    /// What there is to see of it; `None` where the caller has not joined the queue, or has left it.
    pub(crate) fn glance(&self) -> Option<Glance> {
        self.joined?;
        let sound = match self.stage {
            Stage::Expected { .. } | Stage::Left { .. } | Stage::Ended => return None,
            Stage::Tapping { .. } => Sound::NotYet,
            Stage::Deaf => Sound::Unheard,
            _ => self.sound(),
        };
        let asked = &self.record.asked;
        Some(Glance {
            place: self.place,
            sound,
            asked: asked.len().try_into().unwrap_or(u32::MAX),
            answer: asked.last().and_then(|asked| asked.answer),
            unanswered: self.wait.unanswered(),
        })
    }

    fn sound(&self) -> Sound {
        let idle = self.heard.idle();
        let is_new = idle.total < A_MOMENT;
        if is_new && self.heard.spoke_since(MediaTime::ZERO) {
            Sound::SignOfLife
        } else {
            Sound::Instead(idle.heard)
        }
    }
}

/// Between two sentences nobody is gone.
const A_MOMENT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::super::tests::Life;
    use super::super::{Event, Mode};
    use super::*;
    use crate::hearing::Class;

    #[test]
    fn who_looks_at_a_wait_sees_it_as_it_stands() {
        let mut life = Life::of(Mode::Guide);
        let seen = |life: &Life| life.watch.glance().unwrap();
        life.happens(Event::Others(Move::Leaves(1)));
        life.hears(Class::Music, 20_000);
        let music = Glance {
            place: Some(2),
            sound: Sound::Instead(Instead::Music),
            asked: 0,
            answer: None,
            unanswered: None,
        };
        assert_eq!(seen(&life), music);
        life.hears(Class::Music, 15_000);
        assert_eq!(seen(&life), Glance { asked: 1, ..music });
        life.happens(Event::Key);
        let alive = Glance {
            asked: 1,
            answer: Some(Answer::Key),
            sound: Sound::SignOfLife,
            ..music
        };
        assert_eq!(seen(&life), alive);
        life.hears(Class::Music, 90_000);
        let deserted = Glance {
            asked: 3,
            unanswered: Some(Instead::Music),
            ..music
        };
        assert_eq!(seen(&life), deserted);
        life.happens(Event::TapFailed("gone".into()));
        assert_eq!(seen(&life).sound, Sound::Unheard);
        life.happens(Event::Answered);
        assert_eq!(life.watch.glance(), None);
    }

    #[test]
    fn who_comes_or_goes_before_one_changes_ones_place() {
        for (other, place) in [
            (Move::Joins(4), 3),
            (Move::Joins(3), 4),
            (Move::Joins(1), 4),
            (Move::Leaves(1), 2),
            (Move::Leaves(2), 2),
            (Move::Leaves(4), 3),
            (Move::Leaves(0), 2),
        ] {
            assert_eq!(other.shifts(3), place, "{other:?}");
        }
        assert_eq!(Move::Leaves(0).shifts(0), 0);
    }
}
