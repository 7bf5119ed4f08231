//! `install-dialplan`: the shipped dialplan and prompts into Asterisk, and out of it again.

mod by_hand;
mod file;
mod places;
mod plan;
mod record;
mod step;
mod undo;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use self::places::Places;
use self::plan::plan;
use self::record::Record;
use super::{CliError, SharedArgs};

/// What is installed, and where.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  voicemail-guard install-dialplan --dry-run\n  voicemail-guard install-dialplan --open-mailboxes\n  \
    voicemail-guard install-dialplan --undo\n\n\
    Run it as root. It may be run again at any time, as after an upgrade: what is in order is left alone.\n\
    What it has changed is noted in a file, by which --undo takes exactly that back."
)]
pub struct Args {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take back what was done
    #[arg(long)]
    pub undo: bool,
    /// Open the mailboxes' folders to Asterisk's group, for a guard that runs as a user of its own
    #[arg(long, conflicts_with = "undo")]
    pub open_mailboxes: bool,
    /// Where everything is
    #[command(flatten)]
    pub places: PlaceArgs,
    /// File that notes what was done
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/voicemail-guard/dialplan.json"
    )]
    pub record: PathBuf,
}

/// Where this Asterisk, what is shipped and the units are.
#[derive(Clone, Debug, clap::Args)]
pub struct PlaceArgs {
    /// It is FreePBX; seen by itself where its files are in Asterisk's folder
    #[arg(long, conflicts_with = "undo")]
    pub freepbx: bool,
    /// Folder of Asterisk's own configuration
    #[arg(long, value_name = "FOLDER", default_value = "/etc/asterisk")]
    pub asterisk: PathBuf,
    /// Folder of Asterisk's sounds; without it as asterisk.conf says
    #[arg(long, value_name = "FOLDER")]
    pub sounds: Option<PathBuf>,
    /// Folder of Asterisk's spool; without it as asterisk.conf says
    #[arg(long, value_name = "FOLDER")]
    pub spool: Option<PathBuf>,
    /// Folder with the shipped dialplan and prompts
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "/usr/share/voicemail-guard"
    )]
    pub from: PathBuf,
    /// Folder of systemd's own units, for Asterisk's umask
    #[arg(long, value_name = "FOLDER", default_value = "/etc/systemd/system")]
    pub units: PathBuf,
}

/// Why nothing, or not all, was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files that are to be installed, or those of Asterisk, are not where they were looked for.
    #[error("{path}: {source}; {mend}")]
    NotThere {
        /// What was looked for.
        path: String,
        /// What the system says.
        source: io::Error,
        /// Which option names another place.
        mend: &'static str,
    },
    /// A link may lead anywhere.
    #[error(
        "{0} is a link, and what it leads to is not changed by this command: do what --dry-run says by hand"
    )]
    Link(String),
    /// A step failed.
    #[error("{path}: {source}")]
    Failed {
        /// What it was about.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing can be taken back.
    #[error("{0} is not there: nothing was done by this command that could be taken back")]
    NothingDone(String),
    /// It was not written by this command.
    #[error("{0} cannot be read as a record of what was done: {1}")]
    BadRecord(String, serde_json::Error),
    /// The answer could not be printed.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

impl Error {
    fn failed(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Failed { path, source }
    }
}

/// Installs, or takes back.
///
/// # Errors
/// Something is not there or cannot be changed; what was done until then is noted, and can be taken back.
pub fn run(args: &Args, shared: &SharedArgs, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let done = if args.undo {
        undo::run(args, out)
    } else {
        install(args, shared, out)
    };
    done.map(|()| ExitCode::SUCCESS)
        .map_err(|error| match error {
            Error::Print(error) => CliError::Output(error),
            error => CliError::Serve(Box::new(error)),
        })
}

fn install(args: &Args, shared: &SharedArgs, out: &mut dyn Write) -> Result<(), Error> {
    let places = Places::find(&args.places)?;
    let mut record = Record::read(&args.record)?.unwrap_or_default();
    let steps = plan(&places, &record, args.open_mailboxes)?;
    let tense = if args.dry_run { "would " } else { "" };
    for step in &steps {
        writeln!(out, "{tense}{step}")?;
    }
    if steps.is_empty() {
        writeln!(out, "nothing to do: everything is in its place")?;
    }
    if args.dry_run {
        return Ok(());
    }
    if !steps.is_empty() {
        // Before anything is done: what breaks off half-way can be taken back, too.
        record.add(&steps);
        record.write(&args.record)?;
        for step in &steps {
            step.take()?;
        }
    }
    by_hand::print(&places, &steps, (args, shared), out)?;
    Ok(())
}
