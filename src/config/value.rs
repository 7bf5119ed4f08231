//! Readers for the values of settings that only the shell goes by: networks, folders, addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use jiff::civil::Time;
use lettre::Address;
use serde::de::{Deserialize, Deserializer, Error};
use url::Url;

use crate::setting::{is_plain_path, text, texts};
use crate::telemetry;

pub(super) fn ports<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    let allowed = "an address with its port, such as \"127.0.0.1:4574\"";
    texts(from, |text| text.parse().ok(), allowed)
}

pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: &str| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| address()).ok()
    };
    let allowed = "a network such as \"192.0.2.0/24\" or \"2001:db8::/32\"";
    texts(from, network, allowed)
}

pub(super) fn folder<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    text(
        from,
        |text| text.starts_with('/').then(|| text.into()),
        "the whole path of a folder, beginning with /",
    )
}

/// A folder that is named in a command to Asterisk, where commas, blanks and quotes mean something.
pub(super) fn asterisk_folder<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    let allowed = "the whole path of a folder, beginning with /, of letters, digits, and . _ - /";
    let rule = |text: &str| {
        let is_plain = text.starts_with('/') && is_plain_path(text);
        is_plain.then(|| text.trim_end_matches('/').into())
    };
    text(from, rule, allowed)
}

pub(super) fn file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let rule = |text: &str| match text {
        "" => Some(None),
        text => text.starts_with('/').then(|| Some(text.into())),
    };
    let allowed = "the whole path of a file, beginning with /, or \"\" for none";
    text(from, rule, allowed)
}

pub(super) fn host_and_port<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let rule = |text: &str| is_host_and_port(text).then(|| text.to_owned());
    let allowed = "a host and a port such as \"127.0.0.1:5038\"";
    text(from, rule, allowed)
}

pub(super) fn host_and_port_or_none<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    let rule = |text: &str| match text {
        "" => Some(None),
        text => is_host_and_port(text).then(|| Some(text.to_owned())),
    };
    let allowed = "a host and a port such as \"guard.example.com:4576\", or \"\" for none";
    text(from, rule, allowed)
}

fn is_host_and_port(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-[]:".contains(c);
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && host.chars().all(plain) && port.parse::<u16>().is_ok()
    })
}

/// A machine by its name or address.
pub(super) fn host<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let is_host = |text: &str| url::Host::parse(text).is_ok() || text.parse::<Ipv6Addr>().is_ok();
    let allowed = "the name or address of a machine, without a port";
    text(from, |text| is_host(text).then(|| text.to_owned()), allowed)
}

/// Names or addresses of machines, as browsers write them.
pub(super) fn host_names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let host = |text: &str| {
        let bare = text.parse::<Ipv6Addr>().map(|of| format!("[{of}]"));
        let host = url::Host::parse(bare.as_deref().unwrap_or(text)).ok()?;
        Some(host.to_string())
    };
    let allowed = "the name or address of a machine, without a port";
    texts(from, host, allowed)
}

/// The name of a header of HTTP, in lower case, or none.
pub(super) fn header<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let rule = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let good = text.len() <= 64 && text.bytes().all(plain);
        let name = Some(text.to_ascii_lowercase()).filter(|name| !name.is_empty());
        good.then_some(name)
    };
    let allowed = "the name of a header such as \"X-Remote-User\", or \"\" for none";
    text(from, rule, allowed)
}

/// What a mail server is greeted with, or nothing: a name, or an address, which is sent in
/// brackets.
pub(super) fn hello<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let rule = |text: &str| {
        let bare = text.trim_matches(['[', ']']).trim_start_matches("IPv6:");
        match bare.parse() {
            Ok(IpAddr::V4(address)) => Some(Some(format!("[{address}]"))),
            Ok(IpAddr::V6(address)) => Some(Some(format!("[IPv6:{address}]"))),
            Err(_) => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
                let is_name = text.len() <= 253 && text.bytes().all(plain);
                is_name.then(|| Some(text.to_owned()).filter(|name| !name.is_empty()))
            }
        }
    };
    let allowed = "a full name such as \"pbx.example.com\", or an address";
    text(from, rule, allowed)
}

pub(super) fn one_line<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let rule = |text: &str| is_one_line(text).then(|| text.to_owned());
    text(from, rule, ONE_LINE)
}

pub(super) const ONE_LINE: &str = "a text of at most 256 bytes without line ends";

pub(super) fn is_one_line(text: &str) -> bool {
    text.len() <= 256 && !text.chars().any(char::is_control)
}

/// Languages as in `CHANNEL(language)`; they are names of folders, too.
pub(super) fn language_tags<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let rule = |text: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let is_tag = !text.is_empty() && text.len() <= 20 && text.chars().all(good);
        is_tag.then(|| text.to_owned())
    };
    texts(from, rule, "a language such as \"en\" or \"de\"")
}

pub(super) fn log_level<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(
        from,
        |text| telemetry::filter(text).map(|_| text.to_owned()),
        "one of \"error\", \"warn\", \"info\", \"debug\", \"trace\" \
         (or directives such as \"info,voicemail_guard::agi=debug\")",
    )
}

pub(super) fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Address>, D::Error> {
    let allowed = "an e-mail address such as \"hotline@example.com\"";
    texts(from, |text| text.parse().ok(), allowed)
}

pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Address>, D::Error> {
    let rule = |text: &str| match text {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let allowed = "an e-mail address such as \"hotline@example.com\", or \"\" for none";
    text(from, rule, allowed)
}

/// Hours and minutes of a day, such as `07:30`.
pub(super) fn time_of_day<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
    let rule = |text: &str| {
        let is_plain = text.len() == "07:30".len() && text.as_bytes()[2] == b':';
        is_plain.then(|| text.parse().ok())?
    };
    text(from, rule, "a time of day such as \"07:30\"")
}

/// The address of a page or a receiver, or none.
pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    const ALLOWED: &str = "an address that begins with https:// or http://, without a user in it, \
                           or \"\" for none";
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let bare = |url: &Url| {
        let nobody = url.username().is_empty() && url.password().is_none();
        ["http", "https"].contains(&url.scheme()) && url.has_host() && nobody
    };
    match Url::parse(&text).ok().filter(bare) {
        Some(url) => Ok(Some(url)),
        // A password in it is not repeated.
        None if text.contains('@') => Err(D::Error::custom(format_args!("not {ALLOWED}"))),
        None => Err(D::Error::custom(format_args!("{text:?} is not {ALLOWED}"))),
    }
}
