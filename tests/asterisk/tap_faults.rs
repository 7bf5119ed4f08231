//! The tap breaks: the guard knows that it is deaf, judges nobody, and the caller ends in VoiceMail().

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::disk::SmallDisk;
use crate::faults::{
    is_interrupted, leaves_his_message, somebody, voicemail_has_his_message, was_handed_on,
};
use crate::guard::{Guard, Record};
use crate::lab::{Lab, SOON, wait_for};
use crate::sound::Sound;

#[test]
fn the_tap_folder_is_not_the_one_that_asterisk_writes_to() {
    let lab = Lab::enter();
    let elsewhere = lab.inside(&format!("/tmp/elsewhere-{}", lab.guard_port()));
    fs::create_dir(&elsewhere).unwrap();
    let guard = Guard::with_tap_folder(&lab, &elsewhere, "");
    leaves_his_message(somebody(&lab)).join().unwrap();
    let call = guard.record();
    was_handed_on(&lab, &call);
    is_no_bluff(&call);
    let logged = guard.log();
    let error = logged.lines().find(|line| line.contains("ERROR"));
    let error = error.unwrap_or_else(|| panic!("no error in the log:\n{logged}"));
    assert!(error.contains("folder_as_guard_sees_it"), "{error}");
}

#[test]
fn the_tap_folder_is_not_the_one_that_asterisk_writes_to_in_observe_mode() {
    let lab = Lab::enter();
    let elsewhere = lab.inside(&format!("/tmp/elsewhere-{}", lab.guard_port()));
    fs::create_dir(&elsewhere).unwrap();
    let guard = Guard::with_tap_folder(&lab, &elsewhere, "mode = \"observe\"");
    leaves_his_message(somebody(&lab)).join().unwrap();
    voicemail_has_his_message(&lab);
    is_no_bluff(&guard.record());
}

/// What was not heard is not judged.
fn is_no_bluff(call: &Record) {
    assert_eq!(call.get("verdict"), "unsure", "{call:#?}");
    assert!(call.number("confidence") <= 0.5, "{call:#?}");
    let reasons = call.reasons().join("; ");
    assert!(reasons.contains("folder_as_guard_sees_it"), "{reasons}");
    assert!(!reasons.contains("no sound"), "{reasons}");
}

#[test]
fn asterisk_cannot_write_into_the_tap_folder() {
    let lab = Lab::enter();
    // A folder inside a file: not even root can make that.
    let impossible = format!("/tests/results/{}/tap", lab.guard_port());
    let guard = Guard::with_tap_folder_of_asterisk(&lab, &impossible);
    leaves_his_message(somebody(&lab)).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn the_disk_with_the_tap_folder_is_full() {
    let lab = Lab::enter();
    let _full = SmallDisk::of(lab.inside(&lab.tap_folder()), 4_096);
    let guard = Guard::start(&lab);
    leaves_his_message(somebody(&lab)).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn the_disk_with_the_tap_folder_fills_up_in_mid_call() {
    let lab = Lab::enter();
    // 15 seconds of a call; then the guard hears nothing any more, and asks.
    let _small = SmallDisk::of(lab.inside(&lab.tap_folder()), 15 * 96_000);
    let guard = Guard::start(&lab);
    let caller = somebody(&lab).listens();
    let caller = caller.talks_until_spoken_to(&Sound::speech(&lab, 60.0));
    leaves_his_message(caller.listens()).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn the_tap_file_cannot_be_read() {
    let lab = Lab::enter();
    let guard = Guard::of_any_user(&lab);
    let folder = lab.inside(&lab.tap_folder());
    fs::set_permissions(&folder, Permissions::from_mode(0o000)).unwrap();
    leaves_his_message(somebody(&lab)).join().unwrap();
    was_handed_on(&lab, &guard.record());
}

#[test]
fn the_tap_file_is_removed_in_mid_call() {
    the_tap_file_in_mid_call(|file| fs::remove_file(file).unwrap());
}

#[test]
fn the_tap_file_is_replaced_in_mid_call() {
    the_tap_file_in_mid_call(|file| {
        let other = file.with_extension("other");
        fs::copy(file, &other).unwrap();
        fs::rename(&other, file).unwrap();
    });
}

#[test]
fn the_tap_file_is_truncated_in_mid_call() {
    the_tap_file_in_mid_call(|file| {
        // Asterisk's next piece would make it long again; the guard looks ten times a second.
        let file = File::options().write(true).open(file).unwrap();
        for _ in 0..50 {
            file.set_len(0).unwrap();
            thread::sleep(Duration::from_millis(10));
        }
    });
}

fn the_tap_file_in_mid_call(becomes: impl FnOnce(&PathBuf)) {
    let lab = Lab::enter();
    let guard = Guard::start(&lab);
    let caller = leaves_his_message(is_interrupted(&lab, somebody(&lab)));
    guard.listens_for(2.0);
    let folder = lab.inside(&lab.tap_folder());
    let file = wait_for("the tap's file", SOON, || {
        fs::read_dir(&folder).unwrap().next()
    });
    becomes(&file.unwrap().path());
    caller.join().unwrap();
    was_handed_on(&lab, &guard.record());
    assert!(guard.log().contains("ERROR"), "{}", guard.log());
}
