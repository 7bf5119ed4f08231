//! The binary: arguments, run, exit code.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use voicemail_guard::cli::{self, Cli};

/// Gives memory back within seconds after a flood of calls; the system's own allocator keeps it all.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let ended = cli::run(Cli::parse(), &mut io::stdout().lock());
    cli::exit(ended, &mut io::stderr())
}
