//! `erase`: everything that there is of a number or a call, wherever the guard has put it.

mod plan;
mod traces;

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;

use self::plan::Plan;
use self::traces::{Trace, files_with};
use super::calls::NOTHING_FOUND;
use crate::call_log::leftovers::{blank_unreadable, remove_set_aside};
use crate::call_log::{
    CallLog, DATABASE, Durability, Eraser, Found, JOURNAL, LogError, Reader, UNREADABLE,
    guard_at_work, waiting,
};
use crate::call_record::{Destination, Pseudonym};
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::config::delivery::Voicemail;
use crate::delivery::spool::Spool;
use crate::delivery::spool::replay::remove_sound;
use crate::number::{Country, Mention};
use crate::recordings;
use crate::sweep::{KEY, SweepError, pseudonyms};
use crate::text::{counted, quoted};

/// How long a running guard's journal is waited for: it is filed every second.
const JOURNAL_TAKES: (u32, Duration) = (50, Duration::from_millis(100));

/// Whose data are erased, and how.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("whose").required(true).args(["number", "call"])),
    after_help = "Works beside a running guard and without one; run it as the user that runs the guard.\n\n\
        Exit codes: 0 erased, or shown by --dry-run; 1 nothing found, refused, or something is left; 2 wrong usage.\n\n\
        Examples:\n  \
        voicemail-guard erase --number 0911/12345678 --dry-run\n  \
        voicemail-guard erase --number 0911/12345678\n  \
        voicemail-guard erase --call 6b4ac0k3j4x7 --yes"
)]
pub struct Args {
    /// Every call by this number, and to be called back there: the whole number, in any form people
    /// write
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,
    /// This call: its identifier or the beginning of it
    #[arg(long, value_name = "ID")]
    pub call: Option<String>,
    /// Only show what would be erased, and what is outside the guard's hands
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
    /// Erase also what is not delivered yet, or could not be: nobody will have heard it
    #[arg(long)]
    pub undelivered_too: bool,
}

/// Why nothing, or not all, could be erased.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command does not take what was given.
    #[error("{0}")]
    Usage(&'static str),
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The key of the pseudonyms cannot be read.
    #[error(transparent)]
    Key(#[from] SweepError),
    /// Entries wait for the database.
    #[error(
        "{} in the journal for the database, and may be of this number; see voicemail-guard check, and erase when all is filed",
        match .0 { 1 => "1 entry waits".to_owned(), more => format!("{more} entries wait") }
    )]
    Journal(usize),
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be read or printed.
    #[error("cannot read or print: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            _ => 1,
        })
    }
}

/// Shows what there is, asks, and erases it.
///
/// # Errors
/// The log cannot be used, or the arguments do not fit together.
pub fn run(
    args: &Args,
    config: &Config,
    data: &Path,
    asked: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<ExitCode, Error> {
    LogError::unless_there(&data.join(DATABASE))?;
    // Opened for writing it would be brought up to this version, which only a guard is asked for.
    if let Err(error @ LogError::Older { .. }) = Eraser::open(data) {
        return Err(error.into());
    }
    // Held while this works: no guard starts meanwhile.
    let log = if args.dry_run { None } else { open(data)? };
    let trace = match (&args.number, &args.call) {
        (Some(number), _) => {
            Trace::Number(mention(number, config.policy(&"".into()).home_country)?)
        }
        (None, call) => match the_call(call.as_deref().unwrap_or_default(), data)? {
            Some(id) => Trace::Call(id),
            None => return nothing(call.as_deref().unwrap_or_default(), out),
        },
    };
    let mut eraser = Eraser::open(data)?;
    let is_running = log.is_none() && (!args.dry_run || guard_at_work(data));
    let mut plan = Plan::of(&trace, &eraser, data, is_running)?;
    let zone = TimeZone::system();
    if plan.is_empty() {
        if let Trace::Number(number) = &trace {
            whole(number, args.number.as_deref().unwrap_or_default())?;
        }
        let asked_for = args.number.as_ref().or(args.call.as_ref());
        let code = nothing(asked_for.map_or("", String::as_str), out)?;
        plan.show_unsure(out)?;
        return Ok(code);
    }
    plan.show(&trace, data, &zone, out)?;
    if plan.has_undelivered() && !args.undelivered_too {
        writeln!(
            out,
            "\nNothing was erased: not all of it is delivered. Deliver it first, or say --undelivered-too."
        )?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    }
    if args.dry_run {
        plan.show_unsure(out)?;
        plan.show_outside(&zone, out)?;
        writeln!(out, "\nNothing was erased (--dry-run).")?;
        return Ok(ExitCode::SUCCESS);
    }
    if plan.has_something_to_erase() && !args.yes && !confirmed(asked, out)? {
        writeln!(out, "Nothing was erased.")?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    }
    let left = erase(&mut plan, &trace, &mut eraser, config, data)?;
    report(&plan, &trace, &left, data, out)?;
    plan.show_unsure(out)?;
    plan.show_outside(&zone, out)?;
    let is_all = left.files.is_empty() && !plan.is_about_to_come();
    Ok(ExitCode::from(u8::from(!is_all)))
}

/// The log, if no guard works on it; then nothing waits in its journal any more, or with the one
/// who does.
fn open(data: &Path) -> Result<Option<CallLog>, Error> {
    match CallLog::open(data, Clock::default()) {
        Ok(opened) => match opened.log.flush().blocking_recv() {
            Ok(Durability::Database) => Ok(Some(opened.log)),
            _ => Err(Error::Journal(waiting(data))),
        },
        Err(LogError::InUse { .. }) => {
            let (times, pause) = JOURNAL_TAKES;
            for _ in 0..times {
                if waiting(data) == 0 {
                    return Ok(None);
                }
                clock::block(pause);
            }
            Err(Error::Journal(waiting(data)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn mention(number: &str, home: Country) -> Result<Mention, Error> {
    Mention::read(number, Some(home)).ok_or(NO_WHOLE_NUMBER)
}

const NO_WHOLE_NUMBER: Error = Error::Usage(
    "--number needs a whole number, such as 0911/12345678; calls without one are named by their id",
);

const TAKEN_FOR_A_NAME: Error = Error::Usage(
    "--number was taken for a name, since letters stand among its digits, and there is nothing of it; is it mistyped, such as an O in place of a 0?",
);

/// That what there is nothing of is a whole number: a few digits may have been meant as the end of
/// one, and letters among digits as some of them.
pub(super) fn whole(number: &Mention, text: &str) -> Result<(), Error> {
    if number.is_word() && text.chars().filter(char::is_ascii_digit).count() >= FEW_DIGITS {
        return Err(TAKEN_FOR_A_NAME);
    }
    if number.is_found_in_texts() || number.is_word() {
        return Ok(());
    }
    Err(NO_WHOLE_NUMBER)
}

/// So many digits are meant as a number.
const FEW_DIGITS: usize = 3;

fn the_call(reference: &str, data: &Path) -> Result<Option<crate::call_record::CallId>, Error> {
    let found = Reader::open(data)?.find(reference)?;
    match found.as_slice() {
        [] => Ok(None),
        [record] => Ok(Some(record.id)),
        _ => Err(Error::Usage(
            "--call may mean several calls; give the whole identifier (voicemail-guard call shows them)",
        )),
    }
}

fn nothing(asked_for: &str, out: &mut dyn Write) -> Result<ExitCode, Error> {
    writeln!(out, "There is nothing of {}.", quoted(asked_for))?;
    Ok(ExitCode::from(NOTHING_FOUND))
}

fn confirmed(asked: &mut dyn BufRead, out: &mut dyn Write) -> Result<bool, Error> {
    write!(out, "\nErase this? It cannot be undone. Type yes: ")?;
    out.flush()?;
    let mut answer = String::new();
    asked.read_line(&mut answer)?;
    if !io::stdin().is_terminal() {
        writeln!(out)?;
    }
    Ok(answer.trim() == "yes")
}

/// What could not be erased, and what looks so.
#[derive(Default)]
struct Left {
    /// Files that stay, or in which the number still stands.
    files: Vec<String>,
    /// Files in which its digits are seen as part of something else.
    as_part: Vec<String>,
}

fn erase(
    plan: &mut Plan,
    trace: &Trace,
    eraser: &mut Eraser,
    config: &Config,
    data: &Path,
) -> Result<Left, Error> {
    let number = match trace {
        Trace::Number(number) => Some((number, &plan.elsewhere)),
        Trace::Call(_) => None,
    };
    eraser.erase(&plan.calls, number, Clock::default().date())?;
    let mut left = Left::default();
    for call in &plan.calls {
        plan.recordings += u32::from(remove_files(call, config, data, &mut left));
    }
    let tap_folder = &config.tap.folder_as_guard_sees_it;
    for aside in &plan.set_aside {
        if !aside.is_taken_over {
            let why = "the deliveries that it owes are not taken over yet; start the guard once";
            left.files.push(format!("{}: {why}", aside.file));
            continue;
        }
        for of in &aside.recordings {
            if let Err(error) = recordings::remove(tap_folder, data, *of, None) {
                left.files
                    .push(format!("{}: {error}", recordings::place(of.0, of.1)));
            }
        }
        match remove_set_aside(data, &aside.file) {
            Ok(()) => eraser.forget_set_aside(&aside.file)?,
            Err(error) => left.files.push(format!("{}: {error}", aside.file)),
        }
    }
    if plan.unreadable > 0 {
        blank_unreadable(data, |line| trace.is_in_line(line)).map_err(|source| Error::File {
            path: data.join(UNREADABLE),
            source,
        })?;
    }
    clean(trace, eraser, data, &mut left)?;
    Ok(left)
}

/// Removes the files of a call; whether there was a recording.
fn remove_files(call: &Found, config: &Config, data: &Path, left: &mut Left) -> bool {
    let tap_folder = &config.tap.folder_as_guard_sees_it;
    remove_sound(tap_folder, call.id);
    let noted = call
        .record
        .as_ref()
        .and_then(|record| record.audio.as_deref());
    let removed = recordings::remove(tap_folder, data, (call.id, call.started), noted);
    for delivery in &call.undelivered {
        if delivery.to != Destination::Mailbox || delivery.mailbox.mailbox().is_none() {
            continue;
        }
        let own = &config.delivery.voicemail;
        let settings = Voicemail {
            spool: delivery.spool.clone().unwrap_or_else(|| own.spool.clone()),
            ..own.clone()
        };
        let discarded = Spool::new(settings, String::new()).discard(&delivery.mailbox, call.id);
        if let Err(error) = discarded {
            left.files.push(error.to_string());
        }
    }
    removed.unwrap_or_else(|error| {
        let place = recordings::place(call.id, call.started);
        left.files.push(format!("{place}: {error}"));
        false
    })
}

/// Has the files of the log hold nothing of it, and looks whether that is so.
fn clean(trace: &Trace, eraser: &Eraser, data: &Path, left: &mut Left) -> Result<(), Error> {
    let mut is_clean = eraser.clean(false)?;
    let mut found = files_with(data, trace)?;
    let is_database = |path: &PathBuf| name_of(path).starts_with(DATABASE);
    let is_needed = match trace {
        Trace::Number(_) => found.iter().any(is_database),
        Trace::Call(id) => found.iter().any(is_database) && !eraser.names_a_case(*id)?,
    };
    if is_needed {
        is_clean &= eraser.clean(true)?;
        found = files_with(data, trace)?;
    }
    if !is_clean {
        let busy =
            "somebody reads in it all the time: what was deleted may still stand in its -wal";
        left.files
            .push(format!("{DATABASE}: {busy}; erase once more"));
    }
    let Trace::Number(number) = trace else {
        return Ok(());
    };
    for path in found {
        if is_database(&path) && is_clean {
            let is_whole = !eraser.calls_of(number, &[])?.is_empty()
                || !eraser.elsewhere(number, &[])?.is_empty();
            let columns = eraser.columns_with(number)?;
            if !is_whole && columns.is_empty() {
                left.as_part.push(name_of(&path));
                continue;
            }
            let columns: Vec<_> = columns.into_iter().collect();
            if !columns.is_empty() {
                left.files
                    .push(format!("{DATABASE}: {}", columns.join(", ")));
                continue;
            }
        }
        let is_set_aside = name_of(&path).contains(".broken-");
        if is_set_aside && !trace.in_file(&path).unwrap_or_default().is_in {
            left.as_part.push(name_of(&path));
            continue;
        }
        let is_of_lines = [JOURNAL, UNREADABLE].contains(&name_of(&path).as_str());
        if is_of_lines && !has_line_with(&path, trace)? {
            left.as_part.push(name_of(&path));
            continue;
        }
        left.files.push(format!("{} still has it", path.display()));
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn has_line_with(path: &Path, trace: &Trace) -> Result<bool, Error> {
    let bytes = fs::read(path).map_err(|source| Error::File {
        path: path.into(),
        source,
    })?;
    let mut lines = bytes.split(|&byte| byte == b'\n');
    Ok(lines.any(|line| trace.is_in_line(line)))
}

fn report(
    plan: &Plan,
    trace: &Trace,
    left: &Left,
    data: &Path,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let (calls, recordings) = (plan.calls.len(), plan.recordings);
    writeln!(
        out,
        "\nErased: {}, {}.",
        counted(calls, "call"),
        counted(recordings as usize, "recording")
    )?;
    for file in &left.files {
        writeln!(out, "Left: {file}")?;
    }
    match trace {
        Trace::Number(number) if left.files.is_empty() && !plan.is_about_to_come() => {
            let shown = data.display();
            if number.is_found_in_bytes() {
                writeln!(out, "The number is found nowhere in {shown} any more.")?;
            } else {
                writeln!(
                    out,
                    "Texts and files were not searched: the number is too short to be told from others."
                )?;
            }
            if !left.as_part.is_empty() {
                writeln!(
                    out,
                    "(Its digits stand in {} as part of another number, or as the number that was dialled.)",
                    left.as_part.join(", ")
                )?;
            }
        }
        _ => {}
    }
    for id in plan.calls_up() {
        writeln!(
            out,
            "Call {id} is still up: erase once more when it is over."
        )?;
    }
    Ok(())
}

/// The pseudonyms of a number.
#[derive(Default)]
pub(super) struct Names {
    /// One for each form in which it may have been sent.
    pub(super) sure: Vec<Pseudonym>,
    /// Those of digits that may have been sent for it, or for another.
    pub(super) unsure: Vec<Pseudonym>,
}

impl Names {
    pub(super) fn of(number: &Mention, data: &Path) -> Result<Self, SweepError> {
        if !data.join(KEY).exists() {
            return Ok(Self::default());
        }
        let pseudonyms = pseudonyms(data)?;
        Ok(Self {
            sure: number.identities().map(|of| pseudonyms.of(&of)).collect(),
            unsure: number
                .unsure_identities()
                .map(|of| pseudonyms.of(&of))
                .collect(),
        })
    }
}
