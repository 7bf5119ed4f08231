//! The tap folder at the start: made where nothing but itself is missing.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;

use tracing::{info, warn};

use crate::condition::tap::without_parent;
use crate::config::{Tap, TapKind};

/// Makes the folder inside the one that it belongs into, and logs that, or why calls will be handed on.
pub(super) fn make(tap: &Tap) {
    let folder = &*tap.folder_as_guard_sees_it;
    let shown = folder.display();
    match DirBuilder::new().mode(0o770).create(folder) {
        Ok(()) => {
            let whose = match tap.kind {
                TapKind::Monitor => "; Asterisk must be able to write to it",
                TapKind::AudioSocket => "",
            };
            info!(event = "tap_folder_made", folder = %shown, "made the tap folder{whose}");
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            let why = without_parent(folder).unwrap_or_else(|| error.to_string());
            warn!(event = "tap_folder_missing", folder = %shown, %why, "the tap folder is not there; calls go on to VoiceMail()");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn make_at(folder: &Path) {
        make(&Tap {
            folder_as_guard_sees_it: folder.into(),
            ..Tap::default()
        });
    }

    #[test]
    fn nothing_but_the_last_folder_is_made() {
        let root = tempfile::tempdir().unwrap();
        let lost = root.path().join("spool/asterisk/tap");
        make_at(&lost);
        assert!(!root.path().join("spool").exists());
        let why = without_parent(&lost).unwrap();
        assert!(why.contains("spool/asterisk is not there either"), "{why}");
        let near = root.path().join("tap");
        assert_eq!(without_parent(&near), None);
        make_at(&near);
        assert!(near.is_dir());
        make_at(&near);
    }
}
