//! What is delivered of a recording, out of the file that was kept.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::Failed;
use crate::audio::file::{Format, decode};

/// The samples of a kept recording, 8 kHz, one channel.
///
/// Blocks.
///
/// # Errors
/// [`Failed::Never`] where it has been deleted or is no recording, else [`Failed::Again`].
pub(super) fn read(path: &Path) -> Result<Vec<i16>, Failed> {
    let told = |error: &dyn std::fmt::Display| format!("the recording {}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failed::never(told(&error)),
        _ => Failed::again(told(&error)),
    })?;
    decode(&bytes, Format::Wav)
        .map(|sound| sound.samples)
        .map_err(|error| Failed::never(told(&error)))
}
