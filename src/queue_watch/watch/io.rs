//! What goes in and out of a watch: events and actions.

use super::Move;
use crate::audio::MediaTime;
use crate::call_record::{CallRecord, Instead};
use crate::hearing::Update;

/// What can happen to a caller who waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// Asterisk reports the caller in the queue.
    Joined {
        /// Their place, from 1.
        position: Option<u32>,
        /// What the channel is called now.
        channel: String,
    },
    /// Somebody has answered, or the caller is connected with somebody in another way.
    Answered,
    /// Somebody else joins the queue or leaves it.
    Others(Move),
    /// The caller is in the queue no longer.
    Gone(Departure),
    /// The caller pressed a key.
    Key,
    /// The queue's music begins, or makes room for an announcement.
    HoldMusic(bool),
    /// The manager interface does not report any more what happens.
    ManagerLost,
    /// The tap has connected.
    Tapped,
    /// The caller's side is not heard any more, or never was; why, for the record.
    TapFailed(String),
    /// A change of class. From the ear.
    Heard(Update),
    /// The sound has been heard up to here. From the ear, after its updates.
    HeardUpTo(MediaTime),
    /// So much sound never came; the ear knows of it as well.
    Gap(MediaTime),
    /// The question has been said to its end.
    Said,
    /// What was said has come back, or has not.
    Echo(bool),
    /// The question cannot be said.
    Unsayable,
    /// Asterisk did not take the caller out of the queue.
    Refused(String),
    /// The guard stops.
    Stop,
}

/// How a caller left the queue without having been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// They hung up.
    HungUp,
    /// They went on in the dialplan.
    Left,
}

/// What the shell does for a watch, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Begin to listen to the caller's side; [`Event::Tapped`] or [`Event::TapFailed`] comes back.
    BeginTap,
    /// Say the question over what the caller hears; [`Event::Said`] or [`Event::Unsayable`] comes back.
    Ask,
    /// Stop listening, at once.
    EndTap,
    /// Report to dialplan and programs whether somebody is there.
    Report {
        /// Nobody is, and this is heard instead; `None` where somebody is there again.
        nobody: Option<Instead>,
    },
    /// Take the caller out of the queue; [`Event::Refused`] comes back where that fails.
    TakeOut,
    /// File what is known so far, so that it outlives the guard.
    Save(Box<CallRecord>),
    /// Close the record. The last action of every watch.
    File(Box<CallRecord>),
}
