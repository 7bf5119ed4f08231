//! Which calls are delivered, and where to.

use super::Destination;
use crate::audio::MediaTime;
use crate::call::record::{CallRecord, EndedBy, Mode};
use crate::call::verdict::Verdict;

/// Near speech that is worth hearing where `VoiceMail()` took the message itself.
const WORTH_HEARING: MediaTime = MediaTime::from_secs(1);

/// Where the message of a closed record goes, out of where the box wants its messages.
///
/// 1. In `observe` nowhere: `VoiceMail()` has taken the message itself. A call that was refused, or went straight
///    to `VoiceMail()`, was never heard.
/// 2. A verdict that is not delivered: nowhere. Speech before junk makes the verdict `message`, so it is
///    no exception here.
/// 3. The voice box holds sound: where nothing was heard it gets nothing, mail and webhook still tell of
///    the caller and his number. A recording that could not be kept yet still lies in the tap folder.
/// 4. A call that was handed on, or that Asterisk took away: `VoiceMail()` asks that caller for his
///    message itself; ours is delivered too if he had said something (a second of near speech) or keyed in
///    a number. Twice told is better than lost.
/// 5. A caller on the watch list is told of like a message whatever he was, into the voice box too: that is how
///    its telephone shows that he called. What was recorded of him is in it, or a second of silence.
/// 6. A call that a dead guard left behind is judged by its recording, and delivered as any other.
pub fn destinations_of(record: &CallRecord, wanted: &[Destination]) -> Vec<Destination> {
    use EndedBy::{Refused, Straight, TurnedAway};
    let unheard = matches!(record.ended_by, Some(Refused | Straight | TurnedAway));
    let is_watched = record.watched.is_some();
    let is_message = record.verdict.is_some_and(Verdict::is_delivered)
        && (!voicemail_asked(record) || said_something(record));
    if record.mode == Mode::Observe || unheard || !(is_message || is_watched) {
        return Vec::new();
    }
    let mut to: Vec<_> = wanted
        .iter()
        .copied()
        .filter(|&to| to != Destination::VoiceBox || is_watched || has_sound(record))
        .collect();
    to.sort_unstable();
    to.dedup();
    to
}

fn has_sound(record: &CallRecord) -> bool {
    record.audio.is_some() || record.seconds.speech > MediaTime::ZERO
}

fn voicemail_asked(record: &CallRecord) -> bool {
    matches!(record.ended_by, Some(EndedBy::HandedOn | EndedBy::Asterisk))
}

fn said_something(record: &CallRecord) -> bool {
    use crate::call::record::CallbackSource::{CallerIdConfirmed, Keyed, KeyedConfirmed};
    let keyed = matches!(
        record.callback.source,
        KeyedConfirmed | CallerIdConfirmed | Keyed
    );
    keyed || record.seconds.speech >= WORTH_HEARING
}
