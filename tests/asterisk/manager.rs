//! Asterisk's manager interface as a test uses it: what is reported there, and commands.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::lab::{Lab, SOON};

/// A login of its own, with all events.
pub struct Manager {
    stream: BufReader<TcpStream>,
}

impl Manager {
    /// Logs in; from now on nothing is missed.
    pub fn listens(lab: &Lab) -> Self {
        Self::listens_at(lab.manager())
    }

    /// The same at another Asterisk.
    pub fn listens_at(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut manager = Self {
            stream: BufReader::new(stream),
        };
        manager.does("Login", &[("Username", "test"), ("Secret", "tells")]);
        manager
    }

    /// What a command on Asterisk's console answers.
    pub fn command(&mut self, command: &str) -> String {
        let answer = self.does("Command", &[("Command", command)]);
        let lines = answer.iter().filter_map(|l| l.strip_prefix("Output: "));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// Waits for an event with these lines; gives all of its lines.
    pub fn hears(&mut self, lines: &[&str]) -> Vec<String> {
        loop {
            let block = self.block();
            if lines
                .iter()
                .all(|line| block.iter().any(|sent| sent == line))
            {
                return block;
            }
        }
    }

    /// The same within this time.
    pub fn hears_in(&mut self, lines: &[&str], limit: Duration) -> Vec<String> {
        self.stream.get_mut().set_read_timeout(Some(limit)).unwrap();
        self.hears(lines)
    }

    /// Waits until Asterisk has ended the connection.
    pub fn is_cut_off(&mut self) {
        let mut rest = Vec::new();
        let ended = self.stream.read_to_end(&mut rest);
        let reset = matches!(&ended, Err(error) if error.kind() == ErrorKind::ConnectionReset);
        assert!(ended.is_ok() || reset, "{ended:?}");
    }

    /// Waits until Asterisk reports MWI of the box; it is on for one new message.
    pub fn hears_of_one_new_message(&mut self, lab: &Lab) {
        let mailbox = format!("Mailbox: {}@default", lab.mailbox());
        let event = self.hears(&["Event: MessageWaiting", &mailbox]);
        assert!(event.contains(&"New: 1".to_owned()), "{event:?}");
    }

    /// Asks for an action, which succeeds.
    pub fn does(&mut self, action: &str, fields: &[(&str, &str)]) -> Vec<String> {
        let mut lines = format!("Action: {action}\r\n");
        for (name, value) in fields {
            lines.push_str(&format!("{name}: {value}\r\n"));
        }
        lines.push_str("\r\n");
        self.stream.get_mut().write_all(lines.as_bytes()).unwrap();
        let answer = loop {
            let block = self.block();
            // The greeting stands right before the first answer.
            if block.iter().any(|line| line.starts_with("Response: ")) {
                break block;
            }
        };
        assert!(
            answer.contains(&"Response: Success".to_owned()),
            "{answer:?}"
        );
        answer
    }

    fn block(&mut self) -> Vec<String> {
        let mut block = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line);
            assert!(matches!(read, Ok(1..)), "Asterisk sends nothing: {read:?}");
            match line.trim_end_matches(['\r', '\n']) {
                "" => return block,
                line => block.push(line.to_owned()),
            }
        }
    }
}
