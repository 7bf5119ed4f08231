//! The tap folder at the start: made where nothing but itself is missing.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing::{info, warn};

use crate::condition::tap::without_parent;

/// Makes the folder inside the one that it belongs into, and logs that, or why calls will be handed on.
pub(super) fn make(folder: &Path) {
    let shown = folder.display();
    match DirBuilder::new().mode(0o770).create(folder) {
        Ok(()) => {
            info!(folder = %shown, "made the tap folder; Asterisk must be able to write to it");
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            let why = without_parent(folder).unwrap_or_else(|| error.to_string());
            warn!(folder = %shown, %why, "the tap folder is not there; calls go on to VoiceMail()");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_last_folder_is_made() {
        let root = tempfile::tempdir().unwrap();
        let lost = root.path().join("spool/asterisk/tap");
        make(&lost);
        assert!(!root.path().join("spool").exists());
        let why = without_parent(&lost).unwrap();
        assert!(why.contains("spool/asterisk is not there either"), "{why}");
        let near = root.path().join("tap");
        assert_eq!(without_parent(&near), None);
        make(&near);
        assert!(near.is_dir());
        make(&near);
    }
}
