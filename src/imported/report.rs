//! What was imported, added up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::time::Duration;

use jiff::civil::Date;

use super::{Imported, OldCall, OldMessage};
use crate::call_record::Verdict;
use crate::figures::GREETING;

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// How many.
    pub messages: u64,
    /// Their sound.
    pub sound: Duration,
    /// Those of them without a number from the network.
    pub without_number: u64,
    /// Those of these in which keys are heard.
    pub with_keys: u64,
    /// The sum of all confidences.
    pub confidence: f64,
}

impl Sum {
    fn add(&mut self, message: &OldMessage) {
        self.messages += 1;
        self.sound += message.length;
        self.without_number += u64::from(!message.has_number);
        self.with_keys += u64::from(!message.has_number && message.keys > 0);
        self.confidence += message.confidence;
    }

    /// How sure their verdicts are on average; `None` where there are none.
    pub fn sure(&self) -> Option<f64> {
        (self.messages > 0).then(|| self.confidence / self.messages as f64)
    }

    /// How many of their verdicts are wrong, by their own confidence.
    pub fn perhaps_wrong(&self) -> f64 {
        (self.messages as f64 - self.confidence).max(0.0)
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.sound += other.sound;
        self.without_number += other.without_number;
        self.with_keys += other.with_keys;
        self.confidence += other.confidence;
    }
}

/// A month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthSum {
    /// Messages.
    pub messages: u64,
    /// Those of them with nothing left.
    pub junk: u64,
    /// The sound of these.
    pub junk_sound: Duration,
    /// Calls that `VoiceMail()` answered.
    pub calls: u64,
}

/// Calls that `VoiceMail()` answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// How many.
    pub calls: u64,
    /// From answer to hang-up, of all of them.
    pub length: Duration,
    /// Those without a number from the network.
    pub without_number: u64,
    /// Those that were over within the [`GREETING`].
    pub at_once: u64,
    /// Those whose message was found.
    pub left_message: u64,
    /// Those that have none in the mailboxes that were read.
    pub left_none: u64,
}

/// All that was imported, added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    verdicts: BTreeMap<Verdict, Sum>,
    /// Each month by its first day.
    pub months: BTreeMap<Date, MonthSum>,
    /// The mailboxes that are known.
    pub mailboxes: BTreeSet<String>,
    /// The first and the last day.
    pub days: Option<(Date, Date)>,
    /// What the call detail records say.
    pub calls: Calls,
}

impl Report {
    /// Adds what is kept of a message or a call.
    pub fn add(&mut self, imported: &Imported) {
        match imported {
            Imported::Message(message) => self.add_message(message),
            Imported::Call(call) => self.add_call(call),
        }
    }

    fn add_message(&mut self, message: &OldMessage) {
        self.verdicts
            .entry(message.verdict)
            .or_default()
            .add(message);
        let month = self.month(message.day, &message.mailbox);
        month.messages += 1;
        if !message.verdict.is_delivered() {
            month.junk += 1;
            month.junk_sound += message.length;
        }
    }

    fn add_call(&mut self, call: &OldCall) {
        self.month(call.day, &call.mailbox).calls += 1;
        let calls = &mut self.calls;
        calls.calls += 1;
        calls.length += call.length;
        calls.without_number += u64::from(!call.has_number);
        calls.at_once += u64::from(call.length <= GREETING);
        calls.left_message += u64::from(call.left_message == Some(true));
        calls.left_none += u64::from(call.left_message == Some(false));
    }

    fn month(&mut self, day: Date, mailbox: &str) -> &mut MonthSum {
        if !mailbox.is_empty() && !self.mailboxes.contains(mailbox) {
            self.mailboxes.insert(mailbox.to_owned());
        }
        let (first, last) = self.days.unwrap_or((day, day));
        self.days = Some((first.min(day), last.max(day)));
        self.months.entry(day.first_of_month()).or_default()
    }

    /// The messages of a verdict.
    pub fn of(&self, verdict: Verdict) -> Sum {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// The messages that the team would have got with the guard, or those it would not.
    pub fn delivered(&self, is_delivered: bool) -> Sum {
        let mut sum = Sum::default();
        for (verdict, of) in &self.verdicts {
            if verdict.is_delivered() == is_delivered {
                sum += *of;
            }
        }
        sum
    }

    /// All messages.
    pub fn all(&self) -> Sum {
        let mut all = self.delivered(true);
        all += self.delivered(false);
        all
    }

    /// Whether nothing was imported.
    pub fn is_empty(&self) -> bool {
        self.days.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(day: &str, verdict: Verdict, has_number: bool, keys: u32) -> Imported {
        Imported::Message(OldMessage {
            day: day.parse().unwrap(),
            mailbox: "100@default".into(),
            length: Duration::from_secs(30),
            verdict,
            confidence: 0.75,
            has_number,
            keys,
        })
    }

    fn call(seconds: u64, left_message: Option<bool>) -> Imported {
        Imported::Call(OldCall {
            day: "2026-10-31".parse().unwrap(),
            mailbox: String::new(),
            length: Duration::from_secs(seconds),
            has_number: seconds > 20,
            left_message,
        })
    }

    #[test]
    fn messages_and_calls_are_added_up() {
        let mut report = Report::default();
        assert!(report.is_empty());
        for imported in [
            message("2026-11-23", Verdict::Message, true, 7),
            message("2026-11-01", Verdict::Silent, false, 0),
            message("2026-10-02", Verdict::Unsure, false, 7),
            message("2026-11-30", Verdict::HoldMusic, true, 0),
            call(10, Some(true)),
            call(11, Some(false)),
            call(60, None),
        ] {
            report.add(&imported);
        }
        let (team, junk, all) = (
            report.delivered(true),
            report.delivered(false),
            report.all(),
        );
        assert_eq!([team.messages, junk.messages, all.messages], [2, 2, 4]);
        assert_eq!([team.without_number, team.with_keys], [1, 1]);
        assert_eq!([junk.without_number, junk.with_keys], [1, 0]);
        assert_eq!(all.sound, Duration::from_mins(2));
        assert_eq!((junk.sure(), junk.perhaps_wrong()), (Some(0.75), 0.5));
        assert_eq!(report.of(Verdict::Tone), Sum::default());
        assert_eq!(report.of(Verdict::Tone).sure(), None);
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(report.days, Some((day("2026-10-02"), day("2026-11-30"))));
        let november = report.months[&day("2026-11-01")];
        assert_eq!(
            [november.messages, november.junk, november.calls],
            [3, 2, 0]
        );
        assert_eq!(report.months[&day("2026-10-01")].calls, 3);
        assert_eq!(report.mailboxes.len(), 1);
        let calls = report.calls;
        assert_eq!(
            [calls.calls, calls.at_once, calls.without_number],
            [3, 1, 2]
        );
        assert_eq!([calls.left_message, calls.left_none], [1, 1]);
    }
}
