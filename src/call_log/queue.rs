//! The rules of the outbox: which deliveries may be tried, and what comes of an attempt.
//!
//! A delivery is `waiting`; `prepared` once a destination has put down what only has to be put in
//! place; `placed` (`Stage::Stored`) once the message is where the team finds it and only MWI is
//! missing; then it is gone and the record says where the message went. One that was `given_up`
//! stays for `check`.
//!
//! Of a mailbox and destination the oldest delivery is tried, so that messages stay in order. One
//! that has failed [`OVERTAKEN`] times while it was `waiting` may be about itself alone (a
//! recipient, a payload, a sound that is too short): it lets later ones pass. Of all that were
//! passed in a mailbox one is tried at a time, whichever is due first, and its failure makes the
//! others wait too; its success has them tried at once. What is `prepared` fails by its mailbox
//! (full, locked) as the next one would, and stays first.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::call_record::{CallId, Delivered, Destination, MailboxName, PlaceInCase};

/// A delivery that has failed so often holds later ones of its mailbox back no longer.
const OVERTAKEN: u32 = 3;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of it can be seen outside.
    Waiting,
    /// All is written down, and only has to be put in place.
    Prepared,
    /// The message is in its mailbox; MWI is still to follow.
    Stored,
    /// It has failed for too long, or for good.
    GivenUp,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Waiting, Self::Prepared, Self::Stored, Self::GivenUp];

    /// The word for it in the log's database and for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Prepared => "prepared",
            Self::Stored => "placed",
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
    /// Its place in the outbox; the order of delivery within a mailbox.
    pub seq: i64,
    /// The call.
    pub call: CallId,
    /// The mailbox.
    pub mailbox: MailboxName,
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

/// What a delivery is known by, also in a database that has taken the place of a broken one.
pub(super) type Key = (CallId, Destination);

impl Delivery {
    pub(super) fn key(&self) -> Key {
        (self.call, self.to)
    }

    /// Whether later deliveries to its mailbox and destination need not wait for it any more.
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
    Stored(Delivered),
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

/// What a settlement changes in the log.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RowChanges {
    /// The rows that are to be written anew.
    pub(super) rows: Vec<Delivery>,
    /// Whether the row itself goes.
    pub(super) is_done: bool,
    /// What the record says from now on of where the message went.
    pub(super) entry: Option<Delivered>,
}

/// What may be tried, oldest first, the overtaken last: the first delivery of every mailbox and
/// destination, one of those that were overtaken, and all that only want MWI.
///
/// Of deliveries that have never been tried, `rows` need hold only the first of each mailbox and
/// destination.
pub(super) fn due(mut rows: Vec<Delivery>) -> Vec<Delivery> {
    rows.sort_by_key(|row| {
        let turn = row.is_overtaken().then_some((row.due, row.failures));
        (turn, row.seq)
    });
    let mut taken = HashSet::new();
    rows.retain(|row| match row.stage {
        Stage::GivenUp => false,
        Stage::Stored => true,
        Stage::Waiting | Stage::Prepared => {
            taken.insert((row.mailbox.clone(), row.to, row.is_overtaken()))
        }
    });
    rows.sort_by_key(|row| (row.is_overtaken(), row.seq));
    rows
}

/// What comes of an attempt at a delivery; `others` are those to the same mailbox and destination
/// that wait and have failed before.
pub(super) fn settle(
    delivery: Delivery,
    mut others: Vec<Delivery>,
    settlement: Settlement,
) -> RowChanges {
    let before = delivery.stage;
    let was_overtaken = delivery.is_overtaken();
    let mut changes = RowChanges::default();
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
        Settlement::Stored(entry) => {
            row.reach(Stage::Stored);
            changes.entry = Some(entry).filter(|_| before != Stage::Stored);
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
                for other in &mut others {
                    other.due = due;
                }
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
        for other in &mut others {
            other.due = other.since;
        }
        changes.rows.append(&mut others);
    }
    if !changes.is_done {
        changes.rows.push(row);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn row(seq: i64, stage: Stage, failures: u32, due_s: i64) -> Delivery {
        Delivery {
            seq,
            call: CallId::new(Timestamp::UNIX_EPOCH, 1),
            mailbox: "100@default".into(),
            to: Destination::Mail,
            stage,
            since: at(0),
            due: at(due_s),
            failures,
            why: None,
            spool: None,
            case: None,
        }
    }

    #[test]
    fn which_are_tried() {
        use Stage::{GivenUp, Prepared, Stored, Waiting};
        let in_box = |name: &str, row| Delivery {
            mailbox: name.into(),
            ..row
        };
        let rows: [(&str, Vec<Delivery>, &[i64]); 9] = [
            ("nothing", vec![], &[]),
            (
                "the oldest of a box",
                vec![row(2, Waiting, 0, 0), row(1, Waiting, 2, 9)],
                &[1],
            ),
            (
                "boxes do not wait for one another",
                vec![row(1, Waiting, 0, 0), in_box("2", row(2, Waiting, 0, 0))],
                &[1, 2],
            ),
            (
                "nor do destinations",
                vec![
                    row(1, Waiting, 0, 0),
                    Delivery {
                        to: Destination::Webhook,
                        ..row(2, Waiting, 0, 0)
                    },
                ],
                &[1, 2],
            ),
            (
                "three failures let the next one pass",
                vec![row(1, Waiting, 3, 9), row(2, Waiting, 0, 0)],
                &[2, 1],
            ),
            (
                "what is prepared stays first",
                vec![row(1, Prepared, 9, 9), row(2, Waiting, 0, 0)],
                &[1],
            ),
            (
                "of those that were passed, whichever is due first",
                vec![
                    row(1, Waiting, 3, 9),
                    row(2, Waiting, 4, 8),
                    row(3, Waiting, 3, 8),
                ],
                &[3],
            ),
            (
                "every one that only wants MWI",
                vec![row(1, Stored, 0, 0), row(2, Stored, 7, 9)],
                &[1, 2],
            ),
            (
                "what was given up holds nobody back",
                vec![row(1, GivenUp, 5, 0), row(2, Waiting, 0, 0)],
                &[2],
            ),
        ];
        for (what, rows, expected) in rows {
            let seqs: Vec<_> = due(rows).iter().map(|row| row.seq).collect();
            assert_eq!(seqs, expected, "{what}");
        }
    }

    #[test]
    fn what_a_settlement_makes_of_a_delivery() {
        use Stage::{GivenUp, Prepared, Stored, Waiting};
        let there = || Delivered {
            to: Destination::Mail,
            detail: "there".into(),
            at: at(5),
        };
        let entry = || Some(there());
        let later = || Settlement::Later {
            due: at(60),
            why: "full".into(),
        };
        let give_up = |entry| Settlement::GivenUp {
            why: "full".into(),
            entry,
        };
        let spool = || Settlement::Prepared("/spool".into());
        // Stage and failures before, and after; the entry in the record.
        let rows = [
            ((Waiting, 2), spool(), Some((Prepared, 0)), None),
            (
                (Prepared, 2),
                Settlement::Unprepared,
                Some((Waiting, 0)),
                None,
            ),
            (
                (Prepared, 2),
                Settlement::Stored(there()),
                Some((Stored, 0)),
                entry(),
            ),
            (
                (Stored, 2),
                Settlement::Stored(there()),
                Some((Stored, 0)),
                None,
            ),
            ((Stored, 2), Settlement::Done(None), None, None),
            ((Waiting, 0), Settlement::Done(entry()), None, entry()),
            ((Waiting, 1), later(), Some((Waiting, 2)), None),
            ((Stored, 1), later(), Some((Stored, 2)), None),
            ((Waiting, 1), give_up(None), Some((GivenUp, 1)), None),
            ((Waiting, 1), give_up(entry()), Some((GivenUp, 1)), entry()),
            ((GivenUp, 1), give_up(entry()), Some((GivenUp, 1)), None),
        ];
        for ((stage, failures), settlement, after, entry) in rows {
            let what = format!("{stage:?}, {settlement:?}");
            let changes = settle(row(1, stage, failures, 5), vec![], settlement);
            let rows: Vec<_> = changes.rows.iter().map(|r| (r.stage, r.failures)).collect();
            assert_eq!(rows, Vec::from_iter(after), "{what}");
            assert_eq!(changes.is_done, after.is_none(), "{what}");
            assert_eq!(changes.entry, entry, "{what}");
        }
        let prepared = settle(row(1, Waiting, 0, 5), vec![], spool())
            .rows
            .remove(0);
        assert_eq!(prepared.spool, Some("/spool".into()));
        let failed = settle(row(1, Waiting, 0, 5), vec![], later())
            .rows
            .remove(0);
        assert_eq!((failed.due, failed.why.as_deref()), (at(60), Some("full")));
    }

    #[test]
    fn what_a_settlement_makes_of_those_that_were_passed() {
        type Row<'a> = (u32, Settlement, &'a [(i64, i64)]);
        let others = || {
            vec![
                row(1, Stage::Waiting, 3, 30),
                row(2, Stage::Waiting, 5, 90),
                row(3, Stage::Waiting, 2, 30),
            ]
        };
        let later = || Settlement::Later {
            due: at(60),
            why: "x".into(),
        };
        // Failures before, what came of it, and the others that change: when they are due.
        let rows: [Row<'_>; 5] = [
            (1, later(), &[]),
            (2, later(), &[(1, 60)]),
            (3, later(), &[(1, 60)]),
            (3, Settlement::Done(None), &[(1, 0), (2, 0)]),
            (2, Settlement::Done(None), &[]),
        ];
        for (failures, settlement, expected) in rows {
            let what = format!("{failures}, {settlement:?}");
            let changes = settle(row(4, Stage::Waiting, failures, 5), others(), settlement);
            let changed = changes.rows.iter().filter(|row| row.seq != 4);
            let changed: Vec<_> = changed.map(|row| (row.seq, row.due)).collect();
            let expected: Vec<_> = expected.iter().map(|&(seq, s)| (seq, at(s))).collect();
            assert_eq!(changed, expected, "{what}");
        }
    }
}
