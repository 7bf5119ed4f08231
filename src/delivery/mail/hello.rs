//! The name with which the guard greets a mail server (RFC 5321, 4.1.4).

use std::net::IpAddr;

/// This machine's full name, where it has one. Blocks.
pub(super) fn own_name() -> Option<String> {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_str().ok()?;
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    full_name(name, &hosts)
}

/// An address in the place of a name.
pub(super) fn literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// The name itself if it is a full one, else the one that stands beside it in the table of hosts.
fn full_name(name: &str, hosts: &str) -> Option<String> {
    let lines = hosts.lines().filter_map(|line| line.split('#').next());
    let names = lines.map(|line| line.split_whitespace().skip(1));
    let beside = names
        .filter(|names| names.clone().any(|alias| alias.eq_ignore_ascii_case(name)))
        .flatten();
    let found = std::iter::once(name)
        .chain(beside)
        .find(|name| is_full(name));
    found.map(str::to_owned)
}

fn is_full(name: &str) -> bool {
    let label = |label: &str| {
        let plain = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(label)
        && last.bytes().any(|b| b.is_ascii_alphabetic())
        && !last.eq_ignore_ascii_case("localdomain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_taken_where_there_is_one() {
        let hosts = "127.0.0.1 localhost localhost.localdomain pbx\n\
                     127.0.1.1 pbx.example.com pbx # this machine\n\
                     192.0.2.1 other.example.com\n";
        for (name, full) in [
            ("pbx", Some("pbx.example.com")),
            ("PBX", Some("pbx.example.com")),
            ("pbx.example.net", Some("pbx.example.net")),
            ("box", None),
            ("localhost", None),
            ("10.1.2.3", None),
            ("my_pbx.example.com", None),
            ("a..b", None),
            ("", None),
        ] {
            assert_eq!(full_name(name, hosts).as_deref(), full, "{name}");
        }
        assert_eq!(literal([192, 0, 2, 1].into()), "[192.0.2.1]");
        assert_eq!(
            literal("2001:db8::1".parse().unwrap()),
            "[IPv6:2001:db8::1]"
        );
    }
}
