//! `import`: old mailboxes and call detail records, heard and counted: what came before the guard.

mod cdr;
mod hear;
mod show;
mod spool;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rustix::process::{geteuid, nice};

use self::hear::{Heard, hear};
use self::show::NotCounted;
use self::spool::Spool;
use super::calls::{Error, NOTHING_FOUND};
use super::parallel::{cores, in_order, progress};
use super::when::When;
use crate::call_log::{CallLog, DATABASE, ImportLog, LogError, Reader, guard_at_work};
use crate::clock::Clock;
use crate::config::Config;
use crate::imported::{Imported, Key, LeftOut, Report};
use crate::text::{counted, shown};
use crate::wording::Language;

/// What a process that was killed may have heard in vain.
const BATCH: usize = 50;
/// Faults that are named one by one.
const MOST_NAMED: usize = 20;
/// What the process exits with where something that was named could not be read, or not to its end.
const UNREAD: u8 = 2;
/// The lowest priority: calls go before.
const LOWEST: i32 = 19;

/// What is imported, and how it is reported.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true)
    .args(["folders", "cdr", "report", "forget"]))]
pub struct Args {
    /// Mailboxes: Asterisk's whole spool, or one context, mailbox or folder in it; nothing is
    /// changed in it
    #[arg(value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Asterisk's call detail records: Master.csv, the CSV that a database exports, with the names
    /// of the columns in its first line, or a database of SQLite; may be given several times
    #[arg(long, value_name = "FILE")]
    pub cdr: Vec<PathBuf>,
    /// Only what is since: 2026-11-23, 23.11.2026, yesterday, 52w
    #[arg(long, value_name = "TIME")]
    pub since: Option<When>,
    /// Messages that are heard at once [default: half of the cores; one while a guard works on the
    /// data folder]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Only report what was imported before
    #[arg(long, conflicts_with_all = ["folders", "cdr", "forget"])]
    pub report: bool,
    /// Forget everything that was imported
    #[arg(long, conflicts_with_all = ["folders", "cdr", "since", "json", "report"])]
    pub forget: bool,
}

const AFTER_HELP: &str = "\
Of each message is kept the day, the mailbox, the length, the verdict with its confidence, whether there was a number \
and how many keys are heard: no sound, no number, no name. What is imported is delivered nowhere and stands in no list \
and no figures. A run that was stopped, even killed, goes on where it was when it is started again.

Exit codes: 0 there is a report; 1 nothing was imported, or the log cannot be used; 2 wrong usage or configuration, or \
a folder or file cannot be read, of which the rest is imported.

Examples:
  voicemail-guard import /var/spool/asterisk/voicemail
  voicemail-guard import default/100 --cdr /var/log/asterisk/cdr-csv/Master.csv
  voicemail-guard import --report --json
  voicemail-guard import --forget";

/// When it is, and since when something is wanted.
struct Moment {
    now: Timestamp,
    zone: TimeZone,
    since: Option<Timestamp>,
}

impl Moment {
    fn new(since: Option<When>) -> Result<Self, Error> {
        let (now, zone) = (Clock::default().date(), TimeZone::system());
        let local = now.to_zoned_datetime(zone.clone());
        let since = since.map(|since| since.begins(&local)).transpose()?;
        Ok(Self { now, zone, since })
    }

    fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// Whether something of this time is wanted.
    fn wants(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since)
    }
}

/// Imports what is wanted and reports all there is on `out`, troubles on `err`.
///
/// # Errors
/// The log cannot be used, or what was given makes no sense.
pub fn run(
    args: &Args,
    config: &Config,
    data_folder: &Path,
    (err, out): (&mut dyn Write, &mut dyn Write),
) -> Result<ExitCode, Error> {
    let moment = Moment::new(args.since)?;
    if args.forget {
        let forgotten = ImportLog::open(data_folder)?.forget()?;
        let what = match forgotten {
            1 => "message or call",
            _ => "messages and calls",
        };
        writeln!(out, "Forgotten: {forgotten} {what}.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let not_counted = if args.report {
        None
    } else {
        Some(import(args, &moment, data_folder, err)?)
    };
    let (mut report, mut has_older) = (Report::default(), false);
    let since = moment.since.map(|since| moment.day(since));
    let reader = Reader::open(data_folder)?;
    reader.imported(since, &mut |imported| report.add(&imported))?;
    if since.is_some() && report.is_empty() {
        reader.imported(None, &mut |_| has_older = true)?;
    }
    let language = language(config, &report);
    if args.json {
        writeln!(out, "{}", show::json(&report, not_counted.as_ref()))?;
    } else {
        let older_than = since.filter(|_| has_older);
        show::text((&report, older_than), not_counted.as_ref(), language, out)?;
    }
    out.flush()?;
    Ok(match not_counted {
        Some(NotCounted { unread: true, .. }) => ExitCode::from(UNREAD),
        _ if report.is_empty() => ExitCode::from(NOTHING_FOUND),
        _ => ExitCode::SUCCESS,
    })
}

/// The language of the mailbox where there is one, else the usual.
fn language(config: &Config, report: &Report) -> Language {
    let mut mailboxes = report.mailboxes.iter();
    let name = match (mailboxes.next(), mailboxes.next()) {
        (Some(mailbox), None) => mailbox,
        _ => "",
    };
    config.mailbox_delivery(&name.into()).language
}

/// Imports; what was found and is not counted.
fn import(
    args: &Args,
    moment: &Moment,
    data_folder: &Path,
    err: &mut dyn Write,
) -> Result<NotCounted, Error> {
    for folder in &args.folders {
        fs::read_dir(folder).map_err(|source| named(folder, source))?;
    }
    for file in &args.cdr {
        File::open(file).map_err(|source| named(file, source))?;
    }
    // Also for the threads that come; who may not lower it hears all the same.
    nice(LOWEST).ok();
    let mut log = open(data_folder, err)?;
    let jobs = match args.jobs {
        Some(jobs) => jobs.into(),
        None if guard_at_work(data_folder) => 1,
        None => cores().div_ceil(2),
    };
    let spool = Spool::gather(&args.folders, moment);
    let mut troubles = Troubles {
        not_counted: NotCounted::default(),
        named: 0,
        err,
    };
    for (path, why) in &spool.left_out {
        troubles.note(path, *why);
    }
    for file in &args.cdr {
        let messages = (!args.folders.is_empty()).then_some(&spool.channels);
        let mut calls = cdr::Calls::new(moment, messages);
        match calls.read(file, &mut |batch| log.add(batch)) {
            Err(cdr::Trouble::Log(error)) => return Err(error.into()),
            Err(cdr::Trouble::File(why)) => {
                troubles.not_counted.unread = true;
                troubles.say(&format!("{}: {why}", name_of(file)));
            }
            Ok(()) => {}
        }
        troubles.not_counted.rows += calls.broken;
        troubles.say(&format!(
            "{}: {}, {} of calls that ended in VoiceMail()",
            name_of(file),
            counted(calls.rows as usize, "row"),
            calls.in_voicemail
        ));
    }
    if !args.folders.is_empty() {
        hear_all(spool, jobs, &mut log, &mut troubles)?;
    }
    Ok(troubles.end())
}

/// Hears what has not been heard before.
fn hear_all(
    spool: Spool,
    jobs: usize,
    log: &mut ImportLog,
    troubles: &mut Troubles<'_>,
) -> Result<(), Error> {
    let known = Arc::new(log.heard()?);
    let found = spool.messages.len();
    let bar = progress(found);
    let (mut batch, mut new) = (Vec::new(), 0);
    in_order(
        jobs,
        spool.messages,
        move |_, message, stop| hear(message, &known, stop),
        |message, heard| -> Result<(), Error> {
            bar.inc(1);
            match heard.unwrap_or(Err(LeftOut::Damaged)) {
                Ok(Heard::Before) => {}
                Ok(Heard::Now(key, heard)) => {
                    new += 1;
                    batch.push((key, Imported::Message(heard)));
                }
                Err(why) => bar.suspend(|| troubles.note(&message.path(), why)),
            }
            if batch.len() >= BATCH {
                put(log, &mut batch)?;
            }
            Ok(())
        },
    )?;
    put(log, &mut batch)?;
    bar.finish_and_clear();
    troubles.say(&format!(
        "{} to be heard, {new} of them heard now",
        counted(found, "message")
    ));
    Ok(())
}

fn put(log: &mut ImportLog, batch: &mut Vec<(Key, Imported)>) -> Result<(), LogError> {
    log.add(batch)?;
    batch.clear();
    Ok(())
}

/// Opens the log, and makes it where there has been no guard yet.
fn open(data_folder: &Path, err: &mut dyn Write) -> Result<ImportLog, LogError> {
    match ImportLog::open(data_folder) {
        Err(LogError::Missing { .. }) => {
            drop(CallLog::open(data_folder, Clock::default())?);
            if geteuid().is_root() {
                let folder = name_of(data_folder);
                writeln!(
                    err,
                    "voicemail-guard: the call log {folder}/{DATABASE} is new, and root's: give the folder to the user \
                     that runs the guard"
                )
                .ok();
            }
            ImportLog::open(data_folder)
        }
        opened => opened,
    }
}

fn named(path: &Path, source: io::Error) -> Error {
    Error::Named {
        path: path.into(),
        source,
    }
}

fn name_of(path: &Path) -> String {
    shown(&path.to_string_lossy()).to_string()
}

/// Counts what is not counted, and names the first faults.
struct Troubles<'a> {
    not_counted: NotCounted,
    named: usize,
    err: &'a mut dyn Write,
}

impl Troubles<'_> {
    fn note(&mut self, path: &Path, why: LeftOut) {
        *self.not_counted.messages.entry(why).or_default() += 1;
        self.not_counted.unread |= why == LeftOut::Unreadable;
        if !why.is_fault() {
            return;
        }
        if self.named < MOST_NAMED {
            let why = crate::wording::imported::left_out(why, Language::En);
            self.say(&format!("{}: {why}", name_of(path)));
        }
        self.named += 1;
    }

    fn say(&mut self, line: &str) {
        // Nobody can be informed when standard error is closed.
        writeln!(self.err, "voicemail-guard: {line}").ok();
    }

    fn end(mut self) -> NotCounted {
        if self.not_counted.unread {
            self.say("not all of it could be read; what could is imported, and the rest is when import is run again");
        }
        if let Some(more) = self.named.checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            self.say(&format!(
                "and {more} more like these; the report counts them"
            ));
        }
        self.not_counted
    }
}
