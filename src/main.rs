//! The binary: arguments, run, exit code.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use voicemail_guard::cli::{self, Cli};

fn main() -> ExitCode {
    let ended = cli::run(Cli::parse(), &mut io::stdout().lock());
    cli::exit(ended, &mut io::stderr())
}
