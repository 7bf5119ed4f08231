//! All segments of a call, in order.

use serde::{Deserialize, Serialize};

use super::{Class, Glimpse, Signal, Update};
use crate::audio::MediaTime;

/// A stretch of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it begins.
    pub start: MediaTime,
    /// Where it ends; the open segment ends where hearing has got to.
    pub end: MediaTime,
    /// What it is.
    pub class: Class,
    /// How much had been heard when it was first known.
    #[serde(rename = "at")]
    pub known_at: MediaTime,
    /// Which signal, for a tone whose cadence was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
}

impl Segment {
    /// How long it is.
    pub fn len(&self) -> MediaTime {
        self.end - self.start
    }

    /// Whether it is a near voice. A click of the line that the ear took for one is not.
    pub fn is_voice(&self) -> bool {
        self.class == Class::Speech && self.len() >= SHORTEST_VOICE
    }

    /// Whether it has no length.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

const SHORTEST_VOICE: MediaTime = MediaTime::from_millis(250);

/// No number is that long: keys beyond it are ignored, however long somebody presses them.
const MOST_KEYS: usize = 64;

/// How much of each class a timeline holds, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassSeconds {
    /// Near speech.
    pub speech: MediaTime,
    /// Quiet line.
    pub silence: MediaTime,
    /// Music.
    pub music: MediaTime,
    /// Machine signals.
    pub tone: MediaTime,
    /// Everything else.
    pub noise: MediaTime,
}

impl ClassSeconds {
    /// The share of one class.
    pub fn of(&self, class: Class) -> MediaTime {
        match class {
            Class::Speech => self.speech,
            Class::Silence => self.silence,
            Class::Music => self.music,
            Class::Tone => self.tone,
            Class::Noise => self.noise,
        }
    }

    fn add(&mut self, class: Class, len: MediaTime) {
        match class {
            Class::Speech => self.speech += len,
            Class::Silence => self.silence += len,
            Class::Music => self.music += len,
            Class::Tone => self.tone += len,
            Class::Noise => self.noise += len,
        }
    }
}

/// What was heard of a call so far: segments without gaps from zero to [`Timeline::heard`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline {
    segments: Vec<Segment>,
    #[serde(skip)]
    keys: String,
    #[serde(skip)]
    glimpses: Vec<Glimpse>,
}

impl Timeline {
    /// Takes what the ear said.
    pub fn apply(&mut self, update: Update) {
        let (class, start, known_at, signal) = match update {
            Update::ClassChange {
                class,
                start,
                known_at,
                signal,
            } => (class, start, known_at, signal),
            Update::Key(key) => {
                if self.keys.len() < MOST_KEYS {
                    self.keys.push(key);
                }
                return;
            }
            Update::Glimpsed(glimpse) => {
                self.glimpses.push(glimpse);
                return;
            }
        };
        let start = self
            .segments
            .last()
            .map_or(start, |last| start.max(last.start));
        if let Some(last) = self.segments.last_mut() {
            last.end = start;
        }
        while self.segments.last().is_some_and(Segment::is_empty) {
            self.segments.pop();
        }
        match self.segments.last_mut() {
            Some(last) if last.class == class => last.signal = last.signal.or(signal),
            _ => self.segments.push(Segment {
                start,
                end: known_at.max(start),
                class,
                known_at,
                signal,
            }),
        }
    }

    /// The sound has been heard up to here.
    pub fn advance(&mut self, heard: MediaTime) {
        if let Some(last) = self.segments.last_mut() {
            last.end = last.end.max(heard);
        }
    }

    /// The segments, in order, without gaps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The keys that came as sound, in order.
    pub fn keys(&self) -> &str {
        &self.keys
    }

    /// What both networks made of the sound, piece by piece, in order.
    pub fn glimpses(&self) -> &[Glimpse] {
        &self.glimpses
    }

    /// The open segment.
    pub fn current(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// How far hearing has got.
    pub fn heard(&self) -> MediaTime {
        self.segments
            .last()
            .map_or(MediaTime::ZERO, |last| last.end)
    }

    /// Seconds of each class in the whole timeline.
    pub fn seconds(&self) -> ClassSeconds {
        self.seconds_within(MediaTime::ZERO, self.heard())
    }

    /// Seconds of each class between two places.
    pub fn seconds_within(&self, from: MediaTime, to: MediaTime) -> ClassSeconds {
        let mut seconds = ClassSeconds::default();
        for segment in &self.segments {
            seconds.add(segment.class, segment.end.min(to) - segment.start.max(from));
        }
        seconds
    }

    /// The machine signal that is there now, and where it began. Its bursts count together as long as no voice comes
    /// between them; what follows a special information tone belongs to it.
    pub fn machine_signal(&self) -> Option<(Signal, MediaTime)> {
        let is_machine = |s: &Segment| s.signal.filter(|signal| signal.is_machine());
        let at = self
            .segments
            .iter()
            .rposition(|s| is_machine(s).is_some())?;
        let signal = is_machine(&self.segments[at])?;
        let (before, from) = self.segments.split_at(at);
        let same_run = |end: MediaTime, start: MediaTime| start - end <= signal.longest_pause();
        if signal != Signal::Sit {
            let mut end = from[0].end;
            for segment in &from[1..] {
                if segment.is_voice() || !same_run(end, segment.start) {
                    return None;
                }
                if segment.class == Class::Tone {
                    end = segment.end;
                }
            }
            if !same_run(end, self.heard()) {
                return None;
            }
        }
        let mut start = from[0].start;
        for segment in before.iter().rev().take_while(|s| !s.is_voice()) {
            if segment.class == Class::Tone && same_run(segment.end, start) {
                start = segment.start;
            }
        }
        Some((signal, start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(of: &[(Class, u64, Option<Signal>)]) -> Timeline {
        let mut timeline = Timeline::default();
        let mut start = MediaTime::ZERO;
        for &(class, millis, signal) in of {
            timeline.apply(Update::ClassChange {
                class,
                start,
                known_at: start,
                signal,
            });
            start += MediaTime::from_millis(millis);
            timeline.advance(start);
        }
        timeline
    }

    #[test]
    fn bursts_of_a_signal_count_together_until_a_voice_or_too_long_a_pause() {
        use Class::{Silence, Speech, Tone};
        let fax = Some(Signal::FaxCng);
        let start = |of: &[(Class, u64, Option<Signal>)]| {
            let found = timeline(of).machine_signal();
            found.map(|(_, start)| start.as_secs_f64())
        };
        let quiet = (Silence, 1_000, None);
        let bursts = [
            quiet,
            (Tone, 500, None),
            (Silence, 3_000, None),
            (Tone, 500, fax),
        ];
        let then = |more: &[(Class, u64, Option<Signal>)]| start(&[&bursts[..], more].concat());
        assert_eq!(then(&[]), Some(1.0));
        assert_eq!(then(&[(Silence, 3_900, None)]), Some(1.0));
        assert_eq!(
            then(&[(Silence, 3_000, None), (Tone, 500, None)]),
            Some(1.0)
        );
        assert_eq!(then(&[(Silence, 5_000, None)]), None);
        assert_eq!(then(&[(Silence, 500, None), (Speech, 400, None)]), None);
        assert_eq!(
            then(&[(Speech, 100, None), (Silence, 500, None)]),
            Some(1.0)
        );
        let voice_between = [bursts[1], (Speech, 2_000, None), bursts[3]];
        assert_eq!(start(&voice_between), Some(2.5));
        let typed = [(Speech, 4_000, Some(Signal::Textphone))];
        assert_eq!(start(&typed), None);
    }

    #[test]
    fn what_follows_a_special_information_tone_belongs_to_it() {
        let sit = (Class::Tone, 1_000, Some(Signal::Sit));
        let quiet = (Class::Silence, 9_000, None);
        let announcement = (Class::Speech, 6_000, None);
        let found = timeline(&[quiet, sit, quiet, announcement]).machine_signal();
        assert_eq!(found, Some((Signal::Sit, MediaTime::from_secs(9))));
    }

    #[test]
    fn keys_without_end_are_let_by() {
        let mut timeline = Timeline::default();
        for _ in 0..10_000 {
            timeline.apply(Update::Key('1'));
        }
        assert_eq!(timeline.keys(), "1".repeat(MOST_KEYS));
    }
}
