//! The commands, one file each; here what they share: the two options, exit codes, and who prints.

mod asterisk_conf;
mod below_calls;
pub mod call;
pub mod calls;
pub mod case;
mod cases;
pub mod check;
pub mod classify;
pub mod demo;
pub mod digest;
pub mod doctor;
pub mod erase;
pub mod export;
pub mod figures;
pub mod follow;
pub mod generate;
pub mod import;
pub mod install_dialplan;
pub mod judge;
mod listing;
mod mailbox;
mod owed;
mod parallel;
pub mod privacy;
mod recording;
pub mod serve;
pub mod token;
pub mod user;
pub mod when;

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError, NoDataFolder, data_folder};

/// Guards the mailbox of a support hotline.
#[derive(Debug, Parser)]
#[command(
    name = "voicemail-guard",
    version,
    about = "Guards the mailbox of a support hotline, and the callers who wait in its queues: a FastAGI server for Asterisk, on its machine or on another, to which sound comes over the network",
    after_help = "Exit codes: 0 all well; 1 something was found or failed; 2 wrong usage or configuration\n\
        (to check, mistakes in the configuration are something it found: 1).\n\
        The log goes to standard error; VOICEMAIL_GUARD_LOG=debug shows more of it.",
    max_term_width = 100
)]
pub struct Cli {
    /// The options that every command takes.
    #[command(flatten)]
    pub shared: SharedArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The options that every command takes.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SharedArgs {
    /// Configuration file; without one the defaults hold.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "VOICEMAIL_GUARD_CONFIG",
        hide_env_values = true,
        display_order = LAST
    )]
    pub config: Option<PathBuf>,
    /// Folder of the call log and the kept audio; without one the platform's state folder.
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = DATA_VARIABLE,
        hide_env_values = true,
        display_order = LAST
    )]
    pub data: Option<PathBuf>,
}

/// Where the help has what every command takes: behind the command's own.
const LAST: usize = 900;

/// Names the data folder where the command does not.
const DATA_VARIABLE: &str = "VOICEMAIL_GUARD_DATA";

impl SharedArgs {
    /// The settings: the file's, or the defaults.
    ///
    /// # Errors
    /// The file cannot be read or holds mistakes.
    pub fn settings(&self) -> Result<Config, ConfigError> {
        let mut config = match &self.config {
            Some(file) => Config::load(file)?,
            None => Config::default(),
        };
        if let Ok(data) = self.data_folder() {
            config.tap.below(&data);
        }
        Ok(config)
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
    /// Answer Asterisk's FastAGI requests until stopped: calls to mailboxes, callers who wait in queues
    Serve(serve::Args),
    /// Play example calls of every kind of caller against the guard, without an Asterisk
    Demo(demo::Args),
    /// Hear recordings and report what each caller was
    Classify(classify::Args),
    /// Search the call log
    Calls(calls::Args),
    /// Show all there is about one call
    Call(call::Args),
    /// Show what a caller still wants, or note what was done about it
    Case(case::Args),
    /// Count calls, what was spared, and how long callers waited, by week and mailbox
    Figures(figures::Args),
    /// Show what the digest of a mailbox would say now, or send it to try it
    Digest(digest::Args),
    /// Note that the guard judged a call wrongly, and what it really was
    Judge(judge::Args),
    /// Write everything about a person, for themselves; or recordings of wrongly judged calls
    Export(export::Args),
    /// Hear and count old mailboxes and call detail records: what came before the guard
    Import(import::Args),
    /// Make what the configuration needs for somebody who logs in to the support team's page
    User(user::Args),
    /// Make, list and revoke the tokens with which other programs use the JSON interface
    Token(token::Args),
    /// Erase everything that there is of a number or a call
    Erase(erase::Args),
    /// Print the record of processing (GDPR, Art. 30), filled in with the settings that hold
    Privacy(privacy::Args),
    /// Look whether configuration and installation are in order, and say how to mend what is not
    Check(check::Args),
    /// Put dialplan and prompts into Asterisk, or take them out again
    InstallDialplan(install_dialplan::Args),
    /// Write manual pages and completions, for packages
    #[command(hide = true)]
    Generate(generate::Args),
    /// Place a real test call through Asterisk, and report each link from the dialplan to the mailbox
    Doctor(doctor::Args),
}

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nowhere to put the data.
    #[error(transparent)]
    NoDataFolder(#[from] NoDataFolder),
    /// The command does not take what was given.
    #[error("{0}")]
    Usage(&'static str),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
    /// The guard cannot serve.
    #[error("{0}")]
    Serve(Box<dyn std::error::Error + Send + Sync>),
    /// The call log cannot be searched so, or not at all.
    #[error(transparent)]
    Calls(#[from] calls::Error),
    /// Nothing, or not everything, was exported.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// Not all could be erased.
    #[error(transparent)]
    Erase(#[from] erase::Error),
    /// There is no password for the user.
    #[error(transparent)]
    User(#[from] user::Error),
    /// Nothing was done about tokens.
    #[error(transparent)]
    Token(#[from] token::Error),
    /// Recordings cannot be classified.
    #[error(transparent)]
    Classify(#[from] classify::Error),
}

impl CliError {
    /// 2 where the administrator must change what they wrote, else 1.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::NoDataFolder(_) | Self::Usage(_) => ExitCode::from(2),
            Self::Output(_) | Self::Serve(_) => ExitCode::from(1),
            Self::Calls(error) => error.exit_code(),
            Self::Erase(error) => error.exit_code(),
            Self::Export(error) => error.exit_code(),
            Self::User(error) => error.exit_code(),
            Self::Token(error) => error.exit_code(),
            Self::Classify(error) => error.exit_code(),
        }
    }
}

/// Runs a command; its answer goes to `out`.
///
/// # Errors
/// The command could not do what it was asked.
pub fn run(cli: Cli, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let shared = cli.shared;
    match cli.command {
        Command::Calls(mut args) => {
            let mailbox = args.box_name.as_deref().unwrap_or_default().into();
            args.home = shared.settings()?.policy(&mailbox).home_country;
            let run = if args.follow { follow::run } else { calls::run };
            Ok(run(&args, &shared.data_folder()?, out)?)
        }
        Command::Classify(args) => Ok(classify::run(&args, out, &mut io::stderr())?),
        Command::Call(args) => Ok(call::run(&args, &shared.data_folder()?, out)?),
        Command::Case(mut args) => {
            args.claims_last = shared.settings()?.web.claims_last;
            Ok(case::run(&args, &shared.data_folder()?, out)?)
        }
        Command::Figures(args) => Ok(figures::run(
            &args,
            &shared.settings()?,
            &shared.data_folder()?,
            out,
        )?),
        Command::Digest(args) => Ok(digest::run(
            &args,
            &shared.settings()?,
            &shared.data_folder()?,
            out,
        )?),
        Command::Judge(args) => Ok(judge::run(&args, &shared.data_folder()?, out)?),
        Command::Export(mut args) => {
            args.home = shared.settings()?.policy(&"".into()).home_country;
            Ok(export::run(&args, &shared.data_folder()?, out)?)
        }
        Command::Import(args) => Ok(import::run(
            &args,
            &shared.settings()?,
            &shared.data_folder()?,
            (&mut io::stderr(), out),
        )?),
        Command::Demo(args) => demo::run(&args, &shared, out),
        Command::Erase(args) => {
            let (config, data) = (shared.settings()?, shared.data_folder()?);
            Ok(erase::run(
                &args,
                &config,
                &data,
                &mut io::stdin().lock(),
                out,
            )?)
        }
        Command::Privacy(args) => {
            let (config, data) = (shared.settings()?, shared.data_folder()?);
            let assumed = privacy::Assumed {
                data: shared.data.is_none(),
                config: shared.config.is_none(),
            };
            Ok(privacy::run(&args, &config, &data, assumed, out)?)
        }
        Command::Serve(arguments) => serve::run(&arguments, &shared, out),
        Command::User(args) => Ok(user::run(&args, &mut io::stderr(), out)?),
        Command::Token(args) => {
            let (settings, folder) = (shared.settings()?, shared.data_folder()?);
            Ok(token::run(
                &args,
                &settings,
                &folder,
                (&mut io::stderr(), out),
            )?)
        }
        Command::Check(args) => check::run(&args, &shared, out),
        Command::InstallDialplan(args) => install_dialplan::run(&args, &shared, out),
        Command::Generate(args) => generate::run(&args, out),
        Command::Doctor(args) => doctor::run(&args, &shared, out),
    }
}

/// The exit code of a command that has ended; a failure is reported on `err`.
///
/// A reader who has seen enough (`voicemail-guard calls | head`) is no failure.
pub fn exit(ended: Result<ExitCode, CliError>, err: &mut dyn Write) -> ExitCode {
    match ended {
        Ok(code) => code,
        Err(
            CliError::Output(error)
            | CliError::Calls(calls::Error::Write(error))
            | CliError::Erase(erase::Error::Io(error))
            | CliError::Export(export::Error::Write(error))
            | CliError::User(user::Error::Io(error))
            | CliError::Token(token::Error::Io(error))
            | CliError::Classify(classify::Error::Write(error)),
        ) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody can be informed when standard error is closed, too.
            writeln!(err, "voicemail-guard: {failure}").ok();
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn ended(as_it: Result<ExitCode, CliError>) -> (String, String) {
        let mut printed = Vec::new();
        let code = exit(as_it, &mut printed);
        (format!("{code:?}"), String::from_utf8(printed).unwrap())
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
        assert_eq!(ended(Ok(ExitCode::from(1))), (plain(1), String::new()));
        let pipe = io::Error::from(ErrorKind::BrokenPipe);
        assert_eq!(ended(Err(pipe.into())), (plain(0), String::new()));
        let full = io::Error::from(ErrorKind::StorageFull);
        assert_eq!(ended(Err(full.into())).0, plain(1));
        let (code, printed) = ended(Err(NoDataFolder.into()));
        assert_eq!(code, plain(2));
        assert!(
            printed.starts_with("voicemail-guard: no data folder: "),
            "{printed}"
        );
    }
}
