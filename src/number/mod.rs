//! Telephone numbers, pure: what the network or the keys gave, in E.164 form; searching; masking.
//!
//! Numbering plans come from the `phonenumber` crate. A number is taken for one only where that is
//! certain: a short extension, a local number without its area code and a word stay as they were sent.

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, country};

/// Longest text that is looked at; longer ones are no telephone numbers.
const LONGEST_TEXT: usize = 64;
/// Digits of an E.164 number, country code included (ITU-T E.164: 15 at most; 7 is the shortest in use).
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// A national number this long has its area code, with or without the prefix for trunk calls.
const SURELY_WITH_AREA_CODE: usize = 10;
/// A needle of fewer digits finds only numbers of exactly these digits.
const SHORTEST_SUFFIX: usize = 3;

/// The country that numbers without a country code belong to (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(country::Id);

impl Default for Country {
    fn default() -> Self {
        Self(country::Id::DE)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        code.to_ascii_uppercase()
            .parse()
            .map(Self)
            .map_err(|_| UnknownCountry(code.into()))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_ref())
    }
}

impl Country {
    fn plan(self) -> Option<&'static Metadata> {
        DATABASE.by_id(self.0.as_ref())
    }
}

/// A country that no numbering plan is known for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no country {0:?}; two letters such as DE, AT, CH, US")]
pub struct UnknownCountry(pub String);

/// A telephone number in E.164 form: `+`, country code, national number; nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

impl E164 {
    /// The number, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

/// The E.164 form of a caller ID or of keyed digits; `None` where the text is no certain number.
///
/// Without a home country only international forms (`+49…`, `0049…`) are numbers. The result of a
/// result is the result itself.
pub fn normalise(raw: &str, home: Option<Country>) -> Option<E164> {
    let written = Written::read(raw)?;
    if written.international {
        return international(&written.digits).map(E164);
    }
    national(&written.digits, home?.plan()?).map(E164)
}

/// Reads the numbering plans now (some milliseconds), so that the first call need not.
pub fn warm_up() {
    normalise("+4930123456", Some(Country::default()));
}

/// What of a text is a number: its digits, and whether they begin with a country code.
struct Written {
    /// All digits, as written.
    all: String,
    /// The digits without a prefix for calls abroad.
    digits: String,
    international: bool,
}

impl Written {
    fn read(text: &str) -> Option<Self> {
        let text = user_part(text);
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let (mut text, mut international) = match text.strip_prefix('+') {
            Some(rest) => (rest.to_owned(), true),
            None => (text.to_owned(), false),
        };
        if international || text.starts_with("00") {
            text = text.replacen("(0)", "", 1);
        }
        let mut digits = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' '
                | '-'
                | '.'
                | '/'
                | '('
                | ')'
                | '\u{a0}'
                | '\u{202f}'
                | '\u{2010}'..='\u{2013}' => {}
                _ => return None,
            }
        }
        let all = digits.clone();
        if let Some(rest) = digits.strip_prefix("00") {
            digits = rest.into();
            international = true;
        }
        (!digits.is_empty()).then_some(Self {
            all,
            digits,
            international,
        })
    }
}

/// `sip:+49…@host;x` and `tel:+49…` without what is around the number.
fn user_part(text: &str) -> &str {
    let text = text.trim();
    let scheme = ["sip:", "sips:", "tel:"].into_iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    });
    let Some(scheme) = scheme else { return text };
    text[scheme.len()..]
        .split(['@', ';'])
        .next()
        .unwrap_or_default()
        .trim()
}

fn international(digits: &str) -> Option<String> {
    if !E164_DIGITS.contains(&digits.len()) || digits.starts_with('0') {
        return None;
    }
    let (code, national) = split_country_code(digits)?;
    let plans = DATABASE.by_code(&code)?;
    let plausible = |national: &str| {
        plans
            .iter()
            .any(|plan| plan.descriptors().general().is_match(national))
    };
    if plausible(national) {
        return Some(format!("+{digits}"));
    }
    let stripped = plans
        .iter()
        .filter_map(|plan| national.strip_prefix(plan.national_prefix()?))
        .find(|national| plausible(national));
    match stripped {
        Some(national) => international_of(code, national),
        // Numbering plans grow faster than tables: who sends a country code is believed.
        None => (!national.starts_with('0')).then(|| format!("+{digits}")),
    }
}

fn split_country_code(digits: &str) -> Option<(u16, &str)> {
    (1..=3).find_map(|len| {
        let code = digits.get(..len)?.parse().ok()?;
        DATABASE.by_code(&code)?;
        Some((code, &digits[len..]))
    })
}

fn national(digits: &str, plan: &Metadata) -> Option<String> {
    let plausible = |national: &str| plan.descriptors().general().is_match(national);
    let code = plan.country_code();
    if let Some(rest) = abroad(digits, plan) {
        return international(rest);
    }
    let trunk = plan.national_prefix();
    if let Some(rest) = trunk.and_then(|prefix| digits.strip_prefix(prefix))
        && plausible(rest)
        && !rest.starts_with('0')
    {
        return international_of(code, rest);
    }
    // Many lines send the country code without a plus.
    if let Some(rest) = digits.strip_prefix(&code.to_string()) {
        let trunk_again = trunk.is_some_and(|prefix| rest.starts_with(prefix));
        if digits.len() > SURELY_WITH_AREA_CODE && plausible(rest) && !trunk_again {
            return international_of(code, rest);
        }
    }
    let complete = trunk.is_none() || digits.len() >= SURELY_WITH_AREA_CODE;
    if complete && plausible(digits) {
        return international_of(code, digits);
    }
    None
}

/// What follows the prefix for calls abroad, such as `011` in North America.
fn abroad<'a>(digits: &'a str, plan: &Metadata) -> Option<&'a str> {
    let found = plan.international_prefix()?.find(digits)?;
    (found.start() == 0 && digits.len() - found.end() >= *E164_DIGITS.start())
        .then(|| &digits[found.end()..])
}

fn international_of(code: u16, national: &str) -> Option<String> {
    let number = format!("+{code}{national}");
    E164_DIGITS.contains(&(number.len() - 1)).then_some(number)
}

/// The key that a stored number is found by: its digits from the last to the first, or the word it is.
///
/// Empty for an empty number.
pub fn search_key(raw: &str, e164: Option<&str>) -> String {
    if let Some(digits) = e164.and_then(|number| number.strip_prefix('+')) {
        return backwards(digits);
    }
    match Written::read(raw) {
        Some(written) => backwards(&written.all),
        None => word_key(raw),
    }
}

fn backwards(digits: &str) -> String {
    digits.chars().rev().collect()
}

fn word_key(raw: &str) -> String {
    let word: String = user_part(raw)
        .chars()
        .take(LONGEST_TEXT)
        .collect::<String>()
        .to_lowercase();
    if word.is_empty() {
        word
    } else {
        format!("={word}")
    }
}

/// What somebody searches for: a number in any form people write, its last digits, or a word such as
/// `anonymous`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needle {
    /// The key that is exactly this.
    Exactly(String),
    /// Keys that begin with one of these: numbers that end with these digits.
    EndsWith(Vec<String>),
}

impl Needle {
    /// Reads what somebody typed; `None` if there is nothing to search for in it.
    pub fn read(text: &str, home: Option<Country>) -> Option<Self> {
        let Some(written) = Written::read(text) else {
            let key = word_key(text);
            return (!key.is_empty()).then_some(Self::Exactly(key));
        };
        if written.all.len() < SHORTEST_SUFFIX {
            return Some(Self::Exactly(backwards(&written.all)));
        }
        let mut keys = vec![backwards(&written.all)];
        if written.all.len() >= *E164_DIGITS.start() {
            let whole = written.whole_number(text, home);
            if whole.len() >= SHORTEST_SUFFIX && whole != written.all {
                keys.push(backwards(&whole));
            }
        }
        Some(Self::EndsWith(keys))
    }

    /// Whether a stored key is found.
    pub fn matches(&self, key: &str) -> bool {
        match self {
            Self::Exactly(wanted) => key == wanted,
            Self::EndsWith(wanted) => wanted.iter().any(|wanted| key.starts_with(wanted.as_str())),
        }
    }
}

impl Written {
    /// The digits a stored E.164 number ends with, if this is meant as a whole number.
    fn whole_number(&self, text: &str, home: Option<Country>) -> String {
        let national = match self.digits.strip_prefix('0') {
            Some(national) if !self.international => national,
            _ => &self.digits,
        };
        match normalise(text, home) {
            // Without any prefix more is found by what was typed than by what may be meant.
            Some(full) if national.len() == self.all.len() && full.0.ends_with(national) => {
                national.to_owned()
            }
            Some(full) => full.0[1..].to_owned(),
            None => national.to_owned(),
        }
    }
}

/// A number for the technical log: country code and last digits, the rest as dots.
///
/// The words for "no number" stay; every other text is hidden whole.
pub fn mask(number: &str) -> String {
    const WORDS: [&str; 7] = [
        "",
        "0",
        "anonymous",
        "restricted",
        "unavailable",
        "unknown",
        "private",
    ];
    if WORDS
        .iter()
        .any(|word| number.trim().eq_ignore_ascii_case(word))
    {
        return number.trim().to_ascii_lowercase();
    }
    let Some(Written {
        digits,
        international: abroad,
        ..
    }) = Written::read(number)
    else {
        return "(hidden)".into();
    };
    let code = match split_country_code(&digits) {
        Some((code, _)) if abroad => format!("+{code}"),
        _ => String::new(),
    };
    let kept = match digits.len().saturating_sub(code.len()) {
        0..5 => 0,
        5..9 => 2,
        _ => 3,
    };
    format!("{code}…{}", &digits[digits.len() - kept..])
}

#[cfg(test)]
mod tests;
