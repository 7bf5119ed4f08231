//! A name server as small as Asterisk's questions: SRV records of `guards.test`.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::lab::Lab;

/// Answers until the process ends.
pub struct Names {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    /// Starts it where `tests/run` has Asterisk look; `places` has priority and port of each guard.
    pub fn answer(lab: &Lab, places: &[(u16, u16)]) -> Self {
        let socket = UdpSocket::bind((lab.name_server(), 53)).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, places) = (Arc::clone(&asked), places.to_vec());
        thread::spawn(move || {
            let mut question = [0; 2000];
            while let Ok((length, peer)) = socket.recv_from(&mut question) {
                let (name, answer) = answer(&question[..length], &places);
                notes.lock().unwrap().push(name);
                socket.send_to(&answer, peer).ok();
            }
        });
        Self { asked }
    }

    /// The names that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// RFC 1035, 4.1: header, question, answers; RFC 2782 for SRV.
fn answer(question: &[u8], places: &[(u16, u16)]) -> (String, Vec<u8>) {
    let mut labels = Vec::new();
    let mut at = 12;
    while question[at] > 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    let name = labels.join(".");
    let kind = question[at + 2];
    let records: Vec<Vec<u8>> = match (&*name, kind) {
        ("_agi._tcp.guards.test", 33) => places.iter().map(|&place| service(place)).collect(),
        _ => Vec::new(),
    };
    let code = if name.ends_with("nobody.test") { 3 } else { 0 };
    let mut text = question[..2].to_vec();
    text.extend([0x85, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    text.extend(&question[12..at + 5]);
    for record in records {
        text.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60]);
        text.extend((record.len() as u16).to_be_bytes());
        text.extend(record);
    }
    (name, text)
}

fn service((priority, port): (u16, u16)) -> Vec<u8> {
    let numbers = [priority, 0, port].map(u16::to_be_bytes).concat();
    [&numbers, &b"\x09localhost\0"[..]].concat()
}
