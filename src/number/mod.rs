//! Telephone numbers, pure: what the network or the keys gave, in E.164 form; searching; masking.
//!
//! Numbering plans come from the `phonenumber` crate. A number is taken for one only where that is
//! certain: a short extension, a local number without its area code and a word stay as they were sent.

mod absent;
mod list;
mod mask;
mod mention;
mod pattern;
mod search;
mod trunk;
mod written;

use std::fmt;
use std::str::FromStr;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, country};
use serde::{Deserialize, Serialize};

use written::{Core, Written};

pub use absent::{NoNumber, no_number};
pub use list::{BadEntry, CallerIdentity, CallerList, Entry};
pub use mask::{mask, mask_in};
pub use mention::Mention;
pub use search::{Needle, search_key};
pub use trunk::{CallerNumbers, Home, Trunk};

/// Longest text that is looked at; longer ones are no telephone numbers.
const LONGEST_TEXT: usize = 64;
/// Digits of an E.164 number, country code included (ITU-T E.164: 15 at most; 7 is the shortest in use).
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// A national number this long has its area code, with or without the prefix for trunk calls.
const SURELY_WITH_AREA_CODE: usize = 10;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

impl E164 {
    /// The number, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number in groups as its country writes it, to be read: `+49 30 23125001`.
    pub fn grouped(&self) -> String {
        let read = phonenumber::parse(None, &self.0);
        let grouped = read.map(|number| {
            let format = number.format();
            format.mode(phonenumber::Mode::International).to_string()
        });
        let is_same = |grouped: &String| {
            let digits = grouped.chars().filter(char::is_ascii_digit);
            digits.eq(self.0.chars().skip(1))
        };
        grouped
            .ok()
            .filter(is_same)
            .unwrap_or_else(|| self.0.clone())
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

impl TryFrom<String> for E164 {
    type Error = NotE164;
    /// Reads the form alone: whether a numbering plan has the number is another question.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let is_one = (1..=*E164_DIGITS.end()).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_one {
            Ok(Self(text))
        } else {
            Err(NotE164(text))
        }
    }
}

impl FromStr for E164 {
    type Err = NotE164;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

/// A text that is no number in E.164 form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no number in E.164 form: {0:?}")]
pub struct NotE164(pub String);

/// The E.164 form of a number as people write and dial it; `None` where the text is no certain number.
///
/// Without a home country only international forms (`+49…`, `0049…`) are numbers. The result of a
/// result is the result itself.
pub fn normalise(raw: &str, home: Option<Country>) -> Option<E164> {
    Trunk::default().e164(raw, home)
}

/// The E.164 form of a number that somebody has keyed in; `None` where no numbering plan has such a number.
///
/// Stricter than [`normalise`]: a network that sends a country code is believed, a finger is not.
pub fn keyed(digits: &str, home: Option<Country>) -> Option<E164> {
    normalise(digits, home).filter(is_in_a_plan)
}

/// Fewer keys than this are no number.
pub const FEWEST_KEYS: usize = 3;

/// The number among keys that were not told apart as they came: the first one behind the last `*`, between any `#`.
pub fn among_keys(keys: &str) -> Option<&str> {
    let is_number = |keys: &&str| {
        let plain = keys.bytes().all(|key| key.is_ascii_digit());
        plain && keys.len() >= FEWEST_KEYS
    };
    keys.rsplit('*').next()?.split('#').find(is_number)
}

fn is_in_a_plan(number: &E164) -> bool {
    let Some((code, national)) = split_country_code(&number.0[1..]) else {
        return false;
    };
    let plans = DATABASE.by_code(&code).unwrap_or_default();
    plans
        .iter()
        .any(|plan| plan.descriptors().general().is_match(national))
}

/// A number in E.164 form as digits that are read out: as one dials it at home, or with the country code.
pub fn spoken(e164: &E164, home: Option<Country>) -> String {
    let digits = &e164.0[1..];
    let Some(plan) = home.and_then(Country::plan) else {
        return digits.into();
    };
    match split_country_code(digits) {
        Some((code, national)) if code == plan.country_code() => {
            format!("{}{national}", plan.national_prefix().unwrap_or_default())
        }
        _ if abroad(&format!("00{digits}"), plan).is_some() => format!("00{digits}"),
        _ => digits.into(),
    }
}

/// What two calls by one number have in common, however it was sent: its E.164 form, else its digits with the
/// plus that was sent before them.
///
/// `None` where that distinguishes nobody: no number, a word such as `anonymous`, nothing but zeros.
pub fn identity(raw: &str, e164: Option<&E164>) -> Option<String> {
    if let Some(e164) = e164 {
        return Some(e164.0.clone());
    }
    let digits = Written::read(raw)?.all;
    let plus = if Core::of(raw).has_plus() { "+" } else { "" };
    let is_one = digits.chars().any(|digit| digit != '0');
    is_one.then(|| format!("{plus}{digits}"))
}

/// Reads the numbering plans now (some milliseconds), so that the first call need not.
pub fn warm_up() {
    normalise("+4930123456", Some(Country::default()));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn home(code: &str) -> Option<Country> {
        code.parse().ok()
    }

    fn check(country: &str, raw: &str, expected: Option<&str>) {
        let got = normalise(raw, home(country));
        assert_eq!(
            got.as_ref().map(E164::as_str),
            expected,
            "{raw:?} in {country}"
        );
    }

    #[test]
    fn a_number_among_keys_lies_between_those_that_are_no_digits() {
        for (keys, number) in [
            ("0911987654", Some("0911987654")),
            ("0911987654#", Some("0911987654")),
            ("#0911987654", Some("0911987654")),
            ("##0911987654#1", Some("0911987654")),
            ("#12#0911987654#", Some("0911987654")),
            ("0911987654#555", Some("0911987654")),
            ("0911*0911987654", Some("0911987654")),
            ("0911987654*12", None),
            ("0911A87654", None),
            ("12#34#", None),
            ("##", None),
            ("", None),
        ] {
            assert_eq!(among_keys(keys), number, "{keys}");
        }
    }

    #[test]
    fn a_number_is_read_in_groups() {
        for (plain, grouped) in [
            ("+493023125001", "+49 30 23125001"),
            ("+4917604069002", "+49 176 04069002"),
            ("+442079460000", "+44 20 7946 0000"),
            ("+15550100", "+1 5550100"),
            ("+99912345678", "+99912345678"),
        ] {
            let number = E164::try_from(plain.to_owned()).unwrap();
            assert_eq!(number.grouped(), grouped);
        }
    }

    #[test]
    fn only_one_numbers_digits_are_one_caller() {
        for raw in [
            "0911",
            "0911;user=phone",
            "sip:0911@x;cpc=ordinary",
            "09 11",
        ] {
            assert_eq!(identity(raw, None).as_deref(), Some("0911"), "{raw}");
        }
        for raw in [
            "0911;rm -rf",
            "0911;`id`",
            "\u{660}\u{669}\u{661}\u{661}",
            "\u{6f0}\u{6f9}11",
            "\u{ff10}911",
        ] {
            assert_eq!(identity(raw, None), None, "{raw}");
            assert_eq!(mask(raw), "(hidden)", "{raw}");
        }
    }

    #[test]
    fn caller_ids_as_sent() {
        for raw in [
            "+4991112345678",
            "004991112345678",
            "0911/12345678",
            "0911 12345678",
            "(0911) 1234-5678",
            "+49 (0) 911 12345678",
            "0049(0)91112345678",
            "+49 0911 12345678",
            "4991112345678",
            "91112345678",
            "sip:+4991112345678@pbx.example;user=phone",
            "SIP:091112345678@10.0.0.1",
            "tel:+49-911-12345678",
            " +49\u{a0}911\u{202f}12345678 ",
        ] {
            check("DE", raw, Some("+4991112345678"));
        }
        for raw in [
            "",
            " ",
            "anonymous",
            "Restricted",
            "unknown",
            "0",
            "00",
            "+",
            "200",
            "1234",
            "123456",
            "sip:user@x",
            "sip:@",
            "+49…",
            "0049…",
            "*31#091112345678",
            "0800-FLOWERS",
            "+0491234567",
            "+99912345678901234",
            "+49 0000 0000",
            "911; drop table calls",
            "=cmd|' /C calc'!A0",
        ] {
            check("DE", raw, None);
        }
        check("DE", &"9".repeat(300), None);
        check("DE", &"+49911".repeat(50), None);
    }

    #[test]
    fn other_homes() {
        check("US", "(212) 555-0123", Some("+12125550123"));
        check("US", "1-212-555-0123", Some("+12125550123"));
        check("US", "011 49 911 12345678", Some("+4991112345678"));
        check("US", "555-0123", None);
        check("IT", "06 1234 5678", Some("+390612345678"));
        check("RU", "+7 812 123-45-67", Some("+78121234567"));
        check("RU", "8 (812) 123-45-67", Some("+78121234567"));
        check("DK", "32 12 34 56", Some("+4532123456"));
        check("AT", "0732 123456", Some("+43732123456"));
        check("CH", "044 668 18 00", Some("+41446681800"));
        assert_eq!(normalise("0911 12345678", None), None);
        assert!(normalise("+49 911 12345678", None).is_some());
        assert!("Germany".parse::<Country>().is_err());
        assert!("de".parse::<Country>().is_ok());
    }

    #[test]
    fn what_is_keyed_must_be_in_a_plan() {
        for (digits, expected) in [
            ("0911234567", Some("+49911234567")),
            ("004991112345678", Some("+4991112345678")),
            ("00431234567", Some("+431234567")),
            ("0911", None),
            ("123", None),
            ("0000000", None),
            ("00499112", None),
            ("0049111111111111111", None),
            ("091112345678901234567890", None),
        ] {
            let got = keyed(digits, home("DE"));
            assert_eq!(got.as_ref().map(E164::as_str), expected, "{digits}");
        }
    }

    #[test]
    fn what_is_read_out_can_be_dialled_at_home() {
        for (country, e164, digits) in [
            ("DE", "+4991112345678", "091112345678"),
            ("DE", "+43732123456", "0043732123456"),
            ("IT", "+390612345678", "0612345678"),
            ("DK", "+4532123456", "32123456"),
            ("US", "+12125550123", "12125550123"),
            ("US", "+4991112345678", "4991112345678"),
        ] {
            assert_eq!(spoken(&e164.parse().unwrap(), home(country)), digits);
        }
        assert_eq!(
            spoken(&"+4991112345678".parse().unwrap(), None),
            "4991112345678"
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_is_its_own_result(
            raw in prop_oneof![
                any::<String>(),
                "[+0]{0,3}[0-9]{0,20}",
                "(sip:|tel:)?[+0-9 ()/-]{0,30}(@x)?",
                "[0-9]{300}",
            ],
            home in prop::sample::select(vec!["DE", "AT", "US", "IT", "RU", "FR", "HU", "BR", "SM"]),
        ) {
            let home = home.parse().ok();
            if let Some(number) = normalise(&raw, home) {
                prop_assert_eq!(normalise(number.as_str(), home), Some(number.clone()));
                prop_assert_eq!(normalise(number.as_str(), None), Some(number.clone()));
                prop_assert!(number.as_str()[1..].bytes().all(|b| b.is_ascii_digit()));
                prop_assert!((8..=16).contains(&number.as_str().len()));
            }
            let masked = mask(&raw);
            prop_assert!(masked.chars().filter(char::is_ascii_digit).count() <= 6);
            let number = normalise(&raw, home);
            let key = search_key(&raw, number.as_ref());
            if let Some(needle) = Needle::read(&raw, home) {
                prop_assert!(needle.matches(&key), "{:?} finds itself: {:?} {:?}", raw, needle, key);
            }
        }
    }
}
