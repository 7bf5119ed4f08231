//! `user add NAME`: what the configuration needs for somebody who logs in to the support team's page.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use clap::Subcommand;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::config::is_user_name;
use crate::password::{PasswordError, PasswordHash};

/// What is done about users.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What is done
    #[command(subcommand)]
    pub what: What,
}

/// What can be done about users.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Ask for a password and print the user's table for the configuration; it changes nothing itself
    Add {
        /// What they log in as, and how the team sees them
        name: String,
    },
}

/// Why there is no table for a user.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody can be called so.
    #[error("a user's name has 1 to 64 characters, without blanks at its ends")]
    Name,
    /// The password is none.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The two that were typed are not the same.
    #[error("the two passwords are not the same")]
    Different,
    /// It cannot be read or printed.
    #[error("cannot read or print: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Name | Self::Password(_) | Self::Different => ExitCode::from(2),
            Self::Io(_) => ExitCode::from(1),
        }
    }
}

/// Asks for the password, on a terminal twice and without showing it, and prints the table.
///
/// # Errors
/// The name or the password is none, or cannot be read.
pub fn run(args: &Args, asks: &mut dyn Write, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let What::Add { name } = &args.what;
    if !is_user_name(name) {
        return Err(Error::Name);
    }
    let password = if io::stdin().is_terminal() {
        let first = typed(&format!("Password for {name}: "), asks)?;
        // What cannot be taken is not asked for again.
        PasswordHash::of(&first)?;
        if typed("Once more: ", asks)? != first {
            return Err(Error::Different);
        }
        first
    } else {
        line()?
    };
    let hash = PasswordHash::of(&password)?;
    // JSON writes a text as TOML does.
    let key = serde_json::to_string(name).map_err(io::Error::from)?;
    writeln!(
        out,
        "[web.user.{key}]\n\
         password = \"{}\"\n\
         # \"read\" sees and listens, \"work\" also takes steps in cases, \"admin\" also sees who listened.\n\
         role = \"work\"\n\
         # Without this line: every mailbox.\n\
         #mailboxes = [\"100@default\"]",
        hash.as_str()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// A line that is typed without being shown.
fn typed(question: &str, asks: &mut dyn Write) -> Result<String, Error> {
    write!(asks, "{question}")?;
    asks.flush()?;
    let silent = Silent::begin()?;
    let typed = line();
    drop(silent);
    writeln!(asks)?;
    typed
}

/// A line of standard input without its end.
fn line() -> Result<String, Error> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent(Termios);

impl Silent {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing, either.
        tcsetattr(io::stdin(), OptionalActions::Flush, &self.0).ok();
    }
}
