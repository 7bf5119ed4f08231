//! How a call went, as the caller saw it.

use std::time::Duration;

use crate::sound::Sound;

/// How a call went, as the caller saw it.
#[derive(Debug)]
pub struct Stay {
    /// Whether Asterisk ended it, and not the caller.
    pub ended_by_asterisk: bool,
    /// From the answer to the end.
    pub lasted: Duration,
    /// When the caller was spoken to or played something: from and to, since the answer.
    pub heard: Vec<(Duration, Duration)>,
    /// What they were sent, packet behind packet.
    pub sound: Sound,
}

impl Stay {
    /// How often the caller was spoken to. A machine that is too busy breaks what is said into pieces; between two
    /// prompts the guard listens for longer than that.
    pub fn times_spoken_to(&self) -> usize {
        let pauses = self.heard.windows(2).map(|two| two[1].0 - two[0].1);
        let long = pauses.filter(|&pause| pause > Duration::from_secs(4));
        usize::from(!self.heard.is_empty()) + long.count()
    }
}
