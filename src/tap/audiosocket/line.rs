//! One connection that has named its id: what is heard on it, and what is played into it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::sync::CancellationToken;

use super::frame::{Codec, Frame, FrameError};
use crate::clock::{Clock, timeout};

/// What is heard on a line.
#[derive(Debug)]
pub enum Heard {
    /// The next samples, 8 kHz; what came within 100 ms of each other comes together.
    Audio(Vec<i16>),
    /// The caller pressed a key.
    Key(char),
    /// Nothing has come for a second; said once a second while that lasts.
    Pause,
    /// The line is down; nothing is heard any more.
    Closed(Ended),
}

/// Why a line is down.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// Asterisk ended it in its protocol.
    #[error("Asterisk ended it")]
    HungUp,
    /// Asterisk closed it: the caller hung up, or the channel ended.
    #[error("Asterisk closed it")]
    Closed,
    /// It was closed in the middle of a frame.
    #[error("closed in the middle of a frame")]
    CutOff,
    /// Asterisk reports an error of its own, by number.
    #[error("Asterisk reports the error {0}")]
    Reported(u8),
    /// What came is no frame, or the connection failed.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame came that belongs at the beginning.
    #[error("a second id")]
    SecondId,
    /// Another connection came with the same id: one of the two has read it on its way.
    #[error("two connections came with its id, which somebody has read on its way")]
    Contested,
    /// Asterisk does not read what it is sent.
    #[error("Asterisk has not read for {} s", LONGEST_WRITE.as_secs())]
    NotRead,
    /// Whose it is ended it.
    #[error("ended by the guard")]
    Left,
    /// All that it was for has been played.
    #[error("all has been played")]
    Played,
}

/// Sound from one channel of Asterisk's, and to it. Dropping it ends the connection, which ends the channel.
///
/// Asterisk gives up a connection on which nothing happens for 2 s (`res_audiosocket.c`), so a frame
/// of silence is sent twice a second: on an overloaded machine one a second came too late at times,
/// which ended the tap. Who does not listen makes Asterisk's sound wait in the network's buffers, and
/// no more.
#[derive(Debug)]
pub struct Line {
    heard: mpsc::Receiver<Heard>,
    said: watch::Sender<Speech>,
    /// Its id is known for as long as it is up.
    registered: Option<Box<dyn fmt::Debug + Send + Sync>>,
}

impl Line {
    /// A connection that has named its id; `unread` came behind it, and it is played `first`.
    pub(super) fn open(
        stream: TcpStream,
        unread: BytesMut,
        first: Speech,
        contested: CancellationToken,
        clock: Clock,
    ) -> Self {
        let (sender, heard) = mpsc::channel(MOST_UNHEARD);
        let (said, saying) = watch::channel(first);
        tokio::spawn(async move {
            let (mut reader, mut writer) = stream.into_split();
            let ended = tokio::select! {
                ended = listen(&mut reader, unread, &sender, clock) => ended,
                ended = speak(&mut writer, saying, clock) => ended,
                () = contested.cancelled() => Ended::Contested,
            };
            if matches!(ended, Ended::Left | Ended::Played) {
                let _ = timeout(LONGEST_GOODBYE, hang_up(reader, writer)).await;
            }
            let _ = sender.send(Heard::Closed(ended)).await;
        });
        Self {
            heard,
            said,
            registered: None,
        }
    }

    /// What makes its id known lives as long as it does.
    pub(super) fn keep(&mut self, registered: impl fmt::Debug + Send + Sync + 'static) {
        self.registered = Some(Box::new(registered));
    }

    /// What is heard next. Nothing is lost where it is given up waiting for.
    pub async fn next(&mut self) -> Heard {
        let gone = Heard::Closed(Ended::Left);
        self.heard.recv().await.unwrap_or(gone)
    }

    /// Plays these samples, 8 kHz, in place of what is being played: mixed into what the channel hears, at the
    /// pace of the sound. No samples end what is being played.
    pub fn play(&self, samples: impl Into<Arc<[i16]>>) {
        self.said.send_replace(Speech {
            samples: samples.into(),
            is_last: false,
        });
    }
}

/// What is to be played.
#[derive(Clone, Debug, Default)]
pub(super) struct Speech {
    /// At 8 kHz.
    pub(super) samples: Arc<[i16]>,
    /// Whether the line ends with it. Nobody listens to it then, and it goes four times as fast as it sounds.
    pub(super) is_last: bool,
}

/// Hands on what comes. It is looked at ten times a second: a look costs the same for one frame as for five.
async fn listen(
    reader: &mut OwnedReadHalf,
    mut bytes: BytesMut,
    heard: &mpsc::Sender<Heard>,
    clock: Clock,
) -> Ended {
    loop {
        if let Err(ended) = hand_on(&mut bytes, heard).await {
            return ended;
        }
        clock.sleep(LOOK).await;
        bytes.reserve(Codec::LONGEST);
        tokio::select! {
            read = reader.read_buf(&mut bytes) => match read {
                Ok(0) if bytes.is_empty() => return Ended::Closed,
                Ok(0) => return Ended::CutOff,
                Ok(_) => {}
                Err(error) => return Ended::Frame(error.into()),
            },
            () = clock.sleep(PAUSE) => {
                if heard.send(Heard::Pause).await.is_err() {
                    return Ended::Left;
                }
            }
        }
    }
}

/// Hands on all frames that are whole.
async fn hand_on(bytes: &mut BytesMut, heard: &mpsc::Sender<Heard>) -> Result<(), Ended> {
    let mut samples = Vec::new();
    loop {
        let frame = Codec.decode(bytes);
        if let Ok(Some(Frame::Audio(more))) = frame {
            samples.extend(more);
            continue;
        }
        if !samples.is_empty() {
            let samples = std::mem::take(&mut samples);
            let sent = heard.send(Heard::Audio(samples)).await;
            sent.map_err(|_| Ended::Left)?;
        }
        match frame? {
            Some(Frame::Key(key)) => {
                let sent = heard.send(Heard::Key(key)).await;
                sent.map_err(|_| Ended::Left)?;
            }
            Some(Frame::Hangup) => return Err(Ended::HungUp),
            Some(Frame::Error(code)) => return Err(Ended::Reported(code)),
            Some(Frame::Id(_)) => return Err(Ended::SecondId),
            Some(Frame::Audio(_)) => {}
            None => return Ok(()),
        }
    }
}

/// Plays what is to be played, else a frame of silence twice a second.
///
/// Every frame goes out in one piece: half a header would block the channel in Asterisk for good. A write that
/// takes long is given up with the connection.
async fn speak(
    writer: &mut OwnedWriteHalf,
    mut saying: watch::Receiver<Speech>,
    clock: Clock,
) -> Ended {
    let mut sound = Sound::of(saying.borrow_and_update().clone());
    let mut due = clock.now();
    let mut bytes = BytesMut::new();
    loop {
        let (frame, wait) = tokio::select! {
            biased;
            changed = saying.changed() => match changed {
                Ok(()) => {
                    sound = Sound::of(saying.borrow_and_update().clone());
                    due = due.min(clock.now());
                    continue;
                }
                Err(_) => return Ended::Left,
            },
            () = clock.sleep_until(due) => match sound.next() {
                Some(next) => next,
                None => return Ended::Played,
            },
        };
        bytes.clear();
        if let Err(error) = Codec.encode(&frame, &mut bytes) {
            return Ended::Frame(error);
        }
        match timeout(LONGEST_WRITE, writer.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Ended::Frame(error.into()),
            Err(_) => return Ended::NotRead,
        }
        // Asterisk plays what comes at once at once: a late frame is not caught up with.
        due = (due + wait).max(clock.now());
    }
}

/// Ends the connection as its protocol has it. What still comes is read off: a socket that is closed with something
/// unread in it is reset, which Asterisk logs as an error.
async fn hang_up(mut reader: OwnedReadHalf, mut writer: OwnedWriteHalf) -> io::Result<()> {
    let mut bytes = BytesMut::new();
    if Codec.encode(&Frame::Hangup, &mut bytes).is_ok() {
        writer.write_all(&bytes).await?;
    }
    writer.shutdown().await?;
    tokio::io::copy(&mut reader, &mut tokio::io::sink())
        .await
        .map(drop)
}

/// What is being played, and how far it has been.
struct Sound {
    speech: Speech,
    at: usize,
}

impl Sound {
    fn of(speech: Speech) -> Self {
        Self { speech, at: 0 }
    }

    /// The next frame, and after what time the one behind it is due; `None` at the end of what the line ends with.
    fn next(&mut self) -> Option<(Frame, Duration)> {
        let left = self.speech.samples.get(self.at..).unwrap_or_default();
        let wait = match (left.is_empty(), self.speech.is_last) {
            (false, false) => FRAME,
            (false, true) => FRAME / FASTER,
            (true, false) => SILENCE,
            (true, true) => return None,
        };
        let mut frame = left[..left.len().min(SAMPLES)].to_vec();
        self.at += frame.len();
        frame.resize(SAMPLES, 0);
        Some((Frame::Audio(frame), wait))
    }
}

/// Samples of a frame to Asterisk, and how long they sound.
const SAMPLES: usize = 160;
const FRAME: Duration = Duration::from_millis(20);

/// What nobody listens to goes so many times as fast: a channel of Asterisk's that has 97 frames unread drops 64 of them
/// (`__ast_queue_frame` in `main/channel.c`), which is half a second then.
pub(crate) const FASTER: u32 = 4;

/// A frame of silence is sent after this long without any other.
const SILENCE: Duration = Duration::from_millis(500);

/// How often what has come is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Nothing has come for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// A frame finds room in the network's buffers at once, or nobody reads at the other end.
const LONGEST_WRITE: Duration = Duration::from_secs(1);

/// Asterisk closes within milliseconds when it is hung up on.
const LONGEST_GOODBYE: Duration = Duration::from_secs(1);

/// What has come and is not listened to: looks, of at most a second's sound each.
const MOST_UNHEARD: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_is_cut_into_frames_and_followed_by_silence() {
        let first: Vec<i16> = (1..=160).collect();
        let last: Vec<i16> = (161..=200).chain([0; 120]).collect();
        let silence = Some((Frame::Audio(vec![0; SAMPLES]), SILENCE));
        for (is_last, wait, then) in [(false, FRAME, silence), (true, FRAME / 4, None)] {
            let samples = (1..=200).collect();
            let mut sound = Sound::of(Speech { samples, is_last });
            for frame in [&first, &last] {
                let frame = Frame::Audio(frame.clone());
                assert_eq!(sound.next(), Some((frame, wait)));
            }
            assert_eq!([sound.next(), sound.next()], [then.clone(), then]);
        }
    }
}
