//! What is known of a bearer token of the programming interface.

use jiff::Timestamp;

use super::Rights;

/// A token by its name; the secret itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The name under which it acts.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used, to the minute.
    pub used: Option<Timestamp>,
    /// From when on it is not taken any more.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// Whether it is taken at this time.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_until_it_expires() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let token = |expires| Token {
            name: "wallboard".into(),
            rights: Rights::default(),
            made: at(0),
            used: None,
            expires,
        };
        for (expires, now, holds) in [
            (None, 1_000_000, true),
            (Some(at(100)), 99, true),
            (Some(at(100)), 100, false),
            (Some(at(100)), 101, false),
        ] {
            assert_eq!(token(expires).holds(at(now)), holds, "{expires:?} {now}");
        }
    }
}
