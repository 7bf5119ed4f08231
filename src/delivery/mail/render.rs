//! From an outgoing message to an e-mail, pure: text, HTML and the audio.
//!
//! Names and numbers come from the network and are hostile. They reach the subject and the two
//! texts only, one line each and without what steers or hides; never an address, a header's name or
//! a file's.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use super::words::{self, Words, words};
use crate::audio::{MediaTime, wav};
use crate::call_record::{CallRecord, Verdict};
use crate::delivery::{DeliveryError, Outgoing, about, page_of};
use crate::text::{is_hostile, markup};
use crate::wording::{self, Language};

/// What all e-mails of one mailbox have in common.
#[derive(Clone, Copy, Debug)]
pub struct MailTemplate<'a> {
    /// The sender.
    pub from: &'a Address,
    /// The language.
    pub language: Language,
    /// The page of a call, with `{id}` in it.
    pub page: Option<&'a str>,
    /// A mail that would be larger goes without its audio.
    pub most_bytes: usize,
    /// Where times are shown in.
    pub zone: &'a TimeZone,
}

impl MailTemplate<'_> {
    /// The e-mail about a call to one recipient; the same for every attempt.
    ///
    /// # Errors
    /// It cannot be written at all.
    pub fn render(&self, outgoing: &Outgoing, to: &Address) -> Result<Message, DeliveryError> {
        let audio = outgoing.sound.as_ref().filter(|sound| !sound.is_empty());
        let audio = audio.map(|sound| wav::encode(&sound.samples));
        // Base64 makes four bytes of three, and lines of 76 of them; the texts are small.
        let too_large = |audio: &Vec<u8>| audio.len() / 3 * 4 * 78 / 76 + 20_000 > self.most_bytes;
        let attached = audio.as_ref().filter(|audio| !too_large(audio));
        let words = words(self.language);
        let note = match (&audio, attached) {
            (None, _) => Some(words.no_sound),
            (Some(_), None) => Some(words.too_large),
            _ => None,
        };
        let lines = self.lines(outgoing, words, attached.is_some());
        let texts = MultiPart::alternative_plain_html(
            plain(&lines, note),
            html(&lines, note, &subject(&outgoing.record, words), words),
        );
        let mut parts = MultiPart::mixed().multipart(texts);
        if let Some(audio) = attached {
            parts = parts.singlepart(attachment(&outgoing.record, audio.clone()));
        }
        let ended = outgoing.record.ended.unwrap_or(outgoing.record.started);
        let since_1970 = Duration::from_secs(ended.as_second().max(0) as u64);
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        );
        Message::builder()
            .from(Mailbox::new(
                Some("Voicemail Guard".into()),
                self.from.clone(),
            ))
            .to(Mailbox::new(None, to.clone()))
            .subject(subject(&outgoing.record, words))
            .date(SystemTime::UNIX_EPOCH + since_1970)
            .message_id(Some(format!("<{}@{}>", outgoing.key, self.from.domain())))
            .raw_header(automatic)
            .multipart(parts)
            .map_err(|error| {
                DeliveryError::Permanent(about(format!("no e-mail can be written: {error}"), error))
            })
    }

    /// Labels and what stands behind them; the last may hold a link.
    fn lines(&self, outgoing: &Outgoing, words: &'static Words, attached: bool) -> Vec<Row> {
        let record = &outgoing.record;
        let test = if record.is_test { words.test_call } else { "" };
        let mut lines = vec![
            Row::text(words.test, test.to_owned()),
            Row::text(words.caller, caller(record, words)),
            Row::text(
                words.watched,
                clean(record.watched.as_deref().unwrap_or_default()),
            ),
            Row::text(words.case, self.case(outgoing)),
            Row::text(words.call_back, self.call_back(record, words)),
            Row::text(words.dialled, clean(&record.dnid)),
            Row::text(words.mailbox, clean(record.mailbox.as_str())),
            Row::text(words.verdict, self.verdict(record)),
            Row::text(words.reasons, self.reasons(record)),
            Row::text(words.time, wording::span(record, self.zone, self.language)),
        ];
        if let Some(sound) = &outgoing.sound {
            let mut length = format!("{} {}", minutes(sound.recorded), words.recorded);
            if attached || sound.is_empty() {
                length = format!("{} {}, {length}", minutes(sound.len()), words.attached);
            }
            lines.push(Row::text(words.length, length));
            if let Some(number) = sound.number.filter(|_| attached) {
                let end = number.at + number.len;
                let said = format!("{} – {}", minutes(number.at), minutes(end));
                lines.push(Row::text(words.number_at, said));
            }
        }
        lines.retain(|line| !line.value.is_empty());
        lines.extend(page_of(self.page, record.id).map(|page| Row {
            label: words.page,
            value: page,
            link: true,
        }));
        lines
    }

    fn reasons(&self, record: &CallRecord) -> String {
        let reasons = wording::reasons(&record.reasons, self.language);
        let reasons: Vec<_> = reasons.iter().map(|reason| clean(reason)).collect();
        reasons.join("; ")
    }

    fn case(&self, outgoing: &Outgoing) -> String {
        let case = outgoing.case;
        case.filter(|of| of.place > 1)
            .map(|of| wording::nth_call(of.place, of.first, self.zone, self.language))
            .unwrap_or_default()
    }

    fn call_back(&self, record: &CallRecord, words: &Words) -> String {
        let callback = &record.callback;
        let number = callback.best_form();
        if number.is_empty() {
            return words.nobody.into();
        }
        format!(
            "{} ({})",
            clean(number),
            wording::source(callback.source, self.language)
        )
    }

    fn verdict(&self, record: &CallRecord) -> String {
        let Some(verdict) = record.verdict else {
            return String::new();
        };
        let mut text = format!(
            "{}: {}",
            wording::verdict_name(verdict, self.language),
            wording::verdict(verdict, self.language),
        );
        if let Some(sure) = wording::sure(record, self.language) {
            let _ = write!(text, " ({sure})");
        }
        if let Some(look) = wording::look_elsewhere(record, self.language) {
            let _ = write!(text, "; {look}");
        }
        text
    }
}

struct Row {
    label: &'static str,
    value: String,
    link: bool,
}

impl Row {
    fn text(label: &'static str, value: String) -> Self {
        Self {
            label,
            value,
            link: false,
        }
    }
}

fn subject(record: &CallRecord, words: &Words) -> String {
    let delivered = record.verdict.is_some_and(Verdict::is_delivered);
    let what = if delivered {
        words.message_from
    } else {
        words.no_message_from
    };
    let test = if record.is_test {
        format!("{}: ", words.test)
    } else {
        String::new()
    };
    format!(
        "{test}{what} {} {} {}",
        caller(record, words),
        words.to_box,
        clean(record.mailbox.as_str())
    )
}

fn caller(record: &CallRecord, words: &Words) -> String {
    let caller = &record.caller;
    let mut shown = caller.known_number().map_or_else(
        || words::no_number(words, caller.presentation).to_owned(),
        clean,
    );
    let name = clean(&caller.name);
    if !name.is_empty() && name != clean(&caller.number) {
        let _ = write!(shown, " ({name})");
    }
    shown
}

fn plain(lines: &[Row], note: Option<&str>) -> String {
    let widest = lines.iter().map(|line| line.label.chars().count()).max();
    let width = widest.unwrap_or_default() + 2;
    let mut text = String::new();
    for Row { label, value, .. } in lines {
        let _ = writeln!(text, "{:<width$}{value}", format!("{label}:"));
    }
    if let Some(note) = note {
        let _ = write!(text, "\n{note}\n");
    }
    text
}

fn html(lines: &[Row], note: Option<&str>, title: &str, words: &Words) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n<table>\n",
        words.lang,
        markup(title)
    );
    for Row { label, value, link } in lines {
        let value = markup(value);
        let cell = if *link {
            format!("<a href=\"{value}\">{value}</a>")
        } else {
            value
        };
        let _ = writeln!(
            text,
            "<tr><th align=\"left\" valign=\"top\">{label}</th><td>{cell}</td></tr>"
        );
    }
    text.push_str("</table>\n");
    if let Some(note) = note {
        let _ = writeln!(text, "<p>{note}</p>");
    }
    text.push_str("</body></html>\n");
    text
}

fn attachment(record: &CallRecord, audio: Vec<u8>) -> SinglePart {
    let day = record.started.strftime("%Y-%m-%d");
    Attachment::new(format!("{day}-{}.wav", record.id)).body(audio, wav_type())
}

fn wav_type() -> ContentType {
    ContentType::parse("audio/x-wav").expect("a media type of two tokens")
}

/// A text from outside as one short line: what steers, hides or breaks lines becomes a blank.
pub(super) fn clean(text: &str) -> String {
    let harmless: String = text
        .chars()
        .take(4 * MOST_SHOWN)
        .map(|c| if is_hostile(c) { ' ' } else { c })
        .collect();
    let words: Vec<_> = harmless.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST_SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn minutes(length: MediaTime) -> String {
    let seconds = length.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Characters of a name, a number or a reason.
const MOST_SHOWN: usize = 120;
