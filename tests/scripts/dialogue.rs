//! Everything that came of a script, as one text.

use std::collections::BTreeMap;
use std::fmt::Write;

use voicemail_guard::call_record::{Answer, CallRecord, Reason};
use voicemail_guard::hearing::Class;
use voicemail_guard::number::E164;
use voicemail_guard::wording::{self, Language};

use super::pbx::Pbx;
use super::script::Script;

/// One line of what was said and done; `at` in ms since the prelude.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) at: u64,
    pub(super) mark: char,
    pub(super) text: String,
}

/// What came of a script.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    title: String,
    dialogue: Vec<Entry>,
    variables: BTreeMap<String, String>,
    /// Without what only the shell knows: id, times, audio.
    pub(crate) record: CallRecord,
}

impl Outcome {
    pub(crate) fn new(script: &Script, pbx: Pbx, mut record: CallRecord) -> Self {
        let id = record.id.to_string();
        let hide = |text: String| text.replace(&id, "ID");
        record.id = voicemail_guard::call_record::CallId::new(jiff::Timestamp::UNIX_EPOCH, 0);
        record.started = jiff::Timestamp::UNIX_EPOCH;
        record.ended = None;
        record.audio = None;
        for reason in &mut record.reasons {
            *reason = Reason::Text(hide(wording::reason(reason, Language::En)));
        }
        let dialogue = pbx.dialogue.into_iter().map(|entry| Entry {
            text: hide(entry.text),
            ..entry
        });
        // How long the mailbox is looked at before the first command is no part of the conversation.
        let mut dialogue: Vec<Entry> = dialogue.collect();
        dialogue.sort_by_key(|entry| (entry.at, entry.at == 0 && entry.mark == '~'));
        let variables = pbx
            .variables
            .into_iter()
            .map(|(name, value)| (name, hide(value)));
        Self {
            title: script.title.clone(),
            dialogue,
            variables: variables.collect(),
            record,
        }
    }

    /// The whole of it: dialogue, variables, record.
    pub(crate) fn text(&self) -> String {
        self.text_beside(&Usual::default())
    }

    /// The same, but of a usual beginning or end of the dialogue only that it is the usual one.
    pub(crate) fn text_beside(&self, usual: &Usual) -> String {
        let mut text = format!("{}\n\n", self.title);
        let (set_up, mut rest) = self.dialogue.split_at(usual.set_up(self));
        let (_, leaving) = rest.split_at(rest.len() - usual.leaving(self));
        rest = &rest[..rest.len() - leaving.len()];
        if let Some(last) = set_up.last() {
            writeln!(text, "{:8.3}   set up as usual", seconds(last)).unwrap();
        }
        while let Some(entry) = rest.first() {
            let quiet = rest
                .chunks_exact(2)
                .take_while(|pair| pair[0].text == entry.text && is_quiet(pair))
                .count();
            if quiet > 1 {
                let seconds = quiet as f64 * (rest[1].at - entry.at) as f64 / 1_000.0;
                writeln!(
                    text,
                    "{}  and so {quiet} times, for {seconds} s",
                    line(entry)
                )
                .unwrap();
            } else {
                writeln!(text, "{}", line(entry)).unwrap();
            }
            rest = &rest[if quiet > 1 { 2 * quiet } else { 1 }..];
        }
        if let Some(first) = leaving.first() {
            writeln!(text, "{:8.3}   leaves as usual", seconds(first)).unwrap();
        }
        text.push('\n');
        for (name, value) in &self.variables {
            writeln!(text, "{name}={value}").unwrap();
        }
        text + "\n" + &self.record_text()
    }

    /// Whether an entry sets the variable that the other sets, and to what it is in the end.
    fn sets_as(&self, entry: &Entry, other: &Entry) -> bool {
        let variable = |of: &Entry| -> Option<(String, String)> {
            let set = of.text.strip_prefix("SET VARIABLE ")?;
            let (name, value) = set.split_once(' ').unwrap_or((set, ""));
            Some((name.to_owned(), value.to_owned()))
        };
        variable(entry).is_some_and(|(name, value)| {
            variable(other).is_some_and(|other| other.0 == name)
                && self.variables.get(&name) == Some(&value)
        })
    }

    fn record_text(&self) -> String {
        let record = &self.record;
        let mut text = String::new();
        writeln!(text, "verdict    {}", record.verdict.unwrap()).unwrap();
        writeln!(text, "ended by   {}", word(&record.ended_by)).unwrap();
        for reason in wording::reasons(&record.reasons, Language::En) {
            writeln!(text, "because    {reason}").unwrap();
        }
        for asked in &record.asked {
            let answer = asked.answer.map_or("-", Answer::as_str);
            writeln!(
                text,
                "asked      {} at {}: {answer}",
                asked.prompt, asked.at
            )
            .unwrap();
        }
        for run in record.key_runs() {
            writeln!(text, "keys       {} at {}", run.keys, run.at).unwrap();
        }
        if let Some(would_have) = record.would_have {
            let (by, at) = (word(&would_have.ended_by), would_have.at);
            let (verdict, saved) = (would_have.verdict, would_have.saved_s);
            writeln!(
                text,
                "enforce    ends by {by} at {at} as {verdict}, {saved} earlier"
            )
            .unwrap();
        }
        if let Some(entry) = &record.watched {
            writeln!(text, "watched    {entry}").unwrap();
        }
        let callback = &record.callback;
        let e164 = callback.e164.as_ref().map_or("-", E164::as_str);
        let source = word(&callback.source);
        writeln!(text, "callback   {source}: {:?} {e164}", callback.number).unwrap();
        let seconds = Class::ALL.map(|class| (class, record.seconds.of(class)));
        let seconds: Vec<String> = seconds
            .iter()
            .filter(|(_, time)| time.samples() > 0)
            .map(|(class, time)| format!("{class} {time}"))
            .collect();
        writeln!(text, "heard      {}", seconds.join(", ")).unwrap();
        for segment in &record.timeline {
            let signal = segment
                .signal
                .map_or_else(String::new, |signal| format!(" ({signal})"));
            writeln!(
                text,
                "           {} to {} {}{signal}",
                segment.start, segment.end, segment.class
            )
            .unwrap();
        }
        text
    }
}

/// What most dialogues begin and end with, taken from a call whose own snapshot shows it.
#[derive(Default)]
pub(crate) struct Usual {
    set_up: Vec<Entry>,
    leaving: Vec<Entry>,
}

impl Usual {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let place = |begins: &str| {
            let mut entries = outcome.dialogue.iter();
            entries.position(|entry| entry.text.starts_with(begins))
        };
        Self {
            set_up: outcome.dialogue[..place("STREAM FILE").unwrap()].to_vec(),
            leaving: outcome.dialogue[place("EXEC StopMixMonitor").unwrap()..].to_vec(),
        }
    }

    /// How many entries at the beginning are the usual ones: all or none.
    fn set_up(&self, outcome: &Outcome) -> usize {
        let same = outcome.dialogue.starts_with(&self.set_up);
        if same { self.set_up.len() } else { 0 }
    }

    /// How many entries at the end are the usual ones, but for what the variables below say anyhow.
    fn leaving(&self, outcome: &Outcome) -> usize {
        let from = outcome.dialogue.len().saturating_sub(self.leaving.len());
        let entries = &outcome.dialogue[from..];
        let since = |of: &[Entry], k: usize| of[k].at - of[0].at;
        let same = entries.len() == self.leaving.len()
            && (0..entries.len()).all(|k| {
                let (entry, usual) = (&entries[k], &self.leaving[k]);
                let says_the_same = entry.text == usual.text || outcome.sets_as(entry, usual);
                says_the_same
                    && entry.mark == usual.mark
                    && since(entries, k) == since(&self.leaving, k)
            });
        if same { entries.len() } else { 0 }
    }
}

/// A value as the call log writes it.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap();
    text.trim_matches('"').to_owned()
}

/// A wait in which no key was pressed, and what it is answered.
fn is_quiet(pair: &[Entry]) -> bool {
    let [command, reply] = pair else { return false };
    let waited = command.text.strip_prefix("WAIT FOR DIGIT ");
    let waited = waited.and_then(|ms| ms.parse::<u64>().ok());
    waited.is_some_and(|ms| reply.at == command.at + ms) && reply.text == "200 result=0"
}

fn line(entry: &Entry) -> String {
    format!("{:8.3} {} {}", seconds(entry), entry.mark, entry.text)
}

fn seconds(entry: &Entry) -> f64 {
    entry.at as f64 / 1_000.0
}
