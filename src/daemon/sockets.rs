//! The sockets that calls and browsers come in on: those that the service manager has opened and holds
//! (`sd_listen_fds(3)`), and beside them the addresses of the configuration that none of those covers.

use std::io;
use std::net::{SocketAddr, TcpListener as Unattended};

use listenfd::ListenFd;
use tokio::net::TcpListener;
use tracing::warn;

use crate::config::Config;
use crate::server::{self, Listener};

/// `FileDescriptorName=` of the sockets for browsers; every other one is for Asterisk.
const PAGE: &str = "page";

/// Where the guard listens.
#[derive(Debug)]
pub struct Listeners {
    /// For Asterisk's requests.
    pub agi: Vec<Listener>,
    /// For the support team's browsers.
    pub web: Vec<TcpListener>,
    /// For callers' sound, where it comes over the network.
    pub sound: Vec<TcpListener>,
}

/// The sockets that the service manager has opened before this process was there.
#[derive(Debug, Default)]
pub(crate) struct Held {
    agi: Vec<Unattended>,
    web: Vec<Unattended>,
}

impl Held {
    /// Takes them over; none where no service manager has passed any.
    ///
    /// # Errors
    /// One of them is no TCP socket that listens.
    pub(crate) fn take() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut held = Self::default();
        for at in 0..passed.len() {
            let name = names.next().unwrap_or_default();
            let Some(socket) = passed.take_tcp_listener(at)? else {
                continue;
            };
            socket.set_nonblocking(true)?;
            if name == PAGE {
                held.web.push(socket);
            } else {
                held.agi.push(socket);
            }
        }
        Ok(held)
    }

    /// Those for Asterisk, within the current runtime; nothing is taken from `self`.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub(crate) fn agi(&self) -> io::Result<Vec<Listener>> {
        let listeners = self.agi.iter().map(|socket| {
            Ok(Listener {
                socket: TcpListener::from_std(socket.try_clone()?)?,
                stays: true,
            })
        });
        listeners.collect()
    }

    /// Those for browsers that are at these addresses, within the current runtime; logs which are not.
    fn page(&self, wanted: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
        let mut listeners = Vec::new();
        for socket in &self.web {
            let address = socket.local_addr()?;
            if wanted.contains(&address) {
                listeners.push(TcpListener::from_std(socket.try_clone()?)?);
            } else {
                warn!(
                    event = "page_failed",
                    %address,
                    "the service manager holds this open for the support team's page, but [web] address does not name \
                     it: nothing is served there; disable that socket, or have it hold another address"
                );
            }
        }
        Ok(listeners)
    }

    /// Whether Asterisk's connections wait in them while nobody accepts.
    pub(crate) fn has_callers(&self) -> bool {
        !self.agi.is_empty()
    }
}

impl Listeners {
    /// Those that are held, and the addresses of this configuration beside them; within the current runtime.
    ///
    /// A held socket for browsers counts only at an address of the configuration: who may see the page depends on
    /// where it is served.
    ///
    /// # Errors
    /// An address for Asterisk cannot be listened on.
    pub(crate) fn open(config: &Config, held: &Held) -> Result<Self, String> {
        let mut agi = held
            .agi()
            .map_err(|error| format!("cannot use the service manager's sockets: {error}"))?;
        let covered = addresses(&held.agi);
        for &address in config.listen.iter().filter(|at| !covered.contains(at)) {
            match server::listen(address) {
                Ok(listener) => agi.push(listener.into()),
                // A machine without IPv6 is no reason not to serve IPv4.
                Err(error) if address.is_ipv6() && config.listen.len() > 1 => {
                    warn!(event = "listen_failed", %address, %error, "cannot listen here");
                }
                Err(error) => {
                    let why = in_the_way(address, &covered)
                        .unwrap_or_else(|| "is another guard running?".to_owned());
                    return Err(format!("cannot listen on {address}: {error}; {why}"));
                }
            }
        }
        let web = held
            .page(&config.web.address)
            .map_err(|error| format!("cannot use the page's socket: {error}"))?;
        let covered = addresses(&held.web);
        let mut sound = Vec::new();
        for &address in config.tap.ports() {
            let listener = server::listen(address);
            sound.push(listener.map_err(|error| {
                format!("cannot listen on {address} for callers' sound: {error}; [tap] listen names another place")
            })?);
        }
        let mut listeners = Self { agi, web, sound };
        for &address in &config.web.address {
            if covered.contains(&address) {
                continue;
            }
            match server::listen(address) {
                Ok(listener) => listeners.web.push(listener),
                // Calls are guarded whether there is a page or not.
                Err(error) => warn!(
                    event = "page_failed",
                    %address,
                    %error,
                    "the support team's page cannot be served here; {}",
                    in_the_way(address, &covered)
                        .unwrap_or_else(|| "[web] address names another place".to_owned())
                ),
            }
        }
        Ok(listeners)
    }
}

fn addresses(sockets: &[Unattended]) -> Vec<SocketAddr> {
    let addresses = sockets.iter().map(Unattended::local_addr);
    addresses.filter_map(Result::ok).collect()
}

/// What an administrator does where a socket that is held has the port of this address.
fn in_the_way(address: SocketAddr, held: &[SocketAddr]) -> Option<String> {
    let other = held.iter().find(|at| at.port() == address.port())?;
    Some(format!(
        "the service manager holds {other} open for this guard: have it hold {address} instead, by ListenStream= in a \
         drop-in of that socket (systemctl edit), or disable that socket"
    ))
}
