//! The report on what was imported: text for people, one object of JSON for machines.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::call_record::Verdict;
use crate::imported::{LeftOut, MonthSum, Report, Sum};
use crate::text::shown;
use crate::wording::figures::{count, days, minutes, share};
use crate::wording::{Language, imported as words, verdict_name};

/// Columns of a line.
const WIDTH: usize = 100;
/// What is shown as surer than this would be shown as certain.
const MOST_SURE: f64 = 0.999;
/// Mailboxes that are named one by one.
const MOST_MAILBOXES: usize = 10;

/// What was found in this run and is not counted.
#[derive(Debug, Default)]
pub(super) struct NotCounted {
    pub(super) messages: BTreeMap<LeftOut, u64>,
    /// Lines of call detail records that are none.
    pub(super) rows: u64,
    /// Whether the system did not let something be read, or a file is none of call detail records.
    pub(super) unread: bool,
}

/// The report for people; with the day that all there is lies before, where nothing is left of it.
pub(super) fn text(
    (report, older_than): (&Report, Option<Date>),
    not_counted: Option<&NotCounted>,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some((first, last)) = report.days else {
        let nothing = match older_than {
            Some(day) => words::nothing_since(day, language),
            None => words::nothing(language).to_owned(),
        };
        writeln!(out, "{nothing}")?;
        return left_out(not_counted, language, out);
    };
    let title = words::title(language);
    writeln!(out, "{title}: {}", days(first, last, language))?;
    mailboxes(report, language, out)?;
    if report.all().messages > 0 {
        writeln!(out)?;
        verdicts(report, language, out)?;
        for sentence in [
            words::spared(report, language),
            words::without_number(report, language),
            words::how_sure(report, language),
        ] {
            writeln!(out)?;
            paragraph(&sentence, out)?;
        }
    }
    if report.calls.calls > 0 {
        writeln!(out)?;
        for (line, indent) in words::calls(report, language).iter().zip(0..) {
            let indent = if indent == 0 { "" } else { "  " };
            paragraph(&format!("{indent}{line}"), out)?;
        }
    }
    writeln!(out)?;
    months(report, language, out)?;
    left_out(not_counted, language, out)
}

fn mailboxes(report: &Report, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let all = report.mailboxes.len();
    if all == 0 {
        return Ok(());
    }
    let named: Vec<_> = report.mailboxes.iter().take(MOST_MAILBOXES).collect();
    let named: Vec<_> = named.iter().map(|name| shown(name).to_string()).collect();
    let more = if all > named.len() { " …" } else { "" };
    paragraph(
        &format!(
            "Mailboxes ({}): {}{more}",
            count(all as u64, language),
            named.join(", ")
        ),
        out,
    )
}

fn verdicts(report: &Report, language: Language, out: &mut dyn Write) -> io::Result<()> {
    let all = report.all();
    row(&words::verdict_columns(language), out)?;
    let line = |name: &str, of: Sum, out: &mut dyn Write| {
        let part = (all.messages > 0).then(|| of.messages as f64 / all.messages as f64);
        let cells = [
            count(of.messages, language),
            share(part, language),
            minutes(of.sound, language),
            count(of.without_number, language),
            // Nothing that is heard is certain.
            share(of.sure().map(|sure| sure.min(MOST_SURE)), language),
        ];
        let [messages, part, sound, without, sure] = cells.each_ref().map(String::as_str);
        row(&[name, messages, part, sound, without, sure], out)
    };
    let there = Verdict::ALL
        .into_iter()
        .filter(|of| report.of(*of).messages > 0);
    for verdict in there {
        line(verdict_name(verdict, language), report.of(verdict), out)?;
    }
    writeln!(out)?;
    let sums = [report.delivered(true), report.delivered(false), all];
    for (name, of) in words::groups(language).into_iter().zip(sums) {
        line(name, of, out)?;
    }
    Ok(())
}

fn months(report: &Report, language: Language, out: &mut dyn Write) -> io::Result<()> {
    row(&words::month_columns(language), out)?;
    for (month, of) in &report.months {
        let part = (of.messages > 0).then(|| of.junk as f64 / of.messages as f64);
        let cells = [
            words::month(*month, language),
            count(of.messages, language),
            count(of.junk, language),
            share(part, language),
            minutes(of.junk_sound, language),
            count(of.calls, language),
        ];
        row(&cells.each_ref().map(String::as_str), out)?;
    }
    Ok(())
}

/// One row: the first cell to the left, the others to the right.
fn row(cells: &[&str; 6], out: &mut dyn Write) -> io::Result<()> {
    let [name, rest @ ..] = cells;
    write!(out, "{name:<18}")?;
    for cell in rest {
        write!(out, "{cell:>14}")?;
    }
    writeln!(out)
}

fn left_out(
    not_counted: Option<&NotCounted>,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(NotCounted { messages, rows, .. }) = not_counted else {
        return Ok(());
    };
    if messages.is_empty() && *rows == 0 {
        return Ok(());
    }
    writeln!(out, "\n{}", words::not_counted(language))?;
    for (why, number) in messages {
        let why = words::left_out(*why, language);
        writeln!(out, "  {}: {why}", count(*number, language))?;
    }
    if *rows > 0 {
        let why = words::no_rows(language);
        writeln!(out, "  {}: {why}", count(*rows, language))?;
    }
    Ok(())
}

/// A sentence in lines that are not too long.
fn paragraph(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let indent = text.len() - text.trim_start().len();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let gap = if used == 0 {
            indent
        } else if used + 1 + length > WIDTH {
            writeln!(out)?;
            used = 0;
            indent
        } else {
            1
        };
        write!(out, "{:gap$}{word}", "")?;
        used += gap + length;
    }
    writeln!(out)
}

/// The report for machines. Times are seconds.
pub(super) fn json(report: &Report, not_counted: Option<&NotCounted>) -> Value {
    let verdicts: Map<String, Value> = Verdict::ALL
        .into_iter()
        .filter(|of| report.of(*of).messages > 0)
        .map(|of| (of.as_str().to_owned(), sum(report.of(of))))
        .collect();
    let months: Vec<_> = report.months.iter().map(month).collect();
    let junk = report.delivered(false);
    let calls = report.calls;
    let mut object = json!({
        "first": report.days.map(|(first, _)| first.to_string()),
        "last": report.days.map(|(_, last)| last.to_string()),
        "boxes": report.mailboxes,
        "all": sum(report.all()),
        "team": sum(report.delivered(true)),
        "nothing_left": sum(junk),
        "perhaps_wrong": thousandths(junk.perhaps_wrong()),
        "verdicts": verdicts,
        "months": months,
        "calls": {
            "calls": calls.calls,
            "seconds": thousandths(calls.length.as_secs_f64()),
            "no_number": calls.without_number,
            "at_once": calls.at_once,
            "left_message": calls.left_message,
            "left_none": calls.left_none,
            "not_looked_for": calls.calls - calls.left_message - calls.left_none,
        },
    });
    if let Some(NotCounted { messages, rows, .. }) = not_counted {
        let mut left: Map<String, Value> = messages
            .iter()
            .map(|(why, number)| (why.as_str().to_owned(), json!(number)))
            .collect();
        left.insert("rows".into(), json!(rows));
        object["not_counted"] = left.into();
    }
    object
}

fn sum(of: Sum) -> Value {
    json!({
        "messages": of.messages,
        "seconds": thousandths(of.sound.as_secs_f64()),
        "no_number": of.without_number,
        "no_number_with_keys": of.with_keys,
        "confidence": of.sure().map(thousandths),
    })
}

fn month((first, of): (&Date, &MonthSum)) -> Value {
    json!({
        "month": first.strftime("%Y-%m").to_string(),
        "messages": of.messages,
        "nothing_left": of.junk,
        "nothing_left_seconds": thousandths(of.junk_sound.as_secs_f64()),
        "calls": of.calls,
    })
}

fn thousandths(of: f64) -> f64 {
    (of * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_fit_the_width_and_lose_no_word() {
        let text = format!("  {}", "Anruf über ".repeat(60));
        let mut out = Vec::new();
        paragraph(&text, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.lines().all(|line| line.chars().count() <= WIDTH),
            "{out}"
        );
        assert!(
            out.lines()
                .all(|line| line.starts_with("  A") || line.starts_with("  ü"))
        );
        assert!(out.split_whitespace().eq(text.split_whitespace()));
    }
}
