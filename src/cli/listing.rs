//! Lists for people: a table where it fits the terminal, else a few lines an entry in which nothing
//! is broken in mid-word.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// Between two cells of a line.
const GAP: &str = "  ";
/// Before the further lines of an entry.
const INDENT: &str = "    ";
/// What needs no name where there is no column above it.
const PLAIN: [&str; 6] = ["time", "number", "name", "verdict", "verdicts", "state"];

/// Rules around the table and below its header, none between its rows.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('═').junction('═'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Rows of cells under their names.
pub(super) struct Listing<const COLUMNS: usize> {
    header: [&'static str; COLUMNS],
    figures: usize,
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Listing<COLUMNS> {
    /// A list without rows; `figures` is the column that stands to the right.
    pub(super) fn new(header: [&'static str; COLUMNS], figures: usize) -> Self {
        Self {
            header,
            figures,
            rows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row);
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Prints it in this many columns; those of the terminal where nothing is said.
    pub(super) fn print(&self, width: Option<u16>, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let width = width.or_else(columns);
        let text = self.table().trim_fmt();
        let natural = text.lines().map(width_of).max().unwrap_or(0);
        match width.map(usize::from) {
            Some(width) if natural > width => self.stacked(width, out),
            _ => writeln!(out, "{text}"),
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(self.header)
            .add_rows(&self.rows);
        if let Some(figures) = table.column_mut(self.figures) {
            figures.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn stacked(&self, width: usize, out: &mut dyn Write) -> io::Result<()> {
        for row in &self.rows {
            let mut lines = Cells::new(width);
            for (name, cell) in self.header.iter().zip(row) {
                if cell.is_empty() {
                    continue;
                }
                if PLAIN.contains(name) {
                    lines.put(cell);
                } else {
                    lines.put(&format!("{name} {cell}"));
                }
            }
            writeln!(out, "{}", lines.into_text())?;
        }
        Ok(())
    }
}

/// Columns of the terminal; where standard output is not one, those that the shell says.
pub(super) fn columns() -> Option<u16> {
    let of_terminal = Table::new().width();
    of_terminal.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// The lines of one entry.
pub(super) struct Cells {
    width: usize,
    text: String,
    used: usize,
}

impl Cells {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            text: String::new(),
            used: 0,
        }
    }

    /// Puts a cell where it fits whole; one that fits no line is parted between its words.
    pub(super) fn put(&mut self, cell: &str) {
        let gap = if self.used == 0 { "" } else { GAP };
        if self.fits(gap, cell) {
            self.push(gap, cell);
        } else if INDENT.len() + width_of(cell) <= self.width {
            self.next();
            self.push("", cell);
        } else {
            let mut gap = gap;
            for word in cell.split(' ') {
                if !self.fits(gap, word) && self.used > INDENT.len() {
                    self.next();
                    gap = "";
                }
                self.push(gap, word);
                gap = " ";
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn fits(&self, gap: &str, text: &str) -> bool {
        self.used + gap.len() + width_of(text) <= self.width
    }

    fn next(&mut self) {
        self.text.push('\n');
        self.text.push_str(INDENT);
        self.used = INDENT.len();
    }

    fn push(&mut self, gap: &str, text: &str) {
        self.text.push_str(gap);
        self.text.push_str(text);
        self.used += gap.len() + width_of(text);
    }
}

/// Columns that a text takes on a terminal.
fn width_of(text: &str) -> usize {
    let wide = |c: char| {
        matches!(c,
            '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|c| 1 + usize::from(wide(c))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_broken_and_everything_fits() {
        let mut list = Listing::new(["time", "number", "name", "speech", "call back", "call"], 3);
        let cells = [
            "2026-11-24 10:12:04",
            "+4991120000001",
            "Jürgen Müller von der Elektro Müller GmbH",
            "14.2 s",
            "+491712345678 (keyed in and confirmed by the caller)",
            "6aq6scwt0001",
        ];
        list.add(cells.map(String::from));
        list.add(["2026-11-24 10:12:05", "", "", "0.0 s", "", "6aq6sdw20002"].map(String::from));
        for width in [40, 80, 100, 120, 200] {
            let mut out = Vec::new();
            list.print(Some(width), &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            let widest = out.lines().map(width_of).max().unwrap();
            assert!(widest <= usize::from(width), "{width}:\n{out}");
            for whole in [
                "2026-11-24 10:12:04",
                "+4991120000001",
                "14.2 s",
                "6aq6scwt0001",
            ] {
                assert!(out.contains(whole), "{width}:\n{out}");
            }
            assert_eq!(out.contains('═'), width == 200, "{out}");
        }
    }
}
