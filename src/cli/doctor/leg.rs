//! The half of the test call that is led from here: an AGI session that Asterisk opens.

use std::time::Duration;

use tokio::net::TcpListener;

use crate::agi::{CodecLimits, Command, Exchange, Handled, Incoming, Keys, Outcome};
use crate::clock::{Clock, timeout};
use crate::server::Connection;

/// Who connects says who they are within this time.
const PRELUDE: Duration = Duration::from_secs(2);
/// No command of the test takes Asterisk longer.
const LONGEST: Duration = Duration::from_secs(30);

/// One leg.
pub(super) struct Leg {
    connection: Connection,
    exchange: Exchange,
    /// Asterisk's name of the channel.
    channel: String,
}

impl Leg {
    /// Waits until Asterisk leads the channel with this uniqueid here; what else connects is not listened to.
    pub(super) async fn comes(listener: &TcpListener, uniqueid: &str) -> Self {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let mut connection = Connection::new(stream, CodecLimits::default());
            let prelude = timeout(PRELUDE, connection.next()).await;
            if let Ok(Ok(Some(Incoming::Request(request)))) = prelude
                && request.uniqueid().as_deref() == Some(uniqueid)
            {
                return Self {
                    connection,
                    exchange: Exchange::new(),
                    channel: request.channel().unwrap_or_default().into_owned(),
                };
            }
        }
    }

    /// The same within a time.
    pub(super) async fn comes_within(
        listener: &TcpListener,
        uniqueid: &str,
        within: Duration,
        clock: Clock,
    ) -> Option<Self> {
        tokio::select! {
            leg = Self::comes(listener, uniqueid) => Some(leg),
            () = clock.sleep(within) => None,
        }
    }

    /// Has Asterisk do one thing; [`Outcome::Lost`] where it is gone.
    pub(super) async fn ask(&mut self, command: Command) -> Outcome {
        let answered = timeout(LONGEST, self.answer(command)).await;
        answered.unwrap_or(None).unwrap_or_else(|| {
            self.exchange.closed();
            Outcome::Lost
        })
    }

    async fn answer(&mut self, command: Command) -> Option<Outcome> {
        self.exchange.start(command).ok()?;
        loop {
            while let Some(command) = self.exchange.poll_send() {
                self.connection.send(&command).await.ok()?;
            }
            let incoming = self.connection.next().await.ok()??;
            if let Handled::Finished(finished) = self.exchange.handle(incoming) {
                return Some(finished.outcome);
            }
        }
    }

    /// Plays a file, by Asterisk's path without its ending; whether the channel is still there.
    pub(super) async fn plays(&mut self, file: &str) -> bool {
        let outcome = self.ask(Command::stream_file(file, Keys::default())).await;
        self.is_up(&outcome)
    }

    /// Presses the pound key; whether the channel is still there.
    pub(super) async fn presses_pound(&mut self) -> bool {
        let outcome = self.ask(Command::exec("SendDTMF", "#")).await;
        self.is_up(&outcome)
    }

    fn is_up(&self, outcome: &Outcome) -> bool {
        let is_gone = matches!(
            outcome,
            Outcome::Lost | Outcome::ChannelGone | Outcome::DeadChannel
        );
        !is_gone && !self.exchange.is_dead()
    }

    /// Has Asterisk record what this channel hears; whether there is a `MixMonitor()`.
    pub(super) async fn records(&mut self, file: &str) -> bool {
        let options = format!(",r({file})");
        let outcome = self.ask(Command::exec("MixMonitor", options)).await;
        outcome != Outcome::NoSuchApplication
    }

    /// What a dialplan expression says; `None` where it says nothing, as where a function in it is not there.
    pub(super) async fn says(&mut self, expression: &str) -> Option<String> {
        let command = Command::get_full_variable(expression);
        value(self.ask(command).await)
    }

    /// The same as yes or no.
    pub(super) async fn says_whether(&mut self, expression: &str) -> Option<bool> {
        match self.says(expression).await?.as_str() {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        }
    }

    /// A variable of the other half of the Local channel; empty where it has none.
    pub(super) async fn other_half_has(&mut self, variable: &str) -> String {
        let Some(line) = self.channel.strip_suffix(";1") else {
            return String::new();
        };
        let command =
            Command::get_full_variable_of(format!("${{{variable}}}"), format!("{line};2"));
        value(self.ask(command).await).unwrap_or_default()
    }
}

fn value(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Value(Some(value)) if !value.is_empty() => {
            Some(String::from_utf8_lossy(&value).into_owned())
        }
        _ => None,
    }
}
