//! Settings: a TOML file into typed values with units, or the defaults where there is no file.
//!
//! Unknown settings are refused. A file with mistakes is refused as a whole, with all its mistakes
//! at once, each with its line, its key and what is allowed there. `voicemail-guard.toml` beside
//! the sources shows every setting at its default.

pub mod delivery;
mod duplicate;
mod fields;
mod keep;
mod limits;
pub mod mail;
mod mailbox;
mod queue;
mod read;
mod secret;
mod shared;
mod tap;
mod value;
mod web;
pub mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;
use serde::Deserialize;

pub use self::limits::Limits;
pub use self::mailbox::{DigestDays, MailboxDelivery};
pub use self::queue::Queue;
pub use self::secret::Secret;
pub use self::shared::{Changes, SharedConfig};
pub use self::tap::{Tap, TapKind};
pub use self::web::{User, Web, is_user_name};

use self::delivery::DeliverySettings;
use self::mailbox::MailboxSettings;
use self::value::{folder, language_tags, log_level};
use crate::call::policy::Policy;
use crate::call_record::{Destination, MailboxName};
use crate::keeping::KeepRules;
use crate::number::Home;
use crate::queue_watch::watch::QueueSettings;
use crate::telemetry::LogFormat;

/// All settings of one guard.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `[listen]`: the addresses where it listens, with their ports.
    pub listen: Vec<SocketAddr>,
    /// `[limits]`, and of `[listen]` the networks that may connect.
    pub limits: Limits,
    /// What it logs.
    pub log: Logging,
    /// How the caller's sound comes.
    pub tap: Tap,
    /// Where the prompts are.
    pub prompts: Prompts,
    /// How messages are delivered, and `[ami]`.
    pub delivery: DeliverySettings,
    /// Where the sound of callers comes from who wait in queues.
    pub queue: Queue,
    /// The support team's page.
    pub web: Web,
    /// For how long what is kept.
    pub keep: KeepRules,
    defaults: MailboxSettings,
    mailboxes: BTreeMap<String, MailboxSettings>,
    /// What stands in the file and does nothing, as the remark on it.
    unused: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![
                (Ipv4Addr::LOCALHOST, Self::PORT).into(),
                (Ipv6Addr::LOCALHOST, Self::PORT).into(),
            ],
            limits: Limits::default(),
            log: Logging::default(),
            tap: Tap::default(),
            prompts: Prompts::default(),
            delivery: DeliverySettings::default(),
            queue: Queue::default(),
            web: Web::default(),
            keep: KeepRules::default(),
            defaults: MailboxSettings::default(),
            mailboxes: BTreeMap::new(),
            unused: Vec::new(),
        }
    }
}

impl Config {
    /// The guard's own port; 4573 belongs to FreePBX's FastAGI server.
    pub const PORT: u16 = 4574;

    /// Reads and checks a file.
    ///
    /// # Errors
    /// The file cannot be read, or it holds mistakes: all of them are in the error.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let bytes = read_file(path).map_err(|source| ConfigError::Unreadable {
            file: path.to_owned(),
            source,
        })?;
        Self::parse(&bytes).map_err(|problems| ConfigError::Invalid {
            file: path.to_owned(),
            problems,
        })
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// Every mistake in it, by line.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        read::config(bytes)
    }

    /// How a mailbox treats its callers: by its own table, else `[defaults]`, else the guard's
    /// defaults.
    pub fn policy(&self, mailbox: &MailboxName) -> Policy {
        self.of_mailbox(mailbox).policy.clone()
    }

    /// Whether a mailbox has a table of its own.
    pub fn has_table(&self, mailbox: &MailboxName) -> bool {
        self.mailboxes.contains_key(mailbox.as_str())
    }

    /// How callers are treated who wait in this queue, by its name as `support@queue`.
    pub fn queue_settings(&self, queue: &MailboxName) -> &QueueSettings {
        &self.of_mailbox(queue).queue
    }

    /// The queues that keep what is heard of their callers, by their whole names; `None` for those without a table.
    pub fn queues_with_audio(&self) -> impl Iterator<Item = Option<&str>> {
        let keep = |(_, settings): &(_, &MailboxSettings)| settings.queue.keep_audio;
        let named = self.mailboxes.iter().map(|(name, of)| (&**name, of));
        let queues = named
            .filter(keep)
            .filter(|(name, _)| MailboxName::from(*name).is_queue());
        let others = self.defaults.queue.keep_audio.then_some(None);
        queues.map(|(name, _)| Some(name)).chain(others)
    }

    /// Where the sound of callers in queues comes in alone; what [`Tap::ports`] has takes it as well.
    pub fn ports_of_queues(&self) -> impl Iterator<Item = SocketAddr> {
        let all = self.queue.listen.iter().copied();
        all.filter(|at| !self.tap.ports().contains(at))
    }

    /// Where a mailbox wants its messages.
    pub fn deliver_to(&self, mailbox: &MailboxName) -> &[Destination] {
        &self.of_mailbox(mailbox).deliver_to
    }

    /// What a mailbox wants of its messages.
    pub fn mailbox_delivery(&self, mailbox: &MailboxName) -> &MailboxDelivery {
        &self.of_mailbox(mailbox).delivery
    }

    /// How close together calls by one number for a mailbox are one case; `None` where they form no
    /// cases.
    pub fn repeat_window(&self, mailbox: &MailboxName) -> Option<Duration> {
        self.of_mailbox(mailbox).repeat_window
    }

    /// Whether calls for any mailbox form cases.
    pub fn has_cases(&self) -> bool {
        let mut all = self.mailboxes.values().chain([&self.defaults]);
        all.any(|settings| settings.repeat_window.is_some())
    }

    /// The home countries and trunks of all mailboxes, each once.
    pub fn homes(&self) -> Vec<Home> {
        let all = self.mailboxes.values().chain([&self.defaults]);
        let mut homes = Vec::new();
        for policy in all.map(|settings| &settings.policy) {
            let home = Home {
                country: policy.home_country,
                trunk: policy.trunk.clone(),
            };
            if !homes.contains(&home) {
                homes.push(home);
            }
        }
        homes
    }

    /// The greetings that are not the guard's own.
    pub fn own_greetings(&self) -> BTreeSet<&str> {
        let all = self.mailboxes.values().chain([&self.defaults]);
        let policies = all.map(|settings| &settings.policy);
        let own = policies.filter(|policy| policy.is_own_greeting());
        own.map(|policy| policy.greeting.as_str()).collect()
    }

    /// Notes how long these play, as far as it is known.
    pub fn measure_greetings(&mut self, length: impl Fn(&str) -> Option<Duration>) {
        for settings in self.mailboxes.values_mut().chain([&mut self.defaults]) {
            let policy = &mut settings.policy;
            if policy.is_own_greeting() {
                policy.greeting_length = length(&policy.greeting);
            }
        }
    }

    /// How callers are treated: by `[defaults]`, which have no name, and of each mailbox with a
    /// table of its own.
    pub fn policies(&self) -> impl Iterator<Item = (Option<&str>, &Policy)> {
        let named = self.mailboxes.iter();
        let named = named.map(|(name, settings)| (Some(name.as_str()), &settings.policy));
        std::iter::once((None, &self.defaults.policy)).chain(named)
    }

    /// What the settings do that may not be meant, each with its table.
    pub fn remarks(&self) -> Vec<String> {
        let mut found = self.unused.clone();
        for (name, policy) in self.policies() {
            let table = name.map_or("[defaults]".to_owned(), |name| format!("[box.{name:?}]"));
            for remark in mailbox::remarks(policy) {
                // A mailbox does not repeat what it has from [defaults].
                if !found.iter().any(|known: &String| known.ends_with(&remark)) {
                    found.push(format!("{table} {remark}"));
                }
            }
        }
        found
    }

    /// No mailbox is delivered anywhere from now on: for a guard that only shows what it would do.
    pub fn deliver_nowhere(&mut self) {
        for settings in self.mailboxes.values_mut().chain([&mut self.defaults]) {
            settings.deliver_to.clear();
            settings.delivery.digest_to.clear();
        }
    }

    /// Whether any mailbox is delivered there.
    pub fn delivers_to(&self, to: Destination) -> bool {
        let mut all = self.mailboxes.values().chain([&self.defaults]);
        all.any(|settings| settings.deliver_to.contains(&to))
    }

    /// Whether any mailbox wants a digest.
    pub fn wants_digests(&self) -> bool {
        let mut all = self.mailboxes.values().chain([&self.defaults]);
        all.any(|settings| settings.delivery.wants_digest())
    }

    /// Whether anything is sent by e-mail: messages, or digests.
    pub fn sends_mail(&self) -> bool {
        self.delivers_to(Destination::Mail) || self.wants_digests()
    }

    /// Everybody to whom some mailbox has its messages or its digest sent by e-mail, each once.
    pub fn mail_recipients(&self) -> Vec<&lettre::Address> {
        let all = self.mailboxes.values().chain([&self.defaults]);
        let mut found: Vec<_> = all
            .flat_map(|settings| {
                let by_mail = settings.deliver_to.contains(&Destination::Mail);
                let messages = by_mail.then_some(&settings.delivery.mail_to);
                let digests = settings.delivery.wants_digest();
                let digests = digests.then_some(&settings.delivery.digest_to);
                messages.into_iter().chain(digests).flatten()
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn of_mailbox(&self, mailbox: &MailboxName) -> &MailboxSettings {
        let own = self.mailboxes.get(mailbox.as_str());
        own.unwrap_or(&self.defaults)
    }

    /// Whether a mailbox has a table of its own, or is among those that have been called: of one that was mistyped there
    /// is nothing, which is easily taken for good news.
    pub fn is_somebodys(&self, mailbox: &MailboxName, called: &[String]) -> bool {
        let name = mailbox.as_str();
        self.mailboxes.contains_key(name) || called.iter().any(|of| of == name)
    }

    /// The mailboxes that have a table of their own; queues are none.
    pub fn mailboxes(&self) -> impl Iterator<Item = &str> {
        let names = self.mailboxes.keys().map(String::as_str);
        names.filter(|name| !MailboxName::from(*name).is_queue())
    }
}

/// `[log]`: what the guard logs on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`) or filter directives.
    #[serde(deserialize_with = "log_level")]
    pub level: String,
    /// For people or for machines.
    pub format: LogFormat,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: LogFormat::Text,
        }
    }
}

/// `[prompts]`: where the prompts are checked at start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Prompts {
    /// Asterisk's sounds folder, as the guard sees it.
    #[serde(deserialize_with = "folder")]
    pub sounds: PathBuf,
    /// Languages that callers are spoken to in, as in `CHANNEL(language)`.
    #[serde(deserialize_with = "language_tags")]
    pub languages: Vec<String>,
}

impl Default for Prompts {
    fn default() -> Self {
        Self {
            sounds: "/usr/share/asterisk/sounds".into(),
            languages: vec!["en".into(), "de".into()],
        }
    }
}

/// Where the call log and the kept audio live: what was asked for, else systemd's
/// `$STATE_DIRECTORY`, else the platform's state folder of this user.
///
/// # Errors
/// Nothing was asked for and this user has no home.
pub fn data_folder(asked_for: Option<PathBuf>) -> Result<PathBuf, NoDataFolder> {
    let systemd = || {
        let folders = std::env::var_os("STATE_DIRECTORY")?;
        std::env::split_paths(&folders)
            .next()
            .filter(|folder| folder.is_absolute())
    };
    let platform = || {
        let base = etcetera::choose_base_strategy().ok()?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Some(state.join("voicemail-guard"))
    };
    asked_for
        .or_else(systemd)
        .or_else(platform)
        .ok_or(NoDataFolder)
}

/// There is nowhere to put the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no data folder: this user has no home; name one with --data or VOICEMAIL_GUARD_DATA")]
pub struct NoDataFolder;

/// Why a configuration file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read at all.
    #[error("cannot read the configuration {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It can be read, and holds these mistakes.
    #[error("{}", in_file(file, problems))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Every mistake found, by line.
        problems: Vec<Problem>,
    },
}

/// The bytes of a regular file that is no longer than a configuration can be; nothing else is
/// waited for.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        let what = "it is a folder; name the file in it";
        return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, what));
    }
    if !about.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    if about.len() > LONGEST_FILE {
        return Err(std::io::Error::other("it has more than 16 MiB"));
    }
    std::fs::read(path)
}

/// A list of a million callers is a third of it.
const LONGEST_FILE: u64 = 16 << 20;

/// One mistake in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: usize,
    /// The setting with its table, such as `[defaults] pause_s`; empty where the file is no TOML.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, what } = self;
        match key.as_str() {
            "" => write!(f, "line {line}: {what}"),
            key => write!(f, "line {line}: {key}: {what}"),
        }
    }
}

fn in_file(file: &Path, problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("{}, {problem}", file.display()))
        .collect::<Vec<_>>()
        .join("\n")
}
