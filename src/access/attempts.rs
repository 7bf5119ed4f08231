//! How often something may be tried in a while.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};

/// Those of whom attempts are remembered; of more, the one whose last attempt is the oldest is forgotten.
const MOST_KEYS: usize = 10_000;

/// Attempts by who makes them: at most so many within a time.
#[derive(Debug)]
pub struct Attempts<K> {
    most: usize,
    within: SignedDuration,
    made: HashMap<K, Vec<Timestamp>>,
}

impl<K: Hash + Eq + Clone> Attempts<K> {
    /// At most `most` attempts `within` this time.
    pub fn new(most: usize, within: SignedDuration) -> Self {
        Self {
            most,
            within,
            made: HashMap::new(),
        }
    }

    /// How long this one has to wait until they may try again; `None` where they may now.
    pub fn wait(&self, key: &K, now: Timestamp) -> Option<SignedDuration> {
        let recent = self.made.get(key)?.iter();
        let recent: Vec<_> = recent.filter(|at| self.is_recent(**at, now)).collect();
        let first_of_most = recent.len().checked_sub(self.most)?;
        Some(self.within - now.duration_since(*recent[first_of_most]))
    }

    /// Counts an attempt.
    pub fn count(&mut self, key: K, now: Timestamp) {
        let (within, most) = (self.within, self.most);
        if self.made.len() >= MOST_KEYS && !self.made.contains_key(&key) {
            let is_recent = |at: &Timestamp| now.duration_since(*at) < within;
            self.made.retain(|_, made| made.iter().any(is_recent));
            let oldest = self.made.iter().min_by_key(|(_, made)| made.last());
            let oldest = oldest.map(|(key, _)| key.clone());
            if let Some(oldest) = oldest.filter(|_| self.made.len() >= MOST_KEYS) {
                self.made.remove(&oldest);
            }
        }
        let made = self.made.entry(key).or_default();
        made.push(now);
        let over = made.len().saturating_sub(most);
        made.drain(..over);
    }

    /// Takes the last attempt back: it was no failure.
    pub fn take_back(&mut self, key: &K) {
        if let Some(made) = self.made.get_mut(key) {
            made.pop();
        }
    }

    /// Forgets all attempts of this one.
    pub fn forget(&mut self, key: &K) {
        self.made.remove(key);
    }

    fn is_recent(&self, at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(at) < self.within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn so_many_in_a_while_and_then_one_waits() {
        let mut attempts = Attempts::new(3, SignedDuration::from_secs(60));
        for second in [0, 10, 20] {
            assert_eq!(attempts.wait(&"a", at(second)), None, "{second}");
            attempts.count("a", at(second));
        }
        let seconds = SignedDuration::from_secs;
        assert_eq!(attempts.wait(&"a", at(20)), Some(seconds(40)));
        assert_eq!(attempts.wait(&"a", at(59)), Some(seconds(1)));
        assert_eq!(attempts.wait(&"b", at(20)), None);
        assert_eq!(attempts.wait(&"a", at(60)), None);
        attempts.count("a", at(60));
        assert_eq!(attempts.wait(&"a", at(60)), Some(seconds(10)));
        attempts.take_back(&"a");
        assert_eq!(attempts.wait(&"a", at(60)), None);
        attempts.count("a", at(60));
        attempts.forget(&"a");
        assert_eq!(attempts.wait(&"a", at(60)), None);
    }

    #[test]
    fn a_flood_of_names_is_not_kept() {
        let mut attempts = Attempts::new(3, SignedDuration::from_secs(60));
        for second in 0..3 {
            attempts.count(-1, at(second));
        }
        for key in 0..2 * MOST_KEYS as i64 {
            attempts.count(key, at(3));
        }
        assert!(attempts.made.len() <= MOST_KEYS);
    }
}
