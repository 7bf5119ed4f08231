//! The data folder: can a guard write in it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::{Item, space, writable};

pub(crate) fn items(folder: &Path) -> Vec<Item> {
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
