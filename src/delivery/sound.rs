//! What is delivered of a recording, out of the file that was kept.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{DeliveryError, about};
use crate::audio::file::{Format, decode};

/// The samples of a kept recording, 8 kHz, one channel.
///
/// Blocks.
///
/// # Errors
/// [`DeliveryError::Permanent`] where it has been deleted or is no recording, else
/// [`DeliveryError::Transient`].
pub(super) fn read(path: &Path) -> Result<Vec<i16>, DeliveryError> {
    let recording = format!("the recording {}", path.display());
    let bytes = fs::read(path).map_err(|error| {
        let is_gone = error.kind() == ErrorKind::NotFound;
        let cause = about(format!("{recording}: {error}"), error);
        if is_gone {
            DeliveryError::Permanent(cause)
        } else {
            DeliveryError::Transient(cause)
        }
    })?;
    decode(&bytes, Format::Wav)
        .map(|sound| sound.samples)
        .map_err(|error| DeliveryError::Permanent(about(format!("{recording}: {error}"), error)))
}
