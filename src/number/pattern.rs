//! Asterisk's dialplan patterns for numbers, such as `_+4930X.` (`ast_extension_match` of
//! `main/pbx.c`).
//!
//! ```text
//! pattern = "_" 1*element [ "." / "!" ]
//! element = DIGIT / "+" / "*" / "#"          that one
//!         / "X" / "Z" / "N"                  0-9, 1-9, 2-9; lower case, too
//!         / "[" 1*( key / key "-" key ) "]"  one of these
//! ```
//!
//! `.` stands for one or more characters, `!` for any number of them. Blanks and hyphens outside
//! brackets mean nothing, as in Asterisk. A pattern of letters or names is refused: these are
//! telephone numbers.

use nom::branch::alt;
use nom::character::complete::{char, one_of};
use nom::combinator::{map, opt, value};
use nom::multi::{many0, many1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// A pattern that numbers are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    elements: Vec<KeySet>,
    rest: Rest,
}

/// What may follow the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// `!`
    Anything,
    /// `.`
    Something,
}

/// The keys of a telephone as a set; `+` counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeySet(u16);

impl KeySet {
    const ALL: &str = "0123456789*#+";

    fn of(key: char) -> Self {
        Self(Self::ALL.find(key).map_or(0, |at| 1 << at))
    }

    fn range(first: char, last: char) -> Self {
        Self(
            ('0'..='9')
                .filter(|key| (first..=last).contains(key))
                .map(Self::of)
                .fold(0, |all, keys| all | keys.0),
        )
    }

    fn has(self, key: char) -> bool {
        self.0 & Self::of(key).0 != 0
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The place of the first character that cannot stand there, counted from 0, and what may.
    pub(super) fn read(text: &str) -> Result<Self, (usize, &'static str)> {
        let (left, pattern) = pattern(text).unwrap_or((text, None));
        let at = text.len() - left.len();
        let found = left.chars().next();
        match (pattern, found) {
            (Some(pattern), None) => Ok(pattern),
            (_, Some('[')) => Err((
                at,
                "a set holds digits and ranges of digits, such as [1237-9]",
            )),
            (
                Some(Self {
                    rest: Rest::Something | Rest::Anything,
                    ..
                }),
                Some(_),
            ) => Err((
                at,
                "nothing stands behind . and !, which mean everything that follows",
            )),
            (_, Some('.' | '!')) => Err((at, "a digit, or X for any, stands before . and !")),
            (_, Some(_)) => Err((
                at,
                "a pattern has digits, + * #, X (0-9), Z (1-9), N (2-9), sets such as [15-9], and . or ! at its end",
            )),
            (None, None) => Err((at, "a pattern has at least one digit, such as \"_+4930X.\"")),
        }
    }

    /// Whether a number, of digits and `+ * #` alone, is one of those meant.
    pub(super) fn matches(&self, number: &str) -> bool {
        let mut keys = number.chars();
        let begins = self
            .elements
            .iter()
            .all(|element| keys.next().is_some_and(|key| element.has(key)));
        let left = !keys.as_str().is_empty();
        begins
            && match self.rest {
                Rest::Nothing => !left,
                Rest::Something => left,
                Rest::Anything => true,
            }
    }

    /// Whether it begins with exactly these characters, and no others could stand there.
    pub(super) fn spells(&self, beginning: &str) -> bool {
        let spelt = self.elements.iter().zip(beginning.chars());
        self.elements.len() >= beginning.len()
            && spelt
                .into_iter()
                .all(|(keys, key)| *keys == KeySet::of(key))
    }
}

/// The whole; `None` where not even one element is there.
fn pattern(text: &str) -> IResult<&str, Option<Pattern>> {
    let elements = (many0(preceded(filling, element)), filling);
    let (left, (elements, ())) = preceded(char('_'), elements).parse(text)?;
    if elements.is_empty() {
        return Ok((left, None));
    }
    let rest = alt((
        value(Rest::Something, char('.')),
        value(Rest::Anything, char('!')),
    ));
    let (left, rest) = terminated(opt(rest), filling).parse(left)?;
    let rest = rest.unwrap_or(Rest::Nothing);
    Ok((left, Some(Pattern { elements, rest })))
}

/// Blanks and hyphens, which mean nothing.
fn filling(text: &str) -> IResult<&str, ()> {
    value((), many0(one_of(" -"))).parse(text)
}

fn element(text: &str) -> IResult<&str, KeySet> {
    alt((
        value(KeySet::range('0', '9'), one_of("Xx")),
        value(KeySet::range('1', '9'), one_of("Zz")),
        value(KeySet::range('2', '9'), one_of("Nn")),
        map(one_of(KeySet::ALL), KeySet::of),
        delimited(char('['), set, char(']')),
    ))
    .parse(text)
}

/// What stands in brackets.
fn set(text: &str) -> IResult<&str, KeySet> {
    let digit = || one_of("0123456789");
    let range = map((digit(), char('-'), digit()), |(first, _, last)| {
        KeySet::range(first, last)
    });
    let one = map(one_of(KeySet::ALL), KeySet::of);
    let (left, all) = many1(alt((range, one))).parse(text)?;
    let keys = KeySet(all.into_iter().fold(0, |all, keys| all | keys.0));
    if keys.0 == 0 {
        return Err(nom::Err::Error(nom::error::Error::new(
            text,
            nom::error::ErrorKind::Verify,
        )));
    }
    Ok((left, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, meant: &[&str], not_meant: &[&str]) {
        let pattern = Pattern::read(pattern).unwrap();
        for number in meant {
            assert!(pattern.matches(number), "{number}");
        }
        for number in not_meant {
            assert!(!pattern.matches(number), "{number}");
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_in_the_dialplan() {
        check(
            "_+4930X.",
            &["+493012", "+4930123456"],
            &["+4930", "+49301", "+4989123", "4930123"],
        );
        check("_+4930!", &["+4930", "+49301"], &["+493"]);
        check("_0NZ", &["021", "099"], &["011", "020", "02", "0211"]);
        check("_1[15-7*]x", &["110", "159", "1*0"], &["120", "1#0"]);
        check("_ +49 -", &["+49"], &["+4930"]);
        check("_0-9-1 1", &["0911"], &["091-1"]);
        check("_X.", &["12", "0911"], &["1", "", "+49"]);
        check("_200", &["200"], &["2000", "20", ""]);
    }

    #[test]
    fn what_is_no_pattern_is_reported_with_its_place() {
        for (text, at, words) in [
            ("_", 1, "at least one digit"),
            ("_Q", 1, "a pattern has digits"),
            ("_49Y.", 3, "a pattern has digits"),
            ("_.", 1, "stands before"),
            ("_!", 1, "stands before"),
            ("_49.1", 4, "nothing stands behind"),
            ("_49!!", 4, "nothing stands behind"),
            ("_4[", 2, "a set holds"),
            ("_4[]", 2, "a set holds"),
            ("_4[9-1]", 2, "a set holds"),
            ("_4[a-z]", 2, "a set holds"),
            ("_4]", 2, "a pattern has digits"),
            ("_4ü", 2, "a pattern has digits"),
            ("49X.", 0, "a pattern has digits"),
        ] {
            let (found, what) = Pattern::read(text).unwrap_err();
            assert_eq!(found, at, "{text}: {what}");
            assert!(what.contains(words), "{text}: {what}");
        }
    }

    #[test]
    fn only_what_is_spelt_out_is_a_beginning() {
        let spells = |pattern, beginning| Pattern::read(pattern).unwrap().spells(beginning);
        assert!(spells("_004930X.", "0049") && spells("_0049!", "0049"));
        assert!(!spells("_00X.", "0049") && !spells("_00[4]X.", "0049") && !spells("_004", "0049"));
    }
}
