//! What a connection is known by.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// The 16 bytes that a connection begins with; `Display` is how `AudioSocket()` wants them in the dialplan.
///
/// A secret as long as nobody has come with it: `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct Id([u8; 16]);

impl Id {
    /// A new one, of random bytes.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Its bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Id {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl ConstantTimeEq for Id {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Id {}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_as_a_uuid_to_asterisk_and_to_nobody_else() {
        let id = Id(std::array::from_fn(|at| at as u8 * 0x11));
        assert_eq!(id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        assert!(!format!("{id:?}").contains("11"));
        assert_ne!(Id::random().unwrap(), Id::random().unwrap());
    }
}
