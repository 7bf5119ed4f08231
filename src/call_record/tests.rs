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
