//! Whether callers' sound can come in where it is sent over the network, or does already.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpListener};

use super::{Item, connect};
use crate::config::Config;

/// One item for each address, where there is one; and whether queues are watched where they are to be.
pub(super) fn items(config: &Config) -> Vec<Item> {
    let calls = config.tap.ports().iter();
    let calls = calls.map(|&at| item(at, "[tap] listen"));
    let queues = config.ports_of_queues();
    let queues = queues.map(|at| item(at, "[queue] listen"));
    let mut items: Vec<_> = calls.chain(queues).collect();
    if config.queue.is_watched() && !config.delivery.ami.is_set() {
        items.push(Item::warn(
            "queue",
            "[queue] listen is set, but [ami] has no user: nobody who waits in a queue is watched",
            "set user and secret in [ami]; asterisk-conf/README.md has the user for manager.conf",
        ));
    }
    items
}

fn item(address: SocketAddr, setting: &str) -> Item {
    let Err(error) = TcpListener::bind(address) else {
        return Item::ok("sound", format!("{address} is free"));
    };
    match error.kind() {
        ErrorKind::AddrInUse if takes_sound(address).is_ok_and(|takes| takes) => Item::ok(
            "sound",
            format!("{address} is held by what takes sound as a running guard does"),
        ),
        ErrorKind::AddrInUse => Item::fail(
            "sound",
            format!("{address} is held by another program: no caller can be heard"),
            format!(
                "find it with: ss -ltnp 'sport = :{}'; stop it, or change {setting}",
                address.port()
            ),
        ),
        ErrorKind::AddrNotAvailable => Item::fail(
            "sound",
            format!("this machine has no address {}", address.ip()),
            format!("take it out of {setting}, or give the machine that address"),
        ),
        _ => Item::fail(
            "sound",
            format!("{address}: {error}"),
            format!("name another port in {setting}; the usual one is 4576"),
        ),
    }
}

/// A guard has nothing to say to who says nothing, and closes as soon as they do.
fn takes_sound(address: SocketAddr) -> io::Result<bool> {
    let mut stream = connect(address)?;
    stream.shutdown(Shutdown::Write)?;
    Ok(stream.read(&mut [0; 16])? == 0)
}
