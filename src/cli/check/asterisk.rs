//! `check` of Asterisk's own configuration: is the guard's dialplan brought in, and are the boxes
//! that have settings mailboxes of Asterisk's.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Item, wired};
use crate::cli::asterisk_conf::AsteriskConf;
use crate::config::Config;
use crate::config::delivery::Method;
use crate::dialplan::{self, DIALPLAN};

/// Mailboxes named in one line.
const MOST_NAMED: usize = 5;

pub(super) fn items(config: &Config, folder: &Path) -> Vec<Item> {
    if let Some(not_asterisks) = not_asterisks(folder) {
        return vec![not_asterisks];
    }
    let mut items = vec![file(folder, &config.tap.folder_as_guard_sees_it)];
    items.extend(version(folder));
    items.extend(included(folder));
    items.extend(wired::items(config, folder));
    items.extend(mailboxes(config, folder));
    items
}

/// What is wrong where the folder is not the one of Asterisk's configuration, or is not seen.
fn not_asterisks(folder: &Path) -> Option<Item> {
    let shown = folder.display();
    let below = folder.join("asterisk");
    let is_one = |folder: &Path| {
        let all = ["asterisk.conf", "extensions.conf", "voicemail.conf"];
        // What cannot be looked at may be there.
        all.iter()
            .any(|name| folder.join(name).try_exists().unwrap_or(true))
    };
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Item::warn(
            "dialplan",
            format!(
                "{shown} cannot be seen from here, as in a container: nothing is known of the dialplan"
            ),
            "name the folder of Asterisk's configuration with --asterisk, or run check on Asterisk's machine",
        )),
        Err(error) => Some(unknown(folder, &error)),
        Ok(about) if !about.is_dir() => Some(Item::fail(
            "dialplan",
            format!("{shown} is a file, not the folder of Asterisk's configuration"),
            format!(
                "name its folder: --asterisk {}",
                folder.parent().unwrap_or(folder).display()
            ),
        )),
        Ok(_) if is_one(folder) => None,
        Ok(_) => Some(Item::fail(
            "dialplan",
            format!(
                "{shown} has neither asterisk.conf nor extensions.conf nor voicemail.conf: it is not the folder of \
                 Asterisk's configuration"
            ),
            if below.is_dir() && is_one(&below) {
                format!("name that: --asterisk {}", below.display())
            } else {
                "name that with --asterisk; asterisk -rx 'core show settings' has it as configuration directory"
                    .to_owned()
            },
        )),
    }
}

/// Whether the shipped file lies there and Asterisk may read it.
fn file(folder: &Path, tap: &Path) -> Item {
    let path = folder.join(DIALPLAN);
    let shown = path.display();
    let install = format!(
        "install -m 644 asterisk-conf/{DIALPLAN} {}/, then: asterisk -rx 'dialplan reload'",
        folder.display()
    );
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Item::fail(
            "dialplan",
            format!("{shown} is not there: no call reaches the guard"),
            install,
        ),
        Err(error) => unknown(&path, &error),
        Ok(file) if !file.is_file() => {
            Item::fail("dialplan", format!("{shown} is not a file"), install)
        }
        Ok(file) if file.mode() & 0o444 == 0o444 => Item::ok(
            "dialplan",
            format!("{shown} is there, and Asterisk may read it"),
        ),
        // The tap folder belongs to Asterisk.
        Ok(file) => match fs::metadata(tap) {
            Ok(tap) if may_read(&file, tap.uid(), tap.gid()) => Item::ok(
                "dialplan",
                format!("{shown} is there, and Asterisk may read it"),
            ),
            Ok(tap) => Item::fail(
                "dialplan",
                format!(
                    "{shown} cannot be read by Asterisk (user {}), only by user {}: no call reaches the guard",
                    tap.uid(),
                    file.uid()
                ),
                format!("chmod 644 {shown}, then: asterisk -rx 'dialplan reload'"),
            ),
            Err(_) => Item::warn(
                "dialplan",
                format!("{shown} is not open to every user: Asterisk may be unable to read it"),
                format!("chmod 644 {shown}, then: asterisk -rx 'dialplan reload'"),
            ),
        },
    }
}

/// Whether the file is of another version than this guard.
fn version(folder: &Path) -> Option<Item> {
    let path = folder.join(DIALPLAN);
    let found = dialplan::version(&fs::read_to_string(&path).ok()?);
    let stands = dialplan::compared(found)?;
    let mend = format!(
        "voicemail-guard install-dialplan, or: install -m 644 asterisk-conf/{DIALPLAN} {}/, both of this guard's version; \
         then: asterisk -rx 'dialplan reload'",
        folder.display()
    );
    let what = format!(
        "{} is {stands} than this guard (version {found}, not {}): calls are guarded, but not all that this version can do \
         may work",
        path.display(),
        dialplan::VERSION
    );
    Some(Item::warn("dialplan", what, mend))
}

fn may_read(file: &fs::Metadata, user: u32, group: u32) -> bool {
    let bit = if user == 0 {
        return true;
    } else if file.uid() == user {
        0o400
    } else if file.gid() == group {
        0o040
    } else {
        0o004
    };
    file.mode() & bit != 0
}

fn unknown(path: &Path, error: &io::Error) -> Item {
    Item::warn(
        "dialplan",
        format!("{}: {error}: nothing is known of it", path.display()),
        "run check as a user who may read Asterisk's configuration, or add the guard's user to Asterisk's group",
    )
}

/// Whether the dialplan brings the shipped file in, and so that nothing else falls with it.
fn included(folder: &Path) -> Vec<Item> {
    let start = folder.join("extensions.conf");
    let lines = match AsteriskConf::of(folder, &start) {
        Ok(lines) => lines,
        Err(error) => return vec![unknown(&start, &error)],
    };
    let missing = lines.missing.iter().map(|(from, missing)| {
        Item::fail(
            "dialplan",
            format!(
                "{} has an #include of {}, which is not there: Asterisk loads no dialplan at all, and from its next start \
                 on every call to every number is refused",
                from.display(),
                missing.display()
            ),
            "put the file there, or write #tryinclude",
        )
    });
    missing.chain([brought_in(&lines, &start)]).collect()
}

fn brought_in(lines: &AsteriskConf, start: &Path) -> Item {
    let line = format!("#tryinclude {DIALPLAN}");
    let reload = "asterisk -rx 'dialplan reload'";
    match lines
        .includes
        .iter()
        .find(|include| include.names(DIALPLAN))
    {
        Some(include) if include.try_only => Item::ok(
            "dialplan",
            format!("{} brings {DIALPLAN} in", include.from.display()),
        ),
        Some(include) => Item::warn(
            "dialplan",
            format!(
                "{} brings {DIALPLAN} in with #include: if the file is ever missing or not readable, Asterisk loads no \
                 dialplan at all, and every call to every number is refused",
                include.from.display()
            ),
            format!("write there: {line}"),
        ),
        None if !lines.unread.is_empty() => Item::warn(
            "dialplan",
            format!(
                "nothing seen from here brings {DIALPLAN} in, but {} could not be read",
                lines.unread[0].display()
            ),
            "run check as a user who may read Asterisk's configuration",
        ),
        None => Item::fail(
            "dialplan",
            format!(
                "{} does not bring {DIALPLAN} in: no call reaches the guard",
                start.display()
            ),
            format!(
                "write at its top level (FreePBX: in extensions_custom.conf): {line}; then: {reload}"
            ),
        ),
    }
}

/// The boxes with settings of their own that are no mailboxes of Asterisk's.
fn mailboxes(config: &Config, folder: &Path) -> Option<Item> {
    let wanted: Vec<_> = config.mailboxes().collect();
    // In a database there may be others.
    if wanted.is_empty() || config.delivery.voicemail.method == Method::Replay {
        return None;
    }
    let path = folder.join("voicemail.conf");
    let lines = AsteriskConf::of(folder, &path).ok()?;
    let known = lines.mailboxes();
    let mut missing: Vec<_> = wanted
        .into_iter()
        .filter(|name| !known.contains(*name))
        .collect();
    if missing.is_empty() {
        return Some(Item::ok(
            "mailboxes",
            format!("every [box] of the configuration is in {}", path.display()),
        ));
    }
    let more = missing.len() > MOST_NAMED;
    missing.truncate(MOST_NAMED);
    let named = missing.join(", ") + if more { ", ..." } else { "" };
    let mend = "mend the name of its [box] table, or make the mailbox in voicemail.conf and: asterisk -rx 'voicemail reload'";
    let what = format!(
        "{} has no mailbox {named}, which the configuration has a [box] table for: nobody could hear its messages",
        path.display()
    );
    // What cannot be read here, or comes from a database, may have them.
    let may_be_elsewhere = !lines.unread.is_empty() || has_realtime(folder);
    Some(if may_be_elsewhere {
        Item::warn("mailboxes", what, mend)
    } else {
        Item::fail("mailboxes", what, mend)
    })
}

fn has_realtime(folder: &Path) -> bool {
    let path = folder.join("extconfig.conf");
    AsteriskConf::of(folder, &path).is_ok_and(|lines| {
        lines.text.iter().any(|line| {
            line.split("=>")
                .next()
                .is_some_and(|key| key.trim() == "voicemail")
        })
    })
}
