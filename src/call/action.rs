//! What the conversation wants done.

use crate::agi::Command;
use crate::record::CallRecord;

/// What the shell owes the conversation, in this order.
#[derive(Debug)]
#[must_use]
pub enum Action {
    /// Write this command in one piece; its reply comes back as [`Event::Agi`](super::Event::Agi).
    Send(Command),
    /// Follow the file that MixMonitor has begun; what is heard comes back as events.
    FollowTap,
    /// Read the file to its end, then report [`Event::TapFinished`](super::Event::TapFinished).
    FinishTap,
    /// File what is known so far, so that it outlives the guard.
    Save(Box<CallRecord>),
    /// Close the record: stamp it, keep its audio, file it. The last but one action of every call.
    File(Box<CallRecord>),
    /// Close the connection. The last action of every call.
    Close,
}
