//! What stands behind the question mark of an address.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::json;
use url::form_urlencoded::{Serializer, parse};

use super::description::Operation;
use super::fault::Fault;
use crate::call_record::{MailboxName, Verdict};
use crate::text::quoted;
use crate::web::visitor::Visitor;

/// The parameters of a request: each known, none twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn read(query: Option<&str>, operation: &Operation) -> Result<Self, Fault> {
        let allowed: Vec<_> = operation.parameters().collect();
        let mut read = BTreeMap::new();
        for (name, value) in parse(query.unwrap_or_default().as_bytes()) {
            if !allowed.contains(&&*name) {
                let detail = match &allowed[..] {
                    [] => format!(
                        "there is no parameter {}; this address takes none",
                        quoted(&name)
                    ),
                    _ => format!(
                        "there is no parameter {}; this address takes {}",
                        quoted(&name),
                        allowed.join(", ")
                    ),
                };
                return Err(Fault::of_field(&name, detail).with("allowed", json!(allowed)));
            }
            if value.contains(char::REPLACEMENT_CHARACTER) {
                let detail = format!("{name} is no text in UTF-8, percent-encoded");
                return Err(Fault::new(StatusCode::BAD_REQUEST, detail).with("field", &*name));
            }
            if read
                .insert(name.clone().into_owned(), value.into_owned())
                .is_some()
            {
                let detail = format!("{name} stands there twice; send it once");
                return Err(Fault::of_field(&name, detail));
            }
        }
        Ok(Self(read))
    }

    /// A parameter without blanks around it; empty where it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// A parameter, if it is there; `expected` says what it has to be.
    pub(super) fn one<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || Fault::of_field(name, format!("{name} has to be {expected}"));
        read(text).map(Some).ok_or_else(wrong)
    }

    /// One of these words.
    pub(super) fn word<'a>(&self, name: &str, words: &[&'a str]) -> Result<Option<&'a str>, Fault> {
        let expected = format!("one of {}", words.join(", "));
        let found = self.one(name, &expected, |text| {
            words.iter().copied().find(|word| *word == text)
        });
        found.map_err(|fault| fault.with("allowed", json!(words)))
    }

    /// A whole number between these, both included.
    pub(super) fn number(
        &self,
        name: &str,
        (least, most): (u32, u32),
    ) -> Result<Option<u32>, Fault> {
        let expected = format!("a whole number from {least} to {most}");
        self.one(name, &expected, |text| {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse().ok().filter(|_| is_plain)?;
            (least..=most).contains(&number).then_some(number)
        })
    }

    pub(super) fn mailbox(&self) -> Result<Option<MailboxName>, Fault> {
        self.one("box", "a mailbox such as 100@default", |text| {
            Some(MailboxName::from(text)).filter(|name| name.mailbox().is_some())
        })
    }

    /// The mailboxes that are meant: the one that is named, else all that a program sees.
    pub(super) fn mailboxes(&self, visitor: &Visitor) -> Result<Option<Vec<String>>, Fault> {
        Ok(match self.mailbox()?.map(String::from) {
            None => visitor.mailboxes(),
            // One that is not theirs has nothing for them.
            Some(name) if !visitor.sees(&name) => Some(Vec::new()),
            Some(name) => Some(vec![name]),
        })
    }

    pub(super) fn verdict(&self) -> Result<Option<Verdict>, Fault> {
        let words = Verdict::ALL.map(Verdict::as_str);
        let word = self.word("verdict", &words)?;
        Ok(word.and_then(|word| word.parse().ok()))
    }

    /// The same address with another value of one parameter.
    pub(super) fn address(&self, path: &str, name: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(of, _)| *of != name);
        let query = Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair(name, value)
            .finish();
        format!("{path}?{query}")
    }
}
