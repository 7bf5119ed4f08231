//! Lists of callers: numbers in any form people write, Asterisk's patterns, and the word `withheld`.
//!
//! A number is compared as a number: `0911/555`, `+49911555` and `0049911555` are the same, whichever the
//! list has and whichever the network sends. A pattern that begins with `+` is compared with the
//! international form, another with the number as one dials it at home: `_0911X.` and `_+49911X.` mean the
//! same callers, `_00X.` all from abroad. Short numbers, such as extensions, are compared as they are sent.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use phonenumber::Metadata;

use super::pattern::Pattern;
use super::written::Written;
use super::{Country, E164, NoNumber, abroad, no_number, normalise, split_country_code};

/// One entry of a list, as somebody has written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Withheld,
    Number,
    Pattern(Pattern),
}

impl FromStr for Entry {
    type Err = BadEntry;

    fn from_str(text: &str) -> Result<Self, BadEntry> {
        let text = text.trim();
        if text.len() > LONGEST_ENTRY {
            return Err(BadEntry::TooLong);
        }
        let kind = if text.starts_with('_') {
            Kind::Pattern(Pattern::read(text).map_err(|(at, what)| BadEntry::Pattern {
                text: text.into(),
                at: at + 1,
                what,
            })?)
        } else if no_number(text) == Some(NoNumber::Withheld) {
            Kind::Withheld
        } else {
            let written = Written::read(text).ok_or_else(|| BadEntry::NoNumber(text.into()))?;
            if written.international && normalise(text, None).is_none() {
                return Err(BadEntry::NotWhole {
                    text: text.into(),
                    digits: written.digits,
                });
            }
            Kind::Number
        };
        Ok(Self {
            text: text.into(),
            kind,
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// What stands in a list and names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// Neither number nor pattern nor word.
    #[error(
        "{0:?} is no number such as \"0911 5550000\", no pattern such as \"_+49911555X.\" and not the word \"withheld\""
    )]
    NoNumber(String),
    /// A country code with too little behind it.
    #[error("{text:?} is not a whole number; all numbers that begin so are \"_+{digits}X.\"")]
    NotWhole {
        /// As written.
        text: String,
        /// Its digits behind the plus.
        digits: String,
    },
    /// A pattern that Asterisk would not understand either.
    #[error("the pattern {text:?} goes wrong at character {at}: {what}")]
    Pattern {
        /// As written.
        text: String,
        /// Counted from 1.
        at: usize,
        /// What may stand there.
        what: &'static str,
    },
    /// Longer than any number.
    #[error("an entry has at most {LONGEST_ENTRY} characters")]
    TooLong,
}

/// Who calls, as far as lists are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerIdentity<'a> {
    /// The number as the network sent it.
    pub number: &'a str,
    /// Its E.164 form, where it has one.
    pub e164: Option<&'a E164>,
    /// Whether it is withheld: then nothing but the word `withheld` means it.
    pub withheld: bool,
}

/// A list for one home country, ready to be looked into.
#[derive(Clone, Debug, PartialEq)]
pub struct CallerList {
    entries: Vec<Entry>,
    home: Option<Country>,
    /// Which entry names this number: in E.164 form, or its digits where it has none.
    numbers: BTreeMap<String, usize>,
    withheld: Option<usize>,
}

impl Default for CallerList {
    fn default() -> Self {
        Self::new(Vec::new(), Some(Country::default()))
    }
}

impl CallerList {
    /// A list; numbers without a country code belong to `home`.
    pub fn new(entries: Vec<Entry>, home: Option<Country>) -> Self {
        let (mut numbers, mut withheld) = (BTreeMap::new(), None);
        for (at, entry) in entries.iter().enumerate() {
            match entry.kind {
                Kind::Withheld => {
                    withheld.get_or_insert(at);
                }
                Kind::Number => {
                    if let Some(key) = key(&entry.text, home) {
                        numbers.entry(key).or_insert(at);
                    }
                }
                Kind::Pattern(_) => {}
            }
        }
        Self {
            entries,
            home,
            numbers,
            withheld,
        }
    }

    /// The same entries for another home country.
    #[must_use]
    pub fn at_home_in(&self, home: Option<Country>) -> Self {
        Self::new(self.entries.clone(), home)
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry that means this caller: a number before a pattern, of patterns the first.
    pub fn find(&self, identity: CallerIdentity<'_>) -> Option<&Entry> {
        if identity.withheld {
            return self.withheld.map(|at| &self.entries[at]);
        }
        let as_sent = key(identity.number, self.home);
        let key = identity.e164.map(E164::to_string).or(as_sent.clone())?;
        let named = self.numbers.get(&key);
        if let Some(&at) = named.or_else(|| self.numbers.get(&as_sent?)) {
            return Some(&self.entries[at]);
        }
        let forms = Forms::of(&key, self.home);
        self.entries.iter().find(|entry| match &entry.kind {
            Kind::Pattern(pattern) => forms.are_meant_by(pattern),
            Kind::Number | Kind::Withheld => false,
        })
    }
}

/// What a number is known by: its E.164 form, else its digits.
fn key(text: &str, home: Option<Country>) -> Option<String> {
    match normalise(text, home) {
        Some(e164) => Some(e164.into()),
        None => Written::read(text).map(|written| written.all),
    }
}

/// The ways to write one number that patterns are compared with.
struct Forms {
    any: Vec<String>,
    /// A number of the home country with its country code, as one dials it from abroad, and how that begins:
    /// only a pattern that begins just so means it.
    with_own_code: Option<(String, String)>,
}

impl Forms {
    fn of(key: &str, home: Option<Country>) -> Self {
        let mut forms = Self {
            any: vec![key.to_owned()],
            with_own_code: None,
        };
        let plan = home.and_then(Country::plan);
        let (Some(digits), Some(plan)) = (key.strip_prefix('+'), plan) else {
            return forms;
        };
        let prefix = prefix_for_abroad(plan, digits);
        match split_country_code(digits) {
            Some((code, national)) if code == plan.country_code() => {
                let code = code.to_string();
                let trunk = plan.national_prefix().unwrap_or_default();
                forms.any.push(format!("{trunk}{national}"));
                if trunk == code {
                    forms.any.push(national.to_owned());
                }
                forms.with_own_code =
                    prefix.map(|prefix| (format!("{prefix}{digits}"), format!("{prefix}{code}")));
            }
            _ => forms
                .any
                .extend(prefix.map(|prefix| format!("{prefix}{digits}"))),
        }
        forms
    }

    fn are_meant_by(&self, pattern: &Pattern) -> bool {
        let own = self.with_own_code.as_ref();
        self.any.iter().any(|form| pattern.matches(form))
            || own.is_some_and(|(form, begins)| pattern.spells(begins) && pattern.matches(form))
    }
}

/// What one dials before a country code in a country; the usual one where there are several.
fn prefix_for_abroad(plan: &Metadata, digits: &str) -> Option<&'static str> {
    ["00", "011", "0011", "010", "810"]
        .into_iter()
        .find(|prefix| abroad(&format!("{prefix}{digits}"), plan) == Some(digits))
}

const LONGEST_ENTRY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str], home: &str) -> CallerList {
        let entries = entries.iter().map(|text| text.parse().unwrap()).collect();
        CallerList::new(entries, home.parse().ok())
    }

    fn finds(list: &CallerList, number: &str) -> Option<String> {
        let e164 = normalise(number, list.home);
        let identity = CallerIdentity {
            number,
            e164: e164.as_ref(),
            withheld: false,
        };
        list.find(identity).map(Entry::to_string)
    }

    #[test]
    fn one_number_in_all_its_forms() {
        let forms = [
            "0911/5550000",
            "+499115550000",
            "0049 911 5550000",
            "+49 (0)911 555-0000",
        ];
        for entry in forms {
            let list = list(&["200", entry], "DE");
            for sent in forms {
                assert_eq!(finds(&list, sent).as_deref(), Some(entry), "{sent}");
            }
            assert_eq!(finds(&list, "09115550001"), None);
            assert_eq!(finds(&list, "200").as_deref(), Some("200"));
            assert_eq!(finds(&list, "2000"), None);
        }
    }

    #[test]
    fn one_pattern_in_all_its_forms() {
        for pattern in [
            "_0911X.",
            "_+49911X.",
            "_0049911X.",
            "_0911!",
            "_0[8-9]11X.",
        ] {
            let list = list(&[pattern], "DE");
            for sent in [
                "09115550000",
                "+499115550000",
                "00499115550000",
                "499115550000",
            ] {
                assert_eq!(finds(&list, sent).as_deref(), Some(pattern), "{sent}");
            }
            assert_eq!(finds(&list, "0891234567"), None, "{pattern}");
            assert_eq!(finds(&list, "+431234567"), None, "{pattern}");
        }
    }

    #[test]
    fn all_from_abroad_are_those_from_abroad_however_the_network_writes_the_others() {
        let list = list(&["_00X."], "DE");
        for at_home in [
            "09115550000",
            "+499115550000",
            "00499115550000",
            "200",
            "110",
        ] {
            assert_eq!(finds(&list, at_home), None, "{at_home}");
        }
        for from_abroad in ["+431234567", "00431234567", "+12125550123"] {
            assert!(finds(&list, from_abroad).is_some(), "{from_abroad}");
        }
    }

    #[test]
    fn other_homes() {
        for pattern in ["_212NXXXXXX", "_1212NXXXXXX", "_+1212.", "_0111212X."] {
            let list = list(&[pattern], "US");
            for sent in ["(212) 555-0123", "+12125550123", "12125550123"] {
                assert!(finds(&list, sent).is_some(), "{pattern} {sent}");
            }
            assert_eq!(finds(&list, "+13105550123"), None);
        }
        assert!(finds(&list(&["_01149X."], "US"), "+4991112345678").is_some());
        assert!(finds(&list(&["_3X."], "DK"), "+4532123456").is_some());
    }

    #[test]
    fn a_withheld_number_is_meant_by_the_word_alone() {
        let e164 = "+499115550000".parse().unwrap();
        let all = CallerIdentity {
            number: "+499115550000",
            e164: Some(&e164),
            withheld: true,
        };
        assert_eq!(list(&["_+X.", "_X.", "0911 5550000"], "DE").find(all), None);
        for word in ["withheld", "Anonymous", "restricted", "Private"] {
            let list = list(&["200", word], "DE");
            assert_eq!(list.find(all).unwrap().to_string(), word);
            assert_eq!(finds(&list, "09115550000"), None);
        }
        let none = CallerIdentity {
            number: "",
            e164: None,
            withheld: false,
        };
        assert_eq!(list(&["_X.", "withheld", "_X!"], "DE").find(none), None);
    }

    #[test]
    fn an_entry_as_the_trunk_sends_it_means_the_caller_whom_it_is() {
        let e164 = "+12125550123".parse().unwrap();
        let identity = CallerIdentity {
            number: "12125550123",
            e164: Some(&e164),
            withheld: false,
        };
        for entry in [
            "12125550123",
            "+1 212 555 0123",
            "\u{202a}001 212 555\u{2011}0123\u{202c}",
        ] {
            assert!(list(&[entry], "DE").find(identity).is_some(), "{entry}");
        }
        for sent in ["+499115550000;phone-context=+49", "sip:09115550000@x"] {
            let found = finds(&list(&["0911 5550000"], "DE"), sent);
            assert_eq!(found.as_deref(), Some("0911 5550000"), "{sent}");
        }
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for (text, words) in [
            ("", "is no number such as"),
            ("Erika", "\"Erika\" is no number such as"),
            ("0800-FLOWERS", "is no number such as"),
            ("+4930", "all numbers that begin so are \"_+4930X.\""),
            ("0049 30", "all numbers that begin so are \"_+4930X.\""),
            ("_49Y", "\"_49Y\" goes wrong at character 4: "),
            (&"1".repeat(65), "at most 64 characters"),
        ] {
            let reported = text.parse::<Entry>().unwrap_err().to_string();
            assert!(reported.contains(words), "{reported}");
        }
    }
}
