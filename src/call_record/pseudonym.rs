//! What stands in a record in place of a number that is kept no longer.

/// Letters of a pseudonym: no digits, so that it is never taken for a number; no vowels, so that it
/// is no word.
const LETTERS: &[u8; 16] = b"bcdfghjkmnpqrtvw";
/// Letters in one: 48 bits.
const LENGTH: usize = 12;

/// What stands in place of a number: `#` and twelve letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// Of the first bytes of a hash.
    pub fn of_hash(hash: &[u8]) -> Self {
        let halves = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let letters = halves.map(|half| char::from(LETTERS[usize::from(half)]));
        Self(std::iter::once('#').chain(letters.take(LENGTH)).collect())
    }

    /// With its `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text is one.
    pub fn is_one(text: &str) -> bool {
        let letters = text.strip_prefix('#').unwrap_or_default();
        letters.len() == LENGTH && letters.bytes().all(|letter| LETTERS.contains(&letter))
    }
}
