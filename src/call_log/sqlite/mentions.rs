//! Where a number stands in what is somebody else's, and where digits stand that may be it.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::moment;
use crate::call_record::CallId;
use crate::keeping::mentioned_in;
use crate::number::Mention;

/// A note of the team's in which a number stands, about somebody else's case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteWithNumber {
    /// Its row.
    pub seq: i64,
    /// The case.
    pub case: String,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub who: Option<String>,
}

/// A call by somebody else in which a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OthersCall {
    /// Its row.
    pub seq: i64,
    /// The call.
    pub id: CallId,
    /// Whether it has no end yet.
    pub is_up: bool,
}

/// Where digits stand that may be a number, or another's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a call, or in what was noted on its verdict.
    Call(CallId),
    /// In the notes on a case.
    Case(String),
    /// In a file of the data folder.
    File(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(id) => write!(f, "call {id}"),
            Self::Case(id) => write!(f, "case {id}"),
            Self::File(name) => f.write_str(name),
        }
    }
}

/// Where else a number stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Calls by others.
    pub calls: Vec<OthersCall>,
    /// What was noted on verdicts of others' calls, by row and call.
    pub corrections: Vec<(i64, CallId)>,
    /// Notes about others.
    pub notes: Vec<NoteWithNumber>,
    /// Where it may stand, and nothing is changed.
    pub unsure: BTreeSet<Place>,
}

impl Elsewhere {
    /// Whether there is nothing to take the number out of.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.corrections.is_empty() && self.notes.is_empty()
    }
}

/// What [`super::Eraser::elsewhere`] finds beside the calls in these rows.
pub(super) fn elsewhere(
    connection: &Connection,
    number: &Mention,
    known: &BTreeSet<i64>,
) -> rusqlite::Result<Elsewhere> {
    let mut found = Elsewhere::default();
    let mut records = connection.prepare("SELECT seq, id, record, ended_ms IS NULL FROM calls")?;
    let mut rows = records.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, json) = (row.get(0)?, row.get_ref(2)?.as_str()?);
        let has_keys = json.contains("\"keys\":[{");
        if known.contains(&seq) || !(has_keys || number.has_digits_in(json)) {
            continue;
        }
        let record = serde_json::from_str(json).ok();
        let mentioned = record.map(|record| mentioned_in(&record, number));
        let id = CallId::parse(row.get_ref(1)?.as_str()?);
        if let (Some(mentioned), Some(id)) = (mentioned, id) {
            let is_up = row.get(3)?;
            let others = mentioned.without.map(|_| OthersCall { seq, id, is_up });
            found.calls.extend(others);
            let unsure = mentioned.has_unsure.then_some(Place::Call(id));
            found.unsure.extend(unsure);
        }
    }
    let mut corrections = connection.prepare(
        "SELECT c.seq, c.id, o.note FROM corrections o JOIN calls c ON c.seq = o.call_seq
         WHERE o.note IS NOT NULL",
    )?;
    let mut rows = corrections.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, id) = (row.get(0)?, CallId::parse(row.get_ref(1)?.as_str()?));
        if let Some(id) = id.filter(|_| !known.contains(&seq)) {
            let note = number.search(row.get_ref(2)?.as_str()?);
            found.corrections.extend(note.without.map(|_| (seq, id)));
            let unsure = note.has_unsure.then_some(Place::Call(id));
            found.unsure.extend(unsure);
        }
    }
    // A case goes with its last call, and its notes with it.
    let mut notes = connection.prepare(
        "SELECT e.seq, c.id, e.at_ms, e.who, e.note, e.case_seq FROM case_events e
         JOIN cases c ON c.seq = e.case_seq WHERE e.note IS NOT NULL",
    )?;
    let mut stays = connection.prepare("SELECT seq FROM calls WHERE case_seq = ?1")?;
    let mut rows = notes.query([])?;
    while let Some(row) = rows.next()? {
        let note = number.search(row.get_ref(4)?.as_str()?);
        if note.without.is_none() && !note.has_unsure {
            continue;
        }
        let calls = stays.query_map([row.get::<_, i64>(5)?], |row| row.get::<_, i64>(0))?;
        let calls: Vec<_> = calls.collect::<rusqlite::Result<_>>()?;
        if calls.iter().all(|seq| known.contains(seq)) {
            continue;
        }
        if note.has_unsure {
            found.unsure.insert(Place::Case(row.get(1)?));
        }
        if note.without.is_none() {
            continue;
        }
        found.notes.push(NoteWithNumber {
            seq: row.get(0)?,
            case: row.get(1)?,
            at: moment(row.get(2)?),
            who: row.get(3)?,
        });
    }
    Ok(found)
}

/// The columns with text in which a number stands, as `table.column`; not of the calls, which are
/// looked at one by one, nor the names of mailboxes.
pub(super) fn columns_with(
    connection: &Connection,
    number: &Mention,
) -> rusqlite::Result<BTreeSet<String>> {
    let sql = "SELECT name FROM sqlite_schema
         WHERE type = 'table' AND name != 'calls' AND sql NOT LIKE 'CREATE VIRTUAL%'";
    let mut names = connection.prepare(sql)?;
    let tables = names.query_map([], |row| row.get(0))?;
    let mut found = BTreeSet::new();
    for table in tables.collect::<rusqlite::Result<Vec<String>>>()? {
        let mut all = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns: Vec<_> = all.column_names().map(ToOwned::to_owned).collect();
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            for (nth, column) in columns.iter().enumerate().filter(|of| of.1 != "box") {
                if let ValueRef::Text(text) = row.get_ref(nth)?
                    && number.is_in(&String::from_utf8_lossy(text))
                {
                    found.insert(format!("{table}.{column}"));
                }
            }
        }
    }
    Ok(found)
}
