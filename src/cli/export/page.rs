//! The page that a person reads: what is kept about them, without scripts and from no other place.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::exported::Exported;
use crate::text::markup;
use crate::wording::{self, Language};

const STYLE: &str = "body{font:1rem/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
    h2{margin-top:2rem;border-top:1px solid #999;padding-top:1rem}dt{font-weight:bold}dd{margin:0 0 .5rem}";

/// The words of the page.
struct Words {
    language: &'static str,
    title: &'static str,
    intro: &'static str,
    call: &'static str,
    number: &'static str,
    name: &'static str,
    callback: &'static str,
    dialled: &'static str,
    mailbox: &'static str,
    what: &'static str,
    corrected: &'static str,
    why: &'static str,
    story: &'static str,
    recording: &'static str,
    delivered: &'static str,
    undelivered: &'static str,
    notes: &'static str,
    listened: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    title: "What is kept about your calls",
    intro: "These are all calls that are kept of this number, the oldest first. The file calls.json holds the same for programs; a code such as #bcdf… stands where the number has been deleted already.",
    call: "Call of",
    number: "Number",
    name: "Name",
    callback: "Number to call back",
    dialled: "Number dialled",
    mailbox: "Mailbox",
    what: "What the call was taken for",
    corrected: "What it really was",
    why: "Why",
    story: "What happened",
    recording: "Recording",
    delivered: "Where the message went",
    undelivered: "Not delivered",
    notes: "What was noted",
    listened: "Listened to",
};

const GERMAN: Words = Words {
    language: "de",
    title: "Was über Ihre Anrufe gespeichert ist",
    intro: "Dies sind alle Anrufe, die zu dieser Nummer gespeichert sind, die ältesten zuerst. Die Datei calls.json enthält dasselbe für Programme; wo die Nummer schon gelöscht ist, steht ein Kürzel wie #bcdf….",
    call: "Anruf vom",
    number: "Nummer",
    name: "Name",
    callback: "Rückrufnummer",
    dialled: "Gewählte Nummer",
    mailbox: "Mailbox",
    what: "Wofür der Anruf gehalten wurde",
    corrected: "Was er wirklich war",
    why: "Warum",
    story: "Was geschah",
    recording: "Aufnahme",
    delivered: "Wohin die Nachricht ging",
    undelivered: "Nicht zugestellt",
    notes: "Was notiert wurde",
    listened: "Angehört",
};

/// The page of these calls.
pub(super) fn page(calls: &[Exported], zone: &TimeZone, language: Language) -> String {
    let words = match language {
        Language::En => &ENGLISH,
        Language::De => &GERMAN,
    };
    let Words {
        language: code,
        title,
        intro,
        ..
    } = words;
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"{code}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{intro}</p>\n"
    );
    for call in calls {
        section(&mut html, call, zone, words, language);
    }
    html + "</html>\n"
}

fn section(html: &mut String, call: &Exported, zone: &TimeZone, words: &Words, language: Language) {
    let record = &call.call;
    let time = |at| wording::time(at, zone, language);
    let begin = markup(&wording::span(record, zone, language));
    writeln!(html, "<h2>{} {begin}</h2>\n<dl>", words.call).ok();
    let mut row = |label: &str, values: Vec<String>| {
        let values: Vec<_> = values.iter().filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return;
        }
        writeln!(html, "<dt>{label}</dt>").ok();
        for value in values {
            writeln!(html, "<dd>{}</dd>", markup(value)).ok();
        }
    };
    row("ID", vec![record.id.to_string()]);
    row(
        words.number,
        vec![wording::number(&record.caller, language)],
    );
    row(words.name, Vec::from_iter(wording::name(&record.caller)));
    row(
        words.callback,
        Vec::from_iter(wording::callback(&record.callback, language)),
    );
    row(words.dialled, vec![record.dnid.clone()]);
    row(words.mailbox, vec![record.mailbox.to_string()]);
    let verdict = record
        .verdict
        .map(|of| wording::verdict(of, language).to_owned());
    row(words.what, Vec::from_iter(verdict));
    let corrected = call.correction.iter().map(|of| {
        let (verdict, text) = (
            wording::verdict(of.verdict, language),
            of.text.as_deref().unwrap_or_default(),
        );
        format!("{}: {verdict} {text}", time(of.at))
    });
    row(words.corrected, corrected.collect());
    row(words.why, wording::reasons(&record.reasons, language));
    let story = wording::story(record, zone, language).into_iter();
    row(
        words.story,
        story.map(|of| format!("{} {}", of.time, of.text)).collect(),
    );
    row(words.recording, Vec::from_iter(call.recording.clone()));
    let delivered = record.delivered.iter();
    row(
        words.delivered,
        delivered
            .map(|of| wording::delivered(of, zone, language))
            .collect(),
    );
    row(words.undelivered, call.undelivered.clone());
    let notes = call.notes.iter().map(|note| {
        let what = wording::case_event(&note.what, note.call, note.verdict, language);
        let text = note.text.as_deref().unwrap_or_default();
        format!("{}: {what} {text}", time(note.at))
    });
    row(words.notes, notes.collect());
    row(
        words.listened,
        call.listened.iter().map(|at| time(*at)).collect(),
    );
    html.push_str("</dl>\n");
    if let Some(name) = &call.recording {
        writeln!(html, "<audio controls src=\"{name}\"></audio>").ok();
    }
}
