//! What became of a command.

use bytes::Bytes;

use super::key::Key;
use super::reply::Reply;

/// What became of a command: the reply as this very command means it, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and there is nothing to tell: ANSWER, NOOP, SET …, VERBOSE, DATABASE PUT, HANGUP.
    Done,
    /// Asterisk says that it did not do it: `0` where `1` means done (DATABASE PUT, SPEECH …).
    NotDone,
    /// STREAM FILE, CONTROL STREAM FILE, GET OPTION, WAIT FOR DIGIT, SAY …: it ended by itself or by a key.
    Key {
        /// The key that ended it; `None` when it came to its end or the time was up.
        key: Option<Key>,
        /// Samples played, where Asterisk says it.
        endpos: Option<u64>,
    },
    /// GET DATA: the keys in their order, perhaps none.
    Digits {
        /// The keys without the closing `#`.
        keys: Vec<Key>,
        /// Whether time ran out before `#` or the last key allowed.
        timed_out: bool,
    },
    /// GET VARIABLE, GET FULL VARIABLE, DATABASE GET, RECEIVE TEXT: the value; `None` when there is none.
    Value(Option<Bytes>),
    /// CHANNEL STATUS.
    State(ChannelState),
    /// EXEC: what the application returned, 0 for most. A missing sound or box gives 0, too.
    Executed(i64),
    /// EXEC: there is no such application.
    NoSuchApplication,
    /// GOSUB.
    Gosub(GosubEnd),
    /// RECEIVE CHAR: the character's code; `None` when the time was up.
    Character(Option<u32>),
    /// RECORD FILE.
    Recorded {
        /// Why it ended.
        end: RecordEnd,
        /// Samples in the file, at the file's own rate.
        endpos: Option<u64>,
    },
    /// SPEECH RECOGNIZE.
    Speech(SpeechEnd),
    /// CHANNEL STATUS or HANGUP of another channel: there is none of that name.
    NoSuchChannel,

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

    /// Ended by [`super::Exchange::interrupt`]; Asterisk gives no reply then.
    Swallowed,
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

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordEnd {
    /// By a key.
    Key(Key),
    /// The time was up.
    Timeout,
    /// Most likely by silence, with this many milliseconds left (99,981 and the like where there is no
    /// limit). A time-out can leave a few, too: judge by the time that passed.
    Silence {
        /// The number that Asterisk gives; never a key.
        left: i64,
    },
    /// The caller hung up; the file is kept.
    Hangup,
    /// The channel failed while waiting for sound.
    ChannelError,
    /// The file could not be opened: format, folder or rights.
    Unwritable,
    /// The beep failed or was broken off.
    Interrupted,
}

/// How a subroutine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GosubEnd {
    /// It came to its `Return()`.
    Complete,
    /// It ended in another way, a hang-up for instance.
    Abnormal,
    /// There is no such label.
    NoSuchLabel,
    /// It could not be run.
    Failed,
}

/// How listening for speech ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechEnd {
    /// Something was recognised; Asterisk's `score0=… text0="…" grammar0=…` as it stands.
    Heard(Bytes),
    /// A key was pressed.
    Key(Key),
    /// The time was up.
    Timeout,
    /// Nothing came of it.
    Nothing,
}
