//! Wires between Asterisk and the guard: one that can be cut, and one on which a command is slow.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use crate::lab::{Lab, SOON, wait_for};

/// Connections that come to it go on to an address, until it is cut.
pub struct Wire {
    address: SocketAddr,
    ends: Arc<Mutex<Vec<TcpStream>>>,
    is_down: Arc<AtomicBool>,
}

impl Wire {
    pub fn to(other_end: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wire = Self {
            address: listener.local_addr().unwrap(),
            ends: Arc::default(),
            is_down: Arc::default(),
        };
        let (ends, is_down) = (Arc::clone(&wire.ends), Arc::clone(&wire.is_down));
        thread::spawn(move || {
            for near in listener.incoming() {
                let Ok(near) = near else { return };
                if is_down.load(Ordering::Relaxed) {
                    continue;
                }
                let far = TcpStream::connect(other_end).unwrap();
                let both = [&near, &far].map(|end| end.try_clone().unwrap());
                ends.lock().unwrap().extend(both);
                for (mut from, mut to) in [(&near, &far), (&far, &near)]
                    .map(|(from, to)| (from.try_clone().unwrap(), to.try_clone().unwrap()))
                {
                    thread::spawn(move || {
                        io::copy(&mut from, &mut to).ok();
                        to.shutdown(Shutdown::Both).ok();
                    });
                }
            }
        });
        wire
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts what goes over it, as soon as anything does; what comes later gets through.
    pub fn is_cut(&self) {
        wait_for("a connection over the wire", SOON, || {
            (!self.ends.lock().unwrap().is_empty()).then_some(())
        });
        self.cut();
    }

    fn cut(&self) {
        for end in self.ends.lock().unwrap().drain(..) {
            end.shutdown(Shutdown::Both).ok();
        }
    }

    /// Cuts it, and lets nothing through until it is mended.
    pub fn is_down(&self) {
        self.is_down.store(true, Ordering::Relaxed);
        self.cut();
    }

    pub fn is_mended(&self) {
        self.is_down.store(false, Ordering::Relaxed);
    }
}

/// For one call by `[wire-o]` of tests/asterisk/conf/extensions.conf, whose command is still under way when the caller
/// hangs up. A command that begins like this one waits until Asterisk has gone, which takes it for lost; in
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
