//! `[delivery.mail]`, `[delivery.webhook]`, and what each box wants of both.

use crate::present::Language;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use lettre::Address;
use serde::Deserialize;
use url::{Host, Url};

use super::value::{
    Count, Host as HostName, MaybeAddress, MaybeFile, MaybeHello, MaybeUrl, Network, Seconds,
    Unrepeated,
};

/// What a box wants of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxDelivery {
    /// Who gets its messages by e-mail.
    pub mail_to: Vec<Address>,
    /// The language of its e-mails.
    pub language: Language,
    /// Whether what was said after the number was asked for is heard first.
    pub number_first: bool,
}

impl Default for BoxDelivery {
    fn default() -> Self {
        Self {
            mail_to: Vec::new(),
            language: Language::En,
            number_first: true,
        }
    }
}

/// `[delivery.mail]`: the mail server.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Its name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub tls: MailTls,
    /// Certificates that are trusted beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// The user that logs in; empty where nobody does.
    pub user: String,
    /// His password.
    pub password: Password,
    /// The sender; no mail is sent without one.
    pub from: Option<Address>,
    /// The name in EHLO; `None`: this machine's full name, or its address.
    pub hello: Option<String>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// A mail that would be larger is sent without its audio, and says so.
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
            password: Password::default(),
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
    /// By TLS from the first octet.
    Tls,
}

impl MailTls {
    const fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::Starttls => 587,
            Self::Tls => 465,
        }
    }
}

/// `[delivery.webhook]`: where calls are told of over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// The receiver; nothing is told without one.
    pub url: Option<Url>,
    /// What both sides sign with.
    pub secret: Password,
    /// Networks that are not public, and may be connected to nevertheless.
    pub allow_private: Vec<IpNet>,
    /// Certificates that are trusted beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// Whether the audio goes with it.
    pub audio: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            url: None,
            secret: Password::default(),
            allow_private: Vec::new(),
            ca_file: None,
            audio: false,
            timeout: Duration::from_secs(15),
        }
    }
}

/// A secret, or the file whose first line it is; no log shows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Password {
    /// There is none.
    #[default]
    Unset,
    /// As it stands in the configuration.
    Text(String),
    /// In a file, read whenever it is needed.
    File(PathBuf),
}

impl Password {
    fn of(text: Option<Unrepeated>, file: Option<MaybeFile>) -> Self {
        match (file.and_then(|file| file.0), text) {
            (Some(file), _) => Self::File(file),
            (None, Some(text)) if !text.0.is_empty() => Self::Text(text.0),
            (None, _) => Self::Unset,
        }
    }

    /// The secret itself, for whoever has to use it.
    ///
    /// # Errors
    /// Its file cannot be read, or holds nothing.
    pub fn reveal(&self) -> Result<String, String> {
        match self {
            Self::Unset => Ok(String::new()),
            Self::Text(text) => Ok(text.clone()),
            Self::File(file) => {
                let shown = file.display();
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("the secret in {shown} cannot be read: {error}"))?;
                let line = text.lines().next().unwrap_or_default();
                if line.is_empty() {
                    return Err(format!("{shown} has no secret in its first line"));
                }
                Ok(line.to_owned())
            }
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("(unset)"),
            Self::Text(_) => f.write_str("(secret)"),
            Self::File(file) => write!(f, "(in {})", file.display()),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailTable {
    server: Option<HostName>,
    port: Option<Count<1, 65_535>>,
    tls: Option<MailTls>,
    ca_file: Option<MaybeFile>,
    user: Option<String>,
    password: Option<Unrepeated>,
    password_file: Option<MaybeFile>,
    from: Option<MaybeAddress>,
    hello: Option<MaybeHello>,
    timeout_s: Option<Seconds<1, 600>>,
    most_bytes: Option<Count<10_000, 100_000_000>>,
}

impl MailTable {
    pub(super) fn settings(self) -> Mail {
        let default = Mail::default();
        let tls = self.tls.unwrap_or(default.tls);
        Mail {
            server: self.server.map_or(default.server, |server| server.0),
            port: self.port.map_or(tls.port(), |port| port.0 as u16),
            tls,
            ca_file: self.ca_file.and_then(|file| file.0),
            user: self.user.unwrap_or_default(),
            password: Password::of(self.password, self.password_file),
            from: self.from.and_then(|from| from.0),
            hello: self.hello.and_then(|hello| hello.0),
            timeout: self.timeout_s.map_or(default.timeout, |s| s.0),
            most_bytes: self
                .most_bytes
                .map_or(default.most_bytes, |count| count.0 as usize),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookTable {
    url: Option<MaybeUrl>,
    secret: Option<Unrepeated>,
    secret_file: Option<MaybeFile>,
    allow_private: Option<Vec<Network>>,
    ca_file: Option<MaybeFile>,
    audio: Option<bool>,
    timeout_s: Option<Seconds<1, 300>>,
}

impl WebhookTable {
    pub(super) fn settings(self) -> Webhook {
        let default = Webhook::default();
        let allowed = self.allow_private.unwrap_or_default();
        Webhook {
            url: self.url.and_then(|url| url.0),
            secret: Password::of(self.secret, self.secret_file),
            allow_private: allowed.into_iter().map(|network| network.0).collect(),
            ca_file: self.ca_file.and_then(|file| file.0),
            audio: self.audio.unwrap_or(default.audio),
            timeout: self.timeout_s.map_or(default.timeout, |s| s.0),
        }
    }
}

/// What is wrong with a mail server to which some box wants its messages sent.
pub(super) fn mail_mistakes(mail: &Mail) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if mail.from.is_none() {
        let what = "some box has deliver_to \"mail\": set the sender, such as from = \"voicemail@example.com\"";
        found.push(("from", what.to_owned()));
    }
    if mail.user.is_empty() != (mail.password == Password::Unset) {
        let what = "user and password (or password_file) stand together or not at all";
        found.push(("user", what.to_owned()));
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
        found.push(("tls", what));
    }
    found
}

/// What is wrong with a webhook to which some box wants its messages sent.
pub(super) fn webhook_mistakes(webhook: &Webhook) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    match webhook.url.as_ref().map(|url| (url.scheme(), url.host())) {
        None => found.push((
            "url",
            "some box has deliver_to \"webhook\": set its address, such as url = \"https://example.com/calls\"".to_owned(),
        )),
        Some(("http", host)) if !is_loopback(host.as_ref()) => found.push((
            "url",
            "calls would be told of for everybody to read: https; http is for this machine itself".to_owned(),
        )),
        Some(_) => {}
    }
    let short = matches!(&webhook.secret, Password::Text(text) if text.len() < SHORTEST_SECRET);
    if short || webhook.secret == Password::Unset {
        let what = format!(
            "a secret (or secret_file) of at least {SHORTEST_SECRET} characters that the receiver knows, too: openssl rand -hex 32"
        );
        found.push(("secret", what));
    }
    found
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => *name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A signature's secret has at least so many characters.
pub const SHORTEST_SECRET: usize = 16;
