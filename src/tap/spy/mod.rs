//! The tap `audiosocket`: a channel of Asterisk's own spies on the caller and sends what it hears.
//!
//! `EXEC Originate` makes a `Local` channel, one end of which is `ChanSpy()` on the caller, in the shipped
//! dialplan, while the other is `AudioSocket()`, which connects to the [listener](super::audiosocket). So AGI
//! stays free, and nothing is shared between the two machines but TCP. The caller's side comes sample for
//! sample, 8 kHz; nothing comes while they send no packets, and that is seen by the clock alone.
//!
//! Asterisk keeps nothing of it, so the guard does, in a raw file that grows while it listens: a guard that is
//! killed leaves what it has heard. The line closes when the caller hangs up, which AGI reports in the same
//! moment; where it does not, we are deaf.

mod incoming;
pub(crate) mod kept;
mod reach;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::reach::Reach;

use self::incoming::Incoming;
use self::kept::Kept;
use super::audiosocket::{Ended, Expected, Heard, Id, Line, Listener};
use super::plan::TapPlan;
use super::raw::Form;
use super::{Followed, Prepared, Source, TapError, TapEvent, Tapped};
use crate::agi::Command;
use crate::audio::MediaTime;
use crate::clock::Clock;
use crate::setting::is_plain_path;

/// Spies on callers.
#[derive(Debug)]
pub struct Spy {
    /// Where Asterisk's connections come in.
    pub listener: Listener,
    /// The same place as Asterisk sees it: host and port.
    pub address: String,
    /// Where what is heard is kept while it is heard.
    pub folder: PathBuf,
    /// Whether Asterisk reaches us.
    pub reach: Reach,
}

impl Source for Spy {
    fn prepare(&self, call: &Tapped<'_>) -> Result<Prepared, TapError> {
        if let Some(waited) = self.reach.is_in_doubt() {
            let address = self.address.clone();
            return Err(TapError::NotConnected { address, waited });
        }
        let expected = self.listener.expect(VALID)?;
        let plan = plan(&self.address, call.uniqueid, expected.id())?;
        let (path, address) = (Form::Spy.path(&self.folder, call.id), self.address.clone());
        let reach = self.reach.clone();
        let follow = move |clock: Clock| {
            let (events, receiver) = mpsc::channel(8);
            let finish = CancellationToken::new();
            let following = Following {
                address,
                path,
                clock,
                finish: finish.clone(),
                events,
                reach,
            };
            tokio::spawn(following.run(expected));
            Followed {
                events: receiver,
                finish,
            }
        };
        Ok(Prepared {
            plan,
            follow: Box::new(follow),
        })
    }
}

/// What begins the tap. It ends with its line, so no command ends it.
///
/// Of what Asterisk says about the call only its own uniqueid stands in an argument, and only where that is plain.
///
/// # Errors
/// The uniqueid could mean something else in a dialplan.
pub fn plan(address: &str, uniqueid: &str, id: Id) -> Result<TapPlan, TapError> {
    let is_plain = (2..=LONGEST_UNIQUEID).contains(&uniqueid.len())
        && is_plain_path(uniqueid)
        && !uniqueid.contains('/');
    if !is_plain {
        return Err(TapError::Uniqueid(uniqueid.into()));
    }
    let spy = format!(
        "Local/{uniqueid}@{CONTEXT}/n,app,AudioSocket,\"{id},{address}\",,{}",
        ANSWERS_WITHIN.as_secs()
    );
    Ok(TapPlan {
        begin: vec![Command::exec("Originate", spy)],
        ended_by: None,
        fills_under_prompt: false,
    })
}

/// The tap of one call.
struct Following {
    address: String,
    path: PathBuf,
    clock: Clock,
    finish: CancellationToken,
    events: mpsc::Sender<TapEvent>,
    reach: Reach,
}

impl Following {
    async fn run(self, expected: Expected) {
        let last = tokio::select! {
            last = self.follow(expected) => last,
            () = self.events.closed() => return,
        };
        let last = last.unwrap_or_else(TapEvent::Failed);
        let _ = self.events.send(last).await;
    }

    /// Follows the line to its end; the last event.
    async fn follow(&self, expected: Expected) -> Result<TapEvent, TapError> {
        let began = self.clock.now();
        let line = tokio::select! {
            line = expected.connected() => line.ok(),
            () = self.clock.sleep(COMES_WITHIN) => None,
            () = self.finish.cancelled() => None,
        };
        let Some(mut line) = line else {
            let waited = self.clock.now() - began;
            if self.finish.is_cancelled() && waited < SURELY_MADE {
                return Ok(TapEvent::Finished(Vec::new()));
            }
            let address = self.address.clone();
            self.reach.failed(waited);
            return Err(TapError::NotConnected { address, waited });
        };
        self.reach.succeeded();
        let mut sound = Incoming::new(self.clock.now());
        let mut file = Kept::make(&self.path).await?;
        let mut finish_by = None;
        while finish_by.is_none_or(|by| self.clock.now() < by) {
            let heard = tokio::select! {
                heard = line.next() => heard,
                () = self.clock.sleep(LOOK) => Heard::Pause,
                () = self.finish.cancelled(), if finish_by.is_none() => {
                    finish_by = Some(self.clock.now() + ON_ITS_WAY);
                    continue;
                }
            };
            match heard {
                Heard::Audio(samples) => {
                    self.lost(sound.came(&samples, self.clock.now())).await;
                    file.keep(&samples, self.clock).await?;
                    let _ = self.events.send(TapEvent::Samples(samples)).await;
                }
                Heard::Pause => self.lost(sound.stood(self.clock.now())).await,
                // AGI reports them.
                Heard::Key(_) => {}
                Heard::Closed(why) => {
                    self.closed(line, why).await?;
                    break;
                }
            }
        }
        file.write(self.clock).await?;
        Ok(TapEvent::Finished(sound.gaps))
    }

    async fn lost(&self, lost: Option<MediaTime>) {
        if let Some(lost) = lost {
            let _ = self.events.send(TapEvent::Gap(lost)).await;
        }
    }

    /// The caller's hang-up has closed the line, which AGI reports now; or we are deaf.
    async fn closed(&self, line: Line, why: Ended) -> Result<(), TapError> {
        drop(line);
        if matches!(why, Ended::Closed | Ended::HungUp) {
            tokio::select! {
                () = self.finish.cancelled() => return Ok(()),
                () = self.clock.sleep(AGI_REPORTS_IT) => {}
            }
        }
        Err(TapError::Closed(why))
    }
}

/// The context of the shipped dialplan that spies.
pub const CONTEXT: &str = "voicemail-guard-spy";

/// Asterisk's uniqueids have some 20 characters, and the system's name before them.
const LONGEST_UNIQUEID: usize = 149;

/// The id is made with the call's record, and used at the end of the set-up, which Asterisk may be slow about.
const VALID: Duration = Duration::from_mins(1);

/// The spy answers in milliseconds, or its context is missing.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// `AudioSocket()` connects in milliseconds, and gives up after two seconds (`res_audiosocket.c`).
const COMES_WITHIN: Duration = Duration::from_secs(3);

/// A shorter call may have ended before the connection was there.
const SURELY_MADE: Duration = Duration::from_secs(1);

/// While nothing comes the clock is looked at so often.
const LOOK: Duration = Duration::from_millis(200);

/// What was said before the end was asked for has come by then.
const ON_ITS_WAY: Duration = Duration::from_millis(150);

/// AGI reports a hang-up within milliseconds; `VoiceMail()` stores its message before that.
const AGI_REPORTS_IT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
