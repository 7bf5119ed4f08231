//! Which addresses a webhook may be sent to, pure: public ones, and what the administrator allows.
//!
//! Somebody who can write the webhook's name into a DNS zone must not make the guard talk to machines that only
//! the guard can reach (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// An address that is not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is {what}; if the receiver is meant to be there, name it in [delivery.webhook] allow_private"
)]
pub struct ForbiddenAddress {
    /// The address as resolved.
    pub address: IpAddr,
    /// What kind of address it is.
    pub what: &'static str,
}

/// Whether this address may be connected to.
///
/// # Errors
/// It is not a public address and in no allowed network.
pub fn check(address: IpAddr, allowed: &[IpNet]) -> Result<(), ForbiddenAddress> {
    let inner = carried(address);
    let named = |network: &IpNet| network.contains(&address) || network.contains(&inner);
    if allowed.iter().any(named) {
        return Ok(());
    }
    let what = match inner {
        IpAddr::V4(v4) => v4_kind(v4),
        IpAddr::V6(v6) => v6_kind(v6),
    };
    what.map_or(Ok(()), |what| Err(ForbiddenAddress { address, what }))
}

/// The IPv4 address that an IPv6 address leads to, where it does: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
fn carried(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

/// What an address that is not public is (RFC 6890).
fn v4_kind(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "this machine itself",
        [127, ..] => "a loopback address",
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => "a private address",
        [169, 254, ..] => "a link-local address (cloud metadata)",
        [168, 63, 129, 16] => "a cloud's own address (metadata)",
        [100, 64..=127, ..] => "an address of a provider's own network",
        [224..=239, ..] => "a multicast address",
        [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [198, 18..=19, ..]
        | [240..=255, ..] => "a reserved address",
        _ => return None,
    })
}

fn v6_kind(address: Ipv6Addr) -> Option<&'static str> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0xfc00..=0xfdff, ..] => "a private address",
        [0xfe80..=0xfeff, ..] => "a link-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        // Only 2000::/3 is public, without Teredo, documentation and the NAT64 of a site.
        [0x2001, second, ..] if second > 0x1ff && second != 0xdb8 => return None,
        [0x2000 | 0x2002..=0x3ffe, ..] => return None,
        _ => "a reserved address",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_kind(address: &str, expected: &str) {
        let found = check(address.parse().unwrap(), &[]);
        let what = found.err().map_or("", |refused| refused.what);
        assert!(
            what.contains(expected) && (expected.is_empty() == what.is_empty()),
            "{address}: {what:?}"
        );
    }

    #[test]
    fn only_public_addresses_are_taken() {
        for public in [
            "93.184.216.34",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2a01:4f8::1",
            "2002:101:101::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
        ] {
            check_kind(public, "");
        }
        for (address, what) in [
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("2002:7f00:1::", "loopback"),
            ("64:ff9b::7f00:1", "loopback"),
            ("0.0.0.0", "machine"),
            ("::", "reserved"),
            ("::127.0.0.1", "reserved"),
            ("10.0.0.1", "private"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.168.1.1", "private"),
            ("fd00:ec2::254", "private"),
            ("fc00::1", "private"),
            ("169.254.169.254", "metadata"),
            ("::ffff:a9fe:a9fe", "metadata"),
            ("168.63.129.16", "metadata"),
            ("100.100.100.200", "provider"),
            ("fe80::1", "link-local"),
            ("fec0::1", "link-local"),
            ("224.0.0.1", "multicast"),
            ("ff02::1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("240.0.0.1", "reserved"),
            ("198.18.0.1", "reserved"),
            ("192.0.2.1", "reserved"),
            ("2001:db8::1", "reserved"),
            ("2001::1", "reserved"),
            ("4000::1", "reserved"),
            ("64:ff9b:1::1", "reserved"),
        ] {
            check_kind(address, what);
        }
    }

    #[test]
    fn what_is_named_is_taken() {
        let allowed: Vec<IpNet> = vec![
            "10.1.2.3/32".parse().unwrap(),
            "fd00:1::/32".parse().unwrap(),
        ];
        for (address, taken) in [
            ("10.1.2.3", true),
            ("10.1.2.4", false),
            ("::ffff:10.1.2.3", true),
            ("fd00:1::9", true),
            ("fd00:2::9", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(
                check(address.parse().unwrap(), &allowed).is_ok(),
                taken,
                "{address}"
            );
        }
    }
}
