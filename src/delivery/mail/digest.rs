//! The digest as an e-mail, pure: whom to ring, oldest first, and what was junk; text and HTML.
//!
//! Names and numbers are hostile here as in every mail: one line each, without what steers or hides, never in a
//! header but the mailbox's name, which Asterisk can have.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

use super::render::clean;
use crate::call_record::Verdict;
use crate::delivery::{DeliveryError, about};
use crate::text::markup;
use crate::wording::{self, Language, figures};

/// What a mailbox's digest says.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// The mailbox.
    pub mailbox: String,
    /// Its day.
    pub day: Date,
    /// When it was to be sent.
    pub at: Timestamp,
    /// Whether that was a while ago.
    pub is_late: bool,
    /// Who is to be rung, the one who has waited longest first.
    pub waiting: Vec<Waiting>,
    /// How many wait besides.
    pub more: usize,
    /// From when on junk is counted.
    pub since: Timestamp,
    /// Calls with nothing left since then, by verdict.
    pub junk: Vec<(Verdict, u64)>,
}

/// Somebody who is to be rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The name, as it was sent; may be empty.
    pub name: String,
    /// The number to ring, as it was sent or keyed; may be empty.
    pub number: String,
    /// The same as a telephone can dial it.
    pub dial: Option<String>,
    /// What kind of caller.
    pub verdict: Option<Verdict>,
    /// Since when.
    pub since: Timestamp,
    /// Who is on it, or how it stands.
    pub state: String,
    /// The page of the case.
    pub page: Option<String>,
}

impl Digest {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.junk.is_empty()
    }

    fn count(&self) -> u64 {
        (self.waiting.len() + self.more) as u64
    }

    /// The e-mail to one recipient; the same for every attempt while nothing changes.
    ///
    /// # Errors
    /// It cannot be written at all.
    pub fn mail(
        &self,
        from: &Address,
        to: &Address,
        language: Language,
        zone: &TimeZone,
    ) -> Result<Message, DeliveryError> {
        let words = Words {
            digest: self,
            language,
            zone,
        };
        let texts = MultiPart::alternative_plain_html(words.text(), words.html());
        let since_1970 = Duration::from_secs(self.at.as_second().max(0) as u64);
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        );
        let id = format!("digest-{}-{}", self.day, self.mailbox.replace('@', "."));
        Message::builder()
            .from(Mailbox::new(Some("Voicemail Guard".into()), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(words.subject())
            .date(SystemTime::UNIX_EPOCH + since_1970)
            .message_id(Some(format!("<{id}@{}>", from.domain())))
            .raw_header(automatic)
            .multipart(texts)
            .map_err(|error| {
                DeliveryError::Permanent(about(format!("no e-mail can be written: {error}"), error))
            })
    }

    /// What stands in the e-mail as text.
    pub fn text(&self, language: Language, zone: &TimeZone) -> String {
        let words = Words {
            digest: self,
            language,
            zone,
        };
        format!("{}\n\n{}", words.subject(), words.text())
    }
}

struct Words<'a> {
    digest: &'a Digest,
    language: Language,
    zone: &'a TimeZone,
}

impl Words<'_> {
    fn pick<T>(&self, en: T, de: T) -> T {
        wording::pick(self.language, en, de)
    }

    fn time(&self, at: Timestamp) -> String {
        wording::time(at, self.zone, self.language)
    }

    fn subject(&self) -> String {
        let mailbox = clean(&self.digest.mailbox);
        let count = figures::count(self.digest.count(), self.language);
        match (self.digest.count(), self.language) {
            (0, Language::En) => format!("Nobody to be rung for {mailbox}"),
            (0, Language::De) => format!("Keine Rückrufe für {mailbox}"),
            (1, Language::En) => format!("1 caller to be rung for {mailbox}"),
            (1, Language::De) => format!("1 Rückruf für {mailbox}"),
            (_, Language::En) => format!("{count} callers to be rung for {mailbox}"),
            (_, Language::De) => format!("{count} Rückrufe für {mailbox}"),
        }
    }

    fn late(&self) -> Option<String> {
        let at = self.time(self.digest.at);
        self.digest.is_late.then(|| {
            self.pick(
                format!("This comes late; it was to be sent at {at}."),
                format!("Diese E-Mail kommt verspätet; geplant war sie für {at}."),
            )
        })
    }

    fn order(&self) -> Option<&'static str> {
        let several = self.digest.waiting.len() > 1;
        several.then(|| {
            self.pick(
                "Who has waited longest is first.",
                "Wer am längsten wartet, steht zuerst.",
            )
        })
    }

    fn more(&self) -> Option<String> {
        let more = figures::count(self.digest.more as u64, self.language);
        (self.digest.more > 0)
            .then(|| self.pick(format!("And {more} more."), format!("Und {more} weitere.")))
    }

    fn junk(&self) -> String {
        let since = self.time(self.digest.since);
        let calls: u64 = self.digest.junk.iter().map(|(_, calls)| calls).sum();
        let each = self.digest.junk.iter().map(|(verdict, calls)| {
            let name = wording::verdict_name(*verdict, self.language).replace('_', " ");
            format!("{} {name}", figures::count(*calls, self.language))
        });
        let each: Vec<_> = each.collect();
        let (calls, each) = (figures::count(calls, self.language), each.join(", "));
        if self.digest.junk.is_empty() {
            return self.pick(
                format!("No calls with nothing left since {since}."),
                format!("Keine Anrufe ohne Anliegen seit {since}."),
            );
        }
        self.pick(
            format!("Calls with nothing left since {since}: {calls} ({each})."),
            format!("Anrufe ohne Anliegen seit {since}: {calls} ({each})."),
        )
    }

    /// Who it is; the number where there is no name.
    fn name(&self, waiting: &Waiting) -> String {
        match clean(&waiting.name) {
            name if name.is_empty() => self.pick("no name", "kein Name").into(),
            name => name,
        }
    }

    fn number(&self, waiting: &Waiting) -> String {
        match clean(&waiting.number) {
            number if number.is_empty() => self
                .pick("no number is known", "keine Nummer bekannt")
                .into(),
            number => number,
        }
    }

    /// What of, since when, who is on it.
    fn about(&self, waiting: &Waiting) -> String {
        let since = self.time(waiting.since);
        let verdict = waiting
            .verdict
            .map(|verdict| wording::verdict_name(verdict, self.language).replace('_', " ") + ", ");
        let since = self.pick(format!("since {since}"), format!("seit {since}"));
        format!(
            "{}{since}; {}",
            verdict.unwrap_or_default(),
            clean(&waiting.state)
        )
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for line in self.late().into_iter().chain(self.order().map(Into::into)) {
            let _ = writeln!(text, "{line}\n");
        }
        for (place, waiting) in (1..).zip(&self.digest.waiting) {
            let (name, number) = (self.name(waiting), self.number(waiting));
            let _ = writeln!(
                text,
                "{place}. {number}  {name}\n   {}",
                self.about(waiting)
            );
            if let Some(page) = &waiting.page {
                let _ = writeln!(text, "   {page}");
            }
        }
        if let Some(more) = self.more() {
            let _ = writeln!(text, "{more}");
        }
        if !self.digest.waiting.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{}", self.junk());
        text
    }

    fn html(&self) -> String {
        let (lang, title) = (self.pick("en", "de"), markup(&self.subject()));
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n\
             <h1>{title}</h1>\n"
        );
        for line in self.late().into_iter().chain(self.order().map(Into::into)) {
            let _ = writeln!(html, "<p>{}</p>", markup(&line));
        }
        html.push_str("<ol>\n");
        for waiting in &self.digest.waiting {
            let number = markup(&self.number(waiting));
            let number = match &waiting.dial {
                Some(dial) => format!("<a href=\"tel:{}\">{number}</a>", markup(dial)),
                None => number,
            };
            let name = markup(&self.name(waiting));
            let name = match &waiting.page {
                Some(page) => format!("<a href=\"{}\">{name}</a>", markup(page)),
                None => name,
            };
            let about = markup(&self.about(waiting));
            let _ = writeln!(html, "<li><b>{number}</b> {name}<br>{about}</li>");
        }
        html.push_str("</ol>\n");
        for line in self.more().into_iter().chain([self.junk()]) {
            let _ = writeln!(html, "<p>{}</p>", markup(&line));
        }
        html.push_str("</body></html>\n");
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn waiting(name: &str, number: &str) -> Waiting {
        Waiting {
            name: name.into(),
            number: number.into(),
            dial: Some("+499111234567".into()),
            verdict: Some(Verdict::Message),
            since: at("2026-11-23T15:00:00Z"),
            state: "open".into(),
            page: Some("https://pbx.example.com/cases/6aq6scwt0001".into()),
        }
    }

    fn digest(waiting: Vec<Waiting>) -> Digest {
        Digest {
            mailbox: "100@default".into(),
            day: "2026-11-24".parse().unwrap(),
            at: at("2026-11-24T06:30:00Z"),
            is_late: false,
            waiting,
            more: 0,
            since: at("2026-11-23T06:30:00Z"),
            junk: vec![(Verdict::Hangup, 6), (Verdict::HoldMusic, 1)],
        }
    }

    fn sent(digest: &Digest, language: Language) -> String {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let (from, to) = (address("guard@example.com"), address("team@example.com"));
        let mail = digest.mail(&from, &to, language, &zone).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn it_says_whom_to_ring_and_what_was_junk() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut two = digest(vec![
            waiting("Jürgen Müller", "+499111234567"),
            waiting("", ""),
        ]);
        two.more = 3;
        two.is_late = true;
        assert_eq!(
            two.text(Language::De, &zone),
            "5 Rückrufe für 100@default\n\n\
             Diese E-Mail kommt verspätet; geplant war sie für 24.11.2026, 07:30.\n\n\
             Wer am längsten wartet, steht zuerst.\n\n\
             1. +499111234567  Jürgen Müller\n   Nachricht, seit 23.11.2026, 16:00; open\n   \
             https://pbx.example.com/cases/6aq6scwt0001\n\
             2. keine Nummer bekannt  kein Name\n   Nachricht, seit 23.11.2026, 16:00; open\n   \
             https://pbx.example.com/cases/6aq6scwt0001\n\
             Und 3 weitere.\n\n\
             Anrufe ohne Anliegen seit 23.11.2026, 07:30: 7 (6 aufgelegt, 1 Warteschleife).\n"
        );
        let nobody = digest(Vec::new()).text(Language::En, &zone);
        let expected = "Nobody to be rung for 100@default\n\n\
            Calls with nothing left since 2026-11-23 07:30:00: 7 (6 hangup, 1 hold music).\n";
        assert_eq!(nobody, expected);
        assert!(!digest(Vec::new()).is_empty());
    }

    #[test]
    fn nothing_that_a_caller_sends_runs_or_reaches_a_header() {
        let hostile = "\"><script>alert(1)</script>\r\nBcc: evil@example.com\r\n\r\n\u{202e}x";
        let mut one = digest(vec![waiting(hostile, hostile)]);
        one.waiting[0].dial = None;
        let mail = sent(&one, Language::En);
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("Bcc") && !head.contains("script"), "{head}");
        assert!(
            head.contains("Message-ID: <digest-2026-11-24-100.default@example.com>"),
            "{head}"
        );
        assert!(!body.contains("\r\nBcc"), "{body}");
        let body = body.replace("=\r\n", "");
        let html = body.split("<!DOCTYPE").nth(1).unwrap();
        assert!(
            html.contains("&lt;script") && !html.contains("<script"),
            "{html}"
        );
    }
}
