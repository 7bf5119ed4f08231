//! Files and folders, changed so that at every moment either the old or the new is there. Asterisk's user may write to
//! some of these folders: nothing here follows a link.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::{getegid, geteuid};
use tempfile::NamedTempFile;

/// A user and a group, by their numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// Who owns this.
    pub(super) fn of(about: &Metadata) -> Self {
        Self {
            user: about.uid(),
            group: about.gid(),
        }
    }

    /// Who runs this command.
    pub(super) fn mine() -> Self {
        Self {
            user: geteuid().as_raw(),
            group: getegid().as_raw(),
        }
    }

    fn take(self, file: &File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == self {
            return Ok(());
        }
        fchown(file, Some(self.user), Some(self.group))
    }
}

impl Display for Owner {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.user, self.group)
    }
}

/// Where what was there before is kept.
pub(super) fn kept(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".before-voicemail-guard");
    name.into()
}

/// The name under which the file would be kept now: what was kept before stays.
pub(super) fn free_to_keep(path: &Path) -> PathBuf {
    let first = kept(path);
    let mut free = first.clone();
    for number in 2.. {
        if fs::symlink_metadata(&free).is_err() {
            break;
        }
        free = first.with_added_extension(number.to_string());
    }
    free
}

/// Keeps the file itself, with all that belongs to it, under this name.
pub(super) fn keep(path: &Path, name: &Path) -> io::Result<()> {
    match fs::remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::hard_link(path, name),
    }
}

/// Puts a file there at one stroke.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    // That of a bare name is empty.
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    };
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    owner.take(new.as_file())?;
    new.as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Puts lines at the end of a file, which is kept as it was.
pub(super) fn append(path: &Path, text: &str) -> io::Result<()> {
    let (mut bytes, mode, owner) = read(path)?;
    if !bytes.ends_with(b"\n") && !bytes.is_empty() {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(text.as_bytes());
    replace(path, &kept(path), &bytes, mode, owner)
}

/// Puts a file in the place of another, which is kept under this name; where it cannot be put there, nothing is left of
/// the attempt.
pub(super) fn replace(
    path: &Path,
    kept: &Path,
    bytes: &[u8],
    mode: u32,
    owner: Owner,
) -> io::Result<()> {
    keep(path, kept)?;
    let written = write(path, bytes, mode, owner);
    if written.is_err() && is_same(path, kept)? {
        fs::remove_file(kept)?;
    }
    written
}

/// Whether these are two names of one file.
pub(super) fn is_same(path: &Path, other: &Path) -> io::Result<bool> {
    let place = |path| fs::symlink_metadata(path).map(|about| (about.dev(), about.ino()));
    Ok(place(path)? == place(other)?)
}

/// A file's content, rights and owner.
pub(super) fn read(path: &Path) -> io::Result<(Vec<u8>, u32, Owner)> {
    let mut file = open(path, OFlags::empty())?;
    let about = file.metadata()?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes)?;
    Ok((
        bytes,
        about.permissions().mode() & 0o7777,
        Owner::of(&about),
    ))
}

/// Makes a folder with these rights, whatever the umask.
pub(super) fn make_folder(path: &Path, mode: u32, owner: Owner) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    let folder = open(path, OFlags::DIRECTORY)?;
    owner.take(&folder)?;
    folder.set_permissions(Permissions::from_mode(mode))
}

/// Gives a folder other rights, where they are still as they were; whether that was so.
pub(super) fn set_mode(path: &Path, before: u32, after: u32) -> io::Result<bool> {
    let folder = open(path, OFlags::DIRECTORY)?;
    let is_so = folder.metadata()?.permissions().mode() & 0o7777 == before;
    if is_so {
        folder.set_permissions(Permissions::from_mode(after))?;
    }
    Ok(is_so)
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = (flags | OFlags::NOFOLLOW).bits();
    let mut options = File::options();
    options.read(true).custom_flags(flags.cast_signed());
    options.open(path)
}
