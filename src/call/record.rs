//! The one record a call leaves.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::audio::MediaTime;
use crate::hearing::{ClassSeconds, Segment};

/// A call's own identifier: 12 characters of Crockford's base 32, sorted by time. Also its file name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(u64);

impl CallId {
    const EPOCH_MS: i64 = 1_577_836_800_000;
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// Forty bits of time in milliseconds since 2020 (until 2054), twenty bits that tell calls of one
    /// millisecond apart.
    pub fn new(started: Timestamp, random: u32) -> Self {
        let ms = (started.as_millisecond() - Self::EPOCH_MS).max(0) as u64 & ((1 << 40) - 1);
        Self(ms << 20 | u64::from(random & 0xf_ffff))
    }

    /// Reads an identifier as people type it: any case, `o` for `0`, `i` and `l` for `1`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 12 {
            return None;
        }
        text.bytes()
            .try_fold(0u64, |id, byte| Some(id << 5 | Self::digit(byte)? as u64))
            .map(Self)
    }

    /// The beginning of an identifier, typed in the same ways, as [`Display`](fmt::Display) writes it.
    pub fn parse_prefix(text: &str) -> Option<String> {
        if text.len() > 12 {
            return None;
        }
        text.bytes()
            .map(|byte| Some(char::from(Self::ALPHABET[Self::digit(byte)?])))
            .collect()
    }

    /// The sixty bits, time first.
    pub fn bits(self) -> u64 {
        self.0
    }

    fn digit(byte: u8) -> Option<usize> {
        let byte = match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        Self::ALPHABET.iter().position(|&c| c == byte)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = (0..12)
            .rev()
            .map(|i| char::from(Self::ALPHABET[(self.0 >> (5 * i) & 31) as usize]))
            .collect();
        f.pad(&text)
    }
}

impl Serialize for CallId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no call id"))
    }
}

/// What the guard may do with the callers of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Hears and files; nothing is said or cut, Asterisk's own `VoiceMail()` takes the message.
    Observe,
    /// Speaks to the caller, never ends the call.
    Guide,
    /// Speaks and ends junk.
    #[default]
    Enforce,
}

/// Whether the caller showed a number (`agi_callingpres`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    /// The number is shown.
    Shown,
    /// The caller withholds it.
    Withheld,
    /// The network has none.
    #[default]
    Unavailable,
}

/// Who called, as the network said it. All text is hostile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The number as sent, empty when none was.
    pub number: String,
    /// The same in E.164 form, where it is a telephone number.
    pub e164: Option<String>,
    /// The name as sent.
    pub name: String,
    /// Shown, withheld or not available.
    pub presentation: Presentation,
}

/// Where a callback number comes from, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackSource {
    /// Keyed in and confirmed by the caller.
    KeyedConfirmed,
    /// Caller ID, confirmed with a key.
    CallerIdConfirmed,
    /// Keyed in, not confirmed.
    Keyed,
    /// Caller ID as sent.
    CallerId,
    /// There is none.
    #[default]
    None,
}

/// The number to call back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// As keyed or sent, empty when there is none.
    pub number: String,
    /// The same in E.164 form, where it is a telephone number.
    pub e164: Option<String>,
    /// Where it comes from.
    pub source: CallbackSource,
    /// Whether the caller confirmed it.
    pub confirmed: bool,
}

/// A prompt that was played, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The prompt's name, such as `still-there`.
    pub prompt: String,
    /// When it began, in the caller's sound.
    pub at: MediaTime,
    /// What the caller answered: `voice`, `key`, or nothing.
    pub answer: Option<String>,
}

/// How the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The caller hung up.
    Caller,
    /// The guard ended it: the cut-off.
    Guard,
    /// The longest message was reached.
    Limit,
    /// The caller left for the dialplan: `0` or `*` before the recording.
    Exit,
    /// The guard handed the caller on to `VoiceMail()` because something failed.
    HandedOn,
    /// More calls than allowed: refused at once, Asterisk carried on.
    Refused,
    /// Let straight through to `VoiceMail()`: the box's list says so.
    Straight,
    /// Refused at once, for good: the box's list says so.
    TurnedAway,
    /// Asterisk's side of the connection went away, or `VoiceMail()` took the message itself.
    Asterisk,
    /// The guard died during the call; the record was closed at its next start.
    Recovered,
}

/// What enforce would have done in a call that was only observed (`observing.rs` tells how that is reckoned).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WouldHave {
    /// How the call would have ended.
    pub ended_by: EndedBy,
    /// What the caller was by then.
    pub verdict: Verdict,
    /// Where in the caller's sound the call would have been over.
    pub at: MediaTime,
    /// How much longer it lasted; zero while it is up.
    pub saved_s: MediaTime,
}

impl WouldHave {
    /// The same once the call is over there: with what would have been saved, if anything.
    pub fn over_at(self, heard: MediaTime) -> Option<Self> {
        (self.at < heard).then(|| Self {
            saved_s: heard - self.at,
            ..self
        })
    }
}

/// The one record a call leaves: opened at the prelude, closed exactly once.
///
/// The fields and their names are what `calls --format json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call's own identifier.
    pub id: CallId,
    /// When the prelude was read.
    pub started: Timestamp,
    /// When the record was closed; `None` while the call is up.
    pub ended: Option<Timestamp>,
    /// Voice mailbox, such as `100@default`.
    #[serde(rename = "box")]
    pub box_name: String,
    /// Asterisk's identifier of the channel.
    pub uniqueid: String,
    /// Asterisk's identifier of all channels of the call; empty until Asterisk has told it.
    pub linkedid: String,
    /// Asterisk's name of the channel.
    pub channel: String,
    /// Who called.
    pub caller: Caller,
    /// The entry of the box's watch list that means the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<String>,
    /// The number that was dialled.
    pub dnid: String,
    /// The number that redirected the call.
    pub rdnis: String,
    /// What the caller was; `None` while the call is up.
    pub verdict: Option<Verdict>,
    /// How sure the guard is of the verdict, 0 to 1.
    pub confidence: f32,
    /// Why, as sentences for people.
    pub reasons: Vec<String>,
    /// Seconds of each class.
    pub seconds: ClassSeconds,
    /// What was played to the caller and what came of it.
    pub asked: Vec<Asked>,
    /// The number to call back.
    pub callback: Callback,
    /// What the guard was allowed to do.
    pub mode: Mode,
    /// How the call ended; `None` while it is up.
    pub ended_by: Option<EndedBy>,
    /// What enforce would have done in observe; `None` where it would not have ended the call earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_have: Option<WouldHave>,
    /// Seconds within which the next call by the same number belongs to the same case; `None` where calls
    /// form no cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_window_s: Option<u32>,
    /// What was heard, and when.
    pub timeline: Vec<Segment>,
    /// Path of the kept audio below the data folder, if there is any.
    pub audio: Option<String>,
    /// Where the message went, and when.
    pub delivered: Vec<String>,
}

/// Near speech that is worth hearing where `VoiceMail()` took the message itself.
const WORTH_HEARING: MediaTime = MediaTime::from_secs(1);

impl CallRecord {
    /// Whether a closed record tells of a message: of one that the guard has, or of a caller who said
    /// something worth hearing, or keyed in a number, and then was `VoiceMail()`'s.
    ///
    /// A call that was refused was never heard; who said nothing to the guard before `VoiceMail()` took
    /// over may have left a message or not.
    pub fn leaves_a_message(&self) -> bool {
        self.verdict.is_some_and(Verdict::is_delivered)
            && match self.ended_by {
                _ if !self.was_let_in() => false,
                Some(EndedBy::HandedOn | EndedBy::Asterisk) => self.said_something(),
                _ => self.mode != Mode::Observe || self.said_something(),
            }
    }

    /// Whether the guard dealt with the caller at all: not where it had no room, nor where a list says so.
    pub fn was_let_in(&self) -> bool {
        use EndedBy::{Refused, Straight, TurnedAway};
        !matches!(self.ended_by, Some(Refused | Straight | TurnedAway))
    }

    fn said_something(&self) -> bool {
        use CallbackSource::{CallerIdConfirmed, Keyed, KeyedConfirmed};
        matches!(
            self.callback.source,
            KeyedConfirmed | CallerIdConfirmed | Keyed
        ) || self.seconds.speech >= WORTH_HEARING
    }
}
