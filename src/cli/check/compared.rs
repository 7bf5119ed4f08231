//! `check` of settings that have a counterpart in Asterisk's own configuration: whether the two
//! agree.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::Item;
use crate::call_record::{Destination, Mode};
use crate::cli::asterisk_conf::AsteriskConf;
use crate::config::Config;
use crate::config::delivery::{LockMode, Method, Voicemail};

/// What Asterisk takes for `maxmsg` where nothing is set.
const MAXMSG: u32 = 100;

pub(super) fn items(config: &Config, folder: &Path) -> Vec<Item> {
    let read = |name: &str| AsteriskConf::of(folder, &folder.join(name)).ok();
    let mut items = Vec::new();
    if let Some(voicemail) = read("voicemail.conf") {
        items.extend(longest_message(config, &voicemail));
        items.extend(most_messages(config, &voicemail));
    }
    items.extend(read("asterisk.conf").and_then(|asterisk| lockmode(config, &asterisk)));
    items.extend(read("manager.conf").and_then(|manager| manager_user(config, &manager)));
    items
}

/// `longest_message_s` beside `maxsecs`.
fn longest_message(config: &Config, voicemail: &AsteriskConf) -> Vec<Item> {
    let replays = replays(config);
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    let mut agreeing = None;
    for (name, policy) in config.policies() {
        let longest = policy.longest_message;
        let maxsecs = maxsecs(voicemail, name);
        if !(replays || policy.mode == Mode::Enforce) || !seen.insert((longest, maxsecs)) {
            continue;
        }
        let table = name.map_or("[defaults]".to_owned(), |name| format!("[box.{name:?}]"));
        let ours = format!("{table} longest_message_s is {} s", longest.as_secs_f64());
        match maxsecs {
            None => agreeing = Some(format!("{ours}; voicemail.conf sets no maxsecs")),
            Some(limit) if limit == longest => {
                agreeing = Some(format!("{ours}, as maxsecs in voicemail.conf"));
            }
            Some(limit) if replays && limit < longest => items.push(Item::fail(
                "messages",
                format!(
                    "{ours}, but maxsecs in voicemail.conf {} s: VoiceMail() cuts off the rest of a longer message",
                    limit.as_secs()
                ),
                "raise maxsecs in voicemail.conf, then: asterisk -rx 'voicemail reload'; or lower longest_message_s",
            )),
            Some(limit) => items.push(Item::warn(
                "messages",
                format!(
                    "{ours}, but maxsecs in voicemail.conf {} s: callers have another time to speak where VoiceMail() takes the message itself",
                    limit.as_secs()
                ),
                "make the two the same, or leave it so if it is meant",
            )),
        }
    }
    if items.is_empty() {
        items.extend(agreeing.map(|what| Item::ok("messages", what)));
    }
    items
}

/// What a mailbox has itself, else what holds for all; `None` where a message may be of any length.
fn maxsecs(voicemail: &AsteriskConf, mailbox: Option<&str>) -> Option<Duration> {
    let own = mailbox.and_then(|name| {
        let (number, context) = name.split_once('@')?;
        let options = voicemail.setting(context, number)?.split(',').nth(4)?;
        let mut options = options.split('|').filter_map(|one| one.split_once('='));
        options.find_map(|(key, value)| (key.trim() == "maxsecs").then_some(value))
    });
    // Asterisk takes the older name as well.
    let general = || {
        let names = ["maxsecs", "maxmessage"].into_iter();
        let mut set = names.filter_map(|name| voicemail.setting("general", name));
        set.next()
    };
    let seconds = own.or_else(general)?.trim().parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn most_messages(config: &Config, voicemail: &AsteriskConf) -> Option<Item> {
    let ours = files(config)?.most_messages;
    let set = voicemail.setting("general", "maxmsg");
    let theirs = set
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(MAXMSG);
    (ours != theirs).then(|| {
        Item::warn(
            "messages",
            format!("[delivery.voicemail] most_messages is {ours}, but maxmsg of voicemail.conf {theirs}: an INBOX is full for one and not for the other"),
            "make the two the same",
        )
    })
}

fn lockmode(config: &Config, asterisk: &AsteriskConf) -> Option<Item> {
    let ours = match files(config)?.lockmode {
        LockMode::Lockfile => "lockfile",
        LockMode::Flock => "flock",
    };
    let set = asterisk.setting("options", "lockmode").map(str::trim);
    let theirs = set.filter(|mode| *mode == "flock").unwrap_or("lockfile");
    (ours != theirs).then(|| {
        Item::fail(
            "messages",
            format!("[delivery.voicemail] lockmode is {ours}, but that of asterisk.conf {theirs}: neither sees the other's lock, and one may write over the other's message"),
            format!("set [delivery.voicemail] lockmode = \"{theirs}\""),
        )
    })
}

/// What the user of `[ami]` may do, by its section in `manager.conf`.
fn manager_user(config: &Config, manager: &AsteriskConf) -> Option<Item> {
    let ami = &config.delivery.ami;
    // Whether there is such a section at all the login says.
    if !ami.is_set() || !manager.has_section(&ami.user) {
        return None;
    }
    let mut needed = Vec::new();
    if config.has_cases() {
        needed.push(("read", "call"));
    }
    if config.delivers_to(Destination::Mailbox) {
        match config.delivery.voicemail.method {
            Method::Files => needed.push(("write", "user")),
            Method::Replay => needed.extend([("write", "system"), ("write", "originate")]),
        }
    }
    if config.queue.is_watched() {
        needed.extend([("read", "call"), ("read", "agent"), ("read", "dtmf")]);
        needed.extend([("write", "call"), ("write", "user"), ("write", "originate")]);
    }
    needed.sort_unstable();
    needed.dedup();
    let may = |kind: &str, class: &str| {
        let granted = manager.setting(&ami.user, kind).unwrap_or_default();
        granted
            .split(',')
            .any(|one| [class, "all"].contains(&one.trim()))
    };
    let missing: Vec<_> = needed
        .into_iter()
        .filter(|(kind, class)| !may(kind, class))
        .map(|(kind, class)| format!("{kind} = {class}"))
        .collect();
    let user = &ami.user;
    Some(if missing.is_empty() {
        Item::ok(
            "manager",
            format!("[{user}] of manager.conf has the rights that are needed"),
        )
    } else {
        Item::fail(
            "manager",
            format!(
                "[{user}] of manager.conf lacks {}: {}",
                missing.join(", "),
                what_for(&missing).join(", ")
            ),
            format!(
                "add to the lines read and write of [{user}] in manager.conf, then: asterisk -rx 'manager reload'"
            ),
        )
    })
}

/// What does not happen without these classes.
fn what_for(missing: &[String]) -> Vec<&'static str> {
    let without = [
        (
            "read = call",
            "without read = call cases of repeat callers close late",
        ),
        (
            "read = agent",
            "without read = agent nobody who waits in a queue is watched",
        ),
        (
            "read = dtmf",
            "without read = dtmf no key is an answer of who waits in a queue",
        ),
        ("write = ", "without write nothing is asked of Asterisk"),
    ];
    let lacks = |class: &str| missing.iter().any(|of| of.starts_with(class));
    let lacking = without.into_iter().filter(|(class, _)| lacks(class));
    lacking.map(|(_, what)| what).collect()
}

fn replays(config: &Config) -> bool {
    config.delivery.voicemail.method == Method::Replay && config.delivers_to(Destination::Mailbox)
}

/// The settings of mailboxes that the guard itself writes to.
fn files(config: &Config) -> Option<&Voicemail> {
    let settings = &config.delivery.voicemail;
    let writes = settings.method == Method::Files && config.delivers_to(Destination::Mailbox);
    writes.then_some(settings)
}
