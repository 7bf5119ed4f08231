//! Where a request comes from: whose address counts, and whether it came through TLS.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// The browser's address, as far as it is known.
    pub(super) address: IpAddr,
    /// Whether a reverse proxy that is believed has passed it on.
    pub(super) is_proxied: bool,
    /// Whether the proxy was asked through TLS.
    pub(super) is_tls: bool,
}

impl Peer {
    /// By the address of the connection; headers count only from these proxies.
    pub(super) fn of(remote: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let is_proxy = |address: &IpAddr| proxies.iter().any(|of| of.contains(address));
        let remote = remote.to_canonical();
        if !is_proxy(&remote) {
            return Self {
                address: remote,
                is_proxied: false,
                is_tls: false,
            };
        }
        let scheme = listed(headers, "x-forwarded-proto").pop();
        // What stands before the last that is no proxy of ours may be the browser's invention.
        let mut address = remote;
        for passed in listed(headers, "x-forwarded-for").iter().rev() {
            let Some(before) = read(passed) else { break };
            address = before;
            if !is_proxy(&before) {
                break;
            }
        }
        Self {
            address,
            is_proxied: true,
            is_tls: scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        }
    }
}

/// The items of a header that is a list, however many times it stands there.
fn listed<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let all = headers.get_all(name).iter();
    let all = all.filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(','))
        .map(str::trim)
        .collect()
}

/// An address, perhaps with a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.trim_matches(['[', ']']).parse::<IpAddr>();
    let address = bare.or_else(|_| text.parse::<SocketAddr>().map(|of| of.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_are_believed() {
        type Sent<'a> = &'a [(&'static str, &'a str)];
        let proxies: Vec<IpNet> = ["192.0.2.0/24", "::1/128"]
            .map(|of| of.parse().unwrap())
            .into();
        let (direct, plain, tls) = ((false, false), (true, false), (true, true));
        let tests: [(&str, Sent<'_>, &str, (bool, bool)); 11] = [
            ("203.0.113.9", &[], "203.0.113.9", direct),
            (
                "203.0.113.9",
                &[
                    ("x-forwarded-for", "10.0.0.1"),
                    ("x-forwarded-proto", "https"),
                ],
                "203.0.113.9",
                direct,
            ),
            ("192.0.2.1", &[], "192.0.2.1", plain),
            (
                "::ffff:192.0.2.1",
                &[("x-forwarded-for", "10.0.0.1")],
                "10.0.0.1",
                plain,
            ),
            (
                "::1",
                &[
                    ("x-forwarded-for", "2001:db8::7"),
                    ("x-forwarded-proto", "https"),
                ],
                "2001:db8::7",
                tls,
            ),
            (
                "::1",
                &[("x-forwarded-for", "[2001:db8::7]:80")],
                "2001:db8::7",
                plain,
            ),
            (
                "::1",
                &[("x-forwarded-for", "10.0.0.1:99")],
                "10.0.0.1",
                plain,
            ),
            // The browser's own header stands before what the proxies add.
            (
                "::1",
                &[("x-forwarded-for", "8.8.8.8, 10.0.0.1, 192.0.2.7")],
                "10.0.0.1",
                plain,
            ),
            (
                "::1",
                &[
                    ("x-forwarded-for", "8.8.8.8"),
                    ("x-forwarded-for", "10.0.0.1"),
                ],
                "10.0.0.1",
                plain,
            ),
            (
                "::1",
                &[("x-forwarded-for", "8.8.8.8, nonsense")],
                "::1",
                plain,
            ),
            ("::1", &[("x-forwarded-proto", "https, http")], "::1", plain),
        ];
        for (remote, sent, address, (is_proxied, is_tls)) in tests {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, value.parse().unwrap());
            }
            let peer = Peer::of(remote.parse().unwrap(), &headers, &proxies);
            let expected = Peer {
                address: address.parse().unwrap(),
                is_proxied,
                is_tls,
            };
            assert_eq!(peer, expected, "{remote} {sent:?}");
        }
    }
}
