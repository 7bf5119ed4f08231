//! `calls`: the call log, searched; a table for people, JSON and CSV for machines.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use super::below_calls::{Observed, notes};
use super::cases;
use super::listing::Listing;
use super::owed::Owed;
use super::when::When;
use crate::call_log::export::{self, Csv};
use crate::call_log::{
    CaseOfCall, CaseQuery, Delivery, ListedCall, LogError, Query, Reader, Standing,
};
use crate::call_record::{CallRecord, MailboxName, Verdict};
use crate::case::ClosedBy;
use crate::clock::Clock;
use crate::figures::NoPeriod;
use crate::hearing::Class;
use crate::number::{Country, Needle};
use crate::text::{shortened, shown};
use crate::wording::{self, Language::En, Undelivered};

/// Nothing was found.
pub(super) const NOTHING_FOUND: u8 = 1;
/// Calls of a table that nobody limited.
const TABLE_LIMIT: u32 = 50;
/// Characters of a name in the table.
const NAME_WIDTH: usize = 32;

/// What of the log is wanted, and how.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "\
Exit codes: 0 calls were found; 1 none, or the log cannot be read; 2 wrong usage or configuration.

Examples:
  voicemail-guard calls --since yesterday
  voicemail-guard calls --number 0911/12345678
  voicemail-guard calls --cases --open --since 7d
  voicemail-guard calls --follow
  voicemail-guard calls --verdict message --since 23.11.2026 --format csv")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct Args {
    /// Calls from this number or to be called back there, in any form people write; the last digits do; or the
    /// word withheld
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub number: Option<String>,
    /// Calls since: 2026-11-23, 23.11.2026, "2026-11-23 14:00", 14:00, today, yesterday, 2h, 3d
    #[arg(long, value_name = "TIME")]
    pub since: Option<When>,
    /// Calls until; a day counts to its end
    #[arg(long, value_name = "TIME")]
    pub until: Option<When>,
    /// Calls that were this: by the guard's verdict, or as somebody says where it was wrong
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Option<Verdict>,
    /// Calls that the guard judged wrongly, as somebody says
    #[arg(long)]
    pub judged_wrong: bool,
    /// Calls for this mailbox, such as 100@default
    #[arg(long = "box", value_name = "BOX")]
    pub box_name: Option<String>,
    /// At most this many, newest first [default: 50 in a table, else all]
    #[arg(long, value_name = "N", value_parser = limit)]
    pub limit: Option<u32>,
    /// One line a case (all that one caller wants of a mailbox until they are helped) instead of one a call
    #[arg(long)]
    pub cases: bool,
    /// Only cases that are open: nobody has spoken to the caller, nor says that it is done; the most urgent first
    #[arg(long, requires = "cases")]
    pub open: bool,
    /// Each call as it ends, a line each, until stopped; with --since first those that have ended since
    #[arg(long, conflicts_with_all = ["until", "limit", "cases", "open"])]
    pub follow: bool,
    /// How they are printed: table, for people; json, an object a line; csv, safe to open in a spreadsheet, where one
    /// leading ' of a cell is not part of its value; csv-excel, for an Excel with decimal commas such as the German one
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub format: OutputFormat,
    /// Columns that a table may take, at least 40 [default: those of the terminal]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..))]
    pub width: Option<u16>,
    /// Country that numbers without a country code belong to; from the configuration.
    #[arg(skip)]
    pub home: Country,
}

/// A limit that lets something through.
fn limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok().filter(|&limit| limit >= 1);
    limit.ok_or_else(|| "a whole number, at least 1".to_owned())
}

/// How calls are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A table for people
    #[default]
    Table,
    /// One JSON object a line
    Json,
    /// CSV, safe to open in a spreadsheet; one leading ' of a cell is not part of its value
    Csv,
    /// CSV for an Excel with decimal commas, such as the German one: semicolons, umlauts in order
    CsvExcel,
}

/// Why the log could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A time lies beyond the calendar.
    #[error("the calendar has no such time, it ends with the year 9999")]
    Time(#[from] jiff::Error),
    /// The number to search for has neither digits nor letters.
    #[error("there is nothing to search for in the number {0:?}")]
    Number(String),
    /// The mailbox to search for cannot be one.
    #[error("{0:?} is no mailbox's name; write --box 100@default, or 100 for the same")]
    Mailbox(String),
    /// Nobody has the mailbox.
    #[error("{0} is neither in the settings, nor has it been called")]
    UnknownMailbox(MailboxName),
    /// Nothing can be since one time and until an earlier one.
    #[error("--since is later than --until: no call is in between")]
    NoSpan,
    /// There are no figures of such days.
    #[error("--{0}")]
    NoPeriod(NoPeriod),
    /// Cases have no form as CSV.
    #[error("--cases prints a table or JSON; --format csv prints calls, each with its case")]
    CasesAsCsv,
    /// What was given does not fit together.
    #[error("{0}")]
    Usage(&'static str),
    /// A file or folder that was named cannot be read.
    #[error("{}: cannot be read: {source}", shown(&.path.to_string_lossy()))]
    Named {
        /// The name.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Time(_)
            | Self::Number(_)
            | Self::Mailbox(_)
            | Self::UnknownMailbox(_)
            | Self::NoSpan
            | Self::NoPeriod(_)
            | Self::CasesAsCsv
            | Self::Usage(_)
            | Self::Named { .. } => ExitCode::from(2),
            Self::Log(_) | Self::Write(_) => ExitCode::from(NOTHING_FOUND),
        }
    }
}

/// Prints the calls that are wanted, newest first.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let query = query(args)?;
    let zone = TimeZone::system();
    let reader = Reader::open(data_folder)?;
    let mut observed = Observed::default();
    let owed = Owed::read(&reader)?;
    let csv = |form: Csv, out: &mut dyn Write| {
        out.write_all(export::csv_header(form).as_bytes())?;
        lines(&reader, &query, out, |call| {
            export::csv(form, call, owed.of(&call.record), &zone)
        })
    };
    let printed = match args.format {
        _ if args.cases => cases(&reader, &query, args, &zone, out),
        OutputFormat::Table => table(&reader, &query, args, (&owed, &zone), &mut observed, out),
        OutputFormat::Json => lines(&reader, &query, out, |call| {
            export::json_with_case(call, owed.of(&call.record), &zone) + "\n"
        }),
        OutputFormat::Csv => csv(Csv::Plain, out),
        OutputFormat::CsvExcel => csv(Csv::Excel, out),
    };
    let printed = match printed {
        Err(Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        printed => printed?,
    };
    if args.format == OutputFormat::Table && !args.cases {
        notes(printed, is_cut(args, printed), observed, data_folder, out)?;
    }
    if args.format == OutputFormat::Table && printed == 0 {
        short_number(&query, out)?;
    }
    Ok(if printed == 0 {
        ExitCode::from(NOTHING_FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints the cases that have a call which is wanted, those with the latest call first; returns how
/// many.
fn cases(
    reader: &Reader,
    query: &Query,
    args: &Args,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> Result<usize, Error> {
    let now = Clock::default().date();
    let cases = reader.cases(&CaseQuery {
        calls: query.clone(),
        standing: if args.open {
            Standing::Open
        } else {
            Standing::Any
        },
        limit: query.limit,
        ..CaseQuery::default()
    })?;
    let shown = cases.len();
    match args.format {
        OutputFormat::Csv | OutputFormat::CsvExcel => return Err(Error::CasesAsCsv),
        OutputFormat::Json => {
            for case in &cases {
                writeln!(out, "{}", export::case_json(case, now, zone))?;
            }
        }
        OutputFormat::Table => {
            cases::table(&cases, args.width, (now, zone), out)?;
            let cut =
                is_cut(args, shown).then_some(if args.open { "most urgent" } else { "newest" });
            cases::notes(shown, cut, reader.calls_without_case(query)?, out)?;
        }
    }
    out.flush()?;
    Ok(shown)
}

pub(super) fn query(args: &Args) -> Result<Query, Error> {
    let now = Clock::default()
        .date()
        .to_zoned_datetime(TimeZone::system());
    let withheld = args.number.as_deref().is_some_and(means_withheld);
    let number = match &args.number {
        _ if withheld => None,
        Some(text) => {
            Some(Needle::read(text, Some(args.home)).ok_or_else(|| Error::Number(text.clone()))?)
        }
        None => None,
    };
    let mailbox = args.box_name.as_deref().map(MailboxName::from);
    if let (Some(name), Some(MailboxName::Impossible(_))) = (&args.box_name, &mailbox) {
        return Err(Error::Mailbox(name.clone()));
    }
    let since = args.since.map(|since| since.begins(&now)).transpose()?;
    let until = args.until.map(|until| until.ends(&now)).transpose()?;
    if since
        .zip(until)
        .is_some_and(|(since, until)| since >= until)
    {
        return Err(Error::NoSpan);
    }
    Ok(Query {
        number,
        withheld,
        since,
        until,
        verdict: args.verdict,
        judged_wrong: args.judged_wrong,
        mailbox,
        limit: args
            .limit
            .or((args.format == OutputFormat::Table && !args.follow).then_some(TABLE_LIMIT)),
        ..Query::default()
    })
}

/// Whether the table has its most lines without having been asked for so many.
fn is_cut(args: &Args, shown: usize) -> bool {
    args.limit.is_none() && shown == TABLE_LIMIT as usize
}

/// Whether a text stands for the callers who withhold their number.
fn means_withheld(text: &str) -> bool {
    let words = ["withheld", "number withheld", "anonymous", "private"];
    words.contains(&text.trim().to_lowercase().as_str())
}

fn lines(
    reader: &Reader,
    query: &Query,
    out: &mut dyn Write,
    line: impl Fn(&ListedCall) -> String,
) -> Result<usize, Error> {
    let mut printed = 0;
    let mut failed = None;
    reader.each_with_case(query, |call| {
        let written = call
            .map_err(Error::from)
            .and_then(|call| Ok(out.write_all(line(&call).as_bytes())?));
        match written {
            Ok(()) => printed += 1,
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    })?;
    out.flush()?;
    failed.map_or(Ok(printed), Err)
}

fn table(
    reader: &Reader,
    query: &Query,
    args: &Args,
    (owed, zone): (&Owed, &TimeZone),
    observed: &mut Observed,
    out: &mut dyn Write,
) -> Result<usize, Error> {
    let mut list = Listing::new(
        [
            "time",
            "number",
            "name",
            "box",
            "verdict",
            "speech",
            "call back",
            "call",
            "case",
        ],
        5,
    );
    let mut broken = None;
    reader.each_with_case(query, |call| {
        match call {
            Ok(call) => {
                let owed = owed.of(&call.record);
                observed.count(&call.record, owed);
                list.add(row(&call, owed, zone));
            }
            Err(error) => broken = Some(error),
        }
        broken.is_none()
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    list.print(args.width, out)?;
    Ok(list.len())
}

fn row(call: &ListedCall, owed: &[Delivery], zone: &TimeZone) -> [String; 9] {
    let record = &call.record;
    let corrected = call.correction.as_ref();
    let corrected = corrected.map_or_else(String::new, wording::corrected_in_short);
    let verdict = match (record.verdict, record.ended) {
        (Some(verdict), _) => {
            let states = owed
                .iter()
                .map(|delivery| Undelivered::from(delivery).state);
            let owed = wording::undelivered_in_short(record, states, En);
            format!("{verdict}{corrected}{}{owed}", wording::listed(record, En))
        }
        (None, None) => "(up)".into(),
        (None, Some(_)) => record
            .queue
            .as_ref()
            .map_or_else(String::new, |wait| wording::wait_in_short(wait, En)),
    };
    [
        wording::time(record.started, zone, En),
        wording::number(&record.caller, En),
        shortened(&record.caller.name, NAME_WIDTH).to_string(),
        shortened(record.mailbox.as_str(), NAME_WIDTH).to_string(),
        verdict,
        record.seconds.of(Class::Speech).to_string(),
        wording::callback(&record.callback, En).unwrap_or_default(),
        record.id.to_string(),
        call.case
            .as_ref()
            .map_or_else(String::new, |of| case_in_short(record, of)),
    ]
}

/// Which call of how many, and whether the caller still has to be called back: `2 of 3, open`.
fn case_in_short(record: &CallRecord, of: &CaseOfCall) -> String {
    let state = match (&of.case.closed, &of.case.claim) {
        (None, _) if record.ended.is_none() && of.calls == 1 => "up",
        (None, Some(_)) => "claimed",
        (None, None) => "open",
        (Some(closed), _) => match closed.by {
            ClosedBy::Message => "message",
            ClosedBy::Answered => "answered",
            ClosedBy::CalledBack => "called back",
            ClosedBy::Reached => "reached",
            ClosedBy::Done => "done",
            ClosedBy::NothingToDo => "nothing to do",
        },
    };
    format!("{} of {}, {state}", of.place, of.calls)
}

/// Why nothing was found by a few digits.
fn short_number(query: &Query, out: &mut dyn Write) -> io::Result<()> {
    if let Some((digits, needed)) = query.number.as_ref().and_then(Needle::too_short) {
        let word = if digits == 1 {
            "digit finds"
        } else {
            "digits find"
        };
        writeln!(
            out,
            "{digits} {word} only a number of just these; to find longer ones by their end, give at least {needed}."
        )?;
    }
    Ok(())
}
