//! The shipped dialplan: its name, and its version, which it says in each request.
//!
//! A dialplan is installed by hand or by `install-dialplan`, and Asterisk reads it again when it is asked to: the
//! guard may be newer than what Asterisk runs. Every version goes on to work; an older one lacks what has come since.

use std::net::SocketAddr;
use std::num::NonZeroU16;

/// Name of its file.
pub const DIALPLAN: &str = "extensions_voicemail_guard.conf";
/// Its context for callers who wait in queues.
pub const QUEUE_CONTEXT: &str = "voicemail-guard-queue";
/// What its subroutine is called by, before the mailbox.
pub const GOSUB: &str = "voicemail-guard,s,1(";
/// Argument of a request in which it says its version.
pub const ARGUMENT: &str = "dialplan";
/// The version that belongs to this guard.
pub const VERSION: u32 = 2;
/// Argument of a request that is `1` where the dialplan asks another guard if this one does not take the call.
pub const FURTHER: &str = "further";
/// Variable of the dialplan that names the guards, in the order in which they are asked.
pub const GUARDS: &str = "VOICEMAIL_GUARD_AGI";

/// The version that a dialplan says in its requests; 0 for one that says none yet.
pub fn version(dialplan: &str) -> u32 {
    dialplan
        .lines()
        .filter(|line| !line.trim_start().starts_with(';'))
        .find_map(|line| line.split_once(&format!("&{ARGUMENT}=")))
        .and_then(|(_, said)| {
            said.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}

/// How this version stands to the guard's, if it is another.
pub fn compared(version: u32) -> Option<&'static str> {
    match version.cmp(&VERSION) {
        std::cmp::Ordering::Less => Some("older"),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some("newer"),
    }
}

/// The places in a value of [`GUARDS`], each with what is wrong with it, if anything.
pub fn guards(value: &str) -> Vec<(&str, Option<&'static str>)> {
    let places = value.split('&').map(str::trim);
    places.map(|place| (place, mistake(place))).collect()
}

fn mistake(place: &str) -> Option<&'static str> {
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        !name.is_empty() && name.chars().all(allowed)
    };
    if let Some(name) = place.strip_prefix("hagi://") {
        return match name.split_once(':') {
            Some(_) => Some(
                "with a port Asterisk looks up no SRV records: write hagi://name, or host:port",
            ),
            None if is_name(name) => None,
            None => Some("this is no name"),
        };
    }
    let place = place.strip_prefix("agi://").unwrap_or(place);
    if place.starts_with('[') {
        return match place.parse::<SocketAddr>() {
            Ok(address) if address.port() > 0 => None,
            _ if with_port(place).is_some() => Some(NO_PORT),
            _ => Some("this is no IPv6 address in brackets with a port, as [2001:db8::1]:4574"),
        };
    }
    if with_port(&format!("[{place}]")).is_some() {
        return Some("an IPv6 address stands in brackets, as [2001:db8::1]:4574");
    }
    match place.split_once(':') {
        _ if !is_name(place.split(':').next().unwrap_or_default()) => {
            Some("this is no host: host:port, and & between several, without blanks or commas")
        }
        None => Some(NO_PORT),
        Some((_, port)) if port.parse::<NonZeroU16>().is_ok() => None,
        Some(_) => {
            Some("its port is no number from 1 to 65535; several guards have & between them")
        }
    }
}

fn with_port(address: &str) -> Option<SocketAddr> {
    format!("{address}:1").parse().ok()
}

const NO_PORT: &str = "it has no port: Asterisk takes 4573, which is not the guard's";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_guards_is_read_as_the_dialplan_reads_it() {
        for fine in [
            "127.0.0.1:4574",
            "agi://guard:4574",
            "hagi://guards.example.com",
            "[2001:db8::1]:4574",
            "guard-1.example.com:4574&192.0.2.11:4575 & hagi://guards.example.com",
        ] {
            let wrong = guards(fine).into_iter().find(|(_, wrong)| wrong.is_some());
            assert_eq!(wrong, None, "{fine}");
        }
        for (list, place, words) in [
            ("", "", "no host"),
            ("192.0.2.10", "192.0.2.10", "no port"),
            ("a:4574&b", "b", "no port"),
            ("a:4574,b:4574", "a:4574,b:4574", "its port"),
            ("a:4574&&b:4574", "", "no host"),
            ("a b:4574", "a b:4574", "no host"),
            ("a:0", "a:0", "its port"),
            ("a:99999", "a:99999", "its port"),
            ("2001:db8::1:4574", "2001:db8::1:4574", "in brackets"),
            ("[2001:db8::1]", "[2001:db8::1]", "no port"),
            ("[guard]:4574", "[guard]:4574", "no IPv6"),
            ("hagi://guard:4574", "hagi://guard:4574", "SRV"),
            ("hagi://", "hagi://", "no name"),
            ("http://guard:4574", "http://guard:4574", "its port"),
        ] {
            let wrong: Vec<_> = guards(list)
                .into_iter()
                .filter_map(|(place, wrong)| Some((place, wrong?)))
                .collect();
            assert!(
                matches!(wrong[..], [(found, why)] if found == place && why.contains(words)),
                "{list}: {wrong:?}"
            );
        }
    }

    #[test]
    fn the_version_is_the_one_in_the_request() {
        for (dialplan, expected) in [
            ("", 0),
            (" same => n,AGI(agi://host/guard?box=1)\n", 0),
            ("; agi://host/guard?box=1&dialplan=7\n", 0),
            (" same => n,AGI(agi://host/guard?box=1&dialplan=7)\n", 7),
            (
                " same => n,AGI(agi://host/guard?box=1&dialplan=12&x=3)\n",
                12,
            ),
            (" same => n,AGI(agi://host/guard?box=1&dialplan=)\n", 0),
        ] {
            assert_eq!(version(dialplan), expected, "{dialplan}");
        }
    }
}
