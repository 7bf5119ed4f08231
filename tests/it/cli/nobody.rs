//! The binary as somebody runs it for whom rights count.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;

/// Debian's number of nobody.
pub(super) const NOBODY: u32 = 65_534;

/// The binary in this folder, of a user who is not root; everything below the folder that is open may be looked at.
pub(super) fn as_nobody(folder: &Path, args: &[impl AsRef<OsStr>]) -> Command {
    // It may lie where this user may not look.
    let program = folder.join("a-copy-of-voicemail-guard");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_voicemail-guard"), &program).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).args(args).env_clear();
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
