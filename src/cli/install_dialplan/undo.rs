//! What was done is taken back, the last first; what others have changed since is left alone.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::file::{self, kept};
use super::plan::FREEPBX_DIALPLAN;
use super::record::{Done, Record, hash};
use super::{Args, Error};

/// Takes everything back that stands in the record, and the record.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Error> {
    let shown = || args.record.display().to_string();
    let record = Record::read(&args.record)?.ok_or_else(|| Error::NothingDone(shown()))?;
    for done in record.done.iter().rev() {
        let tense = if args.dry_run { "would " } else { "" };
        let path = done.path();
        let undone = if args.dry_run {
            Ok(looked_at(done))
        } else {
            take_back(done)
        };
        let undone = undone.map_err(Error::failed(path))?;
        let path = path.display();
        match undone {
            Undone::So(how) => writeln!(out, "{tense}{how} {path}")?,
            Undone::Left(why) => writeln!(out, "{tense}leave {path}: {why}")?,
        }
    }
    if args.dry_run {
        return Ok(());
    }
    fs::remove_file(&args.record).map_err(Error::failed(&args.record))?;
    let in_freepbx = |done: &Done| done.path().ends_with(FREEPBX_DIALPLAN);
    if record.done.iter().any(in_freepbx) {
        writeln!(
            out,
            "\nNow send callers to Voicemail again wherever FreePBX sends them to a Custom Destination\n\
             voicemail-guard-box: that is gone, and they would be hung up on. Then: fwconsole reload"
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "\nNow, where the dialplan has the line with Gosub(voicemail-guard,…): VoiceMail() again, which it is already\n\
         where the guard's context is missing; then: asterisk -rx 'dialplan reload'"
    )?;
    Ok(())
}

/// What came of it.
enum Undone {
    So(&'static str),
    Left(&'static str),
}

const CHANGED: Undone = Undone::Left("it was changed since");
const NEVER: Undone = Undone::Left("it is as it was: the installation did not come to it");
const GONE: Undone = Undone::Left("it is gone");

impl Done {
    fn path(&self) -> &Path {
        let (Self::Folder { path }
        | Self::File { path, .. }
        | Self::Lines { path, .. }
        | Self::Mode { path, .. }) = self;
        path
    }
}

/// What would come of it, as far as that can be seen without doing anything.
fn looked_at(done: &Done) -> Undone {
    match done {
        _ if fs::symlink_metadata(done.path()).is_err() => GONE,
        Done::Folder { .. } => Undone::So("remove, where nothing else is in it,"),
        Done::File {
            path,
            sha256,
            replaced,
        } => match file::read(path) {
            Ok((bytes, ..)) if hash(&bytes) != *sha256 => CHANGED,
            _ if *replaced => Undone::So("put back"),
            _ => Undone::So("remove"),
        },
        Done::Lines { .. } => Undone::So("take the lines out of"),
        Done::Mode { .. } => Undone::So("set back the rights of"),
    }
}

fn take_back(done: &Done) -> io::Result<Undone> {
    let result = match done {
        Done::Folder { path } => fs::remove_dir(path).map(|()| Undone::So("removed")),
        Done::File {
            path,
            sha256,
            replaced,
        } => file_back(path, sha256, *replaced),
        Done::Lines { path, text } => lines_back(path, text),
        Done::Mode {
            path,
            before,
            after,
        } => file::set_mode(path, *after, *before).map(|is_so| {
            if is_so {
                Undone::So("set back the rights of")
            } else {
                CHANGED
            }
        }),
    };
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(GONE),
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            Ok(Undone::Left("something else is in it"))
        }
        result => result,
    }
}

fn file_back(path: &Path, sha256: &str, replaced: bool) -> io::Result<Undone> {
    if hash(&file::read(path)?.0) != sha256 {
        return if replaced && untouched(path)? {
            Ok(NEVER)
        } else {
            Ok(CHANGED)
        };
    }
    if replaced {
        fs::rename(kept(path), path)?;
        return Ok(Undone::So("put back"));
    }
    fs::remove_file(path)?;
    Ok(Undone::So("removed"))
}

/// Whether an installation that was cut off kept the file and did not write the other; what it kept is removed.
fn untouched(path: &Path) -> io::Result<bool> {
    let kept = kept(path);
    match file::is_same(path, &kept) {
        Ok(true) => fs::remove_file(kept).map(|()| true),
        Ok(false) => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The file that was kept, where nobody has changed the other since; else the other without our lines.
fn lines_back(path: &Path, text: &str) -> io::Result<Undone> {
    let (bytes, mode, owner) = file::read(path)?;
    let kept = kept(path);
    let before = file::read(&kept).map(|(bytes, ..)| bytes);
    let is_as_written = before.is_ok_and(|mut before| {
        if !before.ends_with(b"\n") && !before.is_empty() {
            before.push(b'\n');
        }
        before.extend_from_slice(text.as_bytes());
        before == bytes
    });
    if is_as_written {
        fs::rename(kept, path)?;
        return Ok(Undone::So("put back"));
    }
    let at = bytes
        .windows(text.len())
        .position(|part| part == text.as_bytes());
    let Some(at) = at else {
        return Ok(if untouched(path)? {
            NEVER
        } else {
            Undone::Left("our lines are no longer in it")
        });
    };
    let without = [&bytes[..at], &bytes[at + text.len()..]].concat();
    file::write(path, &without, mode, owner)?;
    fs::remove_file(kept).ok();
    Ok(Undone::So("took our lines out of"))
}
