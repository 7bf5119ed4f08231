//! The guard in a process of its own, as `serve` runs it, and what it costs.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use voicemail_guard::clock::Clock;

pub(crate) struct Served {
    child: Child,
    pub(crate) agi: SocketAddr,
    pub(crate) page: SocketAddr,
    _folder: TempDir,
}

impl Served {
    /// Serves the log in this folder.
    pub(crate) fn start(data: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("tap")).unwrap();
        let config = folder.path().join("voicemail-guard.toml");
        let settings = format!(
            "[listen]\naddress = ['127.0.0.1:0']\n[web]\naddress = ['127.0.0.1:0']\n\
             [tap]\nfolder_as_guard_sees_it = '{}'\n[defaults]\ndeliver_to = []\n",
            folder.path().join("tap").display()
        );
        fs::write(&config, settings).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
        }
        let line = said.lines().last().unwrap();
        let after = |key: &str| -> SocketAddr {
            let (_, rest) = line.split_once(key).unwrap();
            let end = rest.find(']').unwrap();
            rest[..end].parse().unwrap()
        };
        let (agi, page) = (after("addresses=["), after("page=["));
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            child,
            agi,
            page,
            _folder: folder,
        }
    }

    /// What the page answers, with its head, and how long that took.
    pub(crate) fn get(&self, path: &str) -> (String, Duration) {
        get(self.page, path)
    }

    /// Sends a form, and reads the answer.
    pub(crate) fn post(&self, path: &str, form: &str) -> String {
        let (host, length) = (self.page, form.len());
        let sent = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: name=Anna\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n{form}"
        );
        exchange(self.page, &sent).0
    }

    /// A browser that waits for news.
    pub(crate) fn listen(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.page).unwrap();
        let request = format!("GET /live HTTP/1.1\r\nhost: {}\r\n\r\n", self.page);
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 64];
        let read = stream.read(&mut head).unwrap();
        assert!(head[..read].starts_with(b"HTTP/1.1 200"), "refused");
        stream
    }

    /// Processor time so far, in seconds, to a hundredth: that of threads that have ended as well (proc(5): a tick).
    pub(crate) fn processor_time(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, behind_name) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Resident memory now, or at its most, in MiB: `VmRSS` or `VmHWM` of proc(5).
    pub(crate) fn memory(&self, which: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(which));
        let kib: f64 = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap();
        kib / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(crate) fn get(page: SocketAddr, path: &str) -> (String, Duration) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {page}\r\nconnection: close\r\n\r\n");
    let (answer, took) = exchange(page, &request);
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer:.200}");
    (answer, took)
}

fn exchange(page: SocketAddr, request: &str) -> (String, Duration) {
    let clock = Clock::default();
    let asked = clock.now();
    let mut stream = TcpStream::connect(page).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let took = clock.now() - asked;
    (String::from_utf8_lossy(&answer).into_owned(), took)
}
