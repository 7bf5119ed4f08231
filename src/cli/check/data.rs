//! `check` of the data folder: can a guard write in it, and is the call log sound.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::{Item, space, writable};
use crate::call_log::{DATABASE, LogError, Reader, quick_check};

pub(super) fn items(data: &Path) -> Vec<Item> {
    let mut items = folder(data);
    items.push(database(data));
    items
}

fn folder(folder: &Path) -> Vec<Item> {
    if folder.is_dir() {
        let mut items = vec![writable("data", folder), space("data", folder)];
        items.extend(files(folder));
        return items;
    }
    let shown = folder.display();
    let mend =
        format!("make it for the user that runs the guard, or name another with --data: {shown}");
    let nearest = folder.ancestors().find(|ancestor| ancestor.exists());
    let item = match nearest {
        Some(parent) if parent.is_dir() && access(parent, Access::WRITE_OK).is_ok() => {
            Item::ok("data", format!("{shown} is made at the first start"))
        }
        Some(parent) => Item::fail(
            "data",
            format!(
                "{shown} is not there and cannot be made in {}",
                parent.display()
            ),
            mend,
        ),
        None => Item::fail("data", format!("{shown} is not there"), mend),
    };
    vec![item]
}

/// Files of the guard's that it could not write to, such as those that a start as root has left.
fn files(folder: &Path) -> Option<Item> {
    let owner = fs::metadata(folder).ok()?.uid();
    let entries = fs::read_dir(folder).ok()?.flatten();
    let is_foreign = |path: &PathBuf| {
        let of_another = fs::metadata(path).is_ok_and(|about| about.uid() != owner);
        // Root may write everywhere; the guard's user is whose folder it is.
        access(path, Access::WRITE_OK).is_err() || (geteuid().is_root() && of_another)
    };
    let first = entries.map(|entry| entry.path()).find(is_foreign)?;
    let shown = folder.display();
    Some(Item::fail(
        "data",
        format!(
            "{} is not the guard's to write to, as after a start as root: serve fails on it",
            first.display()
        ),
        format!("chown -R --reference={shown} {shown}"),
    ))
}

fn database(folder: &Path) -> Item {
    let file = &folder.join(DATABASE);
    let shown = file.display();
    if !file.exists() {
        return Item::ok("call log", format!("{shown} is made at the first start"));
    }
    match quick_check(file) {
        Ok(answer) if answer == "ok" => match Reader::open(folder) {
            Err(LogError::Newer { found, known, .. }) => Item::fail(
                "call log",
                format!(
                    "{shown} was written by a newer voicemail-guard (schema {found}, known here up to {known}): serve refuses it"
                ),
                "install that version again, or name another folder with --data",
            ),
            _ => Item::ok("call log", format!("{shown} is sound")),
        },
        Ok(answer) => Item::fail(
            "call log",
            format!("{shown} is damaged: {answer}"),
            "stop the guard, keep a copy, and restore it: sqlite3 calls.sqlite .recover | sqlite3 new.sqlite",
        ),
        Err(error) => Item::fail(
            "call log",
            format!("{shown} cannot be opened: {error}"),
            "give the user that runs the guard the right to read and write it; if it is no database, move it away",
        ),
    }
}
