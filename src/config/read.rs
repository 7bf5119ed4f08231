//! From the text of a configuration file to [`Config`], or to everything that is wrong with it.
//!
//! serde stops at the first mistake; so each table is read again without the offending setting until
//! nothing is wrong with it any more.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::boxes::{BoxSettings, BoxTable, conflicts};
use super::delivery::{AmiTable, Delivery, DeliveryTable, Method, VoiceBoxTable};
use super::parcels::{MailTable, WebhookTable, mail_mistakes, webhook_mistakes};
use super::value::{AsteriskFolder, Count, Folder, Language, LogLevel, Network, Seconds};
use super::{Config, Limits, Logging, Problem, Prompts, Tap, full_box_name, twice};
use crate::agi::CodecLimits;
use crate::record::{Destination, Mailbox};
use crate::telemetry::LogFormat;

const TABLES: &str =
    "[listen], [limits], [log], [tap], [prompts], [delivery], [web], [defaults], [box.\"NAME\"]";

/// A session may last this much longer than its call: it says good-bye and is filed.
const LEEWAY: Duration = Duration::from_mins(5);

/// Reads a whole file.
pub(super) fn config(bytes: &[u8]) -> Result<Config, Vec<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        vec![Problem {
            line: line_at(bytes, error.valid_up_to()),
            key: String::new(),
            what: "not UTF-8".into(),
        }]
    })?;
    let mut reader = Reader::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        match error.span().filter(|_| error.message() == "duplicate key") {
            Some(span) => reader.report_twice(span),
            None => reader.report(error.span(), "", error.message()),
        }
    }
    let config = if reader.problems.is_empty() {
        reader.config(table.into_inner())
    } else {
        Config::default()
    };
    reader.problems.sort_by_key(|problem| problem.line);
    if reader.problems.is_empty() {
        Ok(config)
    } else {
        Err(reader.problems)
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            problems: Vec::new(),
        }
    }

    fn config(&mut self, tables: DeTable<'a>) -> Config {
        let mut config = Config::default();
        let mut allow = Vec::new();
        let mut written_boxes = None;
        let mut delivery_at = None;
        for (key, value) in tables {
            let at = key.span();
            match &**key.get_ref() {
                "listen" => (config.listen, allow) = self.listen(value),
                "limits" => config.limits = self.section("limits", value, LimitsTable::settings),
                "log" => config.log = self.section("log", value, LogTable::settings),
                "tap" => config.tap = self.section("tap", value, TapTable::settings),
                "prompts" => {
                    config.prompts = self.section("prompts", value, PromptsTable::settings);
                }
                "delivery" => {
                    delivery_at = Some(at);
                    config.delivery = self.delivery(value);
                }
                "web" => self.section("web", value, |EmptyTable {}| ()),
                "defaults" => {
                    config.defaults = self.policy("[defaults]", value, &BoxSettings::default());
                }
                "box" => written_boxes = Some(value),
                name if matches!(value.get_ref(), DeValue::Table(_)) => {
                    self.report(
                        Some(at),
                        &format!("[{name}]"),
                        &format!("no such table; there are {TABLES}"),
                    );
                }
                name => self.report(
                    Some(at),
                    name,
                    &format!("a setting stands in one of the tables {TABLES}"),
                ),
            }
        }
        if let Some(boxes) = written_boxes {
            config.boxes = self.boxes(boxes, &config.defaults);
        }
        self.wanted_deliveries(&config, delivery_at.as_ref());
        let policies = config.boxes.values().chain([&config.defaults]);
        let longest_stay = policies
            .map(|settings| settings.policy.longest_stay())
            .max();
        config.limits = Limits {
            session: longest_stay.unwrap_or_default() + LEEWAY,
            allow,
            ..config.limits
        };
        config
    }

    fn section<T: DeserializeOwned + Default, S>(
        &mut self,
        name: &str,
        value: Spanned<DeValue<'a>>,
        settings: impl Fn(T) -> S,
    ) -> S {
        settings(self.table(&format!("[{name}]"), value))
    }

    /// The addresses, and the networks that may connect.
    fn listen(&mut self, value: Spanned<DeValue<'a>>) -> (Vec<SocketAddr>, Vec<IpNet>) {
        let at = setting_span(&value, "address");
        let before = self.problems.len();
        let (address, allow) = self.section("listen", value, ListenTable::settings);
        if self.problems.len() > before {
            return (address, allow);
        }
        let elsewhere = address.iter().find(|a| !a.ip().is_loopback());
        if let (Some(address), true) = (elsewhere, allow.is_empty()) {
            let what = format!(
                "{address} can be reached from other machines: name the networks that may connect, such as allow = [\"192.0.2.0/24\"]"
            );
            self.report(at.clone(), "[listen] address", &what);
        }
        if address.is_empty() {
            self.report(
                at,
                "[listen] address",
                "at least one address with its port, such as \"127.0.0.1:4574\"",
            );
        }
        (address, allow)
    }

    /// `[delivery]` and the tables below it, each checked by itself.
    fn delivery(&mut self, mut value: Spanned<DeValue<'a>>) -> Delivery {
        let mut part = |name| match value.get_mut() {
            DeValue::Table(settings) => settings.remove(name),
            _ => None,
        };
        let (voice_box, ami) = (part("voicemail"), part("ami"));
        let (mail, webhook) = (part("mail"), part("webhook"));
        let mut delivery = self.section("delivery", value, DeliveryTable::settings);
        if let Some(voice_box) = voice_box {
            delivery.voice_box =
                self.section("delivery.voicemail", voice_box, VoiceBoxTable::settings);
        }
        if let Some(ami) = ami {
            delivery.ami = self.section("delivery.ami", ami, AmiTable::settings);
        }
        if let Some(mail) = mail {
            delivery.mail = self.section("delivery.mail", mail, MailTable::settings);
        }
        if let Some(webhook) = webhook {
            delivery.webhook = self.section("delivery.webhook", webhook, WebhookTable::settings);
        }
        delivery
    }

    /// Whether everything is set that the boxes need which want e-mail or the webhook.
    fn wanted_deliveries(&mut self, config: &Config, at: Option<&Range<usize>>) {
        if !self.problems.is_empty() {
            return;
        }
        let replays = config.delivery.voice_box.method == Method::Replay;
        if config.delivers_to(Destination::VoiceBox) && replays && !config.delivery.ami.is_set() {
            self.report(
                at.cloned(),
                "[delivery.voicemail] method",
                "\"replay\" needs Asterisk's manager interface: user and secret in [delivery.ami]",
            );
        }
        if config.delivers_to(Destination::Mail) {
            for (key, what) in mail_mistakes(&config.delivery.mail) {
                self.report(at.cloned(), &format!("[delivery.mail] {key}"), &what);
            }
        }
        if config.delivers_to(Destination::Webhook) {
            for (key, what) in webhook_mistakes(&config.delivery.webhook) {
                self.report(at.cloned(), &format!("[delivery.webhook] {key}"), &what);
            }
        }
    }

    fn boxes(
        &mut self,
        value: Spanned<DeValue<'a>>,
        defaults: &BoxSettings,
    ) -> BTreeMap<String, BoxSettings> {
        let at = value.span();
        let DeValue::Table(tables) = value.into_inner() else {
            self.report(
                Some(at),
                "box",
                "boxes are tables such as [box.\"100@default\"]",
            );
            return BTreeMap::new();
        };
        let mut boxes = BTreeMap::new();
        for (key, value) in tables {
            let name = key.get_ref();
            let title = format!("[box.{name:?}]");
            if Mailbox::parse(name).is_none() {
                self.report(
                    Some(key.span()),
                    &title,
                    "a box is written as [box.\"100@default\"] or [box.\"100\"]",
                );
            }
            let policy = self.policy(&title, value, defaults);
            if boxes.insert(full_box_name(name), policy).is_some() {
                self.report(
                    Some(key.span()),
                    &title,
                    &format!("{} has two tables", full_box_name(name)),
                );
            }
        }
        boxes
    }

    /// Reads a table of box settings and checks them together, blaming the table only for what it
    /// sets itself.
    fn policy(
        &mut self,
        title: &str,
        value: Spanned<DeValue<'a>>,
        inherited: &BoxSettings,
    ) -> BoxSettings {
        let written = value.clone();
        let before = self.problems.len();
        let policy = self.table::<BoxTable>(title, value).over(inherited);
        if self.problems.len() > before {
            return policy;
        }
        let by_mail = policy.deliver_to.contains(&Destination::Mail);
        if by_mail && policy.delivery.mail_to.is_empty() {
            let at = ["mail_to", "deliver_to"]
                .into_iter()
                .find_map(|key| setting_span(&written, key));
            if at.is_some() {
                let what = "deliver_to has \"mail\": say to whom, such as mail_to = [\"hotline@example.com\"]";
                self.report(at, &format!("{title} mail_to"), what);
            }
        }
        for conflict in conflicts(&policy.policy) {
            let own = [conflict.shorter, conflict.longer]
                .into_iter()
                .find_map(|key| Some((key, setting_span(&written, key)?)));
            if let Some((key, at)) = own {
                self.report(Some(at), &format!("{title} {key}"), &conflict.what);
            }
        }
        policy
    }

    fn table<T: DeserializeOwned + Default>(
        &mut self,
        title: &str,
        mut value: Spanned<DeValue<'a>>,
    ) -> T {
        loop {
            let error = match T::deserialize(value.clone().into_deserializer()) {
                Ok(table) => return table,
                Err(error) => error,
            };
            let at = error.span().unwrap_or(value.span());
            let what = error
                .message()
                .replacen("unknown field", "unknown setting", 1)
                .replacen("there are no fields", "this table takes no settings yet", 1);
            let DeValue::Table(settings) = value.get_mut() else {
                let name = title.trim_matches(['[', ']']);
                self.report(Some(at), name, &format!("is a table: write {title}"));
                return T::default();
            };
            let wrong = settings
                .iter()
                .find(|(key, value)| {
                    key.span().contains(&at.start) || value.span().contains(&at.start)
                })
                .map(|(key, _)| key.clone());
            let Some(wrong) = wrong else {
                self.report(Some(at), title, &what);
                return T::default();
            };
            self.report(Some(at), &format!("{title} {}", wrong.get_ref()), &what);
            settings.remove(&wrong);
        }
    }

    /// A key or table that stands in the file twice: which, and where it stands first.
    fn report_twice(&mut self, span: Range<usize>) {
        let line = line_at(self.text.as_bytes(), span.start);
        let (key, first) = twice::told(self.text, line);
        let what = match first {
            Some(first) => {
                format!("duplicate key: it is in line {first} already; keep one of the two")
            }
            None => "duplicate key: it is in the file already; keep one of the two".into(),
        };
        self.report(Some(span), &key, &what);
    }

    fn report(&mut self, at: Option<Range<usize>>, key: &str, what: &str) {
        let at = at.map_or(0, |span| span.start);
        self.problems.push(Problem {
            line: line_at(self.text.as_bytes(), at),
            key: key.into(),
            what: what.into(),
        });
    }
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    let before = &bytes[..at.min(bytes.len())];
    before.split(|&byte| byte == b'\n').count()
}

fn setting_span(table: &Spanned<DeValue<'_>>, key: &str) -> Option<Range<usize>> {
    let DeValue::Table(settings) = table.get_ref() else {
        return None;
    };
    settings.get(key).map(Spanned::span)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenTable {
    address: Option<Vec<SocketAddr>>,
    allow: Option<Vec<Network>>,
}

impl ListenTable {
    fn settings(self) -> (Vec<SocketAddr>, Vec<IpNet>) {
        let allow = self.allow.unwrap_or_default();
        (
            self.address.unwrap_or(Config::default().listen),
            allow.into_iter().map(|network| network.0).collect(),
        )
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    max_calls: Option<Count<1, 100_000>>,
    max_connections: Option<Count<1, 200_000>>,
    prelude_s: Option<Seconds<1, 60>>,
    prelude_bytes: Option<Count<4096, 16_777_216>>,
    prelude_lines: Option<Count<64, 65_536>>,
    line_bytes: Option<Count<1024, 1_048_576>>,
    reply_bytes: Option<Count<4096, 16_777_216>>,
    stop_grace_s: Option<Seconds<0, 86_400>>,
}

impl LimitsTable {
    fn settings(self) -> Limits {
        let default = Config::default().limits;
        Limits {
            calls: count(self.max_calls, default.calls),
            connections: count(self.max_connections, default.connections),
            prelude: self.prelude_s.map_or(default.prelude, |s| s.0),
            grace: self.stop_grace_s.map_or(default.grace, |s| s.0),
            codec: CodecLimits {
                line_bytes: count(self.line_bytes, default.codec.line_bytes),
                prelude_bytes: count(self.prelude_bytes, default.codec.prelude_bytes),
                prelude_lines: count(self.prelude_lines, default.codec.prelude_lines),
                reply_bytes: count(self.reply_bytes, default.codec.reply_bytes),
            },
            ..default
        }
    }
}

fn count<const MIN: u32, const MAX: u32>(own: Option<Count<MIN, MAX>>, default: usize) -> usize {
    own.map_or(default, |count| count.0 as usize)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogTable {
    level: Option<LogLevel>,
    format: Option<LogFormat>,
}

impl LogTable {
    fn settings(self) -> Logging {
        let Logging { level, format } = Logging::default();
        Logging {
            level: self.level.map_or(level, |level| level.0),
            format: self.format.unwrap_or(format),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TapTable {
    folder_as_asterisk_sees_it: Option<AsteriskFolder>,
    folder_as_guard_sees_it: Option<Folder>,
}

impl TapTable {
    fn settings(self) -> Tap {
        let asterisk = self
            .folder_as_asterisk_sees_it
            .map_or(Tap::default().folder_as_asterisk_sees_it, |folder| folder.0);
        Tap {
            folder_as_guard_sees_it: self
                .folder_as_guard_sees_it
                .map_or_else(|| asterisk.clone(), |folder| folder.0),
            folder_as_asterisk_sees_it: asterisk,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PromptsTable {
    sounds: Option<Folder>,
    languages: Option<Vec<Language>>,
}

impl PromptsTable {
    fn settings(self) -> Prompts {
        let Prompts { sounds, languages } = Prompts::default();
        Prompts {
            sounds: self.sounds.map_or(sounds, |folder| folder.0),
            languages: self.languages.map_or(languages, |all| {
                all.into_iter().map(|language| language.0).collect()
            }),
        }
    }
}

/// A table whose settings are still to come.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyTable {}
