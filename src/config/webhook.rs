//! `[delivery.webhook]`: the receiver of calls over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::{Host, Url};

use super::Secret;
use super::value::{file, networks, url};
use crate::setting::seconds;

/// `[delivery.webhook]`: where calls are reported over HTTP.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Webhook {
    /// The receiver; nothing is sent without one.
    #[serde(deserialize_with = "url")]
    pub url: Option<Url>,
    /// What both sides sign with.
    #[serde(skip)]
    pub secret: Secret,
    /// Networks that are not public, and may be connected to nevertheless.
    #[serde(deserialize_with = "networks")]
    pub allow_private: Vec<IpNet>,
    /// Certificates that are trusted beside the system's own.
    #[serde(deserialize_with = "file")]
    pub ca_file: Option<PathBuf>,
    /// Whether the audio goes with it.
    pub audio: bool,
    /// How long one attempt may take.
    #[serde(rename = "timeout_s", deserialize_with = "seconds::<_, 1, 300>")]
    pub timeout: Duration,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            url: None,
            secret: Secret::default(),
            allow_private: Vec::new(),
            ca_file: None,
            audio: false,
            timeout: Duration::from_secs(15),
        }
    }
}

/// The secret in its two ways to be written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Signature {
    pub(super) secret: Secret,
    #[serde(deserialize_with = "file")]
    pub(super) secret_file: Option<PathBuf>,
}

/// What is wrong with a webhook to which some mailbox wants its messages sent, each behind the settings that it is about.
pub(super) fn mistakes(webhook: &Webhook) -> Vec<(&'static [&'static str], String)> {
    let mut found: Vec<(&[_], _)> = Vec::new();
    match webhook.url.as_ref().map(|url| (url.scheme(), url.host())) {
        None => found.push((
            &["url"],
            "some mailbox has deliver_to \"webhook\": set its address, such as url = \"https://example.com/calls\"".to_owned(),
        )),
        Some(("http", host)) if !is_loopback(host.as_ref()) => found.push((
            &["url"],
            "calls would be sent for everybody to read: https; http is for this machine itself".to_owned(),
        )),
        Some(_) => {}
    }
    let short = matches!(&webhook.secret, Secret::Inline(text) if text.len() < SHORTEST_SECRET);
    if short {
        let what = format!(
            "a secret (or secret_file) of at least {SHORTEST_SECRET} characters that the receiver knows, too: openssl rand -hex 32"
        );
        found.push((&["secret", "secret_file"], what));
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

/// A signature's secret has at least this many characters.
pub const SHORTEST_SECRET: usize = 16;
