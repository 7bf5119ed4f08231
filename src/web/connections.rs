//! The page's connections, bounded in number and in how long one may keep us waiting: calls need
//! sockets too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::debug;

use crate::clock::Clock;

/// How long the head of a request may take, from the end of the one before it.
const LONGEST_HEAD: Duration = Duration::from_secs(30);
/// How long the other side may leave unread what it asked for.
const LONGEST_STALL: Duration = Duration::from_mins(1);

/// Serves the connections of a listener, each while it has one of the `free` permits; more wait in
/// the system's queue. Never returns.
pub(super) async fn serve(mut listener: TcpListener, free: Arc<Semaphore>, router: Router) {
    let service = TowerToHyperService::new(router);
    loop {
        // Nobody closes the semaphore.
        let permit = Arc::clone(&free).acquire_owned().await.ok();
        let (stream, remote) = Listener::accept(&mut listener).await;
        let service = service.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(remote));
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(LONGEST_HEAD)
            .serve_connection(TokioIo::new(Unstalled::new(stream)), answer);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                debug!(%error, "a connection of the page broke off");
            }
        });
    }
}

type Limit = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that fails where the other side does not read on.
struct Unstalled {
    stream: TcpStream,
    /// Until when it may be left unread, since it is.
    stalled: Option<Limit>,
}

impl Unstalled {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stalled: None,
        }
    }
}

impl AsyncRead for Unstalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Unstalled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, buffer);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        // By the wall's clock, as everything that others are waited for.
        let limit = || Box::pin(async { Clock::default().sleep(LONGEST_STALL).await }) as Limit;
        self.stalled
            .get_or_insert_with(limit)
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
