//! The binary: arguments, run, exit code.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use voicemail_guard::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = cli::run(&cli, &mut io::stdout().lock());
    cli::exit(&ended, &mut io::stderr())
}
