//! How values of settings are written: readers for serde's `deserialize_with`, each refusing what
//! is not allowed by saying what is.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

/// Seconds, also a fraction, from `MIN` to `MAX`.
///
/// # Errors
/// Anything else.
pub(crate) fn seconds<'de, D: Deserializer<'de>, const MIN: u32, const MAX: u32>(
    from: D,
) -> Result<Duration, D::Error> {
    let range = SecondsFrom {
        min: MIN,
        max: MAX,
        or_off: false,
    };
    from.deserialize_any(range).map(Option::unwrap_or_default)
}

/// As [`seconds`]; `None` for the word `"off"`.
///
/// # Errors
/// Anything else.
pub(crate) fn seconds_or_off<'de, D: Deserializer<'de>, const MIN: u32, const MAX: u32>(
    from: D,
) -> Result<Option<Duration>, D::Error> {
    from.deserialize_any(SecondsFrom {
        min: MIN,
        max: MAX,
        or_off: true,
    })
}

struct SecondsFrom {
    min: u32,
    max: u32,
    or_off: bool,
}

impl Visitor<'_> for SecondsFrom {
    type Value = Option<Duration>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, or_off } = self;
        let off = if *or_off { ", or \"off\"" } else { "" };
        write!(f, "a number of seconds from {min} to {max}{off}")
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
        let allowed = f64::from(self.min)..=f64::from(self.max);
        if allowed.contains(&seconds) {
            Ok(Some(Duration::from_secs_f64(seconds)))
        } else {
            // A large one is written with all its digits otherwise.
            Err(not_allowed(format_args!("{seconds:?}"), &self))
        }
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
        let whole = u32::try_from(seconds).ok();
        let allowed = whole.filter(|s| (self.min..=self.max).contains(s));
        let duration = allowed.map(|seconds| Duration::from_secs(seconds.into()));
        duration
            .map(Some)
            .ok_or_else(|| not_allowed(seconds, &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
        match word {
            "off" if self.or_off => Ok(None),
            _ if self.or_off => Err(not_allowed(format_args!("{word:?}"), &self)),
            _ => Err(E::invalid_type(Unexpected::Str(word), &self)),
        }
    }
}

/// A whole number from `MIN` to `MAX`.
///
/// # Errors
/// Anything else.
pub(crate) fn count<'de, D, T, const MIN: u32, const MAX: u32>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u32>,
{
    struct CountFrom(u32, u32);
    impl Visitor<'_> for CountFrom {
        type Value = u32;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number from {} to {}", self.0, self.1)
        }
        fn visit_i64<E: de::Error>(self, number: i64) -> Result<u32, E> {
            u32::try_from(number)
                .ok()
                .filter(|number| (self.0..=self.1).contains(number))
                .ok_or_else(|| not_allowed(number, &self))
        }
    }
    let number = from.deserialize_any(CountFrom(MIN, MAX))?;
    T::try_from(number).map_err(|_| de::Error::custom("too large for this machine"))
}

fn not_allowed<E: de::Error>(found: impl fmt::Display, allowed: &dyn de::Expected) -> E {
    E::custom(format_args!("{found} is not {allowed}"))
}

/// A text that a rule takes; `allowed` says which those are.
///
/// # Errors
/// No text, or one that the rule does not take.
pub(crate) fn text<'de, D: Deserializer<'de>, T>(
    from: D,
    rule: impl FnOnce(&str) -> Option<T>,
    allowed: &str,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    rule(&text).ok_or_else(|| de::Error::custom(format_args!("{text:?} is not {allowed}")))
}

/// A list of such texts.
///
/// # Errors
/// No list, or a text in it that the rule does not take.
pub(crate) fn texts<'de, D: Deserializer<'de>, T>(
    from: D,
    rule: impl Fn(&str) -> Option<T>,
    allowed: &str,
) -> Result<Vec<T>, D::Error> {
    let read = |text: &String| {
        rule(text).ok_or_else(|| de::Error::custom(format_args!("{text:?} is not {allowed}")))
    };
    Vec::<String>::deserialize(from)?.iter().map(read).collect()
}

/// Whether a text is a path that means nothing else to a command of Asterisk's.
pub(crate) fn is_plain_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    !text.is_empty() && text.len() <= 200 && text.chars().all(plain)
}

/// Whether a text is safe to hand to `VoiceMail()` as its options.
pub(crate) fn are_voicemail_options(text: &str) -> bool {
    let option = |c: char| c.is_ascii_alphanumeric() || "()#-".contains(c);
    text.len() <= 40 && text.chars().all(option)
}
