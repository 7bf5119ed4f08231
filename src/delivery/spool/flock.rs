//! The lock on an INBOX under `lockmode = flock`: flock(2) on the file `lock` in it.
//!
//! After `ast_lock_path_flock` and `ast_unlock_path_flock` in Asterisk's main/app.c: it opens
//! `lock` (makes it where there is none), waits five seconds for the flock, and takes the file away
//! while it still holds it. Who waited for that very file then holds a lock on a file without a
//! name, while the next one makes a new `lock`: two of Asterisk's own calls can be at work in one
//! mailbox. This side does what it can about it:
//!
//! * `lock` is made under another name and with rights for everybody, since an Asterisk that cannot open
//!   it loses its message; it is left behind, so that nobody is left with a file that lost its name.
//! * with the lock in hand it waits for as long as holders of such a file need, and looks whether the lock
//!   still is the one that is there.
//! * its own message is looked for afterwards (the parent module), and put there once more if Asterisk has
//!   written over it.
//!
//! A lock ends with its holder, so there are no stale ones.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk::Disk;

/// Tries to take the lock on a folder; `None` while somebody else has it. It is given back with the
/// value.
pub(super) fn try_lock(disk: &dyn Disk, folder: &Path, mark: &str) -> io::Result<Option<File>> {
    let lock = folder.join("lock");
    if disk.look(&lock)?.is_none() {
        let ours = folder.join(format!(".lock-{mark}"));
        disk.remove(&ours)?;
        disk.make_lock(&ours)?;
        match disk.rename(&ours, &lock) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => disk.remove(&ours)?,
            renamed => renamed?,
        }
    }
    let held = match disk.flock(&lock) {
        // Taken away just now by Asterisk, which is done with it.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        held => held?,
    };
    let Some((file, seen)) = held else {
        return Ok(None);
    };
    disk.settle();
    let there = disk.look(&lock)?;
    Ok(there
        .is_some_and(|there| there.identity == seen.identity)
        .then_some(file))
}
