//! Who is logged in.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// A login that is not used for this long is over.
const IDLE: SignedDuration = SignedDuration::from_hours(2);
/// A login is over after this long, however much it is used.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// Logins of one user at the same time; another ends the oldest.
const MOST_OF_ONE: usize = 20;

/// Somebody's login in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: String,
    /// What they logged in with, as it is kept: another password ends their logins.
    pub password: String,
    began: Timestamp,
    used: Timestamp,
}

impl Session {
    /// A login that begins now.
    pub fn new(user: String, password: String, now: Timestamp) -> Self {
        Self {
            user,
            password,
            began: now,
            used: now,
        }
    }

    fn lasts(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.began) < LONGEST
    }
}

/// All logins, by the identifiers that the browsers send.
#[derive(Debug, Default)]
pub struct Sessions(HashMap<String, Session>);

impl Sessions {
    /// Begins a login.
    pub fn begin(&mut self, id: String, session: Session, now: Timestamp) {
        self.0.retain(|_, known| known.lasts(now));
        let of_user = self.0.iter().filter(|(_, of)| of.user == session.user);
        let mut of_user: Vec<_> = of_user.map(|(id, of)| (of.used, id.clone())).collect();
        of_user.sort();
        let over = (of_user.len() + 1).saturating_sub(MOST_OF_ONE);
        for (_, id) in of_user.drain(..over) {
            self.0.remove(&id);
        }
        self.0.insert(id, session);
    }

    /// The login with this identifier, which is used now.
    pub fn used(&mut self, id: &str, now: Timestamp) -> Option<&Session> {
        if !self.0.get(id)?.lasts(now) {
            self.0.remove(id);
            return None;
        }
        let session = self.0.get_mut(id)?;
        session.used = session.used.max(now);
        Some(session)
    }

    /// The same without using it.
    pub fn lasting(&self, id: &str, now: Timestamp) -> Option<&Session> {
        self.0.get(id).filter(|session| session.lasts(now))
    }

    /// Ends a login.
    pub fn end(&mut self, id: &str) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    fn anna(now: Timestamp) -> Session {
        Session::new("anna".into(), "hash".into(), now)
    }

    #[test]
    fn a_login_ends_when_it_is_not_used_and_after_a_day() {
        let mut sessions = Sessions::default();
        sessions.begin("1".into(), anna(at(0)), at(0));
        assert!(sessions.lasting("1", at(119)).is_some());
        assert!(sessions.lasting("1", at(120)).is_none());
        assert!(sessions.used("1", at(119)).is_some());
        assert!(sessions.lasting("1", at(238)).is_some());
        assert!(sessions.used("2", at(119)).is_none());
        assert!(sessions.used("1", at(119 + 120)).is_none());
        assert!(sessions.used("1", at(120)).is_none(), "it is over for good");
        sessions.begin("1".into(), anna(at(0)), at(0));
        for minute in (0..720).step_by(100) {
            assert!(sessions.used("1", at(minute)).is_some(), "{minute}");
        }
        assert!(sessions.used("1", at(720)).is_none());
        sessions.begin("1".into(), anna(at(0)), at(0));
        sessions.end("1");
        assert!(sessions.used("1", at(1)).is_none());
    }

    #[test]
    fn one_user_has_so_many_and_those_of_others_stay() {
        let mut sessions = Sessions::default();
        let bert = Session::new("bert".into(), "hash".into(), at(0));
        sessions.begin("b".into(), bert, at(0));
        for minute in 0..=MOST_OF_ONE as i64 {
            sessions.begin(minute.to_string(), anna(at(minute)), at(minute));
        }
        assert!(sessions.used("0", at(30)).is_none());
        assert!(sessions.used("1", at(30)).is_some());
        assert!(sessions.used("b", at(30)).is_some());
    }
}
