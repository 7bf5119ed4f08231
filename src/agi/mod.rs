//! FastAGI, pure: bytes to values and back, and the small machine that keeps replies matched.
//!
//! ```text
//! bytes ─► Codec ─► Incoming { Request │ Reply │ Hangup } ─► Exchange ─► Finished
//!            ▲                                                  │
//!            └────────────── Command ◄──── poll_send ───────────┘
//! ```
//!
//! Nothing here waits, knows the time or owns a socket. Source of the forms: `res/res_agi.c` of
//! Asterisk 16 to 22, checked against running ones. Of its 47 commands here are those that the
//! guard uses.

mod codec;
mod command;
mod encode;
mod exchange;
mod key;
mod outcome;
mod reading;
mod reply;
mod request;
mod verb;

pub use codec::{Codec, CodecError, CodecLimits, Incoming, Part};
pub use command::Command;
pub use encode::EncodeError;
pub use exchange::{Exchange, Finished, Handled, Refused};
pub use key::{Key, Keys};
pub use outcome::{ChannelState, Failure, Outcome};
pub use reply::{Reply, ResultLine};
pub use request::Request;
pub use verb::Verb;
