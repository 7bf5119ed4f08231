//! Searching by number: what a stored number is found by, and what somebody types.

use super::written::{Core, Written};
use super::{Country, E164, E164_DIGITS, LONGEST_TEXT, normalise};

/// A needle of fewer digits finds only numbers of exactly these digits.
const SHORTEST_SUFFIX: usize = 3;

/// The key that a stored number is found by: its digits from the last to the first, or the word it is.
///
/// Empty for an empty number.
pub fn search_key(raw: &str, e164: Option<&E164>) -> String {
    if let Some(number) = e164 {
        return backwards(&number.as_str()[1..]);
    }
    match Written::pasted(raw) {
        Some(written) => backwards(&written.all),
        None => word_key(raw),
    }
}

pub(super) fn backwards(digits: &str) -> String {
    digits.chars().rev().collect()
}

fn word_key(raw: &str) -> String {
    let word: String = Core::of(raw)
        .number
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
        let Some(written) = Written::pasted(text) else {
            let key = word_key(text);
            return (!key.is_empty()).then_some(Self::Exactly(key));
        };
        if written.all.len() < SHORTEST_SUFFIX {
            return Some(Self::Exactly(backwards(&written.all)));
        }
        let mut keys = vec![backwards(&written.all)];
        let is_whole = written.all.len() >= *E164_DIGITS.start() || normalise(text, home).is_some();
        if is_whole {
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

    /// How many digits it has, where they are too few to find longer numbers by their end; and how many those need.
    pub fn too_short(&self) -> Option<(usize, usize)> {
        match self {
            Self::Exactly(key) if !key.starts_with('=') => Some((key.len(), SHORTEST_SUFFIX)),
            Self::Exactly(_) | Self::EndsWith(_) => None,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::number::E164;

    fn home(code: &str) -> Option<Country> {
        code.parse().ok()
    }

    #[test]
    fn a_short_number_is_found_as_it_was_stored() {
        let e164 = normalise("089900", home("DE")).unwrap();
        let key = search_key("089900", Some(&e164));
        assert!(Needle::read("089900", home("DE")).unwrap().matches(&key));
    }

    #[test]
    fn what_is_pasted_with_more_than_the_number() {
        let key = search_key("015112345678", "+4915112345678".parse().ok().as_ref());
        for text in [
            "\u{202a}+49 151 12345678\u{202c}",
            "\u{2068}+49 151 12345678\u{2069}",
            "\u{200e}0151 12345678\u{200f}",
            "\u{feff}0151\u{200b}12345678",
            "+49 151 1234\u{2212} 5678",
            "+49\u{2011}151\u{2013}12345678",
            "+49\u{2003}151\u{2009}12345678\u{3000}",
            "\u{ff0b}\u{ff14}\u{ff19}151\u{ff0d}12345678",
            "\u{ff08}0151\u{ff09}12345678",
            "+4915112345678 (Mobil)",
            "+4915112345678(Mobil)",
            "(Mobil) +49 151 12345678",
            "Tel. 0151 12345678",
            "Tel.: 0151/12345678",
            "Tel.0151 12345678",
            "Telefon: +49 (0)151 12345678",
            "Mobil 0151 12345678",
            "\"015112345678\"",
            "\u{201e}0151 12345678\u{201c}",
            "'+4915112345678",
            "'015112345678'",
            "tel:+49-151-12345678",
            "tel://015112345678",
            "tel:%2B4915112345678",
            "sip:+4915112345678@pbx.example;user=phone",
            "<tel:+4915112345678>",
            "\"Anna\" <sip:015112345678@x>",
            "+49 (0) 151 12345678",
            "+49(0)151/12345678",
            "(+49) 151 12345678",
            "(0049) 151 12345678",
            "Frau Meier, 0151 12345678 (ab 14 Uhr)",
            "Frau Meier (0151 12345678)",
            "0151 12345678,",
            "0151 12345678;",
            "Anruf von 0151-12345678.",
            "\u{260e} 0151 12345678",
            "0151\u{b7}12345678",
            "0151\t12345678\n",
        ] {
            let needle = Needle::read(text, home("DE"));
            assert!(needle.unwrap().matches(&key), "{text:?}");
        }
        let short = search_key("200", None);
        for text in ["Tel. 200", "'200", "\"200\"", "Phone: 200"] {
            assert!(
                Needle::read(text, None).unwrap().matches(&short),
                "{text:?}"
            );
        }
        for text in ["0800-FLOWERS", "bob12345678", "*31#12345678", "12345678x"] {
            assert!(!Needle::read(text, None).unwrap().matches(&key), "{text:?}");
        }
    }

    #[test]
    fn needles() {
        let key = search_key("0911/12345678", "+4991112345678".parse().ok().as_ref());
        for text in [
            "5678",
            "0911/12345678",
            "911 12345678",
            "+49 911 12345678",
            "4991112345678",
            "678",
        ] {
            assert!(
                Needle::read(text, home("DE")).unwrap().matches(&key),
                "{text}"
            );
            assert!(
                Needle::read(text, None).unwrap().matches(&key),
                "{text} without a home"
            );
        }
        for text in ["78", "0911/12345679", "+43 911 12345678", "anonymous", "1"] {
            assert!(
                !Needle::read(text, home("DE")).unwrap().matches(&key),
                "{text}"
            );
        }
        assert_eq!(Needle::read("  ", None), None);
        assert!(
            Needle::read("SIP:bob@x", None)
                .unwrap()
                .matches(&search_key("sip:Bob@y", None))
        );
        assert!(
            Needle::read("Anonymous", None)
                .unwrap()
                .matches(&search_key("anonymous", None))
        );
        assert!(
            Needle::read("0", None)
                .unwrap()
                .matches(&search_key("0", None))
        );
        assert!(
            Needle::read("20", None)
                .unwrap()
                .matches(&search_key("20", None))
        );
        assert_eq!(search_key("", None), "");
    }

    fn separators() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(
            prop::sample::select(vec!["", " ", "-", "/", ".", " / ", "\u{a0}"]),
            16,
        )
    }

    fn spaced(digits: &str, between: &[&str]) -> String {
        digits
            .chars()
            .zip(between.iter().cycle())
            .flat_map(|(digit, between)| std::iter::once(digit).chain(between.chars()))
            .collect()
    }

    proptest! {
        #[test]
        fn any_way_of_writing_finds_it(
            area in prop::sample::select(vec!["911", "30", "171", "89", "6221", "40", "211"]),
            subscriber in "[1-9][0-9]{6}",
            sent in 0..5usize,
            typed in 0..6usize,
            between in separators(),
        ) {
            let ways = |way: usize| match way {
                0 => format!("+{}", spaced(&format!("49{area}{subscriber}"), &between)),
                1 => format!("00{}", spaced(&format!("49{area}{subscriber}"), &between)),
                2 => format!("0{}", spaced(&format!("{area}{subscriber}"), &between)),
                3 => format!("+49 (0){area} {subscriber}"),
                4 => format!("49{area}{subscriber}"),
                _ => subscriber[subscriber.len() - 4..].to_owned(),
            };
            let raw = ways(sent);
            let number = normalise(&raw, home("DE"));
            let expected = format!("+49{area}{subscriber}");
            prop_assert_eq!(number.as_ref().map(E164::as_str), Some(expected.as_str()), "{}", raw);
            let key = search_key(&raw, number.as_ref());
            for country in [home("DE"), None] {
                let needle = Needle::read(&ways(typed), country).unwrap();
                prop_assert!(needle.matches(&key), "{} finds {}", ways(typed), raw);
            }
        }
    }
}
