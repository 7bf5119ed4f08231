//! The lock on an INBOX, as `app_voicemail` takes it: `.lock` is a second name of a file of one's
//! own.
//!
//! Asterisk waits five seconds for it and then loses the message it has, so it is held for a few
//! system calls only. A young lock of somebody else's is never touched. Two kinds are taken over:
//!
//! * one that carries this installation's own mark. Only one process works on a data folder, and that
//!   process delivers to a mailbox one message at a time: the process that took that lock is dead.
//! * one that is older than the set age. Asterisk holds it for milliseconds. Should its holder live after
//!   all, nothing is lost: this side never replaces a name that is there (link and rename refuse), and
//!   what it links stays under its own name until the message is in place.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::disk::{Disk, Seen};

/// What `.lock` of this installation begins with, before its mark.
const SIGNATURE: &str = "voicemail-guard ";

/// What came of trying to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locking {
    /// It is ours.
    Locked,
    /// Somebody else has had it for this long.
    Held(Duration),
}

/// Tries once to take the lock on a folder.
pub(super) fn try_lock(
    disk: &dyn Disk,
    folder: &Path,
    mark: &str,
    stale: Duration,
    now: Timestamp,
) -> io::Result<Locking> {
    let lock = folder.join(".lock");
    let ours = folder.join(format!(".lock-{mark}"));
    clear(disk, folder, mark)?;
    disk.make(&ours, format!("{SIGNATURE}{mark}\n").as_bytes(), false)?;
    let locked = take(disk, &lock, &ours, mark, stale, now);
    disk.remove(&ours)?;
    locked
}

/// Gives the lock back.
pub(super) fn unlock(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    disk.remove(&folder.join(".lock"))
}

/// Gives a lock back that this installation held when it died, if it did.
pub(super) fn give_back(disk: &dyn Disk, folder: &Path, mark: &str) -> io::Result<()> {
    let lock = folder.join(".lock");
    if let Some(held) = disk.look(&lock)?
        && is_marked(disk, &lock, mark)
    {
        take_over(disk, &lock, &held, mark)?;
    }
    clear(disk, folder, mark)
}

/// Removes what this installation left beside a lock when it died.
fn clear(disk: &dyn Disk, folder: &Path, mark: &str) -> io::Result<()> {
    disk.remove(&folder.join(format!(".lock-{mark}")))?;
    disk.remove(&folder.join(format!(".lock-{mark}-old")))
}

fn take(
    disk: &dyn Disk,
    lock: &Path,
    ours: &Path,
    mark: &str,
    stale: Duration,
    now: Timestamp,
) -> io::Result<Locking> {
    // A second time after a lock was given back or taken over just now.
    for _ in 0..3 {
        match disk.link(ours, lock) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => return linked.map(|()| Locking::Locked),
        }
        let Some(held) = disk.look(lock)? else {
            continue;
        };
        let age = Duration::try_from(now.duration_since(held.changed)).unwrap_or_default();
        let own = is_marked(disk, lock, mark);
        if !own && age < stale {
            return Ok(Locking::Held(age));
        }
        if take_over(disk, lock, &held, mark)? {
            if own {
                warn!(event = "mailbox_lock_taken", lock = %lock.display(), "the guard died while it held this lock; it is taken back");
            } else {
                warn!(event = "mailbox_lock_taken", lock = %lock.display(), age_s = age.as_secs(), "a process has died while it held this lock, or hangs; it is taken over, since VoiceMail() loses messages as long as it lies there");
            }
        }
    }
    Ok(Locking::Held(Duration::ZERO))
}

fn is_marked(disk: &dyn Disk, lock: &Path, mark: &str) -> bool {
    let expected = format!("{SIGNATURE}{mark}\n");
    disk.beginning(lock)
        .is_ok_and(|bytes| bytes == expected.as_bytes())
}

/// Takes the lock away from a dead holder; `false` if by now somebody else had it, who has it back.
fn take_over(disk: &dyn Disk, lock: &Path, held: &Seen, mark: &str) -> io::Result<bool> {
    let aside = lock.with_file_name(format!(".lock-{mark}-old"));
    match disk.rename(lock, &aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        renamed => renamed?,
    }
    let dead = disk
        .look(&aside)?
        .is_some_and(|moved| moved.identity == held.identity);
    if !dead && let Err(error) = disk.link(&aside, lock) {
        warn!(event = "mailbox_lock_lost", lock = %lock.display(), %error, "a lock was taken from its holder by mistake and cannot be given back");
    }
    disk.remove(&aside)?;
    Ok(dead)
}
