//! What a service manager is told: systemd's notification protocol (`sd_notify(3)`), where `$NOTIFY_SOCKET` is set.
//!
//! With `Type=notify` systemd counts the guard as started once it listens, and a reload as over once it is.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tracing::debug;

use crate::clock::Clock;

/// Calls are taken, under the settings of now.
pub(super) fn ready() {
    tell("READY=1\n");
}

/// The configuration is being read again, until [`ready`] is said.
pub(super) fn reloading(clock: Clock) {
    tell(&format!(
        "RELOADING=1\nMONOTONIC_USEC={}\n",
        clock.monotonic_us()
    ));
}

/// No new calls are taken.
pub(super) fn stopping() {
    tell("STOPPING=1\n");
}

fn tell(what: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
        return;
    };
    if let Err(error) = send(&socket, what) {
        debug!(%error, ?socket, "the service manager cannot be told");
    }
}

fn send(socket: &OsString, what: &str) -> io::Result<()> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold up a call.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(what.as_bytes(), &address).map(drop)
}
