//! `[tap]`, whose settings depend on its kind.

use std::net::SocketAddr;
use std::ops::Range;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::config::{Config, Tap, TapKind};

impl<'a> Reader<'a> {
    /// The guard's name of the folder is Asterisk's where it has none of its own; where Asterisk has no part in it,
    /// it lies below the data folder.
    pub(super) fn tap(&mut self, value: Spanned<DeValue<'a>>, allow: &[IpNet]) -> Tap {
        let mut table = self.open("[tap]", value);
        let mut tap: Tap = self.part(&mut table);
        let own = table.own.clone();
        self.close(table);
        let sends = tap.kind == TapKind::AudioSocket;
        if !own.contains_key("folder_as_guard_sees_it") {
            tap.folder_as_guard_sees_it = if sends {
                "".into()
            } else {
                tap.folder_as_asterisk_sees_it.clone()
            };
        }
        if !sends {
            self.note_unused_of_tap(&tap);
        }
        if !sends || self.is_reported("[tap] listen") || self.is_reported("[tap] kind") {
            return tap;
        }
        let at = own.get("listen").or_else(|| own.get("kind"));
        if let (Some(address), true) = (elsewhere(&tap.listen), allow.is_empty()) {
            self.report(at, "[tap] listen", &open_to_all(address));
        }
        if tap.listen.is_empty() {
            let what = "at least one address with its port, such as \"192.0.2.10:4576\"";
            self.report(at, "[tap] listen", what);
        }
        if is_any(&tap.listen) && tap.address_as_asterisk_sees_it.is_none() {
            self.report(at, "[tap] address_as_asterisk_sees_it", WHICH_ADDRESS);
        }
        tap
    }

    /// Where sound may come from other machines it is said from which, and the port is not that of another address.
    pub(super) fn sound_of_queues(
        &mut self,
        config: &Config,
        allow: &[IpNet],
        at: Option<&Range<usize>>,
    ) {
        let queue = &config.queue;
        if let (Some(address), true) = (elsewhere(&queue.listen), allow.is_empty()) {
            self.report(at, "[queue] listen", &open_to_all(address));
        }
        if is_any(&queue.listen) && queue.address_as_asterisk_sees_it.is_none() {
            self.report(at, "[queue] address_as_asterisk_sees_it", WHICH_ADDRESS);
        }
        let of_calls = config.tap.ports();
        let clashes = |(address, other): &(&SocketAddr, &SocketAddr)| {
            let is_any = other.ip().is_unspecified() || address.ip().is_unspecified();
            is_any && other.port() == address.port() && other != address
        };
        let both = queue.listen.iter();
        let mut both = both.flat_map(|address| of_calls.iter().map(move |other| (address, other)));
        if let Some((address, other)) = both.find(clashes) {
            let what = format!(
                "[tap] listen has {other}, which takes the port {} from it: write the same address, or another port",
                address.port()
            );
            self.report(at, "[queue] listen", &what);
        }
    }
}

/// The first of these addresses that other machines reach.
fn elsewhere(listen: &[SocketAddr]) -> Option<&SocketAddr> {
    listen.iter().find(|at| !at.ip().is_loopback())
}

/// Whether the address that Asterisk would be given is none that one can connect to.
fn is_any(listen: &[SocketAddr]) -> bool {
    listen.first().is_some_and(|at| at.ip().is_unspecified())
}

fn open_to_all(address: &SocketAddr) -> String {
    format!(
        "{address} can be reached from other machines: name the networks that may connect in [listen], such as allow = [\"192.0.2.0/24\"]"
    )
}

const WHICH_ADDRESS: &str = "listens on every address: say which of them Asterisk connects to, such as address_as_asterisk_sees_it = \"guard.example.com:4576\"";
