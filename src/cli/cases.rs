//! `calls --cases`: one line a case, for those who call people back.

use std::io::Write;

use jiff::tz::TimeZone;

use super::calls::{Args, Error, OutputFormat, TABLE_LIMIT};
use super::listing::Listing;
use crate::call_log::{CountedCase, Query, Reader, export};
use crate::text::shortened;
use crate::wording::{self, Language};

/// Characters of a number or mailbox in the table.
const WIDTH: usize = 32;

/// Prints the cases that have a call which is wanted, those with the latest call first; returns how
/// many.
pub(super) fn print(
    reader: &Reader,
    query: &Query,
    args: &Args,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> Result<usize, Error> {
    let (cases, in_none) = reader.cases(query, args.open, query.limit)?;
    match args.format {
        OutputFormat::Csv | OutputFormat::CsvExcel => return Err(Error::CasesAsCsv),
        OutputFormat::Json => {
            for case in &cases {
                writeln!(out, "{}", export::case_json(case, zone))?;
            }
        }
        OutputFormat::Table => {
            table(&cases, args, zone, out)?;
            notes(cases.len(), in_none, args, out)?;
        }
    }
    out.flush()?;
    Ok(cases.len())
}

fn table(
    cases: &[CountedCase],
    args: &Args,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut list = Listing::new(
        [
            "last call",
            "first call",
            "number",
            "box",
            "calls",
            "verdicts",
            "state",
            "case",
        ],
        4,
    );
    for counted in cases {
        let verdicts = counted.verdicts.iter();
        let verdicts: Vec<_> = verdicts
            .map(|(verdict, n)| format!("{n} {verdict}"))
            .collect();
        list.add([
            wording::time(counted.case.last, zone),
            wording::time(counted.case.first, zone),
            shortened(&counted.number, WIDTH).to_string(),
            shortened(counted.mailbox.as_str(), WIDTH).to_string(),
            counted.calls.to_string(),
            verdicts.join(", "),
            state(counted, zone),
            counted.case.id.to_string(),
        ]);
    }
    Ok(list.print(args.width, out)?)
}

fn state(counted: &CountedCase, zone: &TimeZone) -> String {
    if counted.case.closed.is_none() && counted.calls == counted.up {
        "call in progress".into()
    } else {
        wording::case_state(&counted.case, zone, Language::En)
    }
}

/// What a list of cases does not show, so that nobody takes it for the whole log.
fn notes(shown: usize, in_none: u32, args: &Args, out: &mut dyn Write) -> Result<(), Error> {
    if shown == 0 {
        writeln!(out, "No cases found.")?;
    } else if args.limit.is_none() && shown == TABLE_LIMIT as usize {
        writeln!(out, "The newest {shown}; --limit N shows more.")?;
    }
    if in_none > 0 {
        writeln!(
            out,
            "Calls in no case, because they show no number, a list decided on them, or repeat_window_s is off: {in_none}; \
             without --cases they are shown."
        )?;
    }
    Ok(())
}
