//! A PBX made of bytes: it places one call to a FastAGI server, plays a caller's recording into the
//! file that MixMonitor would write, and answers commands as Asterisk 22 does. It knows nothing of
//! the guard.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::clock::Clock;

/// What a caller does.
pub(super) struct ExampleCaller {
    /// Caller ID as sent.
    pub(super) number: String,
    /// The name that is sent with it.
    pub(super) name: String,
    /// Their sound from the beep on, 8 kHz; `None` sends no packets at all.
    pub(super) samples: Option<Vec<i16>>,
    /// How long they stay when nobody ends the call.
    pub(super) stays: Duration,
}

impl ExampleCaller {
    /// How long their sound is.
    pub(super) fn speaks(&self) -> Duration {
        let samples = self.samples.as_ref().map_or(0, Vec::len);
        Duration::from_millis(samples as u64 / 8)
    }
}

/// What is known of a call once the server has closed its connection.
pub(super) struct Ended {
    /// The channel variables that the server set.
    pub(super) variables: BTreeMap<String, String>,
    /// Sound that the caller had yet to send when the server ended the call.
    pub(super) unheard: Duration,
}

/// Places one call and stays in it until the server closes the connection.
///
/// # Errors
/// The server cannot be reached, or the recording cannot be written.
pub(super) async fn place_call(
    server: SocketAddr,
    clock: Clock,
    number: usize,
    caller: ExampleCaller,
) -> io::Result<Ended> {
    let (read, write) = TcpStream::connect(server).await?.into_split();
    let mut call = Channel {
        write,
        clock,
        caller,
        began: clock.now(),
        speaks_from: None,
        mix: None,
        hung_up: false,
        variables: BTreeMap::new(),
    };
    let prelude = format!(
        "agi_network: yes\nagi_network_script: guard?box=100\nagi_request: agi://127.0.0.1/guard?box=100\n\
         agi_channel: Fake/{number}\nagi_language: en\nagi_type: Fake\nagi_uniqueid: 1700000000.{number}\n\
         agi_version: 22\nagi_callerid: {}\nagi_calleridname: {}\nagi_callingpres: 0\n\
         agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 100\nagi_rdnis: unknown\n\
         agi_context: default\nagi_extension: 100\nagi_priority: 1\nagi_enhanced: 0.0\n\
         agi_accountcode: \nagi_threadid: 1\n\n",
        call.caller.number, call.caller.name
    );
    call.write.write_all(prelude.as_bytes()).await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = call.answer(&line).await?;
        call.write.write_all(reply.as_bytes()).await?;
    }
    Ok(Ended {
        unheard: call.unheard(),
        variables: call.variables,
    })
}

struct Channel {
    write: tokio::net::tcp::OwnedWriteHalf,
    clock: Clock,
    caller: ExampleCaller,
    began: Instant,
    speaks_from: Option<Instant>,
    mix: Option<Mix>,
    hung_up: bool,
    variables: BTreeMap<String, String>,
}

/// The file that MixMonitor writes.
struct Mix {
    path: PathBuf,
    file: Option<File>,
    since: Instant,
    written: u64,
}

impl Channel {
    async fn answer(&mut self, line: &str) -> io::Result<String> {
        let words: Vec<&str> = line
            .split_whitespace()
            .map(|word| word.trim_matches('"'))
            .collect();
        let reply = match words.as_slice() {
            ["SET", "VARIABLE", name, ..] => {
                let value = line.splitn(4, ' ').nth(3).unwrap_or_default();
                self.variables
                    .insert((*name).to_owned(), value.trim_matches('"').to_owned());
                "200 result=1\n".to_owned()
            }
            ["GET", ..] => "200 result=1 (1700000000.1)\n".to_owned(),
            ["EXEC", "MixMonitor", options, ..] => {
                let path = options
                    .split("r(")
                    .nth(1)
                    .and_then(|rest| rest.split(')').next());
                self.mix = path.map(|path| Mix {
                    path: path.into(),
                    file: None,
                    since: self.clock.now(),
                    written: 0,
                });
                "200 result=0\n".to_owned()
            }
            ["EXEC", "StopMixMonitor", ..] => {
                self.flush(true)?;
                "200 result=0\n".to_owned()
            }
            _ if self.hung_up => {
                "511 Command Not Permitted on a dead channel or intercept routine\n".into()
            }
            ["WAIT", "FOR", "DIGIT", ms] => {
                self.pass(Duration::from_millis(ms.parse().unwrap_or_default()))
                    .await?;
                self.result("200 result=0\n")
            }
            ["STREAM", "FILE", name, ..] => {
                let is_beep = *name == "beep";
                self.pass(Duration::from_millis(if is_beep { 300 } else { 4_000 }))
                    .await?;
                if is_beep {
                    self.speaks_from.get_or_insert(self.clock.now());
                }
                self.result("200 result=0 endpos=8000\n")
            }
            _ => "200 result=0\n".to_owned(),
        };
        Ok(reply)
    }

    /// The reply to a command that takes time; after a hang-up, the line that comes before it.
    fn result(&self, alive: &str) -> String {
        if self.hung_up {
            "HANGUP\n200 result=-1\n".to_owned()
        } else {
            alive.to_owned()
        }
    }

    /// Lets time pass while the caller's sound flows; ends early when they hang up.
    async fn pass(&mut self, time: Duration) -> io::Result<()> {
        let until = self.clock.now() + time;
        while self.clock.now() < until && !self.hung_up {
            let left = until.saturating_duration_since(self.clock.now());
            self.clock.sleep(left.min(Duration::from_millis(200))).await;
            self.flush(false)?;
            let now = self.clock.now();
            let said = self.sound_ends().is_some_and(|end| now > end);
            self.hung_up = said || now > self.began + self.caller.stays;
        }
        if self.hung_up {
            self.flush(true)?;
        }
        Ok(())
    }

    /// When the caller's sound ends; `None` before the beep, or without sound.
    fn sound_ends(&self) -> Option<Instant> {
        let speaks = self.caller.samples.is_some();
        let from = self.speaks_from.filter(|_| speaks)?;
        Some(from + self.caller.speaks())
    }

    /// Sound that the caller, still there, has yet to send.
    fn unheard(&self) -> Duration {
        let end = self.sound_ends().filter(|_| !self.hung_up);
        end.map_or(Duration::ZERO, |end| {
            end.saturating_duration_since(self.clock.now())
        })
    }

    /// Writes what MixMonitor would have written by now: whole buffers of 32,768 bytes, at the end
    /// the rest.
    fn flush(&mut self, all: bool) -> io::Result<()> {
        // A caller without packets is zeros, as MixMonitor pads their side while a prompt plays.
        let samples = self.caller.samples.as_deref().unwrap_or_default();
        let Some(mix) = &mut self.mix else {
            return Ok(());
        };
        let now = self.clock.now();
        let due = (now.saturating_duration_since(mix.since).as_secs_f64() * 48_000.0) as u64;
        let due = if all { due } else { due - due % BUFFER };
        if due <= mix.written {
            return Ok(());
        }
        let silent = self.speaks_from.map_or(u64::MAX, |from| {
            (from.saturating_duration_since(mix.since).as_secs_f64() * 48_000.0) as u64
        });
        let mut bytes = Vec::with_capacity(((due - mix.written) * 2) as usize);
        for at in mix.written..due {
            bytes.extend_from_slice(&wide(samples, at, silent).to_le_bytes());
        }
        mix.written = due;
        let file = match &mut mix.file {
            Some(file) => file,
            none => none.insert(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&mix.path)?,
            ),
        };
        file.write_all(&bytes)
    }
}

/// The caller's sample at 48 kHz: a straight line between those at 8 kHz.
fn wide(samples: &[i16], at: u64, silent: u64) -> i16 {
    let Some(at) = at.checked_sub(silent) else {
        return 0;
    };
    let (place, part) = ((at / 6) as usize, (at % 6) as i32);
    let sample = |i: usize| i32::from(samples.get(i).copied().unwrap_or_default());
    ((sample(place) * (6 - part) + sample(place + 1) * part) / 6) as i16
}

/// Samples in Asterisk's stdio buffer of 32,768 bytes.
const BUFFER: u64 = 16_384;
