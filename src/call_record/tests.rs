//! What stands in the database and the journal as text is read as it was written.

use proptest::prelude::*;

use super::*;
use crate::number::E164;
use crate::prompts::Prompt;

#[test]
fn deliveries_of_every_kind_are_read() {
    for (text, to, detail) in [
        (
            "voicemail 100@default msg0001 at 2026-11-24T09:12:35Z",
            Destination::Mailbox,
            "100@default msg0001",
        ),
        (
            "mail a@example.com (refused: b@example.com: 550 at 9) at 2026-11-24T09:12:35Z",
            Destination::Mail,
            "a@example.com (refused: b@example.com: 550 at 9)",
        ),
        (
            "webhook https://example.com/x at 2026-11-24T09:12:35Z",
            Destination::Webhook,
            "https://example.com/x",
        ),
    ] {
        let delivered: Delivered = text.parse().unwrap();
        assert_eq!((delivered.to, delivered.detail.as_str()), (to, detail));
        assert_eq!(delivered.to_string(), text);
    }
    for none in [
        "",
        "there",
        "mail at noon",
        "pigeon x at 2026-11-24T09:12:35Z",
    ] {
        assert!(none.parse::<Delivered>().is_err(), "{none}");
    }
}

#[test]
fn every_prompt_is_known_by_its_name() {
    for prompt in Prompt::ALL {
        let json = serde_json::to_string(&Played::Prompt(prompt)).unwrap();
        assert_eq!(json, format!("\"{prompt}\""));
        let read: Played = serde_json::from_str(&json).unwrap();
        assert!(read == prompt && read == Played::Prompt(prompt), "{json}");
    }
}

#[test]
fn keys_are_in_one_run_until_a_pause_or_a_prompt() {
    let at = MediaTime::from_millis;
    // A row from before keys were noted.
    let old = r#"{"id":"6aq6scwt0001","started":"2026-11-24T09:00:00Z","ended":null,"box":"100@default",
        "uniqueid":"","linkedid":"","channel":"","dnid":"","rdnis":"","confidence":0,"reasons":[],"asked":[],
        "seconds":{"speech":0,"silence":0,"music":0,"tone":0,"noise":0},"timeline":[],"audio":null,
        "callback":{"number":"","e164":null,"source":"none","confirmed":false},"verdict":null,"ended_by":null,
        "caller":{"number":"","e164":null,"name":"","presentation":"shown"},"mode":"enforce","delivered":[]}"#;
    let opened: CallRecord = serde_json::from_str(old).unwrap();
    assert!(!serde_json::to_string(&opened).unwrap().contains("keys"));
    let press = |(key, ms)| KeyPress { key, at: at(ms) };
    let asked = |ms| Asked {
        prompt: Prompt::NumberIs.into(),
        at: at(ms),
        answer: None,
    };
    for (keys, prompts, expected) in [
        (&[][..], &[][..], &[][..]),
        (&[('1', 500)], &[], &[("1", 500, 500)]),
        // The last key brings the prompt about; the next one answers it.
        (
            &[('0', 1_000), ('9', 1_400), ('#', 1_800), ('1', 3_000)],
            &[1_800],
            &[("09#", 1_000, 1_800), ("1", 3_000, 3_000)],
        ),
        (
            &[('0', 1_000), ('9', 6_000), ('1', 11_001)],
            &[0],
            &[("09", 1_000, 6_000), ("1", 11_001, 11_001)],
        ),
    ] {
        let record = CallRecord {
            keys: keys.iter().copied().map(press).collect(),
            asked: prompts.iter().copied().map(asked).collect(),
            ..opened.clone()
        };
        let runs = record.key_runs();
        let runs: Vec<_> = runs
            .iter()
            .map(|run| (run.keys.as_str(), run.at, run.until))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(keys, from, until)| (*keys, at(*from), at(*until)))
            .collect();
        assert_eq!(runs, expected);
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<CallRecord>(&json).unwrap(), record);
    }
}

proptest! {
    #[test]
    fn texts_are_read_as_they_were_written(
        detail in any::<String>(),
        second in 0..4_000_000_000_i64,
        name in any::<String>(),
    ) {
        let at = Timestamp::from_second(second).unwrap();
        for to in Destination::ALL {
            let delivered = Delivered { to, detail: detail.clone(), at };
            let json = serde_json::to_string(&delivered).unwrap();
            prop_assert_eq!(serde_json::from_str::<Delivered>(&json).unwrap(), delivered);
        }
        let json = serde_json::to_string(&Played::from(name.clone())).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), name);
    }

    #[test]
    fn a_number_is_plus_and_digits(text in prop_oneof![any::<String>(), r"\+?[0-9]{0,18}"]) {
        let is_one = text.strip_prefix('+').is_some_and(|digits| {
            (1..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit())
        });
        let read = text.parse::<E164>();
        prop_assert_eq!(read.is_ok(), is_one);
        prop_assert!(read.is_err() || read.unwrap().as_str() == text);
    }
}

#[test]
fn a_mailboxs_name_is_stored_as_it_stands_and_read_once() {
    for (given, stored, parts) in [
        ("100", "100@default", Some(("100", "default"))),
        ("anna@sales", "anna@sales", Some(("anna", "sales"))),
        ("../etc@x", "../etc@x", None),
        ("1;drop\t", "1;drop\t@default", None),
    ] {
        let name = MailboxName::from(given);
        let json = serde_json::to_string(&name).unwrap();
        assert_eq!(json, serde_json::to_string(stored).unwrap());
        assert_eq!(serde_json::from_str::<MailboxName>(&json).unwrap(), name);
        let mailbox = name.mailbox();
        assert_eq!(mailbox.map(|it| (it.number(), it.context())), parts);
    }
}
