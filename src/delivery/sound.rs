//! What is delivered of a recording, out of the file that was kept.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::DeliveryError;
use crate::audio::file::{Format, decode};

/// The samples of a kept recording, 8 kHz, one channel.
///
/// Blocks.
///
/// # Errors
/// [`DeliveryError::Permanent`] where it has been deleted or is no recording, else [`DeliveryError::Transient`].
pub(super) fn read(path: &Path) -> Result<Vec<i16>, DeliveryError> {
    let described =
        |error: &dyn std::fmt::Display| format!("the recording {}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => DeliveryError::permanent(described(&error)),
        _ => DeliveryError::transient(described(&error)),
    })?;
    decode(&bytes, Format::Wav)
        .map(|sound| sound.samples)
        .map_err(|error| DeliveryError::permanent(described(&error)))
}
