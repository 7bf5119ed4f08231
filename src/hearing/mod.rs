//! The ear, pure: samples in, classes of sound out, live and for any chunking of the samples.

mod classifier;
mod dtmf;
mod ear;
mod features;
mod howler;
mod layer;
mod math;
mod network;
mod pitch;
mod recogniser;
mod second;
mod segmenter;
mod silero;
mod stationary;
mod tables;
mod textphone;
mod third;
mod timeline;
mod tone;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use classifier::Classifier;
pub use ear::{Ear, Frame};
pub use features::{Cues, Lines, Row, STEP, WIDTH};
pub use network::Weights;
pub use recogniser::{Recogniser, hear};
pub use second::Glimpse;
pub use third::{Heard, ThirdListener, ThirdOpinion};
pub use timeline::{ClassSeconds, Segment, Timeline};

use crate::audio::MediaTime;

/// What a stretch of the caller's sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A voice near the telephone.
    Speech,
    /// A quiet line.
    Silence,
    /// Music, sung or played.
    Music,
    /// A signal of a machine: busy, dial, ringback, fax, SIT.
    Tone,
    /// Everything else: office life, far voices, traffic, hum.
    Noise,
}

impl Class {
    /// All classes, in the order of their discriminants.
    pub const ALL: [Self; 5] = [
        Self::Speech,
        Self::Silence,
        Self::Music,
        Self::Tone,
        Self::Noise,
    ];
}

impl Class {
    /// The word for it, in what is printed for machines and in the styles of pictures and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Speech => "speech",
            Self::Silence => "silence",
            Self::Music => "music",
            Self::Tone => "tone",
            Self::Noise => "noise",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which signal a stretch of [`Class::Tone`] is (ITU-T E.180, T.30, V.25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Busy tone.
    Busy,
    /// Congestion tone (reorder).
    Congestion,
    /// Dial tone.
    Dial,
    /// Ringing tone, as the caller hears it.
    Ringback,
    /// Special information tone.
    Sit,
    /// Calling tone of a fax machine, 1,100 Hz.
    FaxCng,
    /// Answer tone of a modem or fax machine, 2,100 Hz.
    ModemAnswer,
    /// Tone of a receiver left off its hook.
    OffHook,
    /// A line that neither ends nor moves: a test tone, a whistling amplifier.
    Steady,
    /// What somebody types on a textphone; it counts as [`Class::Speech`].
    Textphone,
}

impl Signal {
    /// Whether no person is behind it.
    pub fn is_machine(self) -> bool {
        self != Self::Textphone
    }

    /// The longest pause between two bursts of it.
    pub fn longest_pause(self) -> MediaTime {
        tone::longest_pause(self)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy tone",
            Self::Congestion => "congestion tone",
            Self::Dial => "dial tone",
            Self::Ringback => "ringing tone",
            Self::Sit => "special information tone",
            Self::FaxCng => "fax calling tone",
            Self::ModemAnswer => "modem answer tone",
            Self::OffHook => "off-hook tone",
            Self::Steady => "steady tone",
            Self::Textphone => "textphone",
        })
    }
}

/// What the ear has to say, in the order of the sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    /// From `start` on the sound is of another class; the segment before ends there.
    ///
    /// The first update of a call starts at zero. `start` never goes back behind an earlier `start`.
    ClassChange {
        /// The new class.
        class: Class,
        /// Where it begins.
        start: MediaTime,
        /// How much had been heard when the ear first knew.
        known_at: MediaTime,
        /// The signal, once it has been recognised: with [`Class::Tone`], a textphone with [`Class::Speech`].
        signal: Option<Signal>,
    },
    /// The caller keyed this, and it came as sound: `0` to `9`, `*`, `#`, `A` to `D`.
    Key(char),
    /// What both networks made of 0.48 s, once the second one has heard what follows.
    Glimpsed(Glimpse),
}
