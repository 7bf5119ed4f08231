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

use super::{FAILURE, LONGEST_REFUSAL, read_off};
use crate::agi::{Codec, CodecError, CodecLimits, Command, Incoming};
use crate::clock::Clock;

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

    /// Says the line that makes Asterisk carry on without us, and closes, once what Asterisk still sends has been read
    /// off: unread it would reset the connection, and the line be lost with it.
    pub async fn fail(mut self, clock: Clock) {
        if let Err(error) = self.stream.write_all(FAILURE).await {
            tracing::debug!(%error, "gone before it was refused");
        }
        tokio::select! {
            () = read_off(self.stream) => {}
            () = clock.sleep(LONGEST_REFUSAL) => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The other side: what it says is the same for ever, what it hears is counted in writes.
    #[derive(Default)]
    struct Peer {
        says: &'static [u8],
        read: usize,
        writes: Vec<Vec<u8>>,
    }

    impl AsyncRead for Peer {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let peer = self.get_mut();
            let before = buf.filled().len();
            while buf.remaining() > 0 {
                buf.put_slice(&[peer.says[peer.read % peer.says.len()]]);
                peer.read += 1;
            }
            assert!(buf.filled().len() > before);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.writes.push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_command_is_one_write() {
        let longest = "x".repeat(1_900);
        let commands = [
            Command::answer(),
            Command::set_variable("GUARD_REASON", "a \"quoted\" reason"),
            Command::exec("VoiceMail", "100@default,u"),
            Command::verbose(&longest, 1),
        ];
        let mut connection = Connection::new(Peer::default(), CodecLimits::default());
        for command in &commands {
            connection.send(command).await.unwrap();
        }
        let lines = commands.map(|command| command.encode().unwrap());
        assert_eq!(connection.stream.writes, lines);
    }

    #[tokio::test]
    async fn what_does_not_end_is_given_up_and_is_not_kept() {
        let limits = CodecLimits::default();
        for (says, limit) in [
            (&b"x"[..], limits.line_bytes),
            (b"200 result=1 (x\n", limits.reply_bytes),
            (b"520-x\n", limits.reply_bytes),
            (b"\0\0\0\xff", limits.line_bytes),
        ] {
            let peer = Peer {
                says,
                ..Peer::default()
            };
            let mut connection = Connection::new(peer, limits);
            connection.codec = Codec::after_prelude(limits);
            let shown = says.escape_ascii();
            assert!(connection.next().await.is_err(), "{shown}");
            // Lines of a block are stored without what stands around them.
            let most = 4 * limit + 4096;
            assert!(connection.stream.read <= most, "{shown}");
            assert!(connection.buffer.capacity() <= 2 * most, "{shown}");
        }
    }
}
