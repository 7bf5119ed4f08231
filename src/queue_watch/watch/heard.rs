//! What is remembered of the sound of a caller who waits.

use std::time::Duration;

use crate::audio::MediaTime;
use crate::call_record::Instead;
use crate::hearing::{Class, Segment, Timeline, Update};

/// The timeline so far, and where the caller last gave a sign of life.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    timeline: Timeline,
    /// How much sound never came since the last sign of life.
    lost: MediaTime,
    sign_of_life: MediaTime,
    /// How much never came at all.
    lost_in_all: MediaTime,
    /// What is sent to the caller comes back: a speakerphone.
    comes_back: bool,
}

/// What the sound has been since the last sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Idle {
    /// For how long.
    pub(super) total: Duration,
    /// What there was instead of a voice.
    pub(super) heard: Instead,
}

impl Heard {
    /// The ear has reported this.
    pub(super) fn update(&mut self, update: Update) {
        // Keys are the caller's, and what both networks made of the sound is of no use for a wait.
        if matches!(update, Update::ClassChange { .. }) {
            self.timeline.apply(update);
        }
    }

    pub(super) fn advance(&mut self, heard: MediaTime) {
        self.timeline.advance(heard);
        let voice = self.backwards(self.sign_of_life).find(|s| s.is_voice());
        if let Some(end) = voice.map(|s| s.end)
            && end > self.sign_of_life
        {
            self.alive(end);
        }
    }

    pub(super) fn lose(&mut self, lost: MediaTime) {
        self.lost += lost;
        self.lost_in_all += lost;
    }

    /// The caller gave a sign of life now.
    pub(super) fn resume(&mut self) {
        self.alive(self.now());
    }

    /// Whether what was sent to the caller has come back.
    pub(super) fn comes_back(&mut self, comes_back: bool) {
        self.comes_back = comes_back;
    }

    /// Whether any packet ever came. None does from a caller whose call Asterisk has not answered yet.
    pub(super) fn has_packets(&self) -> bool {
        self.now() > self.lost_in_all
    }

    pub(super) fn now(&self) -> MediaTime {
        self.timeline.heard()
    }

    /// Whether a near voice spoke at this place or later.
    pub(super) fn spoke_since(&self, from: MediaTime) -> bool {
        self.sign_of_life > from
    }

    /// Whether this much of the newest sound is little but music.
    pub(super) fn is_mostly_music(&self, window: MediaTime) -> bool {
        let music = self.within(self.now() - window, Class::Music);
        music.samples() * 4 >= window.samples() * 3
    }

    pub(super) fn idle(&self) -> Idle {
        let of = |class| self.within(self.sign_of_life, class);
        let kinds = [
            (of(Class::Music), Instead::Music),
            (of(Class::Tone), Instead::Tone),
            (of(Class::Noise), Instead::Noise),
            (self.lost, Instead::NoAudio),
        ];
        // Sound that never came counts as silence for the ear.
        let quiet = of(Class::Silence) - self.lost;
        let busy = kinds
            .iter()
            .fold(MediaTime::ZERO, |sum, (time, _)| sum + *time);
        let most = kinds.into_iter().max_by_key(|(time, _)| *time);
        Idle {
            total: (self.now() - self.sign_of_life).into(),
            heard: match most {
                Some((_, Instead::NoAudio)) if busy > quiet => Instead::NoAudio,
                Some(_) if busy > quiet && self.comes_back => Instead::Echo,
                Some((_, instead)) if busy > quiet => instead,
                _ => Instead::Silence,
            },
        }
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn alive(&mut self, at: MediaTime) {
        self.sign_of_life = at;
        self.lost = MediaTime::ZERO;
    }

    /// The segments that reach beyond a place, the last one first.
    fn backwards(&self, from: MediaTime) -> impl Iterator<Item = &Segment> {
        let segments = self.timeline.segments().iter().rev();
        segments.take_while(move |segment| segment.end > from)
    }

    fn within(&self, from: MediaTime, class: Class) -> MediaTime {
        let of_class = self.backwards(from).filter(|s| s.class == class);
        of_class.fold(MediaTime::ZERO, |sum, s| sum + (s.end - s.start.max(from)))
    }
}
