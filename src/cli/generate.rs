//! `generate`: what a package installs beside the program, made from the commands themselves.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};

use super::{Cli, CliError};

/// Which files are written, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Folder for them; made where it is missing
    pub folder: PathBuf,
}

/// Writes a manual page for each command and each of its parts, and the completions for bash, zsh and fish.
///
/// # Errors
/// A file cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    fs::create_dir_all(&args.folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut Cli::command(), "voicemail-guard", &args.folder)?;
    }
    clap_mangen::generate_to(Cli::command(), &args.folder)?;
    writeln!(
        out,
        "manual pages and completions: {}",
        args.folder.display()
    )?;
    Ok(ExitCode::SUCCESS)
}
