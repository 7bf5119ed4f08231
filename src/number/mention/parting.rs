//! Which groups of digits beside one another are one number: the parting of them into numbers that
//! is the likeliest, by what each reading costs.

use std::ops::Range;

use super::stretch::{Gap, Group};

/// Digits of a number as it is dialled: an E.164 number behind `011`, `(0)` left out.
const MOST_DIGITS: usize = 18;
/// Digits of what no plan has and may be a number all the same.
const UNKNOWN: std::ops::RangeInclusive<usize> = 5..=15;
/// A number of so many digits is hardly the beginning of one.
const SURELY: usize = 9;
/// What costs no more than this more than the likeliest reading may be meant.
const MAY_BE: u32 = 4;

/// What digits are, read as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The number that is looked for.
    Theirs,
    /// That number or another.
    Unsure,
    /// Another, that a numbering plan has.
    Others,
    /// Another, with a country code, that no plan has.
    Abroad,
    /// None that anybody knows.
    Unknown,
}

impl Reading {
    /// Whether it may be the number that is looked for.
    fn is_theirs(self) -> bool {
        matches!(self, Self::Theirs | Self::Unsure)
    }

    /// Whether nothing is missing of the number.
    fn is_whole(self) -> bool {
        matches!(self, Self::Theirs | Self::Others)
    }
}

/// Groups that are the number that is looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) groups: Range<usize>,
    /// Whether nothing else is as likely.
    pub(super) is_sure: bool,
}

struct Span {
    groups: Range<usize>,
    /// `None` of a group that is no number.
    reading: Option<Reading>,
    cost: u32,
}

impl Span {
    fn is_theirs(&self) -> bool {
        self.reading.is_some_and(Reading::is_theirs)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.groups.start < other.groups.end && other.groups.start < self.groups.end
    }
}

/// Where the number stands among groups beside one another, in order.
pub(super) fn parts(groups: &[Group], read: &dyn Fn(&str) -> Reading) -> Vec<Part> {
    let spans = spans(groups, read);
    let theirs = spans.iter().filter(|span| span.is_theirs());
    let mut found: Vec<_> = theirs
        .filter_map(|span| {
            let with = cheapest(groups, &spans, |of| {
                std::ptr::eq(of, span) || !of.overlaps(span)
            })?;
            let without = cheapest(groups, &spans, |of| !(of.is_theirs() && of.overlaps(span)))?;
            let is_sure = span.reading == Some(Reading::Theirs) && with < without;
            (is_sure || with <= without + MAY_BE).then_some((with, is_sure, span))
        })
        .collect();
    found.sort_by_key(|(with, _, span)| (*with, usize::MAX - span.groups.len()));
    let mut taken: Vec<&Span> = Vec::new();
    let mut parts = Vec::new();
    for (_, is_sure, span) in found {
        if !taken.iter().any(|of| of.overlaps(span)) {
            taken.push(span);
            let groups = span.groups.clone();
            parts.push(Part { groups, is_sure });
        }
    }
    parts.sort_by_key(|part| part.groups.start);
    parts
}

/// Every way of reading some of the groups.
fn spans(groups: &[Group], read: &dyn Fn(&str) -> Reading) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let readings: Vec<Vec<Reading>> = (0..groups.len())
        .map(|from| {
            (from + 1..=groups.len())
                .map_while(|to| written(&groups[from..to]))
                .map(|text| read(&text))
                .collect()
        })
        .collect();
    let reading = |from: usize, to: usize| readings[from].get(to - from - 1).copied();
    for (from, of_one) in readings.iter().enumerate() {
        found.push(Span {
            groups: from..from + 1,
            reading: None,
            cost: cost_of_none(&groups[from]),
        });
        for (to, of) in (from + 1..).zip(of_one) {
            let span = &groups[from..to];
            if let Some(cost) = cost_of_number(span, *of) {
                let is_whole = |from, to| reading(from, to).is_some_and(Reading::is_whole);
                // `030` and `0171 2345678` rather than one number with a 0 within.
                let has_other = !is_international(span)
                    && (from + 1..to).any(|at| {
                        let begins = groups[at].digits.starts_with('0');
                        begins && !groups[at].is_trunk_zero() && is_whole(at, to)
                    });
                let is_over = |at: usize| at == from + 1 || digits_in(&groups[from..at]) >= SURELY;
                let cost = cost
                    + cost_of_gaps(span, |at| is_over(from + at) && is_whole(from, from + at))
                    + if has_other { 4 } else { 0 };
                found.push(Span {
                    groups: from..to,
                    reading: Some(*of),
                    cost,
                });
            }
        }
    }
    found
}

/// Groups as one number, as it is dialled; `None` where they are too many, or two.
fn written(groups: &[Group]) -> Option<String> {
    let (first, rest) = groups.split_first()?;
    if rest.iter().any(Group::has_plus) {
        return None;
    }
    let rest = rest.iter().filter(|of| !of.is_trunk_zero());
    let digits: String = std::iter::once(first)
        .chain(rest)
        .map(|of| of.digits.as_str())
        .collect();
    let plus = if first.has_plus() { "+" } else { "" };
    (digits.len() <= MOST_DIGITS).then(|| format!("{plus}{digits}"))
}

fn is_international(groups: &[Group]) -> bool {
    groups[0].has_plus() || groups[0].digits.starts_with("00")
}

fn cost_of_none(group: &Group) -> u32 {
    // With these a number begins.
    match (group.has_plus(), group.digits.starts_with("00")) {
        (true, _) => 8,
        (_, true) if group.digits.len() > 3 => 6,
        _ => 3,
    }
}

fn cost_of_number(groups: &[Group], reading: Reading) -> Option<u32> {
    let is_prefixed = groups[0].has_plus() || groups[0].digits.starts_with('0');
    let bare = match (is_prefixed, groups[0].digits.len()) {
        (true, _) => 0,
        // Nobody sets the first digit of an area code apart.
        (false, 1) if groups.len() > 1 => 6,
        _ => 1,
    };
    match reading {
        Reading::Unknown => UNKNOWN.contains(&digits_in(groups)).then_some(4 + bare),
        Reading::Abroad => Some(2 + bare),
        Reading::Unsure => Some(3 + bare),
        _ => Some(1 + bare),
    }
}

/// Commas and the like stand in one number where the writer sets all its groups apart by them, and
/// it is not whole before (`is_over`, behind so many groups).
fn cost_of_gaps(groups: &[Group], is_over: impl Fn(usize) -> bool) -> u32 {
    let first = groups.get(1).map(|of| of.gap);
    let is_alike = groups.iter().skip(1).all(|of| Some(of.gap) == first);
    let apart = (1..groups.len()).filter(|&at| groups[at].gap != Gap::Near);
    let costs = apart.map(|at| match groups[at].gap {
        _ if !is_alike || is_over(at) => 4,
        Gap::Far => 2,
        _ => 1,
    });
    costs.sum::<u32>().min(8)
}

fn digits_in(groups: &[Group]) -> usize {
    groups.iter().map(|of| of.digits.len()).sum()
}

/// What the likeliest parting costs of those with allowed spans alone.
fn cheapest(groups: &[Group], spans: &[Span], is_allowed: impl Fn(&Span) -> bool) -> Option<u32> {
    let mut best: Vec<Option<u32>> = vec![None; groups.len() + 1];
    best[groups.len()] = Some(0);
    // Spans stand in the order of their first groups.
    for span in spans.iter().rev().filter(|span| is_allowed(span)) {
        let Range { start, end } = span.groups;
        let between = groups.get(end).is_some_and(|of| of.gap == Gap::Near);
        let cost = best[end].map(|rest| rest + span.cost + u32::from(between));
        best[start] = match (best[start], cost) {
            (Some(known), Some(cost)) => Some(known.min(cost)),
            (known, cost) => known.or(cost),
        };
    }
    best[0]
}
