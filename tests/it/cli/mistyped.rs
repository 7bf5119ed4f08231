//! What is mistyped on the command line is answered, not searched for in silence; and the help fits 80 columns.

use voicemail_guard::audio::file::Format;

use super::*;

#[test]
fn a_search_that_can_find_nothing_says_why() {
    let house = House::new();
    drop(voicemail_guard::call_log::CallLog::open(
        &house.path("data"),
        voicemail_guard::clock::Clock::default(),
    ));
    for (arguments, code, expected) in [
        (
            &["--number", "05"][..],
            1,
            "2 digits find only a number of just these; to find longer ones by their end, give at least 3.",
        ),
        (&["--number", "5", "--cases"], 1, "1 digit finds only"),
        (&["--limit", "0"], 2, "a whole number, at least 1"),
        (&["--box", "x y"], 2, "\"x y\" is no mailbox's name"),
        (&["--box", ""], 2, "\"\" is no mailbox's name"),
        (
            &["--since", "2026-11-24", "--until", "2026-11-23"],
            2,
            "--since is later than --until",
        ),
    ] {
        let output = house.command("calls").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let said = text(&output) + &*String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let plain = house.command("calls").args(["--number", "200"]).output();
    assert!(!text(&plain.unwrap()).contains("digits"));
}

#[test]
fn a_folder_that_is_not_asterisks_is_called_that() {
    let house = House::new();
    let check = |folder: PathBuf| {
        let mut check = house.command("check");
        let output = check.arg("--asterisk").arg(folder).output().unwrap();
        let lines: Vec<_> = text(&output).lines().map(str::to_owned).collect();
        let (what, mend) = item(&lines, "fail dialplan");
        (what.to_owned(), mend.to_owned())
    };
    let asterisk = house.path("asterisk");
    let (what, mend) = check(house.path(""));
    assert!(what.contains("is not the folder of Asterisk's"), "{what}");
    let meant = format!("name that: --asterisk {}", asterisk.display());
    assert_eq!(mend, meant);
    let (_, mend) = check(house.path("spool"));
    assert!(mend.starts_with("name that with --asterisk"), "{mend}");
    let (what, mend) = check(asterisk.join("extensions.conf"));
    assert!(what.contains("is a file"), "{what}");
    assert_eq!(
        mend,
        format!("name its folder: --asterisk {}", asterisk.display())
    );
}

#[test]
fn a_tap_folder_without_its_parent_is_left_to_asterisk() {
    let house = House::new();
    let config = fs::read_to_string(house.path("guard.toml")).unwrap();
    let config = config.replace("/tap'", "/no/spool/tap'");
    fs::write(house.path("guard.toml"), config).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (what, _) = item(&lines, "fail tap");
    assert!(what.contains("no/spool is not there either"), "{what}");
    let (mut serving, mut log, mut said) = house.serve();
    kill_process(Pid::from_child(&serving), Signal::TERM).unwrap();
    while log.read_line(&mut said).unwrap() > 0 {}
    assert!(serving.wait().unwrap().success());
    assert!(!house.path("no").exists());
    assert!(said.contains("the tap folder is not there"), "{said}");
    assert!(said.contains("no/spool is not there either"), "{said}");
    assert!(
        said.contains("stopped; every call is in the database"),
        "{said}"
    );
}

#[test]
fn the_help_offers_what_there_is_and_fits_80_columns() {
    let help = |name: &str| {
        let mut command = guard();
        text(&command.args([name, "--help"]).output().unwrap())
    };
    assert!(!help("demo").contains("--data"));
    let calls = help("calls");
    let at = |option: &str| calls.find(option).unwrap();
    assert!(at("--number") < at("--since") && at("--width") < at("--config"));
    assert!(!calls.contains("\n\n      --"), "{calls}");
    let classify = help("classify");
    for ending in Format::extensions().split([' ', ',']) {
        assert!(classify.contains(ending), "{ending}");
    }
    let refused = guard().args(["demo", "--data", "x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn every_form_that_is_read_is_one_that_is_named() {
    for name in Format::names().split(", ") {
        assert!(Format::named(name).is_some(), "{name}");
    }
    for ending in Format::extensions().replace(',', "").split(' ') {
        assert!(Format::named(&ending[1..]).is_some(), "{ending}");
    }
}
