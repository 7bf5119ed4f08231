//! Why a verdict was given.

use std::fmt;

use crate::audio::MediaTime;
use crate::hearing::Signal;

/// Why a verdict was given; displayed as a sentence for people. Lengths are of sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// No packet came in the whole call.
    NoPackets,
    /// So much near speech.
    Speech(MediaTime),
    /// Near speech, but less than is worth keeping.
    LittleSpeech(MediaTime),
    /// No near speech at all.
    NoSpeech,
    /// So much music; the speech beside it.
    Music(MediaTime, MediaTime),
    /// Speech came before the music.
    SpeechBeforeMusic(MediaTime),
    /// Speech came before the noise.
    SpeechBeforeNoise(MediaTime),
    /// Music lies behind or between the speech.
    MusicBehindSpeech(MediaTime),
    /// A machine signal; which, if it was recognised.
    Tone(MediaTime, Option<Signal>),
    /// So much noise or far voices.
    Noise(MediaTime),
    /// So much silence.
    Silence(MediaTime),
    /// Talked up to the longest message.
    ReachedLimit(MediaTime),
    /// Was asked to say the number first.
    WasPrompted,
    /// So little was recorded.
    Short(MediaTime),
    /// The caller keyed in a number.
    NumberKeyed,
    /// The caller confirmed with a key that he may be called back at his caller ID.
    NumberConfirmed,
    /// The caller answered a question.
    Answered,
    /// The facts lie too close to the border between two verdicts.
    Borderline,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoPackets => f.write_str("no sound was ever received"),
            Self::Speech(t) => write!(f, "{t} of speech"),
            Self::LittleSpeech(t) => write!(f, "only {t} of speech"),
            Self::NoSpeech => f.write_str("no near voice"),
            Self::Music(t, MediaTime::ZERO) => write!(f, "music for {t} without a near voice"),
            Self::Music(t, speech) => write!(f, "music for {t} beside {speech} of speech"),
            Self::SpeechBeforeMusic(t) => write!(f, "{t} of speech before the music began"),
            Self::SpeechBeforeNoise(t) => write!(f, "{t} of speech before the noise began"),
            Self::MusicBehindSpeech(t) => write!(f, "music for {t} behind the speech"),
            Self::Tone(t, Some(signal)) => write!(f, "{signal} for {t}"),
            Self::Tone(t, None) => write!(f, "a machine's tone for {t}"),
            Self::Noise(t) => write!(f, "noise or far voices for {t}"),
            Self::Silence(t) => write!(f, "silence for {t}"),
            Self::ReachedLimit(t) => write!(f, "talked for {t}, up to the longest message"),
            Self::WasPrompted => f.write_str("had to be asked for the number"),
            Self::Short(MediaTime::ZERO) => f.write_str("nothing was recorded yet"),
            Self::Short(t) => write!(f, "only {t} were recorded"),
            Self::NumberKeyed => f.write_str("a number was keyed in"),
            Self::NumberConfirmed => f.write_str("confirmed the number with a key"),
            Self::Answered => f.write_str("answered the question"),
            Self::Borderline => f.write_str("too close to call"),
        }
    }
}
