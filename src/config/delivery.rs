//! `[delivery]` and its tables: where messages go, and how.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::Secret;
use super::mail::Mail;
use super::value::{folder, host_and_port, one_line, url};
use super::webhook::Webhook;
use crate::setting::{count, seconds};

/// `[delivery]`: what holds for all mailboxes; which mailbox is delivered where stands in
/// `deliver_to` of the mailbox.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct DeliverySettings {
    /// A delivery that has failed for this long is given up.
    #[serde(
        rename = "give_up_after_s",
        deserialize_with = "seconds::<_, 60, 2_592_000>"
    )]
    pub give_up_after: Duration,
    /// The Asterisk mailboxes.
    #[serde(skip)]
    pub voicemail: Voicemail,
    /// Asterisk's manager interface.
    #[serde(skip)]
    pub ami: Ami,
    /// The page of a call, with `{id}` in place of its identifier; `None` where there is none.
    #[serde(deserialize_with = "page")]
    pub page_url: Option<String>,
    /// Whether `{id}` was put at the end of it, since it has none.
    #[serde(skip)]
    pub page_lacks_id: bool,
    /// The mail server.
    #[serde(skip)]
    pub mail: Mail,
    /// The webhook.
    #[serde(skip)]
    pub webhook: Webhook,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            give_up_after: Duration::from_hours(72),
            voicemail: Voicemail::default(),
            ami: Ami::default(),
            page_url: None,
            page_lacks_id: false,
            mail: Mail::default(),
            webhook: Webhook::default(),
        }
    }
}

/// `[delivery.voicemail]`: Asterisk's mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Voicemail {
    /// How messages are put into them.
    pub method: Method,
    /// How Asterisk locks their folders.
    pub lockmode: LockMode,
    /// Asterisk's spool as the guard sees it.
    #[serde(deserialize_with = "folder")]
    pub spool: PathBuf,
    /// What the audio is written as.
    #[serde(deserialize_with = "formats")]
    pub formats: Vec<SoundFormat>,
    /// An INBOX with this many messages is full (`maxmsg`).
    #[serde(deserialize_with = "count::<_, _, 1, 9999>")]
    pub most_messages: u32,
    /// A lock on an INBOX this old was left by a process that died.
    #[serde(rename = "stale_lock_s", deserialize_with = "seconds::<_, 10, 86_400>")]
    pub stale_lock: Duration,
}

impl Default for Voicemail {
    fn default() -> Self {
        Self {
            method: Method::Files,
            lockmode: LockMode::Lockfile,
            spool: "/var/spool/asterisk/voicemail".into(),
            formats: vec![SoundFormat::Wav],
            most_messages: 100,
            stale_lock: Duration::from_mins(2),
        }
    }
}

/// How messages are put into mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// As files in the spool, by `app_voicemail`'s own protocol.
    Files,
    /// Played to `VoiceMail()`, for mailboxes in a database or on an IMAP server.
    Replay,
}

/// How Asterisk locks the folders of its mailboxes: `lockmode` in asterisk.conf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// By a file that is there or not: Asterisk's default.
    Lockfile,
    /// By flock(2).
    Flock,
}

/// A form of audio as `format` in voicemail.conf names it, 8 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SoundFormat {
    /// WAV, 16 bit.
    Wav,
    /// WAV with GSM inside, kept as `.WAV`.
    Wav49,
    /// GSM full rate.
    Gsm,
    /// Raw samples, 16 bit.
    Sln,
}

impl SoundFormat {
    /// Every form that is written.
    pub const ALL: [Self; 4] = [Self::Wav, Self::Wav49, Self::Gsm, Self::Sln];
}

/// `[ami]`: Asterisk's manager interface, for MWI, for messages that are replayed
/// and for who was answered; not used where no user is set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ami {
    /// Host and port.
    #[serde(deserialize_with = "host_and_port")]
    pub address: String,
    /// A section of manager.conf.
    #[serde(deserialize_with = "one_line")]
    pub user: String,
    /// Its secret.
    pub secret: Secret,
}

impl Default for Ami {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:5038".into(),
            user: String::new(),
            secret: Secret::default(),
        }
    }
}

impl Ami {
    /// Whether it is to be used.
    pub fn is_set(&self) -> bool {
        !self.user.is_empty()
    }
}

/// With `{id}` where the address has it (percent-encoded by its parser), else at its end.
fn page<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let template = |page: url::Url| {
        let text = String::from(page).replace("%7Bid%7D", "{id}");
        if text.contains("{id}") {
            text
        } else {
            format!("{}/{{id}}", text.trim_end_matches('/'))
        }
    };
    Ok(url(from)?.map(template))
}

/// Each of them once; none means the default.
fn formats<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SoundFormat>, D::Error> {
    let mut once = Vec::new();
    for format in Vec::deserialize(from)? {
        if !once.contains(&format) {
            once.push(format);
        }
    }
    if once.is_empty() {
        once = Voicemail::default().formats;
    }
    Ok(once)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_replay_needs_the_manager_interface() {
        let replay = "[delivery.voicemail]\nmethod = 'replay'\nlockmode = 'flock'\n";
        let problems = Config::parse(replay.as_bytes()).unwrap_err();
        assert_eq!(problems[0].key, "[delivery.voicemail] method");
        assert!(problems[0].what.contains("[ami]"), "{problems:?}");
        let with_ami = format!("{replay}[ami]\nuser = 'x'\nsecret = 'y'\n");
        let boxes = Config::parse(with_ami.as_bytes()).unwrap().delivery;
        let Voicemail {
            method, lockmode, ..
        } = boxes.voicemail;
        assert_eq!((method, lockmode), (Method::Replay, LockMode::Flock));
        let nowhere = format!("{replay}[defaults]\ndeliver_to = []\n");
        Config::parse(nowhere.as_bytes()).unwrap();
    }

    #[test]
    fn formats_are_named_as_voicemail_conf_names_them() {
        use SoundFormat::{Gsm, Sln, Wav, Wav49};
        let formats = |list: &str| {
            let text = format!("[delivery.voicemail]\nformats = {list}\n");
            Config::parse(text.as_bytes()).map(|config| config.delivery.voicemail.formats)
        };
        let all = formats("['wav49', 'gsm', 'wav', 'sln', 'gsm']").unwrap();
        assert_eq!(all, [Wav49, Gsm, Wav, Sln]);
        assert_eq!(formats("[]").unwrap(), [Wav]);
        let problems = formats("['WAV']").unwrap_err();
        assert_eq!(problems[0].key, "[delivery.voicemail] formats");
        for name in ["\"wav\"", "\"wav49\"", "\"gsm\"", "\"sln\""] {
            assert!(problems[0].what.contains(name), "{problems:?}");
        }
    }
}
