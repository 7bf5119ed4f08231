//! A caller on the telephone network: SIP and RTP over loopback, with RFC 4733 for keys.
//!
//! A caller follows a script of their own, as callers do: listens until the other side has stopped talking,
//! speaks, thinks, presses keys, hangs up. What they hear is noted, so that a test can say how often they
//! were spoken to.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use voicemail_guard::audio::g711::alaw;

use self::rtp::{KEY_DOWN, Key, Packet};
use crate::lab::Lab;
use crate::sound::Sound;

#[path = "rtp.rs"]
mod rtp;
#[path = "stay.rs"]
mod stay;

pub use self::stay::Stay;

/// A caller and what they are going to do.
#[derive(Clone)]
pub struct Caller {
    asterisk: SocketAddr,
    extension: String,
    from: Vec<u8>,
    script: VecDeque<Step>,
}

#[derive(Clone)]
enum Step {
    Listen,
    UntilNothingIsPlayed,
    Send(VecDeque<u8>),
    TalkUntilSpokenTo(VecDeque<u8>),
    NoMedia(Duration),
    Keys(VecDeque<char>),
    HangUp,
    Stay(Duration),
}

impl Caller {
    /// Somebody who dials this extension.
    pub fn dials(lab: &Lab, extension: &str) -> Self {
        Self {
            asterisk: lab.sip(),
            extension: extension.to_owned(),
            from: Vec::new(),
            script: VecDeque::new(),
        }
        .is("+49911555001", "Erika Muster")
    }

    /// Shows this number and name.
    pub fn is(self, number: &str, name: &str) -> Self {
        self.sends_as_from(format!("\"{name}\" <sip:{number}@127.0.0.1>").as_bytes())
    }

    /// Sends this as the value of From, whatever it is.
    pub fn sends_as_from(mut self, from: &[u8]) -> Self {
        self.from = from.to_owned();
        self
    }

    /// Waits, with a quiet line, until the caller has been spoken to and the other side has gone silent.
    pub fn listens(self) -> Self {
        self.step(Step::Listen)
    }

    /// Waits, with a quiet line, until the music stops.
    pub fn waits_for_an_answer(self) -> Self {
        self.step(Step::UntilNothingIsPlayed)
    }

    /// Sends this sound.
    pub fn says(self, sound: &Sound) -> Self {
        self.step(Step::Send(sound.alaw().into()))
    }

    /// Talks until spoken to; what is heard then is for the next step to listen to.
    pub fn talks_until_spoken_to(self, sound: &Sound) -> Self {
        self.step(Step::TalkUntilSpokenTo(sound.alaw().into()))
    }

    /// Says nothing for so many seconds, on an open line.
    pub fn is_quiet(self, seconds: f32) -> Self {
        self.says(&Sound::quiet(seconds))
    }

    /// Sends no packets at all for so many seconds.
    pub fn sends_nothing(self, seconds: f32) -> Self {
        self.step(Step::NoMedia(Duration::from_secs_f32(seconds)))
    }

    /// Presses these keys.
    pub fn presses(self, keys: &str) -> Self {
        self.step(Step::Keys(keys.chars().collect()))
    }

    /// Hangs up.
    pub fn hangs_up(self) -> Self {
        self.step(Step::HangUp)
    }

    /// Stays on a quiet line until the other side ends the call; fails the test after so many seconds.
    pub fn stays(self, seconds: f32) -> Self {
        self.step(Step::Stay(Duration::from_secs_f32(seconds)))
    }

    fn step(mut self, step: Step) -> Self {
        self.script.push_back(step);
        self
    }

    /// Places the call and waits for its end.
    pub fn call(self) -> Stay {
        let line = Line::dial(&self);
        let line = line.unwrap_or_else(|refusal| panic!("{}: {refusal}", self.extension));
        line.run(self.script)
    }

    /// Places the call, which Asterisk does not take; gives the first line of its answer.
    pub fn is_refused(self) -> String {
        let refusal = Line::dial(&self).err().expect("a refusal");
        refusal.lines().next().unwrap_or_default().to_owned()
    }

    /// Places the call and goes through it on a thread of its own.
    pub fn calls(self) -> JoinHandle<Stay> {
        thread::spawn(move || self.call())
    }
}

/// An answered call.
struct Line {
    sip: UdpSocket,
    rtp: UdpSocket,
    dialogue: Dialogue,
    answered: Instant,
    packet: Packet,
    heard: Vec<(Duration, Duration)>,
    sound: Vec<u8>,
}

impl Line {
    fn dial(caller: &Caller) -> Result<Self, String> {
        let sip = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        sip.connect(caller.asterisk).unwrap();
        let mut dialogue = Dialogue::new(caller, sip.local_addr().unwrap());
        let invite = dialogue.invite(rtp.local_addr().unwrap().port());
        sip.set_read_timeout(Some(RETRANSMIT)).unwrap();
        sip.send(&invite).unwrap();
        let until = Instant::now() + PATIENCE;
        let answer = loop {
            assert!(Instant::now() < until, "{}: no answer", caller.extension);
            match receive(&sip) {
                None if dialogue.proceeding => {}
                None => {
                    sip.send(&invite).unwrap();
                }
                Some(message) if message.starts_with("SIP/2.0 1") => dialogue.proceeding = true,
                Some(message) if message.starts_with("SIP/2.0 200") => break message,
                Some(message) => {
                    // RFC 3261, 17.1.1.3: every final answer is acknowledged.
                    dialogue.to = header(&message, "To").to_owned();
                    sip.send(&dialogue.request("ACK", 1)).unwrap();
                    return Err(message);
                }
            }
        };
        dialogue.answered(&answer);
        sip.send(&dialogue.request("ACK", 1)).unwrap();
        sip.set_nonblocking(true).unwrap();
        let port = media_port(&answer);
        rtp.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let answered = Instant::now();
        let packet = Packet {
            source: u32::from(rtp.local_addr().unwrap().port()),
            sequence: 0,
            time: 0,
        };
        Ok(Self {
            sip,
            rtp,
            dialogue,
            answered,
            packet,
            heard: Vec::new(),
            sound: Vec::new(),
        })
    }

    /// Goes through the script, a packet every 20 ms.
    fn run(mut self, mut script: VecDeque<Step>) -> Stay {
        let mut begun = Duration::ZERO;
        let mut key = None;
        for tick in 1.. {
            let now = FRAME * tick;
            if self.receive_until(self.answered + now) {
                return self.stay(true);
            }
            let Some(step) = script.front_mut() else {
                return self.hang_up();
            };
            let over = match step {
                Step::Listen => {
                    self.send_audio(&[QUIET; 160]);
                    assert!(now < begun + PATIENCE, "nobody speaks: {:?}", self.heard);
                    let last = self.heard.last().map_or(Duration::ZERO, |&(_, to)| to);
                    last > begun && now > last + PAUSE
                }
                Step::UntilNothingIsPlayed => {
                    self.send_audio(&[QUIET; 160]);
                    let last = self.heard.last().map_or(begun, |&(_, to)| to.max(begun));
                    now > last + AN_ANSWER
                }
                Step::Send(audio) => {
                    let frame: Vec<u8> = audio.drain(..audio.len().min(160)).collect();
                    self.send_audio(&frame);
                    audio.is_empty()
                }
                Step::TalkUntilSpokenTo(audio) => {
                    let frame: Vec<u8> = audio.drain(..audio.len().min(160)).collect();
                    self.send_audio(&frame);
                    assert!(!audio.is_empty(), "nobody speaks: {:?}", self.heard);
                    self.heard.last().is_some_and(|&(from, _)| from > begun)
                }
                Step::NoMedia(length) => {
                    self.packet.time += 160;
                    now >= begun + *length
                }
                Step::Keys(keys) => {
                    let pressing = key.get_or_insert_with(|| Key::new(keys.front().copied()));
                    self.send_key(pressing);
                    if pressing.over() {
                        key = None;
                        keys.pop_front();
                    }
                    keys.is_empty()
                }
                Step::HangUp => return self.hang_up(),
                Step::Stay(limit) => {
                    self.send_audio(&[QUIET; 160]);
                    assert!(
                        now < begun + *limit,
                        "nobody ends this call: {:?}",
                        self.heard
                    );
                    false
                }
            };
            if over {
                let spoken_to = matches!(script.pop_front(), Some(Step::TalkUntilSpokenTo(_)));
                // What interrupted them is what they listen to next.
                let last = self.heard.last().map_or(now, |&(from, _)| from);
                begun = if spoken_to { last } else { now };
            }
        }
        unreachable!("the ticks do not end")
    }

    /// Takes in what comes until then; says whether the other side has hung up.
    fn receive_until(&mut self, until: Instant) -> bool {
        loop {
            while let Some(message) = receive(&self.sip) {
                if message.starts_with("BYE") {
                    let answer = self.dialogue.agree(&message);
                    self.sip.send(answer.as_bytes()).unwrap();
                    return true;
                }
                if message.starts_with("SIP/2.0 200") && message.contains("1 INVITE") {
                    self.sip.send(&self.dialogue.request("ACK", 1)).unwrap();
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.rtp.set_read_timeout(Some(left)).unwrap();
            let mut packet = [0; 2048];
            if let Ok(length) = self.rtp.recv(&mut packet) {
                let is_sound = packet[1] & 0x7f == PCMA && length > 12;
                self.sound
                    .extend(&packet[12..if is_sound { length } else { 12 }]);
                let now = self.answered.elapsed();
                match self.heard.last_mut() {
                    Some((_, to)) if now < *to + PAUSE => *to = now,
                    _ => self.heard.push((now, now)),
                }
            }
        }
    }

    fn hang_up(self) -> Stay {
        let bye = self.dialogue.request("BYE", 2);
        self.sip.set_nonblocking(false).unwrap();
        self.sip.set_read_timeout(Some(RETRANSMIT)).unwrap();
        for _ in 0..20 {
            self.sip.send(&bye).unwrap();
            while let Some(message) = receive(&self.sip) {
                if message.starts_with("SIP/2.0") && message.contains("2 BYE") {
                    return self.stay(false);
                }
                if message.starts_with("BYE") {
                    self.sip
                        .send(self.dialogue.agree(&message).as_bytes())
                        .unwrap();
                    return self.stay(true);
                }
            }
        }
        panic!("nobody takes the BYE");
    }

    fn stay(&self, ended_by_asterisk: bool) -> Stay {
        Stay {
            ended_by_asterisk,
            lasted: self.answered.elapsed(),
            heard: self.heard.clone(),
            sound: Sound::of(self.sound.iter().copied().map(alaw).collect()),
        }
    }

    fn send_audio(&mut self, frame: &[u8]) {
        let packet = self.packet.with(PCMA, frame);
        let _ = self.rtp.send(&packet);
        self.packet.time += 160;
    }

    /// One tick of a pressed key: 100 ms down, its end three times, 100 ms up.
    fn send_key(&mut self, key: &mut Key) {
        key.ticks += 1;
        if key.ticks > KEY_DOWN {
            return self.send_audio(&[QUIET; 160]);
        }
        let end = key.ticks == KEY_DOWN;
        let held = key.ticks * 160;
        let event = [
            key.event,
            if end { 0x8a } else { 0x0a },
            (held >> 8) as u8,
            held as u8,
        ];
        let marker = if key.ticks == 1 { 0x80 } else { 0 };
        for _ in 0..if end { 3 } else { 1 } {
            let packet = self.packet.with(EVENTS | marker, &event);
            let _ = self.rtp.send(&packet);
        }
        if end {
            self.packet.time += u32::from(KEY_DOWN) * 160;
        }
    }
}

/// The SIP side: one INVITE, one ACK, one BYE.
struct Dialogue {
    local: SocketAddr,
    uri: String,
    from: Vec<u8>,
    to: String,
    call_id: String,
    extension: String,
    asterisk: SocketAddr,
    proceeding: bool,
}

impl Dialogue {
    fn new(caller: &Caller, local: SocketAddr) -> Self {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let call_id = format!(
            "{}-{}-{}",
            std::process::id(),
            local.port(),
            CALLS.fetch_add(1, Ordering::Relaxed)
        );
        let uri = format!("sip:{}@{}", caller.extension, caller.asterisk);
        Self {
            local,
            from: [caller.from.as_slice(), format!(";tag={call_id}").as_bytes()].concat(),
            to: format!("<{uri}>"),
            uri,
            call_id,
            extension: caller.extension.clone(),
            asterisk: caller.asterisk,
            proceeding: false,
        }
    }

    fn invite(&self, rtp_port: u16) -> Vec<u8> {
        let sdp = format!(
            "v=0\r\no=caller 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {rtp_port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
        );
        self.message("INVITE", 1, "Content-Type: application/sdp\r\n", &sdp)
    }

    fn request(&self, method: &str, number: u32) -> Vec<u8> {
        self.message(method, number, "", "")
    }

    fn message(&self, method: &str, number: u32, headers: &str, body: &str) -> Vec<u8> {
        let Self {
            local,
            uri,
            from,
            to,
            call_id,
            ..
        } = self;
        let start = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK{call_id}-{method}\r\n\
             Max-Forwards: 70\r\nFrom: "
        );
        let rest = format!(
            "\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:caller@{local}>\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        [start.as_bytes(), from.as_slice(), rest.as_bytes()].concat()
    }

    /// Keeps what later requests need of the answer.
    fn answered(&mut self, answer: &str) {
        self.to = header(answer, "To").to_owned();
        self.uri = format!("sip:{}@{}", self.extension, self.asterisk);
    }

    /// The answer to a BYE.
    fn agree(&self, request: &str) -> String {
        let names = ["Via", "From", "To", "Call-ID", "CSeq"];
        let headers = names.map(|name| format!("{name}: {}\r\n", header(request, name)));
        format!(
            "SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n",
            headers.concat()
        )
    }
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let mut lines = message.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value)
}

fn media_port(answer: &str) -> u16 {
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("m=audio "));
    let port = line.and_then(|line| line.split(' ').next());
    port.and_then(|port| port.parse().ok())
        .expect("a media port in the answer")
}

fn receive(socket: &UdpSocket) -> Option<String> {
    let mut packet = [0; 8192];
    match socket.recv(&mut packet) {
        Ok(length) => Some(String::from_utf8_lossy(&packet[..length]).into_owned()),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Err(e) => panic!("{e}"),
    }
}

/// One packet.
const FRAME: Duration = Duration::from_millis(20);

/// Asterisk sends nothing at all while it waits; longer than this and it has finished speaking.
const PAUSE: Duration = Duration::from_millis(500);

/// Longer than any announcement, and than the guard's absolute timeout of 60 seconds.
const PATIENCE: Duration = Duration::from_secs(80);

const RETRANSMIT: Duration = Duration::from_millis(500);

/// A-law silence.
const QUIET: u8 = 0xd5;

const PCMA: u8 = 8;

/// So long without a packet, and the queue's music is over.
const AN_ANSWER: Duration = Duration::from_millis(150);
const EVENTS: u8 = 101;
