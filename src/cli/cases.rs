//! `calls --cases`: one line a case, for those who call people back.

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::listing::Listing;
use crate::call_log::CountedCase;
use crate::text::shortened;
use crate::wording::{self, Language};

/// Characters of a number or mailbox in the table.
const WIDTH: usize = 32;

/// The table of these cases, as wide as the terminal or `width`.
pub(super) fn table(
    cases: &[CountedCase],
    width: Option<u16>,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
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
            wording::time(counted.case.last, zone, Language::En),
            wording::time(counted.case.first, zone, Language::En),
            shortened(&counted.number, WIDTH).to_string(),
            shortened(counted.mailbox.as_str(), WIDTH).to_string(),
            counted.calls.to_string(),
            verdicts.join(", "),
            state(counted, zone),
            counted.case.id.to_string(),
        ]);
    }
    list.print(width, out)
}

fn state(counted: &CountedCase, zone: &TimeZone) -> String {
    if counted.case.closed.is_none() && counted.calls == counted.up {
        "call in progress".into()
    } else {
        wording::case_state(&counted.case, zone, Language::En)
    }
}

/// What a list of cases does not show, so that nobody takes it for the whole log; `is_cut` where
/// there may be older ones.
pub(super) fn notes(
    shown: usize,
    is_cut: bool,
    in_none: u32,
    out: &mut dyn Write,
) -> io::Result<()> {
    if shown == 0 {
        writeln!(out, "No cases found.")?;
    } else if is_cut {
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
