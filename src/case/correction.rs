//! What somebody of the team says that a call really was.

use jiff::Timestamp;

use super::{Author, Case, Urgency};
use crate::call_record::{CallId, CallRecord, Verdict};

/// That the guard judged a call wrongly. It stands beside the record, which keeps what the guard
/// said, and counts wherever it matters what the caller was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What the call really was; one of [`Correction::VERDICTS`].
    pub verdict: Verdict,
    /// Who says so.
    pub author: Author,
    /// When they said it.
    pub at: Timestamp,
    /// What they had to say about it.
    pub note: Option<String>,
}

/// What somebody says of a call's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It was this.
    Was(Verdict),
    /// What was said before is taken back: the guard's verdict counts again.
    Withdrawn,
}

/// Who says what of which call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judging {
    /// The call.
    pub call: CallId,
    /// What they say.
    pub judgement: Judgement,
    /// What they have to say about it.
    pub note: Option<String>,
    /// Who they are.
    pub author: Author,
    /// Now.
    pub at: Timestamp,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCorrected {
    /// There is no verdict yet.
    #[error("the call is still up")]
    StillUp,
    /// A list, or too many calls, kept the caller from the guard.
    #[error("the guard did not hear the call")]
    NotHeard,
    /// The record of the call cannot be read.
    #[error("the record of the call cannot be read")]
    Unreadable,
    /// `unsure` is the guard's word for not knowing, not something that a call was.
    #[error("unsure is not what a call was")]
    Unsure,
    /// It is the guard's verdict.
    #[error("the guard says {0}, too")]
    Same(Verdict),
    /// It has been said.
    #[error("{} has said so", .0.author.who)]
    Said(Box<Correction>),
    /// There is nothing to take back.
    #[error("nobody has said otherwise")]
    NothingSaid,
}

impl Correction {
    /// What a call can have been.
    pub const VERDICTS: [Verdict; 9] = [
        Verdict::Message,
        Verdict::Rambler,
        Verdict::Hangup,
        Verdict::Mutter,
        Verdict::HoldMusic,
        Verdict::Aside,
        Verdict::Silent,
        Verdict::NoAudio,
        Verdict::Tone,
    ];

    /// What stands of a call once somebody has said this of it; `standing` is what stood before.
    ///
    /// The last word stands: nobody claims a call.
    ///
    /// # Errors
    /// What they say would change nothing, or cannot be so.
    pub fn after(
        standing: Option<&Self>,
        record: &CallRecord,
        judging: &Judging,
    ) -> Result<Option<Self>, NotCorrected> {
        let Some(by_guard) = record.verdict.filter(|_| record.ended.is_some()) else {
            return Err(NotCorrected::StillUp);
        };
        let verdict = match (judging.judgement, standing) {
            (Judgement::Withdrawn, None) => return Err(NotCorrected::NothingSaid),
            (Judgement::Withdrawn, Some(_)) => return Ok(None),
            (Judgement::Was(verdict), _) => verdict,
        };
        if !record.was_let_in() {
            return Err(NotCorrected::NotHeard);
        }
        if verdict == by_guard {
            return Err(NotCorrected::Same(verdict));
        }
        if !Self::VERDICTS.contains(&verdict) {
            return Err(NotCorrected::Unsure);
        }
        let says_more = |said: &Self| judging.note.is_some() && judging.note != said.note;
        match standing.filter(|said| said.verdict == verdict && !says_more(said)) {
            Some(said) => Err(NotCorrected::Said(Box::new(said.clone()))),
            None => Ok(Some(Self {
                verdict,
                author: judging.author.clone(),
                at: judging.at,
                note: judging.note.clone(),
            })),
        }
    }
}

impl Case {
    /// The case after somebody said of one of its calls what it really was, now that its calls are
    /// so urgent.
    ///
    /// They said it of a call, not of the case: who works on it, whether it is closed and when it
    /// is to be rung stay as they were decided.
    #[must_use]
    pub fn after_correction(&self, urgency: Urgency) -> Self {
        Self {
            urgency,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Via;
    use super::*;
    use crate::call_record::EndedBy;
    use crate::call_record::example::caller;

    fn judging(judgement: Judgement, note: Option<&str>, who: &str) -> Judging {
        Judging {
            call: caller("030 1234567", "shown").id,
            judgement,
            note: note.map(Into::into),
            author: Author {
                who: who.into(),
                via: Via::Page,
            },
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_stands_after_somebody_has_said_what_a_call_was() {
        use Judgement::{Was, Withdrawn};
        let mut call = caller("030 1234567", "shown");
        call.verdict = Some(Verdict::Hangup);
        let by_anna = judging(Was(Verdict::Message), Some("wants the invoice"), "anna");
        let said = Correction::after(None, &call, &by_anna).unwrap().unwrap();
        assert_eq!(
            (said.verdict, said.author.who.as_str()),
            (Verdict::Message, "anna")
        );
        let already = || NotCorrected::Said(Box::new(said.clone()));
        for (standing, judgement, note, expected) in [
            (
                None,
                Was(Verdict::Hangup),
                None,
                Err(NotCorrected::Same(Verdict::Hangup)),
            ),
            (None, Was(Verdict::Unsure), None, Err(NotCorrected::Unsure)),
            (None, Withdrawn, None, Err(NotCorrected::NothingSaid)),
            (Some(&said), Withdrawn, None, Ok(None)),
            (
                Some(&said),
                Was(Verdict::Tone),
                None,
                Ok(Some(Verdict::Tone)),
            ),
            (Some(&said), Was(Verdict::Message), None, Err(already())),
            (
                Some(&said),
                Was(Verdict::Message),
                Some("wants the invoice"),
                Err(already()),
            ),
            (
                Some(&said),
                Was(Verdict::Message),
                Some("by letter"),
                Ok(Some(Verdict::Message)),
            ),
            (
                Some(&said),
                Was(Verdict::Hangup),
                None,
                Err(NotCorrected::Same(Verdict::Hangup)),
            ),
        ] {
            let after = Correction::after(standing, &call, &judging(judgement, note, "bert"));
            let after = after.map(|of| {
                of.map(|of| {
                    assert_eq!((of.author.who.as_str(), of.note.as_deref()), ("bert", note));
                    of.verdict
                })
            });
            assert_eq!(after, expected, "{judgement:?} {note:?}");
        }
    }

    #[test]
    fn only_what_the_guard_heard_to_its_end_can_be_wrong() {
        let mut call = caller("030 1234567", "shown");
        let said = judging(Judgement::Was(Verdict::Message), None, "anna");
        assert_eq!(
            Correction::after(None, &call, &said),
            Err(NotCorrected::StillUp)
        );
        call.verdict = Some(Verdict::Unsure);
        for ended_by in [EndedBy::Bypassed, EndedBy::Rejected, EndedBy::Overloaded] {
            call.ended_by = Some(ended_by);
            assert_eq!(
                Correction::after(None, &call, &said),
                Err(NotCorrected::NotHeard)
            );
        }
        // Not knowing is not being right: what it was can be said.
        call.ended_by = Some(EndedBy::Caller);
        assert!(Correction::after(None, &call, &said).is_ok());
        call.ended = None;
        assert_eq!(
            Correction::after(None, &call, &said),
            Err(NotCorrected::StillUp)
        );
    }
}
