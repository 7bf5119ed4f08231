//! Whether the support team's page can be served, or is served already.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};

use super::{Item, connect};
use crate::config::Config;

/// Bytes of an answer that are looked at.
const MOST_READ: u64 = 16 * 1024;

/// One item for each address; calls are guarded whether there is a page or not.
pub(super) fn items(config: &Config) -> impl Iterator<Item = Item> {
    config.web.address.iter().map(|&address| item(address))
}

fn item(address: SocketAddr) -> Item {
    let Err(error) = TcpListener::bind(address) else {
        return Item::ok("page", format!("{address} is free"));
    };
    match error.kind() {
        ErrorKind::AddrInUse => match is_page(address) {
            Ok(true) => Item::ok(
                "page",
                format!("http://{address}/ is served by a running guard"),
            ),
            _ => Item::warn(
                "page",
                format!(
                    "{address} is held by another program, so there is no page for the support team"
                ),
                "name another port in [web] address",
            ),
        },
        ErrorKind::AddrNotAvailable => Item::warn(
            "page",
            format!("this machine has no address {}", address.ip()),
            "take it out of [web] address, or give the machine that address",
        ),
        _ => Item::warn(
            "page",
            format!("{address}: {error}"),
            "name another port in [web] address; the usual one is 4575",
        ),
    }
}

fn is_page(address: SocketAddr) -> io::Result<bool> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(MOST_READ).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    // With users it leads to the login.
    Ok(answer.contains("voicemail-guard</title>") || answer.contains("location: /login?to="))
}
