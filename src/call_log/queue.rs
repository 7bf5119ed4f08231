//! The rules of the outbox: which deliveries may be tried, and what comes of an attempt.
//!
//! A delivery is `waiting`; `prepared` once a destination has put down what only has to be put in place;
//! `placed` once the message is where the team finds it and only MWI is missing; then it is gone and
//! the record says where the message went. One that was `given_up` stays for `check`.
//!
//! Of a box and destination the oldest delivery is tried, so that messages stay in order. One that has failed
//! [`OVERTAKEN`] times while it was `waiting` may be about itself alone (a recipient, a payload, a sound that is
//! too short): it lets later ones pass. Of all that were passed in a box one is tried at a time, whichever is due
//! first, and its failure makes the others wait too; its success has them tried at once. What is `prepared` fails
//! by its box (full, locked) as the next one would, and stays first.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::record::{CallId, Destination, PlaceInCase};

/// A delivery that has failed so often holds later ones of its box back no longer.
const OVERTAKEN: u32 = 3;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of it can be seen outside.
    Waiting,
    /// All is written down, and only has to be put in place.
    Prepared,
    /// The message is delivered; MWI is still to follow.
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

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// A delivery that is still to be made: a row of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
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
    /// The spool in which it was put down, if it was.
    pub spool: Option<PathBuf>,
    /// What is said of the call's case, if it has one: the same at every attempt.
    pub case: Option<PlaceInCase>,
}

impl Delivery {
    /// Whether later deliveries to its box and destination need not wait for it any more.
    pub fn is_overtaken(&self) -> bool {
        self.stage == Stage::Waiting && self.failures >= OVERTAKEN
    }

    fn reach(&mut self, stage: Stage) {
        (self.stage, self.failures, self.why) = (stage, 0, None);
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// All is put down in this spool, and only has to be put in place.
    Prepared(PathBuf),
    /// What was put down is no longer there: from the beginning.
    Unprepared,
    /// The message is delivered, as this entry of the record says; MWI is still to follow.
    Placed(String),
    /// All is done; the entry for the record, unless it has it already.
    Done(Option<String>),
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
        entry: Option<String>,
    },
}

/// What a settlement changes in the log.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    /// The rows that are to be written anew.
    pub(super) rows: Vec<Delivery>,
    /// Whether the row itself goes.
    pub(super) is_done: bool,
    /// What the record says from now on of where the message went.
    pub(super) entry: Option<String>,
}

/// What may be tried, oldest first, the overtaken last: the first delivery of every box and destination, one of
/// those that were overtaken, and all that only want MWI.
///
/// Of deliveries that have never been tried, `rows` need hold only the first of each box and destination.
pub(super) fn due(mut rows: Vec<Delivery>) -> Vec<Delivery> {
    rows.sort_by_key(|row| {
        let turn = row.is_overtaken().then_some((row.due, row.failures));
        (turn, row.seq)
    });
    let mut taken = HashSet::new();
    rows.retain(|row| match row.stage {
        Stage::GivenUp => false,
        Stage::Placed => true,
        Stage::Waiting | Stage::Prepared => {
            taken.insert((row.box_name.clone(), row.to, row.is_overtaken()))
        }
    });
    rows.sort_by_key(|row| (row.is_overtaken(), row.seq));
    rows
}

/// What comes of an attempt at a delivery; `others` are those to the same box and destination that wait and
/// have failed before.
pub(super) fn settle(
    delivery: Delivery,
    mut others: Vec<Delivery>,
    settlement: Settlement,
) -> Changes {
    let before = delivery.stage;
    let was_overtaken = delivery.is_overtaken();
    let mut changes = Changes::default();
    let mut row = delivery;
    others.retain(|other| other.seq != row.seq && other.is_overtaken());
    let mut success = false;
    match settlement {
        Settlement::Prepared(spool) => {
            row.reach(Stage::Prepared);
            row.spool = Some(spool);
            success = true;
        }
        Settlement::Unprepared => row.reach(Stage::Waiting),
        Settlement::Placed(entry) => {
            row.reach(Stage::Placed);
            changes.entry = Some(entry).filter(|_| before != Stage::Placed);
            success = true;
        }
        Settlement::Done(entry) => {
            changes.is_done = true;
            changes.entry = entry;
            success = true;
        }
        Settlement::Later { due, why } => {
            row.due = due;
            row.why = Some(why);
            row.failures += 1;
            if row.is_overtaken() {
                others.retain(|other| other.due < due);
                others.iter_mut().for_each(|other| other.due = due);
                changes.rows.append(&mut others);
            }
        }
        Settlement::GivenUp { why, entry } => {
            row.stage = Stage::GivenUp;
            row.why = Some(why);
            changes.entry = entry.filter(|_| before != Stage::GivenUp);
        }
    }
    if success && was_overtaken {
        others.iter_mut().for_each(|other| other.due = other.since);
        changes.rows.append(&mut others);
    }
    if !changes.is_done {
        changes.rows.push(row);
    }
    changes
}
