//! The service manager's watchdog is fed as long as callers are answered, and no longer.
//!
//! Whether they are is seen from outside, over the sockets that Asterisk connects to: a connection that sends nothing
//! is accepted, gets a session and is closed by that. So it says that the listener accepts, that the runtime has
//! threads left, and that sessions start.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::service_manager;
use crate::clock::{Clock, timeout};

/// Feeds the watchdog, if there is one, while one of these addresses answers. Once the guard was asked to stop, calls
/// are answered no more, and it is enough that this runs.
pub(super) async fn feed(addresses: Vec<SocketAddr>, stop: CancellationToken, clock: Clock) {
    let Some(limit) = service_manager::watchdog() else {
        return;
    };
    // Twice in the time that it waits, as sd_watchdog_enabled(3) advises: a try that fails leaves time for another.
    let step = limit / 4;
    loop {
        if stop.is_cancelled() || one_answers(&addresses, step).await {
            service_manager::alive();
        } else {
            warn!(
                event = "watchdog_unfed",
                ?addresses,
                "calls are not answered: without an answer soon the service manager ends this process"
            );
        }
        clock.sleep(step).await;
    }
}

async fn one_answers(addresses: &[SocketAddr], limit: Duration) -> bool {
    let tries = addresses.iter().map(|address| {
        let answer = timeout(limit, answer(reachable(*address)));
        Box::pin(async move {
            answer
                .await
                .is_ok_and(|it| it.is_ok())
                .then_some(())
                .ok_or(())
        })
    });
    addresses.is_empty() || futures_util::future::select_ok(tries).await.is_ok()
}

/// Connects, sends nothing, and waits until it is closed.
async fn answer(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.shutdown().await?;
    let mut said = [0; 64];
    while stream.read(&mut said).await? > 0 {}
    Ok(())
}

/// An address that can be connected to: a socket on all addresses is also on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const SOON: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn a_socket_that_nobody_accepts_from_is_no_answer_and_one_that_answers_is_enough() {
        let deaf = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let deaf_at = deaf.local_addr().unwrap();
        assert!(!one_answers(&[deaf_at], SOON).await);
        let lively = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let lively_at = lively.local_addr().unwrap();
        tokio::spawn(async move { while lively.accept().await.is_ok() {} });
        assert!(one_answers(&[lively_at], SOON).await);
        assert!(one_answers(&[deaf_at, lively_at], SOON).await);
        drop(deaf);
        assert!(!one_answers(&[deaf_at], SOON).await);
    }
}
