//! What is kept of a call's sound: the tap's raw file becomes a WAV file below the data folder.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::monitor::{self, FILE_RATE_HZ};
use super::{Gap, TapError};
use crate::audio::resample::Resampler;
use crate::audio::{MediaTime, RATE_HZ};
use crate::call::record::CallId;

/// Why the sound could not be kept; the raw file stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The raw file cannot be read.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// The data folder cannot be written.
    #[error("cannot keep the audio as {path}: {source}; the raw recording stays in the tap folder")]
    Write {
        /// The file below the data folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where the audio of a call is kept, relative to the data folder.
pub fn place(id: CallId, started: Timestamp) -> String {
    let day = started
        .to_zoned_datetime(TimeZone::UTC)
        .strftime("%Y/%m/%d")
        .to_string();
    format!("audio/{day}/{id}.wav")
}

/// Turns the raw file into 8 kHz, 16-bit WAV with its gaps filled, and only then removes it.
///
/// Blocks. Gives the place below the data folder, or `None` when no sound ever came.
pub fn keep(
    tap_folder: &Path,
    data: &Path,
    id: CallId,
    started: Timestamp,
    gaps: &[Gap],
) -> Result<Option<String>, KeepError> {
    let raw = tap_folder.join(monitor::file_name(id));
    let file = match monitor::open(&raw) {
        Ok((file, _)) => file,
        Err(TapError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let place = place(id, started);
    let path = data.join(&place);
    let failed = |source| KeepError::Write {
        path: path.clone(),
        source,
    };
    let folder = path.parent().unwrap_or(data);
    fs::create_dir_all(folder).map_err(failed)?;
    let half = path.with_extension("wav.part");
    let written = write(file, &half, gaps).and_then(|samples| {
        fs::rename(&half, &path)?;
        File::open(folder)?.sync_all()?;
        Ok(samples)
    });
    let samples = written.map_err(|source| {
        let _ = fs::remove_file(&half);
        failed(source)
    })?;
    if let Err(error) = fs::remove_file(&raw) {
        tracing::warn!(file = %raw.display(), %error, "the raw recording cannot be removed; it is kept twice");
    }
    Ok((samples > 0).then_some(place))
}

fn write(raw: File, path: &Path, gaps: &[Gap]) -> io::Result<u64> {
    let mut raw = BufReader::new(raw);
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(&[0; HEADER])?;
    let mut resampler = Resampler::new(FILE_RATE_HZ).map_err(io::Error::other)?;
    let mut gaps = gaps.iter().peekable();
    let (mut read, mut written) = (0, 0);
    let mut bytes = vec![0; 32_768];
    let mut samples = Vec::new();
    loop {
        let filled = fill(&mut raw, &mut bytes)?;
        let wide: Vec<i16> = bytes[..filled]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        samples.clear();
        resampler.push(&wide, &mut samples);
        for &sample in &samples {
            while let Some(gap) = gaps.next_if(|gap| gap.at.samples() <= read) {
                written += silence(&mut out, gap.lost)?;
            }
            out.write_all(&sample.to_le_bytes())?;
            read += 1;
            written += 1;
        }
        if filled < bytes.len() {
            break;
        }
    }
    for gap in gaps.filter(|_| read > 0) {
        written += silence(&mut out, gap.lost)?;
    }
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header(written))?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(if read == 0 { 0 } else { written })
}

fn fill(raw: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match raw.read(&mut bytes[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}

fn silence(out: &mut impl Write, length: MediaTime) -> io::Result<u64> {
    io::copy(&mut io::repeat(0).take(length.samples() * 2), out)?;
    Ok(length.samples())
}

/// RIFF header of 16-bit mono PCM.
fn header(samples: u64) -> [u8; HEADER] {
    let data = u32::try_from(samples * 2).unwrap_or(u32::MAX - 36);
    let mut bytes = [0; HEADER];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    put(b"RIFF");
    put(&(data + 36).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&1_u16.to_le_bytes());
    put(&1_u16.to_le_bytes());
    put(&RATE_HZ.to_le_bytes());
    put(&(RATE_HZ * 2).to_le_bytes());
    put(&2_u16.to_le_bytes());
    put(&16_u16.to_le_bytes());
    put(b"data");
    put(&data.to_le_bytes());
    bytes
}

const HEADER: usize = 44;
