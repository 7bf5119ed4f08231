//! Who may connect, and whose each connection is.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_util::codec::Decoder;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::frame::{Codec, Frame};
use super::id::Id;
use super::line::{Line, Speech};
use super::register::{Presented, Register};
use crate::clock::Clock;
use crate::metrics::{METRICS, TapRefusal};
use crate::server::descriptors;
use crate::server::rate_limit::RateLimit;

/// Takes the connections of Asterisk's `AudioSocket()`; clones are one and the same.
#[derive(Clone)]
pub struct Listener(Arc<Shared>);

struct Shared {
    /// Who may connect beside this machine itself.
    admits: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    register: Mutex<Register<Whose>>,
    log_limits: [RateLimit; TapRefusal::ALL.len()],
    clock: Clock,
}

/// Whom an id was made for.
#[derive(Debug)]
struct Whose {
    came: Option<oneshot::Sender<Line>>,
    /// What it is played from its first frame on.
    first: Speech,
    contested: CancellationToken,
}

/// A connection that has been asked for. Dropping it withdraws the id.
#[derive(Debug)]
pub struct Expected {
    came: oneshot::Receiver<Line>,
    until: Instant,
    clock: Clock,
    registered: Registered,
}

/// An id is known for as long as this lives.
pub(super) struct Registered {
    id: Id,
    shared: Arc<Shared>,
}

/// Nobody came with the id in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Asterisk has not connected with its sound")]
pub struct NeverCame;

impl Listener {
    /// One that serves nothing yet. `admits` is asked anew for every connection; this machine itself may always
    /// connect.
    pub fn new(admits: impl Fn(IpAddr) -> bool + Send + Sync + 'static, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            admits: Box::new(admits),
            register: Mutex::default(),
            log_limits: Default::default(),
            clock,
        }))
    }

    /// A new id, for one connection that comes within `valid`.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn expect(&self, valid: Duration) -> Result<Expected, getrandom::Error> {
        self.expect_with(Speech::default(), valid)
    }

    /// The same for a connection that gets these samples, 8 kHz, and nothing else, and ends behind them
    /// ([`Ended::Played`](super::Ended::Played)). They go faster than they sound: for who stores them.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn expect_to_bring(
        &self,
        samples: Arc<[i16]>,
        valid: Duration,
    ) -> Result<Expected, getrandom::Error> {
        let is_last = true;
        self.expect_with(Speech { samples, is_last }, valid)
    }

    fn expect_with(&self, first: Speech, valid: Duration) -> Result<Expected, getrandom::Error> {
        let id = Id::random()?;
        let (sender, came) = oneshot::channel();
        let clock = self.0.clock;
        let until = clock.now() + valid;
        let whose = Whose {
            came: Some(sender),
            first,
            contested: CancellationToken::new(),
        };
        self.0.register().expect(id, until, whose);
        let shared = Arc::clone(&self.0);
        Ok(Expected {
            came,
            until,
            clock,
            registered: Registered { id, shared },
        })
    }

    /// Takes connections on this socket; never returns.
    ///
    /// Those that have not named an id are few at a time: one more ends the oldest, so that who holds many open
    /// keeps nobody out who says at once what they come for, as Asterisk does.
    pub async fn serve(self, socket: TcpListener) {
        let most = descriptors::of_unnamed(descriptors::allowed());
        let mut unnamed: VecDeque<(SocketAddr, AbortHandle)> = VecDeque::new();
        loop {
            let (stream, peer) = match socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(event = "accept_failed", %error, "cannot accept connections with sound");
                    self.0.clock.sleep(AFTER_A_FAILURE).await;
                    continue;
                }
            };
            let is_from_here = || stream.local_addr().is_ok_and(|own| own.ip() == peer.ip());
            if !(self.0.admits)(peer.ip()) && !is_from_here() {
                self.0.refuse(TapRefusal::NotAllowed, peer);
                continue;
            }
            unnamed.retain(|(_, task)| !task.is_finished());
            if unnamed.len() >= most
                && let Some((oldest, task)) = unnamed.pop_front()
            {
                task.abort();
                self.0.refuse(TapRefusal::NoId, oldest);
            }
            let named = tokio::spawn(Arc::clone(&self.0).greet(stream, peer));
            unnamed.push_back((peer, named.abort_handle()));
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Expected {
    /// What Asterisk is to connect with.
    pub fn id(&self) -> Id {
        self.registered.id
    }

    /// The connection, once it is there.
    ///
    /// # Errors
    /// It does not come as long as the id is valid.
    pub async fn connected(self) -> Result<Line, NeverCame> {
        let mut line = tokio::select! {
            line = self.came => line.map_err(|_| NeverCame)?,
            () = self.clock.sleep_until(self.until) => return Err(NeverCame),
        };
        line.keep(self.registered);
        Ok(line)
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.shared.register().forget(self.id);
    }
}

impl Shared {
    fn register(&self) -> MutexGuard<'_, Register<Whose>> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears whose a connection is, and hands it over.
    async fn greet(self: Arc<Self>, mut stream: TcpStream, peer: SocketAddr) {
        let mut bytes = BytesMut::with_capacity(Codec::LONGEST);
        let said = tokio::select! {
            said = first_said(&mut stream, &mut bytes) => said,
            () = self.clock.sleep(LONGEST_UNNAMED) => Said::SomethingElse,
        };
        let id = match said {
            Said::Id(id) => id,
            Said::Nothing => return debug!(%peer, "closed before its id"),
            Said::SomethingElse => return self.refuse(TapRefusal::NoId, peer),
        };
        // Without a word from the other side a line counts as down, whatever lies between.
        let set = set_tcp_user_timeout(&stream, LONGEST_UNACKNOWLEDGED.as_millis() as u32);
        if let Err(error) = set
            .map_err(Into::into)
            .and_then(|()| stream.set_nodelay(true))
        {
            debug!(%peer, %error, "a socket as it came");
        }
        let refused = match self.register().present(id, self.clock.now()) {
            Presented::Taken(whose) => {
                let (first, contested) = (whose.first.clone(), whose.contested.clone());
                let line = Line::open(stream, bytes, first, contested, self.clock);
                // Who does not wait any more has withdrawn the id in this moment.
                let handed = whose.came.take().map(|came| came.send(line));
                handed.is_none().then_some(TapRefusal::UnknownId)
            }
            Presented::Again(whose) => {
                whose.contested.cancel();
                Some(TapRefusal::UsedId)
            }
            Presented::Unknown => Some(TapRefusal::UnknownId),
        };
        if let Some(why) = refused {
            self.refuse(why, peer);
        }
    }

    fn refuse(&self, why: TapRefusal, peer: SocketAddr) {
        METRICS.tap_refused(why);
        let limit = &self.log_limits[why as usize];
        if let Some(left_out) = limit.allow(self.clock.now()) {
            let reason = why.as_str();
            warn!(event = "tap_connection_refused", %peer, reason, left_out, "a connection with sound is not taken");
        }
    }
}

/// The first thing that a connection says.
enum Said {
    Id(Id),
    /// It was closed: somebody has looked whether we are here.
    Nothing,
    SomethingElse,
}

async fn first_said(stream: &mut TcpStream, bytes: &mut BytesMut) -> Said {
    loop {
        match Codec.decode(bytes) {
            Ok(Some(Frame::Id(id))) => return Said::Id(id),
            Ok(None) => match stream.read_buf(bytes).await {
                Ok(1..) => {}
                _ if bytes.is_empty() => return Said::Nothing,
                _ => return Said::SomethingElse,
            },
            _ => return Said::SomethingElse,
        }
    }
}

/// Asterisk's connections have an id within a millisecond.
const LONGEST_UNNAMED: Duration = Duration::from_secs(2);

/// A frame that we send twice a second is acknowledged within milliseconds.
const LONGEST_UNACKNOWLEDGED: Duration = Duration::from_secs(5);

const AFTER_A_FAILURE: Duration = Duration::from_millis(100);
