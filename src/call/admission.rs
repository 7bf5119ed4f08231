//! Before the greeting: who goes straight to `VoiceMail()`, who is refused, who is on the watch
//! list.
//!
//! A caller on several lists gets what costs them least: straight before everything, and nobody
//! on the watch list is refused. In `observe` nobody is refused; the record says that enforce would
//! have done so.

use std::time::Instant;

use super::state::{Leaving, State, Step};
use super::{Action, Call};
use crate::audio::MediaTime;
use crate::call_record::{Caller, EndedBy, Mode, Presentation, Reason, Verdict, WouldHave};
use crate::number::{CallerIdentity, CallerList, Entry};

/// The lists of one mailbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallerLists {
    /// Expected calls and important customers: reported to the team whatever they were.
    pub watch: CallerList,
    /// Straight to `VoiceMail()`, without the guard.
    pub straight: CallerList,
    /// Refused at once.
    pub refuse: CallerList,
}

/// What becomes of a caller before anything is said to them; with the entry that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission<'a> {
    Guarded,
    Bypassed(&'a Entry),
    Rejected(&'a Entry),
}

impl CallerLists {
    /// The entry of the watch list that means this caller.
    pub fn watched(&self, caller: &Caller) -> Option<String> {
        self.watch.find(identity(caller)).map(Entry::to_string)
    }

    fn admit(&self, caller: &Caller) -> Admission<'_> {
        let identity = identity(caller);
        if let Some(entry) = self.straight.find(identity) {
            return Admission::Bypassed(entry);
        }
        match self.refuse.find(identity) {
            Some(entry) if self.watch.find(identity).is_none() => Admission::Rejected(entry),
            _ => Admission::Guarded,
        }
    }
}

fn identity(caller: &Caller) -> CallerIdentity<'_> {
    CallerIdentity {
        number: &caller.number,
        e164: caller.e164.as_ref(),
        withheld: caller.presentation == Presentation::Withheld,
    }
}

impl Call {
    /// Lets the caller pass by or turns them away, where a list of the mailbox says so; whether it
    /// does.
    pub(super) fn passes_by(&mut self, now: Instant) -> bool {
        let lists = self.policy.lists.clone();
        match lists.admit(&self.record.caller) {
            Admission::Guarded => return false,
            Admission::Bypassed(entry) => {
                let reason = Reason::Straight(entry.to_string());
                self.unheard(EndedBy::Bypassed, reason, now);
            }
            Admission::Rejected(entry) if self.record.mode == Mode::Observe => {
                self.would_refuse = Some(Reason::WouldRefuse(entry.to_string()));
                self.record.would_have = Some(WouldHave {
                    ended_by: EndedBy::Rejected,
                    verdict: Verdict::Unsure,
                    at: MediaTime::ZERO,
                    saved_s: MediaTime::ZERO,
                });
                return false;
            }
            Admission::Rejected(entry) => {
                let reason = Reason::Refused(entry.to_string());
                self.unheard(EndedBy::Rejected, reason, now);
            }
        }
        true
    }

    /// Files the call and sets the variables; nothing is said to the caller, nothing of them is
    /// heard.
    fn unheard(&mut self, ended_by: EndedBy, reason: Reason, now: Instant) {
        self.safety_timeout = None;
        self.record.verdict = Some(Verdict::Unsure);
        self.record.reasons = vec![reason];
        self.record.ended_by = Some(ended_by);
        self.actions
            .push_back(Action::File(Box::new(self.record.clone())));
        let step = Step::Variables(self.variables(ended_by));
        self.state = State::Leaving(Leaving {
            ended_by,
            exit: None,
            step,
        });
        self.next_variable(now);
    }
}
