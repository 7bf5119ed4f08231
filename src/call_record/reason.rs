//! Why a verdict was given, as values; the words for them stand in `wording`.

use serde::{Deserialize, Serialize};

use crate::audio::MediaTime;
use crate::hearing::Signal;

/// Why a verdict was given, or why there is none by the sound. Lengths are of sound.
///
/// Serialised as `{"why": "speech", "of": 14.2}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", content = "of", rename_all = "snake_case")]
pub enum Reason {
    /// No packet came in the whole call.
    NoPackets,
    /// So much near speech.
    Speech(MediaTime),
    /// Near speech, but less than is worth keeping.
    LittleSpeech(MediaTime),
    /// No near speech at all.
    NoSpeech,
    /// So much music; the speech beside it.
    Music(MediaTime, MediaTime),
    /// Speech came before the music.
    SpeechBeforeMusic(MediaTime),
    /// Speech came before the noise.
    SpeechBeforeNoise(MediaTime),
    /// Music lies behind or between the speech.
    MusicBehindSpeech(MediaTime),
    /// A machine signal; which, if it was recognised.
    Tone(MediaTime, Option<Signal>),
    /// So much speech behind a special information tone: the network's announcement.
    Announcement(MediaTime),
    /// The caller types on a textphone.
    Textphone,
    /// So much noise or far voices.
    Noise(MediaTime),
    /// So much silence.
    Silence(MediaTime),
    /// Talked up to the longest message.
    ReachedLimit(MediaTime),
    /// Was asked to say the number first.
    WasPrompted,
    /// So little was recorded.
    Short(MediaTime),
    /// The caller keyed in a number.
    NumberKeyed,
    /// The caller confirmed with a key that they may be called back at their caller ID.
    NumberConfirmed,
    /// The caller answered a question.
    Answered,
    /// The facts lie too close to the border between two verdicts.
    Borderline,
    /// The question was asked, and not answered before the guard ended the call.
    DidNotAnswer,
    /// The caller left with this key for this place in the dialplan.
    LeftWithKey(char, String),
    /// Not heard: this entry of `straight_to_voicemail` means the caller.
    Straight(String),
    /// Not heard: this entry of `refuse` means the caller.
    Refused(String),
    /// Enforce would have refused the caller by this entry of `refuse`.
    WouldRefuse(String),
    /// Not heard: more calls than `max_calls`.
    TooManyCalls,
    /// Not heard: Asterisk had answered other calls late.
    Behind,
    /// The request names no mailbox.
    NoMailbox,
    /// The request names a mailbox that Asterisk cannot have; the name is hostile.
    ImpossibleMailbox(String),
    /// Not heard: this keeps messages out of the mailbox, and they would reach nobody else.
    Undeliverable(String),
    /// Something failed, and `VoiceMail()` took the caller.
    HandedOn(Trouble),
    /// Something failed.
    Trouble(Trouble),
    /// Nothing is left of the sound of a call that had to be recovered.
    NothingLeft,
    /// A sentence of a record from before reasons were values.
    #[serde(untagged)]
    Text(String),
}

/// What failed in a call.
///
/// Serialised as `{"what": "prompt", "which": "still-there"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", content = "which", rename_all = "snake_case")]
pub enum Trouble {
    /// The longest call, in seconds, was reached where nobody is ended.
    LongestCall(f64),
    /// The end of the recording could not be read in time.
    NotHeardToTheEnd,
    /// The caller's sound did not come while their answer was awaited.
    AnswerNotHeard,
    /// Asterisk's recording stood still while a prompt was played.
    NotRecorded,
    /// The tap failed, with this error.
    Tap(String),
    /// Asterisk's absolute timeout ended the call.
    AbsoluteTimeout,
    /// This prompt could not be played.
    Prompt(String),
    /// Asterisk refused this command.
    Command(String),
    /// Asterisk did not answer in time.
    NoReply,
    /// Asterisk answered late by so much.
    Late(MediaTime),
    /// The connection to Asterisk broke off.
    Disconnected,
    /// The guard was stopped during the call.
    Stopped,
    /// The guard died during the call.
    Died,
    /// The guard failed or left the call before it was over.
    Abandoned {
        /// By a fault of its own.
        failed: bool,
    },
}
