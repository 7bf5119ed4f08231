//! `[delivery.mail]`: the mail server.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use lettre::Address;
use serde::Deserialize;

use super::Secret;
use super::value::{address, file, hello, host};
use crate::setting::{count, seconds};

/// `[delivery.mail]`: the mail server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Mail {
    /// Its name or address.
    #[serde(deserialize_with = "host")]
    pub server: String,
    /// Its port.
    #[serde(deserialize_with = "count::<_, _, 1, 65_535>")]
    pub port: u16,
    /// How the way to it is protected.
    pub tls: MailTls,
    /// Certificates that are trusted beside the system's own.
    #[serde(deserialize_with = "file")]
    pub ca_file: Option<PathBuf>,
    /// The user that logs in; empty where nobody does.
    pub user: String,
    /// Their password.
    #[serde(skip)]
    pub password: Secret,
    /// The sender; no mail is sent without one.
    #[serde(deserialize_with = "address")]
    pub from: Option<Address>,
    /// The name in EHLO; `None`: this machine's full name, or its address.
    #[serde(deserialize_with = "hello")]
    pub hello: Option<String>,
    /// How long one attempt may take.
    #[serde(rename = "timeout_s", deserialize_with = "seconds::<_, 1, 600>")]
    pub timeout: Duration,
    /// A mail that would be larger is sent without its audio, and says so.
    #[serde(deserialize_with = "count::<_, _, 10_000, 100_000_000>")]
    pub most_bytes: usize,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: Ipv4Addr::LOCALHOST.to_string(),
            port: MailTls::None.port(),
            tls: MailTls::None,
            ca_file: None,
            user: String::new(),
            password: Secret::default(),
            from: None,
            hello: None,
            timeout: Duration::from_mins(1),
            most_bytes: 10_000_000,
        }
    }
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Not at all: only to this machine itself.
    None,
    /// By STARTTLS, without which nothing is sent.
    Starttls,
    /// By TLS from the first byte.
    Tls,
}

impl MailTls {
    pub(super) const fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::Starttls => 587,
            Self::Tls => 465,
        }
    }
}

/// The password in its two ways to be written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Password {
    pub(super) password: Secret,
    #[serde(deserialize_with = "file")]
    pub(super) password_file: Option<PathBuf>,
}

/// What is wrong with a mail server to which some mailbox wants its messages sent, each behind the settings that it is
/// about.
pub(super) fn mistakes(mail: &Mail) -> Vec<(&'static [&'static str], String)> {
    let mut found: Vec<(&[_], _)> = Vec::new();
    if mail.from.is_none() {
        let what = "some mailbox has deliver_to \"mail\" or digest_to: set the sender, such as from = \"voicemail@example.com\"";
        found.push((&["from"], what.to_owned()));
    }
    if mail.user.is_empty() != mail.password.is_unset() {
        let what = "user and password (or password_file) stand together or not at all";
        found.push((&["user", "password", "password_file"], what.to_owned()));
    }
    let local = mail.server == "localhost"
        || mail
            .server
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    if mail.tls == MailTls::None && !local {
        let what = format!(
            "messages would go to {} for everybody to read: \"starttls\" or \"tls\"; \"none\" is for this machine itself",
            mail.server
        );
        found.push((&["tls", "server"], what));
    }
    found
}
