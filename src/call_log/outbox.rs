//! The outbox: deliveries that are still to be made, in the log's database, so that a record and the duty
//! to deliver it are written in one transaction.
//!
//! A row is `waiting`; `prepared` once a destination has put down what only has to be put in place;
//! `placed` once the message is where the team finds it and only the lamp is missing; then it is gone and
//! the record says where the message went. A row that was `given_up` stays for `check`.
//!
//! Of a box and destination the oldest row is tried, so that messages stay in order. One that has failed
//! [`OVERTAKEN`] times while it was `waiting` may be about itself alone (a recipient, a payload, a sound that is too
//! short): it lets later ones pass. Of all that were passed in a box one is tried at a time, whichever is due first, and
//! its failure makes the others wait too; its success has them tried at once. What is `prepared` fails by its box
//! (full, locked) as the next one would, and stays first.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use tokio::sync::Notify;

use super::handle::CallLog;
use super::{cases, schema};
use crate::hearing::Segment;
use crate::record::{CallId, CallRecord, Delivered, Destination, PlaceInCase};

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of it can be seen outside.
    Waiting,
    /// All is written down, and only has to be put in place.
    Prepared,
    /// The message is delivered; the lamp is still to be lit.
    Placed,
    /// It has failed for too long, or for good.
    GivenUp,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Waiting, Self::Prepared, Self::Placed, Self::GivenUp];

    /// The word for it in the log's database and for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Prepared => "prepared",
            Self::Placed => "placed",
            Self::GivenUp => "given_up",
        }
    }
}

/// A delivery that is still to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Duty {
    /// Its place in the outbox; the order of delivery within a box.
    pub seq: i64,
    /// The call.
    pub call: CallId,
    /// The box.
    pub box_name: String,
    /// Where to.
    pub to: Destination,
    /// How far it has come.
    pub stage: Stage,
    /// Since when it is to be made.
    pub since: Timestamp,
    /// When it is to be tried next.
    pub due: Timestamp,
    /// How often it has failed in this stage.
    pub failures: u32,
    /// Why it failed last.
    pub why: Option<String>,
}

impl Duty {
    /// Whether later deliveries to its box and destination need not wait for it any more.
    pub fn is_overtaken(&self) -> bool {
        self.stage == Stage::Waiting && self.failures >= OVERTAKEN
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All is put down in this spool, and only has to be put in place.
    Prepared(PathBuf),
    /// What was put down is no longer there: from the beginning.
    Unprepared,
    /// The message is delivered, as this entry of the record says; the lamp is still to be lit.
    Placed(Delivered),
    /// All is done; the entry for the record, unless it has it already.
    Done(Option<Delivered>),
    /// It failed and is tried again then.
    Later {
        /// When.
        due: Timestamp,
        /// What is wrong.
        why: String,
    },
    /// It failed and is not tried again.
    GivenUp {
        /// What is wrong.
        why: String,
        /// The entry for the record, where some of several recipients have got theirs.
        entry: Option<Delivered>,
    },
}

/// Why the outbox could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The log's database is not there now.
    #[error("the call log's database cannot be used now")]
    Away,
    /// It refused.
    #[error("the call log's database: {0}")]
    Refused(#[from] rusqlite::Error),
}

/// What the writer does on the database; `false` when the connection is no good.
pub(super) type Job = Box<dyn FnOnce(&mut Connection) -> bool + Send>;

/// The outbox of an open log; waits for the log's writer, never for a file.
#[derive(Clone)]
pub struct Outbox {
    log: CallLog,
    news: Arc<Notify>,
}

impl Outbox {
    pub(super) fn new(log: CallLog, news: Arc<Notify>) -> Self {
        Self { log, news }
    }

    /// Returns when a record with deliveries has been filed since the last time.
    pub async fn news(&self) {
        self.news.notified().await;
    }

    /// The first delivery of every box and destination, one of those that were overtaken, and all that only want
    /// their lamp: what may be tried, oldest first, the overtaken last.
    pub async fn heads(&self) -> Result<Vec<Duty>, OutboxError> {
        self.log.ask(|connection| heads(connection)).await
    }

    /// Makes everything due that waits.
    pub async fn hurry(&self) -> Result<(), OutboxError> {
        self.log
            .ask(|connection| {
                connection
                    .execute(
                        "UPDATE outbox SET due_ms = since_ms WHERE stage != 'given_up'",
                        [],
                    )
                    .map(drop)
            })
            .await
    }

    /// The record of a call.
    pub async fn record(&self, call: CallId) -> Result<Option<CallRecord>, OutboxError> {
        self.log
            .ask(move |connection| record(connection, call))
            .await
    }

    /// What is told of the call's case, if it has one: the same at every attempt.
    pub async fn place_in_case(&self, duty: &Duty) -> Result<Option<PlaceInCase>, OutboxError> {
        let seq = duty.seq;
        self.log
            .ask(move |connection| place_in_case(connection, seq))
            .await
    }

    /// The spool in which a delivery was put down, if it was.
    pub async fn prepared_in(&self, duty: &Duty) -> Result<Option<PathBuf>, OutboxError> {
        let seq = duty.seq;
        self.log
            .ask(move |connection| {
                let spool: Option<Vec<u8>> = connection
                    .prepare_cached("SELECT spool FROM outbox WHERE seq = ?1")?
                    .query_row([seq], |row| row.get(0))?;
                Ok(spool.map(|octets| OsString::from_vec(octets).into()))
            })
            .await
    }

    /// Notes what came of an attempt; it is on the disk when this returns.
    pub async fn note(&self, duty: &Duty, outcome: Outcome) -> Result<(), OutboxError> {
        let (seq, call, now) = (duty.seq, duty.call, self.log.now());
        self.log
            .ask(move |connection| {
                let noting =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                note(&noting, seq, call, &outcome, now)?;
                noting.commit()
            })
            .await
    }

    /// Notes where the audio of a call is kept after all, and what is heard in it.
    pub async fn note_audio(
        &self,
        call: CallId,
        place: String,
        timeline: Vec<Segment>,
    ) -> Result<(), OutboxError> {
        self.log
            .ask(move |connection| {
                amend(connection, call, |record| {
                    record.audio = Some(place);
                    record.timeline = timeline;
                })
            })
            .await
    }

    /// Whether anything of a call is still to be delivered.
    pub async fn owes(&self, call: CallId) -> Result<bool, OutboxError> {
        self.log
            .ask(move |connection| {
                connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM outbox WHERE call = ?1 AND stage != 'given_up')",
                )?
                .query_row([call.to_string()], |row| row.get(0))
            })
            .await
    }

    /// The recipients that have got theirs of a delivery to several.
    pub async fn told(&self, duty: &Duty) -> Result<Vec<String>, OutboxError> {
        let seq = duty.seq;
        self.log
            .ask(move |connection| {
                connection
                    .prepare_cached("SELECT recipient FROM outbox_told WHERE seq = ?1")?
                    .query_map([seq], |row| row.get(0))?
                    .collect()
            })
            .await
    }

    /// Notes that one recipient has got his; it is on the disk when this returns.
    pub async fn note_told(&self, duty: &Duty, recipient: String) -> Result<(), OutboxError> {
        let seq = duty.seq;
        self.log.ask(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO outbox_told (seq, recipient) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute((seq, recipient))
                .map(drop)
        })
        .await
    }

    /// What this installation calls itself, the same for as long as its database lives.
    pub async fn name(&self) -> Result<String, OutboxError> {
        self.log
            .ask(|connection| connection.query_row("SELECT id FROM guard", [], |row| row.get(0)))
            .await
    }
}

/// Puts the deliveries of a closed record into the outbox, with what is told of its case.
///
/// The place is fixed here: calls of the case that are filed later, or deleted, change no mail that was sent once.
pub(super) fn insert(
    connection: &Connection,
    record: &CallRecord,
    to: &[Destination],
) -> rusqlite::Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let since = record.ended.unwrap_or(record.started).as_millisecond();
    let of = cases::of_call(connection, record.id)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO outbox (call, box, destination, stage, since_ms, due_ms,
                             case_id, case_place, case_first_ms)
         VALUES (?1, ?2, ?3, 'waiting', ?4, ?4, ?5, ?6, ?7)
         ON CONFLICT (call, destination) DO NOTHING",
    )?;
    for to in to {
        insert.execute((
            record.id.to_string(),
            &record.box_name,
            to.as_str(),
            since,
            of.as_ref().map(|of| of.case.id.to_string()),
            of.as_ref().map(|of| of.place),
            of.as_ref().map(|of| of.case.first.as_millisecond()),
        ))?;
    }
    Ok(())
}

fn place_in_case(connection: &Connection, seq: i64) -> rusqlite::Result<Option<PlaceInCase>> {
    type Told = (Option<String>, Option<u32>, Option<i64>);
    let told: Option<Told> = connection
        .prepare_cached("SELECT case_id, case_place, case_first_ms FROM outbox WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((Some(case), Some(place), Some(first))) = told else {
        return Ok(None);
    };
    Ok(CallId::parse(&case).map(|case| PlaceInCase {
        case,
        place,
        first: moment(first),
    }))
}

const COLUMNS: &str =
    "SELECT seq, call, box, destination, stage, since_ms, due_ms, failures, why FROM outbox";

/// A delivery that has failed so often holds later ones of its box back no longer.
const OVERTAKEN: u32 = 3;

/// The rows of which [`Duty::is_overtaken`] is true.
const IS_OVERTAKEN: &str = "(stage = 'waiting' AND failures >= 3)";

fn heads(connection: &Connection) -> rusqlite::Result<Vec<Duty>> {
    let sql = format!(
        "{COLUMNS} WHERE stage = 'placed' OR seq IN (
             SELECT min(seq) FROM outbox
             WHERE stage IN ('waiting', 'prepared') AND NOT {IS_OVERTAKEN}
             GROUP BY box, destination
         ) OR seq IN (
             SELECT first_value(seq) OVER (PARTITION BY box, destination ORDER BY due_ms, failures, seq)
             FROM outbox WHERE {IS_OVERTAKEN}
         )
         ORDER BY {IS_OVERTAKEN}, seq"
    );
    duties(connection, &sql)
}

/// Has those that were overtaken in the same box as this one tried no earlier than then; by `None`, now.
fn pace_the_overtaken(
    connection: &Connection,
    seq: i64,
    due: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE outbox SET due_ms = ifnull(max(due_ms, ?2), since_ms)
         WHERE {IS_OVERTAKEN} AND (box, destination) IN (
             SELECT box, destination FROM outbox WHERE seq = ?1 AND {IS_OVERTAKEN})"
    );
    connection
        .prepare_cached(&sql)?
        .execute((seq, due.map(Timestamp::as_millisecond)))
        .map(drop)
}

/// All that is not delivered yet, what was given up included, oldest first; nothing in a database that
/// an older version has written.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Duty>> {
    if schema::has_table(connection, "outbox")? {
        duties(connection, &format!("{COLUMNS} ORDER BY seq"))
    } else {
        Ok(Vec::new())
    }
}

fn duties(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Duty>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut duties = Vec::new();
    while let Some(row) = rows.next()? {
        let (call, to, stage): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let at = |column| row.get(column).map(moment);
        // What a newer version has put there is left to it.
        let known = CallId::parse(&call)
            .zip(Destination::parse(&to))
            .zip(Stage::ALL.into_iter().find(|known| known.as_str() == stage));
        if let Some(((call, to), stage)) = known {
            duties.push(Duty {
                seq: row.get(0)?,
                call,
                box_name: row.get(2)?,
                to,
                stage,
                since: at(5)?,
                due: at(6)?,
                failures: row.get(7)?,
                why: row.get(8)?,
            });
        }
    }
    Ok(duties)
}

pub(super) fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn record(connection: &Connection, call: CallId) -> rusqlite::Result<Option<CallRecord>> {
    let json: Option<String> = connection
        .prepare_cached("SELECT record FROM calls WHERE id = ?1")?
        .query_row([call.to_string()], |row| row.get(0))
        .optional()?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

fn note(
    connection: &Connection,
    seq: i64,
    call: CallId,
    outcome: &Outcome,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if matches!(
        outcome,
        Outcome::Prepared(_) | Outcome::Placed(_) | Outcome::Done(_)
    ) {
        pace_the_overtaken(connection, seq, None)?;
    }
    match outcome {
        Outcome::Prepared(spool) => {
            reach(connection, seq, Stage::Prepared)?;
            connection
                .prepare_cached("UPDATE outbox SET spool = ?2 WHERE seq = ?1")?
                .execute((seq, spool.as_os_str().as_bytes()))
                .map(drop)
        }
        Outcome::Unprepared => reach(connection, seq, Stage::Waiting),
        Outcome::Placed(entry) => {
            reach(connection, seq, Stage::Placed)?;
            delivered(connection, call, entry, now)
        }
        Outcome::Done(entry) => {
            let mut delete = connection.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?;
            // Said once, whatever is noted twice.
            match (delete.execute([seq])?, entry) {
                (1.., Some(entry)) => delivered(connection, call, entry, now),
                _ => Ok(()),
            }
        }
        Outcome::Later { due, why } => {
            let sql =
                "UPDATE outbox SET due_ms = ?2, why = ?3, failures = failures + 1 WHERE seq = ?1";
            let mut later = connection.prepare_cached(sql)?;
            later.execute((seq, due.as_millisecond(), why))?;
            pace_the_overtaken(connection, seq, Some(*due))
        }
        Outcome::GivenUp { why, entry } => {
            let sql = "UPDATE outbox SET stage = 'given_up', why = ?2 WHERE seq = ?1 AND stage != 'given_up'";
            let mut give_up = connection.prepare_cached(sql)?;
            match (give_up.execute((seq, why))?, entry) {
                (1.., Some(entry)) => delivered(connection, call, entry, now),
                _ => Ok(()),
            }
        }
    }
}

/// Notes where a message went. Now that the team can hear it, it closes the caller's case.
fn delivered(
    connection: &Connection,
    call: CallId,
    entry: &Delivered,
    now: Timestamp,
) -> rusqlite::Result<()> {
    amend(connection, call, |told| told.delivered.push(entry.clone()))?;
    match record(connection, call)? {
        Some(record) => cases::close_by_message(connection, &record, now),
        None => Ok(()),
    }
}

fn reach(connection: &Connection, seq: i64, stage: Stage) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE outbox SET stage = ?2, failures = 0, why = NULL WHERE seq = ?1")?
        .execute((seq, stage.as_str()))
        .map(drop)
}

/// Changes the record of a closed call in what only delivery knows.
fn amend(
    connection: &Connection,
    call: CallId,
    change: impl FnOnce(&mut CallRecord),
) -> rusqlite::Result<()> {
    let Some(mut record) = record(connection, call)? else {
        return Ok(());
    };
    change(&mut record);
    let json = serde_json::to_string(&record)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    connection
        .prepare_cached("UPDATE calls SET record = ?2 WHERE id = ?1")?
        .execute((call.to_string(), json))
        .map(drop)
}
