//! Who is expected: each id for one connection, and for a while. Pure.

use std::time::Instant;

use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::id::Id;

/// The ids that have been given out, each with whom it is for.
#[derive(Debug)]
pub(super) struct Register<T>(Vec<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    id: Id,
    until: Instant,
    is_taken: bool,
    whose: T,
}

/// What becomes of a connection that names an id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presented<'a, T> {
    /// It is this one's.
    Taken(&'a mut T),
    /// Somebody has come with the same id before: one of the two is not who they say.
    Again(&'a mut T),
    /// Nobody expects it, or not any more.
    Unknown,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Register<T> {
    /// Somebody is expected with this id until then.
    pub(super) fn expect(&mut self, id: Id, until: Instant, whose: T) {
        self.0.push(Entry {
            id,
            until,
            is_taken: false,
            whose,
        });
    }

    /// Nobody is expected with it any more, nor known by it.
    pub(super) fn forget(&mut self, id: Id) {
        self.0.retain(|entry| entry.id != id);
    }

    /// A connection names this id now. How long it takes says nothing of how near it is to one of ours.
    pub(super) fn present(&mut self, id: Id, now: Instant) -> Presented<'_, T> {
        let mut found = u64::MAX;
        for (at, entry) in (0..).zip(&self.0) {
            found.conditional_assign(&at, entry.id.ct_eq(&id));
        }
        match self.0.get_mut(found as usize) {
            Some(entry) if entry.is_taken => Presented::Again(&mut entry.whose),
            Some(entry) if now < entry.until => {
                entry.is_taken = true;
                Presented::Taken(&mut entry.whose)
            }
            _ => Presented::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn an_id_is_for_one_connection_and_in_time() {
        let id = |byte| Id::from([byte; 16]);
        let now = Clock::default().now();
        let later = |s| now + Duration::from_secs(s);
        let mut register = Register::default();
        for byte in 1..=3 {
            register.expect(id(byte), later(5), byte);
        }
        assert_eq!(register.present(id(9), now), Presented::Unknown);
        assert_eq!(register.present(id(2), later(4)), Presented::Taken(&mut 2));
        assert_eq!(register.present(id(2), later(4)), Presented::Again(&mut 2));
        // Whose line is up is known for as long as it is.
        assert_eq!(register.present(id(2), later(99)), Presented::Again(&mut 2));
        assert_eq!(register.present(id(1), later(5)), Presented::Unknown);
        register.forget(id(2));
        assert_eq!(register.present(id(2), later(4)), Presented::Unknown);
        assert_eq!(register.present(id(3), later(4)), Presented::Taken(&mut 3));
    }
}
