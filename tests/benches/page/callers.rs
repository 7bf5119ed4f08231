//! Callers beside the page: how long the guard takes to answer what Asterisk says, up to the greeting.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use voicemail_guard::clock::Clock;

/// So many calls, one after the other: the time to each command.
pub(crate) fn calls(agi: SocketAddr, calls: usize) -> Vec<Duration> {
    (0..calls).flat_map(|n| call(agi, n)).collect()
}

fn call(agi: SocketAddr, n: usize) -> Vec<Duration> {
    let clock = Clock::default();
    let stream = TcpStream::connect(agi).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut lines = BufReader::new(stream);
    let mut said = prelude(n);
    let mut times = Vec::new();
    loop {
        let asked = clock.now();
        lines.get_mut().write_all(said.as_bytes()).unwrap();
        let mut command = String::new();
        assert!(lines.read_line(&mut command).unwrap() > 0, "it hangs up");
        times.push(clock.now() - asked);
        said = match command.split(' ').next().unwrap_or_default() {
            // The caller hangs up before the greeting.
            "STREAM" => return times,
            "CHANNEL" => "200 result=6\n",
            "GET" => "200 result=1 (8000)\n",
            "SET" => "200 result=1\n",
            _ => "200 result=0\n",
        }
        .into();
    }
}

fn prelude(n: usize) -> String {
    format!(
        "agi_network: yes\nagi_network_script: guard?box=100%40bench\n\
         agi_request: agi://127.0.0.1:4574/guard?box=100%40bench\nagi_channel: PJSIP/trunk-{n:08x}\n\
         agi_language: de\nagi_type: PJSIP\nagi_uniqueid: 1795430835.{n}\nagi_version: 22.10.1\n\
         agi_callerid: +4930900{:05}\nagi_calleridname: Lab Caller\nagi_callingpres: 0\n\
         agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 100\n\
         agi_rdnis: unknown\nagi_context: probe\nagi_extension: s\nagi_priority: 3\n\
         agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 139770969274048\n\n",
        n % 100_000
    )
}
