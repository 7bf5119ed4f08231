//! `case ID`: what a caller still wants, and what the team has done about it; the same steps as on the page.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calls::{Error, NOTHING_FOUND};
use super::when::When;
use crate::call_log::{CaseQuery, Change, Changed, Reader, change_case};
use crate::case::{Author, Case, LONGEST_NAME, LONGEST_NOTE, Step, Via};
use crate::clock::Clock;
use crate::config::Web;
use crate::text::{one_line, quoted, shortened};
use crate::wording::{self, Language::En};

/// Which case, and what is done about it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 shown or done; 1 no such case, or somebody else was first; 2 wrong usage or configuration.

Examples:
  voicemail-guard calls --cases --open
  voicemail-guard case 6aq6scwt0001 claim
  voicemail-guard case 6aq6scwt0001 not-reached --next-try 2h rang twice, engaged
  voicemail-guard case 6aq6scwt0001 reached will send the contract")]
pub struct Args {
    /// The case's identifier, or that of one of its calls, or the beginning of one
    #[arg(value_name = "ID")]
    pub id: String,
    /// What is done; nothing shows the case
    #[arg(value_enum)]
    pub step: Option<StepName>,
    /// A note on it
    #[arg(value_name = "NOTE", requires = "step")]
    pub note: Vec<String>,
    /// When to ring again: 2h, 30m, 14:00, 2026-11-30, "2026-11-30 14:00"
    #[arg(long, value_name = "TIME")]
    pub next_try: Option<When>,
    /// Who does it [default: the user who is logged in]
    #[arg(long = "as", value_name = "NAME")]
    pub who: Option<String>,
    /// How long a claim lasts; from the configuration.
    #[arg(skip = Web::default().claims_last)]
    pub claims_last: Duration,
}

/// What can be done about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepName {
    /// You work on it: for a while nobody else can
    Claim,
    /// You do not work on it any more
    Release,
    /// You reached the caller: the case is closed
    Reached,
    /// You rang and nobody answered
    NotReached,
    /// It is settled in another way
    Done,
    /// There is nothing to do
    NothingToDo,
    /// It was closed by mistake
    Reopen,
    /// Only add the note
    Note,
}

/// Shows a case, or takes a step in it.
///
/// # Errors
/// The log cannot be used, or the arguments do not fit together.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let (now, zone) = (Clock::default().date(), TimeZone::system());
    let reader = Reader::open(data_folder)?;
    let Some(case) = reader.find_case(&args.id)? else {
        writeln!(
            out,
            "There is no case {}; voicemail-guard calls --cases lists them.",
            quoted(&args.id)
        )?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    let Some(name) = args.step else {
        show(&reader, &case, (now, &zone), out)?;
        return Ok(ExitCode::SUCCESS);
    };
    let step = step(name, args, now, &zone)?;
    let note = note(&args.note)?;
    if note.is_none() && step == Step::Note {
        return Err(Error::Usage(
            "the note is missing; write it behind the word note",
        ));
    }
    let change = Change {
        case: case.id,
        seen: None,
        step,
        note,
        author: Author {
            who: who(args.who.as_deref())?,
            via: Via::Command,
        },
        at: now,
    };
    match change_case(data_folder, &change)? {
        Changed::Done(case) => {
            let state = wording::case_state(&case, now, &zone, En);
            writeln!(out, "Case {}: {state}.", case.id)?;
            Ok(ExitCode::SUCCESS)
        }
        Changed::Refused(refusal) => {
            let why = wording::refusal(&refusal, step, &zone, En);
            writeln!(out, "Case {}: nothing was changed, {why}.", case.id)?;
            Ok(ExitCode::from(NOTHING_FOUND))
        }
        Changed::Missing => {
            writeln!(out, "Case {} is gone.", case.id)?;
            Ok(ExitCode::from(NOTHING_FOUND))
        }
    }
}

fn step(name: StepName, args: &Args, now: Timestamp, zone: &TimeZone) -> Result<Step, Error> {
    if args.next_try.is_some() && name != StepName::NotReached {
        return Err(Error::Usage("--next-try belongs to not-reached"));
    }
    Ok(match name {
        StepName::Claim => Step::Claim {
            until: now + args.claims_last,
        },
        StepName::Release => Step::Release,
        StepName::Reached => Step::Reached,
        StepName::NotReached => Step::NotReached {
            next_try: args.next_try.map(|at| later(at, now, zone)).transpose()?,
        },
        StepName::Done => Step::Done,
        StepName::NothingToDo => Step::NothingToDo,
        StepName::Reopen => Step::Reopen,
        StepName::Note => Step::Note,
    })
}

fn later(when: When, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Error> {
    let over = Error::Usage("--next-try names a time that is over");
    when.to_come(&now.to_zoned_datetime(zone.clone()))?
        .ok_or(over)
}

/// The note that these words are; `None` where there are none.
pub(super) fn note(words: &[String]) -> Result<Option<String>, Error> {
    let note = words.join(" ").trim().to_owned();
    if note.chars().count() > LONGEST_NOTE {
        return Err(Error::Usage("a note has at most 2000 characters"));
    }
    Ok((!note.is_empty()).then_some(note))
}

/// Who does this: by the name that was given, or the user who is logged in.
pub(super) fn who(named: Option<&str>) -> Result<String, Error> {
    let logged_in = ["SUDO_USER", "USER", "LOGNAME"];
    let who = named.map(ToOwned::to_owned).or_else(|| {
        let mut users = logged_in.iter().filter_map(|name| env::var(name).ok());
        users.find(|user| !user.trim().is_empty())
    });
    let who = who.unwrap_or_default().trim().to_owned();
    if who.is_empty() || who.chars().count() > LONGEST_NAME {
        return Err(Error::Usage(
            "who does this is not known; name yourself with --as NAME, of at most 64 characters",
        ));
    }
    Ok(who)
}

fn show(
    reader: &Reader,
    case: &Case,
    (now, zone): (Timestamp, &TimeZone),
    out: &mut dyn Write,
) -> Result<(), Error> {
    let counted = reader.cases(&CaseQuery {
        id: Some(case.id),
        ..CaseQuery::default()
    })?;
    writeln!(
        out,
        "Case {}: {}",
        case.id,
        wording::case_state(case, now, zone, En)
    )?;
    for of in &counted {
        let lead = of.lead.as_ref();
        let number = lead.and_then(|lead| wording::callback(&lead.callback, En));
        let number = number.unwrap_or_else(|| "no number is known".into());
        writeln!(out, "Call back  {number}")?;
        if let Some(name) = lead.and_then(|lead| wording::name(&lead.caller)) {
            writeln!(out, "Name       {name}")?;
        }
        writeln!(
            out,
            "Box        {}",
            shortened(of.mailbox.as_str(), LONGEST_NAME)
        )?;
    }
    let mut label = "Calls";
    let corrections = reader.corrections(case.id)?;
    for call in reader.calls_of_case(case.id)? {
        let verdict = call.verdict.map_or("(up)", |verdict| verdict.as_str());
        let correction = corrections.get(&call.id);
        let correction = correction.map_or_else(String::new, wording::corrected_in_short);
        let time = wording::time(call.started, zone, En);
        writeln!(
            out,
            "{label:<10} {time}  {}  {verdict}{correction}",
            call.id
        )?;
        label = "";
    }
    let mut label = "Done";
    for event in reader.case_events(case.id)? {
        let who = wording::case_author(event.who.as_deref(), event.via);
        let what = wording::case_event(&event.what, event.call, event.verdict, En);
        let time = wording::time(event.at, zone, En);
        write!(out, "{label:<10} {time}  {who}: {what}")?;
        match &event.note {
            Some(note) => writeln!(out, ": {}", shortened(&one_line(note), LONGEST_NOTE))?,
            None => writeln!(out)?,
        }
        label = "";
    }
    Ok(())
}
