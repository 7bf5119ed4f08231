//! `export`: takes something out of the log and the recordings, on purpose only.

mod judged_wrong;
mod truth;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::call_log::LogError;

/// What is taken out.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
The folder holds callers' voices: nobody else on the machine can read it, and it is yours to delete.

Exit codes: 0 written; 1 nothing was written; 2 wrong usage, or a folder that is not empty.")]
pub struct Args {
    /// The recordings of calls that were judged wrongly, with what they really were, in the form
    /// that the ear's training takes; into a folder that is empty or not there yet
    #[arg(long, value_name = "FOLDER", required = true)]
    pub judged_wrong: PathBuf,
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is something in the folder, which nobody wants to mix with this.
    #[error("{0} is not an empty folder; nothing was written")]
    NotEmpty(PathBuf),
    /// A file or folder cannot be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Write(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotEmpty(_) => ExitCode::from(2),
            Self::Log(_) | Self::File { .. } | Self::Write(_) => ExitCode::from(1),
        }
    }
}

/// Writes what is wanted, and says what it wrote.
///
/// # Errors
/// The log cannot be read, or the folder not be written.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    judged_wrong::run(&args.judged_wrong, data_folder, out)
}
