//! `figures`: what was counted of calls and cases, in a table for people, as JSON and CSV for machines.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::calls::Error;
use super::listing::Listing;
use super::mailbox;
use super::when::When;
use crate::call_log::Reader;
use crate::call_log::export::Csv;
use crate::call_log::export_figures::Export;
use crate::call_record::Verdict;
use crate::clock::Clock;
use crate::config::Config;
use crate::figures::{Figures, Group, NoPeriod, Period, Sum};
use crate::text::shortened;
use crate::wording::{self, Language, figures as words};

/// Characters of a mailbox in the table.
const WIDTH: usize = 32;

/// What is counted, and how it is printed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 there are figures, be they zero; 1 the log cannot be read; 2 wrong usage or configuration.

Examples:
  voicemail-guard figures
  voicemail-guard figures --since 1.10.2026 --until 31.10.2026 --box 100
  voicemail-guard figures --since 52w --format csv")]
pub struct Args {
    /// From this day on: 2026-11-23, 23.11.2026, yesterday, 30d [default: this week and the three before]
    #[arg(long, value_name = "TIME")]
    pub since: Option<When>,
    /// Up to this day and with it [default: today]
    #[arg(long, value_name = "TIME")]
    pub until: Option<When>,
    /// Of this mailbox alone, such as 100@default
    #[arg(long = "box", value_name = "BOX")]
    pub box_name: Option<String>,
    /// How they are printed: table, by week and mailbox; json, one object; csv, a row a day and mailbox, safe in a
    /// spreadsheet; csv-excel, for an Excel with decimal commas such as the German one
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub format: super::calls::OutputFormat,
    /// Columns that a table may take, at least 40 [default: those of the terminal]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..))]
    pub width: Option<u16>,
}

/// Prints the figures of a period.
///
/// # Errors
/// The log cannot be read, or what was given makes no sense.
pub fn run(
    args: &Args,
    config: &Config,
    data_folder: &Path,
    out: &mut dyn Write,
) -> Result<ExitCode, Error> {
    use super::calls::OutputFormat;
    let period = period(args)?;
    let reader = Reader::open(data_folder)?;
    let mailbox = match &args.box_name {
        None => None,
        Some(name) => Some(mailbox::known(name, config, &reader)?.to_string()),
    };
    let tally = reader.tally(period, mailbox.as_ref().map(std::slice::from_ref))?;
    let figures = Figures::of(period, &tally);
    let export = Export {
        figures: &figures,
        mailbox: mailbox.as_deref(),
        longest: &|mailbox| config.policy(&mailbox.into()).longest_message,
    };
    match args.format {
        OutputFormat::Json => writeln!(out, "{}", export.json())?,
        OutputFormat::Csv => out.write_all(export.csv(Csv::Plain).as_bytes())?,
        OutputFormat::CsvExcel => out.write_all(export.csv(Csv::Excel).as_bytes())?,
        OutputFormat::Table => table(&export, args.width, out)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn period(args: &Args) -> Result<Period, Error> {
    let now = Clock::default()
        .date()
        .to_zoned_datetime(TimeZone::system());
    let day = |at: Timestamp| at.to_zoned_datetime(now.time_zone().clone()).date();
    let last = match args.until {
        None => None,
        Some(When::Day(day)) => Some(day),
        // The end of a day is the first moment of the next.
        Some(until) => {
            let end = until.ends(&now)?;
            Some(day(end.saturating_sub(SignedDuration::from_millis(1))?))
        }
    };
    let first = match args.since {
        None => None,
        Some(When::Day(day)) => Some(day),
        Some(since) => Some(day(since.begins(&now)?)),
    };
    Period::asked(first, last, now.date()).map_err(|no| match no {
        NoPeriod::TurnedRound => Error::NoSpan,
        no => Error::NoPeriod(no),
    })
}

fn table(export: &Export<'_>, width: Option<u16>, out: &mut dyn Write) -> Result<(), Error> {
    let (figures, en) = (export.figures, Language::En);
    let mut list = Listing::new(
        [
            "week",
            "box",
            "calls",
            "messages",
            "unsure",
            "nothing left",
            "spared",
            "called back",
            "median",
            "90 %",
        ],
        2,
    );
    for ((week, mailbox), sum) in &figures.by_week {
        list.add([
            words::week(*week, en),
            shortened(mailbox, WIDTH).to_string(),
            words::count(sum.counts.calls, en),
            words::count(sum.of(Verdict::Message) + sum.of(Verdict::Rambler), en),
            words::share(sum.unsure_share(), en),
            words::count(sum.group(Group::Junk), en),
            words::minutes(sum.spared_at_least(), en),
            sum.waits.count().to_string(),
            words::waited(sum.waits.median(), en),
            words::waited(sum.waits.most(), en),
        ]);
    }
    list.print(width, out)?;
    summary(export, &figures.total, out)?;
    queues(figures, width, out)
}

/// Callers who waited in queues, by week and queue.
fn queues(figures: &Figures, width: Option<u16>, out: &mut dyn Write) -> Result<(), Error> {
    let (queues, en) = (&figures.queues, Language::En);
    if queues.by_week.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut list = Listing::new(
        [
            "week",
            "queue",
            "waits",
            "asked",
            "answered",
            "nobody there",
            "in vain",
            "taken out",
            "saved",
            "lost",
        ],
        2,
    );
    for ((week, queue), counts) in &queues.by_week {
        let count = |of| words::count(of, en);
        list.add([
            words::week(*week, en),
            shortened(queue, WIDTH).to_string(),
            count(counts.waits),
            count(counts.asked),
            count(counts.answered),
            count(counts.nobody),
            count(counts.in_vain),
            count(counts.taken_out),
            words::minutes(counts.saved_at_most(), en),
            words::minutes(counts.lost(), en),
        ]);
    }
    list.print(width, out)?;
    writeln!(out, "{}", words::queues(&queues.total, en))?;
    writeln!(out, "{}", words::how_queues(en))?;
    Ok(())
}

fn summary(export: &Export<'_>, total: &Sum, out: &mut dyn Write) -> Result<(), Error> {
    let (period, counts, en) = (export.figures.period, total.counts, Language::En);
    let days = words::days(period.first(), period.last(), en);
    let count = |of| words::count(of, en);
    if counts.calls == 0 && total.waits.count() == 0 {
        writeln!(out, "{days}: no calls.")?;
        return Ok(());
    }
    writeln!(out, "{days}: {} calls.", count(counts.calls))?;
    for verdict in Verdict::ALL.into_iter().filter(|of| total.of(*of) > 0) {
        let share = total.of(verdict) as f64 / total.judged() as f64;
        writeln!(
            out,
            "  {} {}, {}",
            count(total.of(verdict)),
            wording::verdict_name(verdict, en),
            words::share(Some(share), en)
        )?;
    }
    if total.passed_by > 0 {
        writeln!(
            out,
            "  {} not heard: a list said so, or there was no room",
            count(total.passed_by)
        )?;
    }
    writeln!(
        out,
        "Spared: at least {}, at most {}; calls with nothing left that were recorded: {}, of which the guard ended {}.",
        words::minutes(total.spared_at_least(), en),
        words::minutes(total.spared_at_most(export.longest), en),
        count(counts.unheard),
        count(counts.ended)
    )?;
    writeln!(out, "{}", words::how_spared(en))?;
    writeln!(
        out,
        "Numbers rescued: {}; asked for: in {} calls. {}",
        count(counts.rescued),
        count(counts.asked),
        words::how_rescued(en)
    )?;
    writeln!(
        out,
        "Called back: {}; half of them within {}, nine of ten within {}.",
        total.waits.count(),
        words::waited(total.waits.median(), en),
        words::waited(total.waits.most(), en)
    )?;
    writeln!(
        out,
        "Judged wrongly, as somebody says: {} of {} calls.",
        count(counts.wrong),
        count(total.judged())
    )?;
    if counts.observed > 0 {
        let sentence = words::observed(counts.observed, counts.would_end, counts.would_save, en);
        writeln!(out, "{sentence}")?;
    }
    Ok(())
}
