//! `calls --cases`: one line a case, for those who call people back.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::listing::Listing;
use crate::call_log::CountedCase;
use crate::call_record::Pseudonym;
use crate::text::shortened;
use crate::wording::{self, Language};

/// Characters of a number or mailbox in the table.
const WIDTH: usize = 32;

/// The table of these cases, as wide as the terminal or `width`.
pub(super) fn table(
    cases: &[CountedCase],
    width: Option<u16>,
    (now, zone): (Timestamp, &TimeZone),
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut list = Listing::new(
        [
            "waiting since",
            "call back",
            "name",
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
        let since = counted.waiting_since.unwrap_or(counted.case.first);
        list.add([
            wording::time(since, zone, Language::En),
            call_back(counted),
            counted.lead.as_ref().map_or_else(String::new, |lead| {
                shortened(&lead.caller.name, WIDTH).to_string()
            }),
            shortened(counted.mailbox.as_str(), WIDTH).to_string(),
            counted.calls.to_string(),
            verdicts.join(", ") + &judged_by(counted),
            state(counted, now, zone),
            counted.case.id.to_string(),
        ]);
    }
    list.print(width, out)
}

/// The number to ring, and how it is known.
fn call_back(counted: &CountedCase) -> String {
    let lead = counted.lead.as_ref();
    lead.and_then(|lead| wording::callback(&lead.callback, Language::En))
        .unwrap_or_else(|| match counted.number.as_str() {
            "" => "no number is known".into(),
            number if Pseudonym::is_one(number) => wording::number_deleted(Language::En).into(),
            number => shortened(number, WIDTH).to_string(),
        })
}

/// Who says that the call which counts was not what the guard made of it.
fn judged_by(counted: &CountedCase) -> String {
    let correction = counted.correction.as_ref();
    correction.map_or_else(String::new, |of| {
        format!(" ({})", shortened(&of.author.who, WIDTH))
    })
}

fn state(counted: &CountedCase, now: Timestamp, zone: &TimeZone) -> String {
    if counted.case.closed.is_none() && counted.calls == counted.up {
        "call in progress".into()
    } else {
        wording::case_state(&counted.case, now, zone, Language::En)
    }
}

/// What a list of cases does not show, so that nobody takes it for the whole log; `cut` says
/// which they are where there may be more.
pub(super) fn notes(
    shown: usize,
    cut: Option<&str>,
    in_none: u32,
    out: &mut dyn Write,
) -> io::Result<()> {
    if shown == 0 {
        writeln!(out, "No cases found.")?;
    } else if let Some(first) = cut {
        writeln!(out, "The {first} {shown}; --limit N shows more.")?;
    }
    if in_none > 0 {
        writeln!(
            out,
            "Calls in no case, because a list decided on them, they named no mailbox, or an older version filed them: \
             {in_none}; without --cases they are shown."
        )?;
    }
    Ok(())
}
