//! Numbers that no setting takes: each is answered with its setting and the range, whatever the number is.

use std::fs;

use voicemail_guard::config::Config;

use crate::support::sources::root;

/// Every setting that is a number at its default: its table and its name.
fn numeric() -> Vec<(String, String)> {
    let sample = fs::read_to_string(root().join("voicemail-guard.toml")).unwrap();
    let mut table = String::new();
    let mut found = vec![
        ("[keep.junk]".to_owned(), "audio_days".to_owned()),
        ("[box.\"100@default\"]".to_owned(), "pause_s".to_owned()),
        ("[box.100.keep]".to_owned(), "record_days".to_owned()),
    ];
    for line in sample.lines() {
        if line.starts_with('[') {
            line.clone_into(&mut table);
        }
        let setting = line
            .strip_prefix('#')
            .and_then(|line| line.split_once(" = "));
        let Some((name, default)) = setting else {
            continue;
        };
        if default.parse::<f64>().is_ok() && !name.contains(' ') {
            found.push((table.clone(), name.to_owned()));
        }
    }
    found
}

#[test]
fn an_impossible_number_is_answered_with_its_setting_and_the_range() {
    let settings = numeric();
    assert!(
        settings.len() > 35,
        "the settings are no longer found: {settings:?}"
    );
    let (long, longer) = ("9".repeat(20), "9".repeat(60));
    for (table, name) in settings {
        for number in [
            "-1",
            "9223372036854775808",
            "18446744073709551616",
            &*long,
            &*longer,
            "-9999999999999999999999",
            "0xffff_ffff_ffff_ffff_ffff",
            "1e300",
            "-1e300",
            "1e999",
            "inf",
            "-inf",
            "nan",
        ] {
            let text = format!("{table}\n{name} = {number}\n");
            let problems = Config::parse(text.as_bytes()).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            let said = problems[0].to_string();
            let begins = said.contains(&format!("{name}: ")) && said.starts_with("line 2: ");
            let has_range =
                said.contains(" is not a") && said.contains(" from ") && said.contains(" to ");
            assert!(begins && has_range, "{text}: {said}");
            let digits = number.replace("inf", "").replace("nan", "");
            let as_written = digits.parse::<i64>().is_ok() || !digits.contains(['9', '8', 'x']);
            assert!(as_written || said.contains(number), "{text}: {said}");
            for word in [
                "integer", "float", "i128", "u128", "overflow", "invalid", "`",
            ] {
                assert!(!said.contains(word), "{text}: {said}");
            }
            assert!(said.len() < 200, "{text}: {said}");
        }
    }
}

#[test]
fn digits_that_make_no_number_are_answered_in_words() {
    for number in [
        "1_",
        "1__0",
        "0x",
        "0xG",
        "0b12",
        "0o9",
        "0X1f",
        "-0x1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+-1",
        "1.2.3",
        "1,5",
        "5s",
        "10%",
        "--5",
        "1 000",
        "2026-13-01",
        "12:99",
    ] {
        let text = format!("[keep]\naudio_days = {number}\n");
        for problem in Config::parse(text.as_bytes()).unwrap_err() {
            let said = problem.to_string();
            for word in [
                "integer",
                "float",
                "radix",
                "invalid",
                "expected",
                "redundant",
                "unexpected",
            ] {
                assert!(!said.contains(word), "{number}: {said}");
            }
        }
    }
}

#[test]
fn a_secret_that_is_a_number_is_not_repeated() {
    for table in [
        "[delivery.ami]\nsecret",
        "[delivery.mail]\npassword",
        "[web.user.anna]\npassword",
    ] {
        for number in [
            "12345",
            "12345678901234567890",
            "12345678901234567890123",
            "1234.5",
            "12345e400",
        ] {
            let text = format!("{table} = {number}\n");
            let said: Vec<_> = Config::parse(text.as_bytes()).unwrap_err();
            let said: Vec<_> = said.iter().map(ToString::to_string).collect();
            assert!(said[0].contains("quotation marks"), "{said:?}");
            assert!(said.iter().all(|said| !said.contains("1234")), "{said:?}");
        }
    }
    let too_long = format!("[delivery.ami]\nsecret = {}\n", "7".repeat(60));
    let said = Config::parse(too_long.as_bytes()).unwrap_err();
    assert!(
        said.iter().all(|said| !said.to_string().contains('7')),
        "{said:?}"
    );
}
