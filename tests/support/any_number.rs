//! What holds for any text that stands where a number is expected.

use voicemail_guard::number::{self, Needle, search_key};

/// The first line is what was stored, the rest what is searched for.
pub fn search(text: &str) {
    let (stored, wanted) = text.split_once('\n').unwrap_or((text, text));
    let home = "DE".parse().ok();
    let e164 = number::normalise(stored, home);
    if let Some(e164) = &e164 {
        let digits = e164
            .as_str()
            .strip_prefix('+')
            .expect("a plus sign in front");
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{e164:?}");
        assert!((5..=15).contains(&digits.len()), "{e164:?}");
        let again = number::normalise(e164.as_str(), None);
        assert_eq!(again.as_ref(), Some(e164), "another number the second time");
    }
    let key = search_key(stored, e164.as_ref());
    if let Some(itself) = Needle::read(stored, home) {
        assert!(
            itself.matches(&key),
            "{stored:?} does not find itself: {itself:?} in {key:?}"
        );
    }
    if let (Some(e164), true) = (&e164, !key.is_empty()) {
        let international = Needle::read(e164.as_str(), home);
        assert!(
            international.is_some_and(|needle| needle.matches(&key)),
            "{e164:?} in {key:?}"
        );
    }
    if let Some(needle) = Needle::read(wanted, home) {
        assert!(!needle.matches(""), "{wanted:?} finds what has no number");
    }
    if let Some(e164) = &e164 {
        let shown = number::mask(stored);
        let digits = shown.bytes().filter(u8::is_ascii_digit).count();
        assert!(
            digits < e164.as_str().len() - 1,
            "{shown} hides nothing of {e164:?}"
        );
    }
}
