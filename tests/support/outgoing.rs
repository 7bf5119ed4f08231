//! A message on its way, as the worker hands it out.

use jiff::SignedDuration;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_record::{CallId, Destination, PlaceInCase, Verdict};
use voicemail_guard::delivery::trim::{Stretch, Trimmed};
use voicemail_guard::delivery::{Outgoing, key_of};

use super::records;

/// Three seconds of sound, the number from the first to the third.
pub(crate) fn outgoing(destination: Destination) -> Outgoing {
    let record = records::closed(7, Verdict::Message);
    Outgoing {
        key: key_of(record.id, destination),
        case: Some(PlaceInCase {
            case: CallId::new(record.started - SignedDuration::from_hours(20), 3),
            place: 3,
            first: record.started - SignedDuration::from_hours(20),
        }),
        record,
        failures: 0,
        sound: Some(Trimmed {
            samples: (0..24_000).map(|n| (n % 2_000 - 1_000) as i16).collect(),
            pieces: Vec::new(),
            number: Some(Stretch {
                at: MediaTime::from_secs(1),
                len: MediaTime::from_secs(2),
            }),
            recorded: MediaTime::from_secs(58),
            gain_db: 0.0,
        }),
        original: None,
    }
}
