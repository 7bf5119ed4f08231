//! A message's sound as the files of a mailbox.

use crate::audio::{gsm, wav, wav49};
use crate::config::delivery::SoundFormat;

impl SoundFormat {
    /// The ending of its files.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Wav49 => "WAV",
            Self::Gsm => "gsm",
            Self::Sln => "sln",
        }
    }
}

/// A whole file. GSM fills its last frame with silence: up to 40 ms more than there was.
pub(super) fn encode(sound: &[i16], format: SoundFormat) -> Vec<u8> {
    match format {
        SoundFormat::Wav => wav::encode(sound),
        SoundFormat::Wav49 => wav49::encode(sound),
        SoundFormat::Gsm => gsm::encode(sound),
        SoundFormat::Sln => sound
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect(),
    }
}
