//! `export`: takes something out of the log and the recordings, on purpose only.

mod exported;
mod judged_wrong;
mod page;
mod person;
mod truth;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use super::erase;
use crate::call_log::LogError;
use crate::number::Country;
use crate::sweep::SweepError;
use crate::wording::Language;

/// What is taken out.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what").required(true).args(["number", "judged_wrong"])),
    after_help = "What is written holds voices and numbers: nobody else on the machine can read it, and it is yours to delete.\n\n\
        Exit codes: 0 written; 1 nothing was written; 2 wrong usage, or something is\n\
        there already, or a link that leads nowhere.\n\n\
        Example:\n  \
        voicemail-guard export --number 0911/12345678 --language de auskunft.zip"
)]
pub struct Args {
    /// The recordings of calls that were judged wrongly, with what they really were, in the form
    /// that the ear's training takes; into a folder that is empty or not there yet
    #[arg(long, value_name = "FOLDER", conflicts_with = "file")]
    pub judged_wrong: Option<PathBuf>,
    /// Everything about the person with this number, for themselves: the whole number, in any form people write
    #[arg(long, value_name = "NUMBER", requires = "file")]
    pub number: Option<String>,
    /// The ZIP file that is made, with a page to read, the data as JSON, and the recordings
    #[arg(value_name = "FILE.zip", requires = "number")]
    pub file: Option<PathBuf>,
    /// Also calls from other telephones that name this number to be called back
    #[arg(long, requires = "number")]
    pub called_back_too: bool,
    /// The language of the page
    #[arg(
        long,
        value_name = "LANGUAGE",
        value_enum,
        default_value = "en",
        requires = "number"
    )]
    pub language: PageLanguage,
    /// Country of numbers without a country code; from the configuration.
    #[arg(skip)]
    pub home: Country,
}

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageLanguage {
    /// English.
    En,
    /// German.
    De,
}

impl From<PageLanguage> for Language {
    fn from(language: PageLanguage) -> Self {
        match language {
            PageLanguage::En => Self::En,
            PageLanguage::De => Self::De,
        }
    }
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The number is none.
    #[error(transparent)]
    Number(#[from] erase::Error),
    /// The key of the pseudonyms cannot be read.
    #[error(transparent)]
    Key(#[from] SweepError),
    /// There is something in the folder, which nobody wants to mix with this.
    #[error("{0} is not an empty folder; nothing was written")]
    NotEmpty(PathBuf),
    /// The folder is a link to one that is not there.
    #[error("{0} is a link that leads nowhere; nothing was written")]
    LeadsNowhere(PathBuf),
    /// There is something by that name already.
    #[error("{0} is there already; nothing was written")]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
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
            Self::NotEmpty(_) | Self::Exists(_) | Self::LeadsNowhere(_) => ExitCode::from(2),
            Self::Number(error) => error.exit_code(),
            Self::Log(_) | Self::Key(_) | Self::File { .. } | Self::Write(_) => ExitCode::from(1),
        }
    }
}

/// Writes what is wanted, and says what it wrote.
///
/// # Errors
/// The log cannot be read, or the file not be written.
pub fn run(args: &Args, data: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    if let Some(folder) = &args.judged_wrong {
        return judged_wrong::run(folder, data, out);
    }
    let (Some(number), Some(file)) = (&args.number, &args.file) else {
        return Err(erase::Error::Usage("--number and FILE.zip belong together").into());
    };
    let wanted = person::Wanted {
        number: erase::mention(number, args.home)?,
        typed: number.clone(),
        called_back_too: args.called_back_too,
        language: args.language.into(),
    };
    person::run(&wanted, file, data, out)
}
