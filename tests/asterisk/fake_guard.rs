//! A guard that is broken in a chosen way: it takes the call and then fails it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::lab::Lab;

/// One that listens on the test's guard port, for one call.
pub struct FakeGuard {
    heard: Arc<Mutex<Vec<String>>>,
}

/// Stands between Asterisk and the real guard, whose words it no longer passes on from a certain one on: so a
/// guard looks that freezes at just that moment.
pub struct FallsSilent {
    port: u16,
}

impl FallsSilent {
    /// Starts it, for one call; it falls silent instead of the first command with this in it.
    pub fn before(lab: &Lab, command: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let guard = (Ipv4Addr::LOCALHOST, lab.guard_port());
        // The dialplan writes how a call ended into a file named after the port that it asked.
        let results = lab.results_file();
        let own = results.file_name().unwrap();
        symlink(own, results.with_file_name(port.to_string())).unwrap();
        thread::spawn(move || {
            let (mut asterisk, _) = listener.accept().unwrap();
            let mut guard = TcpStream::connect(guard).unwrap();
            let (mut heard, mut answers) =
                (asterisk.try_clone().unwrap(), guard.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut heard, &mut answers));
            let mut line = String::new();
            let mut says = BufReader::new(&mut guard);
            while says.read_line(&mut line).unwrap() > 0 && !line.contains(command) {
                asterisk.write_all(line.as_bytes()).unwrap();
                line.clear();
            }
            // Until Asterisk has gone.
            io::copy(&mut says, &mut io::sink()).ok();
        });
        Self { port }
    }

    /// The number to dial for this test's box through it.
    pub fn extension(&self, lab: &Lab) -> String {
        format!("g{}*{}*en*s", self.port, lab.mailbox())
    }
}

/// What it does once it has read the prelude.
#[derive(Clone, Copy)]
pub enum Then {
    /// Nothing, for as long as Asterisk holds the line.
    SaysNothing,
    /// Says these commands, each after the reply to the one before, then goes.
    SaysAndDies(&'static [&'static str]),
    /// Says these commands and then nothing more.
    SaysAndHangs(&'static [&'static str]),
    /// Says these commands, then one more whose reply it does not live to see.
    DiesDuring(&'static [&'static str], &'static str),
}

impl FakeGuard {
    /// Starts it. `{box}` in a command stands for the test's box, `{tap}` for its tap folder.
    pub fn start(lab: &Lab, then: Then) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, lab.guard_port())).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (notes, mailbox, tap) = (
            Arc::clone(&heard),
            lab.mailbox().to_string(),
            lab.tap_folder(),
        );
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let words = |command: &str| command.replace("{box}", &mailbox).replace("{tap}", &tap);
            Session {
                reader: BufReader::new(stream),
                notes,
            }
            .run(then, words);
        });
        Self { heard }
    }

    /// Every line that Asterisk has sent it so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

struct Session {
    reader: BufReader<TcpStream>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Session {
    fn run(mut self, then: Then, words: impl Fn(&str) -> String) {
        while self.line().is_some_and(|line| !line.is_empty()) {}
        let commands = match then {
            Then::SaysNothing => &[],
            Then::SaysAndDies(commands)
            | Then::SaysAndHangs(commands)
            | Then::DiesDuring(commands, _) => commands,
        };
        for command in commands {
            self.say(&words(command));
            if self.line().is_none() {
                return;
            }
        }
        match then {
            Then::SaysNothing | Then::SaysAndHangs(_) => while self.line().is_some() {},
            Then::SaysAndDies(_) => {}
            Then::DiesDuring(_, last) => self.say(&words(last)),
        }
    }

    fn say(&mut self, command: &str) {
        let line = format!("{command}\n");
        self.reader.get_mut().write_all(line.as_bytes()).unwrap();
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        self.notes.lock().unwrap().push(line.clone());
        (length > 0).then_some(line)
    }
}
