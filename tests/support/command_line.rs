//! The commands that read the call log, run as from a shell.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use voicemail_guard::cli::{call, calls, case, digest, export, figures, judge};
use voicemail_guard::config::Config;

/// A command with its arguments.
#[derive(Parser)]
pub(crate) enum Command {
    Calls(calls::Args),
    Call(call::Args),
    Case(case::Args),
    Figures(figures::Args),
    Digest(digest::Args),
    Export(export::Args),
    Judge(judge::Args),
}

/// What a command on this data folder ends with, and what it prints.
pub(crate) fn run(folder: &Path, line: &[&str]) -> (ExitCode, String) {
    run_with(&Config::default(), folder, line)
}

/// The same with these settings.
pub(crate) fn run_with(config: &Config, folder: &Path, line: &[&str]) -> (ExitCode, String) {
    let mut out = Vec::new();
    let code = match Command::try_parse_from([&["voicemail-guard"], line].concat()).unwrap() {
        Command::Calls(args) => calls::run(&args, folder, &mut out).unwrap(),
        Command::Call(args) => call::run(&args, folder, &mut out).unwrap(),
        Command::Case(args) => case::run(&args, folder, &mut out).unwrap(),
        Command::Figures(args) => figures::run(&args, config, folder, &mut out).unwrap(),
        Command::Digest(args) => digest::run(&args, config, folder, &mut out).unwrap(),
        Command::Export(args) => export::run(&args, folder, &mut out).unwrap(),
        Command::Judge(args) => judge::run(&args, folder, &mut out).unwrap(),
    };
    (code, String::from_utf8(out).unwrap())
}
