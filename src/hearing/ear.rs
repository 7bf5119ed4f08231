//! The ear itself: chunks of any length in, changes of class out.

use std::collections::VecDeque;
use std::fmt;

use super::dtmf::Dtmf;
use super::features::{Cues, Features, Lines, Row, STEP, WIDTH};
use super::network::{CLASSES, Memory, Weights, softmax};
use super::pitch::pitch;
use super::second::Second;
use super::segmenter::{Change, Segmenter};
use super::stationary::Stationary;
use super::textphone::Textphone;
use super::tone::Tones;
use super::{Class, Signal, Update};
use crate::audio::MediaTime;

/// What was heard in the last 40 ms, for people who want to know why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where these 40 ms end.
    pub end: MediaTime,
    /// Probability of each class, in the order of [`Class::ALL`]; they speak of the sound 160 ms before `end`.
    pub probabilities: [f32; CLASSES],
    /// What can be said in words.
    pub cues: Cues,
    /// The strongest lines of the spectrum.
    pub lines: Lines,
    /// The numbers the network was given.
    pub row: Row,
}

/// Sorts one caller's sound into classes while it comes.
///
/// Pure: no clock, no files. Chunks of any length give the same updates; nothing is allocated after [`Ear::new`]
/// as long as updates are fetched.
///
/// ```
/// use voicemail_guard::audio::MediaTime;
/// use voicemail_guard::hearing::{Class, Ear, Timeline, Update};
///
/// let mut ear = Ear::new();
/// let mut timeline = Timeline::default();
/// ear.push(&[0; 16_000]);
/// ear.finish();
/// while let Some(update) = ear.poll_update() {
///     timeline.apply(update);
/// }
/// timeline.advance(ear.heard());
/// assert_eq!(timeline.heard(), MediaTime::from_secs(2));
/// assert_eq!(timeline.segments()[0].class, Class::Silence);
/// ```
pub struct Ear {
    weights: &'static Weights,
    features: Features,
    memory: Memory,
    second: Second,
    segmenter: Segmenter,
    tones: Tones,
    keys: Dtmf,
    textphone: Textphone,
    stationary: Stationary,
    pending: [i16; STEP],
    filled: usize,
    /// Samples of whole steps heard.
    stepped: u64,
    /// Sound that was skipped without being heard, and the step after which it was.
    jumped: u64,
    /// As much of it as was skipped before the last skip.
    jumped_before: u64,
    jumped_at: u64,
    /// Where the change that was announced last started.
    announced_at: MediaTime,
    frame: Option<Frame>,
    updates: VecDeque<Update>,
}

impl Ear {
    /// Steps by which the network's answer lags behind the sound.
    const LAG: u64 = 4;
    /// Longer losses are not heard through: this much of them is enough to forget what was before.
    const LONGEST_LOSS: u64 = 2 * 8_000;
    const ROOM: usize = 32;

    /// An ear that has heard nothing.
    pub fn new() -> Self {
        Self::with(Weights::shared())
    }

    /// An ear with other weights than the ones built in, to measure them.
    pub fn with(weights: &'static Weights) -> Self {
        Self {
            weights,
            features: Features::new(),
            memory: Memory::new(),
            second: Second::new(),
            segmenter: Segmenter::new(),
            tones: Tones::new(),
            keys: Dtmf::new(),
            textphone: Textphone::new(),
            stationary: Stationary::default(),
            pending: [0; STEP],
            filled: 0,
            stepped: 0,
            jumped: 0,
            jumped_before: 0,
            jumped_at: 0,
            announced_at: MediaTime::ZERO,
            frame: None,
            updates: VecDeque::with_capacity(Self::ROOM),
        }
    }

    /// Hears samples: 8 kHz, mono, any number of them.
    pub fn push(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() {
            let take = samples.len().min(STEP - self.filled);
            let (now, later) = samples.split_at(take);
            self.pending[self.filled..self.filled + take].copy_from_slice(now);
            self.filled += take;
            samples = later;
            if self.filled == STEP {
                self.filled = 0;
                self.step();
            }
        }
    }

    /// No packets came for this long: counts as silence and moves time by exactly as much.
    pub fn skip(&mut self, lost: MediaTime) {
        const ZEROS: [i16; STEP] = [0; STEP];
        let mut heard = lost.samples().min(Self::LONGEST_LOSS);
        let jump = lost.samples() - heard;
        while heard > 0 {
            let take = heard.min(STEP as u64);
            self.push(&ZEROS[..take as usize]);
            heard -= take;
        }
        if jump > 0 {
            if self.jumped_at < self.stepped {
                self.jumped_before = self.jumped;
            }
            self.jumped = self.jumped.saturating_add(jump);
            self.jumped_at = self.stepped;
        }
    }

    /// The sound has ended; what has not been announced yet is announced now.
    pub fn finish(&mut self) {
        if let Some(change) = self.segmenter.finish() {
            self.announce(change);
        }
        let end = self.heard();
        self.pending = [0; STEP];
        for _ in 0..self.second.steps_left() {
            let row = self.features.step(&self.pending);
            let silence = [0.0, 1.0, 0.0, 0.0, 0.0];
            self.glimpse(&row, &silence, end);
        }
    }

    /// The next change of class, until `None`.
    pub fn poll_update(&mut self) -> Option<Update> {
        self.updates.pop_front()
    }

    /// How much sound has been heard, lost packets included.
    pub fn heard(&self) -> MediaTime {
        MediaTime::from_samples(
            self.stepped
                .saturating_add(self.jumped)
                .saturating_add(self.filled as u64),
        )
    }

    /// What was heard in the last 40 ms; `None` until 40 ms have been heard.
    pub fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    fn step(&mut self) {
        let row = self.features.step(&self.pending);
        self.stepped += STEP as u64;
        let logits = self.weights.first.step(&mut self.memory, &row);
        let mut probabilities = softmax(logits);
        let lines = *self.features.lines();
        let recognised = self.tones.step(&lines);
        if let Some(key) = self.keys.step(&self.pending, &lines) {
            self.updates.push_back(Update::Key(char::from(key)));
        }
        let typed = self.textphone.step(&self.pending, &lines);
        let unchanging = self.stationary.step(&row);
        if self.textphone.types() {
            probabilities = certain(Class::Speech);
        } else if self.tones.sounding() {
            probabilities = certain(Class::Tone);
        } else if unchanging.is_some() {
            probabilities[Class::Noise as usize] += probabilities[Class::Music as usize] - 0.02;
            probabilities[Class::Music as usize] = 0.02;
        }
        self.frame = Some(Frame {
            end: self.heard(),
            probabilities,
            cues: *self.features.cues(),
            lines,
            row,
        });
        self.glimpse(&row, &probabilities, self.heard());
        if let Some(change) = self.segmenter.step(&probabilities) {
            self.announce(change);
        }
        if let Some(start) = unchanging
            && self.segmenter.announced() == Some(Class::Music)
            && let Some(change) = self.segmenter.force(Class::Noise, start + Self::LAG)
        {
            self.announce(change);
        }
        if let Some(recognised) = recognised {
            self.recognise(Class::Tone, recognised.signal, recognised.start);
        }
        if let Some(start) = typed {
            self.recognise(Class::Speech, Signal::Textphone, start);
        }
    }

    /// A signal has been recognised that began at the step `start`.
    fn recognise(&mut self, class: Class, signal: Signal, start: u64) {
        if let Some(change) = self.segmenter.force(class, start + Self::LAG) {
            self.announce(change);
        }
        self.updates.push_back(Update::ClassChange {
            class,
            start: self.heard(),
            known_at: self.heard(),
            signal: Some(signal),
        });
    }

    fn glimpse(&mut self, row: &Row, first: &[f32; CLASSES], end: MediaTime) {
        let network = &self.weights.second;
        let pitch = || pitch(&self.pending);
        if let Some(glimpse) = self.second.step(network, row, first, end, pitch) {
            self.updates.push_back(Update::Glimpsed(glimpse));
        }
    }

    fn announce(&mut self, change: Change) {
        let heard = change.start.saturating_sub(Self::LAG) * STEP as u64;
        let jumped = if heard >= self.jumped_at {
            self.jumped
        } else {
            self.jumped_before
        };
        let start = MediaTime::from_samples(heard.saturating_add(jumped));
        // Whichever loss it lies before, a change never starts before the one that was announced last.
        self.announced_at = start.min(self.heard()).max(self.announced_at);
        self.updates.push_back(Update::ClassChange {
            class: change.class,
            start: self.announced_at,
            known_at: self.heard(),
            signal: None,
        });
    }
}

impl Default for Ear {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear")
            .field("heard", &self.heard())
            .field("announced", &self.segmenter.announced())
            .finish_non_exhaustive()
    }
}

/// What stands in for the network's answer where arithmetic leaves no doubt.
fn certain(class: Class) -> [f32; CLASSES] {
    let mut probabilities = [0.02; CLASSES];
    probabilities[class as usize] = 0.92;
    probabilities
}

/// The state of one call, in bytes; the shared tables and weights not counted.
const STATE_BYTES: usize = size_of::<Ear>() + Ear::ROOM * size_of::<Update>();

const _: () = assert!(STATE_BYTES <= 16 * 1024, "one call needs more than 16 KiB");
const _: () = assert!(WIDTH < 64);
