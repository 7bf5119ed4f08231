//! Sound over a network: the listener that Asterisk's `AudioSocket()` connects to.
//!
//! It knows nothing of calls. Whoever expects sound has an [`Id`] made, has Asterisk connect with it, and
//! gets a [`Line`]: what is heard on it, and a way to play something into it.
//!
//! ```text
//! let expected = listener.expect(Duration::from_secs(5))?;
//! …                                     Asterisk connects, and names expected.id()
//! let mut line = expected.connected().await?;
//! line.play(&question);                 paced, over whatever is heard
//! while let Heard::Audio(samples) = line.next().await { … }
//! drop(line);                           ends the connection, and with it the channel
//! ```
//!
//! The [protocol](Frame) has neither passwords nor encryption. What a connection gets by is its id: random,
//! for one connection, valid for seconds. One that comes with an id that has been taken ends both, since one
//! of the two has read it on its way; the networks between are the administrator's.

mod frame;
mod id;
mod line;
mod listener;
mod register;

pub use self::frame::{Codec, Frame, FrameError};
pub use self::id::Id;
pub(crate) use self::line::FASTER;
pub use self::line::{Ended, Heard, Line};
pub use self::listener::{Expected, Listener, NeverCame};

#[cfg(test)]
mod tests;
