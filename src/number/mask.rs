//! Numbers as the technical log may show them.

use super::written::{Core, Written};
use super::{no_number, split_country_code};

/// A number for the technical log: country code and last digits, the rest as dots.
///
/// The words for "no number" stay; every other text is hidden whole.
pub fn mask(number: &str) -> String {
    if no_number(number).is_some() {
        return Core::of(number).number.to_lowercase();
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

/// A text for the technical log: whatever in it may be a telephone number is masked.
///
/// That is five digits and more, with the signs between them that people write.
pub fn mask_in(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, from_here) = rest.split_at(start);
        let (number, behind) = from_here.split_at(length(from_here));
        out.push_str(before);
        if number.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS {
            out.push_str(&mask(number));
        } else {
            out.push_str(number);
        }
        rest = behind;
    }
    out + rest
}

/// How much of a text that begins with a plus or a digit is one number.
fn length(text: &str) -> usize {
    let mut end = 1;
    for (at, c) in text.char_indices().skip(1) {
        if c.is_ascii_digit() {
            end = at + 1;
        } else if !" -/.()".contains(c) || at - end >= MOST_SIGNS {
            break;
        }
    }
    end
}

/// An extension may be seen, a number outside has more.
const FEWEST_DIGITS: usize = 5;
/// Between two digits of a number: `) ` and the like.
const MOST_SIGNS: usize = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks() {
        for (number, masked) in [
            ("+4991112345678", "+49…678"),
            ("004991112345678", "+49…678"),
            ("091112345678", "…678"),
            ("123456", "…56"),
            ("200", "…"),
            ("Anonymous", "anonymous"),
            ("", ""),
            ("sip:anna.schmidt@example.org", "(hidden)"),
        ] {
            assert_eq!(mask(number), masked, "{number}");
        }
    }

    #[test]
    fn masks_in_a_text() {
        for (text, masked) in [
            ("", ""),
            (
                "10.0 s of speech; was asked once",
                "10.0 s of speech; was asked once",
            ),
            ("refuse has +4991112345678", "refuse has +49…678"),
            (
                "refuse has 0911 / 1234-5678; 3.0 s",
                "refuse has …678; 3.0 s",
            ),
            ("PJSIP/091112345678-0000002a", "PJSIP/…002a"),
            ("Local/200@phones", "Local/200@phones"),
            ("+ 1", "+ 1"),
        ] {
            assert_eq!(mask_in(text), masked, "{text}");
        }
    }

    proptest! {
        #[test]
        fn of_a_number_in_a_text_three_digits_are_left(
            before in "[^0-9+]{0,8}",
            number in "[+0]?[1-9][0-9]{4,14}",
            after in "[^0-9]{0,8}",
        ) {
            let masked = mask_in(&format!("{before}{number}{after}"));
            prop_assert!(!masked.contains(&number), "{}", masked);
            prop_assert!(masked.chars().filter(char::is_ascii_digit).count() <= 6, "{}", masked);
        }
    }
}
