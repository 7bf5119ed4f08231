//! The WAV files of the renderer, and no others: 8 kHz, mono, 16 bit.

use std::error::Error;
use std::fs;
use std::path::Path;

/// Samples of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<i16>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let data = bytes
        .windows(4)
        .position(|w| w == b"data")
        .ok_or_else(|| format!("{}: no data chunk", path.display()))?;
    let rest = bytes.get(data + 8..).unwrap_or_default();
    Ok(rest
        .as_chunks()
        .0
        .iter()
        .map(|&b| i16::from_le_bytes(b))
        .collect())
}
