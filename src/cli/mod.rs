//! The commands, one file each; here what they share: the two options, exit codes, and who prints.

pub mod check;
pub mod stop;

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, NoDataFolder, data_folder};

/// Guards the voice box of a support hotline.
#[derive(Debug, Parser)]
#[command(
    name = "voicemail-guard",
    version,
    about = "Guards the voice box of a support hotline: a FastAGI server in front of Asterisk's VoiceMail()",
    after_help = "Exit codes: 0 all well; 1 something was found or failed; 2 wrong usage or configuration.\n\
        The log goes to standard error; VOICEMAIL_GUARD_LOG=debug shows more of it.",
    max_term_width = 100
)]
pub struct Cli {
    /// The options that every command takes.
    #[command(flatten)]
    pub shared: Shared,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The options that every command takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Shared {
    /// Configuration file; without one the defaults hold.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "VOICEMAIL_GUARD_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,
    /// Folder of the call log and the kept audio; without one the platform's state folder.
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "VOICEMAIL_GUARD_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,
}

impl Shared {
    /// The settings: the file's, or the defaults.
    ///
    /// # Errors
    /// The file cannot be read or holds mistakes.
    pub fn settings(&self) -> Result<Config, ConfigError> {
        match &self.config {
            Some(file) => Config::load(file),
            None => Ok(Config::default()),
        }
    }

    /// Where the data lives.
    ///
    /// # Errors
    /// None was named and this user has no home.
    pub fn data_folder(&self) -> Result<PathBuf, NoDataFolder> {
        data_folder(self.data.clone())
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look whether configuration and installation are in order, and say how to mend what is not.
    Check(check::Arguments),
}

/// How a command went that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All well.
    Well,
    /// It found something, or not what was expected.
    Found,
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nowhere to put the data.
    #[error(transparent)]
    NoDataFolder(#[from] NoDataFolder),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
    /// The command was asked something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The command itself failed.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// 2 where the administrator must change what he wrote, else 1.
    fn code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::NoDataFolder(_) | Self::Usage(_) => 2,
            Self::Output(_) | Self::Failed(_) => 1,
        }
    }
}

/// Runs a command; its answer goes to `out`.
///
/// # Errors
/// The command could not do what it was asked.
pub fn run(cli: &Cli, out: &mut dyn Write) -> Result<Outcome, Failure> {
    match &cli.command {
        Command::Check(arguments) => check::run(arguments, &cli.shared, out),
    }
}

/// Turns the end of a command into an exit code, and tells a failure on `err`.
///
/// A reader who has seen enough (`voicemail-guard calls | head`) is no failure.
pub fn exit(ended: &Result<Outcome, Failure>, err: &mut dyn Write) -> ExitCode {
    match ended {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code();
            // Nobody is left to tell when standard error is closed, too.
            writeln!(err, "voicemail-guard: {failure}").ok();
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn code(ended: Result<Outcome, Failure>) -> (String, String) {
        let mut told = Vec::new();
        let code = exit(&ended, &mut told);
        (format!("{code:?}"), String::from_utf8(told).unwrap())
    }

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn both_options_stand_before_and_after_the_command() {
        for line in [
            ["guard", "--config", "c", "check", "--data", "d"],
            ["guard", "check", "--data", "d", "--config", "c"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.shared.config, Some("c".into()));
            assert_eq!(cli.shared.data_folder().unwrap(), PathBuf::from("d"));
        }
    }

    #[test]
    fn exit_codes_are_as_the_help_says() {
        let plain = |code: u8| format!("{:?}", ExitCode::from(code));
        assert_eq!(code(Ok(Outcome::Well)), (plain(0), String::new()));
        assert_eq!(code(Ok(Outcome::Found)), (plain(1), String::new()));
        let pipe = io::Error::from(ErrorKind::BrokenPipe);
        assert_eq!(code(Err(pipe.into())), (plain(0), String::new()));
        let full = io::Error::from(ErrorKind::StorageFull);
        assert_eq!(code(Err(full.into())).0, plain(1));
        let usage = Failure::Usage("no such day".into());
        assert_eq!(
            code(Err(usage)),
            (plain(2), "voicemail-guard: no such day\n".into())
        );
        assert_eq!(code(Err(NoDataFolder.into())).0, plain(2));
    }
}
