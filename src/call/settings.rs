//! What an administrator sets for the conversation of one mailbox, with its defaults and what is
//! allowed.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::admission::CallerLists;
use super::verdict::MUTTER;
use crate::call_record::Mode;
use crate::number::{Country, Trunk};
use crate::setting::{are_voicemail_options, count, is_plain_path, seconds, text};

/// The settings of one mailbox that the conversation goes by; every default is the hotline's own.
///
/// The name in a file is the field's, or stands beside it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// What the guard may do.
    pub mode: Mode,
    /// Prompt played at the start; an administrator's own file may stand here.
    #[serde(deserialize_with = "sound")]
    pub greeting: String,
    /// How long an administrator's own greeting plays; `None` where that cannot be seen.
    #[serde(skip)]
    pub greeting_length: Option<Duration>,
    /// Options handed to `VoiceMail()` when it takes the message itself.
    #[serde(deserialize_with = "voicemail_options")]
    pub voicemail_options: String,
    /// Country that numbers without a country code belong to.
    #[serde(deserialize_with = "country")]
    pub home_country: Country,
    /// How the trunk sends the numbers of callers.
    #[serde(skip)]
    pub trunk: Trunk,
    /// Callers who are watched for, not guarded, or not let in.
    #[serde(skip)]
    pub lists: Arc<CallerLists>,
    /// Where `0` alone before the recording leads, as `context,extension,priority`.
    #[serde(deserialize_with = "operator_exit")]
    pub operator_exit: Option<String>,
    /// Where `*` alone before the recording leads.
    #[serde(deserialize_with = "star_exit")]
    pub star_exit: Option<String>,
    /// When a caller who shows their number may confirm it with a key.
    pub offer_caller_id: Offer,
    /// So much near speech brings the rambler's prompt at the next pause.
    #[serde(
        rename = "rambler_prompt_after_s",
        deserialize_with = "seconds::<_, 5, 3600>"
    )]
    pub rambler_prompt_after: Duration,
    /// The rambler's prompt waits this much longer for a pause, then comes anyway.
    #[serde(
        rename = "rambler_prompt_grace_s",
        deserialize_with = "seconds::<_, 0, 300>"
    )]
    pub rambler_prompt_grace: Duration,
    /// The longest message.
    #[serde(
        rename = "longest_message_s",
        deserialize_with = "seconds::<_, 10, 3600>"
    )]
    pub longest_message: Duration,
    /// The warning comes this long before the end of the longest message.
    #[serde(
        rename = "warning_before_end_s",
        deserialize_with = "seconds::<_, 5, 300>"
    )]
    pub warning_before_end: Duration,
    /// Silence after speech that brings the question.
    #[serde(rename = "pause_s", deserialize_with = "seconds::<_, 3, 600>")]
    pub pause: Duration,
    /// Silence from the start that brings the question.
    #[serde(rename = "never_started_s", deserialize_with = "seconds::<_, 3, 600>")]
    pub never_started: Duration,
    /// Music without a break that brings the question.
    #[serde(rename = "hold_music_s", deserialize_with = "seconds::<_, 2, 600>")]
    pub hold_music: Duration,
    /// Noise without a near voice that brings the question.
    #[serde(rename = "no_near_voice_s", deserialize_with = "seconds::<_, 3, 600>")]
    pub no_near_voice: Duration,
    /// Less near speech than this is a mutter where the caller ended the call.
    #[serde(rename = "mutter_s", deserialize_with = "seconds::<_, 1, 5>")]
    pub mutter: Duration,
    /// A recognised machine signal of this length ends the call.
    #[serde(rename = "tone_s", deserialize_with = "seconds::<_, 1, 60>")]
    pub tone: Duration,
    /// How often the question is asked in one call.
    #[serde(deserialize_with = "count::<_, _, 1, 5>")]
    pub questions: u32,
    /// How long an answer is awaited.
    #[serde(rename = "answer_s", deserialize_with = "seconds::<_, 2, 60>")]
    pub answer: Duration,
    /// A gap between keys that ends the number.
    #[serde(rename = "key_pause_s", deserialize_with = "seconds::<_, 1, 30>")]
    pub key_pause: Duration,
    /// How long 1 or 2 is awaited after the read-back.
    #[serde(rename = "confirm_s", deserialize_with = "seconds::<_, 1, 30>")]
    pub confirm: Duration,
    /// The whole call, whatever happens; in guide `VoiceMail()` has the caller then.
    #[serde(
        rename = "longest_call_s",
        deserialize_with = "seconds::<_, 30, 14_400>"
    )]
    pub longest_call: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            greeting: "voicemail-guard/greeting".into(),
            greeting_length: None,
            voicemail_options: "u".into(),
            home_country: Country::default(),
            trunk: Trunk::default(),
            lists: Arc::default(),
            operator_exit: None,
            star_exit: None,
            offer_caller_id: Offer::Never,
            rambler_prompt_after: Duration::from_secs(45),
            rambler_prompt_grace: Duration::from_secs(5),
            longest_message: Duration::from_mins(2),
            warning_before_end: Duration::from_secs(15),
            pause: Duration::from_secs(10),
            never_started: Duration::from_secs(8),
            hold_music: Duration::from_secs(6),
            no_near_voice: Duration::from_secs(12),
            mutter: MUTTER.into(),
            tone: Duration::from_secs(3),
            questions: 1,
            answer: Duration::from_secs(8),
            key_pause: Duration::from_secs(3),
            confirm: Duration::from_secs(5),
            longest_call: Duration::from_mins(10),
        }
    }
}

/// When the caller ID is offered as the number to call back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// Not at all.
    #[default]
    Never,
    /// Behind the greeting.
    Greeting,
    /// Behind the rambler's prompt.
    Rambler,
}

/// A sound as Asterisk names it: below the sounds folder or a whole path, no ending.
fn sound<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let is_sound = |text: &str| {
        let ending = text.rsplit_once('.').map(|(_, ending)| ending);
        is_plain_path(text)
            && !text.starts_with('-')
            && !ending.is_some_and(|ending| AUDIO.contains(&ending))
    };
    let allowed = "the name of a sound without its ending, of letters, digits, and . _ - /";
    text(
        from,
        |text| is_sound(text).then(|| text.to_owned()),
        allowed,
    )
}

const AUDIO: [&str; 9] = [
    "wav", "WAV", "wav16", "sln", "sln16", "ulaw", "alaw", "gsm", "g722",
];

fn voicemail_options<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(
        from,
        |text| are_voicemail_options(text).then(|| text.to_owned()),
        "options of VoiceMail() such as \"u\", \"b\", \"su\" or \"ug(3)\"",
    )
}

fn country<'de, D: Deserializer<'de>>(from: D) -> Result<Country, D::Error> {
    let rule = |text: &str| {
        let capitals = text.len() == 2 && text.bytes().all(|c| c.is_ascii_uppercase());
        capitals.then(|| text.parse().ok()).flatten()
    };
    let allowed = "a country of two capital letters such as \"DE\", \"AT\", \"CH\" or \"US\"";
    text(from, rule, allowed)
}

fn operator_exit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, |place| exit(place, "o"), EXIT)
}

fn star_exit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text(from, |place| exit(place, "a"), EXIT)
}

const EXIT: &str = "a place in the dialplan such as \"support,o,1\", a context such as \"support\" for \
                    its own extension, or \"\" for none";

/// Where a key leads out of the mailbox: nowhere, or a whole place in the dialplan. A context alone
/// means its `extension`, as `VoiceMail()` goes to `o` and `a`.
#[expect(
    clippy::option_option,
    reason = "what cannot be read, and a key that leads nowhere"
)]
fn exit(text: &str, extension: &str) -> Option<Option<String>> {
    let word = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+*#".contains(c);
        !word.is_empty() && word.len() <= 80 && word.chars().all(plain)
    };
    let number = |word: &str| word.parse::<u16>().is_ok_and(|priority| priority > 0);
    match text.split(',').collect::<Vec<_>>().as_slice() {
        [""] => Some(None),
        [context] if word(context) => Some(Some(format!("{context},{extension},1"))),
        [context, extension, priority] if word(context) && word(extension) && number(priority) => {
            Some(Some(text.to_owned()))
        }
        _ => None,
    }
}
