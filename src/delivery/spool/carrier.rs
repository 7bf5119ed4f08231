//! The sound of a replayed message, to an Asterisk that shares no folder with the guard.
//!
//! The playing end of the replay has `AudioSocket()` connect to the guard, which sends the message and ends the
//! connection; the listening end has `Record()` keep it, and compares its length with what the guard says that it is.
//! Only what has come whole is then played to `VoiceMail()`, from Asterisk's own disk: a guard that dies on the way
//! leaves nothing, and one that dies later changes nothing any more.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

use crate::audio::RATE_HZ;
use crate::delivery::DeliveryError;
use crate::tap::TapError;
use crate::tap::audiosocket::{Expected, FASTER, Heard, Listener};
use crate::tap::spy::Reach;

/// Where Asterisk comes for the sound of messages.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Where its connections come in.
    pub listener: Listener,
    /// The same place as Asterisk sees it: host and port.
    pub address: String,
    /// Whether Asterisk reaches it.
    pub reach: Reach,
}

/// The sound of one message that Asterisk is to come for.
pub(super) struct Carried {
    expected: Expected,
    carrier: Carrier,
}

impl Carrier {
    /// Keeps the sound ready, for whoever comes within `valid` with the right id.
    pub(super) fn ready(
        &self,
        mut sound: Vec<i16>,
        valid: Duration,
    ) -> Result<Carried, DeliveryError> {
        if let Some(waited) = self.reach.is_in_doubt() {
            let address = self.address.clone();
            let error = TapError::NotConnected { address, waited };
            return Err(DeliveryError::transient(error));
        }
        sound.resize(sound.len() + LEFT_OUT, 0);
        let expected = self.listener.expect_to_bring(sound.into(), valid);
        Ok(Carried {
            expected: expected.map_err(DeliveryError::transient)?,
            carrier: self.clone(),
        })
    }

    /// How long so many samples are on their way.
    pub(super) fn takes(samples: usize) -> Duration {
        let sounds = samples as f64 / f64::from(RATE_HZ);
        Duration::from_secs_f64(sounds / f64::from(FASTER))
    }
}

/// What `Record()` leaves out of its end when a key ends it (`app_record.c`): a quarter of a second.
const LEFT_OUT: usize = RATE_HZ as usize / 4;

impl Carried {
    /// What the dialplan has to know.
    pub(super) fn variables(&self) -> Vec<String> {
        vec![
            format!("VG_SOUND_ID={}", self.expected.id()),
            format!("VG_SOUND_AT={}", self.carrier.address),
        ]
    }

    /// Hands it over when Asterisk comes, until that future is over; gives its output, and whether Asterisk came.
    pub(super) async fn hand_over<T>(self, until: impl Future<Output = T>) -> (T, bool) {
        let mut came = false;
        let handing = async {
            if let Ok(mut line) = self.expected.connected().await {
                came = true;
                self.carrier.reach.succeeded();
                while !matches!(line.next().await, Heard::Closed(_)) {}
            }
            pending::<Infallible>().await
        };
        let over = tokio::select! {
            over = until => over,
            never = handing => match never {},
        };
        (over, came)
    }
}
