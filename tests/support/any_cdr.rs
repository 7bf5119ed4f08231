//! What holds for any bytes that somebody takes for call detail records or a message's text.

use jiff::tz::TimeZone;
use voicemail_guard::imported::MessageText;
use voicemail_guard::imported::cdr::Columns;
use voicemail_guard::imported::csv::{MOST, Next, Records, delimiter_of};

/// The first byte is the size of the pieces in which the others are read.
pub(crate) fn read(bytes: &[u8]) {
    let Some((&size, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = records(bytes, bytes.len().max(1));
    let pieces = records(bytes, usize::from(size) + 1);
    assert!(whole == pieces, "pieces of {size} bytes give other records");
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(whole.len() <= lines, "records out of nothing");
    let mut named = None;
    for next in &whole {
        let Next::Record(cells) = next else { continue };
        let text: usize = cells.iter().map(String::len).sum();
        // A byte that is no text becomes three.
        assert!(text <= 3 * MOST, "a record without end");
        if text < MOST / 4 {
            let again = written(cells);
            assert!(again.len() == 1 && again[0] == *next, "{again:?}");
        }
        named = named.or_else(|| Columns::named(cells));
        for columns in named.iter().chain(&Columns::of_row(cells)) {
            if let Some(row) = columns.read(cells, &TimeZone::UTC) {
                let day = row.began.to_zoned_datetime(TimeZone::UTC).date();
                assert_eq!(day, row.call.day, "{cells:?}");
                assert!(row.may_have_left_one_at(row.began));
            }
        }
    }
    let read = MessageText::parse(&String::from_utf8_lossy(bytes));
    assert!(read.began.is_none_or(|began| began.as_second() > 0));
}

fn records(bytes: &[u8], size: usize) -> Vec<Next> {
    let mut records = Records::new(delimiter_of(bytes));
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        records.push(piece);
        all.extend(std::iter::from_fn(|| records.next(false)));
    }
    all.extend(std::iter::from_fn(|| records.next(true)));
    all
}

/// What is read of a record once it is written with every cell between quotation marks.
fn written(cells: &[String]) -> Vec<Next> {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('"', "\"\"")).collect();
    let line = format!("\"{}\"\r\n", cells.join("\",\""));
    let mut reader = Records::new(b',');
    reader.push(line.as_bytes());
    std::iter::from_fn(|| reader.next(true)).collect()
}
