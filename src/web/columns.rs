//! The picture of the figures: a column for each day or week, its calls stacked.

use jiff::civil::{Date, Weekday};

use crate::figures::{Figures, Group, Sum, Week};
use crate::wording::{Language, figures as words};

/// A part of a column.
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) y: u64,
    pub(super) height: u64,
}

/// A column of the picture: a day, or a week.
pub(super) struct Column {
    /// What stands below it; not below each.
    pub(super) label: String,
    pub(super) name: String,
    pub(super) told: String,
    pub(super) x: usize,
    pub(super) parts: Vec<Part>,
    /// The calls of each group, and all.
    pub(super) counts: Vec<String>,
}

pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) top: String,
    pub(super) half: String,
    pub(super) columns: Vec<Column>,
}

/// The height of the picture, in units of its own.
const HEIGHT: u64 = 1_000;
/// The width of a column with its gap, in the same units.
const COLUMN: usize = 40;
/// The units that part one group from the next.
const GAP: u64 = 5;

/// The picture of the calls. It is stretched to its place: text stands beside it.
pub(super) fn picture(figures: &Figures, language: Language) -> Picture {
    let columns = figures.columns();
    let most = columns.iter().map(|(_, sum)| sum.counts.calls).max();
    let top = round_above(most.unwrap_or(0));
    let is_long = figures.period.is_long();
    let each = columns.len().div_ceil(MOST_LABELS);
    let is_labelled = |at: usize, day: Date| match columns.len() {
        ..=MOST_LABELS => true,
        _ if is_long => (columns.len() - 1 - at).is_multiple_of(each),
        _ => day.weekday() == Weekday::Monday,
    };
    let name = |day: Date| {
        if is_long {
            words::week(Week::of(day), language)
        } else {
            words::day(day, language)
        }
    };
    let parts = |sum: &Sum| {
        let mut below = 0;
        let parts = Group::ALL.into_iter().filter_map(|group| {
            let calls = sum.group(group);
            let from = below * HEIGHT / top;
            below += calls;
            let to = below * HEIGHT / top;
            // What is there can be seen, however little it is.
            let height = (to - from).saturating_sub(GAP).max(GAP.min(to - from));
            (calls > 0).then(|| Part {
                class: group.as_str(),
                y: HEIGHT - from - height,
                height,
            })
        });
        parts.collect()
    };
    let drawn = columns.iter().enumerate().map(|(at, (day, sum))| {
        let counts: Vec<_> = Group::ALL
            .into_iter()
            .map(|group| words::count(sum.group(group), language))
            .collect();
        let told = Group::ALL.into_iter().filter(|group| sum.group(*group) > 0);
        let told: Vec<_> = told
            .map(|group| {
                let calls = words::count(sum.group(group), language);
                format!("{calls} {}", words::group(group, language))
            })
            .collect();
        Column {
            label: if is_labelled(at, *day) {
                words::day(*day, language)
            } else {
                String::new()
            },
            name: name(*day),
            told: told.join(", "),
            x: at * COLUMN,
            parts: parts(sum),
            counts: counts
                .into_iter()
                .chain([words::count(sum.counts.calls, language)])
                .collect(),
        }
    });
    Picture {
        width: columns.len().max(1) * COLUMN,
        top: words::count(top, language),
        half: words::count(top / 2, language),
        columns: drawn.collect(),
    }
}

/// Days that are written below the picture.
const MOST_LABELS: usize = 8;

/// The next number at or above this one that has a round half.
fn round_above(of: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        let round = [2, 4, 6, 8, 10].map(|times| unit.saturating_mul(times));
        if let Some(round) = round.into_iter().find(|round| *round >= of) {
            return round;
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number() {
        for (most, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (9, 10),
            (10, 10),
            (11, 20),
            (61, 80),
            (4_001, 6_000),
        ] {
            assert_eq!(round_above(most), top, "{most}");
        }
        assert_eq!(round_above(u64::MAX), u64::MAX);
    }
}
