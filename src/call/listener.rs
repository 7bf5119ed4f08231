//! The caller's sound on its way into the conversation: what the tap brings goes through the ear
//! and becomes events.

use std::iter;

use super::{Event, intake};
use crate::audio::MediaTime;
use crate::hearing::Classifier;

/// The ear behind the tap of one call.
pub struct Listener {
    ear: Box<dyn Classifier>,
}

impl Listener {
    /// Nothing has been heard yet.
    pub fn new(ear: Box<dyn Classifier>) -> Self {
        Self { ear }
    }

    /// The next samples: 8 kHz, mono.
    pub fn samples(&mut self, samples: &[i16]) -> Vec<Event> {
        self.ear.push(samples);
        let packets = intake::are_packets(samples).then_some(Event::FirstPacket);
        self.events(packets)
    }

    /// So much sound never came.
    pub fn gap(&mut self, lost: MediaTime) -> Vec<Event> {
        self.ear.skip(lost);
        self.events(Some(Event::Gap(lost)))
    }

    /// The sound has ended.
    pub fn finished(&mut self) -> Vec<Event> {
        self.ear.finish();
        let mut events = self.events(None);
        events.push(Event::TapFinished);
        events
    }

    /// The tap cannot be followed any further: what was heard is all that will be.
    pub fn failed(&mut self, why: String) -> Vec<Event> {
        self.ear.finish();
        let mut events = self.events(None);
        events.extend([Event::TapFailed(why), Event::TapFinished]);
        events
    }

    fn events(&mut self, first: Option<Event>) -> Vec<Event> {
        let updates = iter::from_fn(|| self.ear.poll_update()).map(Event::Heard);
        let mut events: Vec<Event> = first.into_iter().chain(updates).collect();
        events.push(Event::HeardUpTo(self.ear.heard()));
        events
    }
}
