//! The test itself: one link after the other, each tried as soon as the one that it hangs on holds.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;

use super::manager::{self, Watching};
use super::telling::Telling;
use super::{Test, log};
use crate::cli::check::greet;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::blocking;
use crate::doctor::{self, Greeting, Link};

/// The test under way.
pub(super) struct Chain<'a, 'b> {
    pub(super) test: &'a Test,
    pub(super) telling: &'a mut Telling<'b>,
}

impl<'a, 'b> Chain<'a, 'b> {
    pub(super) fn new(test: &'a Test, telling: &'a mut Telling<'b>) -> Self {
        Self { test, telling }
    }

    /// Tries link after link, from the manager interface on; ends early where one is broken.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let config = &self.test.config;
        if !self.telling.tries(Link::Manager) {
            return Ok(());
        }
        let ami = &config.delivery.ami;
        let (login, connection) = manager::login(ami, self.test.clock).await;
        let finding = doctor::login(&ami.address, &ami.user, &login);
        self.telling.tell(Link::Manager, finding)?;
        let Some(mut connection) = connection else {
            return Ok(());
        };
        let address = self.test.listen.unwrap_or(connection.here()?.ip());
        let listener = TcpListener::bind((address, 0)).await?;
        let here = listener.local_addr()?;
        self.asterisk(&mut connection, &listener, here).await?;
        if !self.telling.tries(Link::Request) {
            return Ok(());
        }
        let watching = Watching::begin(self.test).await;
        let Some(up) = self
            .call(&mut connection, &listener, here, watching.as_ref())
            .await?
        else {
            return Ok(());
        };
        let Some(said) = self.conversation(up).await? else {
            return Ok(());
        };
        self.deliveries(&mut connection, &said, watching.as_ref())
            .await
    }
}

/// What can be tried without Asterisk: whether a guard answers, and its log.
pub(super) async fn guard_and_log(
    config: &Config,
    data: &Path,
    clock: Clock,
    telling: &mut Telling<'_>,
) -> io::Result<()> {
    let greetings = greetings(&config.listen, clock).await;
    telling.tell(Link::Guard, doctor::guard(&greetings))?;
    let data = data.to_owned();
    let finding = blocking(move || log::condition(&data)).await;
    telling.tell(Link::Log, finding.map_err(io::Error::other)?)
}

/// What answers where the guard is to listen.
async fn greetings(listen: &[SocketAddr], clock: Clock) -> Vec<(SocketAddr, Greeting)> {
    let mut all = Vec::new();
    for &address in listen {
        let greeting = blocking(move || {
            let began = clock.now();
            match greet(address) {
                Ok(line) if line.contains("voicemail-guard") => {
                    Greeting::Guard(clock.now() - began)
                }
                Ok(line) if line == "failure\n" => Greeting::Full,
                Ok(_) => Greeting::Stranger,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Greeting::Silent,
                Err(error) => Greeting::Closed(error.to_string()),
            }
        });
        let greeting = greeting.await;
        all.push((
            address,
            greeting.unwrap_or_else(|error| Greeting::Closed(error.to_string())),
        ));
    }
    all
}
