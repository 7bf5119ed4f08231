//! `[tap]`: how the caller's sound comes to the guard.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::value::{asterisk_folder, folder, host_and_port_or_none, ports};

/// How the caller's sound comes, and from where to where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tap {
    /// By a file or over a network.
    pub kind: TapKind,
    /// The folder that both see, by its path on the machine, or in the container, where Asterisk runs.
    #[serde(deserialize_with = "asterisk_folder")]
    pub folder_as_asterisk_sees_it: PathBuf,
    /// Its path where the guard runs. With `audiosocket` the guard's alone; empty until
    /// [`Tap::below`] is called where it is not set.
    #[serde(deserialize_with = "folder")]
    pub folder_as_guard_sees_it: PathBuf,
    /// `audiosocket`: where the sound comes in.
    #[serde(deserialize_with = "ports")]
    pub listen: Vec<SocketAddr>,
    /// `audiosocket`: the same place as Asterisk sees it, where that is not the first of `listen`.
    #[serde(deserialize_with = "host_and_port_or_none")]
    pub address_as_asterisk_sees_it: Option<String>,
}

/// How the caller's sound comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TapKind {
    /// Asterisk records into a folder that both see, and the guard reads along.
    #[default]
    Monitor,
    /// Asterisk sends it over a connection; nothing is shared.
    AudioSocket,
}

impl Tap {
    /// The port for sound, beside those for requests and for the page.
    pub const PORT: u16 = 4576;

    /// What is heard is kept below the data folder meanwhile, where Asterisk has no part in it and nothing else is set.
    pub fn below(&mut self, data: &Path) {
        if self.folder_as_guard_sees_it.as_os_str().is_empty() {
            self.folder_as_guard_sees_it = data.join("tap");
        }
    }

    /// Where the sound of calls comes in; nowhere where it comes by the folder.
    pub fn ports(&self) -> &[SocketAddr] {
        match self.kind {
            TapKind::Monitor => &[],
            TapKind::AudioSocket => &self.listen,
        }
    }

    /// Where Asterisk is to connect to.
    pub fn address_for_asterisk(&self) -> String {
        let first = || self.listen.first().map(ToString::to_string);
        let own = self.address_as_asterisk_sees_it.clone();
        own.or_else(first).unwrap_or_default()
    }
}

impl Default for Tap {
    fn default() -> Self {
        let folder = PathBuf::from("/var/spool/asterisk/voicemail-guard");
        Self {
            kind: TapKind::default(),
            folder_as_asterisk_sees_it: folder.clone(),
            folder_as_guard_sees_it: folder,
            listen: vec![(Ipv4Addr::LOCALHOST, Self::PORT).into()],
            address_as_asterisk_sees_it: None,
        }
    }
}
