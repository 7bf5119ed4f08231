//! The signals that stop the guard (SIGTERM and SIGINT, once gently, twice at once), and what the
//! service manager is notified of: systemd's protocol (`sd_notify(3)`), where `$NOTIFY_SOCKET` is
//! set.
//!
//! With `Type=notify` systemd counts the guard as started once it listens, and a reload as over
//! once it is. By hand, since the crates for it block where the manager does not read.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::clock::Clock;

/// The two ways to stop the guard.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new calls; those that are up finish within their grace.
    pub gently: CancellationToken,
    /// Calls that are up are handed on to `VoiceMail()` now. Comes behind the gentle one.
    pub at_once: CancellationToken,
}

impl Stop {
    /// By SIGTERM and SIGINT from now on, within the current runtime.
    ///
    /// # Errors
    /// The system refuses the handlers.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = Self::default();
        let Self { gently, at_once } = stop.clone();
        tokio::spawn(async move {
            for (token, what) in [
                (
                    gently,
                    "stopping: calls that are up finish; once more to stop at once",
                ),
                (at_once, "stopping at once"),
            ] {
                let signal = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                info!(signal, "{what}");
                notify("STOPPING=1\n");
                token.cancel();
            }
        });
        Ok(stop)
    }
}

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
    use rustix::process::{Signal, getpid, kill_process};

    #[tokio::test]
    async fn the_first_signal_stops_gently_the_second_at_once() {
        let stop = Stop::on_signals().unwrap();
        kill_process(getpid(), Signal::TERM).unwrap();
        stop.gently.cancelled().await;
        assert!(!stop.at_once.is_cancelled());
        kill_process(getpid(), Signal::INT).unwrap();
        stop.at_once.cancelled().await;
    }
}
