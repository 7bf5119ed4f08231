//! Who may do what on the support team's page, how often a password may be tried, and how long a login lasts: rules,
//! without a clock.

mod attempts;
mod sessions;
mod token;

use serde::Deserialize;

pub use attempts::Attempts;
pub use sessions::{Session, Sessions};
pub use token::Token;

use crate::call_record::MailboxName;

/// What somebody may do; each may what those before it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks and listens.
    #[default]
    Read,
    /// Takes steps in cases.
    Work,
    /// Sees who listened.
    Admin,
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See cases and calls, and listen to recordings.
    See,
    /// Take a step in a case.
    TakeStep,
    /// See who listened to a recording.
    SeeListeners,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Work, Self::Admin];

    /// The word for it in settings, in the log's database and in what is printed for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Work => "work",
            Self::Admin => "admin",
        }
    }

    /// Whether this is enough for that.
    pub fn may(self, action: Action) -> bool {
        self >= match action {
            Action::See => Self::Read,
            Action::TakeStep => Self::Work,
            Action::SeeListeners => Self::Admin,
        }
    }
}

/// What one visitor may do, and with which mailboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// What they may do.
    pub role: Role,
    /// The mailboxes whose cases, calls and recordings they see; all where there is no list.
    pub mailboxes: Option<Vec<MailboxName>>,
}

impl Rights {
    /// Whether calls for this mailbox, by its name with its context, are theirs to see.
    pub fn sees(&self, mailbox: &str) -> bool {
        let listed = self.mailboxes.as_ref();
        listed.is_none_or(|listed| listed.iter().any(|of| of.as_str() == mailbox))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_table_says() {
        use Action::{See, SeeListeners, TakeStep};
        for (role, may) in [
            (Role::Read, [true, false, false]),
            (Role::Work, [true, true, false]),
            (Role::Admin, [true, true, true]),
        ] {
            let actions = [See, TakeStep, SeeListeners];
            assert_eq!(actions.map(|action| role.may(action)), may, "{role:?}");
        }
    }

    #[test]
    fn mailboxes_are_seen_by_their_whole_names() {
        let some = |names: &[&str]| Rights {
            role: Role::Read,
            mailboxes: Some(names.iter().map(|name| (*name).into()).collect()),
        };
        for (rights, mailbox, sees) in [
            (Rights::default(), "100@default", true),
            (Rights::default(), "../x@default", true),
            (some(&["100"]), "100@default", true),
            (some(&["100@default"]), "100@default", true),
            (some(&["100@default"]), "100@sales", false),
            (some(&["100@default"]), "1000@default", false),
            (some(&["100@default", "200"]), "200@default", true),
            (some(&[]), "100@default", false),
        ] {
            assert_eq!(rights.sees(mailbox), sees, "{rights:?} {mailbox}");
        }
    }
}
