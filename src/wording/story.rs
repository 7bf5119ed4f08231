//! A call in sentences that can be read out to the customer on the telephone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Language, asked, callback, ended_by, length, name, number, pick, pressed, verdict};
use crate::audio::MediaTime;
use crate::call_record::{Answer, CallRecord, Played, QueueWait};
use crate::hearing::{Class, Signal};
use crate::prompts::Prompt;
use crate::text::shown;

/// What is shorter is not spoken of.
const WORTH_A_SENTENCE: MediaTime = MediaTime::from_secs(1);

/// One sentence, with its time of day and its place in the caller's sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Time of day.
    pub time: String,
    /// Since the caller's sound began.
    pub at: MediaTime,
    /// What happened.
    pub text: String,
}

/// What happened in a call, in order.
pub fn story(record: &CallRecord, zone: &TimeZone, language: Language) -> Vec<Sentence> {
    if let Some(wait) = &record.queue {
        return of_wait(record, wait, zone, language);
    }
    let mut sentences = vec![(MediaTime::ZERO, 0, opening(record, language))];
    for stretch in stretches(record) {
        sentences.push((stretch.start, 3, stretch.text(language)));
    }
    for of in &record.asked {
        let text = match (of.answer, of.prompt.wants_answer()) {
            (None, false) => played(&asked(of, language), language),
            (answer, _) => question(&of.prompt, answer, language),
        };
        sentences.push((of.at, 2, text));
    }
    // A key that brought a prompt about comes before it.
    for run in record.key_runs() {
        sentences.push((run.at, 1, pressed(&run, language)));
    }
    sentences.sort_by_key(|(at, order, _)| (*at, *order));
    let mut sentences: Vec<_> = sentences
        .into_iter()
        .map(|(at, _, text)| Sentence {
            time: time_of_day(record.started, at, zone),
            at,
            text,
        })
        .collect();
    if let Some(callback) = callback(&record.callback, language) {
        let known = pick(language, "the number to call back: ", "die Rückrufnummer: ");
        let last = sentences.last().map_or(MediaTime::ZERO, |last| last.at);
        sentences.push(Sentence {
            time: String::new(),
            at: last,
            text: format!("{known}{callback}"),
        });
    }
    sentences.extend(ending(record, zone, language));
    sentences
}

/// A wait in a queue: what became of it, and what was asked meanwhile.
fn of_wait(
    record: &CallRecord,
    wait: &QueueWait,
    zone: &TimeZone,
    language: Language,
) -> Vec<Sentence> {
    let who = number(&record.caller, language);
    let who = name(&record.caller).map_or(who.clone(), |name| format!("{who}, {name}"));
    let mut texts = super::wait(wait, language).into_iter();
    let first = texts.next().unwrap_or_default();
    let mut sentences = vec![Sentence {
        time: time_of_day(record.started, MediaTime::ZERO, zone),
        at: MediaTime::ZERO,
        text: format!("{who} {first}"),
    }];
    sentences.extend(record.asked.iter().map(|of| Sentence {
        time: time_of_day(record.started, of.at, zone),
        at: of.at,
        text: question(&of.prompt, of.answer, language),
    }));
    let last = sentences.last().map_or(MediaTime::ZERO, |last| last.at);
    sentences.extend(texts.map(|text| Sentence {
        time: String::new(),
        at: last,
        text,
    }));
    sentences
}

fn time_of_day(started: Timestamp, at: MediaTime, zone: &TimeZone) -> String {
    let at = started + SignedDuration::from_millis((at.as_secs_f64() * 1_000.0) as i64);
    at.to_zoned_datetime(zone.clone())
        .strftime("%H:%M:%S")
        .to_string()
}

fn opening(record: &CallRecord, language: Language) -> String {
    let who = number(&record.caller, language);
    let who = name(&record.caller).map_or(who.clone(), |name| format!("{who}, {name}"));
    let mailbox = shown(record.mailbox.as_str());
    let dialled = match record.dnid.as_str() {
        "" => String::new(),
        dnid => match language {
            Language::En => format!(", having dialled {}", shown(dnid)),
            Language::De => format!(", gewählt wurde {}", shown(dnid)),
        },
    };
    let from = match &record.came_from {
        Some(from) => {
            let from = super::came_from(from, language);
            format!("{}{from}", pick(language, "; before: ", "; zuvor: "))
        }
        None => String::new(),
    };
    match language {
        Language::En => format!("{who} reached the mailbox {mailbox}{dialled}{from}"),
        Language::De => format!("{who} erreichte die Mailbox {mailbox}{dialled}{from}"),
    }
}

/// What was heard for a while, with breaths and pauses in it.
struct Stretch {
    start: MediaTime,
    end: MediaTime,
    class: Class,
    signal: Option<Signal>,
}

/// The stretches of a call, between the prompts.
fn stretches(record: &CallRecord) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for segment in &record.timeline {
        let is_short = segment.len() < WORTH_A_SENTENCE && segment.class != Class::Tone;
        let asked_between = |from: MediaTime| {
            let mut asked = record.asked.iter();
            asked.any(|asked| from < asked.at && asked.at <= segment.start)
        };
        match all.last_mut() {
            Some(last) if is_short && !asked_between(last.start) => {}
            Some(last)
                if last.class == segment.class
                    && last.signal == segment.signal
                    && !asked_between(last.start) =>
            {
                last.end = segment.end;
            }
            _ if is_short => {}
            _ => all.push(Stretch {
                start: segment.start,
                end: segment.end,
                class: segment.class,
                signal: segment.signal,
            }),
        }
    }
    all
}

impl Stretch {
    fn text(&self, language: Language) -> String {
        let of = length(self.end - self.start, language);
        let (en, de) = match self.class {
            Class::Speech => ("the caller spoke for", "es wurde gesprochen:"),
            Class::Silence => ("it was quiet for", "es war still:"),
            Class::Music => ("music played for", "Musik lief:"),
            Class::Tone => ("a tone sounded for", "ein Ton war zu hören:"),
            Class::Noise => (
                "there was noise, and nobody spoke into the telephone, for",
                "nur Geräusche, niemand sprach ins Telefon:",
            ),
        };
        let signal = self.signal.map(|signal| format!(" ({signal})"));
        format!(
            "{} {of}{}",
            pick(language, en, de),
            signal.unwrap_or_default()
        )
    }
}

fn played(what: &str, language: Language) -> String {
    match language {
        Language::En => format!("the guard played: {what}"),
        Language::De => format!("Ansage: {what}"),
    }
}

fn question(prompt: &Played, answer: Option<Answer>, language: Language) -> String {
    let asked = match (prompt, language) {
        (Played::Prompt(Prompt::StillThere | Prompt::StillWaiting), Language::En) => {
            "the guard asked: are you still there?"
        }
        (Played::Prompt(Prompt::StillThere | Prompt::StillWaiting), Language::De) => {
            "die Frage: Sind Sie noch da?"
        }
        (Played::Prompt(Prompt::NumberFirst), Language::En) => {
            "the guard asked for the callback number first"
        }
        (Played::Prompt(Prompt::NumberFirst), Language::De) => {
            "die Bitte: zuerst die Rückrufnummer"
        }
        (_, Language::En) => "the guard asked for the callback number",
        (_, Language::De) => "die Frage nach der Rückrufnummer",
    };
    let (en, de) = match answer {
        Some(Answer::Voice) => ("the caller answered by voice", "mit der Stimme beantwortet"),
        Some(Answer::Key) => (
            "the caller answered by a key",
            "mit einer Taste beantwortet",
        ),
        None => ("nobody answered", "keine Antwort"),
    };
    format!("{asked} – {}", pick(language, en, de))
}

fn ending(record: &CallRecord, zone: &TimeZone, language: Language) -> Vec<Sentence> {
    let (Some(ended), Some(by)) = (record.ended, record.ended_by) else {
        return Vec::new();
    };
    let at = record
        .timeline
        .last()
        .map_or(MediaTime::ZERO, |last| last.end);
    let time = ended
        .to_zoned_datetime(zone.clone())
        .strftime("%H:%M:%S")
        .to_string();
    let the_call = pick(language, "the call", "der Anruf");
    let mut sentences = vec![Sentence {
        time,
        at,
        text: format!("{the_call} {}", ended_by(by, language)),
    }];
    if let Some(of) = record.verdict {
        let so = pick(
            language,
            "so the guard holds: the caller",
            "die Einstufung: Der Anrufer",
        );
        sentences.push(Sentence {
            time: String::new(),
            at,
            text: format!("{so} {}", verdict(of, language)),
        });
    }
    sentences
}
