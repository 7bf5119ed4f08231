//! E-mails as they are written: what stands in them, and that nothing hostile steers them.

use jiff::tz::{TimeZone, offset};
use mail_parser::MessageParser;
use proptest::prelude::*;
use voicemail_guard::call_record::{Destination, PlaceInCase, Reason};
use voicemail_guard::delivery::Outgoing;
use voicemail_guard::delivery::mail::MailTemplate;
use voicemail_guard::wording::Language;

use crate::support::outgoing;

fn outgoing() -> Outgoing {
    outgoing::outgoing(Destination::Mail)
}

/// Headers of a mail: names in small letters, folded lines joined.
fn headers(mail: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut names: Vec<_> = unfolded
        .split("\r\n")
        .map(|line| line.split_once(':').unwrap().0.to_lowercase())
        .collect();
    names.sort();
    names
}

const HEADERS: [&str; 8] = [
    "auto-submitted",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
];

fn mail_text(outgoing: &Outgoing) -> String {
    mail_text_in(Language::De, outgoing)
}

/// A mail less what its parts are separated by, which is another for each.
fn body_of(mail: &str) -> String {
    mail.lines()
        .filter(|line| !line.starts_with("--") && !line.contains("boundary="))
        .collect::<Vec<_>>()
        .join("\n")
}

fn mail_text_in(language: Language, outgoing: &Outgoing) -> String {
    let (from, to) = (
        "guard@example.com".parse().unwrap(),
        "team@example.com".parse().unwrap(),
    );
    let zone = TimeZone::fixed(offset(1));
    let template = MailTemplate {
        from: &from,
        language,
        page: None,
        most_bytes: 1_000_000,
        zone: &zone,
    };
    let mail = template.render(outgoing, &to).unwrap();
    assert_eq!(mail.envelope().to().len(), 1);
    String::from_utf8(mail.formatted()).unwrap()
}

/// The two texts of a third call, in both languages, as people read them.
#[test]
fn a_third_call_is_told_to_be_one() {
    let third = outgoing();
    for (name, language) in [("german", Language::De), ("english", Language::En)] {
        let written = mail_text_in(language, &third);
        let mail = MessageParser::default().parse(written.as_bytes()).unwrap();
        let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
        insta::assert_snapshot!(name, format!("{text}\n{html}"));
        assert_eq!(body_of(&written), body_of(&mail_text_in(language, &third)));
    }
    let reported = |place: Option<u32>| {
        let mut outgoing = outgoing();
        outgoing.case = place.map(|place| PlaceInCase {
            place,
            ..outgoing.case.unwrap()
        });
        let written = mail_text(&outgoing);
        let mail = MessageParser::default().parse(written.as_bytes()).unwrap();
        let text = mail.body_text(0).unwrap().into_owned();
        let line = text.lines().find(|line| line.starts_with("Vorgang:"));
        line.map(|line| line["Vorgang:".len()..].trim().to_owned())
    };
    assert_eq!((reported(None), reported(Some(1))), (None, None));
    let eleventh = "11. Anruf seit Montag, 23.11.2026, 14:12";
    assert_eq!(reported(Some(11)).as_deref(), Some(eleventh));
}

#[test]
fn a_mail_of_a_test_call_says_so_first() {
    let mut outgoing = outgoing();
    outgoing.record.is_test = true;
    for (language, subject, says) in [
        (
            Language::De,
            "TEST: Sprachnachricht von ",
            "es ist nichts zu tun",
        ),
        (
            Language::En,
            "TEST: Voice message from ",
            "nothing is to be done",
        ),
    ] {
        let mail = mail_text_in(language, &outgoing);
        let mail = MessageParser::default().parse(&mail).unwrap();
        assert!(mail.subject().unwrap().starts_with(subject), "{mail:?}");
        let text = mail.body_text(0).unwrap();
        assert!(text.lines().next().unwrap().contains(says), "{text}");
    }
}

#[test]
fn the_same_mail_is_recognised() {
    let id = |mail: String| {
        let line = mail
            .lines()
            .find(|line| line.starts_with("Message-ID:"))
            .unwrap()
            .to_owned();
        let date = mail
            .lines()
            .find(|line| line.starts_with("Date:"))
            .unwrap()
            .to_owned();
        (line, date)
    };
    assert_eq!(id(mail_text(&outgoing())), id(mail_text(&outgoing())));
    let text = mail_text(&outgoing());
    let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("10:12:10 – 10:12:41 (UTC+01:00)"), "{text}");
}

#[test]
fn no_name_writes_a_header() {
    for hostile in [
        "Eve\r\nBcc: all@example.com",
        "Eve\nBcc: all@example.com\n\nhello",
        "Eve\rBcc: x@y.z",
        "\u{2028}Bcc: x@y.z",
        "=?utf-8?Q?Eve=0D=0ABcc:_x@y.z?=",
        "\"Eve\" <eve@example.com>,",
        "<script>alert(1)</script>",
        "\u{202e}evE",
        "a\u{0}b",
        "</title></head>",
        "' onclick='x",
    ] {
        let mut outgoing = outgoing();
        outgoing.record.caller.name = hostile.into();
        outgoing.record.caller.number = hostile.into();
        outgoing.record.caller.e164 = None;
        outgoing.record.callback.number = hostile.into();
        outgoing.record.callback.e164 = None;
        outgoing.record.dnid = hostile.into();
        outgoing.record.mailbox = hostile.into();
        outgoing.record.reasons = vec![Reason::Text(hostile.into())];
        let text = mail_text(&outgoing);
        assert_eq!(headers(&text), HEADERS, "{hostile:?}");
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        assert_eq!(mail.to().unwrap().as_list().unwrap().len(), 1);
        assert_eq!(mail.attachment_count(), 1);
        let html = mail.body_html(0).unwrap();
        assert!(
            !html.contains("<script") && !html.contains("' onclick"),
            "{html}"
        );
        assert_eq!(html.matches("</title>").count(), 1);
        for shown in [
            html.as_ref(),
            &mail.body_text(0).unwrap(),
            mail.subject().unwrap(),
        ] {
            assert!(
                !shown.contains(['\u{202e}', '\u{0}', '\u{2028}']),
                "{shown:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_changes_what_a_mail_is_made_of(name in any::<String>(), number in any::<String>()) {
        let mut outgoing = outgoing();
        outgoing.sound = None;
        outgoing.record.caller.name = name;
        outgoing.record.caller.number = number.clone();
        outgoing.record.caller.e164 = None;
        outgoing.record.callback.number = number;
        outgoing.record.callback.e164 = None;
        let text = mail_text(&outgoing);
        prop_assert_eq!(headers(&text), HEADERS);
        let mail = MessageParser::default().parse(text.as_bytes()).unwrap();
        prop_assert_eq!(mail.attachment_count(), 0);
        prop_assert_eq!(mail.html_body_count(), 1);
        prop_assert_eq!(mail.text_body_count(), 1);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')));
    }
}
