//! Lists of callers: how they are written in the configuration, whom they mean, and what is delivered of those
//! on the watch list. What the conversation makes of them is in tests/calls/.

use proptest::prelude::*;
use voicemail_guard::audio::MediaTime;
use voicemail_guard::call_record::{
    CallRecord, Caller, Destination, EndedBy, Mode, Presentation, Verdict, destinations_of,
};
use voicemail_guard::config::Config;
use voicemail_guard::hearing::ClassSeconds;

use crate::support::any_caller_list;
use crate::support::records::closed;

fn watched(config: &Config, mailbox: &str, number: &str) -> Option<String> {
    let policy = config.policy(&mailbox.into());
    let home = Some(policy.home_country);
    policy.lists.watched(&Caller {
        number: number.into(),
        e164: voicemail_guard::number::normalise(number, home),
        presentation: Presentation::Shown,
        ..Caller::default()
    })
}

#[test]
fn a_box_inherits_its_lists_and_replaces_them_and_has_a_country_of_its_own() {
    let config = Config::parse(
        b"[defaults]\nwatch = ['030 1234567', '200']\n\
          [box.100]\nmode = 'guide'\n[box.200]\nwatch = ['_030X.']\n[box.300]\nwatch = []\n\
          [box.400]\nhome_country = 'IT'\n",
    )
    .unwrap();
    for (name, number, entry) in [
        ("100", "+49301234567", Some("030 1234567")),
        ("elsewhere", "0301234567", Some("030 1234567")),
        ("elsewhere", "200", Some("200")),
        ("200", "00493012", None),
        ("200", "0049301234568", Some("_030X.")),
        ("300", "+49301234567", None),
        ("400", "+49301234567", None),
        ("400", "+390301234567", Some("030 1234567")),
    ] {
        let found = watched(&config, name, number);
        assert_eq!(found.as_deref(), entry, "{number} calls {name}");
    }
}

#[test]
fn what_names_nobody_is_told_with_its_line_and_what_to_write() {
    for (text, expected) in [
        (
            "[defaults]\nwatch = [\n  '0911 5550000',\n  '_+4930Y.',\n]\n",
            "line 2: [defaults] watch: the pattern \"_+4930Y.\" goes wrong at character 7: a pattern has digits, + * #, X (0-9), Z (1-9), N (2-9), sets such as [15-9], and . or ! at its end",
        ),
        (
            "[box.100]\nrefuse = ['Erika']\n",
            "line 2: [box.\"100\"] refuse: \"Erika\" is no number such as \"0911 5550000\", no pattern such as \"_+49911555X.\" and not the word \"withheld\"",
        ),
        (
            "[defaults]\nstraight_to_voicemail = ['+49 30']\n",
            "line 2: [defaults] straight_to_voicemail: \"+49 30\" is not a whole number; all numbers that begin so are \"_+4930X.\"",
        ),
    ] {
        let reported = Config::parse(text.as_bytes()).unwrap_err();
        let reported: Vec<_> = reported.iter().map(ToString::to_string).collect();
        assert_eq!(reported, [expected]);
    }
}

#[test]
fn whoever_is_watched_is_told_of_whatever_he_was_and_nobody_who_was_not_heard() {
    let of = |verdict, ended_by| CallRecord {
        watched: Some("_0911X.".into()),
        ended_by: Some(ended_by),
        audio: None,
        seconds: ClassSeconds {
            silence: MediaTime::from_secs(1),
            ..ClassSeconds::default()
        },
        ..closed(1, verdict)
    };
    let wanted = Destination::ALL;
    for verdict in Verdict::ALL {
        let call = of(verdict, EndedBy::Caller);
        assert_eq!(destinations_of(&call, &wanted), wanted, "{verdict}");
        let observed = CallRecord {
            mode: Mode::Observe,
            ..call
        };
        assert_eq!(destinations_of(&observed, &wanted), [], "{verdict}");
    }
    for unheard in [EndedBy::Bypassed, EndedBy::Rejected, EndedBy::Overloaded] {
        let call = of(Verdict::Unsure, unheard);
        assert_eq!(destinations_of(&call, &wanted), [], "{unheard:?}");
    }
    let unwatched = CallRecord {
        watched: None,
        ..of(Verdict::Unsure, EndedBy::Rejected)
    };
    assert_eq!(destinations_of(&unwatched, &wanted), []);
}

/// Numbers and entries as people write them, so that they meet often; and anything.
fn text() -> impl Strategy<Value = String> {
    let number = "(0|0049|\\+49|\\+43|00|)(911|30|1|)[0-9]{0,8}";
    let pattern = "_(0|0049|\\+49|\\+43|00|X|\\+|)(911|9[1-3]N|[0-9XZNxzn]|\\[[0-9]-[0-9]\\]|\\[[0-9]{1,3}\\]){0,6}[0-9XZN -]{0,4}[.!]?";
    let entry = prop_oneof![3 => number, 6 => pattern, 1 => "withheld|anonymous", 1 => ".*"];
    (
        prop_oneof![9 => number, 1 => ".*"],
        prop::collection::vec(entry, 0..5),
    )
        .prop_map(|(number, entries)| format!("{number}\n{}", entries.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_list_means_whom_a_slow_reader_would_mean(text in text()) {
        any_caller_list::look(&text);
    }
}
