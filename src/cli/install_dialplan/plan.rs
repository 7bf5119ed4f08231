//! What there is to do, seen from what is there.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Error;
use super::file::Owner;
use super::places::Places;
use super::record::Record;
use super::step::Step;
use crate::cli::asterisk_conf::AsteriskConf;
use crate::dialplan::DIALPLAN;

/// FreePBX's file for an administrator's own dialplan, and what of ours goes there.
pub(super) const FREEPBX_DIALPLAN: &str = "extensions_custom.conf";
const FOR_FREEPBX: &str = "extensions_custom_freepbx.conf";
const INCLUDE: &str = "\n; voicemail-guard: where that file is missing, the dialplan is loaded without it\n\
    #tryinclude extensions_voicemail_guard.conf\n";
const LANGUAGES: [&str; 2] = ["de", "en"];
/// Below the folder of the mailboxes: contexts, mailboxes, their folders.
const DEEPEST_MAILBOX: usize = 3;
/// What a group needs in a folder, and that new files in it stay the group's.
const OPEN_TO_GROUP: u32 = 0o2070;
const UMASK: &str = "[Service]\n# For voicemail-guard: folders that Asterisk makes are open to its group.\nUMask=0002\n";

/// What is to be done, in this order.
///
/// # Errors
/// What is shipped, or Asterisk's dialplan, cannot be read.
pub(super) fn plan(places: &Places, record: &Record, open: bool) -> Result<Vec<Step>, Error> {
    let etc = fs::metadata(&places.etc).map_err(Error::failed(&places.etc))?;
    let mut plan = Plan {
        record,
        steps: Vec::new(),
        folders: BTreeSet::new(),
        owner: if places.freepbx {
            Owner::of(&etc)
        } else {
            Owner::mine()
        },
    };
    plan.file(&places.from.join(DIALPLAN), &places.etc.join(DIALPLAN))?;
    plan.include(places)?;
    plan.sounds(places)?;
    plan.tap_folder(&places.spool)?;
    if open {
        plan.mailboxes(&places.spool.join("voicemail"), DEEPEST_MAILBOX)?;
        plan.umask(&places.units)?;
    }
    Ok(plan.steps)
}

struct Plan<'a> {
    record: &'a Record,
    steps: Vec<Step>,
    /// Those that will be there when the steps so far are taken.
    folders: BTreeSet<PathBuf>,
    owner: Owner,
}

impl Plan<'_> {
    /// A shipped file to its place.
    fn file(&mut self, from: &Path, path: &Path) -> Result<(), Error> {
        let bytes = fs::read(from).map_err(|source| Error::NotThere {
            path: from.display().to_string(),
            source,
            mend: "name the folder asterisk-conf of the sources with --from",
        })?;
        self.write(path, bytes)
    }

    fn write(&mut self, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let there = match found(path)? {
            Some(_) => Some(fs::read(path).map_err(Error::failed(path))?),
            None => None,
        };
        if there.as_ref() == Some(&bytes) {
            return Ok(());
        }
        let replaces = there.is_some_and(|there| !self.record.wrote(path, &there));
        self.steps.push(Step::Write {
            path: path.to_owned(),
            bytes,
            owner: self.owner,
            replaces,
        });
        Ok(())
    }

    /// A folder, and those above it.
    fn folder(&mut self, path: &Path) -> Result<(), Error> {
        if self.folders.contains(path) || found(path)?.is_some() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        self.folders.insert(path.to_owned());
        self.steps.push(Step::Folder {
            path: path.to_owned(),
            mode: 0o755,
            owner: self.owner,
        });
        Ok(())
    }

    /// The line that brings the dialplan in.
    fn include(&mut self, places: &Places) -> Result<(), Error> {
        let main = places.etc.join("extensions.conf");
        let lines = AsteriskConf::of(&places.etc, &main).map_err(|source| Error::NotThere {
            path: main.display().to_string(),
            source,
            mend: "name the folder of Asterisk's configuration with --asterisk",
        })?;
        let (file, text) = if places.freepbx {
            let from = places.from.join(FOR_FREEPBX);
            let text = fs::read_to_string(&from).map_err(Error::failed(&from))?;
            (places.etc.join(FREEPBX_DIALPLAN), format!("\n{text}"))
        } else {
            (main, INCLUDE.to_owned())
        };
        let is_there = if places.freepbx {
            lines.has_context("voicemail-guard-box")
        } else {
            lines.brings_in(DIALPLAN)
        };
        if is_there {
            return Ok(());
        }
        if found(&file)?.is_none() {
            return self.write(&file, text.into_bytes());
        }
        self.steps.push(Step::Append { path: file, text });
        Ok(())
    }

    /// The prompts; German digits only where Asterisk has no German sounds.
    fn sounds(&mut self, places: &Places) -> Result<(), Error> {
        for language in LANGUAGES {
            let from = places.from.join("sounds").join(language);
            let to = places.sounds.join(language);
            for part in ["voicemail-guard", "digits"] {
                let (from, to) = (from.join(part), to.join(part));
                let asterisks = part == "digits" && to.exists() && !self.record.made(&to);
                if !from.is_dir() || asterisks {
                    continue;
                }
                self.folder(&to)?;
                for name in names(&from)? {
                    self.file(&from.join(&name), &to.join(&name))?;
                }
            }
        }
        Ok(())
    }

    /// The folder that Asterisk and the guard share, as the spool's owner's.
    fn tap_folder(&mut self, spool: &Path) -> Result<(), Error> {
        let path = spool.join("voicemail-guard");
        if found(&path)?.is_some() {
            return Ok(());
        }
        let about = fs::metadata(spool).map_err(Error::failed(spool))?;
        self.steps.push(Step::Folder {
            path,
            mode: 0o2770,
            owner: Owner::of(&about),
        });
        Ok(())
    }

    /// The folders of the mailboxes; links, and what is not the spool's owner's, are left alone.
    fn mailboxes(&mut self, folder: &Path, deeper: usize) -> Result<(), Error> {
        let Some(about) = found(folder)?.filter(Metadata::is_dir) else {
            return Ok(());
        };
        let before = about.permissions().mode() & 0o7777;
        if before & OPEN_TO_GROUP != OPEN_TO_GROUP {
            self.steps.push(Step::Mode {
                path: folder.to_owned(),
                before,
                after: before | OPEN_TO_GROUP,
            });
        }
        if deeper == 0 {
            return Ok(());
        }
        for name in names(folder)? {
            let inner = folder.join(name);
            let below = fs::symlink_metadata(&inner).map_err(Error::failed(&inner))?;
            if below.is_dir() && below.uid() == about.uid() {
                self.mailboxes(&inner, deeper - 1)?;
            }
        }
        Ok(())
    }

    fn umask(&mut self, units: &Path) -> Result<(), Error> {
        if !units.is_dir() {
            return Ok(());
        }
        let folder = units.join("asterisk.service.d");
        self.owner = Owner::mine();
        self.folder(&folder)?;
        self.write(&folder.join("50-voicemail-guard.conf"), UMASK.into())
    }
}

/// What is there, if anything.
///
/// # Errors
/// It is a link.
fn found(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_symlink() => Err(Error::Link(path.display().to_string())),
        Ok(about) => Ok(Some(about)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::failed(path)(error)),
    }
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::failed(folder))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(Error::failed(folder))?.file_name());
    }
    names.sort();
    Ok(names)
}
