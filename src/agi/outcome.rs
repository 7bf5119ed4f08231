//! What became of a command.

use bytes::Bytes;

use super::key::Key;
use super::reply::Reply;

/// What became of a command: the reply as this very command means it, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and there is no more to say: ANSWER, SET VARIABLE, VERBOSE.
    Done,
    /// STREAM FILE, SAY DIGITS, WAIT FOR DIGIT: it ended by itself or by a key.
    Key {
        /// The key that ended it; `None` when it came to its end or the time was up.
        key: Option<Key>,
        /// Samples played, where Asterisk says it.
        endpos: Option<u64>,
    },
    /// GET VARIABLE, GET FULL VARIABLE: the value; `None` when there is none.
    Value(Option<Bytes>),
    /// CHANNEL STATUS.
    State(ChannelState),
    /// EXEC: what the application returned, 0 for most. A missing sound or mailbox gives 0, too.
    Executed(i64),
    /// EXEC: there is no such application.
    NoSuchApplication,
    /// `-1`, and the channel lives: Asterisk could not do it.
    Failed(Failure),
    /// `-1` because the caller has gone: the channel is dead from here on.
    ChannelGone,
    /// `511`: the channel was dead before the command came.
    DeadChannel,
    /// `510`: this Asterisk has no such command.
    UnknownCommand,
    /// `520`: wrong arguments, with Asterisk's explanation.
    Usage(Bytes),
    /// A reply that this command cannot have.
    Malformed(Reply),

    /// The connection closed before the reply.
    Lost,
}

/// What `-1` on a living channel means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The sound file is not there in this language, or in no format that can be played.
    FileMissing,
    /// The channel or the application refused.
    Refused,
}

/// CHANNEL STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelState {
    /// 0: down and available.
    Down,
    /// 1: down, but reserved.
    Reserved,
    /// 2: off hook.
    OffHook,
    /// 3: digits have been dialled.
    Dialing,
    /// 4: ringing.
    Ring,
    /// 5: the far end is ringing.
    Ringing,
    /// 6: up, the call is answered.
    Up,
    /// 7: busy.
    Busy,
}
