use proptest::prelude::*;

use super::*;

fn home(code: &str) -> Option<Country> {
    code.parse().ok()
}

fn check(country: &str, raw: &str, expected: Option<&str>) {
    let got = normalise(raw, home(country));
    assert_eq!(
        got.as_ref().map(E164::as_str),
        expected,
        "{raw:?} in {country}"
    );
}

#[test]
fn caller_ids_as_sent() {
    for raw in [
        "+4991112345678",
        "004991112345678",
        "0911/12345678",
        "0911 12345678",
        "(0911) 1234-5678",
        "+49 (0) 911 12345678",
        "0049(0)91112345678",
        "+49 0911 12345678",
        "4991112345678",
        "91112345678",
        "sip:+4991112345678@pbx.example;user=phone",
        "SIP:091112345678@10.0.0.1",
        "tel:+49-911-12345678",
        " +49\u{a0}911\u{202f}12345678 ",
    ] {
        check("DE", raw, Some("+4991112345678"));
    }
    for raw in [
        "",
        " ",
        "anonymous",
        "Restricted",
        "unknown",
        "0",
        "00",
        "+",
        "200",
        "1234",
        "123456",
        "sip:user@x",
        "sip:@",
        "+49…",
        "0049…",
        "*31#091112345678",
        "0800-FLOWERS",
        "+0491234567",
        "+99912345678901234",
        "+49 0000 0000",
        "911; drop table calls",
        "=cmd|' /C calc'!A0",
    ] {
        check("DE", raw, None);
    }
    check("DE", &"9".repeat(300), None);
    check("DE", &"+49911".repeat(50), None);
}

#[test]
fn other_homes() {
    check("US", "(212) 555-0123", Some("+12125550123"));
    check("US", "1-212-555-0123", Some("+12125550123"));
    check("US", "011 49 911 12345678", Some("+4991112345678"));
    check("US", "555-0123", None);
    check("IT", "06 1234 5678", Some("+390612345678"));
    check("RU", "+7 812 123-45-67", Some("+78121234567"));
    check("RU", "8 (812) 123-45-67", Some("+78121234567"));
    check("DK", "32 12 34 56", Some("+4532123456"));
    check("AT", "0732 123456", Some("+43732123456"));
    check("CH", "044 668 18 00", Some("+41446681800"));
    assert_eq!(normalise("0911 12345678", None), None);
    assert!(normalise("+49 911 12345678", None).is_some());
    assert!("Germany".parse::<Country>().is_err());
    assert!("de".parse::<Country>().is_ok());
}

#[test]
fn needles() {
    let key = search_key("0911/12345678", Some("+4991112345678"));
    for text in [
        "5678",
        "0911/12345678",
        "911 12345678",
        "+49 911 12345678",
        "4991112345678",
        "678",
    ] {
        assert!(
            Needle::read(text, home("DE")).unwrap().matches(&key),
            "{text}"
        );
        assert!(
            Needle::read(text, None).unwrap().matches(&key),
            "{text} without a home"
        );
    }
    for text in ["78", "0911/12345679", "+43 911 12345678", "anonymous", "1"] {
        assert!(
            !Needle::read(text, home("DE")).unwrap().matches(&key),
            "{text}"
        );
    }
    assert_eq!(Needle::read("  ", None), None);
    assert!(
        Needle::read("SIP:bob@x", None)
            .unwrap()
            .matches(&search_key("sip:Bob@y", None))
    );
    assert!(
        Needle::read("Anonymous", None)
            .unwrap()
            .matches(&search_key("anonymous", None))
    );
    assert!(
        Needle::read("0", None)
            .unwrap()
            .matches(&search_key("0", None))
    );
    assert!(
        Needle::read("20", None)
            .unwrap()
            .matches(&search_key("20", None))
    );
    assert_eq!(search_key("", None), "");
}

#[test]
fn masks() {
    for (number, masked) in [
        ("+4991112345678", "+49…678"),
        ("004991112345678", "+49…678"),
        ("091112345678", "…678"),
        ("123456", "…56"),
        ("200", "…"),
        ("Anonymous", "anonymous"),
        ("", ""),
        ("sip:anna.schmidt@example.org", "(hidden)"),
    ] {
        assert_eq!(mask(number), masked, "{number}");
    }
}

fn separators() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec!["", " ", "-", "/", ".", " / ", "\u{a0}"]),
        16,
    )
}

fn spaced(digits: &str, between: &[&str]) -> String {
    digits
        .chars()
        .zip(between.iter().cycle())
        .flat_map(|(digit, between)| std::iter::once(digit).chain(between.chars()))
        .collect()
}

proptest! {
    #[test]
    fn never_panics_and_is_its_own_result(
        raw in prop_oneof![
            any::<String>(),
            "[+0]{0,3}[0-9]{0,20}",
            "(sip:|tel:)?[+0-9 ()/-]{0,30}(@x)?",
            "[0-9]{300}",
        ],
        home in prop::sample::select(vec!["DE", "AT", "US", "IT", "RU", "FR", "HU", "BR", "SM"]),
    ) {
        let home = home.parse().ok();
        if let Some(number) = normalise(&raw, home) {
            prop_assert_eq!(normalise(number.as_str(), home), Some(number.clone()));
            prop_assert_eq!(normalise(number.as_str(), None), Some(number.clone()));
            prop_assert!(number.as_str()[1..].bytes().all(|b| b.is_ascii_digit()));
            prop_assert!((8..=16).contains(&number.as_str().len()));
        }
        let masked = mask(&raw);
        prop_assert!(masked.chars().filter(char::is_ascii_digit).count() <= 6);
        let number = normalise(&raw, home);
        let key = search_key(&raw, number.as_ref().map(E164::as_str));
        if let Some(needle) = Needle::read(&raw, home) {
            prop_assert!(needle.matches(&key), "{:?} finds itself: {:?} {:?}", raw, needle, key);
        }
    }

    #[test]
    fn any_way_of_writing_finds_it(
        area in prop::sample::select(vec!["911", "30", "171", "89", "6221", "40", "211"]),
        subscriber in "[1-9][0-9]{6}",
        sent in 0..5usize,
        typed in 0..6usize,
        between in separators(),
    ) {
        let ways = |way: usize| match way {
            0 => format!("+{}", spaced(&format!("49{area}{subscriber}"), &between)),
            1 => format!("00{}", spaced(&format!("49{area}{subscriber}"), &between)),
            2 => format!("0{}", spaced(&format!("{area}{subscriber}"), &between)),
            3 => format!("+49 (0){area} {subscriber}"),
            4 => format!("49{area}{subscriber}"),
            _ => subscriber[subscriber.len() - 4..].to_owned(),
        };
        let raw = ways(sent);
        let number = normalise(&raw, home("DE"));
        let expected = format!("+49{area}{subscriber}");
        prop_assert_eq!(number.as_ref().map(E164::as_str), Some(expected.as_str()), "{}", raw);
        let key = search_key(&raw, number.as_ref().map(E164::as_str));
        for country in [home("DE"), None] {
            let needle = Needle::read(&ways(typed), country).unwrap();
            prop_assert!(needle.matches(&key), "{} finds {}", ways(typed), raw);
        }
    }
}
