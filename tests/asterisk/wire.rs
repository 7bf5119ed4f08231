//! A wire between Asterisk and the guard on which one command is slow: it is still under way when the caller
//! hangs up. Calls by `[wire-o]` of tests/asterisk/conf/extensions.conf come through it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::lab::Lab;

/// For one call. A command that begins like this one waits until Asterisk has gone, which takes it for lost; in
/// the end it learns whether the guard said such a command.
pub fn that_holds(lab: &Lab, command: &'static str) -> JoinHandle<bool> {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), lab.guard_port())).unwrap();
    let guard = (Ipv4Addr::LOCALHOST, lab.guard_port());
    thread::spawn(move || {
        let (mut asterisk, _) = listener.accept().unwrap();
        let mut guard = TcpStream::connect(guard).unwrap();
        let commands = BufReader::new(guard.try_clone().unwrap());
        let mut to_asterisk = asterisk.try_clone().unwrap();
        let (goes, gone) = mpsc::channel();
        thread::spawn(move || {
            io::copy(&mut asterisk, &mut guard).ok();
            guard.shutdown(Shutdown::Write).ok();
            goes.send(()).ok();
        });
        let mut held = false;
        for line in commands.lines() {
            let Ok(line) = line else { break };
            if line.starts_with(command) {
                held = true;
                gone.recv().unwrap();
            }
            if to_asterisk
                .write_all(format!("{line}\n").as_bytes())
                .is_err()
            {
                break;
            }
        }
        held
    })
}
