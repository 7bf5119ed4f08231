//! `[defaults]` and `[box."100@default"]`: the settings of a box, each inherited where it is not set.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::parcels::BoxDelivery;
use super::value::{
    Count, Country, Exit, Listed, MailAddress, OrOff, OutsideLine, Seconds, SentNumbers, Sound,
    VoicemailOptions,
};
use crate::call::admission::Lists;
use crate::call::policy::{Offer, Policy};
use crate::number::{CallerList, Trunk};
use crate::present::Language;
use crate::record::{Destination, Mode};

/// All settings of a box.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BoxSettings {
    /// How its callers are treated.
    pub(super) policy: Policy,
    /// Where its messages go.
    pub(super) deliver_to: Vec<Destination>,
    /// What it wants of them.
    pub(super) delivery: BoxDelivery,
    /// Calls by one number so close together are one case; `None` where calls form no cases.
    pub(super) repeat_window: Option<Duration>,
}

impl Default for BoxSettings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            deliver_to: vec![Destination::VoiceBox],
            delivery: BoxDelivery::default(),
            repeat_window: Some(Duration::from_hours(24)),
        }
    }
}

/// One table of box settings as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxTable {
    mode: Option<Mode>,
    greeting: Option<Sound>,
    voicemail_options: Option<VoicemailOptions>,
    home_country: Option<Country>,
    caller_numbers: Option<SentNumbers>,
    outside_line: Option<OutsideLine>,
    watch: Option<Vec<Listed>>,
    straight_to_voicemail: Option<Vec<Listed>>,
    refuse: Option<Vec<Listed>>,
    operator_exit: Option<Exit>,
    star_exit: Option<Exit>,
    offer_caller_id: Option<Offer>,
    deliver_to: Option<Vec<Destination>>,
    mail_to: Option<Vec<MailAddress>>,
    language: Option<Language>,
    number_first: Option<bool>,
    rambler_prompt_after_s: Option<Seconds<5, 3600>>,
    rambler_prompt_grace_s: Option<Seconds<0, 300>>,
    longest_message_s: Option<Seconds<10, 3600>>,
    warning_before_end_s: Option<Seconds<5, 300>>,
    pause_s: Option<Seconds<3, 600>>,
    never_started_s: Option<Seconds<3, 600>>,
    hold_music_s: Option<Seconds<2, 600>>,
    no_near_voice_s: Option<Seconds<3, 600>>,
    mutter_s: Option<Seconds<1, 5>>,
    tone_s: Option<Seconds<1, 60>>,
    questions: Option<Count<1, 5>>,
    answer_s: Option<Seconds<2, 60>>,
    key_pause_s: Option<Seconds<1, 30>>,
    confirm_s: Option<Seconds<1, 30>>,
    longest_call_s: Option<Seconds<30, 14_400>>,
    repeat_window_s: Option<OrOff<60, 2_592_000>>,
}

impl BoxTable {
    /// These settings over inherited ones.
    pub(super) fn over(mut self, inherited: &BoxSettings) -> BoxSettings {
        let deliver_to = self.deliver_to.take();
        let own = &inherited.delivery;
        let mail_to = self.mail_to.take();
        let delivery = BoxDelivery {
            mail_to: mail_to.map_or_else(
                || own.mail_to.clone(),
                |all| all.into_iter().map(|address| address.0).collect(),
            ),
            language: self.language.unwrap_or(own.language),
            number_first: self.number_first.unwrap_or(own.number_first),
        };
        BoxSettings {
            deliver_to: deliver_to.unwrap_or_else(|| inherited.deliver_to.clone()),
            repeat_window: self
                .repeat_window_s
                .map_or(inherited.repeat_window, |window| window.0),
            policy: self.policy_over(&inherited.policy),
            delivery,
        }
    }

    fn policy_over(self, inherited: &Policy) -> Policy {
        let own = inherited.clone();
        let seconds = |own, setting: Option<_>| setting.unwrap_or(own);
        let home_country = self
            .home_country
            .map_or(own.home_country, |country| country.0);
        let home = Some(home_country);
        let list = |own: &CallerList, setting: Option<Vec<Listed>>| match setting {
            Some(entries) => CallerList::new(entries.into_iter().map(|one| one.0).collect(), home),
            None => own.at_home_in(home),
        };
        Policy {
            mode: self.mode.unwrap_or(own.mode),
            greeting: self.greeting.map_or(own.greeting, |sound| sound.0),
            greeting_length: None,
            voicemail_options: self
                .voicemail_options
                .map_or(own.voicemail_options, |options| options.0),
            home_country,
            trunk: Trunk {
                caller_numbers: self
                    .caller_numbers
                    .map_or(own.trunk.caller_numbers, |sent| sent.0),
                outside_line: self
                    .outside_line
                    .map_or(own.trunk.outside_line, |line| line.0),
            },
            lists: Arc::new(Lists {
                watch: list(&own.lists.watch, self.watch),
                straight: list(&own.lists.straight, self.straight_to_voicemail),
                refuse: list(&own.lists.refuse, self.refuse),
            }),
            operator_exit: self
                .operator_exit
                .map_or(own.operator_exit, |exit| exit.place("o")),
            star_exit: self.star_exit.map_or(own.star_exit, |exit| exit.place("a")),
            offer_caller_id: self.offer_caller_id.unwrap_or(own.offer_caller_id),
            rambler_prompt_after: seconds(
                own.rambler_prompt_after,
                self.rambler_prompt_after_s.map(|s| s.0),
            ),
            rambler_prompt_grace: seconds(
                own.rambler_prompt_grace,
                self.rambler_prompt_grace_s.map(|s| s.0),
            ),
            longest_message: seconds(own.longest_message, self.longest_message_s.map(|s| s.0)),
            warning_before_end: seconds(
                own.warning_before_end,
                self.warning_before_end_s.map(|s| s.0),
            ),
            pause: seconds(own.pause, self.pause_s.map(|s| s.0)),
            never_started: seconds(own.never_started, self.never_started_s.map(|s| s.0)),
            hold_music: seconds(own.hold_music, self.hold_music_s.map(|s| s.0)),
            no_near_voice: seconds(own.no_near_voice, self.no_near_voice_s.map(|s| s.0)),
            mutter: seconds(own.mutter, self.mutter_s.map(|s| s.0)),
            tone: seconds(own.tone, self.tone_s.map(|s| s.0)),
            questions: self.questions.map_or(own.questions, |count| count.0),
            answer: seconds(own.answer, self.answer_s.map(|s| s.0)),
            key_pause: seconds(own.key_pause, self.key_pause_s.map(|s| s.0)),
            confirm: seconds(own.confirm, self.confirm_s.map(|s| s.0)),
            longest_call: seconds(own.longest_call, self.longest_call_s.map(|s| s.0)),
        }
    }
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
        "rambler_prompt_after_s ({} s) is not less than longest_message_s ({} s): nobody is asked for his number while he talks",
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
        let told = remarks("[defaults]\nrambler_prompt_after_s = 300\n[box.1]\nquestions = 2");
        assert_eq!(
            told,
            [
                "[defaults] rambler_prompt_after_s (300 s) is not less than longest_message_s (120 s): nobody is asked for his number while he talks"
            ]
        );
        let told = remarks("[box.1]\nlongest_message_s = 45");
        assert!(
            told[0].starts_with("[box.\"1@default\"] rambler_prompt_after_s (45 s)"),
            "{told:?}"
        );
    }

    #[test]
    fn a_box_tells_how_its_trunk_sends_numbers() {
        let config = config(
            "[defaults]\ncaller_numbers = 'international'\noutside_line = '0'\n[box.1]\nmode = 'guide'\n\
             [box.2]\ncaller_numbers = 'national'\noutside_line = ''",
        );
        let e164 = |name: &str, raw: &str| {
            let policy = config.policy(name);
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
        let longest = |name: &str| config.policy(name).longest_greeting().as_secs();
        assert_eq!([longest("1"), longest("2"), longest("3")], [75, 180, 40]);
    }
}
