//! From the text of a configuration file to [`Config`], or to everything that is wrong with it.
//!
//! serde stops at the first mistake; so each table is read again without the offending setting
//! until nothing is wrong with it any more. A struct takes the settings from its table that its
//! fields name, and a table may have several; what none of them takes is unknown.

mod delivery;
mod keep;
mod number;
mod tap;
mod unused;
mod web;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::fields;
use super::mailbox::{MailboxSettings, OwnLists, conflicts};
use super::value::{networks, ports};
use super::{Config, Problem, duplicate};
use crate::call::admission::CallerLists;
use crate::call::policy::Policy;
use crate::call_record::{Destination, MailboxName};
use crate::keeping::KeepRules;

const TABLES: &str = "[listen], [limits], [log], [tap], [prompts], [delivery], [ami], [queue], [web], [keep], [defaults], [box.\"NAME\"]";

const NAMES: [&str; 12] = [
    "listen", "limits", "log", "tap", "prompts", "delivery", "ami", "queue", "web", "keep",
    "defaults", "box",
];

/// A session may last this much longer than its call: it says goodbye and is filed.
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
            None => reader.report(error.span().as_ref(), "", words::no_toml(error.message())),
        }
    }
    let mut config = if reader.problems.is_empty() {
        reader.config(table.into_inner())
    } else {
        Config::default()
    };
    config.unused = reader.unused;
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
    /// What stands where it does nothing, as the remark on it.
    unused: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            problems: Vec::new(),
            unused: Vec::new(),
        }
    }

    fn config(&mut self, tables: DeTable<'a>) -> Config {
        let mut config = Config::default();
        let mut listen = Listen::default();
        let mut inherited = Inherited::default();
        let (mut mailboxes, mut ami, mut queue_at) = (None, None, None);
        let mut places = delivery::Places::new();
        let mut tap = None;
        for (key, value) in tables {
            let at = key.span();
            match &**key.get_ref() {
                "listen" => listen = self.listen(value),
                "limits" => config.limits = self.section("limits", value),
                "log" => config.log = self.section("log", value),
                "tap" => tap = Some(value),
                "prompts" => config.prompts = self.section("prompts", value),
                "delivery" => {
                    (config.delivery, places) = self.delivery(value);
                }
                "ami" => ami = Some((at, value)),
                "queue" => {
                    queue_at = Some(at);
                    config.queue = self.section("queue", value);
                }
                "web" => config.web = self.web(value),
                "keep" => config.keep = self.keep_of_all(value),
                "defaults" => {
                    (config.defaults, inherited) = self.mailbox("[defaults]", value, &inherited);
                }
                "box" => mailboxes = Some(value),
                name if matches!(value.get_ref(), DeValue::Table(_)) => {
                    let meant = words::near(name, NAMES).map_or_else(
                        || format!("there are {TABLES}"),
                        |meant| format!("did you mean [{meant}]?"),
                    );
                    let what = format!("no such table; {meant}");
                    self.report(Some(&at), &format!("[{name}]"), &what);
                }
                name => self.report(
                    Some(&at),
                    name,
                    &format!("a setting stands in one of the tables {TABLES}"),
                ),
            }
        }
        if let Some(mailboxes) = mailboxes {
            config.mailboxes = self.mailboxes(mailboxes, &inherited, &mut config.keep);
        }
        if let Some((at, value)) = ami {
            config.delivery.ami = self.ami(&at, value, &places);
        }
        if let Some(tap) = tap {
            config.tap = self.tap(tap, &listen.allow);
        }
        self.wanted_deliveries(&config, &places);
        self.sound_of_queues(&config, &listen.allow, queue_at.as_ref());
        let settings = config.mailboxes.values().chain([&config.defaults]);
        let longest_stay = settings.map(|settings| settings.policy.longest_stay());
        config.limits.session = longest_stay.max().unwrap_or_default() + LEEWAY;
        config.limits.allow = listen.allow;
        config.listen = listen.address;
        config
    }

    fn listen(&mut self, value: Spanned<DeValue<'a>>) -> Listen {
        let mut table = self.open("[listen]", value);
        let at = table.own.get("address").cloned();
        let listen: Listen = self.part(&mut table);
        self.close(table);
        if ["[listen]", "listen", "[listen] address", "[listen] allow"]
            .iter()
            .any(|key| self.is_reported(key))
        {
            return listen;
        }
        let elsewhere = listen.address.iter().find(|a| !a.ip().is_loopback());
        if let (Some(address), true) = (elsewhere, listen.allow.is_empty()) {
            let what = format!(
                "{address} can be reached from other machines: name the networks that may connect, such as allow = [\"192.0.2.0/24\"]"
            );
            self.report(at.as_ref(), "[listen] address", &what);
        }
        if listen.address.is_empty() {
            self.report(
                at.as_ref(),
                "[listen] address",
                "at least one address with its port, such as \"127.0.0.1:4574\"",
            );
        }
        listen
    }

    fn mailboxes(
        &mut self,
        value: Spanned<DeValue<'a>>,
        defaults: &Inherited<'a>,
        keep: &mut KeepRules,
    ) -> BTreeMap<String, MailboxSettings> {
        let at = value.span();
        let DeValue::Table(tables) = value.into_inner() else {
            self.report(
                Some(&at),
                "box",
                "mailboxes are tables such as [box.\"100@default\"]",
            );
            return BTreeMap::new();
        };
        let mut mailboxes = BTreeMap::new();
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_by_key(|(key, _)| key.span().start);
        let mut places = BTreeMap::new();
        for (key, mut value) in tables {
            let name = key.get_ref();
            let title = format!("[box.{name:?}]");
            let own = match value.get_mut() {
                DeValue::Table(settings) => settings.remove("keep"),
                _ => None,
            };
            let mailbox = MailboxName::from(&**name);
            if mailbox.mailbox().is_none() {
                self.report(
                    Some(&key.span()),
                    &title,
                    "a mailbox is written as [box.\"100@default\"] or [box.\"100\"], a queue as [box.\"support@queue\"]",
                );
            }
            if let DeValue::Table(own) = value.get_ref() {
                let own = own.keys().map(|key| &**key.get_ref());
                self.note_unused_of_mailbox(&title, &mailbox, own);
            }
            let (settings, _) = self.mailbox(&title, value, defaults);
            let full = mailbox.to_string();
            mailboxes.insert(full.clone(), settings);
            if let Some(own) = own {
                let tables = self.keep(&format!("[box.{name:?}.keep]"), own, None);
                let keeping = tables.over(&keep.all);
                keep.mailboxes.insert(full.clone(), keeping);
            }
            if let Some(first) = places.insert(full.clone(), key.span()) {
                let line = self.line_of(Some(&first));
                let what =
                    format!("{full} has a table in line {line} already; keep one of the two");
                self.report(Some(&key.span()), &title, &what);
            }
        }
        mailboxes
    }

    /// Reads a mailbox's table over what it inherits, and gives what others inherit from it.
    /// Settings are checked together, too, blaming the table only for what it sets itself.
    fn mailbox(
        &mut self,
        title: &str,
        value: Spanned<DeValue<'a>>,
        inherited: &Inherited<'a>,
    ) -> (MailboxSettings, Inherited<'a>) {
        let mut table = self.open(title, value);
        for (key, value) in &inherited.written {
            if !table.own.contains_key(&**key.get_ref()) {
                table.settings.insert(key.clone(), value.clone());
            }
        }
        let mut policy: Policy = self.part(&mut table);
        policy.trunk = self.part(&mut table);
        let mut settings: MailboxSettings = self.part(&mut table);
        settings.policy = policy;
        settings.delivery = self.part(&mut table);
        settings.queue = self.part(&mut table);
        let written = std::mem::take(&mut table.good);
        let lists: OwnLists = self.part(&mut table);
        let home = Some(settings.policy.home_country);
        let lists = lists.over(&inherited.lists, home);
        settings.policy.lists = Arc::clone(&lists);
        let own = self.close(table);
        self.together(title, &settings, &own);
        (settings, Inherited { written, lists })
    }

    fn together(
        &mut self,
        title: &str,
        settings: &MailboxSettings,
        own: &BTreeMap<String, Range<usize>>,
    ) {
        let reported = |reader: &Self, key: &str| {
            let tables = [title, "[defaults]"];
            let mut keys = tables.iter().map(|table| format!("{table} {key}"));
            keys.any(|key| reader.is_reported(&key))
        };
        let by_mail = settings.deliver_to.contains(&Destination::Mail);
        if by_mail && settings.delivery.mail_to.is_empty() && !reported(self, "mail_to") {
            let at = own.get("mail_to").or_else(|| own.get("deliver_to"));
            if at.is_some() {
                let what = "deliver_to has \"mail\": say to whom, such as mail_to = [\"hotline@example.com\"]";
                self.report(at, &format!("{title} mail_to"), what);
            }
        }
        for conflict in conflicts(&settings.policy) {
            let blamed = [conflict.shorter, conflict.longer]
                .into_iter()
                .find_map(|key| Some((key, own.get(key)?.clone())));
            let known = [conflict.shorter, conflict.longer]
                .into_iter()
                .any(|key| reported(self, key));
            if let Some((key, at)) = blamed.filter(|_| !known) {
                self.report(Some(&at), &format!("{title} {key}"), &conflict.what);
            }
        }
    }

    /// A table that one struct is read from.
    fn section<T: DeserializeOwned + Default>(
        &mut self,
        name: &str,
        value: Spanned<DeValue<'a>>,
    ) -> T {
        let mut table = self.open(&format!("[{name}]"), value);
        let settings = self.part(&mut table);
        self.close(table);
        settings
    }

    fn open(&mut self, title: &str, value: Spanned<DeValue<'a>>) -> Table<'a> {
        let at = value.span();
        let DeValue::Table(settings) = value.into_inner() else {
            let name = title.trim_matches(['[', ']']);
            self.report(Some(&at), name, &format!("is a table: write {title}"));
            return Table::default();
        };
        let spans = settings.iter();
        let own = spans.map(|(key, value)| (key.get_ref().to_string(), value.span()));
        Table {
            title: title.to_owned(),
            own: own.collect(),
            at,
            settings,
            ..Table::default()
        }
    }

    /// Reads a struct from those settings of a table that its fields name.
    fn part<T: DeserializeOwned + Default>(&mut self, table: &mut Table<'a>) -> T {
        let mut own = DeTable::new();
        for name in fields::<T>() {
            table.known.push(name);
            own.extend(table.settings.remove_entry(*name));
        }
        for (_, value) in &mut own {
            number::bounded(value.get_mut());
        }
        loop {
            let value = Spanned::new(table.at.clone(), DeValue::Table(own.clone()));
            let error = match T::deserialize(value.into_deserializer()) {
                Ok(part) => {
                    table.good.extend(own);
                    return part;
                }
                Err(error) => error,
            };
            let at = error.span().unwrap_or_else(|| table.at.clone());
            let wrong = own
                .iter()
                .find(|(key, value)| {
                    key.span().contains(&at.start) || value.span().contains(&at.start)
                })
                .map(|(key, _)| key.clone());
            let Some(wrong) = wrong else {
                self.report(Some(&at), &table.title, error.message());
                return T::default();
            };
            let key = format!("{} {}", table.title, wrong.get_ref());
            let written = self.text.get(at.clone()).unwrap_or_default().trim();
            let message = number::as_written(error.message(), written);
            let what = words::wrong_value(&message, written);
            let choices = (error.message() == words::NO_TEXT)
                .then(|| wrong_choice::<T>(&own, &wrong, written))
                .flatten();
            self.report(Some(&at), &key, &choices.unwrap_or(what));
            own.remove(&wrong);
        }
    }

    /// Reports what no part of a table has taken; gives where its own settings stand.
    fn close(&mut self, table: Table<'a>) -> BTreeMap<String, Range<usize>> {
        for (key, value) in &table.settings {
            let name = key.get_ref();
            let inner = table.title.trim_matches(['[', ']']);
            let below = words::near(name, table.below.iter().copied());
            let what = match below {
                Some(below) if matches!(value.get_ref(), DeValue::Table(_)) => {
                    format!("no such table; did you mean [{inner}.{below}]?")
                }
                _ => words::unknown(name, &table.known),
            };
            self.report(Some(&key.span()), &format!("{} {name}", table.title), &what);
        }
        table.own
    }

    /// A key or table that stands in the file twice: which, and where it stands first.
    fn report_twice(&mut self, span: Range<usize>) {
        let line = self.line_of(Some(&span));
        let (key, first) = duplicate::places(self.text, line);
        let what = match first {
            Some(first) => {
                format!("stands in the file twice, first in line {first}; keep one of the two")
            }
            None => "stands in the file twice; keep one of the two".into(),
        };
        self.report(Some(&span), &key, &what);
    }

    /// Whether something is wrong with this setting already.
    fn is_reported(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    fn line_of(&self, at: Option<&Range<usize>>) -> usize {
        line_at(self.text.as_bytes(), at.map_or(0, |span| span.start))
    }

    fn report(&mut self, at: Option<&Range<usize>>, key: &str, what: &str) {
        self.problems.push(Problem {
            line: self.line_of(at),
            key: key.into(),
            what: what.into(),
        });
    }
}

/// What there is to choose from, where a value is no text: what is said of a text that is none of it.
fn wrong_choice<T: DeserializeOwned>(
    table: &DeTable<'_>,
    wrong: &Spanned<Cow<'_, str>>,
    written: &str,
) -> Option<String> {
    let mut table = table.clone();
    let value = table.get_mut(wrong)?;
    *value.get_mut() = DeValue::String(Cow::Borrowed(""));
    let whole = Spanned::new(0..0, DeValue::Table(table));
    let error = T::deserialize(whole.into_deserializer()).err()?;
    words::wrong_choice(written, error.message())
}

fn line_at(bytes: &[u8], at: usize) -> usize {
    let before = &bytes[..at.min(bytes.len())];
    before.split(|&byte| byte == b'\n').count()
}

/// A table while it is read.
#[derive(Default)]
struct Table<'a> {
    title: String,
    at: Range<usize>,
    /// Which settings it has itself, and where.
    own: BTreeMap<String, Range<usize>>,
    /// What no struct has taken yet.
    settings: DeTable<'a>,
    /// What was taken, and is right.
    good: DeTable<'a>,
    known: Vec<&'static str>,
    /// Tables below it, which have been read already.
    below: &'static [&'static str],
}

/// What a mailbox has unless it says otherwise.
#[derive(Default)]
struct Inherited<'a> {
    /// Settings as they stand there, but for the lists.
    written: DeTable<'a>,
    lists: Arc<CallerLists>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Listen {
    #[serde(deserialize_with = "ports")]
    address: Vec<SocketAddr>,
    #[serde(deserialize_with = "networks")]
    allow: Vec<IpNet>,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: Config::default().listen,
            allow: Vec::new(),
        }
    }
}
