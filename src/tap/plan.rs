//! What a tap wants of the conversation, as values. Pure.

use crate::agi::Command;

/// The commands that begin and end a tap, which the conversation sends for it.
///
/// A tap that Asterisk ends by itself, with the channel or with a socket of ours, has no command
/// for it. None may hold AGI while it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapPlan {
    /// Sent in this order during the set-up, each behind the reply to the one before; a refusal
    /// hands the call on.
    pub begin: Vec<Command>,
    /// The application that ends it; its argument is the tap's id, the value that a GET VARIABLE of
    /// `begin` gave.
    pub ended_by: Option<&'static str>,
    /// Whether sound comes while a prompt plays even if the caller sends no packets, so that a tap
    /// which stands still meanwhile is broken.
    pub fills_under_prompt: bool,
}

impl TapPlan {
    /// The command that ends the tap of this id.
    pub fn end(&self, id: &str) -> Option<Command> {
        Some(Command::exec(self.ended_by?, id))
    }
}
