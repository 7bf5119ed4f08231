//! Erasing calls at somebody's wish, beside the guard that writes: what there is of a number or a
//! call, and deleting it so that nothing of it is left in the files of the database.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::mentions::{Elsewhere, OthersCall};
use super::{
    begin, calls, case_upkeep, keeping, mentions, moment, outbox, refused, retention, salvage,
    schema,
};
use crate::call_log::error::LogError;
use crate::call_log::query::SetAside;
use crate::call_log::queue::Delivery;
use crate::call_record::{CallId, CallRecord, Pseudonym};
use crate::clock::block;
use crate::keeping::{is_of, may_be_of, mentioned_in};
use crate::number::{E164, Mention};

/// How long those who read in the log are waited for, and how often it is looked.
const READERS_TAKE: (u32, Duration) = (50, Duration::from_millis(100));

/// A call of which there is something.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its row.
    pub seq: i64,
    /// The call.
    pub id: CallId,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it is up, or where the guard died during it.
    pub ended: Option<Timestamp>,
    /// Its record, if it can be read.
    pub record: Option<CallRecord>,
    /// Its deliveries that are not made, those that were given up among them.
    pub undelivered: Vec<Delivery>,
}

/// The call log of a data folder, for the one who erases; a guard may be writing it.
pub struct Eraser {
    path: PathBuf,
    connection: Connection,
}

impl Eraser {
    /// Opens the log of this data folder.
    ///
    /// # Errors
    /// There is none, or it was written by another version.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let (path, connection) = schema::open_beside_writer(folder)?;
        Ok(Self { path, connection })
    }

    /// The calls by a number, those to be called back there, and those under its pseudonyms; oldest
    /// first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn calls_of(
        &self,
        number: &Mention,
        pseudonyms: &[Pseudonym],
    ) -> Result<Vec<Found>, LogError> {
        // Others' calls may stand under the same digits.
        let is_theirs = |call: &Found| match &call.record {
            Some(record) => Ok(is_of(record, number, pseudonyms)),
            None => self.is_filed_as(call.seq, number),
        };
        let found = self.filed_under(number, pseudonyms, is_theirs);
        found.map_err(|error| self.failed(error))
    }

    /// The calls that may be of a number or of another: by digits that some trunk has sent for
    /// either, or by the pseudonyms of such.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn unsure_calls(
        &self,
        number: &Mention,
        sure: &[Found],
        unsure: &[Pseudonym],
    ) -> Result<BTreeSet<CallId>, LogError> {
        let may_be = |call: &Found| {
            let record = call.record.as_ref();
            let may_be = record.is_some_and(|record| may_be_of(record, number, unsure));
            Ok(may_be && sure.iter().all(|of| of.seq != call.seq))
        };
        let found = self.filed_under(number, unsure, may_be);
        let found = found.map_err(|error| self.failed(error))?;
        Ok(found.iter().map(|call| call.id).collect())
    }

    /// The calls under the keys of a number and of pseudonyms that are wanted, oldest first.
    fn filed_under(
        &self,
        number: &Mention,
        pseudonyms: &[Pseudonym],
        is_wanted: impl Fn(&Found) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Vec<Found>> {
        let names = pseudonyms.iter();
        let names = names.map(|name| crate::number::search_key(name.as_str(), None));
        let mut rows = BTreeSet::new();
        let mut by_key = self
            .connection
            .prepare("SELECT seq FROM call_numbers WHERE key = ?1")?;
        for key in number.keys().iter().cloned().chain(names) {
            let found = by_key.query_map([key], |row| row.get(0))?;
            rows.extend(found.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
        let mut found = Vec::new();
        for seq in rows {
            if let Some(call) = self.read(seq)?
                && is_wanted(&call)?
            {
                found.push(call);
            }
        }
        found.sort_by_key(|call| (call.started, call.seq));
        Ok(found)
    }

    /// One call.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn call(&self, id: CallId) -> Result<Option<Found>, LogError> {
        let read = || -> rusqlite::Result<Option<Found>> {
            let seq = self
                .connection
                .query_row(
                    "SELECT seq FROM calls WHERE id = ?1",
                    [id.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            seq.map_or(Ok(None), |seq| self.read(seq))
        };
        read().map_err(|error| self.failed(error))
    }

    /// Whether a call whose record cannot be read came from this number or is to be called back there.
    fn is_filed_as(&self, seq: i64, number: &Mention) -> rusqlite::Result<bool> {
        let sql = "SELECT number, e164, callback_e164 FROM calls WHERE seq = ?1";
        self.connection.query_row(sql, [seq], |row| {
            let e164 = |column| -> rusqlite::Result<Option<E164>> {
                let text: Option<String> = row.get(column)?;
                Ok(text.and_then(|text| text.parse().ok()))
            };
            let raw: String = row.get(0)?;
            let (caller, callback) = (e164(1)?, e164(2)?);
            Ok(number.is(&raw, caller.as_ref())
                || callback.is_some_and(|callback| number.is("", Some(&callback))))
        })
    }

    fn read(&self, seq: i64) -> rusqlite::Result<Option<Found>> {
        let row: Option<(String, i64, Option<i64>, String)> = self
            .connection
            .prepare_cached("SELECT id, started_ms, ended_ms, record FROM calls WHERE seq = ?1")?
            .query_row([seq], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, started, ended, record)) = row else {
            return Ok(None);
        };
        let Some(id) = CallId::parse(&id) else {
            return Ok(None);
        };
        Ok(Some(Found {
            seq,
            id,
            started: moment(started),
            ended: ended.map(moment),
            record: serde_json::from_str(&record).ok(),
            undelivered: outbox::of_call(&self.connection, id)?,
        }))
    }

    /// Where a number stands beside these calls: every record and note is read for it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn elsewhere(&self, number: &Mention, beside: &[Found]) -> Result<Elsewhere, LogError> {
        if !number.is_found_in_texts() {
            return Ok(Elsewhere::default());
        }
        let known = beside.iter().map(|call| call.seq).collect();
        mentions::elsewhere(&self.connection, number, &known).map_err(|error| self.failed(error))
    }

    /// The columns of the database in which a number stands, whatever they are for; nothing of the
    /// records of calls, in which it may be the number that was dialled.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn columns_with(&self, number: &Mention) -> Result<BTreeSet<String>, LogError> {
        mentions::columns_with(&self.connection, number).map_err(|error| self.failed(error))
    }

    /// Erases these calls, and takes the number out of what else it stands in: all or nothing.
    ///
    /// # Errors
    /// The database cannot be written now; nothing was erased.
    pub fn erase(
        &mut self,
        calls: &[Found],
        number: Option<(&Mention, &Elsewhere)>,
        at: Timestamp,
    ) -> Result<(), LogError> {
        let erased = erase(&mut self.connection, calls, number, at);
        erased.map_err(|error| self.failed(error))
    }

    /// Has the files of the database hold nothing that was deleted. Thoroughly: writes them anew,
    /// which is needed for what was deleted before deleting meant overwriting; a guard's entries
    /// wait in its journal meanwhile.
    ///
    /// `false` if somebody reads in it all the time.
    ///
    /// # Errors
    /// The database cannot be written now.
    pub fn clean(&self, is_thorough: bool) -> Result<bool, LogError> {
        let clean = || -> rusqlite::Result<bool> {
            if is_thorough {
                self.connection.execute_batch(
                    "INSERT INTO case_words (case_words) VALUES ('rebuild'); VACUUM;",
                )?;
            }
            let (times, pause) = READERS_TAKE;
            for _ in 0..times {
                if keeping::truncate_wal(&self.connection)? {
                    return Ok(true);
                }
                block(pause);
            }
            Ok(false)
        };
        clean().map_err(|error| self.failed(error))
    }

    /// Whether a case is called after a call.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn names_a_case(&self, call: CallId) -> Result<bool, LogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM cases WHERE id = ?1 OR closed_call = ?1)";
        let found = self
            .connection
            .query_row(sql, [call.to_string()], |row| row.get(0));
        found.map_err(|error| self.failed(error))
    }

    /// The broken databases beside this one, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn set_aside(&self) -> Result<Vec<SetAside>, LogError> {
        salvage::set_aside(&self.connection, &self.path).map_err(|error| self.failed(error))
    }

    /// The calls in a broken database whose records are wanted, and when they began, as far as it
    /// can be read.
    pub fn calls_in_set_aside(
        &self,
        file: &str,
        is_wanted: impl Fn(&CallRecord) -> bool,
    ) -> Vec<(CallId, Timestamp)> {
        salvage::calls_in(&self.path.with_file_name(file), is_wanted).unwrap_or_default()
    }

    /// Forgets a broken database whose files were removed.
    ///
    /// # Errors
    /// The database cannot be written now.
    pub fn forget_set_aside(&self, file: &str) -> Result<(), LogError> {
        salvage::forget(&self.connection, file).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> LogError {
        LogError::Database {
            path: self.path.clone(),
            source: refused(error),
        }
    }
}

fn erase(
    connection: &mut Connection,
    calls: &[Found],
    number: Option<(&Mention, &Elsewhere)>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let erasing = begin(connection)?;
    let mut cases = BTreeSet::new();
    for call in calls {
        keeping::note_erased(&erasing, call.id, call.started, at)?;
        let id = call.id.to_string();
        cases.extend(retention::delete(&erasing, call.seq, &id)?);
    }
    if let Some((number, elsewhere)) = number {
        for OthersCall { seq, id, .. } in &elsewhere.calls {
            if !retention::is_still(&erasing, *seq, &id.to_string())? {
                continue;
            }
            let record = calls::record(&erasing, *id)?;
            if let Some(without) = record.and_then(|record| mentioned_in(&record, number).without) {
                retention::write(&erasing, *seq, &without)?;
            }
            cases.extend(case_of(&erasing, *seq)?);
        }
        for (seq, _) in &elsewhere.corrections {
            take_out_of_correction(&erasing, *seq, number)?;
        }
        for note in &elsewhere.notes {
            cases.extend(take_out_of_note(&erasing, note.seq, number)?);
        }
    }
    for case in cases {
        case_upkeep::refresh(&erasing, case)?;
    }
    erasing.commit()
}

fn case_of(connection: &Connection, seq: i64) -> rusqlite::Result<Option<i64>> {
    let case = connection
        .query_row("SELECT case_seq FROM calls WHERE seq = ?1", [seq], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(case.flatten())
}

/// Takes a number out of what was noted on a wrong verdict.
fn take_out_of_correction(
    connection: &Connection,
    call_seq: i64,
    number: &Mention,
) -> rusqlite::Result<()> {
    let sql = "SELECT note FROM corrections WHERE call_seq = ?1";
    let note: Option<Option<String>> = connection
        .query_row(sql, [call_seq], |row| row.get(0))
        .optional()?;
    if let Some(without) = note.flatten().and_then(|note| number.without(&note)) {
        let sql = "UPDATE corrections SET note = ?2 WHERE call_seq = ?1";
        connection.execute(sql, (call_seq, without))?;
    }
    Ok(())
}

/// Takes a number out of a note; its case.
fn take_out_of_note(
    connection: &Connection,
    seq: i64,
    number: &Mention,
) -> rusqlite::Result<Option<i64>> {
    let found: Option<(i64, Option<String>)> = connection
        .query_row(
            "SELECT case_seq, note FROM case_events WHERE seq = ?1",
            [seq],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((case, note)) = found else {
        return Ok(None);
    };
    let without = note.as_deref().and_then(|note| number.without(note));
    if let Some(without) = without {
        let sql = "UPDATE case_events SET note = ?2 WHERE seq = ?1";
        connection.execute(sql, (seq, without))?;
    }
    Ok(Some(case))
}
