//! The files of the test in the tap folder: what is said, and what is heard.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::Test;
use crate::call_record::Verdict;
use crate::cli::demo::{EXAMPLES, Example};
use crate::delivery::blocking;

/// Samples of the silence that is sent while listening: half a second.
const SILENCE: usize = 4_000;

/// Samples of what is said: seven seconds.
const WORDS: usize = 56_000;

impl Test {
    /// Puts what is to be said, and silence, where Asterisk plays it from; why that is not possible.
    pub(super) async fn lay_down(&self) -> Option<String> {
        let files = [
            (self.file("words.sln"), words()),
            (self.file("silence.sln"), vec![0; SILENCE]),
        ];
        {
            let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
            traces
                .files
                .extend(files.iter().map(|(file, _)| file.clone()));
            traces
                .files
                .extend(["probe.sln48", "heard.sln48"].map(|name| self.file(name)));
        }
        let laid_down = blocking(move || {
            files.iter().try_for_each(|(file, samples)| {
                let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
                fs::write(file, bytes)?;
                readable(file)
            })
        });
        match laid_down.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// A file of the test in the tap folder, as the guard sees it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        let folder = &self.config.tap.folder_as_guard_sees_it;
        folder.join(format!("{}-{name}", self.token))
    }

    /// The same as Asterisk sees it.
    pub(super) fn of_asterisk(&self, name: &str) -> String {
        let folder = &self.config.tap.folder_as_asterisk_sees_it;
        let path = folder.join(format!("{}-{name}", self.token));
        path.display().to_string()
    }
}

/// Asterisk's user may be in the folder's group alone.
fn readable(file: &Path) -> io::Result<()> {
    fs::set_permissions(file, Permissions::from_mode(0o640))
}

/// What the caller says: the beginning of a message as anybody leaves it.
pub(super) fn words() -> Vec<i16> {
    let is_message = |example: &&Example| example.made_for == Verdict::Message;
    let message = EXAMPLES.iter().find(is_message);
    let samples = message.and_then(|example| example.samples().ok().flatten());
    let mut samples = samples.unwrap_or_default();
    samples.truncate(WORDS);
    samples
}
