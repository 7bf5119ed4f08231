//! Calls get their sockets, however many connections the page is given.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use voicemail_guard::clock::block;
use voicemail_guard::server::descriptors;

use super::figures::between;
use super::{House, text};

/// Whether a guard says that it is there.
fn is_there(agi: &str) -> bool {
    let mut stream = TcpStream::connect(agi).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let prelude = format!(
        "agi_network: yes\nagi_network_script: check\nagi_request: agi://{agi}/check\n\
         agi_channel: none\nagi_language: en\nagi_type: none\nagi_uniqueid: 1\n\n"
    );
    stream.write_all(prelude.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok();
    line.starts_with("VERBOSE")
}

/// Whether the page answers on a new connection within this time.
fn page_answers(page: &str, within: Duration) -> bool {
    let mut stream = TcpStream::connect(page).unwrap();
    stream.set_read_timeout(Some(within)).unwrap();
    let request = format!("GET /health HTTP/1.1\r\nhost: {page}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Ok(_) => answer.starts_with("HTTP/1.1 200"),
        Err(error) => {
            assert!(
                [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()),
                "{error}"
            );
            false
        }
    }
}

/// The same command with so many descriptors.
fn with_descriptors(allowed: u64, command: &Command) -> Command {
    limited_to(&format!("-n {allowed}"), command)
}

/// The same command within what `ulimit` sets.
fn limited_to(limit: &str, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args());
    limited
}

/// Further lines under `[tap]`.
fn set_tap(house: &House, lines: &str) {
    let file = house.path("guard.toml");
    let settings = fs::read_to_string(&file).unwrap();
    fs::write(
        file,
        settings.replace("[tap]\n", &format!("[tap]\n{lines}\n")),
    )
    .unwrap();
}

#[test]
fn calls_have_theirs_beside_a_port_for_sound_that_is_flooded() {
    let house = House::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let sound = free.local_addr().unwrap();
    drop(free);
    set_tap(
        &house,
        &format!("kind = 'audiosocket'\nlisten = ['{sound}']"),
    );
    let mut serve = with_descriptors(340, &house.command("serve"));
    serve.stderr(Stdio::piped());
    let (mut serving, _log, said) = House::started(serve);
    let agi = between(&said, "addresses=[", "]");
    for _ in 0..5 {
        let _held: Vec<_> = (0..200)
            .map(|_| TcpStream::connect(sound).unwrap())
            .collect();
        for _ in 0..5 {
            assert!(is_there(agi));
        }
    }
    let id = Pid::from_raw(serving.id().cast_signed()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert!(serving.wait().unwrap().success());
}

#[test]
fn what_calls_need_is_counted_by_how_they_are_heard() {
    let house = House::new();
    let says = |words: &str| {
        let check = with_descriptors(3_500, &house.command("check")).output();
        let said = text(&check.unwrap());
        assert!(said.contains(words), "{words}: {said}");
    };
    says("3156 descriptors can be had");
    set_tap(&house, "kind = 'audiosocket'");
    says("max_calls with [tap] kind = \"audiosocket\" need 3812: connections above are refused");
    let mut settings = fs::read_to_string(house.path("guard.toml")).unwrap();
    settings.push_str("[queue]\nlisten = ['127.0.0.1:4577']\n");
    fs::write(house.path("guard.toml"), settings).unwrap();
    says("\"audiosocket\" and callers in queues need 4468: connections");
}

/// A shell's soft limit is far below what the guard may have.
#[test]
fn a_guard_takes_what_it_may_have_and_says_where_that_is_too_few() {
    let needed = 3_156;
    for limit in ["-Sn 64", "-n 340"] {
        let house = House::new();
        let mut serve = limited_to(limit, &house.command("serve"));
        serve.stderr(Stdio::piped());
        let (mut serving, _log, said) = House::started(serve);
        let limits = fs::read_to_string(format!("/proc/{}/limits", serving.id())).unwrap();
        let files = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let numbers = files.unwrap().split_whitespace();
        let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers[0], numbers[1], "{limits}");
        assert!(numbers[0] > 64, "{limits}");
        let is_few = said.contains("too few descriptors for [limits] max_connections");
        assert_eq!(is_few, numbers[1] < needed, "{limits}{said}");
        let id = Pid::from_raw(serving.id().cast_signed()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        assert!(serving.wait().unwrap().success());
    }
}

#[test]
fn calls_have_theirs_beside_a_page_that_is_flooded() {
    descriptors::raise();
    for (allowed, flood) in [(4_096, 520), (340, 200)] {
        let house = House::new();
        let file = house.path("guard.toml");
        let settings = fs::read_to_string(&file).unwrap() + "[web]\naddress = ['127.0.0.1:0']\n";
        fs::write(&file, settings).unwrap();
        let mut serve = with_descriptors(allowed, &house.command("serve"));
        serve.stderr(Stdio::piped());
        let (mut serving, _log, said) = House::started(serve);
        let agi = between(&said, "addresses=[", "]");
        let page = between(&said, " page=[", "]");
        assert!(page_answers(page, Duration::from_secs(10)));
        let taken = || {
            let folder = format!("/proc/{}/fd", serving.id());
            fs::read_dir(folder).unwrap().count()
        };
        let before = taken();
        let held: Vec<_> = (0..flood)
            .map(|_| TcpStream::connect(page).unwrap())
            .collect();
        let most = descriptors::of_page(allowed);
        assert!(most < flood);
        for _ in 0..200 {
            if taken() >= before + most {
                break;
            }
            block(Duration::from_millis(20));
        }
        assert!(!page_answers(page, Duration::from_millis(500)), "{allowed}");
        // What else it has open, such as the database, comes and goes.
        let more = taken().abs_diff(before + most);
        assert!(more < 20, "{allowed}: {more}");
        for _ in 0..20 {
            assert!(is_there(agi), "{allowed}");
        }
        drop(held);
        assert!(page_answers(page, Duration::from_secs(10)), "{allowed}");
        let id = Pid::from_raw(serving.id().cast_signed()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        assert!(serving.wait().unwrap().success());
    }
}
