//! An ear that is given what it hears: each sample's value names its class.

use std::collections::VecDeque;
use std::time::Duration;

use voicemail_guard::audio::MediaTime;
use voicemail_guard::hearing::{Class, Classifier, Glimpse, Signal, Update};

use super::script::Sound;

/// Hears what [`code`] says, at once and, but for what is indistinct, without a doubt.
#[derive(Debug, Default)]
pub(crate) struct ScriptedEar {
    heard: MediaTime,
    last: Option<i16>,
    updates: VecDeque<Update>,
}

impl ScriptedEar {
    fn hear(&mut self, code: i16, length: MediaTime) {
        if self.last.replace(code) != Some(code) {
            if let Some(key) = code
                .checked_sub(KEYS)
                .and_then(|key| u8::try_from(key).ok())
            {
                self.updates.push_back(Update::Key(char::from(key)));
            }
            let (class, signal) = meaning(code);
            self.updates.push_back(Update::ClassChange {
                class,
                start: self.heard,
                known_at: self.heard,
                signal,
            });
        }
        let before = self.heard;
        self.heard += length;
        if code == INDISTINCT {
            self.glimpse(before);
        }
    }

    /// What two listeners make of words and pauses in noise, every 0.48 s.
    fn glimpse(&mut self, since: MediaTime) {
        let glimpses = |until: MediaTime| Duration::from(until).as_millis() as u64 / 480;
        for n in glimpses(since)..glimpses(self.heard) {
            let [first, second] = [[WORD, SPEECH], [NOISE, SPEECH], [NOISE, NOISE]][n as usize % 3];
            let end = MediaTime::from_millis(480 * (n + 1));
            let glimpse = Glimpse {
                end,
                first,
                second,
                pitch: None,
            };
            self.updates.push_back(Update::Glimpsed(glimpse));
        }
    }
}

const NOISE: [f32; 5] = [0.02, 0.02, 0.02, 0.02, 0.92];
const WORD: [f32; 5] = [0.7, 0.02, 0.02, 0.02, 0.24];
const SPEECH: [f32; 5] = [0.92, 0.02, 0.02, 0.02, 0.02];

impl Classifier for ScriptedEar {
    fn push(&mut self, samples: &[i16]) {
        for run in samples.chunk_by(|a, b| a == b) {
            self.hear(run[0], MediaTime::from_samples(run.len() as u64));
        }
    }

    fn skip(&mut self, lost: MediaTime) {
        self.hear(0, lost);
    }

    fn finish(&mut self) {}

    fn poll_update(&mut self) -> Option<Update> {
        self.updates.pop_front()
    }

    fn heard(&self) -> MediaTime {
        self.heard
    }
}

/// The sample that stands for a sound; zero is a quiet line without packets.
pub(super) fn code(sound: Sound) -> i16 {
    if let Sound::Key(key) = sound {
        return KEYS + key as i16;
    }
    if sound == Sound::Indistinct {
        return INDISTINCT;
    }
    let Sound::Of(class, signal) = sound else {
        return 0;
    };
    let class = Class::ALL.iter().position(|&known| known == class);
    let signal = signal.and_then(|signal| SIGNALS.iter().position(|&known| known == signal));
    10 * (class.unwrap() as i16 + 1) + signal.map_or(0, |place| place as i16 + 1)
}

/// Noise in which somebody may be speaking.
const INDISTINCT: i16 = 900;

/// Codes from here on are the tones of keys.
const KEYS: i16 = 1_000;

fn meaning(code: i16) -> (Class, Option<Signal>) {
    if code >= KEYS {
        return (Class::Tone, None);
    }
    if code == INDISTINCT {
        return (Class::Noise, None);
    }
    let class = usize::try_from(code / 10 - 1)
        .ok()
        .map(|place| Class::ALL[place]);
    let signal = usize::try_from(code % 10 - 1)
        .ok()
        .map(|place| SIGNALS[place]);
    (class.unwrap_or(Class::Silence), signal)
}

const SIGNALS: [Signal; 8] = [
    Signal::Busy,
    Signal::Congestion,
    Signal::Dial,
    Signal::Ringback,
    Signal::Sit,
    Signal::FaxCng,
    Signal::ModemAnswer,
    Signal::Textphone,
];
