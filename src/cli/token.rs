//! `token add NAME`, `token list`, `token revoke NAME`: who may use the JSON interface.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::listing::Listing;
use super::when::When;
use crate::access::{Rights, Role, Token};
use crate::call_log::{LogError, Reader, add_token, revoke_token};
use crate::call_record::MailboxName;
use crate::clock::Clock;
use crate::config::{Config, is_user_name};
use crate::text::{quoted, shortened};
use crate::token;
use crate::wording::{self, Language::En};

/// The exit code where there is no such token, or one already.
const NOTHING_DONE: u8 = 1;
/// Characters of a name or of mailboxes in the table.
const WIDTH: usize = 64;

/// What is done about tokens.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 done; 1 there is no such token, or one of that name already; 2 wrong usage or configuration.

Examples:
  voicemail-guard token add wallboard --role read
  voicemail-guard token add crm --role work --box 100@default --expires 90d
  voicemail-guard token revoke crm")]
pub struct Args {
    /// What is done
    #[command(subcommand)]
    pub what: What,
}

/// What can be done about tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Make a token and print it, this once; the guard takes it at once
    Add(AddArgs),
    /// List the tokens: what each may do, for which mailboxes, when it was last used
    List,
    /// Have a token not be taken any more, from now on
    Revoke {
        /// The token's name
        name: String,
    },
}

/// What a new token is to be.
#[derive(Clone, Debug, clap::Args)]
pub struct AddArgs {
    /// What it is called; what is done with it in a case is kept under this name
    pub name: String,
    /// What it may do: read (see and listen) or work (take steps in cases, too)
    #[arg(long, value_enum, value_name = "ROLE", hide_possible_values = true)]
    pub role: RoleName,
    /// A mailbox that it sees, such as 100@default; may be given several times [default: every mailbox]
    #[arg(long = "box", value_name = "BOX")]
    pub boxes: Vec<String>,
    /// When it ends: 90d, 2027-01-31, "2027-01-31 18:00" [default: when it is revoked]
    #[arg(long, value_name = "TIME")]
    pub expires: Option<When>,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// See and listen
    Read,
    /// Take steps in cases, too
    Work,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing can be called so.
    #[error("a token's name has 1 to 64 characters, without blanks at its ends")]
    Name,
    /// Somebody of the team is called so.
    #[error(
        "there is a user {0:?} in the settings; a token of that name would have the user's cases as its own: \
         choose another name"
    )]
    User(String),
    /// A mailbox that none can be.
    #[error("{0:?} is no mailbox's name; write --box 100@default, or 100 for the same")]
    Mailbox(String),
    /// It would end before it begins.
    #[error("--expires names a time that is over")]
    Over,
    /// A time lies beyond the calendar.
    #[error("{0}")]
    Time(#[from] jiff::Error),
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// It cannot be printed.
    #[error("cannot print: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Name | Self::User(_) | Self::Mailbox(_) | Self::Over | Self::Time(_) => {
                ExitCode::from(2)
            }
            Self::Log(_) | Self::Random(_) | Self::Io(_) => ExitCode::from(NOTHING_DONE),
        }
    }
}

/// Makes, lists or revokes; the secret alone goes to `out`, what is to be said of it to `says`.
///
/// # Errors
/// The arguments do not fit, or the log of the data folder cannot be used.
pub fn run(
    args: &Args,
    settings: &Config,
    folder: &Path,
    (says, out): (&mut dyn Write, &mut dyn Write),
) -> Result<ExitCode, Error> {
    let (now, zone) = (Clock::default().date(), TimeZone::system());
    match &args.what {
        What::Add(wanted) => {
            let token = new(wanted, settings, now, &zone)?;
            let secret = token::make()?;
            let added = match token::hash(&secret) {
                Some(hash) => add_token(folder, &token, &hash)?,
                None => false,
            };
            if !added {
                writeln!(
                    says,
                    "There is a token {} already; revoke it first, or choose another name.",
                    quoted(&token.name)
                )?;
                return Ok(ExitCode::from(NOTHING_DONE));
            }
            writeln!(out, "{secret}")?;
            writeln!(
                says,
                "This is shown once and kept nowhere. Send it as \"Authorization: Bearer TOKEN\" to /api/v1."
            )?;
        }
        What::List => list(folder, now, &zone, out)?,
        What::Revoke { name } => {
            let gone = revoke_token(folder, name)?;
            if !gone {
                writeln!(out, "There is no token {}.", quoted(name))?;
                return Ok(ExitCode::from(NOTHING_DONE));
            }
            writeln!(out, "The token {} is not taken any more.", quoted(name))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn new(
    wanted: &AddArgs,
    settings: &Config,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Token, Error> {
    if !is_user_name(&wanted.name) {
        return Err(Error::Name);
    }
    if settings.web.users.contains_key(&wanted.name) {
        return Err(Error::User(wanted.name.clone()));
    }
    let mailbox = |text: &String| match MailboxName::from(text.as_str()) {
        name if name.mailbox().is_some() => Ok(name),
        _ => Err(Error::Mailbox(text.clone())),
    };
    let mailboxes = wanted.boxes.iter().map(mailbox);
    let mailboxes = mailboxes.collect::<Result<Vec<_>, _>>()?;
    let local = now.to_zoned_datetime(zone.clone());
    let expires = match wanted.expires {
        Some(when) => Some(when.to_come(&local)?.ok_or(Error::Over)?),
        None => None,
    };
    Ok(Token {
        name: wanted.name.clone(),
        rights: Rights {
            role: match wanted.role {
                RoleName::Read => Role::Read,
                RoleName::Work => Role::Work,
            },
            mailboxes: (!mailboxes.is_empty()).then_some(mailboxes),
        },
        made: now,
        used: None,
        expires,
    })
}

fn list(folder: &Path, now: Timestamp, zone: &TimeZone, out: &mut dyn Write) -> Result<(), Error> {
    let tokens = Reader::open(folder)?.tokens()?;
    let mut list = Listing::new(["name", "role", "boxes", "made", "last used", "expires"], 3);
    let time = |at: Timestamp| wording::time(at, zone, En);
    for token in &tokens {
        let boxes = token.rights.mailboxes.as_ref().map(|listed| {
            let names: Vec<_> = listed.iter().map(ToString::to_string).collect();
            names.join(", ")
        });
        list.add([
            shortened(&token.name, WIDTH).to_string(),
            token.rights.role.as_str().to_owned(),
            boxes.map_or("all".into(), |boxes| shortened(&boxes, WIDTH).to_string()),
            time(token.made),
            token.used.map_or("never".into(), time),
            match token.expires {
                None => "never".into(),
                Some(end) if token.holds(now) => time(end),
                Some(end) => format!("expired {}", time(end)),
            },
        ]);
    }
    list.print(None, out)?;
    if tokens.is_empty() {
        writeln!(
            out,
            "There are no tokens; voicemail-guard token add NAME --role read makes one."
        )?;
    }
    Ok(())
}
