//! A step in a case, as a form of the page or another program asks for it: what is meant, and what comes of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Desk;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::call_log::{CaseQuery, Change, Changed};
use crate::call_record::CallId;
use crate::case::{Author, LONGEST_NOTE, Step};
use crate::text::is_hostile;

/// A next try is at most a month away.
pub(super) const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The words for steps, as they are asked for.
pub(super) const STEPS: [&str; 8] = [
    "claim",
    "release",
    "reached",
    "not_reached",
    "done",
    "nothing_to_do",
    "reopen",
    "note",
];

/// What somebody asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// One of [`STEPS`].
    pub(super) step: String,
    /// The version of the case that was looked at.
    pub(super) version: Option<u32>,
    pub(super) note: String,
    /// When to ring again.
    pub(super) next_try: Option<Timestamp>,
}

/// Why it cannot be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// There is no such step.
    Step,
    /// It is not known who asks.
    Name,
    /// The step is a note, and there is none.
    NoteMissing,
    NoteTooLong,
    /// The next try belongs to another step, is over, or too far away.
    NextTry,
}

/// What became of it.
pub(super) enum Taken {
    Mistake(Mistake),
    Changed(Changed, Step),
}

/// What somebody typed, as it is kept: lines, and nothing that steers a terminal or hides.
pub(super) fn typed(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    let plain: String = lines
        .chars()
        .filter(|c| *c == '\n' || !is_hostile(*c))
        .collect();
    plain.trim().to_owned()
}

impl Wanted {
    /// The note as it is kept: without what steers, hides or reorders.
    pub(super) fn plain_note(&self) -> String {
        typed(&self.note)
    }

    /// The step, and the note on it.
    fn read(
        &self,
        who: &str,
        now: Timestamp,
        claims_last: Duration,
    ) -> Result<(Step, Option<String>), Mistake> {
        let step = match self.step.as_str() {
            "claim" => Step::Claim {
                until: now + claims_last,
            },
            "release" => Step::Release,
            "reached" => Step::Reached,
            "not_reached" => Step::NotReached {
                next_try: self.next_try,
            },
            "done" => Step::Done,
            "nothing_to_do" => Step::NothingToDo,
            "reopen" => Step::Reopen,
            "note" => Step::Note,
            _ => return Err(Mistake::Step),
        };
        let may_wait = |at: Timestamp| at > now && at.duration_since(now) <= LONGEST_WAIT;
        let waits = matches!(step, Step::NotReached { .. });
        if self.next_try.is_some_and(|at| !waits || !may_wait(at)) {
            return Err(Mistake::NextTry);
        }
        let note = self.plain_note();
        match note.chars().count() {
            _ if who.is_empty() => Err(Mistake::Name),
            0 if step == Step::Note => Err(Mistake::NoteMissing),
            n if n > LONGEST_NOTE => Err(Mistake::NoteTooLong),
            0 => Ok((step, None)),
            _ => Ok((step, Some(note))),
        }
    }

    /// Takes the step, if it can be meant and the case is one that the visitor sees.
    pub(super) async fn take(
        &self,
        desk: &Desk,
        visitor: &Visitor,
        case: CallId,
    ) -> Result<Taken, Problem> {
        let theirs = CaseQuery {
            id: Some(case),
            mailboxes: visitor.mailboxes(),
            ..CaseQuery::default()
        };
        let readers = &desk.0.readers;
        if readers.ask(move |of| of.count_cases(&theirs)).await? == 0 {
            return Err(Problem::NotFound);
        }
        let now = desk.0.clock.date();
        let claims_last = desk.0.settings.now().web.claims_last;
        let (step, note) = match self.read(&visitor.name, now, claims_last) {
            Ok(read) => read,
            Err(mistake) => return Ok(Taken::Mistake(mistake)),
        };
        let change = Change {
            case,
            seen: self.version,
            step,
            note,
            author: Author {
                who: visitor.name.clone(),
                via: visitor.via,
            },
            at: now,
        };
        match desk.0.log.change_case(change).await? {
            Changed::Missing => Err(Problem::NotFound),
            changed => Ok(Taken::Changed(changed, step)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_a_step_or_a_mistake() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let hour = Duration::from_hours(1);
        let long = "x".repeat(LONGEST_NOTE + 1);
        let month = LONGEST_WAIT.as_secs();
        let claim = Step::Claim { until: at(4_600) };
        let again = |second| Step::NotReached {
            next_try: Some(at(second)),
        };
        for (step, note, next_try, expected) in [
            ("claim", "", None, Ok((claim, None))),
            (
                "reached",
                " a\r\nb\u{202e} ",
                None,
                Ok((Step::Reached, Some("a\nb"))),
            ),
            ("not_reached", "", Some(1_001), Ok((again(1_001), None))),
            (
                "not_reached",
                "",
                Some(1_000 + month),
                Ok((again(1_000 + month), None)),
            ),
            (
                "not_reached",
                "",
                Some(1_001 + month),
                Err(Mistake::NextTry),
            ),
            ("not_reached", "", Some(1_000), Err(Mistake::NextTry)),
            ("done", "", Some(2_000), Err(Mistake::NextTry)),
            ("note", "\u{200b} \n", None, Err(Mistake::NoteMissing)),
            ("note", &long, None, Err(Mistake::NoteTooLong)),
            ("Claim", "", None, Err(Mistake::Step)),
            ("", "", None, Err(Mistake::Step)),
        ] {
            let wanted = Wanted {
                step: step.into(),
                version: None,
                note: note.into(),
                next_try: next_try.map(at),
            };
            let expected =
                expected.map(|(step, note): (_, Option<&str>)| (step, note.map(Into::into)));
            assert_eq!(
                wanted.read("anna", at(1_000), hour),
                expected,
                "{step} {note:?}"
            );
            if expected.is_ok() {
                assert_eq!(wanted.read("", at(1_000), hour), Err(Mistake::Name));
            }
        }
        for step in STEPS {
            let wanted = Wanted {
                step: step.into(),
                note: "x".into(),
                ..Wanted::default()
            };
            let (read, _) = wanted.read("anna", at(0), hour).unwrap();
            assert_eq!(read.as_str(), step);
        }
    }
}
