//! The figures for machines: one JSON object, and CSV with a row for each day and mailbox, and for each day and queue.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::csv::{Csv, csv_line};
use super::export::to_json;
use crate::call_record::Verdict;
use crate::figures::{Figures, QueueCounts, Sum};
use crate::text::plain_json;

/// The figures, the mailbox they are of where it is one, and the longest message of each mailbox.
pub struct Export<'a> {
    /// The figures.
    pub figures: &'a Figures,
    /// The mailbox that was asked for.
    pub mailbox: Option<&'a str>,
    /// The longest message of a mailbox.
    pub longest: &'a dyn Fn(&str) -> Duration,
}

/// What is printed of some calls and cases: these fields in this order, for good.
#[derive(Serialize)]
struct Line {
    calls: u64,
    verdicts: BTreeMap<&'static str, u64>,
    passed_by: u64,
    unsure_share: Option<f64>,
    unheard: u64,
    ended_by_guard: u64,
    spared_s_at_least: f64,
    spared_s_at_most: f64,
    numbers_asked: u64,
    numbers_rescued: u64,
    judged_wrong: u64,
    observed: u64,
    would_have_ended: u64,
    would_have_saved_s: f64,
    called_back: usize,
    waited_s_median: Option<u64>,
    waited_s_90: Option<u64>,
}

#[derive(Serialize)]
struct OfDay<'a> {
    day: String,
    #[serde(rename = "box")]
    mailbox: &'a str,
    #[serde(flatten)]
    of: Line,
}

#[derive(Serialize)]
struct OfWeek<'a> {
    week: String,
    monday: String,
    #[serde(rename = "box")]
    mailbox: &'a str,
    #[serde(flatten)]
    of: Line,
}

/// What is printed of some waits in queues: these fields in this order, for good.
#[derive(Serialize)]
struct QueueLine {
    waits: u64,
    asked: u64,
    answered: u64,
    nobody: u64,
    answered_in_vain: u64,
    taken_out: u64,
    saved_s_at_most: f64,
    lost_s: f64,
}

impl From<&QueueCounts> for QueueLine {
    fn from(counts: &QueueCounts) -> Self {
        Self {
            waits: counts.waits,
            asked: counts.asked,
            answered: counts.answered,
            nobody: counts.nobody,
            answered_in_vain: counts.in_vain,
            taken_out: counts.taken_out,
            saved_s_at_most: counts.saved_at_most().as_secs_f64(),
            lost_s: counts.lost().as_secs_f64(),
        }
    }
}

#[derive(Serialize)]
struct QueueOfDay<'a> {
    day: String,
    #[serde(rename = "box")]
    queue: &'a str,
    #[serde(flatten)]
    of: QueueLine,
}

#[derive(Serialize)]
struct QueueOfWeek<'a> {
    week: String,
    monday: String,
    #[serde(rename = "box")]
    queue: &'a str,
    #[serde(flatten)]
    of: QueueLine,
}

#[derive(Serialize)]
struct Queues<'a> {
    total: QueueLine,
    weeks: Vec<QueueOfWeek<'a>>,
    days: Vec<QueueOfDay<'a>>,
}

#[derive(Serialize)]
struct All<'a> {
    since: String,
    until: String,
    #[serde(rename = "box")]
    mailbox: Option<&'a str>,
    total: Line,
    weeks: Vec<OfWeek<'a>>,
    days: Vec<OfDay<'a>>,
    queues: Queues<'a>,
}

/// The columns of a queue's row.
const OF_QUEUE: [&str; 8] = [
    "queue_waits",
    "queue_asked",
    "queue_answered",
    "queue_nobody",
    "queue_answered_in_vain",
    "queue_taken_out",
    "queue_saved_s_at_most",
    "queue_lost_s",
];

impl Export<'_> {
    fn line(&self, sum: &Sum) -> Line {
        let counts = sum.counts;
        Line {
            calls: counts.calls,
            verdicts: Verdict::ALL
                .map(|verdict| (verdict.as_str(), sum.of(verdict)))
                .into(),
            passed_by: sum.passed_by,
            unsure_share: sum.unsure_share(),
            unheard: counts.unheard,
            ended_by_guard: counts.ended,
            spared_s_at_least: sum.spared_at_least().as_secs_f64(),
            spared_s_at_most: sum.spared_at_most(self.longest).as_secs_f64(),
            numbers_asked: counts.asked,
            numbers_rescued: counts.rescued,
            judged_wrong: counts.wrong,
            observed: counts.observed,
            would_have_ended: counts.would_end,
            would_have_saved_s: counts.would_save.as_secs_f64(),
            called_back: sum.waits.count(),
            waited_s_median: sum.waits.median().map(|of| of.as_secs()),
            waited_s_90: sum.waits.most().map(|of| of.as_secs()),
        }
    }

    /// One JSON object without a line end.
    pub fn json(&self) -> String {
        let figures = self.figures;
        let weeks = figures.by_week.iter().map(|((week, mailbox), sum)| OfWeek {
            week: week.name(),
            monday: week.monday().to_string(),
            mailbox,
            of: self.line(sum),
        });
        let days = figures.by_day.iter().map(|((day, mailbox), sum)| OfDay {
            day: day.to_string(),
            mailbox,
            of: self.line(sum),
        });
        let all = All {
            since: figures.period.first().to_string(),
            until: figures.period.last().to_string(),
            mailbox: self.mailbox,
            total: self.line(&figures.total),
            weeks: weeks.collect(),
            days: days.collect(),
            queues: self.queues(),
        };
        plain_json(&to_json(&all))
    }

    fn queues(&self) -> Queues<'_> {
        let queues = &self.figures.queues;
        let weeks = queues.by_week.iter();
        let weeks = weeks.map(|((week, queue), counts)| QueueOfWeek {
            week: week.name(),
            monday: week.monday().to_string(),
            queue,
            of: counts.into(),
        });
        let days = queues.by_day.iter();
        let days = days.map(|((day, queue), counts)| QueueOfDay {
            day: day.to_string(),
            queue,
            of: counts.into(),
        });
        Queues {
            total: (&queues.total).into(),
            weeks: weeks.collect(),
            days: days.collect(),
        }
    }

    /// The whole CSV, as safe in a spreadsheet as that of the calls.
    pub fn csv(&self, form: Csv) -> String {
        let verdicts = Verdict::ALL.into_iter().map(Verdict::as_str);
        let header = ["day", "box", "calls"].into_iter().chain(verdicts).chain([
            "passed_by",
            "unheard",
            "ended_by_guard",
            "spared_s_at_least",
            "spared_s_at_most",
            "numbers_asked",
            "numbers_rescued",
            "judged_wrong",
            "observed",
            "would_have_ended",
            "would_have_saved_s",
            "called_back",
            "waited_s_median",
            "waited_s_90",
        ]);
        let header: Vec<_> = header.chain(OF_QUEUE).map(String::from).collect();
        let columns = header.len();
        let mut csv = form.mark().to_owned() + &csv_line(form, &header);
        for ((day, mailbox), sum) in &self.figures.by_day {
            let line = self.line(sum);
            let number = |of: u64| of.to_string();
            let seconds = |of: f64| form.number(format!("{of:.3}"));
            let optional = |of: Option<u64>| of.map_or_else(String::new, number);
            let mut cells = vec![day.to_string(), mailbox.clone(), number(line.calls)];
            cells.extend(Verdict::ALL.map(|verdict| number(sum.of(verdict))));
            cells.extend([
                number(line.passed_by),
                number(line.unheard),
                number(line.ended_by_guard),
                seconds(line.spared_s_at_least),
                seconds(line.spared_s_at_most),
                number(line.numbers_asked),
                number(line.numbers_rescued),
                number(line.judged_wrong),
                number(line.observed),
                number(line.would_have_ended),
                seconds(line.would_have_saved_s),
                line.called_back.to_string(),
                optional(line.waited_s_median),
                optional(line.waited_s_90),
            ]);
            cells.resize(columns, String::new());
            csv += &csv_line(form, &cells);
        }
        for ((day, queue), counts) in &self.figures.queues.by_day {
            let line = QueueLine::from(counts);
            let mut cells = vec![day.to_string(), queue.clone()];
            cells.resize(columns - OF_QUEUE.len(), String::new());
            cells.extend(counts.all().map(|of| of.to_string()));
            let seconds = [line.saved_s_at_most, line.lost_s];
            cells.extend(seconds.map(|of| form.number(format!("{of:.3}"))));
            csv += &csv_line(form, &cells);
        }
        csv
    }
}
