//! Passwords of the page's users: what is kept of them, and whether one is right.

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};

/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 10;
/// The longest, in bytes.
pub const LONGEST: usize = 1_024;

/// More than this much memory, in KiB, no hash may ask for: a login must not starve the calls.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
/// Nor more passes over it.
const MOST_PASSES: u32 = 16;

/// What is kept of a password: an Argon2id hash in the PHC form, `$argon2id$v=19$…`. Nothing shows it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too easy to guess.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// It is too long to be one.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// The system gives no random numbers, or no memory.
    #[error("the password cannot be hashed")]
    Hashing,
}

impl PasswordHash {
    /// A hash as it stands in the configuration; `None` where it is none, or one that costs too much.
    pub fn parse(text: &str) -> Option<Self> {
        let hash = phc::PasswordHash::new(text).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let is_whole = hash.salt.is_some() && hash.hash.is_some();
        let costs_little = params.m_cost() <= MOST_MEMORY_KIB && params.t_cost() <= MOST_PASSES;
        let is_taken = is_whole && costs_little && hash.algorithm.as_str() == "argon2id";
        is_taken.then(|| Self(text.to_owned()))
    }

    /// Hashes a password, with a salt of its own.
    ///
    /// # Errors
    /// It is too short or too long, or cannot be hashed.
    pub fn of(password: &str) -> Result<Self, PasswordError> {
        if password.chars().count() < SHORTEST {
            return Err(PasswordError::Short);
        }
        if password.len() > LONGEST {
            return Err(PasswordError::Long);
        }
        let hash: Result<phc::PasswordHash, _> =
            Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| Self(hash.to_string()))
            .map_err(|_| PasswordError::Hashing)
    }

    /// Whether this is the password. It takes a while, on purpose: about 20 ms and 19 MiB.
    pub fn verifies(&self, password: &str) -> bool {
        let hash = phc::PasswordHash::new(&self.0);
        password.len() <= LONGEST
            && hash.is_ok_and(|hash| {
                let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
                verified.is_ok()
            })
    }

    /// As it stands in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is the password of a user; where there is no such user it is looked at all the same, so that nobody
/// learns from the time who is one.
pub fn verify(hash: Option<&PasswordHash>, password: &str) -> bool {
    static NOBODY: LazyLock<Option<PasswordHash>> =
        LazyLock::new(|| PasswordHash::of("the password of nobody").ok());
    let nobody = LazyLock::force(&NOBODY).as_ref();
    let is_right = hash.or(nobody).is_some_and(|hash| hash.verifies(password));
    is_right && hash.is_some()
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hash)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let hash = PasswordHash::of("correct horse").unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$"),
            "{}",
            hash.as_str()
        );
        assert_eq!(PasswordHash::parse(hash.as_str()), Some(hash.clone()));
        assert!(verify(Some(&hash), "correct horse"));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!verify(Some(&hash), wrong), "{wrong}");
        }
        assert!(!verify(None, "the password of nobody"));
        assert_ne!(PasswordHash::of("correct horse").unwrap(), hash, "no salt");
        assert_eq!(format!("{hash:?}"), "(hash)");
    }

    #[test]
    fn what_is_no_password_and_no_hash() {
        assert_eq!(PasswordHash::of("123456789"), Err(PasswordError::Short));
        assert_eq!(PasswordHash::of("ääääääää"), Err(PasswordError::Short));
        assert_eq!(
            PasswordHash::of(&"x".repeat(1_025)),
            Err(PasswordError::Long)
        );
        let good = PasswordHash::of("correct horse").unwrap();
        let good = good.as_str();
        for wrong in [
            "",
            "correct horse",
            "$1$abc$def",
            "$argon2id$v=19$m=19456,t=2,p=1",
            &good.replace("m=19456", "m=4194304"),
            &good.replace("t=2", "t=1000"),
            &good.replace("argon2id", "argon2i"),
        ] {
            assert_eq!(PasswordHash::parse(wrong), None, "{wrong}");
        }
    }
}
