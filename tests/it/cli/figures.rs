//! The figures of a running guard: a call over the wire, and what machines are told of it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use voicemail_guard::clock::block;

use super::House;

/// What stands between these two.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    rest.split_once(after).unwrap().0
}

/// A call that is hung up before the greeting is over.
fn call(agi: &str, mailbox: &str, uniqueid: &str) {
    let mut stream = BufReader::new(TcpStream::connect(agi).unwrap());
    let mut said = format!(
        "agi_network: yes\nagi_network_script: guard?box={mailbox}\nagi_request: agi://{agi}/guard?box={mailbox}\n\
         agi_channel: PJSIP/trunk-1\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: {uniqueid}\n\
         agi_version: 22.10.1\nagi_callerid: +49911987654\nagi_calleridname: Schmidt\nagi_callingpres: 0\n\
         agi_dnid: 100\nagi_rdnis: unknown\nagi_context: probe\nagi_extension: s\nagi_priority: 3\n\n"
    );
    let mut line = String::new();
    while !line.starts_with("STREAM FILE") {
        stream.get_mut().write_all(said.as_bytes()).unwrap();
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "the guard closed");
        said = match line.split(' ').next().unwrap() {
            "CHANNEL" => "200 result=6\n".into(),
            "GET" => "200 result=1 (8000)\n".into(),
            "SET" => "200 result=1\n".into(),
            _ => "200 result=0\n".into(),
        };
    }
}

fn figures(page: &str) -> String {
    let mut stream = TcpStream::connect(page).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {page}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The sum of all samples whose lines begin so.
fn sum(figures: &str, start: &str) -> u64 {
    let samples = figures.lines().filter(|line| line.starts_with(start));
    let values = samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
    values.sum::<f64>() as u64
}

#[test]
fn calls_over_the_wire_are_counted_and_nobody_is_named() {
    let house = House::new();
    let file = house.path("guard.toml");
    let settings = fs::read_to_string(&file).unwrap()
        + "[web]\naddress = ['127.0.0.1:0']\n[defaults]\ndeliver_to = []\n[box.\"100@default\"]\nmode = 'guide'\n";
    fs::write(&file, settings).unwrap();
    let (mut serving, _log, said) = house.serve();
    let agi = between(&said, "addresses=[", "]");
    let page = between(&said, " page=[", "]");
    assert_eq!(sum(&figures(page), "voicemail_guard_calls_total"), 0);
    call(agi, "100", "1795430835.1");
    call(agi, "100", "1795430835.2");
    call(agi, "4711471", "1795430835.3");
    let mut now = figures(page);
    for _ in 0..200 {
        let filed = sum(&now, "voicemail_guard_filing_seconds_count");
        if filed >= 3 && sum(&now, "voicemail_guard_calls_up") == 0 {
            break;
        }
        block(Duration::from_millis(50));
        now = figures(page);
    }
    kill_process(Pid::from_child(&serving), Signal::TERM).unwrap();
    assert!(serving.wait().unwrap().success());
    for (start, expected) in [
        ("voicemail_guard_calls_total{mailbox=\"100@default\",", 2),
        ("voicemail_guard_calls_total{mailbox=\"other\",", 1),
        ("voicemail_guard_prompts_total{prompt=\"greeting\"", 3),
        ("voicemail_guard_filing_seconds_count", 3),
        ("voicemail_guard_calls_up", 0),
        ("voicemail_guard_config_generation", 1),
        ("voicemail_guard_config_refused", 0),
    ] {
        assert_eq!(sum(&now, start), expected, "{start} in {now}");
    }
    assert!(
        sum(&now, "voicemail_guard_agi_reply_seconds_count") >= 9,
        "{now}"
    );
    for personal in ["Schmidt", "911987654", "1795430835", "4711471"] {
        assert!(!now.contains(personal), "{personal} in {now}");
    }
}
