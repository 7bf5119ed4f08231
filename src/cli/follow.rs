//! `calls --follow`: each call as it ends, until somebody stops the command.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::calls::{Args, Error, OutputFormat, query};
use super::owed::Owed;
use crate::call_log::export::{self, Csv};
use crate::call_log::{ListedCall, LogError, Query, Reader};
use crate::call_record::CallId;
use crate::clock::{self, Clock};
use crate::wording::support_line;

/// Between two looks at the log.
const BETWEEN: Duration = Duration::from_secs(1);
/// A call that ends now, or is filed now, began at most so long ago.
const LONGEST: SignedDuration = SignedDuration::from_hours(3);

/// Prints calls as they end: with `--since` first those that have ended since, else only what is new. Ends only with
/// an error, such as that nobody reads any more.
pub fn run(args: &Args, data_folder: &Path, out: &mut dyn Write) -> Result<ExitCode, Error> {
    let query = &query(args)?;
    let (clock, zone) = (Clock::default(), TimeZone::system());
    let form = match args.format {
        OutputFormat::Csv => Some(Csv::Plain),
        OutputFormat::CsvExcel => Some(Csv::Excel),
        OutputFormat::Table | OutputFormat::Json => None,
    };
    let mut known = Known::default();
    let recent = || {
        let recent = clock.date() - LONGEST;
        query.since.map_or(recent, |since| recent.max(since))
    };
    let mut since = query.since;
    if since.is_none() {
        let recent = recent();
        known.news(calls(&Reader::open(data_folder)?, query, recent)?, recent);
    }
    if let Some(form) = form {
        out.write_all(export::csv_header(form).as_bytes())?;
        out.flush()?;
    }
    loop {
        let recent = recent();
        // A reader of its own each time: a broken database is replaced by the guard.
        let reader = Reader::open(data_folder)?;
        let news = known.news(
            calls(&reader, query, since.take().unwrap_or(recent))?,
            recent,
        );
        let owed = match news[..] {
            [] => Owed::default(),
            _ => Owed::read(&reader)?,
        };
        for call in &news {
            let owed = owed.of(&call.record);
            let line = match (form, args.format) {
                (Some(form), _) => export::csv(form, call, owed, &zone),
                (None, OutputFormat::Json) => export::json_with_case(call, owed, &zone) + "\n",
                (None, _) => support_line(&call.record, &zone) + "\n",
            };
            out.write_all(line.as_bytes())?;
        }
        out.flush()?;
        clock::block(BETWEEN);
    }
}

fn calls(reader: &Reader, query: &Query, since: Timestamp) -> Result<Vec<ListedCall>, LogError> {
    let query = Query {
        since: Some(since),
        ..query.clone()
    };
    let (mut calls, mut failed) = (Vec::new(), Ok(()));
    reader.each_with_case(&query, |call| {
        match call {
            Ok(call) => calls.push(call),
            // `calls` names it; those behind it are worth more than an end.
            Err(LogError::Record { .. }) => {}
            Err(error) => failed = Err(error),
        }
        failed.is_ok()
    })?;
    failed.map(|()| calls)
}

/// The calls that have ended and are known already, and when they began.
#[derive(Default)]
struct Known(BTreeMap<CallId, Timestamp>);

impl Known {
    /// Those of these that have ended and were not known, in the order in which they ended. What began before
    /// `recent` is not asked for again and forgotten.
    fn news(&mut self, calls: Vec<ListedCall>, recent: Timestamp) -> Vec<ListedCall> {
        self.0.retain(|_, began| *began >= recent);
        let mut news: Vec<ListedCall> = calls
            .into_iter()
            .filter(|call| call.record.ended.is_some())
            .filter(|call| {
                let record = &call.record;
                self.0.insert(record.id, record.started).is_none()
            })
            .collect();
        news.sort_by_key(|call| (call.record.ended, call.record.id));
        news
    }
}
