//! Any order of starts, replies, hang-ups and the end: every command ends exactly once.
//!
//! Each input byte is an event; a byte of 0x80 and above takes the following bytes, up to a line end,
//! as Asterisk's own.

#![no_main]

use std::time::Duration;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use tokio_util::codec::Decoder;
use voicemail_guard::agi::{Codec, CodecLimits, Command, Exchange, Finished, Handled};

fuzz_target!(|bytes: &[u8]| {
    let mut session = Session::default();
    let mut rest = bytes;
    while let Some((&event, tail)) = rest.split_first() {
        rest = tail;
        match event {
            0x80.. => {
                let end = rest.iter().position(|&byte| byte == b'\n');
                let (line, tail) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
                rest = tail;
                session.receive(line);
            }
            0x4f => session.closed(),
            0x40..0x80 => session.start_behind(),
            event => session.start(event),
        }
        session.send();
    }
    session.closed();
    assert_eq!((session.under_way, session.behind), (None, None));
});

struct Session {
    exchange: Exchange,
    codec: Codec,
    buffer: BytesMut,
    under_way: Option<Command>,
    behind: Option<Command>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            exchange: Exchange::new(),
            codec: Codec::after_prelude(CodecLimits::default()),
            buffer: BytesMut::new(),
            under_way: None,
            behind: None,
        }
    }
}

impl Session {
    fn start(&mut self, which: u8) {
        let command = match which % 8 {
            0 => Command::verbose("v", 1),
            1 => Command::answer(),
            2 => Command::wait_for_digit(Duration::ZERO),
            3 => Command::stream_file("f", voicemail_guard::agi::Keys::ALL),
            4 => Command::set_variable("X", "y"),
            5 => Command::get_variable("X"),
            6 => Command::exec("NoOp", ""),
            _ => Command::set_variable("X", "\n"),
        };
        let may = self.under_way.is_none();
        let legal = command.verb().is_legal_on_dead_channel() || !self.exchange.is_dead();
        if self.exchange.start(command.clone()).is_ok() {
            assert!(may && legal && command.encode().is_ok());
            self.under_way = Some(command);
        }
    }

    fn start_behind(&mut self) {
        let command = Command::set_variable("X", "behind");
        let may = self.under_way.is_some() && self.behind.is_none();
        if self.exchange.start_behind(command.clone()).is_ok() {
            assert!(may);
            self.behind = Some(command);
        }
    }

    fn closed(&mut self) {
        while let Some(lost) = self.exchange.closed() {
            self.ended(Some(lost));
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        while let Ok(Some(item)) = self.codec.decode(&mut self.buffer) {
            let was_dead = self.exchange.is_dead();
            let handled = self.exchange.handle(item);
            assert!(!was_dead || self.exchange.is_dead());
            match handled {
                Handled::Finished(finished) => self.ended(Some(finished)),
                Handled::HungUp => assert!(!was_dead),
                Handled::Nothing | Handled::Unexpected(_) => {}
            }
        }
    }

    fn ended(&mut self, finished: Option<Finished>) {
        match finished {
            Some(finished) if self.behind.as_ref() == Some(&finished.command) => self.behind = None,
            Some(finished) => {
                assert_eq!(self.under_way.take(), Some(finished.command));
                self.under_way = self.behind.take();
            }
            None => {}
        }
    }

    fn send(&mut self) {
        while self.exchange.poll_send().is_some() {
            assert!(self.under_way.is_some());
        }
        assert_eq!(self.exchange.under_way(), self.under_way.as_ref());
    }
}
