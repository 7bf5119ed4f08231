//! `check` on what lies in the guard's folders, and whose it is.

use std::os::unix::fs::{PermissionsExt, chown};

use rustix::process::geteuid;
use voicemail_guard::call_record::CallId;
use voicemail_guard::tap::monitor;

use super::nobody::{NOBODY, as_nobody};
use super::*;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// `check` by a user who is not root; its lines.
fn check_as_nobody(house: &House) -> Vec<String> {
    let args = ["check", "--config", "guard.toml", "--data", "data"];
    let output = as_nobody(house.folder.path(), &args).output().unwrap();
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn a_recording_that_has_lain_there_for_more_than_an_hour_is_warned_of() {
    let house = House::new();
    let name = |n| monitor::file_name(CallId::new("2026-11-24T09:12:03Z".parse().unwrap(), n));
    for n in 1..=2 {
        fs::write(house.path("tap").join(name(n)), "a voice").unwrap();
    }
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    item(&lines, "ok tap 2 raw recordings lie in");
    let old = fs::File::options()
        .write(true)
        .open(house.path("tap").join(name(1)))
        .unwrap();
    let written = old.metadata().unwrap().modified().unwrap();
    old.set_modified(written - std::time::Duration::from_mins(61))
        .unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    let (what, mend) = item(&lines, "warn tap 2 raw recordings lie in");
    assert!(
        what.ends_with("1 of them for more than an hour: callers' voices"),
        "{what}"
    );
    assert!(mend.contains("the right to write there"), "{mend}");
}

#[test]
fn a_prompt_that_cannot_be_read_is_broken() {
    let house = House::new();
    let prompt = house.path("sounds/de/voicemail-guard/thanks.wav");
    set_mode(&prompt, 0o000);
    let lines = check_as_nobody(&house);
    let (what, mend) = item(&lines, "fail prompts de:");
    assert!(what.ends_with("/thanks.wav cannot be read"), "{what}");
    assert!(mend.starts_with("chmod a+r "), "{mend}");
    item(&lines, "ok prompts en: all are there");
    set_mode(&prompt, 0o644);
    item(&check_as_nobody(&house), "ok prompts de: all are there");
}

/// As after a start as root. Root itself may write everywhere, and is told all the same.
#[test]
fn a_file_of_another_user_in_the_data_folder_is_named() {
    let house = House::new();
    let lock = house.path("data/guard.lock");
    fs::write(&lock, "").unwrap();
    item(&house.check().1, "ok data files can be made");
    set_mode(&lock, 0o444);
    if geteuid().is_root() {
        chown(house.path("data"), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let told = |lines: &[String]| {
        let about = |line: &&String| line.contains("is not the guard's to write to");
        let line = lines
            .iter()
            .find(about)
            .unwrap_or_else(|| panic!("{lines:#?}"));
        assert!(
            line.starts_with("fail  data") && line.contains("data/guard.lock"),
            "{line}"
        );
        assert!(
            lines
                .iter()
                .any(|line| line.contains("-> chown -R --reference=")),
            "{lines:#?}"
        );
    };
    told(&check_as_nobody(&house));
    if geteuid().is_root() {
        let (code, lines) = house.check();
        assert_eq!(code, 1, "{lines:#?}");
        told(&lines);
        chown(&lock, Some(NOBODY), Some(NOBODY)).unwrap();
        let lines = house.check().1;
        assert!(
            !lines
                .iter()
                .any(|line| line.contains("guard's to write to")),
            "{lines:#?}"
        );
    }
}

#[test]
fn an_address_that_the_machine_lacks_is_broken_since_no_guard_starts_there() {
    let house = House::new();
    house.configure("192.0.2.10:4574");
    let config = fs::read_to_string(house.path("guard.toml")).unwrap();
    let config = config.replace("[tap]", "allow = ['192.0.2.0/24']\n[tap]");
    fs::write(house.path("guard.toml"), config).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    item(&lines, "fail port this machine has no address 192.0.2.10");
    let serve = house.command("serve").output().unwrap();
    assert!(!serve.status.success());
}

#[test]
fn a_log_that_may_not_be_read_is_not_said_to_be_none() {
    let house = House::new();
    if !geteuid().is_root() {
        return;
    }
    set_mode(&house.path("data"), 0o700);
    for args in [
        &["calls"][..],
        &["erase", "--number", "0911/12345678", "--dry-run"],
        &["export", "--number", "0911/12345678", "all.zip"],
        &["token", "list"],
    ] {
        let args = [args, &["--data", "data"]].concat();
        let output = as_nobody(house.folder.path(), &args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("run this as the user that runs the guard"),
            "{args:?}: {said}"
        );
        assert_eq!(output.status.code(), Some(1), "{args:?}");
    }
}
