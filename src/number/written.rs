//! What of a text is a number: without the address, parameters and signs that stand around it.

use percent_encoding::percent_decode_str;

use super::LONGEST_TEXT;

/// What of a text is a number: its digits, and whether they begin with a country code.
pub(super) struct Written {
    /// All digits, as written.
    pub(super) all: String,
    /// The digits without a prefix for calls abroad.
    pub(super) digits: String,
    pub(super) international: bool,
    /// The digits that its `phone-context` says stand before it.
    pub(super) context: Option<String>,
}

impl Written {
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::of(&Core::of(text))
    }

    /// What was sent by a trunk that puts these digits before every number.
    pub(super) fn behind(outside_line: &str, text: &str) -> Option<Self> {
        let mut core = Core::of(text);
        if let Some(rest) = core.number.strip_prefix(outside_line) {
            core.number = rest.trim().to_owned();
        }
        Self::of(&core)
    }

    /// The number in what somebody has pasted, words around it included.
    pub(super) fn pasted(text: &str) -> Option<Self> {
        let core = Core::of(text);
        Self::of(&core).or_else(|| {
            let number = labelled(&core.number).or_else(|| longest_within(&core.number))?;
            Self::of(&Core {
                number: number.to_owned(),
                context: None,
                is_strange: false,
            })
        })
    }

    fn of(core: &Core) -> Option<Self> {
        if core.is_strange || core.number.len() > LONGEST_TEXT {
            return None;
        }
        let mut text = core.number.replace(' ', "");
        let begins = text.trim_start_matches('(');
        let mut international = begins.starts_with('+');
        if international || begins.starts_with("00") {
            text = text.replacen("(0)", "", 1);
        }
        let mut digits = String::with_capacity(text.len());
        let mut pluses = 0;
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if international && digits.is_empty() && pluses == 0 => pluses += 1,
                '-' | '.' | '/' | '(' | ')' => {}
                _ => return None,
            }
        }
        let all = digits.clone();
        if let Some(rest) = digits.strip_prefix("00") {
            digits = rest.into();
            international = true;
        }
        (!digits.is_empty()).then(|| Self {
            all,
            digits,
            international,
            context: core.context.clone(),
        })
    }
}

/// The user part of an address, or the whole of another text, in plain characters.
pub(super) struct Core {
    pub(super) number: String,
    context: Option<String>,
    /// No network sends it so: with digits of another script, or with something behind it that is no parameter. Two
    /// such texts are not one caller because they have digits in common.
    is_strange: bool,
}

impl Core {
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.chars().take(MOST_READ).collect();
        let text = percent_decode_str(&text).decode_utf8_lossy();
        let foreign_digits = text
            .chars()
            .any(|c| !c.is_ascii() && plain(c).is_some_and(|c| c.is_ascii_digit()));
        let plain: String = text.chars().filter_map(plain).collect();
        let mut text = bare(&plain);
        if let Some((_, address)) = text.split_once('<')
            && let Some((address, _)) = address.split_once('>')
            && !address.is_empty()
        {
            text = bare(address);
        }
        let scheme = SCHEMES.iter().find(|scheme| {
            text.get(..scheme.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        });
        if let Some(scheme) = scheme {
            text = text[scheme.len()..].trim_start_matches('/');
            text = text.split('?').next().unwrap_or_default();
        }
        let number = text.split(['@', ';']).next().unwrap_or_default();
        let mut parameters = text.split(['@', ';']).skip(1);
        Self {
            number: bare(number).to_owned(),
            is_strange: foreign_digits || !parameters.clone().all(is_parameter),
            context: parameters.find_map(context),
        }
    }

    /// Whether a plus stands before its digits.
    pub(super) fn has_plus(&self) -> bool {
        self.number.trim_start_matches(['(', ' ']).starts_with('+')
    }
}

/// Whether a text is `name` or `name=value` or a host as in an address (RFC 3966, 3; RFC 3261, 25.1), or nothing.
fn is_parameter(text: &str) -> bool {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'%+:[]".contains(c);
    let is_value = |c: char| c.is_ascii_graphic() && !"<>`|\\^{}".contains(c);
    name.trim().chars().all(is_name) && value.trim().chars().all(is_value)
}

/// The digits of `phone-context=+49911`.
fn context(parameter: &str) -> Option<String> {
    let (name, value) = parameter.split_once('=')?;
    let value = value.trim().strip_prefix('+')?;
    let value = value.split('@').next().unwrap_or_default();
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    (name.trim().eq_ignore_ascii_case("phone-context") && !digits.is_empty()).then_some(digits)
}

/// Without blanks and quotation marks at its ends.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || QUOTES.contains(c))
}

/// A character as it is on a keyboard; `None` for one that is not seen.
pub(super) fn plain(c: char) -> Option<char> {
    let from = |first: u32, zero: u32| char::from_u32(u32::from(c) - first + zero);
    match c {
        '\u{ff01}'..='\u{ff5e}' => from(0xff01, 0x21),
        '\u{660}'..='\u{669}' => from(0x660, 0x30),
        '\u{6f0}'..='\u{6f9}' => from(0x6f0, 0x30),
        '\u{207a}' | '\u{fe62}' => Some('+'),
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
        '\u{2044}' | '\u{2215}' => Some('/'),
        '\u{b7}' | '\u{2022}' | '\u{2024}' | '\u{2027}' => Some('.'),
        c if c.is_whitespace() => Some(' '),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// The number behind one word, as in `Tel. 200` and `Phone: 200`.
fn labelled(text: &str) -> Option<&str> {
    let (word, number) = text.split_once(['.', ':'])?;
    let is_word = !word.is_empty() && word.trim().chars().all(char::is_alphabetic);
    let number = bare(number);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || "+(".contains(c))
        && number.chars().all(is_part);
    (is_word && is_number).then_some(number)
}

/// The number with the most digits of those that stand free in a text.
fn longest_within(text: &str) -> Option<&str> {
    let mut found: Option<(usize, &str)> = None;
    let mut rest = 0;
    while let Some(start) = text[rest..].find(is_part).map(|at| rest + at) {
        let mut digits = 0;
        let run = text[start..]
            .char_indices()
            .find(|&(_, c)| {
                digits += usize::from(c.is_ascii_digit());
                !is_part(c) || (c == '+' && digits > 0)
            })
            .map_or(text.len(), |(at, _)| start + at);
        rest = run;
        let number = text[start..run]
            .trim_start_matches(|c: char| !c.is_ascii_digit() && !"+(".contains(c))
            .trim_end_matches(|c: char| !c.is_ascii_digit());
        let before = text[..start].ends_with(is_joined) && text[start..].starts_with(number);
        let behind = text[run..].starts_with(is_joined) && text[start..run].ends_with(number);
        let is_free = !before && !behind;
        if is_free && digits >= FEWEST_DIGITS && found.is_none_or(|(most, _)| digits > most) {
            found = Some((digits, number));
        }
    }
    found.map(|(_, number)| number)
}

fn is_part(c: char) -> bool {
    c.is_ascii_digit() || " +-./()".contains(c)
}

fn is_joined(c: char) -> bool {
    c.is_alphanumeric() || "_*#=%&".contains(c)
}

const SCHEMES: [&str; 5] = ["sip:", "sips:", "tel:", "callto:", "fax:"];
const QUOTES: &str = "\"'`\u{b4}\u{ab}\u{bb}\u{2018}\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}\u{201f}\u{2039}\u{203a}";
/// An address with its parameters is no longer.
const MOST_READ: usize = 512;
/// A number among words has at least this many digits.
const FEWEST_DIGITS: usize = 5;
