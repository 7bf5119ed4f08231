//! A caller's wait in one of Asterisk's queues.

use serde::{Deserialize, Serialize};

use super::CallId;

/// What is known of a wait in a queue; stands in the record of a queue watch, and in no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueWait {
    /// The queue, as queues.conf names it.
    pub queue: String,
    /// The caller's place when they joined, from 1; `None` until Asterisk has reported it.
    pub position: Option<u32>,
    /// Whole seconds from joining to the end; `None` until then, and where nobody joined.
    pub waited_s: Option<u32>,
    /// How it ended; `None` while it lasts, and where the guard did not live to see it.
    pub ended: Option<WaitEnd>,
    /// Two questions in a row went unanswered, the last time that this was so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<Nobody>,
}

impl QueueWait {
    /// A wait that is about to begin.
    pub fn new(queue: String) -> Self {
        Self {
            queue,
            position: None,
            waited_s: None,
            ended: None,
            nobody: None,
        }
    }

    /// What was heard in place of an answer, where there was none up to its end.
    pub fn unanswered(&self) -> Option<Instead> {
        let nobody = self.nobody.filter(|nobody| nobody.back_s.is_none());
        nobody.map(|nobody| nobody.heard)
    }

    /// Whether nobody was there at its end.
    pub fn is_deserted(&self) -> bool {
        self.unanswered().is_some_and(|heard| !heard.may_listen())
    }

    /// Whether an agent answered a telephone at which nobody was.
    pub fn was_answered_in_vain(&self) -> bool {
        self.is_deserted() && self.ended == Some(WaitEnd::Answered)
    }
}

/// The wait in a queue that the caller of a mailbox came from; stands in the record of the call for the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameFrom {
    /// The record of the wait.
    pub id: CallId,
    /// The queue, as queues.conf names it.
    pub queue: String,
    /// What was heard where nobody was there at the end of the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<Instead>,
}

impl CameFrom {
    /// Whether their hold music played at the end of the wait, and nobody was there.
    pub fn is_hold_music(&self) -> bool {
        self.nobody == Some(Instead::Music)
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitEnd {
    /// An agent answered, or the caller was connected with somebody in another way.
    Answered,
    /// The caller hung up.
    HungUp,
    /// The caller left the queue for the dialplan: by its timeout, by a key, or they never joined it.
    Left,
    /// The guard took the caller out of the queue.
    Ended,
    /// The manager interface was lost: what came of the caller is not known.
    ManagerLost,
    /// The guard stopped meanwhile.
    GuardStopped,
}

/// That nobody answered two questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nobody {
    /// What was heard instead.
    pub heard: Instead,
    /// Seconds after joining at which this was so.
    pub after_s: u32,
    /// Seconds after joining at which somebody gave a sign of life again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_s: Option<u32>,
}

/// What is heard where nobody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// Their hold music.
    Music,
    /// A machine's tone.
    Tone,
    /// An empty room, other people.
    Noise,
    /// What is sent to them comes back, the queue's own music: a speakerphone, and somebody may well be in the room.
    Echo,
    /// No packets come.
    NoAudio,
    /// A quiet line; somebody may well hold the receiver.
    Silence,
}

impl Instead {
    /// Whether somebody may be listening all the same.
    pub fn may_listen(self) -> bool {
        matches!(self, Self::Echo | Self::Silence)
    }

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Tone => "tone",
            Self::Noise => "noise",
            Self::Echo => "echo",
            Self::NoAudio => "no_audio",
            Self::Silence => "silence",
        }
    }
}
