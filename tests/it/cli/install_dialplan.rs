//! `install-dialplan`: into every kind of Asterisk, and out again as if nothing had been.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use rustix::process::geteuid;
use tempfile::TempDir;

use super::nobody::as_nobody;
use super::{guard, text};
use crate::support::sources::root;

/// A machine with an Asterisk, in a folder.
struct Machine(TempDir);

/// What is at a path: rights, time of the last change of a file, and content.
type Tree = BTreeMap<PathBuf, (u32, Option<(i64, i64)>, Vec<u8>)>;

impl Machine {
    /// As Debian has it, or FreePBX, or a build from source: by where the sounds are, and FreePBX's files.
    fn new(sounds: &str) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in [
            "etc/asterisk",
            "etc/systemd",
            "spool/voicemail/default/100/INBOX",
            sounds,
        ] {
            fs::create_dir_all(machine.at(folder)).unwrap();
        }
        let data = machine.at(sounds).parent().unwrap().to_owned();
        machine.write(
            "etc/asterisk/asterisk.conf",
            &format!(
                "[directories](!)\nastdatadir => {}\nastspooldir => {}\n",
                data.display(),
                machine.at("spool").display()
            ),
        );
        machine.write(
            "etc/asterisk/extensions.conf",
            "[internal]\nexten => 100,1,NoOp()",
        );
        machine.mode("spool/voicemail/default", 0o755);
        machine
    }

    fn freepbx() -> Self {
        let machine = Self::new("var/sounds");
        machine.write("etc/asterisk/extensions_override_freepbx.conf", "");
        machine.write("etc/asterisk/extensions_custom.conf", "[mine]\n");
        machine.write(
            "etc/asterisk/extensions.conf",
            "#include extensions_custom.conf\n#include extensions_override_freepbx.conf\n",
        );
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn runs_from(&self, from: &Path, more: &[&str]) -> Output {
        let mut command = guard();
        command.arg("install-dialplan").args(more);
        for (option, path) in [
            ("--asterisk", self.at("etc/asterisk")),
            ("--units", self.at("etc/systemd")),
            ("--record", self.at("etc/guard/dialplan.json")),
            ("--from", from.to_owned()),
        ] {
            command.arg(option).arg(path);
        }
        command.output().unwrap()
    }

    /// Runs it on the shipped files; what it says.
    #[track_caller]
    fn does(&self, more: &[&str]) -> String {
        let output = self.runs_from(&root().join("asterisk-conf"), more);
        assert!(output.status.success(), "{output:?}");
        text(&output)
    }

    /// What it says is wrong.
    #[track_caller]
    fn fails(&self, more: &[&str]) -> String {
        let output = self.runs_from(&root().join("asterisk-conf"), more);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Everything but the record's own folder.
    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        let mut open = vec![self.0.path().to_owned()];
        while let Some(path) = open.pop() {
            let about = fs::symlink_metadata(&path).unwrap();
            if path.ends_with("etc/guard") {
                continue;
            }
            let (time, content) = if about.is_dir() {
                let entries = fs::read_dir(&path).unwrap();
                open.extend(entries.map(|entry| entry.unwrap().path()));
                (None, Vec::new())
            } else {
                let time = (about.mtime(), about.mtime_nsec());
                (Some(time), fs::read(&path).unwrap_or_default())
            };
            tree.insert(path, (about.mode(), time, content));
        }
        tree
    }
}

#[test]
fn it_goes_into_every_kind_of_asterisk_and_out_again_as_if_nothing_had_been() {
    for (kind, machine) in [
        ("Debian", Machine::new("usr/share/asterisk/sounds")),
        ("built", Machine::new("var/lib/asterisk/sounds")),
        ("FreePBX", Machine::freepbx()),
    ] {
        let before = machine.tree();
        let announced = machine.does(&["--dry-run", "--open-mailboxes"]);
        assert!(announced.contains("would write"), "{kind}: {announced}");
        assert_eq!(machine.tree(), before, "{kind}: --dry-run does nothing");

        let done = machine.does(&["--open-mailboxes"]);
        for line in announced.lines().filter(|line| line.starts_with("would ")) {
            let line = line.trim_start_matches("would ");
            assert!(done.contains(line), "{kind}: {line} is not in {done}");
        }
        let installed = machine.tree();
        let again = machine.does(&["--open-mailboxes"]);
        assert!(again.contains("nothing to do"), "{kind}: {again}");
        assert_eq!(machine.tree(), installed, "{kind}: twice is once");

        let included = machine.read(if kind == "FreePBX" {
            "etc/asterisk/extensions_custom.conf"
        } else {
            "etc/asterisk/extensions.conf"
        });
        assert!(
            included.contains("\n#tryinclude extensions_voicemail_guard.conf\n"),
            "{kind}: {included}"
        );
        let mode = |path: &str| fs::metadata(machine.at(path)).unwrap().mode() & 0o7777;
        assert_eq!(mode("etc/asterisk/extensions_voicemail_guard.conf"), 0o644);
        assert_eq!(mode("spool/voicemail-guard"), 0o2770);
        assert_eq!(mode("spool/voicemail/default"), 0o2775);
        assert_eq!(mode("spool/voicemail/default/100/INBOX") & 0o2070, 0o2070);
        assert!(
            machine
                .read("etc/systemd/asterisk.service.d/50-voicemail-guard.conf")
                .contains("UMask=0002")
        );

        let announced = machine.does(&["--undo", "--dry-run"]);
        assert!(
            announced.contains("would take the lines out of"),
            "{kind}: {announced}"
        );
        assert_eq!(machine.tree(), installed);
        let undone = machine.does(&["--undo"]);
        assert_eq!(
            undone.contains("Custom Destination"),
            kind == "FreePBX",
            "{undone}"
        );
        assert_eq!(machine.tree(), before, "{kind}: as it was");
        assert!(machine.fails(&["--undo"]).contains("nothing was done"));
    }
}

#[test]
fn check_finds_what_was_installed() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    machine.does(&[]);
    machine.write(
        "guard.toml",
        &format!(
            "[prompts]\nsounds = '{}'\n",
            machine.at("usr/share/asterisk/sounds").display()
        ),
    );
    let output = guard()
        .args(["check", "--config"])
        .arg(machine.at("guard.toml"))
        .arg("--data")
        .arg(machine.at("data"))
        .arg("--asterisk")
        .arg(machine.at("etc/asterisk"))
        .output()
        .unwrap();
    let checked = text(&output);
    for found in [
        "brings extensions_voicemail_guard.conf in",
        "de: all are there",
        "en: all are there",
    ] {
        let line = checked.lines().find(|line| line.contains(found));
        assert!(
            line.is_some_and(|line| line.trim().starts_with("ok")),
            "{found}: {checked}"
        );
    }
}

#[test]
fn a_file_that_was_there_is_kept_and_comes_back_also_behind_an_upgrade() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let dialplan = "etc/asterisk/extensions_voicemail_guard.conf";
    machine.write(dialplan, "[voicemail-guard]\n; by hand\n");
    machine.mode(dialplan, 0o640);
    let before = machine.tree();
    let done = machine.does(&[]);
    assert!(done.contains("the old one stays as"), "{done}");

    let newer = tempfile::tempdir().unwrap();
    for folder in ["sounds/de/voicemail-guard", "sounds/en/voicemail-guard"] {
        fs::create_dir_all(newer.path().join(folder)).unwrap();
    }
    let shipped = newer.path().join("extensions_voicemail_guard.conf");
    fs::write(shipped, "[voicemail-guard]\n; newer\n").unwrap();
    let output = machine.runs_from(newer.path(), &[]);
    assert!(output.status.success(), "{output:?}");
    assert!(machine.read(dialplan).contains("newer"));
    let kept = format!("{dialplan}.before-voicemail-guard");
    assert!(machine.read(&kept).contains("by hand"));

    machine.does(&["--undo"]);
    assert_eq!(machine.tree(), before);
}

#[test]
fn what_an_administrator_has_changed_since_stays() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    machine.does(&[]);
    let dialplan = "etc/asterisk/extensions_voicemail_guard.conf";
    machine.write(dialplan, "; mine now\n");
    let mut extensions = machine.read("etc/asterisk/extensions.conf");
    extensions.push_str("[another]\n");
    machine.write("etc/asterisk/extensions.conf", &extensions);
    let undone = machine.does(&["--undo"]);
    assert!(undone.contains("changed since"), "{undone}");
    assert_eq!(machine.read(dialplan), "; mine now\n");
    assert_eq!(
        machine.read("etc/asterisk/extensions.conf"),
        "[internal]\nexten => 100,1,NoOp()\n[another]\n"
    );
}

#[test]
fn what_asterisk_has_already_is_left_alone() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    fs::create_dir_all(machine.at("usr/share/asterisk/sounds/de/digits")).unwrap();
    machine.write(
        "etc/asterisk/extensions.conf",
        "#tryinclude \"extensions_voicemail_guard.conf\"\n",
    );
    let done = machine.does(&[]);
    assert!(!done.contains("append"), "{done}");
    assert!(!done.contains("digits"), "{done}");
}

#[test]
fn links_are_not_followed_and_what_is_missing_is_named_with_its_option() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    machine.write("elsewhere", "not Asterisk's\n");
    let dialplan = machine.at("etc/asterisk/extensions_voicemail_guard.conf");
    symlink(machine.at("elsewhere"), &dialplan).unwrap();
    let before = machine.tree();
    assert!(machine.fails(&[]).contains("is a link"));
    assert_eq!(machine.tree(), before);
    fs::remove_file(dialplan).unwrap();

    symlink(machine.at("elsewhere"), machine.at("spool/voicemail/other")).unwrap();
    machine.does(&["--open-mailboxes"]);
    assert_eq!(machine.read("elsewhere"), "not Asterisk's\n");

    let lost = machine.fails(&["--sounds", "/nonexistent"]);
    assert!(lost.contains("with --sounds"), "{lost}");
    fs::remove_file(machine.at("etc/asterisk/extensions.conf")).unwrap();
    assert!(machine.fails(&[]).contains("with --asterisk"));
}

#[test]
fn a_record_that_names_no_folder_lies_where_it_is_run() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let output = guard()
        .current_dir(machine.at("etc"))
        .args(["install-dialplan", "--record", "dialplan.json"])
        .arg("--asterisk")
        .arg(machine.at("etc/asterisk"))
        .arg("--units")
        .arg(machine.at("etc/systemd"))
        .arg("--from")
        .arg(root().join("asterisk-conf"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(machine.read("etc/dialplan.json").contains("\"done\""));
}

#[test]
fn a_file_that_was_there_first_comes_back_after_hand_and_upgrade() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let path = "etc/asterisk/extensions_voicemail_guard.conf";
    machine.write(path, "; the administrator's own\n");
    machine.does(&[]);
    let ours = machine.read(path);
    machine.write(path, &(ours.clone() + "; by hand\n"));
    let said = machine.does(&[]);
    assert!(said.contains("before-voicemail-guard.2"), "{said}");
    assert_eq!(machine.read(path), ours);
    machine.does(&["--undo"]);
    assert_eq!(machine.read(path), "; the administrator's own\n");
    let by_hand = machine.read(&format!("{path}.before-voicemail-guard.2"));
    assert!(by_hand.ends_with("; by hand\n"));
}

#[test]
fn lines_that_were_taken_out_by_hand_and_put_in_again_leave_nothing_behind() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let path = "etc/asterisk/extensions.conf";
    machine.does(&[]);
    let by_hand = "[internal]\nexten => 7,1,NoOp()\n";
    machine.write(path, by_hand);
    machine.does(&[]);
    assert!(machine.read(path).contains("#tryinclude"));
    machine.does(&["--undo"]);
    assert_eq!(machine.read(path), by_hand);
    let kept: Vec<_> = machine.tree().into_keys().collect();
    let kept = kept
        .iter()
        .filter(|path| path.to_string_lossy().contains(".before-"));
    assert_eq!(kept.count(), 0);
}

#[test]
fn an_installation_that_fails_leaves_nothing_behind_and_is_taken_back() {
    // Only root can be refused by somebody else's files.
    if !geteuid().is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let dialplan = "extensions_voicemail_guard.conf";
    fs::copy(
        root().join("asterisk-conf").join(dialplan),
        home.path().join(dialplan),
    )
    .unwrap();
    let freepbx = "extensions_custom_freepbx.conf";
    fs::copy(
        root().join("asterisk-conf").join(freepbx),
        home.path().join(freepbx),
    )
    .unwrap();
    let mine = format!("etc/asterisk/{dialplan}");
    for (machine, fails_at, keeps) in [
        (
            Machine::new("usr/share/asterisk/sounds"),
            "extensions.conf",
            1,
        ),
        (Machine::freepbx(), dialplan, 0),
    ] {
        machine.write(&mine, "; the administrator's own\n");
        for path in [&*mine, "etc/asterisk/extensions.conf"] {
            // Everybody may write it, and nobody but root can make another that is root's.
            machine.mode(path, 0o666);
        }
        machine.mode("", 0o755);
        for folder in ["etc", "etc/asterisk"] {
            machine.mode(folder, 0o777);
        }
        let before = machine.tree();
        let runs = |more: &[&str]| {
            let mut args = vec![OsString::from("install-dialplan")];
            args.extend(more.iter().map(Into::into));
            for (option, path) in [
                ("--asterisk", machine.at("etc/asterisk")),
                ("--units", machine.at("etc/systemd")),
                ("--record", machine.at("etc/guard/dialplan.json")),
                ("--from", home.path().to_owned()),
            ] {
                args.extend([option.into(), path.into_os_string()]);
            }
            as_nobody(home.path(), &args).output().unwrap()
        };
        let failed = runs(&[]);
        assert_eq!(failed.status.code(), Some(1), "{failed:?}");
        let said = String::from_utf8(failed.stderr).unwrap();
        assert!(
            said.contains(&format!("{fails_at}: Operation not permitted")),
            "{said}"
        );
        assert_eq!(kept(&machine).len(), keeps, "{:?}", kept(&machine));
        let undone = runs(&["--undo"]);
        assert!(undone.status.success(), "{undone:?}");
        assert_eq!(machine.tree(), before);
    }
}

/// What was kept of files that were there.
fn kept(machine: &Machine) -> Vec<PathBuf> {
    let all = machine.tree().into_keys();
    all.filter(|path| path.to_string_lossy().contains(".before-"))
        .collect()
}

#[test]
fn what_an_installation_that_was_cut_off_has_kept_is_removed() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let paths = [
        "etc/asterisk/extensions_voicemail_guard.conf",
        "etc/asterisk/extensions.conf",
    ];
    machine.write(paths[0], "; the administrator's own\n");
    let before = machine.tree();
    machine.does(&[]);
    for path in paths {
        // As if it had been killed behind the keeping.
        let kept = machine.at(&format!("{path}.before-voicemail-guard"));
        fs::remove_file(machine.at(path)).unwrap();
        fs::hard_link(&kept, machine.at(path)).unwrap();
    }
    let undone = machine.does(&["--undo"]);
    assert_eq!(undone.matches("it is as it was").count(), 2, "{undone}");
    assert_eq!(machine.tree(), before);
}

#[test]
fn what_is_left_to_do_names_the_mailboxes_and_the_guards_own_files() {
    let machine = Machine::new("usr/share/asterisk/sounds");
    let main = "etc/asterisk/extensions.conf";
    let exists = "ExecIf(${DIALPLAN_EXISTS(voicemail-guard,s,1)}?Gosub(voicemail-guard,s,1";
    let nobodys = machine.does(&[]);
    assert!(
        nobodys.contains("(YOUR-MAILBOX@default)):VoiceMail(YOUR-MAILBOX@default,u))"),
        "{nobodys}"
    );
    assert!(!nobodys.contains("100@default"), "{nobodys}");

    machine.write(
        "etc/asterisk/voicemail.conf",
        "[general]\nx = y\n[sales]\n7 => 1,A\n8 => 1,B\n",
    );
    let known = machine.does(&[]);
    for line in [
        "exten => 7,n,ExecIf(",
        "(7@sales)):VoiceMail(7@sales,u))",
        "(8@sales)):VoiceMail(8@sales,u))",
        "or in front of it",
        "with priority 1 in place of n",
    ] {
        assert!(known.contains(line), "{line}: {known}");
    }

    let included = machine.read(main);
    machine.write(
        main,
        &format!("[internal]\nexten => 7,1,VoiceMail(7@sales,b)\n{included}"),
    );
    let plain = machine.does(&[]);
    let instead = format!(
        "instead of VoiceMail(7@sales,b) of 7 in [internal]:\n\n    exten => 7,1,{exists}(7@sales,b)):VoiceMail(7@sales,b))"
    );
    assert!(plain.contains(&instead), "{plain}");

    let wired: String = ["7", "8"]
        .map(|n| format!("exten => {n},1,{exists}({n}@sales)):VoiceMail({n}@sales,u))\n"))
        .concat();
    machine.write(main, &format!("[internal]\n{wired}{included}"));
    let done = machine.does(&["--config", "/etc/mine.toml", "--data", "/srv/guard"]);
    assert!(!done.contains("VoiceMail("), "{done}");
    let check = "voicemail-guard check --config /etc/mine.toml --data /srv/guard --asterisk ";
    assert!(done.contains(check), "{done}");
}
