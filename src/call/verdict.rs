//! What a caller was, by explicit rules over the timeline.
//!
//! The rules of [`judge`] are asked in order; the first that fits decides. Junk needs evidence for junk,
//! and near speech of [`MESSAGE`] or more is delivered unless music or office life plainly outweighs it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::record::EndedBy;
use crate::audio::MediaTime;
use crate::hearing::{Class, Timeline};

/// What a caller was: the table of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Left a proper message; delivered.
    Message,
    /// Talked past the limit or had to be asked for the number; delivered.
    Rambler,
    /// Hung up at once.
    Hangup,
    /// Muttered and hung up.
    Mutter,
    /// Parked us on hold music.
    HoldMusic,
    /// Laid the handset aside.
    Aside,
    /// Said nothing on an open line.
    Silent,
    /// Sent no sound at all.
    NoAudio,
    /// A machine: busy, dial, ringback, fax, SIT.
    Tone,
    /// The guard cannot tell; delivered.
    Unsure,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 10] = [
        Self::Message,
        Self::Rambler,
        Self::Hangup,
        Self::Mutter,
        Self::HoldMusic,
        Self::Aside,
        Self::Silent,
        Self::NoAudio,
        Self::Tone,
        Self::Unsure,
    ];

    /// Whether the team gets it as a message.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Message | Self::Rambler | Self::Unsure)
    }

    /// The word that stands in the log and in `GUARD_VERDICT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Rambler => "rambler",
            Self::Hangup => "hangup",
            Self::Mutter => "mutter",
            Self::HoldMusic => "hold_music",
            Self::Aside => "aside",
            Self::Silent => "silent",
            Self::NoAudio => "no_audio",
            Self::Tone => "tone",
            Self::Unsure => "unsure",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = UnknownVerdict;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|v| v.as_str() == word)
            .ok_or_else(|| UnknownVerdict(word.into()))
    }
}

/// A word that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no verdict {0:?}; one of message, rambler, hangup, mutter, hold_music, aside, silent, no_audio, tone, unsure"
)]
pub struct UnknownVerdict(pub String);

/// What is known of a call when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was heard.
    pub timeline: &'a Timeline,
    /// Where the recording proper began; zero for a file.
    pub recording_from: MediaTime,
    /// Whether any packet ever came.
    pub packets: bool,
    /// The longest message.
    pub longest_message: MediaTime,
    /// Whether the rambler's prompt was given.
    pub rambler_prompted: bool,
    /// Whether the caller keyed digits.
    pub number_keyed: bool,
    /// How often the question was asked.
    pub questions: u32,
    /// How the call ended.
    pub ended_by: EndedBy,
}

impl<'a> Facts<'a> {
    /// The facts of a recording that no conversation goes with.
    pub fn of_recording(timeline: &'a Timeline) -> Self {
        Self {
            timeline,
            recording_from: MediaTime::ZERO,
            packets: timeline.heard() > MediaTime::ZERO,
            longest_message: MediaTime::from_secs(120),
            rambler_prompted: false,
            number_keyed: false,
            questions: 0,
            ended_by: EndedBy::Caller,
        }
    }
}

/// A verdict, how sure it is, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What the caller was.
    pub verdict: Verdict,
    /// How far the deciding figure lies from its limit: 0.5 at the limit, towards 1 far from it.
    pub confidence: f32,
    /// Why, the deciding reason first.
    pub reasons: Vec<Reason>,
}

/// Why a verdict was given.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// So much of a class was heard.
    Heard(Class, MediaTime),
    /// No packet ever came.
    NoPackets,
    /// A machine's signal was recognised.
    Signal(String),
    /// The caller hung up after so long.
    HungUpAfter(MediaTime),
    /// The longest message was reached.
    LongestMessage,
    /// The rambler's prompt was given.
    AskedForNumber,
    /// A number was keyed in.
    NumberKeyed,
    /// The question was asked and not answered in the end.
    Unanswered,
    /// Too little speech for a message, too much for a mutter.
    Between,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heard(class, length) => write!(f, "{length} of {class}"),
            Self::NoPackets => f.write_str("no packets came from the caller"),
            Self::Signal(signal) => write!(f, "{signal} recognised"),
            Self::HungUpAfter(length) => write!(f, "hung up after {length}"),
            Self::LongestMessage => f.write_str("reached the longest message"),
            Self::AskedForNumber => f.write_str("was asked for the number while talking"),
            Self::NumberKeyed => f.write_str("keyed in a number"),
            Self::Unanswered => f.write_str("was asked once, gave no answer"),
            Self::Between => f.write_str("too little speech for a message, too much for a mutter"),
        }
    }
}

/// Judges a call.
pub fn judge(facts: &Facts<'_>) -> Judgement {
    let Ruling {
        verdict,
        margin,
        why,
    } = rule(facts);
    let seconds = facts
        .timeline
        .seconds_within(facts.recording_from, facts.timeline.heard());
    let mut reasons = vec![why];
    let mut heard: Vec<_> = Class::ALL.map(|class| (class, seconds.of(class))).into();
    heard.sort_by_key(|&(_, length)| std::cmp::Reverse(length));
    let worth_telling = heard
        .into_iter()
        .filter(|&(_, length)| length >= MediaTime::from_millis(300));
    for reason in worth_telling.map(|(class, length)| Reason::Heard(class, length)) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if facts.questions > 0 && facts.ended_by == EndedBy::Guard {
        reasons.push(Reason::Unanswered);
    }
    Judgement {
        verdict,
        confidence: margin,
        reasons,
    }
}

struct Ruling {
    verdict: Verdict,
    margin: f32,
    why: Reason,
}

fn ruling(verdict: Verdict, margin: f32, why: Reason) -> Ruling {
    Ruling {
        verdict,
        margin,
        why,
    }
}

fn rule(facts: &Facts<'_>) -> Ruling {
    let (timeline, heard) = (facts.timeline, facts.timeline.heard());
    let length = heard - facts.recording_from;
    if !facts.packets {
        return ruling(Verdict::NoAudio, 0.95, Reason::NoPackets);
    }
    let t = timeline.seconds_within(facts.recording_from, heard);
    let signal = timeline.segments().iter().find_map(|s| s.signal);
    if let Some(signal) = signal.filter(|_| t.tone >= TONE && t.speech < MESSAGE) {
        return ruling(
            Verdict::Tone,
            margin(t.tone, TONE),
            Reason::Signal(signal.to_string()),
        );
    }
    let nearly_full = MediaTime::from_samples(facts.longest_message.samples() * 98 / 100);
    if length >= nearly_full && t.speech.samples() * 100 >= length.samples() * 55 {
        return ruling(
            Verdict::Rambler,
            margin(length, nearly_full),
            Reason::LongestMessage,
        );
    }
    if facts.rambler_prompted && t.speech >= RAMBLING {
        return ruling(
            Verdict::Rambler,
            margin(t.speech, RAMBLING),
            Reason::AskedForNumber,
        );
    }
    if t.music >= HOLD_MUSIC && t.music.samples() * 3 >= t.speech.samples() {
        return rule_music(facts);
    }
    let speech = Reason::Heard(Class::Speech, t.speech);
    if t.speech >= MESSAGE {
        let far = t.noise >= ASIDE_LONG && t.noise.samples() >= 4 * t.speech.samples();
        return if far && t.speech < LONG_SPEECH && !facts.number_keyed {
            ruling(
                Verdict::Aside,
                margin(t.noise, ASIDE_LONG),
                Reason::Heard(Class::Noise, t.noise),
            )
        } else {
            ruling(Verdict::Message, margin(t.speech, MESSAGE), speech)
        };
    }
    if facts.number_keyed {
        return ruling(Verdict::Message, 0.8, Reason::NumberKeyed);
    }
    if t.music >= SOME_MUSIC && t.music > t.speech {
        let why = Reason::Heard(Class::Music, t.music);
        return ruling(Verdict::HoldMusic, margin(t.music, SOME_MUSIC), why);
    }
    if t.speech >= UNSURE {
        return ruling(Verdict::Unsure, 0.5, Reason::Between);
    }
    if t.noise >= ASIDE && t.noise > t.speech {
        let why = Reason::Heard(Class::Noise, t.noise);
        return ruling(Verdict::Aside, margin(t.noise, ASIDE), why);
    }
    if t.speech >= MUTTER {
        let aside = length >= SHORT_CALL && t.noise > MediaTime::from_secs(2);
        let verdict = if aside {
            Verdict::Aside
        } else {
            Verdict::Mutter
        };
        return ruling(
            verdict,
            margin(t.speech, MUTTER).min(margin(t.speech, UNSURE)),
            speech,
        );
    }
    if length <= AT_ONCE {
        return ruling(
            Verdict::Hangup,
            margin(length, AT_ONCE),
            Reason::HungUpAfter(length),
        );
    }
    let why = Reason::Heard(Class::Silence, t.silence);
    ruling(Verdict::Silent, margin(length, AT_ONCE), why)
}

/// Much music: a message only if enough was said before it, or speech outweighs it.
fn rule_music(facts: &Facts<'_>) -> Ruling {
    let timeline = facts.timeline;
    let t = timeline.seconds_within(facts.recording_from, timeline.heard());
    let long = MediaTime::from_secs(3);
    let begin = |s: &&crate::hearing::Segment| s.class == Class::Music && s.len() >= long;
    let onset = timeline
        .segments()
        .iter()
        .find(begin)
        .map_or(timeline.heard(), |s| s.start);
    let before = timeline.seconds_within(facts.recording_from, onset).speech;
    let at_once = onset - facts.recording_from < MediaTime::from_secs(4);
    let drowned = at_once && t.music.samples() * 2 > t.speech.samples() * 3;
    if before >= BEFORE_MUSIC && !drowned {
        let why = Reason::Heard(Class::Speech, before);
        return ruling(Verdict::Message, margin(before, BEFORE_MUSIC), why);
    }
    if facts.number_keyed {
        return ruling(Verdict::Message, 0.7, Reason::NumberKeyed);
    }
    if t.music.samples() * 10 >= t.speech.samples() * 8 {
        let why = Reason::Heard(Class::Music, t.music);
        return ruling(Verdict::HoldMusic, margin(t.music, HOLD_MUSIC), why);
    }
    ruling(
        Verdict::Message,
        margin(t.speech, t.music),
        Reason::Heard(Class::Speech, t.speech),
    )
}

/// 0.5 at the limit, 0.75 at twice or half of it, towards 1 beyond.
fn margin(value: MediaTime, limit: MediaTime) -> f32 {
    let (a, b) = (value.as_secs_f64().max(0.01), limit.as_secs_f64().max(0.01));
    let ratio = if a > b { a / b } else { b / a };
    (1.0 - 0.5 / ratio) as f32
}

/// So much near speech is a message.
pub const MESSAGE: MediaTime = MediaTime::from_millis(3_400);
const UNSURE: MediaTime = MediaTime::from_millis(3_000);
const LONG_SPEECH: MediaTime = MediaTime::from_secs(8);
const MUTTER: MediaTime = MediaTime::from_millis(350);
const RAMBLING: MediaTime = MediaTime::from_secs(20);
const HOLD_MUSIC: MediaTime = MediaTime::from_secs(6);
const SOME_MUSIC: MediaTime = MediaTime::from_secs(3);
const BEFORE_MUSIC: MediaTime = MediaTime::from_secs(5);
const ASIDE: MediaTime = MediaTime::from_secs(5);
const ASIDE_LONG: MediaTime = MediaTime::from_secs(15);
const TONE: MediaTime = MediaTime::from_millis(1_500);
const SHORT_CALL: MediaTime = MediaTime::from_secs(15);
const AT_ONCE: MediaTime = MediaTime::from_millis(3_200);
