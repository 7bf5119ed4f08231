//! The connection: log in, listen, notice when nobody is there any more, connect again.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};
use tracing::{debug, info, warn};

use super::block::{Block, Blocks};
use super::calls_up::CallsUp;
use crate::call_log::CallLog;
use crate::case::Connected;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::delivery::Ami;
use crate::delivery::ami::{self, PATIENCE};
use crate::delivery::backoff;
use crate::number::Home;

/// After so long without a word Asterisk is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);
/// A connection that has lasted so long was a good one: the next attempt comes soon.
const LASTING: Duration = Duration::from_mins(1);
/// Connections that wait for the database; of more the newest are left out.
const MOST_WAITING: usize = 1_000;
/// When the database cannot be used it is tried again after this long.
const FILING_RETRY: Duration = Duration::from_secs(2);
/// Octets read at once.
const READ_OCTETS: usize = 16 * 1024;

/// Listens to Asterisk's manager interface for as long as it is run.
pub struct Watch {
    settings: Ami,
    homes: Vec<Home>,
    log: CallLog,
    clock: Clock,
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
enum Over {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("Asterisk ended the connection")]
    Ended,
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("what answers there is no Asterisk manager interface")]
    Stranger,
    #[error(
        "Asterisk refuses the login: {0}; [delivery.ami] needs a section in manager.conf with its secret and read = call"
    )]
    Refused(String),
}

impl Watch {
    /// A watch by these settings; `None` where no manager interface is set or calls form no cases.
    pub fn of(config: &Config, log: CallLog, clock: Clock) -> Option<Self> {
        let settings = config.delivery.ami.clone();
        if !config.has_cases() {
            return None;
        }
        if !settings.is_set() {
            info!(
                "[delivery.ami] has no user: cases of repeat callers are closed by their messages, not by calls that were answered"
            );
            return None;
        }
        Some(Self {
            settings,
            homes: config.homes(),
            log,
            clock,
        })
    }

    /// Listens, and closes cases, until dropped.
    pub async fn run(self) {
        let (tell, told) = channel(MOST_WAITING);
        tokio::join!(self.listen_again(tell), self.file(told));
    }

    async fn listen_again(&self, tell: Sender<(Connected, Timestamp)>) {
        let (mut failures, mut told) = (0, String::new());
        loop {
            let began = self.clock.now();
            let mut logged_in = false;
            let Err(over) = self.listen(&tell, &mut logged_in).await;
            if self.clock.now().saturating_duration_since(began) >= LASTING {
                failures = 0;
            }
            failures += 1;
            let address = &self.settings.address;
            let why = over.to_string();
            // Said once: what is tried again every quarter of an hour need not fill the log.
            if logged_in || why != told {
                told = why;
                warn!(%address, why = %over, "the manager interface does not tell who was answered; it is tried again and again");
            } else {
                debug!(%address, why = %over, failures, "the manager interface still does not tell who was answered");
            }
            let jitter = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
            self.clock.sleep(backoff::wait(failures, jitter)).await;
        }
    }

    /// One connection, from its login to its end.
    async fn listen(
        &self,
        tell: &Sender<(Connected, Timestamp)>,
        logged_in: &mut bool,
    ) -> Result<std::convert::Infallible, Over> {
        let mut line = Line {
            stream: in_time(TcpStream::connect(&self.settings.address)).await??,
            blocks: Blocks::default(),
            octets: vec![0; READ_OCTETS],
            actions: 0,
        };
        let (mut calls, mut waiting) = (CallsUp::default(), Vec::new());
        in_time(line.log_in(&self.settings, &mut waiting)).await??;
        let since = self.clock.date();
        *logged_in = true;
        info!(address = %self.settings.address, "the manager interface tells who was answered");
        let (mut told_of_calls, mut skipped) = (false, 0);
        loop {
            for event in waiting.drain(..) {
                told_of_calls |= !event.get("Uniqueid").is_empty();
                if let Some(connected) = calls.hear(&event) {
                    self.tell(tell, connected);
                }
            }
            if line.blocks.skipped() > skipped {
                skipped = line.blocks.skipped();
                warn!(
                    skipped,
                    "the manager interface sent something too large, it was skipped"
                );
            }
            let heard = tokio::time::timeout(QUIET, line.read(&mut waiting)).await;
            if let Ok(heard) = heard {
                heard?;
                continue;
            }
            if !told_of_calls && self.log.any_call_since(since).await.unwrap_or(false) {
                told_of_calls = true;
                warn!(
                    "the manager interface tells of no calls, though there are some: its user needs read = call in manager.conf"
                );
            }
            line.send("Ping", &[]).await?;
            in_time(line.read(&mut waiting)).await??;
        }
    }

    fn tell(&self, tell: &Sender<(Connected, Timestamp)>, connected: Connected) {
        if let Err(TrySendError::Full(_)) = tell.try_send((connected, self.clock.date())) {
            warn!("the call log cannot be written: a call that was answered closes no case");
        }
    }

    async fn file(&self, mut told: Receiver<(Connected, Timestamp)>) {
        while let Some((connected, at)) = told.recv().await {
            loop {
                let noting = self
                    .log
                    .note_connected(connected.clone(), at, self.homes.clone());
                match noting.await {
                    Ok(closed) => {
                        for case in closed {
                            info!(%case, "the case is closed: the caller was connected");
                        }
                        break;
                    }
                    Err(error) => {
                        debug!(%error, "a case cannot be closed yet");
                        self.clock.sleep(FILING_RETRY).await;
                    }
                }
            }
        }
    }
}

async fn in_time<T>(doing: impl Future<Output = T>) -> Result<T, Over> {
    let done = tokio::time::timeout(PATIENCE, doing).await;
    done.map_err(|_| Over::Late)
}

struct Line {
    stream: TcpStream,
    blocks: Blocks,
    octets: Vec<u8>,
    actions: u32,
}

impl Line {
    /// Logs in; events that come with the answer are in `waiting`.
    async fn log_in(&mut self, settings: &Ami, waiting: &mut Vec<Block>) -> Result<(), Over> {
        let fields = [
            ("Username", &*settings.user),
            ("Secret", settings.secret.inline()),
            ("Events", "call"),
        ];
        self.send("Login", &fields).await?;
        loop {
            self.read(waiting).await?;
            let answer = waiting
                .iter()
                .position(|block| !block.get("Response").is_empty());
            let Some(at) = answer else {
                if waiting.is_empty() {
                    continue;
                }
                return Err(Over::Stranger);
            };
            let answer = waiting.remove(at);
            return match answer.get("Response") {
                "Success" => Ok(()),
                _ => Err(Over::Refused(answer.get("Message").to_owned())),
            };
        }
    }

    async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> io::Result<()> {
        self.actions += 1;
        let id = self.actions.to_string();
        let all = [("Action", action), ("ActionID", &*id)];
        let octets = ami::encode(all.iter().chain(fields));
        self.stream.write_all(&octets).await
    }

    /// Waits for more; the blocks in it are put behind those that are waiting.
    async fn read(&mut self, waiting: &mut Vec<Block>) -> Result<(), Over> {
        let read = self.stream.read(&mut self.octets).await?;
        if read == 0 {
            return Err(Over::Ended);
        }
        self.blocks
            .push(&self.octets[..read], |block| waiting.push(block));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
