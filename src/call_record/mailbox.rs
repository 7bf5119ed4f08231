//! Mailboxes, and the names that are given for them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mailbox that Asterisk can have, such as `100@default`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    name: String,
    /// Where the `@` stands.
    at: usize,
}

impl Mailbox {
    /// Reads `100@default` or `100`, which is in the context `default`, as with `VoiceMail()`;
    /// `None` where that could name anything but a folder of the spool.
    pub fn parse(name: &str) -> Option<Self> {
        let (number, context) = name.split_once('@').unwrap_or((name, DEFAULT_CONTEXT));
        let sound = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
            (1..=80).contains(&word.len()) && !word.starts_with('.') && word.chars().all(plain)
        };
        (sound(number) && sound(context)).then(|| Self {
            name: format!("{number}@{context}"),
            at: number.len(),
        })
    }

    /// `100` of `100@default`; a name may stand there as well.
    pub fn number(&self) -> &str {
        &self.name[..self.at]
    }

    /// `default` of `100@default`.
    pub fn context(&self) -> &str {
        &self.name[self.at + 1..]
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// What was given as the name of a mailbox, with its context: read once, and serialised as its
/// text. Hostile where it is impossible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum MailboxName {
    /// Asterisk can have this mailbox.
    Mailbox(Mailbox),
    /// Asterisk can have no mailbox of this name.
    Impossible(String),
}

impl MailboxName {
    /// The mailbox, if Asterisk can have it.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Mailbox(mailbox) => Some(mailbox),
            Self::Impossible(_) => None,
        }
    }

    /// What stands for a queue in the place of a mailbox, such as `support@queue`; `None` where no queue can be called so.
    pub fn of_queue(queue: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = Self::from(format!("{queue}@{QUEUES}"));
        (queue.chars().all(plain) && name.mailbox().is_some()).then_some(name)
    }

    /// Whether it stands for a queue.
    pub fn is_queue(&self) -> bool {
        self.mailbox().is_some_and(|name| name.context() == QUEUES)
    }

    /// The name with its context.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mailbox(mailbox) => mailbox.as_str(),
            Self::Impossible(name) => name,
        }
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name without a context is in `default`.
impl From<&str> for MailboxName {
    fn from(name: &str) -> Self {
        match Mailbox::parse(name) {
            Some(mailbox) => Self::Mailbox(mailbox),
            None if name.contains('@') => Self::Impossible(name.to_owned()),
            None => Self::Impossible(format!("{name}@{DEFAULT_CONTEXT}")),
        }
    }
}

impl From<String> for MailboxName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<MailboxName> for String {
    fn from(name: MailboxName) -> Self {
        match name {
            MailboxName::Mailbox(mailbox) => mailbox.name,
            MailboxName::Impossible(name) => name,
        }
    }
}

const DEFAULT_CONTEXT: &str = "default";

/// What stands behind the `@` where a queue stands in the place of a mailbox.
const QUEUES: &str = "queue";
