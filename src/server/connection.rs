//! One connection: bytes in, items out, one write per command.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, Encoder};

use super::FAILURE;
use crate::agi::{Codec, CodecError, CodecLimits, Command, Incoming};

/// An AGI session's stream with its codec; holds no buffer while there is nothing in it.
///
/// A session waits for most of its life, and thousands wait at once: `Framed`'s two buffers of 8 KiB
/// would be the largest part of each.
#[derive(Debug)]
pub struct Connection<S = TcpStream> {
    stream: S,
    codec: Codec,
    buffer: BytesMut,
    is_closed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection whose prelude is still to come.
    pub fn new(stream: S, limits: CodecLimits) -> Self {
        Self {
            stream,
            codec: Codec::new(limits),
            buffer: BytesMut::new(),
            is_closed: false,
        }
    }

    /// The next thing that Asterisk says; `None` when it has closed. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Result<Option<Incoming>, CodecError> {
        loop {
            let item = if self.is_closed {
                return self.codec.decode_eof(&mut self.buffer);
            } else {
                self.codec.decode(&mut self.buffer)?
            };
            if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
                self.buffer = BytesMut::new();
            }
            if item.is_some() {
                return Ok(item);
            }
            self.is_closed = match poll_fn(|cx| self.poll_read(cx)).await {
                Ok(read) => read == 0,
                // Asterisk closes so when the caller hangs up while a command is on its way to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
                Err(error) => return Err(error.into()),
            };
        }
    }

    /// Sends one command, in one piece: half a line makes Asterisk spin.
    ///
    /// Not to be cancelled: drop the connection with it.
    pub async fn send(&mut self, command: &Command) -> Result<(), CodecError> {
        let mut line = BytesMut::new();
        self.codec.encode(command, &mut line)?;
        Ok(self.stream.write_all(&line).await?)
    }

    /// Says the line that makes Asterisk carry on without us, and closes.
    pub async fn fail(mut self) {
        if let Err(error) = self.stream.write_all(FAILURE).await {
            tracing::debug!(%error, "gone before it was refused");
        }
        let _ = self.stream.shutdown().await;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); 4096];
        let mut space = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space))?;
        self.buffer.extend_from_slice(space.filled());
        Poll::Ready(Ok(space.filled().len()))
    }
}

/// A buffer of this many bytes is kept from one reply to the next.
const KEPT: usize = 256;
