//! The binary as an administrator meets it: help, exit codes, `check`.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use voicemail_guard::prompts::Prompt;

mod delivery;
mod dialplan;
mod doctor;
mod figures;
mod folders;
mod follow;
mod generate;
mod import;
mod install_dialplan;
mod keys;
mod mistaken;
mod mistyped;
mod no_such;
mod nobody;
mod sockets;
mod user;
mod wired;

fn guard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"));
    for variable in [
        "VOICEMAIL_GUARD_CONFIG",
        "VOICEMAIL_GUARD_DATA",
        "VOICEMAIL_GUARD_LOG",
        "STATE_DIRECTORY",
    ] {
        command.env_remove(variable);
    }
    command
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The dialplan that is shipped.
const SHIPPED: &str = include_str!("../../../asterisk-conf/extensions_voicemail_guard.conf");

/// A line that leads callers of one mailbox to the guard.
const WIRED: &str = "[in]\nexten => 100,1,Gosub(voicemail-guard,s,1(100@default))\n";

/// An installation in a folder of its own, everything in order.
struct House {
    folder: TempDir,
}

impl House {
    /// A guard that serves here: its process, its log, and what that says until it listens.
    fn serve(&self) -> (Child, BufReader<ChildStderr>, String) {
        let mut serve = self.command("serve");
        serve.stderr(Stdio::piped());
        Self::started(serve)
    }

    /// The same of a guard that is started by this command.
    fn started(mut serve: Command) -> (Child, BufReader<ChildStderr>, String) {
        let mut serving = serve.spawn().unwrap();
        let mut log = BufReader::new(serving.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
        }
        (serving, log, said)
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self { folder };
        for language in ["en", "de"] {
            let prompts = house.path("sounds").join(language).join("voicemail-guard");
            fs::create_dir_all(&prompts).unwrap();
            for prompt in Prompt::ALL {
                fs::write(prompts.join(format!("{prompt}.wav")), "sound").unwrap();
            }
        }
        for name in ["tap", "data", "spool", "asterisk"] {
            fs::create_dir(house.path(name)).unwrap();
        }
        let dialplan = "extensions_voicemail_guard.conf";
        fs::write(house.path("asterisk").join(dialplan), SHIPPED).unwrap();
        let include = format!("[general]\n#tryinclude {dialplan}\n{WIRED}");
        fs::write(house.path("asterisk/extensions.conf"), include).unwrap();
        let mine = std::os::unix::fs::PermissionsExt::from_mode(0o770);
        fs::set_permissions(house.path("tap"), mine).unwrap();
        house.configure("127.0.0.1:0");
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, address: &str) {
        let config = format!(
            "[listen]\naddress = ['{address}']\n[tap]\nfolder_as_guard_sees_it = '{}'\n[prompts]\nsounds = '{}'\n\
             [delivery.voicemail]\nspool = '{}'\n",
            self.path("tap").display(),
            self.path("sounds").display(),
            self.path("spool").display()
        );
        fs::write(self.path("guard.toml"), config).unwrap();
    }

    /// Adds lines to the configuration.
    fn append(&self, more: &str) {
        let config = fs::read_to_string(self.path("guard.toml")).unwrap();
        fs::write(self.path("guard.toml"), config + more).unwrap();
    }

    fn command(&self, name: &str) -> Command {
        let mut command = guard();
        command
            .arg(name)
            .args(["--config".as_ref(), self.path("guard.toml").as_os_str()])
            .args(["--data".as_ref(), self.path("data").as_os_str()]);
        command
    }

    /// Runs `check`; its exit code and its lines.
    fn check(&self) -> (i32, Vec<String>) {
        let mut check = self.command("check");
        check.arg("--asterisk").arg(self.path("asterisk"));
        let output = check.output().unwrap();
        assert_eq!(output.stderr, b"");
        let lines = text(&output).lines().map(str::to_owned).collect();
        (output.status.code().unwrap(), lines)
    }
}

/// The line that begins with these words, and how to mend it.
#[track_caller]
fn item<'a>(lines: &'a [String], words: &str) -> (&'a str, &'a str) {
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = lines
        .iter()
        .position(|line| squeezed(line).starts_with(words))
        .unwrap_or_else(|| panic!("no line {words:?} in {lines:#?}"));
    let mend = lines.get(at + 1).and_then(|line| line.split_once("-> "));
    (&lines[at], mend.map_or("", |(_, mend)| mend))
}

#[test]
fn the_help_names_commands_options_and_exit_codes() {
    let output = guard().arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output);
    for word in [
        "calls",
        "call",
        "check",
        "--config",
        "--data",
        "VOICEMAIL_GUARD_DATA",
        "Exit codes: 0",
    ] {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
    let help = text(&guard().args(["check", "--help"]).output().unwrap());
    assert!(
        help.contains("Examples:") && help.contains("--config <FILE>"),
        "{help}"
    );
}

#[test]
fn wrong_usage_is_two() {
    for arguments in [
        &[][..],
        &["chek"],
        &["check", "--confg"],
        &["check", "extra"],
    ] {
        let output = guard().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn a_configuration_that_cannot_be_used_is_two_but_one_to_check() {
    let house = House::new();
    let codes = || {
        ["serve", "calls", "demo", "check"].map(|command| {
            let mut run = guard();
            run.env("VOICEMAIL_GUARD_DATA", house.path("data"))
                .env("VOICEMAIL_GUARD_CONFIG", house.path("guard.toml"));
            let output = run.arg(command).output().unwrap();
            let reported = [output.stdout, output.stderr].concat();
            let reported = String::from_utf8(reported).unwrap();
            assert!(reported.contains("guard.toml"), "{command}: {reported}");
            (command, output.status.code().unwrap())
        })
    };
    let expected = [("serve", 2), ("calls", 2), ("demo", 2), ("check", 1)];
    fs::write(house.path("guard.toml"), "[lost]\n").unwrap();
    assert_eq!(codes(), expected);
    fs::remove_file(house.path("guard.toml")).unwrap();
    assert_eq!(codes(), expected);
}

#[test]
fn a_house_in_order_is_zero_and_left_as_it_was() {
    let house = House::new();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    for words in [
        "ok settings",
        "ok port 127.0.0.1:0 is free",
        "ok tap files can be made",
        "ok prompts en: all are there",
        "ok prompts de: all are there",
        "ok data files can be made",
        "ok call log",
        "ok voicemail messages can be put into 0 boxes",
        "warn mwi [ami] has no user",
    ] {
        item(&lines, words);
    }
    assert!(lines.last().unwrap().ends_with(" 0 broken"), "{lines:#?}");
    for folder in ["tap", "data"] {
        assert_eq!(
            fs::read_dir(house.path(folder)).unwrap().count(),
            0,
            "{folder}"
        );
    }
}

#[test]
fn what_is_missing_is_one_and_told_with_its_mending() {
    let house = House::new();
    fs::remove_dir(house.path("tap")).unwrap();
    fs::remove_file(house.path("sounds/de/voicemail-guard/thanks.wav")).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1);
    let (_, mend) = item(&lines, "fail tap");
    assert!(mend.starts_with("install -d "), "{mend}");
    let (what, mend) = item(&lines, "fail prompts de: missing: thanks");
    assert!(!what.contains("goodbye"), "{what}");
    assert!(
        mend.starts_with("copy asterisk-conf/sounds/de/voicemail-guard/ to "),
        "{mend}"
    );
    fs::remove_dir(house.path("spool")).unwrap();
    let (_, lines) = house.check();
    item(&lines, "fail voicemail");
    item(&lines, "ok prompts en");
    assert!(lines.last().unwrap().ends_with(" 3 broken"), "{lines:#?}");
}

#[test]
fn a_greeting_of_ones_own_is_looked_for_too() {
    let house = House::new();
    let greeting = "[box.\"100\"]\ngreeting = \"own/hello\"\n";
    house.append(greeting);
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    let (_, mend) = item(&lines, "fail greeting own/hello: is not there");
    assert!(mend.contains("/sounds/LANGUAGE/"), "{mend}");
    fs::create_dir(house.path("sounds/de/own")).unwrap();
    fs::write(house.path("sounds/de/own/hello.ulaw"), vec![0; 8_000 * 75]).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    item(&lines, "warn greeting own/hello: not there in en");
    fs::rename(house.path("sounds/de/own"), house.path("sounds/own")).unwrap();
    let (_, lines) = house.check();
    item(&lines, "ok greeting own/hello: is there, and plays 75 s");
}

#[test]
fn sounds_out_of_sight_and_a_tap_open_to_all_are_no_more_than_warnings() {
    let house = House::new();
    fs::remove_dir_all(house.path("sounds")).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(house.path("tap"), open).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    item(&lines, "warn prompts de:");
    let (what, mend) = item(&lines, "warn tap");
    assert!(
        what.contains("overheard") && mend.starts_with("chmod o= "),
        "{what} {mend}"
    );
}

#[test]
fn mistakes_in_the_settings_are_all_told() {
    let house = House::new();
    fs::write(
        house.path("guard.toml"),
        "[limits]\nmax_calls = 0\n[lost]\n",
    )
    .unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1);
    let reported: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("fail  settings"))
        .collect();
    assert_eq!(reported.len(), 2, "{lines:#?}");
    assert!(
        reported[0].contains("guard.toml, line 2: [limits] max_calls:"),
        "{reported:?}"
    );
    assert!(
        reported[1].contains("guard.toml, line 3: [lost]:"),
        "{reported:?}"
    );
}

#[test]
fn a_port_held_by_a_guard_is_well_and_by_another_program_is_not() {
    for (answer, code, words) in [
        ("VERBOSE \"voicemail-guard 0.1.0\" 3\n", 0, "ok port"),
        ("failure\n", 0, "warn port"),
        ("SIP/2.0 400 Bad Request\r\n", 1, "fail port"),
        ("", 1, "fail port"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let house = House::new();
        house.configure(&listener.local_addr().unwrap().to_string());
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let prelude = prelude(&stream);
            (&stream).write_all(answer.as_bytes()).unwrap();
            prelude
        });
        let (ended, lines) = house.check();
        assert_eq!(ended, code, "{lines:#?}");
        item(&lines, words);
        assert!(
            server
                .join()
                .unwrap()
                .contains(&"agi_network_script: check".to_owned())
        );
    }
}

fn prelude(stream: &TcpStream) -> Vec<String> {
    BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect()
}

#[test]
fn a_running_guard_is_recognised_and_stops_when_told() {
    let house = House::new();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    house.configure(&free.to_string());
    let mut serving = house
        .command("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(serving.stderr.take().unwrap()).lines();
    let listening = log.find(|line| line.as_ref().unwrap().contains("listening"));
    assert!(listening.is_some());

    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    assert!(
        item(&lines, "ok port")
            .0
            .ends_with("is answered by a running guard")
    );
    assert!(item(&lines, "ok call log").0.ends_with("is sound"));

    kill_process(Pid::from_child(&serving), Signal::TERM).unwrap();
    assert_eq!(serving.wait().unwrap().code(), Some(0));
    let reported: Vec<_> = log.map(Result::unwrap).collect();
    assert!(
        reported.iter().any(|line| line.contains("stopping")),
        "{reported:#?}"
    );
    let calls = house
        .command("calls")
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert_eq!(
        (calls.status.code(), text(&calls)),
        (Some(1), String::new())
    );
}

#[test]
fn a_database_is_looked_into() {
    let house = House::new();
    let file = house.path("data/calls.sqlite");
    let database = rusqlite::Connection::open(&file).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE call (id); INSERT INTO call VALUES (zeroblob(100000));")
        .unwrap();
    drop(database);
    let (code, lines) = house.check();
    assert_eq!(code, 0, "{lines:#?}");
    assert!(item(&lines, "ok call log").0.ends_with("is sound"));

    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0x55);
    fs::write(&file, bytes).unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    item(&lines, "fail call log");

    fs::write(&file, "these are no calls").unwrap();
    let (code, lines) = house.check();
    assert_eq!(code, 1, "{lines:#?}");
    assert!(item(&lines, "fail call log").0.contains("cannot be opened"));
}

#[test]
fn a_reader_who_has_seen_enough_ends_it_quietly() {
    let house = House::new();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = house.command("check").stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let house = House::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = house.command("check").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let reported = String::from_utf8(output.stderr).unwrap();
    assert!(
        reported.starts_with("voicemail-guard: cannot print: "),
        "{reported}"
    );
}

#[test]
fn the_environment_names_the_files_where_the_command_does_not() {
    let house = House::new();
    let run = |command: &mut Command| text(&command.arg("check").output().unwrap());
    let reported = run(guard()
        .env("VOICEMAIL_GUARD_CONFIG", house.path("guard.toml"))
        .env("VOICEMAIL_GUARD_DATA", house.path("data")));
    assert!(reported.contains("guard.toml is in order"), "{reported}");
    assert!(
        reported.contains(&format!("removed in {}", house.path("data").display())),
        "{reported}"
    );

    let state = house.path("data/state");
    let reported = run(guard().env("STATE_DIRECTORY", format!("{}:/other", state.display())));
    assert!(
        reported.contains("no configuration file: the defaults hold"),
        "{reported}"
    );
    assert!(
        reported.contains(&format!("{} is made at the first start", state.display())),
        "{reported}"
    );

    let reported = run(guard()
        .env("XDG_STATE_HOME", house.path("data"))
        .env("HOME", Path::new("/nowhere")));
    let folder = house.path("data/voicemail-guard");
    assert!(
        reported.contains(&format!("{} is made at the first start", folder.display())),
        "{reported}"
    );
}
