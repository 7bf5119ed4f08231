//! What can happen to a call.

use crate::agi;
use crate::audio::MediaTime;
use crate::hearing::Update;

/// What the shell tells the conversation.
#[derive(Debug)]
pub enum Event {
    /// Asterisk sent a line: a reply or `HANGUP`. From the AGI stream.
    Agi(agi::Incoming),
    /// The FastAGI connection has ended or broken. From the AGI stream.
    AgiClosed,
    /// The first packets of the caller have come. From the tap.
    PacketsCame,
    /// The ear has something to say. From the ear.
    Heard(Update),
    /// The sound has been heard up to here. From the ear, after its updates.
    HeardUpTo(MediaTime),
    /// So much sound never came; it has been told to the ear as well. From the tap.
    StoodStill(MediaTime),
    /// The tap cannot be followed; why, for the log. From the tap.
    TapFailed(String),
    /// The last sound has been heard, as [`Action::FinishTap`](super::Action::FinishTap) asked.
    TapFinished,
    /// The guard must go now: the grace period of a graceful stop is over. From the server.
    Shutdown,
}
