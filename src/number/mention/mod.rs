//! One number wherever it may stand: in a text, however it is written there; in the bytes of a
//! file.
//!
//! A text has it only where the digits are a whole number as they are written, and no other reading
//! is as likely; where they may be it, that is known too.

mod parting;
mod stretch;
#[cfg(test)]
mod tests;

use phonenumber::metadata::DATABASE;

use self::parting::{Reading, parts};
use self::stretch::{SIGNS, stretches};
use super::search::backwards;
use super::written::plain;
use super::{Country, E164, identity, is_in_a_plan, normalise, search_key, split_country_code};

/// What stands in a text in place of the number.
const ERASED: &str = "[erased]";
/// The least digits by which a number is looked for in texts: fewer stand there by chance.
const FEWEST_IN_TEXTS: usize = 6;
/// The least digits by which a number is looked for among bytes, where nothing shows its ends.
const FEWEST_IN_BYTES: usize = 7;
/// Bytes between two digits of one number: a few signs, each of three at most.
const MOST_BYTES_BETWEEN: usize = 9;

/// One number, and all the forms in which it is written, dialled and filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    identity: String,
    home: Option<Country>,
    /// Whether its country is known, and so which numbers are others.
    is_whole: bool,
    /// Digits of whole numbers.
    forms: Vec<String>,
    /// What most forms have in common: the national number without the prefix for trunk calls.
    core: String,
    /// What is dialled where the number is: it without its area code, if that is long enough.
    local: Option<String>,
    keys: Vec<String>,
}

/// A text in which a number was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// The text without the number, if it stands there.
    pub without: Option<String>,
    /// Whether there are digits beside that may be the number, or another.
    pub has_unsure: bool,
}

impl Mention {
    /// The number of a text in any form people write; `None` where that distinguishes nobody.
    pub fn read(text: &str, home: Option<Country>) -> Option<Self> {
        let e164 = normalise(text, home);
        Self::of(text, e164.as_ref(), home).or_else(|| {
            // An address such as sip:anna.
            let key = search_key(text, None);
            let word = key
                .strip_prefix('=')
                .filter(|_| super::no_number(text).is_none())?;
            Some(Self {
                identity: word.to_owned(),
                home,
                is_whole: false,
                forms: Vec::new(),
                core: String::new(),
                local: None,
                keys: vec![key.clone()],
            })
        })
    }

    fn of(raw: &str, e164: Option<&E164>, home: Option<Country>) -> Option<Self> {
        let identity = identity(raw, e164)?;
        let digits = identity.trim_start_matches('+').to_owned();
        let (core, mut forms) = match e164.and_then(|_| split_country_code(&digits)) {
            Some((code, national)) => (national.to_owned(), forms(code, national)),
            None => (digits.clone(), vec![digits]),
        };
        forms.sort();
        forms.dedup();
        let mut keys: Vec<_> = forms.iter().map(|form| backwards(form)).collect();
        keys.push(search_key(raw, e164));
        keys.sort();
        keys.dedup();
        Some(Self {
            identity,
            home,
            is_whole: e164.is_some(),
            forms,
            local: e164.and_then(|e164| local(e164, &core)),
            core,
            keys,
        })
    }

    /// What all calls by this number have in common ([`identity`]), or the word it is.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// What calls by this number have in common, also where only some trunk's digits are known of
    /// them.
    ///
    /// No form but the whole one has a plus: behind that the digits of a national number may be
    /// another country's.
    pub fn identities(&self) -> impl Iterator<Item = String> {
        let forms = self.forms.iter();
        let sure = forms.filter(|form| self.reading(form) == Reading::Theirs);
        std::iter::once(&self.identity).chain(sure).cloned()
    }

    /// The digits that some trunk may have sent of this number, or of another.
    pub fn unsure_identities(&self) -> impl Iterator<Item = String> {
        let forms = self.forms.iter();
        let unsure = forms.filter(|form| self.reading(form) == Reading::Unsure);
        unsure.cloned()
    }

    /// The keys under which a call by this number may be filed ([`search_key`]). Under the same ones
    /// there may be others' calls: +43 1 2345678 has the digits of 0431 2345678.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Whether this is the number that was sent or keyed in.
    pub fn is(&self, raw: &str, e164: Option<&E164>) -> bool {
        if !self.is_whole {
            return match identity(raw, e164) {
                Some(whole) if whole.starts_with('+') => whole == self.identity,
                _ => self.keys.contains(&search_key(raw, e164)),
            };
        }
        match e164.cloned().or_else(|| normalise(raw, self.home)) {
            Some(e164) => e164.as_str() == self.identity,
            None => self.is_in(raw),
        }
    }

    /// Whether what was sent or keyed in may be this number, or another.
    pub fn may_be(&self, raw: &str, e164: Option<&E164>) -> bool {
        e164.is_none() && !self.is(raw, None) && self.search(raw).has_unsure
    }

    /// Whether it is a word, such as of an address.
    pub fn is_word(&self) -> bool {
        self.core.is_empty()
    }

    /// Whether it can be found in texts at all: not a short extension, nor a word.
    pub fn is_found_in_texts(&self) -> bool {
        self.core.len() >= FEWEST_IN_TEXTS
    }

    /// Whether it can be found among the bytes of a file.
    pub fn is_found_in_bytes(&self) -> bool {
        self.core.len() >= FEWEST_IN_BYTES
    }

    /// Whether the number stands in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.without(text).is_some()
    }

    /// The text without the number; `None` where it does not stand in it.
    pub fn without(&self, text: &str) -> Option<String> {
        self.search(text).without
    }

    /// Whether a text, such as JSON, may hold the number: it has its digits one behind the other.
    pub fn has_digits_in(&self, text: &str) -> bool {
        // In JSON a control character is written with digits.
        let parts = text.split("\\u00").enumerate();
        let parts = parts.map(|(nth, part)| {
            if nth == 0 {
                part
            } else {
                part.get(2..).unwrap_or(part)
            }
        });
        let digits = parts.flat_map(str::chars).filter_map(plain);
        let digits: String = digits.filter(char::is_ascii_digit).collect();
        self.is_found_in_texts() && digits.contains(self.needle())
    }

    /// Looks for the number in a text.
    pub fn search(&self, text: &str) -> Searched {
        let mut found = Searched::default();
        if !self.is_found_in_texts() {
            return found;
        }
        let (mut out, mut copied) = (String::new(), 0);
        for groups in stretches(text) {
            let digits: String = groups.iter().map(|of| of.digits.as_str()).collect();
            if !digits.contains(self.needle()) {
                continue;
            }
            for part in parts(&groups, &|text| self.reading(text)) {
                if !part.is_sure {
                    found.has_unsure = true;
                    continue;
                }
                let groups = &groups[part.groups];
                let from = groups[0]
                    .bracket
                    .filter(|_| groups[1..].iter().any(|of| of.closes));
                out.push_str(&text[copied..from.unwrap_or(groups[0].from)]);
                out.push_str(ERASED);
                copied = groups[groups.len() - 1].to;
            }
        }
        if copied > 0 {
            out.push_str(&text[copied..]);
            found.without = Some(out);
        }
        found
    }

    /// What all that is read as this number ends with.
    fn needle(&self) -> &str {
        self.local.as_ref().unwrap_or(&self.core)
    }

    /// What digits are, with a plus or without.
    fn reading(&self, digits: &str) -> Reading {
        let is_a_form = || {
            let local = self.local.iter().chain(&self.forms);
            !digits.starts_with('+') && local.into_iter().any(|form| form == digits)
        };
        match normalise(digits, self.home) {
            Some(e164) if e164.as_str() == self.identity => Reading::Theirs,
            Some(e164) if is_in_a_plan(&e164) => Reading::Others,
            Some(_) => Reading::Abroad,
            None if digits == self.identity => Reading::Theirs,
            None if self.is_whole && is_a_form() => Reading::Unsure,
            None => Reading::Unknown,
        }
    }

    /// Whether the number stands among these bytes, forwards as people write it or backwards as it
    /// is filed.
    ///
    /// Its ends are not looked at: in a database values stand close together.
    pub fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        if !self.is_found_in_bytes() {
            return false;
        }
        let back = backwards(&self.core);
        let (first, last) = (self.core.as_bytes()[0], back.as_bytes()[0]);
        (0..bytes.len()).any(|at| {
            (bytes[at] == first && begins_with(&bytes[at..], self.core.as_bytes()))
                || (bytes[at] == last && bytes[at..].starts_with(back.as_bytes()))
        })
    }
}

/// The digits of a number with this country code, as they are written and dialled.
fn forms(code: u16, national: &str) -> Vec<String> {
    let plans = DATABASE.by_code(&code).unwrap_or_default();
    let prefixes = plans.iter().filter_map(|plan| plan.national_prefix());
    let mut found = vec![national.to_owned()];
    for trunk in prefixes.chain(["0"]) {
        found.push(format!("{trunk}{national}"));
        found.extend(["", "00"].map(|abroad| format!("{abroad}{code}{trunk}{national}")));
    }
    found.extend(["", "00", "011"].map(|abroad| format!("{abroad}{code}{national}")));
    found
}

/// A number without its area code, as its country sets that apart.
fn local(e164: &E164, national: &str) -> Option<String> {
    let grouped = e164.grouped();
    let area = grouped.split([' ', '-']).nth(1)?;
    let local = national.strip_prefix(area)?;
    (local.len() >= FEWEST_IN_TEXTS).then(|| local.to_owned())
}

/// Whether bytes begin with these digits, with the signs between them that people write.
fn begins_with(bytes: &[u8], digits: &[u8]) -> bool {
    let (mut found, mut between) = (0, 0);
    for &byte in bytes {
        if found == digits.len() {
            break;
        }
        let is_sign =
            !byte.is_ascii() || byte.is_ascii_control() || SIGNS.contains(char::from(byte));
        if byte == digits[found] {
            (found, between) = (found + 1, 0);
        } else if is_sign && between < MOST_BYTES_BETWEEN {
            between += 1;
        } else {
            return false;
        }
    }
    found == digits.len()
}
