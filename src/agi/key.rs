//! Telephone keys, alone and as sets.

use std::fmt;

/// One key of a telephone: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u8);

impl Key {
    /// The key `0`.
    pub const ZERO: Self = Self(b'0');
    /// The key `1`.
    pub const ONE: Self = Self(b'1');
    /// The key `2`.
    pub const TWO: Self = Self(b'2');
    /// The key `*`.
    pub const STAR: Self = Self(b'*');
    /// The key `#`.
    pub const POUND: Self = Self(b'#');

    /// The key with this ASCII code, as AGI results give it; `None` when no telephone has it.
    pub fn from_ascii(code: u8) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        ALL.contains(&code).then_some(Self(code))
    }

    /// The character printed on the key.
    pub fn as_char(self) -> char {
        char::from(self.0)
    }

    /// The number on the key; `None` for `*`, `#` and the letters.
    pub fn digit(self) -> Option<u8> {
        self.0.is_ascii_digit().then(|| self.0 - b'0')
    }

    fn bit(self) -> u16 {
        let place = ALL.iter().position(|&code| code == self.0);
        1 << place.unwrap_or_default()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.as_char())
    }
}

/// A set of keys: those that end a prompt, or that may be pressed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Keys(u16);

impl Keys {
    /// No key ends the prompt.
    pub const NONE: Self = Self(0);
    /// The twelve keys that every telephone has.
    pub const ALL: Self = Self(0x0fff);

    /// The set with this key in it, too.
    #[must_use]
    pub fn with(self, key: Key) -> Self {
        Self(self.0 | key.bit())
    }

    /// Whether the key is in the set.
    pub fn contains(self, key: Key) -> bool {
        self.0 & key.bit() != 0
    }

    /// The keys of the set, `0` to `9`, `*`, `#`, `A` to `D`.
    pub fn iter(self) -> impl Iterator<Item = Key> {
        ALL.iter()
            .map(|&code| Key(code))
            .filter(move |&key| self.contains(key))
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        keys.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|key| write!(f, "{key}"))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({self})")
    }
}

const ALL: &[u8; 16] = b"0123456789*#ABCD";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_telephone_has_is_a_key() {
        let keys: Vec<u8> = (0..=255)
            .filter(|&code| Key::from_ascii(code).is_some())
            .collect();
        assert_eq!(keys, b"#*0123456789ABCDabcd");
        assert_eq!(Key::from_ascii(b'7').and_then(Key::digit), Some(7));
        assert_eq!(Key::POUND.digit(), None);
    }

    #[test]
    fn sets_print_in_one_order() {
        let keys: Keys = [Key::POUND, Key::TWO, Key::ONE, Key::TWO]
            .into_iter()
            .collect();
        assert_eq!(keys.to_string(), "12#");
        assert_eq!(Keys::ALL.to_string(), "0123456789*#");
        assert_eq!(Keys::NONE.to_string(), "");
        assert!(keys.contains(Key::ONE) && !keys.contains(Key::STAR));
    }
}
