//! `privacy`: the record of processing (GDPR, Art. 30), filled in with the settings that hold.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use super::export::PageLanguage;
use crate::call_record::{Destination, Verdict};
use crate::config::{Config, TapKind};
use crate::keeping::{Days, Keep, Keeping, Kind};

const ENGLISH: &str = include_str!("record.en.txt");
const GERMAN: &str = include_str!("record.de.txt");

/// In which language.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  voicemail-guard privacy --config /etc/voicemail-guard/voicemail-guard.toml
  voicemail-guard privacy --language de > verzeichnis.md")]
pub struct Args {
    /// The language of the record
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value = "en")]
    pub language: PageLanguage,
}

/// What nobody has named, so that what is usual is assumed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Assumed {
    /// The data folder.
    pub data: bool,
    /// The configuration.
    pub config: bool,
}

/// Prints the record, in Markdown.
///
/// # Errors
/// It cannot be printed.
pub fn run(
    args: &Args,
    config: &Config,
    data: &Path,
    assumed: Assumed,
    out: &mut dyn Write,
) -> io::Result<ExitCode> {
    out.write_all(record(config, data, args.language, assumed).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The record of processing.
pub fn record(config: &Config, data: &Path, language: PageLanguage, assumed: Assumed) -> String {
    let (template, words) = match language {
        PageLanguage::En => (ENGLISH, &WORDS[0]),
        PageLanguage::De => (GERMAN, &WORDS[1]),
    };
    let [data, tap] = [data, &config.tap.folder_as_guard_sees_it].map(whole);
    let users = config.web.users.keys();
    let recipients = config.mail_recipients().into_iter();
    let webhook = config.delivery.webhook.url.as_ref();
    let webhook = webhook.filter(|_| config.delivers_to(Destination::Webhook));
    let mailboxes = config.delivers_to(Destination::Mailbox);
    let page = match (config.web.address.is_empty(), config.web.has_login()) {
        (true, _) => words.no_page,
        (false, true) => words.login,
        (false, false) => words.no_login,
    };
    let filled = [
        (
            "version",
            format!("voicemail-guard {}", env!("CARGO_PKG_VERSION")),
        ),
        ("assumed", words.assumed(assumed)),
        ("queues", queues(config, words)),
        ("network", network(config, words)),
        ("data", data),
        ("tap", tap),
        ("users", listed(users.cloned(), words.nobody_named)),
        (
            "mailboxes",
            (if mailboxes { words.yes } else { words.none }).into(),
        ),
        (
            "mail",
            listed(recipients.map(ToString::to_string), words.none),
        ),
        (
            "webhook",
            listed(
                webhook.and_then(|url| url.host_str().map(ToOwned::to_owned)),
                words.none,
            ),
        ),
        ("days", days(config, words)),
        (
            "open_cases",
            match config.keep.open_cases {
                Days::Of(1) => format!("{} {}", words.at_most, words.one_day),
                Days::Of(days) => format!("{} {days} {}", words.at_most, words.days),
                Days::Forever => words.forever.to_owned(),
            },
        ),
        ("page", page.into()),
    ];
    filled
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
}

/// Who is listened to while they wait in a queue, and what is kept of it: three cells.
fn queues(config: &Config, words: &Words) -> String {
    if !config.queue.is_watched() {
        return words.no_queues.to_owned();
    }
    let mut with_audio = config.queues_with_audio().peekable();
    if with_audio.peek().is_none() {
        return format!("{} {}", words.queues, words.queues_kept_nothing);
    }
    let names =
        with_audio.map(|name| name.map_or_else(|| words.all_queues.to_owned(), ToOwned::to_owned));
    let names = listed(names, words.none);
    format!(
        "{} {}",
        words.queues,
        words.queues_kept.replace("{{of}}", &names)
    )
}

/// How sound comes to the guard, and where it lies meanwhile.
fn network(config: &Config, words: &Words) -> String {
    let of_calls = config.tap.ports().iter().copied();
    let addresses: Vec<_> = of_calls.chain(config.ports_of_queues()).collect();
    let mut parts = Vec::new();
    if config.tap.kind == TapKind::Monitor {
        parts.push(words.by_file.to_owned());
    }
    if !addresses.is_empty() {
        let names: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let is_here = addresses.iter().all(|of| of.ip().is_loopback());
        let how = if is_here {
            words.over_loopback
        } else {
            words.over_network
        };
        parts.push(how.replace("{{at}}", &names.join(", ")));
    }
    if config.tap.kind == TapKind::AudioSocket {
        parts.push(words.kept_meanwhile.to_owned());
    }
    parts.join(" ")
}

/// A path that says the same wherever it is read.
fn whole(path: &Path) -> String {
    let whole = std::path::absolute(path);
    whole.map_or_else(
        |_| path.display().to_string(),
        |path| path.display().to_string(),
    )
}

/// The days in force, a row for verdicts that are kept alike.
fn days(config: &Config, words: &Words) -> String {
    let mut table = format!("{}\n|---|---|---|---|---|---|\n", words.head);
    for (mailbox, keeping) in config.keep.each() {
        let mailbox = mailbox.unwrap_or(words.all);
        for (verdicts, keep) in alike(keeping) {
            let verdicts: Vec<_> = verdicts.iter().map(|of| format!("`{of}`")).collect();
            let days = Kind::ALL.map(|kind| match keep.of(kind) {
                Days::Of(days) => days.to_string(),
                Days::Forever => words.forever.to_owned(),
            });
            let (verdicts, days) = (verdicts.join(", "), days.join(" | "));
            writeln!(table, "| {mailbox} | {verdicts} | {days} |").ok();
        }
    }
    table.trim_end().to_owned()
}

/// The verdicts that are kept alike, in the order of the first of each.
pub(super) fn alike(keeping: &Keeping) -> Vec<(Vec<Verdict>, Keep)> {
    let mut groups: Vec<(Vec<Verdict>, Keep)> = Vec::new();
    for verdict in Verdict::ALL {
        let keep = *keeping.of(verdict);
        match groups.iter_mut().find(|(_, other)| *other == keep) {
            Some((verdicts, _)) => verdicts.push(verdict),
            None => groups.push((vec![verdict], keep)),
        }
    }
    groups
}

fn listed(values: impl IntoIterator<Item = String>, none: &str) -> String {
    // In a table, and whoever wrote the settings.
    let values: Vec<_> = values
        .into_iter()
        .map(|value| value.replace('|', "/"))
        .collect();
    if values.is_empty() {
        return none.to_owned();
    }
    values.join(", ")
}

struct Words {
    head: &'static str,
    all: &'static str,
    forever: &'static str,
    at_most: &'static str,
    days: &'static str,
    one_day: &'static str,
    assumed_data: &'static str,
    assumed_config: &'static str,
    none: &'static str,
    yes: &'static str,
    nobody_named: &'static str,
    no_page: &'static str,
    login: &'static str,
    no_login: &'static str,
    no_queues: &'static str,
    queues: &'static str,
    queues_kept_nothing: &'static str,
    queues_kept: &'static str,
    all_queues: &'static str,
    by_file: &'static str,
    over_loopback: &'static str,
    over_network: &'static str,
    kept_meanwhile: &'static str,
}

impl Words {
    /// Paragraphs on what nobody has named, each behind an empty line.
    fn assumed(&self, assumed: Assumed) -> String {
        let [data, config] = [
            (assumed.data, self.assumed_data),
            (assumed.config, self.assumed_config),
        ]
        .map(|(is_so, words)| {
            if is_so {
                format!("\n\n> {words}")
            } else {
                String::new()
            }
        });
        data + &config
    }
}

const WORDS: [Words; 2] = [
    Words {
        head: "| mailbox | verdict | recording | timeline | number | record |",
        all: "all others",
        forever: "forever",
        at_most: "at most",
        days: "days",
        one_day: "1 day",
        assumed_data: "No data folder was named: this record assumes `{{data}}`, the one that a guard of this user would have. Another is named by `--data FOLDER` or `VOICEMAIL_GUARD_DATA`.",
        assumed_config: "No configuration was named: this record assumes the defaults. One is named by `--config FILE` or `VOICEMAIL_GUARD_CONFIG`.",
        none: "none",
        yes: "yes; the administrator of Asterisk and the owners of the mailboxes hear them",
        nobody_named: "no users are named: whoever works on this machine",
        no_page: "there is none.",
        login: "users log in, with roles and mailboxes of their own; passwords are hashed (argon2id), and how often one is tried is limited.",
        no_login: "it is served on this machine alone, without a login.",
        no_queues: "callers who wait in a queue | nobody listens to them (`[queue] listen` is not set) | –",
        queues: "callers who wait in a queue, where the dialplan says so | a machine listens to their side until somebody answers, to notice where nobody is there any more: number, name, times, place in the queue, what was heard, asked and answered (record, timeline);",
        queues_kept_nothing: "no sound | `{{data}}/calls.sqlite`",
        queues_kept: "the recording of what was heard until then, an hour at most, of these queues: {{of}}. That it is made is said before the queue: ____ | `{{data}}/calls.sqlite`, `{{data}}/audio`; while they wait `{{tap}}`",
        all_queues: "all without a table of their own",
        by_file: "a file in `{{tap}}` that Asterisk writes.",
        over_loopback: "over connections within this machine ({{at}}).",
        over_network: "over connections of Asterisk ({{at}}), from the networks of `[listen] allow` alone and by an identifier that is good once; AudioSocket does not encrypt: between two machines through a tunnel (WireGuard, stunnel): ____.",
        kept_meanwhile: "While a call is up, what is heard of it lies in `{{tap}}`, a file ID.sln each.",
    },
    Words {
        head: "| Mailbox | Einstufung | Aufnahme | Zeitleiste | Nummer | Datensatz |",
        all: "alle übrigen",
        forever: "unbegrenzt",
        at_most: "höchstens",
        days: "Tage",
        one_day: "1 Tag",
        assumed_data: "Es wurde kein Datenordner genannt: Angenommen ist `{{data}}`, der Ordner, den voicemail-guard für diesen Benutzer verwendet. Einen anderen nennen Sie mit `--data FOLDER` oder `VOICEMAIL_GUARD_DATA`.",
        assumed_config: "Es wurde keine Konfiguration genannt: Angenommen sind die Voreinstellungen. Eine nennen Sie mit `--config FILE` oder `VOICEMAIL_GUARD_CONFIG`.",
        none: "keine",
        yes: "ja; hören können sie die Administratoren von Asterisk und die Inhaber der Mailboxen",
        nobody_named: "keine Benutzer benannt: wer auf diesem Rechner arbeitet",
        no_page: "Es gibt keine.",
        login: "Benutzer melden sich an, mit Rollen und eigenen Mailboxen; Passwörter sind gehasht (argon2id), und wie oft eines versucht wird, ist begrenzt.",
        no_login: "Sie ist nur auf diesem Rechner erreichbar, ohne Anmeldung.",
        no_queues: "Anrufende in einer Warteschlange | ihnen hört niemand zu (`[queue] listen` ist nicht gesetzt) | –",
        queues: "Anrufende in einer Warteschlange, wo der Wählplan es vorsieht | eine Maschine hört ihre Seite, bis jemand annimmt, um zu bemerken, wo niemand mehr da ist: Nummer, Name, Zeiten, Platz in der Warteschlange, was gehört, gefragt und geantwortet wurde (Datensatz, Zeitleiste);",
        queues_kept_nothing: "kein Ton | `{{data}}/calls.sqlite`",
        queues_kept: "die Aufnahme dessen, was bis dahin zu hören war, höchstens eine Stunde, aus diesen Warteschlangen: {{of}}. Dass aufgenommen wird, sagt eine Ansage davor: ____ | `{{data}}/calls.sqlite`, `{{data}}/audio`; während des Wartens `{{tap}}`",
        all_queues: "alle ohne eigene Tabelle",
        by_file: "eine Datei in `{{tap}}`, die Asterisk schreibt.",
        over_loopback: "über Verbindungen innerhalb dieses Rechners ({{at}}).",
        over_network: "über Verbindungen von Asterisk ({{at}}), nur aus den Netzen von `[listen] allow` und mit einer Kennung, die einmal gilt; AudioSocket verschlüsselt nicht: zwischen zwei Rechnern durch einen Tunnel (WireGuard, stunnel): ____.",
        kept_meanwhile: "Während eines Anrufs liegt, was von ihm zu hören ist, in `{{tap}}`, je eine Datei ID.sln.",
    },
];
