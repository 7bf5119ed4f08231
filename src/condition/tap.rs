//! The tap folder: is it there, for the guard to write to and for nobody else, and what lies in it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::SignedDuration;

use super::{Item, space, writable};
use crate::clock::Clock;
use crate::config::{Config, TapKind};
use crate::recordings;

/// A raw recording that is so old belongs to no call that is up.
const LONG_LAIN: SignedDuration = SignedDuration::from_hours(1);
pub(crate) fn items(config: &Config) -> Vec<Item> {
    let folder = &config.tap.folder_as_guard_sees_it;
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error)
            if error.kind() == ErrorKind::NotFound && config.tap.kind == TapKind::AudioSocket =>
        {
            let what = format!("{shown} is not there yet; serve makes it");
            vec![Item::ok("tap", what)]
        }
        Err(error) => vec![Item::fail(
            "tap",
            match without_parent(folder) {
                Some(why) => format!("{shown} is not there, so calls go on to VoiceMail(): {why}"),
                None => format!("{shown}: {error}"),
            },
            format!(
                "install -d -m 2770 -o asterisk -g GROUP {shown}, with a group that Asterisk and the guard share; or set [tap]"
            ),
        )],
        Ok(metadata) => {
            let mut items = vec![writable("tap", folder), space("tap", folder)];
            if metadata.permissions().mode() & 0o007 != 0 {
                items.push(Item::warn(
                    "tap",
                    format!(
                        "{shown} is open to every user of this machine: callers can be overheard"
                    ),
                    format!("chmod o= {shown}"),
                ));
            }
            items.push(raw_recordings(folder));
            items
        }
    }
}

/// What lies there of calls: those that are up, those that are still to be kept, those that could not be removed.
fn raw_recordings(folder: &Path) -> Item {
    let shown = folder.display();
    let now = Clock::default().date();
    match recordings::left_behind(folder) {
        Ok(calls) => {
            let is_old = |call: &&_| {
                let written = recordings::raw_written(folder, **call);
                written.is_none_or(|at| now.duration_since(at) > LONG_LAIN)
            };
            let old = calls.iter().filter(is_old).count();
            let what = format!("{} raw recordings lie in {shown}", calls.len());
            if old == 0 {
                return Item::ok("tap", what);
            }
            Item::warn(
                "tap",
                format!("{what}, {old} of them for more than an hour: callers' voices"),
                "give the user that runs the guard the right to write there; a running guard keeps and removes them within ten minutes. What another guard or an earlier database left is to be removed by hand",
            )
        }
        Err(error) => Item::warn(
            "tap",
            format!("{shown} cannot be looked through: {error}"),
            format!("give the user that runs the guard the right to read it: ls -ld {shown}"),
        ),
    }
}

/// What is wrong, and what helps, where the folder that it belongs into is missing as well: it is not the guard's to
/// make.
pub(crate) fn without_parent(folder: &Path) -> Option<String> {
    let parent = folder.parent()?;
    let is_missing =
        std::fs::metadata(parent).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    is_missing.then(|| {
        format!(
            "{} is not there either, which Asterisk makes: start Asterisk first, give its spool to this container, or \
             set [tap]",
            parent.display()
        )
    })
}
