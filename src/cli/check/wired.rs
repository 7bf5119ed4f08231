//! `check` of the lines that lead callers to the guard: which mailboxes have one, and where `VoiceMail()` stands instead.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Item;
use crate::call_record::Mailbox;
use crate::cli::asterisk_conf::AsteriskConf;
use crate::config::Config;
use crate::dialplan::GOSUB;

/// What the subroutine for callers who wait in a queue is called by, before the queue.
const QUEUE_GOSUB: &str = "voicemail-guard-queue,s,1(";
/// What Custom Destinations of FreePBX are called by, before the number of the mailbox.
const DESTINATION: &str = "voicemail-guard-box,";
/// The contexts that are shipped begin so.
const OURS: &str = "voicemail-guard";
/// Mailboxes named in one line.
const MOST_NAMED: usize = 5;

/// Where the dialplan sends callers of mailboxes, as far as its lines say.
#[derive(Debug, Default)]
pub(in crate::cli) struct Wiring {
    /// The mailboxes that are named where callers are led to the guard.
    guarded: BTreeSet<String>,
    /// Some are named there by a variable.
    by_variable: bool,
    /// Callers who wait in queues are watched.
    pub(in crate::cli) has_queues: bool,
    /// `VoiceMail()` where the guard is not in front of it.
    pub(in crate::cli) plain: Vec<Plain>,
}

/// A `VoiceMail()` of the dialplan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Plain {
    context: String,
    extension: String,
    priority: String,
    pub(in crate::cli) mailbox: Mailbox,
    options: Option<String>,
}

impl Plain {
    /// Which one it is, and the line that stands in its place.
    pub(in crate::cli) fn replaced(&self) -> (String, String) {
        let options = self
            .options
            .as_ref()
            .map_or_else(String::new, |it| format!(",{it}"));
        let (mailbox, extension) = (self.mailbox.as_str(), &self.extension);
        let place = format!(
            "VoiceMail({mailbox}{options}) of {extension} in [{}]",
            self.context
        );
        let guarded = guarded(mailbox, self.options.as_deref());
        (
            place,
            format!("exten => {extension},{},{guarded}", self.priority),
        )
    }
}

/// What leads callers of a mailbox to the guard, and to `VoiceMail()` with these options where there is none.
pub(in crate::cli) fn guarded(mailbox: &str, options: Option<&str>) -> String {
    let own = options.filter(|options| !matches!(*options, "" | "u"));
    let own = own.map_or_else(String::new, |options| format!(",{options}"));
    let options = options.unwrap_or("u");
    format!(
        "ExecIf(${{DIALPLAN_EXISTS(voicemail-guard,s,1)}}?Gosub({GOSUB}{mailbox}{own})):VoiceMail({mailbox},{options}))"
    )
}

impl Wiring {
    /// By the lines of a dialplan: section, name, value.
    pub(in crate::cli) fn of<'a>(lines: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> Self {
        let mut wiring = Self::default();
        let (mut context, mut extension, mut is_guarded) = ("", "", false);
        for (section, name, value) in lines {
            let mut step = value;
            if section != context {
                (context, extension, is_guarded) = (section, "", false);
            }
            if name == "exten" {
                let (named, rest) = value.split_once(',').unwrap_or((value, ""));
                is_guarded &= named.trim() == extension;
                (extension, step) = (named.trim(), rest);
            }
            wiring.note(DESTINATION, value);
            wiring.has_queues |= value.contains(QUEUE_GOSUB);
            let is_ours = context.starts_with(OURS);
            if !is_ours && wiring.note(GOSUB, value) {
                is_guarded = true;
            }
            if !is_ours && !is_guarded && matches!(name, "exten" | "same") {
                wiring.plain.extend(plain((context, extension), step));
            }
        }
        wiring
    }

    /// Notes the mailboxes that are named behind this in a line; whether there are any.
    fn note(&mut self, called_by: &str, value: &str) -> bool {
        for (at, _) in value.match_indices(called_by) {
            let name = value[at + called_by.len()..].split([',', ')']).next();
            match name.and_then(|name| Mailbox::parse(name.trim())) {
                Some(mailbox) => {
                    self.guarded.insert(mailbox.as_str().to_owned());
                }
                None => self.by_variable = true,
            }
        }
        value.contains(called_by)
    }

    /// Whether a line names this mailbox where it leads to the guard; where variables do, any may be meant.
    pub(in crate::cli) fn leads(&self, mailbox: &str) -> bool {
        self.by_variable || self.guarded.contains(mailbox)
    }

    /// Whether any line leads to the guard.
    pub(in crate::cli) fn leads_anybody(&self) -> bool {
        self.by_variable || !self.guarded.is_empty()
    }

    /// How the line is written that leads callers of this mailbox to the guard.
    fn line(&self, mailbox: &str) -> String {
        let mut all = self.plain.iter();
        let write = if let Some(plain) = all.find(|it| it.mailbox.as_str() == mailbox) {
            let (place, line) = plain.replaced();
            format!("write in place of {place}: {line}")
        } else {
            let number = mailbox.split('@').next().unwrap_or_default();
            let line = guarded(mailbox, None);
            format!("write where its callers are to go: exten => {number},n,{line}")
        };
        write + "; then: asterisk -rx 'dialplan reload'"
    }
}

/// A `VoiceMail()` that is a line of its own.
fn plain((context, extension): (&str, &str), step: &str) -> Option<Plain> {
    let (priority, call) = step.split_once(',')?;
    let (name, arguments) = call.trim().split_once('(')?;
    let arguments = arguments.strip_suffix(')')?;
    if !name.eq_ignore_ascii_case("VoiceMail") {
        return None;
    }
    let (mailbox, options) = match arguments.split_once(',') {
        Some((mailbox, options)) => (mailbox, Some(options.trim().to_owned())),
        None => (arguments, None),
    };
    Some(Plain {
        context: context.to_owned(),
        extension: extension.to_owned(),
        priority: priority.trim().to_owned(),
        mailbox: Mailbox::parse(mailbox.trim())?,
        options,
    })
}

/// Whether callers are led to the guard, and those of each mailbox that has settings of its own.
pub(super) fn items(config: &Config, folder: &Path) -> Vec<Item> {
    let Ok(lines) = AsteriskConf::of(folder, &folder.join("extensions.conf")) else {
        return Vec::new();
    };
    let wiring = Wiring::of(lines.settings());
    let elsewhere = elsewhere(folder, &lines);
    let wanted: Vec<_> = config.mailboxes().filter_map(Mailbox::parse).collect();
    let missing = wanted
        .iter()
        .map(Mailbox::as_str)
        .filter(|name| !wiring.leads(name));
    let missing: Vec<_> = missing.collect();
    let anybody = wiring.plain.first().map(|plain| &plain.mailbox);
    let anybody = missing
        .first()
        .copied()
        .or(anybody.map(Mailbox::as_str))
        .unwrap_or("100@default");
    let is_none = !wiring.leads_anybody();
    if is_none && wiring.has_queues && wanted.is_empty() {
        let what = "callers who wait in queues are watched; no call reaches the guard in front of a mailbox";
        return vec![Item::ok("dialplan", what)];
    }
    let what = if is_none {
        "no line of the dialplan has Gosub(voicemail-guard,s,1(MAILBOX)): no call reaches the guard"
            .to_owned()
    } else if missing.is_empty() {
        let mut named: Vec<_> = wiring.guarded.iter().map(String::as_str).collect();
        if wiring.by_variable {
            named.push("those that variables name");
        }
        let what = format!("callers of {} are led to the guard", some(&named));
        return vec![Item::ok("dialplan", what)];
    } else {
        format!(
            "no line of the dialplan has Gosub(voicemail-guard,s,1(MAILBOX)) for {}, which the configuration has a [box] \
             table for: the guard has none of its callers",
            some(&missing)
        )
    };
    let mend = if is_none && lines.has_context("voicemail-guard-box") {
        "add a Custom Destination for each mailbox, voicemail-guard-box,100,1 for mailbox 100, as the comments in \
         extensions_custom_freepbx.conf say"
            .to_owned()
    } else {
        wiring.line(anybody)
    };
    vec![match elsewhere {
        Some(other) => Item::warn(
            "dialplan",
            format!("{what}, unless {other} has one, of which nothing is known here"),
            format!("a test call shows it: voicemail-guard doctor; where there is none, {mend}"),
        ),
        None if is_none => Item::fail("dialplan", what, mend),
        None => Item::warn("dialplan", what, mend),
    }]
}

fn some(names: &[&str]) -> String {
    let more = if names.len() > MOST_NAMED {
        ", ..."
    } else {
        ""
    };
    names[..names.len().min(MOST_NAMED)].join(", ") + more
}

/// Another place in which the dialplan may have such a line.
fn elsewhere(folder: &Path, lines: &AsteriskConf) -> Option<String> {
    if let Some(unread) = lines.unread.first() {
        return Some(unread.display().to_string());
    }
    let realtime = |file: &str, key: &str| {
        let lines = AsteriskConf::of(folder, &folder.join(file));
        lines.is_ok_and(|lines| lines.settings().any(|(_, name, _)| name == key))
    };
    let switches = ["switch", "lswitch", "eswitch"];
    let has_switch = lines
        .settings()
        .any(|(_, name, _)| switches.contains(&name));
    if has_switch || realtime("extconfig.conf", "extensions") {
        return Some("a database or another Asterisk (switch)".to_owned());
    }
    for (file, comment, others) in [
        ("extensions.ael", "//", &["#include"][..]),
        ("extensions.lua", "--", &["require", "dofile"]),
    ] {
        let text = fs::read(folder.join(file)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let code = text
            .lines()
            .map(|line| line.split(comment).next().unwrap_or_default());
        // What it does not name, and brings in from nowhere, it has not.
        let may = |line: &str| line.contains(OURS) || others.iter().any(|word| line.contains(word));
        if code.into_iter().any(may) {
            return Some(file.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring(lines: &[(&str, &str, &str)]) -> Wiring {
        Wiring::of(lines.iter().copied())
    }

    #[test]
    fn a_voicemail_is_plain_where_the_guard_is_not_in_front_of_it() {
        let found = wiring(&[
            ("general", "static", "yes"),
            ("in", "exten", "100,1,VoiceMail(100@default,u)"),
            ("in", "exten", "101,1,Answer()"),
            ("in", "same", "n(vm),voicemail(101,b)"),
            ("in", "exten", "102,1,Gosub(voicemail-guard,s,1(102))"),
            ("in", "same", "n,VoiceMail(102@default,u)"),
            ("in", "exten", "103,1,VoiceMail(${EXTEN}@default,u)"),
            ("in", "exten", "104,1,VoiceMail(104@sales)"),
            ("in", "exten", "105,1,VoiceMailMain(105)"),
            ("voicemail-guard", "same", "n,VoiceMail(7@default,u)"),
        ]);
        let replaced: Vec<_> = found.plain.iter().map(Plain::replaced).collect();
        let exists = "ExecIf(${DIALPLAN_EXISTS(voicemail-guard,s,1)}?Gosub(voicemail-guard,s,1";
        let expected = [
            (
                "VoiceMail(100@default,u) of 100 in [in]",
                format!("exten => 100,1,{exists}(100@default)):VoiceMail(100@default,u))"),
            ),
            (
                "VoiceMail(101@default,b) of 101 in [in]",
                format!("exten => 101,n(vm),{exists}(101@default,b)):VoiceMail(101@default,b))"),
            ),
            (
                "VoiceMail(104@sales) of 104 in [in]",
                format!("exten => 104,1,{exists}(104@sales)):VoiceMail(104@sales,u))"),
            ),
        ];
        assert_eq!(
            replaced,
            expected.map(|(place, line)| (place.to_owned(), line))
        );
        assert_eq!(Vec::from_iter(found.guarded), ["102@default"]);
        assert!(!found.by_variable);
    }

    #[test]
    fn what_is_guarded_is_seen_however_it_is_led_there() {
        for (value, guarded, by_variable) in [
            (
                "1,1,Gosub(voicemail-guard,s,1(100@default,b))",
                "100@default",
                false,
            ),
            (
                "1,1,ExecIf($[${X}]?Gosub(voicemail-guard,s,1(200)))",
                "200@default",
                false,
            ),
            (
                "1,1,ExecIf(${DIALPLAN_EXISTS(voicemail-guard,s,1)}?NoOp())",
                "",
                false,
            ),
            ("1,1,Gosub(voicemail-guard,s,1(${EXTEN}@default))", "", true),
            ("1,1,Goto(voicemail-guard-box,300,1)", "300@default", false),
        ] {
            let found = wiring(&[("in", "exten", value)]);
            let named = Vec::from_iter(found.guarded).join(" ");
            assert_eq!(
                (&*named, found.by_variable),
                (guarded, by_variable),
                "{value}"
            );
        }
        // The shipped context leads nobody there by itself.
        let shipped = [(
            "voicemail-guard-box",
            "same",
            "n,Gosub(voicemail-guard,s,1(${VG_MAILBOX},u))",
        )];
        assert!(!wiring(&shipped).by_variable);
    }
}
