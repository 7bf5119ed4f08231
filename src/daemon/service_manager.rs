//! What the service manager is notified of: systemd's protocol (`sd_notify(3)`), where `$NOTIFY_SOCKET` is set.
//!
//! With `Type=notify-reload` systemd counts the guard as started once it listens, and a reload as over once it is.
//! By hand, since the crates for it block where the manager does not read.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tracing::debug;

use crate::clock::Clock;

/// Notifies the service manager: calls are taken, under the settings of now.
pub(super) fn ready() {
    notify("READY=1\n");
}

/// Notifies the service manager: the configuration is being read again, until [`ready`].
pub(super) fn reloading(clock: Clock) {
    notify(&format!(
        "RELOADING=1\nMONOTONIC_USEC={}\n",
        clock.monotonic_us()
    ));
}

/// Notifies the service manager: no new calls, those that are up finish.
pub(super) fn stopping() {
    notify("STOPPING=1\n");
}

/// Notifies the service manager: calls are still answered.
pub(super) fn alive() {
    notify("WATCHDOG=1\n");
}

/// How long the service manager waits for [`alive`] before it kills this process; `None` where it does not watch.
pub(super) fn watchdog() -> Option<Duration> {
    let variable = |name| std::env::var(name).ok();
    watchdog_of(
        variable("WATCHDOG_USEC").as_deref(),
        variable("WATCHDOG_PID").as_deref(),
        std::process::id(),
    )
}

/// `sd_watchdog_enabled(3)`: the time in microseconds, and which process it is meant for, if not each.
fn watchdog_of(time: Option<&str>, process: Option<&str>, own: u32) -> Option<Duration> {
    if process.is_some_and(|process| process.parse() != Ok(own)) {
        return None;
    }
    let time = time?.parse().ok().filter(|time| *time > 0)?;
    Some(Duration::from_micros(time))
}

fn notify(what: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
        return;
    };
    if let Err(error) = send(&socket, what) {
        debug!(%error, ?socket, "the service manager cannot be notified");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_the_one_that_is_meant_for_this_process() {
        let second = Some(Duration::from_secs(1));
        for (time, process, expected) in [
            (Some("1000000"), None, second),
            (Some("1000000"), Some("7"), second),
            (Some("1000000"), Some("8"), None),
            (Some("1000000"), Some(""), None),
            (Some("0"), None, None),
            (Some("soon"), None, None),
            (None, Some("7"), None),
        ] {
            assert_eq!(
                watchdog_of(time, process, 7),
                expected,
                "{time:?} {process:?}"
            );
        }
    }
}
