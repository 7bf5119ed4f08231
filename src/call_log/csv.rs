//! CSV that a spreadsheet can open without harm (RFC 4180): its forms, its lines, its cells.

use crate::text::visible;

/// Which spreadsheet a CSV is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Csv {
    /// Any program: commas, decimal points, times in RFC 3339 form.
    Plain,
    /// An Excel of a country with decimal commas, such as the German one, opened by a double click: semicolons,
    /// a byte order mark so that it takes the text for UTF-8, and times that it knows as such.
    Excel,
}

impl Csv {
    /// What stands at its very beginning.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Excel => "\u{feff}",
        }
    }

    pub(super) fn number(self, number: String) -> String {
        match self {
            Self::Plain => number,
            Self::Excel => number.replace('.', ","),
        }
    }
}

/// A line of these cells, line end included.
pub(super) fn csv_line(form: Csv, cells: &[String]) -> String {
    let quoted = |cell: &String| format!("\"{}\"", harmless(cell).replace('"', "\"\""));
    let cells: Vec<_> = cells.iter().map(quoted).collect();
    let between = match form {
        Csv::Plain => ",",
        Csv::Excel => ";",
    };
    cells.join(between) + "\r\n"
}

/// A cell that neither a spreadsheet nor a terminal takes for an order.
fn harmless(cell: &str) -> String {
    let cell = visible(cell);
    let looks_like_formula = cell.starts_with(['=', '+', '-', '@', '\'', '＝', '＋', '－', '＠']);
    let mark = if looks_like_formula { "'" } else { "" };
    format!("{mark}{cell}")
}

/// The value of a cell as it is shown, the quotation marks already taken off.
pub fn csv_value(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}
