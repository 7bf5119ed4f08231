//! The example calls: one of every kind of caller.

use crate::audio::file::{Format, SoundError, decode};
use crate::call_record::Verdict;
use crate::wording::{self, Language};

/// One caller's side of a call, and what the guard must make of it.
pub(in crate::cli) struct Example {
    /// Caller ID.
    pub(in crate::cli) number: &'static str,
    /// The name that is sent with it.
    pub(in crate::cli) name: &'static str,
    /// The right verdict.
    pub(in crate::cli) made_for: Verdict,
    /// A WAV file; `None` sends no packets at all.
    recording: Option<&'static [u8]>,
}

macro_rules! example {
    ($number:literal, $name:literal, $made_for:ident) => {
        Example {
            number: $number,
            name: $name,
            made_for: Verdict::$made_for,
            recording: None,
        }
    };
    ($number:literal, $name:literal, $made_for:ident, $file:literal) => {
        Example {
            recording: Some(include_bytes!(concat!("../../../examples/calls/", $file))),
            ..example!($number, $name, $made_for)
        }
    };
}

/// One of every kind of caller, with numbers that are kept free for films and books.
pub(in crate::cli) const EXAMPLES: [Example; 10] = [
    example!("+493023125001", "Miriam Vogt", Message, "message.wav"),
    example!("+4917604069002", "Tobias Lindner", Hangup, "hangup.wav"),
    example!("+493023125014", "Heike Brandt", Mutter, "mutter.wav"),
    example!(
        "+492214710205",
        "Klaus-Peter Reinhardt",
        Rambler,
        "rambler.wav"
    ),
    example!("+493023125031", "Elektro Sommer GmbH", Aside, "aside.wav"),
    example!(
        "+498999998040",
        "Hausverwaltung Kern",
        HoldMusic,
        "hold_music.wav"
    ),
    example!("+4917604069017", "Aylin Demir", Silent, "silent.wav"),
    example!("+493023125077", "Jonas Weidmann", NoAudio),
    example!("+494066969123", "unknown", Tone, "tone.wav"),
    example!("+492214710318", "Renate Seidel", Unsure, "unsure.wav"),
];

impl Example {
    /// The caller's sound at 8 kHz; `None` where no packets are sent.
    ///
    /// # Errors
    /// The recording cannot be decoded.
    pub(in crate::cli) fn samples(&self) -> Result<Option<Vec<i16>>, SoundError> {
        let decoded = self.recording.map(|bytes| decode(bytes, Format::Wav));
        Ok(decoded.transpose()?.map(|sound| sound.samples))
    }

    /// What is to be heard in it, as the end of the sentence "the caller …".
    pub(in crate::cli) fn did(&self) -> &'static str {
        match self.made_for {
            Verdict::Rambler => "talked on for over two minutes",
            Verdict::NoAudio => "sent no sound at all",
            Verdict::Unsure => "spoke faintly on a noisy line",
            verdict => wording::verdict(verdict, Language::En),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_caller_has_an_example() {
        for verdict in Verdict::ALL {
            let examples = EXAMPLES.iter().filter(|e| e.made_for == verdict);
            assert_eq!(examples.count(), 1, "{verdict}");
        }
    }
}
