//! The secrets of bearer tokens: made, recognised, and hashed.
//!
//! A secret has 256 random bits, so nobody guesses it, and one round of SHA-256 keeps it: there is nothing to slow
//! down. It is looked up by its hash, so how long that takes says nothing of how near somebody was.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

/// What every token begins with, so that it is recognised where it lies about.
pub const PREFIX: &str = "vmg_";
/// Bytes behind it, in base64 for addresses.
const BYTES: usize = 32;

/// What is kept of a token.
pub type Hash = [u8; 32];

/// A new secret.
///
/// # Errors
/// The system gives no random numbers.
pub fn make() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The hash of a token; `None` where a text cannot be one.
pub fn hash(text: &str) -> Option<Hash> {
    let secret = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
    if secret.len() != BYTES {
        return None;
    }
    digest(&SHA256, text.as_bytes()).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_all_are_recognised() {
        let [one, other] = [make().unwrap(), make().unwrap()];
        assert_ne!(hash(&one), hash(&other));
        assert!(hash(&one).is_some() && one.len() == 47, "{one}");
        let cut = &one[..46];
        let long = format!("{one}A");
        let bare = &one[PREFIX.len()..];
        for text in ["", "vmg_", cut, &long, bare, "vmg_ä", "VMG_AAAA", " "] {
            assert_eq!(hash(text), None, "{text}");
        }
    }

    #[test]
    fn the_hash_is_that_of_the_whole_text() {
        let text = format!("{PREFIX}{}", "A".repeat(43));
        let by_ring = digest(&SHA256, text.as_bytes());
        assert_eq!(hash(&text).unwrap(), by_ring.as_ref());
    }
}
