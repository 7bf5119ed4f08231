//! The listener: who may connect, how many at once, how long, and how all of it ends.
//!
//! What a call does is the [`Handler`]'s business; here nothing decides about callers. One connection
//! that is broken, slow or panics touches no other.

mod connection;
pub mod descriptors;
pub(crate) mod rate_limit;
mod slots;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agi::{CodecError, Incoming, Request};
use crate::clock::Clock;
use crate::config::Limits;
use crate::metrics::{METRICS, Refusal};

pub use connection::Connection;
use rate_limit::RateLimit;
use slots::Slots;

/// What is done with calls.
pub trait Handler: Send + Sync + 'static {
    /// One call, from the prelude to the end of the connection.
    ///
    /// When the server is to end it may go on for [`Limits::grace`]. The future is dropped when that is
    /// over, or after [`Limits::session`].
    fn call(&self, connection: Connection, request: Request) -> impl Future<Output = ()> + Send;

    /// A call above [`Limits::calls`]: Asterisk was asked to carry on, its record can be filed.
    fn refused(&self, request: Request) -> impl Future<Output = ()> + Send {
        drop(request);
        std::future::ready(())
    }
}

/// A socket that Asterisk connects to.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// Whether it stays open when this process has ended, since a service manager holds it: who connects meanwhile
    /// waits for the next process.
    pub stays: bool,
}

impl From<TcpListener> for Listener {
    /// One that is this process's own.
    fn from(socket: TcpListener) -> Self {
        let stays = false;
        Self { socket, stays }
    }
}

/// Serves until `stop` is cancelled, and then until the last session has ended or the grace is over.
///
/// `limits` is asked anew for every connection, which keeps what it was let in with.
///
/// When the end is asked for, Asterisk carries on at once: the server's own listeners are closed, so that its
/// connections are refused; those of the service manager would make callers wait, so they get the line that says it.
pub async fn run<H: Handler>(
    listeners: Vec<Listener>,
    limits: impl Fn() -> Limits + Send + Sync + 'static,
    clock: Clock,
    handler: Arc<H>,
    stop: CancellationToken,
) {
    let server = Arc::new(Server::new(limits, clock, handler, stop.clone()));
    let (closing, staying) = (TaskTracker::new(), TaskTracker::new());
    for Listener { socket, stays } in listeners {
        let server = Arc::clone(&server);
        let (tasks, end) = if stays {
            (&staying, server.over.clone())
        } else {
            (&closing, stop.clone())
        };
        tasks.spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = server.accept(&socket) => {}
            }
        });
    }
    closing.close();
    stop.cancelled().await;
    closing.wait().await;
    server.end().await;
    server.over.cancel();
    staying.close();
    staying.wait().await;
    server.refusing.close();
    server.refusing.wait().await;
}

/// Makes Asterisk carry on without us, whoever calls in the next while; for a guard that cannot serve, on sockets that
/// stay.
pub async fn refuse_for(time: Duration, listeners: Vec<Listener>, limits: Limits, clock: Clock) {
    struct Nobody;
    impl Handler for Nobody {
        async fn call(&self, _: Connection, _: Request) {}
    }
    let stop = CancellationToken::new();
    stop.cancel();
    let limits = move || limits.clone();
    let server = Arc::new(Server::new(limits, clock, Arc::new(Nobody), stop));
    let accepting = listeners.iter().map(|it| server.accept(&it.socket));
    tokio::select! {
        _ = futures_util::future::join_all(accepting) => {}
        () = clock.sleep(time) => {}
    }
    server.refusing.close();
    server.refusing.wait().await;
}

struct Server<H> {
    limits: Box<dyn Fn() -> Limits + Send + Sync>,
    clock: Clock,
    handler: Arc<H>,
    calls: Slots,
    connections: Slots,
    refusals: Slots,
    log_limits: LogLimits,
    stop: CancellationToken,
    /// The sessions that are up are to end now.
    kill: CancellationToken,
    /// The last session has ended.
    over: CancellationToken,
    sessions: TaskTracker,
    refusing: TaskTracker,
}

/// What is logged at a limited rate, since a flood of connections brings it.
#[derive(Debug, Default)]
struct LogLimits {
    not_on_the_list: RateLimit,
    too_many_connections: RateLimit,
    too_many_calls: RateLimit,
    bad_prelude: RateLimit,
}

impl<H: Handler> Server<H> {
    fn new(
        limits: impl Fn() -> Limits + Send + Sync + 'static,
        clock: Clock,
        handler: Arc<H>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            calls: Slots::default(),
            connections: Slots::default(),
            refusals: Slots::default(),
            log_limits: LogLimits::default(),
            limits: Box::new(limits),
            clock,
            handler,
            stop,
            kill: CancellationToken::new(),
            over: CancellationToken::new(),
            sessions: TaskTracker::new(),
            refusing: TaskTracker::new(),
        }
    }

    /// Until the last session has ended by itself, or with the grace.
    async fn end(&self) {
        self.sessions.close();
        tokio::select! {
            () = self.sessions.wait() => return,
            () = self.clock.sleep((self.limits)().grace) => {}
        }
        tracing::warn!(
            event = "grace_over",
            sessions = self.sessions.len(),
            "the grace is over"
        );
        self.kill.cancel();
        self.sessions.wait().await;
    }

    async fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    pause = SHORTEST_PAUSE;
                    self.admit(stream, peer);
                }
                Err(error) => {
                    tracing::warn!(event = "accept_failed", %error, ?pause, "cannot accept connections");
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let limits = (self.limits)();
        // This machine itself connects from the address that it connects to, or from loopback.
        let is_from_here = || stream.local_addr().is_ok_and(|own| own.ip() == peer.ip());
        if !limits.admits(peer.ip()) && !is_from_here() {
            METRICS.refused(Refusal::NotAllowed);
            if let Some(left_out) = self.log_limits.not_on_the_list.allow(self.clock.now()) {
                tracing::warn!(event = "peer_refused", %peer, left_out, "not on the allow list");
            }
            return;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "no TCP_NODELAY");
        }
        if self.stop.is_cancelled() {
            return self.refuse(stream);
        }
        let limit = limits.connections.max(limits.calls);
        let Some(slot) = self.connections.take(limit) else {
            METRICS.refused(Refusal::TooManyConnections);
            if let Some(left_out) = self.log_limits.too_many_connections.allow(self.clock.now()) {
                tracing::warn!(event = "connections_full", %peer, limit, left_out, "too many connections");
            }
            return self.refuse(stream);
        };
        let server = Arc::clone(self);
        self.sessions.spawn(async move {
            let session = tokio::select! {
                result = AssertUnwindSafe(server.session(stream, peer, &limits)).catch_unwind() => result,
                () = server.clock.sleep(limits.session) => {
                    tracing::error!(event = "session_too_long", %peer, limit = ?limits.session, "session over its limit");
                    Ok(())
                }
                () = server.kill.cancelled() => Ok(()),
            };
            if let Err(panic) = session {
                tracing::error!(event = "session_panicked", %peer, panic = message(panic.as_ref()), "session panicked");
            }
            drop(slot);
        });
    }

    /// Makes Asterisk carry on without us.
    ///
    /// A socket that is closed with the prelude in it unread is reset, and what we said may be lost with it. So it
    /// is read, for a moment, by a few at once; where a flood has taken those places, the line has to do alone.
    fn refuse(self: &Arc<Self>, stream: TcpStream) {
        // The socket is new, its buffer is empty: this either goes out at once or not at all.
        let _ = stream.try_write(FAILURE);
        let Some(slot) = self.refusals.take(MOST_REFUSALS) else {
            return;
        };
        let clock = self.clock;
        self.refusing.spawn(async move {
            tokio::select! {
                () = read_off(stream) => {}
                () = clock.sleep(LONGEST_REFUSAL) => {}
            }
            drop(slot);
        });
    }

    async fn session(&self, stream: TcpStream, peer: SocketAddr, limits: &Limits) {
        let mut connection = Connection::new(stream, limits.codec());
        let first = tokio::select! {
            first = connection.next() => first,
            () = self.clock.sleep(limits.prelude) => {
                METRICS.refused(Refusal::BadPrelude);
                if let Some(left_out) = self.log_limits.bad_prelude.allow(self.clock.now()) {
                    tracing::warn!(event = "prelude_late", %peer, limit = ?limits.prelude, left_out, "no prelude in time");
                }
                return connection.fail(self.clock).await;
            }
        };
        let request = match first {
            Ok(Some(Incoming::Request(request))) => request,
            Ok(_) => return tracing::debug!(%peer, "closed before the prelude"),
            Err(error) => {
                METRICS.refused(Refusal::BadPrelude);
                if let Some(left_out) = self.log_limits.bad_prelude.allow(self.clock.now()) {
                    tracing::warn!(event = "prelude_bad", %peer, %error, left_out, "bad prelude");
                }
                return match error {
                    CodecError::NotAgi { .. } => {}
                    _ => connection.fail(self.clock).await,
                };
            }
        };
        let Some(_slot) = self.calls.take(limits.calls) else {
            METRICS.refused(Refusal::TooManyCalls);
            if let Some(left_out) = self.log_limits.too_many_calls.allow(self.clock.now()) {
                tracing::warn!(event = "calls_full", %peer, limit = limits.calls, left_out, "too many calls: refused");
            }
            let refusing = connection.fail(self.clock);
            tokio::join!(refusing, self.handler.refused(request));
            return;
        };
        self.handler.call(connection, request).await;
    }
}

/// Listens at this address. The library's backlog of 128 is full after a moment's stall, and who comes then waits for
/// seconds until the network tries again.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Says that nothing more comes, and reads what does until the other side has closed.
async fn read_off(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    // An array would be a part of every session, refused or not.
    let mut unread = vec![0; 4096];
    let mut left = MOST_READ_OFF;
    let _ = stream.shutdown().await;
    while let (1.., Ok(read @ 1..)) = (left, stream.read(&mut unread).await) {
        left = left.saturating_sub(read);
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of no text")
}

/// Connections that wait to be taken; the system's own limit (`net.core.somaxconn`) is 4,096 where it is not changed.
const BACKLOG: u32 = 1024;

/// Makes Asterisk end the session with `AGISTATUS=FAILURE` (`run_agi` of `res_agi.c`).
const FAILURE: &[u8] = b"failure\n";
/// Limits of reading off refused connections: how many at once, for how long, and how many bytes; a
/// prelude has a few hundred.
const MOST_REFUSALS: usize = 128;
const LONGEST_REFUSAL: Duration = Duration::from_secs(1);
const MOST_READ_OFF: usize = 1024 * 1024;
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_the_list_are_let_in_and_nobody_else() {
        let limits = Limits {
            allow: vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()],
            ..Limits::default()
        };
        let check = |peer: &str, admitted| {
            assert_eq!(limits.admits(peer.parse().unwrap()), admitted, "{peer}");
        };
        check("127.0.0.1", true);
        check("::1", true);
        check("::ffff:127.0.0.1", true);
        check("10.1.2.3", true);
        check("::ffff:10.1.2.3", true);
        check("10.2.2.3", false);
        check("fd00::7", true);
        check("2001:db8::1", false);
        check("0.0.0.0", false);
    }
}
