//! Where this Asterisk has its files: Debian's, one built from source, FreePBX's.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, PlaceArgs};
use crate::cli::asterisk_conf::AsteriskConf;

/// Files of FreePBX in Asterisk's folder.
const OF_FREEPBX: &str = "extensions_override_freepbx.conf";

/// Where everything is.
#[derive(Debug)]
pub(super) struct Places {
    /// Asterisk's configuration.
    pub(super) etc: PathBuf,
    /// Its sounds, with a folder for each language.
    pub(super) sounds: PathBuf,
    /// Its spool, with the mailboxes in `voicemail`.
    pub(super) spool: PathBuf,
    /// What is shipped.
    pub(super) from: PathBuf,
    /// systemd's units by the administrator.
    pub(super) units: PathBuf,
    /// Whether FreePBX writes the dialplan.
    pub(super) freepbx: bool,
}

impl Places {
    /// As the arguments say, else as `asterisk.conf`, else as Debian or a build from source.
    ///
    /// # Errors
    /// One of them is not there.
    pub(super) fn find(args: &PlaceArgs) -> Result<Self, Error> {
        // The record is read from wherever the undoing is run.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let etc = absolute(args.asterisk.clone());
        let file = etc.join("asterisk.conf");
        let lines = AsteriskConf::of(&etc, &file).unwrap_or_default();
        let set = |name| lines.setting("directories", name).map(PathBuf::from);
        let sounds = args
            .sounds
            .clone()
            .or_else(|| Some(set("astdatadir")?.join("sounds")));
        let spool = args.spool.clone().or_else(|| set("astspooldir"));
        let places = Self {
            freepbx: args.freepbx || etc.join(OF_FREEPBX).exists(),
            sounds: absolute(sounds.unwrap_or_else(|| {
                let debians = Path::new("/usr/share/asterisk/sounds");
                let built = "/var/lib/asterisk/sounds";
                if debians.is_dir() {
                    debians.into()
                } else {
                    built.into()
                }
            })),
            spool: absolute(spool.unwrap_or_else(|| "/var/spool/asterisk".into())),
            from: args.from.clone(),
            units: absolute(args.units.clone()),
            etc,
        };
        for (folder, mend) in [
            (
                &places.etc,
                "name the folder of Asterisk's configuration with --asterisk",
            ),
            (
                &places.sounds,
                "name the folder of Asterisk's sounds with --sounds",
            ),
            (
                &places.spool,
                "name the folder of Asterisk's spool with --spool",
            ),
            (
                &places.from,
                "name the folder asterisk-conf of the sources with --from",
            ),
        ] {
            fs::read_dir(folder).map_err(|source| Error::NotThere {
                path: folder.display().to_string(),
                source,
                mend,
            })?;
        }
        Ok(places)
    }
}
