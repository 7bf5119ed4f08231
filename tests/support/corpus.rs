//! The corpus of telephone sound, where `VOICEMAIL_GUARD_CORPUS` names its folder; sox reads its FLAC.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The clean sources that calls are put together from.
pub(crate) struct Pool {
    folder: PathBuf,
    clips: Vec<Clip>,
}

/// A line of `pool.csv`.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    /// Its file, from the corpus's folder.
    pub(crate) path: String,
    /// What it is, such as `speech`.
    pub(crate) kind: String,
    /// Where it is from.
    pub(crate) source: String,
}

/// Where the corpus lies, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os("VOICEMAIL_GUARD_CORPUS")
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
}

impl Pool {
    pub(crate) fn open() -> Self {
        let folder = folder().expect("VOICEMAIL_GUARD_CORPUS names the folder of the corpus");
        let table = folder.join("pool.csv");
        let table =
            fs::read_to_string(&table).unwrap_or_else(|e| panic!("{}: {e}", table.display()));
        let clip = |line: &str| {
            let mut columns = line.split(',').map(str::to_owned);
            Some(Clip {
                path: columns.next()?,
                kind: columns.next()?,
                source: columns.next()?,
            })
        };
        let clips = table.lines().skip(1).filter_map(clip).collect();
        Self { folder, clips }
    }

    /// What there is, in the order of the table.
    pub(crate) fn clips(&self) -> &[Clip] {
        &self.clips
    }

    /// Its samples at 8 kHz.
    pub(crate) fn sound(&self, clip: &Clip) -> Vec<i16> {
        flac(&self.folder.join(&clip.path))
    }
}

fn flac(path: &Path) -> Vec<i16> {
    let sox = Command::new("sox")
        .arg(path)
        .args(["-D", "-t", "s16", "-L", "-r", "8000", "-c", "1", "-"])
        .output();
    let raw = sox.expect("sox is installed").stdout;
    assert!(!raw.is_empty(), "sox could not read {}", path.display());
    raw.as_chunks()
        .0
        .iter()
        .map(|&b| i16::from_le_bytes(b))
        .collect()
}
