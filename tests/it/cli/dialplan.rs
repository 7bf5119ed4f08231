//! `check` of Asterisk's own configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ring::digest::{SHA256, digest};
use voicemail_guard::dialplan::{VERSION, version};

use super::{House, SHIPPED, WIRED, item};

const DIALPLAN: &str = "extensions_voicemail_guard.conf";

impl House {
    fn etc(&self, name: &str, text: &str) {
        fs::write(self.path("asterisk").join(name), text).unwrap();
    }

    fn mode(&self, mode: u32) {
        let file = self.path("asterisk").join(DIALPLAN);
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_dialplan_that_is_missing_closed_or_not_brought_in_is_told() {
    let house = House::new();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    let include = |line: &str| {
        house.etc("extensions.conf", &format!("{line}{WIRED}"));
        house.check()
    };
    for forgotten in [
        "",
        "[general]\n; #tryinclude extensions_voicemail_guard.conf\n",
        ";--\n#tryinclude extensions_voicemail_guard.conf\n--;\n",
        "#include extensions_other.conf\n#tryinclude \"extensions_voicemail_guard.conf.old\"\n",
    ] {
        house.etc("extensions_other.conf", "[other]\n");
        let (code, lines) = include(forgotten);
        let (_, mend) = lines
            .iter()
            .position(|line| line.contains("does not bring"))
            .map_or_else(
                || panic!("{forgotten}: {lines:#?}"),
                |at| (&lines[at], &lines[at + 1]),
            );
        assert!(
            code == 1 && mend.contains(&format!("#tryinclude {DIALPLAN}")),
            "{mend}"
        );
    }
    for dangerous in [
        format!("#include {DIALPLAN}\n"),
        format!("#include \"{DIALPLAN}\" ; the guard\n"),
    ] {
        let (code, lines) = include(&dangerous);
        let reported = lines.iter().find(|line| line.contains("with #include"));
        assert!(code == 0 && reported.is_some(), "{dangerous}: {lines:#?}");
    }
    house.etc(
        "extensions_custom.conf",
        &format!("#tryinclude {DIALPLAN}\n"),
    );
    for fine in [
        "#include extensions_custom.conf\n",
        "#tryinclude extensions_c*.conf\n",
    ] {
        let (code, lines) = include(fine);
        let reported = lines.iter().find(|line| line.contains("brings extensions"));
        assert!(
            code == 0 && reported.unwrap().contains("extensions_custom"),
            "{lines:#?}"
        );
    }

    fs::remove_file(house.path("asterisk").join(DIALPLAN)).unwrap();
    let (code, lines) = house.check();
    let path = house.path("asterisk").join(DIALPLAN);
    let all_lost = |lines: &[String]| {
        lines
            .iter()
            .any(|line| line.contains("every call to every number is refused"))
    };
    assert!(!all_lost(&lines), "{lines:#?}");
    let (_, mend) = item(
        &lines,
        &format!("fail dialplan {} is not there", path.display()),
    );
    assert!(code == 1 && mend.contains("install -m 644"), "{mend}");
    let (code, lines) = include(&format!("#include {DIALPLAN}\n"));
    assert!(code == 1 && all_lost(&lines), "{lines:#?}");
}

/// What each version does: SHA-256 of its lines without comments, in hexadecimal digits.
const VERSIONS: [&str; 2] = [
    "8dbe8effc0ee9bc51be6cf80063baacb9e5052674a1f8ad82434dc7104f969f0",
    "9872d34cf18b2cff188b848e2363ea65b6bf8de8beb6b5b2d91a762a1a8dc006",
];

#[test]
fn a_dialplan_that_does_something_else_has_another_version() {
    assert_eq!(version(SHIPPED), VERSION);
    let lines = SHIPPED.split_inclusive('\n');
    let code: String = lines.filter(|line| !line.starts_with(';')).collect();
    let hash = digest(&SHA256, code.as_bytes());
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let hash: String = digits.collect();
    assert_eq!(
        VERSIONS.get(VERSION as usize - 1),
        Some(&&*hash),
        "the dialplan has changed: raise its version, in the file and in src/dialplan.rs, and add this hash"
    );
}

#[test]
fn a_dialplan_of_another_version_is_reported() {
    let house = House::new();
    let (_, lines) = house.check();
    let reported = |lines: &[String]| lines.iter().any(|line| line.contains("than this guard"));
    assert!(!reported(&lines), "{lines:#?}");
    let says = format!("&dialplan={VERSION})");
    for (other, word) in [
        (SHIPPED.replace(&says, ")"), "older"),
        (SHIPPED.replace(&says, "&dialplan=99)"), "newer"),
    ] {
        house.etc(DIALPLAN, &other);
        let (code, lines) = house.check();
        let path = house.path("asterisk").join(DIALPLAN);
        let (_, mend) = item(
            &lines,
            &format!("warn dialplan {} is {word}", path.display()),
        );
        assert!(code == 0 && mend.contains("install-dialplan"), "{mend}");
    }
}

#[test]
fn a_guard_that_the_dialplan_names_wrongly_is_reported() {
    let house = House::new();
    let (_, lines) = house.check();
    assert!(!lines.iter().any(|line| line.contains(" guards ")));
    let checked = |globals: &str, set: &str| {
        house.etc("globals_custom.conf", globals);
        house.etc(
            "extensions.conf",
            &format!(
                "#tryinclude {DIALPLAN}\n[globals]\n#include globals_custom.conf\n[from-trunk]\nexten => 1,1,{set}\n{WIRED}"
            ),
        );
        house.check()
    };
    for (globals, set, words) in [
        (
            "VOICEMAIL_GUARD_AGI = 192.0.2.10:4574&[2001:db8::1]:4574 ; two\n",
            "NoOp()",
            "192.0.2.10:4574, then [2001:db8::1]:4574",
        ),
        (
            "VOICEMAIL_GUARD_AGI=>hagi://guards.example.com\n",
            "Set(VOICEMAIL_GUARD_AGI=127.0.0.1:${PORT})",
            "hagi://guards.example.com",
        ),
        ("", "Set(__VOICEMAIL_GUARD_AGI=guard:4575)", "guard:4575"),
        (
            "",
            "Set(GLOBAL(VOICEMAIL_GUARD_AGI)=guard:4575)",
            "guard:4575",
        ),
    ] {
        let (code, lines) = checked(globals, set);
        let (said, _) = item(&lines, "ok guards the dialplan asks");
        assert!(code == 0 && said.ends_with(words), "{lines:#?}");
    }
    for (globals, set, words) in [
        (
            "VOICEMAIL_GUARD_AGI = a:4574,b:4574\n",
            "NoOp()",
            "several guards have &",
        ),
        (
            "VOICEMAIL_GUARD_AGI = a:4574&b\n",
            "NoOp()",
            "names \"b\" in",
        ),
        (
            "VOICEMAIL_GUARD_AGI = hagi://a:4574\n",
            "NoOp()",
            "no SRV records",
        ),
        (
            "",
            "Set(VOICEMAIL_GUARD_AGI=2001:db8::1:4574)",
            "stands in brackets",
        ),
    ] {
        let (code, lines) = checked(globals, set);
        let (said, mend) = item(&lines, "fail guards VOICEMAIL_GUARD_AGI names");
        assert!(code == 1 && said.contains(words), "{lines:#?}");
        assert!(mend.contains("192.0.2.10:4574&192.0.2.11:4574"), "{mend}");
    }
}

#[test]
fn a_dialplan_that_asterisk_cannot_read_is_told() {
    let house = House::new();
    // The tap folder is Asterisk's, and here it has the rights that the file's owner has.
    for (mode, words) in [(0o600, "ok dialplan"), (0o644, "ok dialplan"), (0o200, "")] {
        house.mode(mode);
        let (_, lines) = house.check();
        let closed = lines
            .iter()
            .find(|line| line.contains("cannot be read by Asterisk"));
        let is_root = rustix::process::geteuid().is_root();
        assert_eq!(
            closed.is_some(),
            words.is_empty() && !is_root,
            "{mode:o}: {lines:#?}"
        );
    }
    if rustix::process::geteuid().is_root() {
        house.mode(0o600);
        std::os::unix::fs::chown(house.path("tap"), Some(4242), Some(4242)).unwrap();
        let (code, lines) = house.check();
        let closed = lines
            .iter()
            .find(|line| line.contains("cannot be read by Asterisk"));
        assert!(code == 1 && closed.is_some(), "{lines:#?}");
    }
}

#[test]
fn a_box_that_no_mailbox_has_is_told() {
    let house = House::new();
    let boxes = "[box.\"100@default\"]\nmode = \"guide\"\n[box.\"200@sales\"]\nmode = \"guide\"\n";
    house.append(boxes);
    let reported = |code_wanted: i32| {
        let (code, lines) = house.check();
        assert_eq!(code, code_wanted, "{lines:#?}");
        lines.into_iter().find(|line| line.contains(" mailboxes "))
    };
    assert_eq!(
        reported(0),
        None,
        "without a voicemail.conf nothing is known"
    );
    house.etc(
        "voicemail.conf",
        "[general]\n200 = x\n[default]\n100 => 1,A\n;200 => 1\n#include more.inc\n",
    );
    house.etc("more.inc", "[sales]\n201 => 1,B\n");
    let line = reported(1).unwrap();
    assert!(
        line.contains("200@sales") && !line.contains("100@default"),
        "{line}"
    );
    house.etc("extconfig.conf", "[settings]\nvoicemail => odbc,asterisk\n");
    assert!(reported(0).unwrap().starts_with("warn"));
    house.etc("more.inc", "[sales]\n200=1,B\n");
    assert!(reported(0).unwrap().starts_with("ok"));
}

#[test]
fn a_time_zone_that_is_not_known_is_reported() {
    let house = House::new();
    for (zone, known) in [("Europe/Belin", false), ("UTC0", true), ("", true)] {
        let output = house.command("check").env("TZ", zone).output().unwrap();
        let reported = super::text(&output);
        assert_eq!(
            reported.contains("is no time zone here"),
            !known,
            "{zone}: {reported}"
        );
    }
}
