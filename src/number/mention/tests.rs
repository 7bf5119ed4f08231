use proptest::prelude::*;

use super::*;

fn mention(text: &str) -> Mention {
    Mention::read(text, Some(Country::default())).unwrap()
}

#[test]
fn a_number_is_taken_out_of_any_text() {
    for text in [
        "0911 / 1234-5678",
        "+49 911 12345678",
        "+49 (0)911 12345678",
        "0049 911 12345678",
        "091112345678",
        "4991112345678",
        "0911\u{a0}1234\u{2011}5678",
    ] {
        let number = mention("0911/12345678");
        for (before, behind) in [("", ""), ("Frau Öz, ", " (ab 14 Uhr)"), ("2 ", ", 3")] {
            let whole = format!("{before}{text}{behind}");
            let left = number.without(&whole);
            assert_eq!(left, Some(format!("{before}[erased]{behind}")), "{whole}");
        }
    }
    let left = mention("0911 12345678").without("+43 1 2345678 0911 12345678");
    assert_eq!(left.as_deref(), Some("+43 1 2345678 [erased]"));
    let left = mention("+4991112345678").without("PJSIP/091112345678-0000002a");
    assert_eq!(left.as_deref(), Some("PJSIP/[erased]-0000002a"));
}

#[test]
fn other_numbers_stay() {
    for text in [
        "0911 123456789",
        "10911 12345678",
        "+43 911 12345678",
        "0911 1234567",
        "0911 / 1234 = 5678",
        "+43 (0)911 / 1234 5678",
        "0(0)9 11 12345678",
        "",
    ] {
        assert_eq!(mention("0911 12345678").without(text), None, "{text}");
    }
    // By so few digits nothing is found.
    assert_eq!(mention("200").without("200 EUR"), None);
    assert_eq!(mention("200").keys(), ["002"]);
}

#[test]
fn what_stands_between_the_digits_as_control_characters_hides_nothing() {
    let number = mention("0911/12345678");
    let name = "ring 0911 1234\u{1}5678 please";
    assert_eq!(
        number.without(name).as_deref(),
        Some("ring [erased] please")
    );
    assert!(number.has_digits_in(r#"{"name":"ring 0911 1234\u00015678 please"}"#));
    assert!(number.is_in_bytes(name.as_bytes()));
}

#[test]
fn what_a_call_is_filed_under() {
    let number = mention("+49 911 12345678");
    assert_eq!(number.identity(), "+4991112345678");
    let e164 = "+4991112345678".parse().ok();
    for key in [
        search_key("0911/12345678", e164.as_ref()),
        search_key("091112345678", None),
        search_key("004991112345678", None),
        search_key("91112345678", None),
    ] {
        assert!(number.keys().contains(&key), "{key}");
    }
    let other = search_key("5678", None);
    assert!(!number.keys().contains(&other));
    assert_eq!(mention("sip:anna@example.org").keys(), ["=anna"]);
    assert_eq!(
        number.identities().filter(|of| of.starts_with('+')).count(),
        1
    );
    for nobody in ["anonymous", "", "000", "withheld"] {
        assert_eq!(Mention::read(nobody, None), None, "{nobody}");
    }
}

/// The digits of one number may be another's, with the country's code or without.
#[test]
fn another_country_s_number_of_the_same_digits_is_another_number() {
    let kiel = mention("0431 2345678");
    let vienna: E164 = "+4312345678".parse().unwrap();
    assert!(kiel.keys().contains(&search_key("", Some(&vienna))));
    for raw in ["+4312345678", "004312345678", "4312345678", "0431 2345678"] {
        assert!(!kiel.is(raw, Some(&vienna)), "{raw}");
    }
    assert!(!kiel.is("+4312345678", None));
    assert!(!kiel.is("+43 1 2345678", None));
    assert!(!kiel.is("", None) && !kiel.is("anonymous", None));
    let own: E164 = "+494312345678".parse().unwrap();
    for raw in ["+494312345678", "04312345678", "4312345678", ""] {
        assert!(kiel.is(raw, Some(&own)), "{raw}");
    }
    for raw in [
        "+49 431 2345678",
        "+49 0431 2345678",
        "0431/2345678",
        "00494312345678",
    ] {
        assert!(kiel.is(raw, None), "{raw}");
    }
    for text in ["+43 1 2345678", "+4312345678.", "ring +43/12345678"] {
        assert_eq!(kiel.without(text), None, "{text}");
    }
    for text in ["+49 431 2345678", "+49 (0)431/2345678", "0431 2345678"] {
        assert_eq!(kiel.without(text).as_deref(), Some("[erased]"), "{text}");
    }
    let word = mention("sip:anna@example.org");
    assert!(word.is("SIP:anna@x", None) && !word.is("sip:annabel", None));
    assert!(mention("200").is("200", None) && !mention("200").is("2200", None));
}

/// How somebody writes a number: what stands before the area code, how the groups lie, and what
/// stands between them.
fn written(prefix: &str, groups: &[&str], first: &str, other: &str) -> String {
    let mut text = prefix.to_owned();
    for (nth, group) in groups.iter().enumerate() {
        match nth {
            0 => {}
            1 => text.push_str(first),
            _ => text.push_str(other),
        }
        text.push_str(group);
    }
    text
}

#[test]
fn whatever_stands_between_the_digits() {
    let number = mention("0911/12345678");
    for text in [
        "0911_12345678",
        "0911,12345678",
        "0911, 12345678",
        "0911:12345678",
        "0911|12345678",
        "0911--12345678",
        "0911 - 123 / 45678",
        "0911 -- 123 45678",
        "0911 : 123 45678",
        "0911;12345678",
        "0911,123,45678",
        "0911.123.456.78",
        "0911\n12345678",
        "0911\t12345678",
        "0911'123'45678",
        "0911\u{2019}123\u{2019}45678",
        "0911\u{202f}123\u{a0}45678",
        "0911\u{2013}123\u{2212}45678",
        "0911 \u{2013} 123 45678",
        "\u{ff10}\u{ff19}\u{ff11}\u{ff11}\u{3000}12345678",
        "\u{660}\u{669}\u{661}\u{661} \u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}",
        "(0911) 12345678",
        "(0911) / 12345678",
        "(0)911 12345678",
        "+ 49 911 12345678",
        "(+49) 911 12345678",
        "+49 (0) 911 / 123 456 78",
        "+49 0911 12345678",
        "0049 (0)911 12345678",
        "49 (0)911 12345678",
        "0 9 1 1 1 2 3 4 5 6 7 8",
        "09 11 / 12 34 56 78",
    ] {
        for (before, behind) in [("", ""), ("Tel: ", "; danke"), ("7x ", ", 3"), ("Ö", "ü")] {
            let whole = format!("{before}{text}{behind}");
            let left = number.without(&whole);
            assert_eq!(left, Some(format!("{before}[erased]{behind}")), "{whole:?}");
        }
    }
}

#[test]
fn only_whole_numbers_as_they_are_written() {
    let number = mention("0911 12345678");
    for others in [
        "+43 911 12345678",
        "0043 911 12345678",
        "0043-911-12345678",
        "00 43 911 12345678",
        "+43 (911) 12345678",
        "(+43) 911/12345678",
        "+43, 911, 12345678",
        "+1 911 12345678",
        "030 911 12345678",
        "030/91112345678",
        "0171 0911 1234 5678 9",
        "+49 30 911 12345678",
        "+49 911 12345678 9 0",
        "00 49 911 123 456 789",
        "0911 12345678901",
    ] {
        let found = number.search(others);
        assert_eq!(found.without, None, "{others}");
    }
    for others in [
        "+43 911 12345678",
        "030 911 12345678",
        "0043-911-12345678",
        "030 12345678",
    ] {
        assert_eq!(number.search(others), Searched::default(), "{others}");
    }
    // What is written may be this one, or another.
    for unsure in [
        "0911 12345678 90",
        "0999 911 12345678",
        "12345678",
        "ring 123-45678!",
        "0911 123 45678 oder 0911 12345678 17",
    ] {
        assert!(number.search(unsure).has_unsure, "{unsure}");
    }
    let kiel = mention("0431 2345678");
    assert_eq!(kiel.search("4312345678, Anna").without, None);
    assert!(kiel.search("4312345678, Anna").has_unsure);
    assert!(kiel.may_be("4312345678", None) && !kiel.is("4312345678", None));
    assert!(!kiel.may_be("+4312345678", None) && !kiel.may_be("04312345678", None));
    assert!(mention("+43 1 2345678").may_be("4312345678", None));
    let left = number.without("0911 12345678, 0911 123456789, +43 911 12345678; (0911) 12345678");
    assert_eq!(
        left.as_deref(),
        Some("[erased], 0911 123456789, +43 911 12345678; [erased]")
    );
}

const PREFIXES: [&str; 8] = [
    "0", "+49", "+49 ", "0049", "0049 ", "+49 (0)", "(0)", "49 (0) ",
];
const FIRST_SIGNS: [&str; 16] = [
    "",
    " ",
    "/",
    "-",
    " / ",
    " - ",
    "--",
    "_",
    ".",
    ",",
    ":",
    "|",
    "\u{a0}",
    "\u{2011}",
    " \u{2013} ",
    ") ",
];
const OTHER_SIGNS: [&str; 9] = ["", " ", "-", ".", "/", "\u{202f}", "\u{2010}", " - ", "_"];

/// An area code, a subscriber's number, and where that is parted.
fn groups() -> impl Strategy<Value = (&'static str, String, usize)> {
    let areas = prop::sample::select(vec!["911", "30", "171", "89", "6221", "40", "211"]);
    (areas, "[1-9][0-9]{6}", 1..7_usize)
}

proptest! {
    #[test]
    fn what_is_written_is_found(
        (area, subscriber, cut) in groups(),
        prefix in prop::sample::select(&PREFIXES[..]),
        first in prop::sample::select(&FIRST_SIGNS[..]),
        other in prop::sample::select(&OTHER_SIGNS[..]),
        script in prop::sample::select(vec!['0', '\u{ff10}', '\u{660}', '\u{6f0}']),
        (before, behind) in prop::sample::select(vec![
            ("", ""), ("Tel: ", "\u{fc}"), ("Frau Öz, ", " (ab 14 Uhr)"), ("Nr. 4; ", ", 3"),
            ("+43 1 2345678, ", "; 0431 2345678"),
        ]),
        around in prop::collection::vec(prop::num::u8::ANY, 0..40),
    ) {
        let number = mention(&format!("+49{area}{subscriber}"));
        let first = if prefix.ends_with(['0', '9', ' ']) { first } else { first.trim_start_matches(')') };
        let opened = if first.starts_with(')') { format!("({prefix}") } else { prefix.to_owned() };
        let whole = written(&opened, &[area, &subscriber[..cut], &subscriber[cut..]], first, other);
        let in_script: String = whole.chars().map(|c| c.to_digit(10).map_or(c, |digit| {
            char::from_u32(u32::from(script) + digit).unwrap()
        })).collect();
        let text = format!("{before}{in_script}{behind}");
        let found = number.search(&text);
        // Beside other digits, by commas or without the plus another reading may be as likely: then it is named.
        let is_alone = !format!("{before}{behind}").contains(|c: char| c.is_ascii_digit());
        let is_clear = is_alone && !prefix.starts_with("49") && !first.contains([',', ':', '|']);
        if is_clear || !found.has_unsure {
            prop_assert_eq!(found.without, Some(format!("{before}[erased]{behind}")), "{:?}", text);
        }
        let bytes = [&around[..], whole.as_bytes(), &around].concat();
        prop_assert!(number.is_in_bytes(&bytes));
        let filed: String = format!("{area}{subscriber}").chars().rev().collect();
        prop_assert!(number.is_in_bytes(&[&around[..], filed.as_bytes(), &around].concat()));
    }

    #[test]
    fn nobody_else_s_number_is_touched(
        (area, subscriber, cut) in groups(),
        others in prop::collection::vec((0..9_usize, 0..4_usize, "[1-9][0-9]{6}", 0..OTHER_SIGNS.len()), 1..4),
        between in prop::sample::select(vec![", ", "; ", " ", " / ", " - ", "\n", " oder ", ") ("]),
        theirs in prop::option::of(0..4_usize),
    ) {
        let number = mention(&format!("+49{area}{subscriber}"));
        let others: Vec<_> = others.iter().map(|(kind, way, random, sign)| {
            let sign = OTHER_SIGNS[*sign];
            let (head, last) = subscriber.split_at(6);
            let (prefix, area, subscriber) = match kind {
                0 => ("+43 ", area, subscriber.clone()),
                1 => ("0043 ", area, subscriber.clone()),
                2 => ("+41", area, subscriber.clone()),
                3 => ("+49 ", area, format!("{subscriber}5")),
                4 => ("0", area, format!("{head}{}", if last == "1" { '2' } else { '1' })),
                5 => ("0", if area == "30" { "40" } else { "30" }, subscriber.clone()),
                6 => ("0", "30", format!("{area}{subscriber}")),
                7 => ("+49 (0)", area, head.to_owned()),
                _ => ("0", area, random.clone()),
            };
            let cut = cut.min(subscriber.len() - 1);
            let first = [" ", "/", "-", ""][*way];
            written(prefix, &[area, &subscriber[..cut], &subscriber[cut..]], first, sign)
        }).collect();
        let home = Some(Country::default());
        prop_assume!(others.iter().all(|of| normalise(of, home).is_none_or(|of| of.as_str() != number.identity())));
        let mut parts = others.clone();
        if let Some(at) = theirs {
            parts.insert(at.min(parts.len()), written("0", &[area, &subscriber], " ", ""));
        }
        let text = parts.join(between);
        let found = number.search(&text);
        prop_assert!(theirs.is_none() || found.without.is_some() || found.has_unsure, "{:?}", text);
        prop_assert!(theirs.is_some() || found.without.is_none(), "{:?}: {:?}", text, found.without);
        let left = found.without.unwrap_or(text);
        let mut rest = left.as_str();
        for of in &others {
            let at = rest.find(of.as_str());
            prop_assert!(at.is_some(), "{} in {:?}", of, left);
            rest = &rest[at.unwrap() + of.len()..];
        }
    }
}
