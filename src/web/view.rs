//! What the templates are given: strings that are ready, made of records.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::visitor::Visitor;
use super::words::{Words, words};
use crate::access::Action;
use crate::audio::MediaTime;
use crate::call_log::{CountedCase, Delivery, ListedCall};
use crate::call_record::{CallRecord, Pseudonym, Verdict};
use crate::case::{State, Urgency};
use crate::figures::Group;
use crate::hearing::Class;
use crate::number::E164;
use crate::text::shown;
use crate::wording::{self, Language, Undelivered};

/// What stands at the top of every page.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each shows or hides something"
)]
pub(super) struct Top {
    pub(super) words: &'static Words,
    pub(super) title: String,
    pub(super) name: String,
    pub(super) version: &'static str,
    /// What every form carries of somebody who has logged in.
    pub(super) token: Option<String>,
    /// Whether they say who they are, because nobody logs in.
    pub(super) says_name: bool,
    pub(super) has_session: bool,
    pub(super) takes_steps: bool,
    /// Whether queues are watched.
    pub(super) has_queues: bool,
    /// Whether there is anything for them to see.
    pub(super) sees: bool,
}

impl Top {
    pub(super) fn new(visitor: &Visitor, title: &str) -> Self {
        Self {
            words: visitor.words(),
            title: title.to_owned(),
            name: visitor.name.clone(),
            version: env!("CARGO_PKG_VERSION"),
            token: visitor.token.clone(),
            says_name: visitor.token.is_none() && visitor.rights.is_some(),
            has_session: visitor.has_session,
            takes_steps: visitor.may(Action::TakeStep),
            has_queues: visitor.has_queues,
            sees: visitor.may(Action::See),
        }
    }
}

/// What kind of caller it was, told by colour, shape and word.
pub(super) struct Kind {
    /// The style's name of it.
    pub(super) class: &'static str,
    pub(super) shape: &'static str,
    pub(super) word: String,
}

impl Kind {
    /// The kind of a call; none where its record cannot be read.
    pub(super) fn of(call: Option<&ListedCall>, language: Language) -> Self {
        Self::in_case(None, call, language)
    }

    /// The same in a case that is so urgent, whatever the call is by itself.
    fn in_case(urgency: Option<Urgency>, call: Option<&ListedCall>, language: Language) -> Self {
        let Some(call) = call else {
            return Self {
                class: "broken",
                shape: "✕",
                word: words(language).unreadable.into(),
            };
        };
        let verdict = call.verdict();
        let urgency = urgency.unwrap_or_else(|| Urgency::judged(&call.record, verdict));
        let (class, shape) = match urgency {
            Urgency::Watched => ("watched", "◆"),
            Urgency::Message => ("message", "●"),
            Urgency::Unsure => ("unsure", "▲"),
            Urgency::Junk => ("junk", "□"),
        };
        Self {
            class,
            shape,
            word: match (&call.record.queue, verdict) {
                (Some(wait), _) if call.record.ended.is_some() => {
                    wording::wait_in_short(wait, language)
                }
                (_, Some(verdict)) => verdict_word(verdict, language),
                (_, None) => words(language).under_way.into(),
            },
        }
    }
}

/// The shape by which a group of verdicts is known without colour, as the list has it.
pub(super) fn shape(group: Group) -> &'static str {
    match group {
        Group::Message | Group::Rambler => "●",
        Group::Unsure => "▲",
        Group::Junk => "□",
        Group::PassedBy => "○",
    }
}

/// A verdict as a word of the page.
pub(super) fn verdict_word(verdict: Verdict, language: Language) -> String {
    wording::verdict_name(verdict, language).replace('_', " ")
}

/// How long somebody spoke; empty where it is not worth a word.
pub(super) fn speech(call: &CallRecord, language: Language) -> String {
    let spoken = call.seconds.of(Class::Speech);
    if spoken < WORTH_A_WORD {
        return String::new();
    }
    let length = wording::length(spoken, language);
    format!("{length} {}", words(language).speech)
}

/// Less is no more than a cough.
const WORTH_A_WORD: MediaTime = MediaTime::from_millis(500);

/// A number to ring.
pub(super) struct Number {
    /// As it is shown; empty where none is known.
    pub(super) shown: String,
    /// As it is copied: without anything but its digits, where it is known so well.
    pub(super) plain: String,
    /// What a telephone is given, where the number is one that it can dial.
    pub(super) link: Option<String>,
    /// How it is known.
    pub(super) source: &'static str,
}

impl Number {
    pub(super) fn of(record: &CallRecord, language: Language) -> Self {
        let callback = &record.callback;
        if Pseudonym::is_one(callback.best_form()) {
            return Self::deleted(language);
        }
        let plain = shown(callback.best_form()).to_string();
        Self {
            shown: callback
                .e164
                .as_ref()
                .map_or_else(|| plain.clone(), E164::grouped),
            plain,
            link: callback
                .e164
                .as_ref()
                .map(|e164| format!("tel:{}", e164.as_str())),
            source: wording::source(callback.source, language),
        }
    }

    /// That of a case whose call cannot be read.
    fn of_case(number: &str, language: Language) -> Self {
        if Pseudonym::is_one(number) {
            return Self::deleted(language);
        }
        Self {
            shown: shown(number).to_string(),
            plain: String::new(),
            link: None,
            source: "",
        }
    }

    /// Kept no longer.
    fn deleted(language: Language) -> Self {
        Self {
            shown: wording::number_deleted(language).into(),
            plain: String::new(),
            link: None,
            source: "",
        }
    }
}

/// One case in the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) version: u32,
    pub(super) kind: Kind,
    pub(super) since: String,
    pub(super) age: String,
    /// `fresh`, `due` or `late`; empty where nobody waits.
    pub(super) lateness: &'static str,
    pub(super) number: Number,
    pub(super) name: String,
    pub(super) mailbox: String,
    pub(super) speech: String,
    /// Who says what kind of caller it was, where the guard was wrong.
    pub(super) judged: String,
    pub(super) calls: u32,
    pub(super) state: String,
    pub(super) is_open: bool,
    pub(super) is_claimed: bool,
    /// Whether it is the one to be rung next.
    pub(super) is_next: bool,
    /// The call to listen to, where there is sound.
    pub(super) sound: Option<String>,
    /// What is not delivered.
    pub(super) undelivered: &'static str,
}

/// What a row is made with.
pub(super) struct Light<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
    pub(super) language: Language,
    pub(super) answer_within: Duration,
    pub(super) owed: &'a [Delivery],
}

impl Row {
    pub(super) fn of(counted: &CountedCase, light: &Light<'_>) -> Self {
        let (case, lead, language) = (&counted.case, counted.lead.as_ref(), light.language);
        let since = counted.waiting_since.unwrap_or(case.last);
        let waits = counted.waiting_since.is_some() && case.closed.is_none();
        let state = case.state(light.now);
        let shown_call = lead.map(|lead| ListedCall {
            correction: counted.correction.clone(),
            ..lead.clone().into()
        });
        Self {
            id: case.id.to_string(),
            version: case.version,
            kind: Kind::in_case(Some(case.urgency), shown_call.as_ref(), language),
            since: wording::time(since, light.zone, language),
            age: age(light.now, since, language),
            lateness: if waits { lateness(light, since) } else { "" },
            number: lead.map_or_else(
                || Number::of_case(&counted.number, language),
                |lead| Number::of(lead, language),
            ),
            name: lead.map_or_else(String::new, |lead| {
                shown(lead.caller.name.trim()).to_string()
            }),
            mailbox: shown(counted.mailbox.as_str()).to_string(),
            speech: lead.map_or_else(String::new, |lead| speech(lead, language)),
            judged: counted.correction.as_ref().map_or_else(String::new, |of| {
                let by_guard = lead.and_then(|lead| lead.verdict);
                wording::instead_of(of, by_guard, language)
            }),
            calls: counted.calls,
            state: wording::case_state(case, light.now, light.zone, language),
            is_open: case.closed.is_none(),
            is_next: false,
            is_claimed: state == State::Claimed,
            sound: lead
                .filter(|lead| lead.audio.is_some())
                .map(|lead| lead.id.to_string()),
            undelivered: lead.map_or("", |lead| undelivered(lead, light)),
        }
    }
}

fn undelivered(record: &CallRecord, light: &Light<'_>) -> &'static str {
    let owed = light.owed.iter().filter(|of| of.call == record.id);
    wording::undelivered_in_short(
        record,
        owed.map(|of| Undelivered::from(of).state),
        light.language,
    )
    .trim_matches([' ', '(', ')'])
}

fn lateness(light: &Light<'_>, since: Timestamp) -> &'static str {
    let waited = light.now.duration_since(since).unsigned_abs();
    match () {
        () if waited >= light.answer_within => "late",
        () if waited >= light.answer_within / 2 => "due",
        () => "fresh",
    }
}

/// How long ago, in the largest unit that is at least one: `3 h`, `2 d`.
pub(super) fn age(now: Timestamp, then: Timestamp, language: Language) -> String {
    let minutes = now.duration_since(then).as_mins().max(0);
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    match (days, hours, language) {
        (0, 0, _) => format!("{minutes} min"),
        (0, _, Language::En) => format!("{hours} h"),
        (0, _, Language::De) => format!("{hours} Std."),
        (_, _, Language::En) => format!("{days} d"),
        (1, _, Language::De) => "1 Tag".into(),
        (_, _, Language::De) => format!("{days} Tage"),
    }
}
