//! Pseudonyms: what stands in place of a number once its days are over.
//!
//! The same number has the same pseudonym as long as the key lives, so that figures and repeat
//! callers stay. Without the key nobody finds the number by trying all there are; with it one can,
//! so this is personal data still (GDPR, Art. 4 (5)).

use ring::hmac;

use crate::call_record::Pseudonym;

/// The key by which numbers become pseudonyms.
#[derive(Clone)]
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// Bytes of a key.
    pub const KEY_BYTES: usize = 32;

    /// By this key.
    pub fn new(key: &[u8; Self::KEY_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The pseudonym of a number in the form in which numbers are compared
    /// ([`identity`](crate::number::identity)).
    pub fn of(&self, identity: &str) -> Pseudonym {
        let tag = hmac::sign(&self.0, identity.as_bytes());
        Pseudonym::of_hash(tag.as_ref())
    }
}
