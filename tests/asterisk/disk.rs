//! A small disk in the place of a folder: it fills up, and is found to be read-only, as real ones do.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::Lab;

/// It goes when the value does.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// One of so many bytes in this folder.
    pub fn of(folder: PathBuf, bytes: usize) -> Self {
        fs::create_dir_all(&folder).unwrap();
        mount(
            &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"],
            &folder,
        );
        Self(folder)
    }

    /// One of 16 MB for the data of a guard.
    pub fn for_data(lab: &Lab) -> Self {
        Self::of(
            lab.inside(&format!("/tmp/data-{}", lab.guard_port())),
            16 << 20,
        )
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Somebody else fills it up to the last byte.
    pub fn is_filled(&self) {
        let mut file = File::create(self.0.join("of-somebody-else")).unwrap();
        let error = loop {
            if let Err(error) = file.write_all(&[b'x'; 4_096]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }

    /// There is space again.
    pub fn is_cleared(&self) {
        fs::remove_file(self.0.join("of-somebody-else")).unwrap();
    }

    /// It can be read only, or written again.
    pub fn is_read_only(&self, yes: bool) {
        mount(
            &["-o", if yes { "remount,ro" } else { "remount,rw" }],
            &self.0,
        );
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

fn mount(options: &[&str], folder: &Path) {
    let status = Command::new("mount").args(options).arg(folder).status();
    assert!(status.unwrap().success(), "mount {options:?} fails");
}
