//! The question as samples: Asterisk plays it to nobody here, so its file is read where Asterisk would find it.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io};

use crate::audio::file::{Decoder, Format, SoundError};
use crate::condition::prompt_files::prompt_file;
use crate::config::Prompts;
use crate::prompts::Prompt;

/// Why a question cannot be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoQuestion {
    /// There is no file of it.
    #[error(
        "there is no voicemail-guard/{} in [prompts] sounds, in English neither",
        Prompt::StillWaiting
    )]
    Missing,
    /// It cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no sound.
    #[error("{}: {source}", file.display())]
    NoSound {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: SoundError,
    },
}

/// The question in a language, else in English: samples at 8 kHz. Blocks.
///
/// # Errors
/// It is missing, or no sound.
pub(super) fn samples(settings: &Prompts, language: &str) -> Result<Arc<[i16]>, NoQuestion> {
    let find = |language| prompt_file(settings, language, Prompt::StillWaiting);
    let file = find(language)
        .or_else(|| find("en"))
        .ok_or(NoQuestion::Missing)?;
    let bytes = fs::read(&file).map_err(|source| NoQuestion::Unreadable {
        file: file.clone(),
        source,
    })?;
    let ending = file.extension().and_then(|ending| ending.to_str());
    let format = ending.and_then(Format::named).ok_or(NoQuestion::Missing)?;
    let mut samples = Vec::new();
    let mut decode = || {
        let mut decoder = Decoder::new(format)?;
        decoder.push(&bytes, &mut samples)?;
        decoder.finish(&mut samples).map(drop)
    };
    decode().map_err(|source| NoQuestion::NoSound { file, source })?;
    Ok(samples.into())
}
