//! What the guard's mails and webhooks are sent to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Where messages are sent to: takes them, or refuses them when it is told to.
pub(super) struct Receiver {
    pub(super) port: u16,
    refuses: Arc<Mutex<bool>>,
    got: Arc<Mutex<String>>,
}

impl Receiver {
    pub(super) fn of_mail() -> Self {
        Self::serving(|stream, refuses, got| {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut say = |text: &str| stream.write_all(text.as_bytes()).is_ok();
            say("220 mail.example.com ESMTP\r\n");
            let mut in_data = false;
            while let Some(Ok(line)) = lines.next() {
                let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
                match (in_data, &*verb) {
                    (true, _) if line == "." => {
                        in_data = false;
                        say("250 taken\r\n");
                    }
                    (true, _) => got.lock().unwrap().push_str(&(line + "\n")),
                    (false, "DATA") => in_data = say("354 go on\r\n"),
                    (false, "RCPT") if refuses => {
                        say("550 5.7.1 relaying denied\r\n");
                    }
                    (false, _) => {
                        say("250 so be it\r\n");
                    }
                }
            }
        })
    }

    pub(super) fn of_webhooks() -> Self {
        Self::serving(|stream, refuses, got| {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(bytes) = lower.strip_prefix("content-length:") {
                    length = bytes.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok();
            got.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&body));
            let code = if refuses { "503 Not Now" } else { "200 OK" };
            let answer =
                format!("HTTP/1.1 {code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok();
        })
    }

    fn serving(each: fn(&mut TcpStream, bool, &Mutex<String>)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (refuses, got) = (
            Arc::<Mutex<bool>>::default(),
            Arc::<Mutex<String>>::default(),
        );
        let (is_refused, taken) = (Arc::clone(&refuses), Arc::clone(&got));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let refuses = *is_refused.lock().unwrap();
                let (mut stream, taken) = (stream.unwrap(), Arc::clone(&taken));
                thread::spawn(move || each(&mut stream, refuses, &taken));
            }
        });
        Self { port, refuses, got }
    }

    pub(super) fn refuses(&self, whether: bool) {
        *self.refuses.lock().unwrap() = whether;
    }

    /// All that it got since it was asked last.
    pub(super) fn takes(&self) -> String {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}
