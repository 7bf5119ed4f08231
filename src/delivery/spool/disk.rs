//! What delivery does with files, one system call a method, so that tests can stop the world after each.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown,
};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

/// What is known of a file or folder; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Device and inode: the same for all names of one file.
    pub(super) identity: (u64, u64),
    /// How many names it has.
    pub(super) names: u64,
    /// Who owns it: user and group.
    pub(super) owner: (u32, u32),
    /// Its permission bits.
    pub(super) mode: u32,
    /// When its names, rights or content changed last.
    pub(super) changed: Timestamp,
}

/// The file system as delivery needs it.
pub(super) trait Disk {
    /// What is there, if anything.
    fn look(&self, path: &Path) -> io::Result<Option<Seen>>;
    /// The names in a folder that are text; none where there is no folder.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// The beginning of a file, 4 KiB at the most.
    fn beginning(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Makes a folder, open to whom its parent is, and the parent's owner's where that may be.
    fn make_folder(&self, path: &Path, parent: &Seen) -> io::Result<()>;
    /// Makes a file that is not there yet, durable where asked for.
    fn make(&self, path: &Path, bytes: &[u8], durable: bool) -> io::Result<()>;
    /// Gives a file to the owner of `folder` where that may be, and sets its rights; see [`rights`].
    fn hand_over(&self, path: &Path, folder: &Seen) -> io::Result<()>;
    /// Gives a file a second name; one that is there is never replaced.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name; one that is there is never replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a name away; nothing to do where there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync(&self, folder: &Path) -> io::Result<()>;
    /// Makes a file that everybody who may enter its folder can lock.
    fn make_lock(&self, path: &Path) -> io::Result<()>;
    /// Locks a file by flock(2); `None` while somebody else holds it. The lock ends with the value.
    fn flock(&self, path: &Path) -> io::Result<Option<(File, Seen)>>;
    /// Waits for as long as others need to end what they have begun.
    fn settle(&self);
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct System;

impl Disk for System {
    fn look(&self, path: &Path) -> io::Result<Option<Seen>> {
        match fs::symlink_metadata(path) {
            Ok(it) => Ok(Some(seen(&it))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn beginning(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(4096).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn make_folder(&self, path: &Path, parent: &Seen) -> io::Result<()> {
        DirBuilder::new().mode(parent.mode & 0o777).create(path)?;
        let (user, group) = parent.owner;
        // Only root gives things away; Asterisk's own user need not.
        chown(path, Some(user), Some(group))
            .or_else(|_| chown(path, None, Some(group)))
            .ok();
        fs::set_permissions(path, fs::Permissions::from_mode(parent.mode & 0o7777))
    }

    fn make(&self, path: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        if durable { file.sync_all() } else { Ok(()) }
    }

    fn hand_over(&self, path: &Path, folder: &Seen) -> io::Result<()> {
        let file = File::open(path)?;
        let (user, group) = folder.owner;
        fchown(&file, Some(user), Some(group))
            .or_else(|_| fchown(&file, None, Some(group)))
            .ok();
        let made = file.metadata()?;
        let mode = rights(folder, (made.uid(), made.gid())).ok_or_else(|| {
            io::Error::new(
                ErrorKind::PermissionDenied,
                "Asterisk could not read what the guard writes there; run the guard as Asterisk's user, or in the group of that folder",
            )
        })?;
        file.set_permissions(fs::Permissions::from_mode(mode))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A network share may not know how.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match self.look(to)? {
                Some(_) => Err(ErrorKind::AlreadyExists.into()),
                None => fs::rename(from, to),
            },
            renamed => Ok(renamed?),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn sync(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn make_lock(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        // It holds nothing, and Asterisk, under any user, must be able to open it for writing.
        file.set_permissions(fs::Permissions::from_mode(0o666))
    }

    fn flock(&self, path: &Path) -> io::Result<Option<(File, Seen)>> {
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {
                let seen = seen(&file.metadata()?);
                Ok(Some((file, seen)))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn settle(&self) {
        crate::clock::block(SETTLING);
    }
}

/// Asterisk's work under a lock takes a millisecond or two.
const SETTLING: Duration = Duration::from_millis(40);

fn seen(it: &Metadata) -> Seen {
    Seen {
        identity: (it.dev(), it.ino()),
        names: it.nlink(),
        owner: (it.uid(), it.gid()),
        mode: it.mode() & 0o7777,
        changed: Timestamp::new(it.ctime(), it.ctime_nsec() as i32).unwrap_or_default(),
    }
}

/// The permission bits of a file in a folder of Asterisk's: open to whom the folder is, and to the folder's
/// owner in any case; `None` where only opening it to everybody could do that.
///
/// Asterisk itself makes its files with 0666 less its umask, and its folders with 0777 less the same.
fn rights(folder: &Seen, made_by: (u32, u32)) -> Option<u32> {
    let open = folder.mode & 0o666;
    let ((folder_user, folder_group), (user, group)) = (folder.owner, made_by);
    if user == folder_user || open & 0o004 != 0 {
        Some(open)
    } else if group == folder_group {
        Some(open | 0o660)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(mode: u32) -> Seen {
        Seen {
            identity: (1, 1),
            names: 2,
            owner: (105, 107),
            mode,
            changed: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_made_is_as_open_as_its_folder_and_open_to_asterisk() {
        let rows = [
            (0o755, (105, 107), Some(0o644)),
            (0o2770, (105, 107), Some(0o660)),
            (0o755, (900, 900), Some(0o644)),
            (0o2770, (900, 107), Some(0o660)),
            (0o750, (900, 107), Some(0o660)),
            (0o750, (900, 900), None),
        ];
        for (mode, made_by, expected) in rows {
            assert_eq!(
                rights(&folder(mode), made_by),
                expected,
                "{mode:o} {made_by:?}"
            );
        }
    }

    #[test]
    fn a_name_that_is_there_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| home.path().join(name));
        System.make(&one, b"1", true).unwrap();
        System.make(&two, b"2", true).unwrap();
        for moved in [
            System.rename(&one, &two),
            System.link(&one, &two),
            System.make(&two, b"3", true),
        ] {
            assert_eq!(moved.unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
        assert_eq!(System.beginning(&two).unwrap(), b"2");
    }
}
