//! `[defaults]` and `[box."100@default"]`: the settings of a mailbox, each inherited where it is
//! not set.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use lettre::Address;
use serde::de::{Deserialize, Deserializer, Error};

use super::value::{addresses, time_of_day};
use crate::call::admission::CallerLists;
use crate::call::policy::Policy;
use crate::call_record::{Destination, Mode};
use crate::number::{CallerList, Country, Entry};
use crate::queue_watch::watch::QueueSettings;
use crate::setting::{seconds_or_off, texts};
use crate::wording::Language;

/// All settings of a mailbox.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(default)]
pub(super) struct MailboxSettings {
    /// How its callers are treated.
    #[serde(skip)]
    pub(super) policy: Policy,
    /// What it wants of its messages.
    #[serde(skip)]
    pub(super) delivery: MailboxDelivery,
    /// How callers are treated who wait in it, where it stands for a queue.
    #[serde(skip)]
    pub(super) queue: QueueSettings,
    /// Where its messages go.
    pub(super) deliver_to: Vec<Destination>,
    /// Calls by one number so close together are one case; `None` where calls form no cases.
    #[serde(
        rename = "repeat_window_s",
        deserialize_with = "seconds_or_off::<_, 60, 2_592_000>"
    )]
    pub(super) repeat_window: Option<Duration>,
}

impl Default for MailboxSettings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            delivery: MailboxDelivery::default(),
            queue: QueueSettings::default(),
            deliver_to: vec![Destination::Mailbox],
            repeat_window: Some(Duration::from_hours(24)),
        }
    }
}

/// What a mailbox wants of its messages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct MailboxDelivery {
    /// Who gets its messages by e-mail.
    #[serde(deserialize_with = "addresses")]
    pub mail_to: Vec<Address>,
    /// The language of its e-mails.
    pub language: Language,
    /// Whether what was said after the number was asked for is heard first.
    pub number_first: bool,
    /// Who gets its digest by e-mail.
    #[serde(deserialize_with = "addresses")]
    pub digest_to: Vec<Address>,
    /// At which time of day.
    #[serde(deserialize_with = "time_of_day")]
    pub digest_at: Time,
    /// On which days.
    pub digest_days: DigestDays,
}

impl MailboxDelivery {
    /// Whether it wants a digest.
    pub fn wants_digest(&self) -> bool {
        !self.digest_to.is_empty() && self.digest_days != DigestDays([false; 7])
    }
}

/// Days of the week, Monday first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestDays([bool; 7]);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl DigestDays {
    /// The days with these names, such as `mon`; `None` where one is no day.
    pub fn parse(names: &[impl AsRef<str>]) -> Option<Self> {
        let mut days = [false; 7];
        for name in names {
            let at = DAYS.iter().position(|day| *day == name.as_ref())?;
            days[at] = true;
        }
        Some(Self(days))
    }

    /// Whether this is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.0[at]
    }
}

/// From Monday to Friday.
impl Default for DigestDays {
    fn default() -> Self {
        Self([true, true, true, true, true, false, false])
    }
}

impl<'de> Deserialize<'de> for DigestDays {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rule = |text: &str| DAYS.into_iter().find(|day| *day == text);
        let allowed = "a day: \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\" or \"sun\"";
        let names = texts(from, rule, allowed)?;
        Ok(Self::parse(&names).unwrap_or_default())
    }
}

impl Default for MailboxDelivery {
    fn default() -> Self {
        Self {
            mail_to: Vec::new(),
            language: Language::En,
            number_first: true,
            digest_to: Vec::new(),
            digest_at: Time::constant(7, 30, 0, 0),
            digest_days: DigestDays::default(),
        }
    }
}

/// The lists of callers that a table has of its own. They may be long: a mailbox shares those it
/// inherits.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct OwnLists {
    #[serde(deserialize_with = "entries")]
    watch: Option<Vec<Entry>>,
    #[serde(deserialize_with = "entries")]
    straight_to_voicemail: Option<Vec<Entry>>,
    #[serde(deserialize_with = "entries")]
    refuse: Option<Vec<Entry>>,
}

impl OwnLists {
    /// These lists over inherited ones, for numbers of a mailbox in this country.
    pub(super) fn over(self, inherited: &CallerLists, home: Option<Country>) -> Arc<CallerLists> {
        let list = |own: Option<Vec<Entry>>, inherited: &CallerList| match own {
            Some(entries) => CallerList::new(entries, home),
            None => inherited.at_home_in(home),
        };
        Arc::new(CallerLists {
            watch: list(self.watch, &inherited.watch),
            straight: list(self.straight_to_voicemail, &inherited.straight),
            refuse: list(self.refuse, &inherited.refuse),
        })
    }
}

fn entries<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Entry>>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let entries: Result<_, _> = texts.iter().map(|text| text.parse()).collect();
    entries.map(Some).map_err(Error::custom)
}

/// Two settings that stand in each other's way.
pub(super) struct Conflict {
    /// The one that must be shorter.
    pub(super) shorter: &'static str,
    /// The one that must be longer.
    pub(super) longer: &'static str,
    /// What is wrong.
    pub(super) what: String,
}

/// What is wrong with these settings taken together.
pub(super) fn conflicts(policy: &Policy) -> Vec<Conflict> {
    [
        (
            ("warning_before_end_s", policy.warning_before_end),
            ("longest_message_s", policy.longest_message),
        ),
        (
            ("longest_message_s", policy.longest_message),
            ("longest_call_s", policy.longest_call),
        ),
    ]
    .into_iter()
    .filter(|((_, shorter), (_, longer))| shorter >= longer)
    .map(|((shorter, is), (longer, limit))| Conflict {
        shorter,
        longer,
        what: format!(
            "{shorter} ({} s) must be less than {longer} ({} s)",
            is.as_secs_f64(),
            limit.as_secs_f64()
        ),
    })
    .collect()
}

/// What these settings do that may not be meant; there is nothing wrong with them.
pub(super) fn remarks(policy: &Policy) -> Vec<String> {
    let (after, longest) = (policy.rambler_prompt_after, policy.longest_message);
    let never = policy.mode == Mode::Enforce && after >= longest;
    let remark = format!(
        "rambler_prompt_after_s ({} s) is not less than longest_message_s ({} s): nobody is asked for their number while they talk",
        after.as_secs_f64(),
        longest.as_secs_f64()
    );
    never.then_some(remark).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_prompt_that_never_comes_is_remarked_once() {
        let remarks = |text: &str| config(text).remarks();
        assert!(remarks("").is_empty());
        assert!(remarks("[defaults]\nmode = 'guide'\nrambler_prompt_after_s = 300").is_empty());
        let reported = remarks("[defaults]\nrambler_prompt_after_s = 300\n[box.1]\nquestions = 2");
        assert_eq!(
            reported,
            [
                "[defaults] rambler_prompt_after_s (300 s) is not less than longest_message_s (120 s): nobody is asked for their number while they talk"
            ]
        );
        let reported = remarks("[box.1]\nlongest_message_s = 45");
        assert!(
            reported[0].starts_with("[box.\"1@default\"] rambler_prompt_after_s (45 s)"),
            "{reported:?}"
        );
    }

    #[test]
    fn a_box_says_how_its_trunk_sends_numbers() {
        let config = config(
            "[defaults]\ncaller_numbers = 'international'\noutside_line = '0'\n[box.1]\nmode = 'guide'\n\
             [box.2]\ncaller_numbers = 'national'\noutside_line = ''",
        );
        let e164 = |name: &str, raw: &str| {
            let policy = config.policy(&name.into());
            let e164 = policy.trunk.e164(raw, Some(policy.home_country));
            e164.map(String::from)
        };
        assert_eq!(e164("1", "012125550123").as_deref(), Some("+12125550123"));
        assert_eq!(e164("9", "12125550123").as_deref(), Some("+12125550123"));
        assert_eq!(e164("2", "0301234567").as_deref(), Some("+49301234567"));
        for wrong in [
            "caller_numbers = 'abroad'",
            "outside_line = '+'",
            "outside_line = '00000'",
            "outside_line = 0",
        ] {
            let text = format!("[defaults]\n{wrong}");
            assert!(Config::parse(text.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn greetings_of_ones_own_are_known_and_measured() {
        let mut config = config(
            "[defaults]\ngreeting = 'own/all'\n[box.1]\ngreeting = 'own/one'\n[box.2]\n\
             [box.3]\ngreeting = 'voicemail-guard/greeting'",
        );
        let own = Vec::from_iter(config.own_greetings());
        assert_eq!(own, ["own/all", "own/one"]);
        config.measure_greetings(|sound| (sound == "own/one").then_some(Duration::from_secs(75)));
        let longest = |name: &str| config.policy(&name.into()).longest_greeting().as_secs();
        assert_eq!([longest("1"), longest("2"), longest("3")], [75, 180, 40]);
    }
}
