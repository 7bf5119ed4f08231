//! `[web]`: the support team's page.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::secret::Secret;
use super::value::{header, host_names, networks};
use crate::access::{Rights, Role};
use crate::call_record::MailboxName;
use crate::case::LONGEST_NAME;
use crate::password::PasswordHash;
use crate::setting::{seconds, texts};
use crate::text::is_hostile;

/// `[web]`: where the page is served, and what the team goes by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Web {
    /// The addresses where it is served, with their ports; none for no page.
    pub address: Vec<SocketAddr>,
    /// How long a caller may wait for the team before it is late.
    #[serde(
        rename = "answer_within_s",
        deserialize_with = "seconds::<_, 60, 2_592_000>"
    )]
    pub answer_within: Duration,
    /// How long somebody who claims a case has it to themselves.
    #[serde(
        rename = "claims_last_s",
        deserialize_with = "seconds::<_, 60, 604_800>"
    )]
    pub claims_last: Duration,
    /// The names and addresses by which browsers ask for it, in lower case, beside this machine's own.
    #[serde(deserialize_with = "host_names")]
    pub host: Vec<String>,
    /// Where the reverse proxies are whose headers are believed.
    #[serde(deserialize_with = "networks")]
    pub proxies: Vec<IpNet>,
    /// The header, in lower case, in which a reverse proxy says who has logged in to it.
    #[serde(deserialize_with = "header")]
    pub user_header: Option<String>,
    /// Who may see it, by name; with nobody there is no login.
    #[serde(skip)]
    pub users: BTreeMap<String, User>,
}

impl Web {
    /// Beside the guard's own port.
    pub const PORT: u16 = 4575;

    /// Whether others than those on this machine can reach it.
    pub fn is_reached_from_elsewhere(&self) -> bool {
        self.address.iter().any(|of| !of.ip().is_loopback())
    }

    /// Whether one has to say who one is.
    pub fn has_login(&self) -> bool {
        !self.users.is_empty() || self.user_header.is_some() || self.is_reached_from_elsewhere()
    }
}

/// `[web.user."NAME"]`: somebody who may see the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// What they log in with; nothing where only a reverse proxy knows them.
    pub password: Option<PasswordHash>,
    /// What they may do.
    pub rights: Rights,
}

/// A user's table as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UserTable {
    #[serde(deserialize_with = "password")]
    password: Option<PasswordHash>,
    role: Role,
    #[serde(deserialize_with = "mailboxes")]
    mailboxes: Option<Vec<MailboxName>>,
}

impl From<UserTable> for User {
    fn from(table: UserTable) -> Self {
        let UserTable {
            password,
            role,
            mailboxes,
        } = table;
        Self {
            password,
            rights: Rights { role, mailboxes },
        }
    }
}

fn password<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PasswordHash>, D::Error> {
    let text = Secret::deserialize(from)?;
    // It may be the password itself, which is not repeated.
    let hash = PasswordHash::parse(text.inline());
    let wrong = "not a hash as voicemail-guard user add makes it, $argon2id$…";
    hash.map(Some).ok_or_else(|| D::Error::custom(wrong))
}

fn mailboxes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<MailboxName>>, D::Error> {
    let rule = |text: &str| Some(MailboxName::from(text)).filter(|name| name.mailbox().is_some());
    texts(from, rule, "a mailbox such as \"100@default\"").map(Some)
}

/// Whether somebody may be called so: what the team reads as who did something.
pub fn is_user_name(name: &str) -> bool {
    let is_plain = !name.chars().any(is_hostile) && name.trim() == name;
    is_plain && (1..=LONGEST_NAME).contains(&name.chars().count())
}

impl Default for Web {
    fn default() -> Self {
        Self {
            address: vec![
                (Ipv4Addr::LOCALHOST, Self::PORT).into(),
                (Ipv6Addr::LOCALHOST, Self::PORT).into(),
            ],
            answer_within: Duration::from_hours(4),
            claims_last: Duration::from_hours(2),
            host: Vec::new(),
            proxies: Vec::new(),
            user_header: None,
            users: BTreeMap::new(),
        }
    }
}
