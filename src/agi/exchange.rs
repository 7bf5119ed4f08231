//! The small machine between commands and replies.

use super::codec::Incoming;
use super::command::Command;
use super::encode::EncodeError;
use super::outcome::{ChannelState, Failure, Outcome};
use super::reading::{Reading, missing_file_or_refusal, read};
use super::reply::{Reply, ResultLine};

/// Keeps one session's commands and replies matched, and knows whether the channel lives.
///
/// Law: every command that [`start`](Self::start) or [`start_behind`](Self::start_behind) took ends
/// exactly once: *replied* or *lost* with the channel. A reply to nothing is reported and never
/// matched to a later command.
///
/// ```text
///            start             reply
///   Idle ───────────► Awaiting ───────────────────────────► Idle   replied
///                         │   -1, nobody knows why
///                         └────────► Probing ── status ───► Idle   replied: gone, or failed
///   any state ── closed ──► Closed                                 lost, or gone behind a -1
/// ```
///
/// `-1` has three causes that look alike. They are told apart like this:
///
/// * the `HANGUP` line was seen, or `511`: the caller has gone, [`Outcome::ChannelGone`];
/// * else CHANNEL STATUS is asked, once: where it answers `511` or its reply comes behind a
///   `HANGUP` line, the caller has gone (Asterisk sends that line only in front of its *next*
///   reply, and with `AGISIGHUP=no` never); where another command waits at Asterisk's end, only
///   behind the reply to that one;
/// * where the channel has a state, the command failed: a command that plays a file and played
///   nothing of it misses its file, [`Failure::FileMissing`]; all others were [`Failure::Refused`].
#[derive(Debug, Default)]
pub struct Exchange {
    state: State,
    /// What waits at Asterisk's end behind the command under way.
    behind: Option<Command>,
    dead: bool,
    outbox: Option<Command>,
}

/// A command that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The command as it was started.
    pub command: Command,
    /// What became of it.
    pub outcome: Outcome,
}

/// What something that came in has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Handled {
    /// Nothing yet.
    Nothing,
    /// The command under way has ended.
    Finished(Finished),
    /// The caller has hung up: the first `HANGUP` line. A command under way still gets its reply.
    HungUp,
    /// A reply to no command, or a line that is no reply: for the log.
    Unexpected(Reply),
}

/// Why a command was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another command is under way.
    #[error("another command is under way")]
    Busy,
    /// The command needs a living channel.
    #[error("the channel is dead")]
    DeadChannel,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// Nothing is under way that another command can wait behind, or one waits already.
    #[error("nothing under way can be followed")]
    NotFollowable,
    /// The command cannot be put on a line.
    #[error(transparent)]
    Unsendable(#[from] EncodeError),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Awaiting {
        command: Command,
    },
    /// The command's `-1` is here; CHANNEL STATUS is under way, or follows the reply to what was
    /// sent behind.
    Probing {
        command: Command,
        line: ResultLine,
    },
    Closed,
}

impl Exchange {
    /// A session whose prelude has just been read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a command; [`Self::poll_send`] gives it out.
    pub fn start(&mut self, command: Command) -> Result<(), Refused> {
        match self.state {
            State::Idle => {}
            State::Closed => return Err(Refused::Closed),
            State::Awaiting { .. } | State::Probing { .. } => return Err(Refused::Busy),
        }
        if self.dead && !command.verb().is_legal_on_dead_channel() {
            return Err(Refused::DeadChannel);
        }
        command.check()?;
        self.outbox = Some(command.clone());
        self.state = State::Awaiting { command };
        Ok(())
    }

    /// Sends a command behind the one under way, which goes on undisturbed: Asterisk takes it as
    /// soon as that one has ended, even if we no longer say anything by then.
    ///
    /// Not at once behind the start of the other: `run_agi` of `res_agi.c` may read both into its
    /// buffer, and then forgets the second until a third comes. Only what needs no living channel
    /// can be sent so.
    pub fn start_behind(&mut self, command: Command) -> Result<(), Refused> {
        match &self.state {
            State::Closed => return Err(Refused::Closed),
            State::Awaiting { command: first }
                if self.behind.is_none()
                    && self.outbox.is_none()
                    && !first.verb().is_interruptible()
                    && command.verb().is_legal_on_dead_channel() => {}
            _ => return Err(Refused::NotFollowable),
        }
        command.check()?;
        self.outbox = Some(command.clone());
        self.behind = Some(command);
        Ok(())
    }

    /// The next line to write: call it after everything else, until it gives `None`.
    pub fn poll_send(&mut self) -> Option<Command> {
        self.outbox.take()
    }

    /// Takes what came in.
    pub fn handle(&mut self, incoming: Incoming) -> Handled {
        match incoming {
            Incoming::Hangup if self.dead => Handled::Nothing,
            Incoming::Hangup => {
                self.dead = true;
                Handled::HungUp
            }
            Incoming::Reply(reply) => self.handle_reply(reply),
            Incoming::Request(_) => Handled::Nothing,
        }
    }

    /// The connection has closed: whatever was under way is lost with it; call it until it gives
    /// `None`.
    pub fn closed(&mut self) -> Option<Finished> {
        self.dead = true;
        self.outbox = None;
        let (command, outcome) = match std::mem::replace(&mut self.state, State::Closed) {
            State::Idle | State::Closed => (self.behind.take()?, Outcome::Lost),
            State::Awaiting { command } => (command, Outcome::Lost),
            State::Probing { command, .. } => (command, Outcome::ChannelGone),
        };
        Some(Finished { command, outcome })
    }

    /// Whether the caller has gone, as far as Asterisk has let us know.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether a command can be started.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// The command that has not ended yet.
    pub fn under_way(&self) -> Option<&Command> {
        match &self.state {
            State::Idle | State::Closed => None,
            State::Awaiting { command } | State::Probing { command, .. } => Some(command),
        }
    }

    fn handle_reply(&mut self, reply: Reply) -> Handled {
        if matches!(reply, Reply::Garbage(_)) {
            return Handled::Unexpected(reply);
        }
        match std::mem::take(&mut self.state) {
            state @ (State::Idle | State::Closed) => {
                self.state = state;
                Handled::Unexpected(reply)
            }
            state if reply == Reply::Trying => {
                self.state = state;
                Handled::Nothing
            }
            State::Awaiting { command } => self.replied(command, reply),
            State::Probing { command, line } => self.probed(command, line, reply),
        }
    }

    fn replied(&mut self, command: Command, reply: Reply) -> Handled {
        match read(&command, reply) {
            Reading::Certain(outcome) => self.finish(command, outcome),
            Reading::MinusOne(_) if self.dead => self.finish(command, Outcome::ChannelGone),
            Reading::MinusOne(line) => {
                // Beside a line that Asterisk has not read yet, this one would be forgotten.
                if self.behind.is_none() {
                    self.outbox = Some(Command::channel_status());
                }
                self.state = State::Probing { command, line };
                Handled::Nothing
            }
        }
    }

    fn probed(&mut self, command: Command, line: ResultLine, status: Reply) -> Handled {
        if let Some(behind) = self.behind.take() {
            let outcome = match read(&behind, status) {
                Reading::Certain(outcome) => outcome,
                Reading::MinusOne(_) => Outcome::Failed(Failure::Refused),
            };
            self.dead |= is_end_of_channel(&outcome);
            self.outbox = Some(Command::channel_status());
            self.state = State::Probing { command, line };
            return Handled::Finished(Finished {
                command: behind,
                outcome,
            });
        }
        let status = match read(&Command::channel_status(), status) {
            Reading::Certain(outcome) => outcome,
            Reading::MinusOne(_) => Outcome::ChannelGone,
        };
        let gone = self.dead || matches!(status, Outcome::ChannelGone | Outcome::DeadChannel);
        let outcome = if gone {
            Outcome::ChannelGone
        } else if matches!(status, Outcome::State(ChannelState::Down)) {
            Outcome::Failed(Failure::Refused)
        } else {
            Outcome::Failed(missing_file_or_refusal(command.verb(), &line))
        };
        self.finish(command, outcome)
    }

    fn finish(&mut self, command: Command, outcome: Outcome) -> Handled {
        self.dead |= is_end_of_channel(&outcome);
        self.state = match self.behind.take() {
            Some(command) => State::Awaiting { command },
            None => State::Idle,
        };
        Handled::Finished(Finished { command, outcome })
    }
}

fn is_end_of_channel(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::ChannelGone | Outcome::DeadChannel)
}
