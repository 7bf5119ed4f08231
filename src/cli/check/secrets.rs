//! What `check` says of secrets: who else on the machine can read the files that hold them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Item;
use crate::config::Config;
use crate::config::Secret;

/// The permission of everybody else to read.
const READ_BY_OTHERS: u32 = 0o004;

/// One warning a file; `settings` is the configuration file, if there is one.
pub(super) fn items(config: &Config, settings: Option<&Path>) -> Vec<Item> {
    let delivery = &config.delivery;
    let secrets = [
        &delivery.ami.secret,
        &delivery.mail.password,
        &delivery.webhook.secret,
    ];
    let inside = secrets.iter().any(|secret| !secret.inline().is_empty());
    let mut files: Vec<&Path> = settings.filter(|_| inside).into_iter().collect();
    files.extend(secrets.into_iter().filter_map(|secret| match secret {
        Secret::File(file) => Some(&**file),
        Secret::Inline(_) => None,
    }));
    files.into_iter().filter_map(open_to_all).collect()
}

fn open_to_all(file: &Path) -> Option<Item> {
    // What cannot be looked at is reported where it is needed.
    let mode = fs::metadata(file).ok()?.permissions().mode();
    (mode & READ_BY_OTHERS != 0).then(|| {
        let shown = file.display();
        Item::warn(
            "secrets",
            format!("{shown} holds a secret, and everybody on this machine can read it"),
            format!(
                "give the file to the guard's user and take the others' right: chmod o-rwx {shown}"
            ),
        )
    })
}
