//! The configuration file: what is taken, what is refused, and what the refusal says.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use voicemail_guard::call::policy::{Offer, Policy};
use voicemail_guard::call_record::Mode;
use voicemail_guard::config::{Config, ConfigError};
use voicemail_guard::telemetry::LogFormat;

const SAMPLE: &str = include_str!("../../voicemail-guard.toml");

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guard.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&file)
}

/// The mistakes of a file, each as it is shown, without the file's name.
fn mistakes(text: &str) -> Vec<String> {
    match load(text) {
        Err(ConfigError::Invalid { problems, .. }) => {
            problems.iter().map(ToString::to_string).collect()
        }
        other => panic!("expected mistakes, got {other:?}"),
    }
}

#[track_caller]
fn check_mistake(text: &str, expected: &str) {
    assert_eq!(mistakes(text), [expected], "for {text:?}");
}

/// The sample with every setting made live.
fn uncommented_sample() -> String {
    let live = |line: &&str| {
        line.strip_prefix('#')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
    };
    SAMPLE
        .lines()
        .map(|line| if live(&line) { &line[1..] } else { line })
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(load("").unwrap(), Config::default());
}

#[test]
fn the_sample_is_the_defaults() {
    assert_eq!(load(SAMPLE).unwrap(), Config::default());
}

#[test]
fn the_sample_made_live_is_the_defaults_and_one_box() {
    let text = uncommented_sample();
    let (defaults, one_box) = text.split_once("[box.").unwrap();
    assert_eq!(load(defaults).unwrap(), Config::default());
    let config = load(&format!("[box.{one_box}")).unwrap();
    assert_eq!(config.mailboxes().collect::<Vec<_>>(), ["100@default"]);
    assert_eq!(config.policy(&"100".into()).mode, Mode::Observe);
}

#[test]
fn the_sample_shows_every_setting() {
    let text = uncommented_sample();
    for table in [
        "listen",
        "limits",
        "log",
        "tap",
        "prompts",
        "delivery",
        "delivery.voicemail",
        "ami",
        "queue",
        "delivery.mail",
        "delivery.webhook",
        "keep",
        "keep.junk",
        "defaults",
    ] {
        let mistake = mistakes(&format!("[{table}]\nno_such_setting = 1")).remove(0);
        let (_, names) = mistake.split_once("expected ").unwrap();
        let names: Vec<_> = names.split('`').skip(1).step_by(2).collect();
        assert!(names.len() >= 2, "{mistake}");
        let shown = text.split_once(&format!("\n[{table}]\n")).unwrap().1;
        let shown = shown.split("\n[").next().unwrap();
        for name in names {
            assert!(
                shown
                    .lines()
                    .any(|line| line.starts_with(&format!("{name} = "))),
                "[{table}] {name} is not in the sample"
            );
        }
    }
}

#[test]
fn a_box_inherits_from_defaults_which_inherit_from_the_guard() {
    let config = load(
        "[box.\"200@sales\"]\npause_s = 20\nhome_country = 'AT'\n[box.100]\nmode = 'guide'\n[defaults]\npause_s = 12.5\nquestions = 2",
    )
    .unwrap();
    let sales = config.policy(&"200@sales".into());
    assert_eq!(sales.pause, Duration::from_secs(20));
    assert_eq!(sales.home_country.to_string(), "AT");
    assert_eq!(sales.questions, 2);
    assert_eq!(sales.longest_message, Policy::default().longest_message);
    let short = config.policy(&"100".into());
    assert_eq!(short, config.policy(&"100@default".into()));
    assert_eq!(short.mode, Mode::Guide);
    assert_eq!(short.pause, Duration::from_millis(12_500));
    let other = config.policy(&"200".into());
    assert_eq!((other.pause, other.mode), (short.pause, Mode::Enforce));
}

#[test]
fn ways_out_of_a_box() {
    let config = load(
        "[defaults]\noperator_exit = 'support'\nstar_exit = 'desk,9,2'\n[box.200]\noperator_exit = ''\noffer_caller_id = 'rambler'",
    )
    .unwrap();
    let usual = config.policy(&"100".into());
    assert_eq!(usual.operator_exit.as_deref(), Some("support,o,1"));
    assert_eq!(usual.star_exit.as_deref(), Some("desk,9,2"));
    let own = config.policy(&"200".into());
    assert_eq!((own.operator_exit, own.star_exit), (None, usual.star_exit));
    assert_eq!(own.offer_caller_id, Offer::Rambler);
    for place in [
        "a,b", "a,b,c", "a,b,0", "a b", "${X}", "a,b,1,2", ",o,1", "a;b", "a&b",
    ] {
        let found = mistakes(&format!("[defaults]\nstar_exit = {place:?}"));
        let expected = format!(
            "line 2: [defaults] star_exit: {place:?} is not a place in the dialplan such as \"support,o,1\", a context such as \"support\" for its own extension, or \"\" for none"
        );
        assert_eq!(found, [expected]);
    }
}

#[test]
fn every_mistake_is_told_at_once_in_the_order_of_the_file() {
    let found = mistakes(
        "[defaults]\npause_s = 0\nmodus = 'guide'\nquestions = 'two'\n\n[box.\"7@x\"]\ntone_s = 99\n[listen]\naddress = ['localhost:1']\n[sms]\n",
    );
    assert_eq!(
        found[0],
        "line 2: [defaults] pause_s: 0 is not a number of seconds from 3 to 600"
    );
    assert!(
        found[1].starts_with(
            "line 3: [defaults] modus: unknown setting `modus`, expected one of `mode`, "
        ),
        "{}",
        found[1]
    );
    assert_eq!(
        found[2],
        "line 4: [defaults] questions: \"two\" is not a whole number from 1 to 5"
    );
    assert_eq!(
        found[3],
        "line 7: [box.\"7@x\"] tone_s: 99 is not a number of seconds from 1 to 60"
    );
    assert!(
        found[4].starts_with("line 9: [listen] address: "),
        "{}",
        found[4]
    );
    assert!(found[5].starts_with("line 10: [sms]: no such table; there are [listen],"));
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn the_error_names_the_file_on_every_line() {
    let error = load("[defaults]\ntone_s = 0\npause_s = 0\n")
        .unwrap_err()
        .to_string();
    let lines: Vec<_> = error.lines().collect();
    assert!(lines[0].contains("guard.toml, line 2: "), "{error}");
    assert!(lines[1].contains("guard.toml, line 3: "), "{error}");
}

#[test]
fn values_out_of_place_are_refused_with_what_is_allowed() {
    check_mistake(
        "[limits]\nmax_calls = 0",
        "line 2: [limits] max_calls: 0 is not a whole number from 1 to 100000",
    );
    check_mistake(
        "[limits]\nprelude_s = nan",
        "line 2: [limits] prelude_s: NaN is not a number of seconds from 1 to 60",
    );
    check_mistake(
        "[limits]\nmax_calls = 3.5",
        "line 2: [limits] max_calls: 3.5 is not a whole number from 1 to 100000",
    );
    check_mistake(
        "[log]\nformat = 'xml'",
        "line 2: [log] format: \"xml\" is not one of \"text\", \"json\"",
    );
    check_mistake(
        "[defaults]\nhome_country = 'Germany'",
        "line 2: [defaults] home_country: \"Germany\" is not a country of two capital letters such as \"DE\", \"AT\", \"CH\" or \"US\"",
    );
    check_mistake(
        "[tap]\nfolder_as_asterisk_sees_it = '/spool,a(b)'",
        "line 2: [tap] folder_as_asterisk_sees_it: \"/spool,a(b)\" is not the whole path of a folder, beginning with /, of letters, digits, and . _ - /",
    );
    check_mistake(
        "[web]\nport = 80",
        "line 2: [web] port: unknown setting `port`, expected one of `address`, `answer_within_s`, `claims_last_s`, `host`, `proxies`, `user_header`",
    );
    check_mistake(
        "pause_s = 3",
        "line 1: pause_s: a setting stands in one of the tables [listen], [limits], [log], [tap], [prompts], [delivery], [ami], [queue], [web], [keep], [defaults], [box.\"NAME\"]",
    );
    check_mistake("limits = 7", "line 1: limits: is a table: write [limits]");
    check_mistake(
        "[box.'a b']",
        "line 1: [box.\"a b\"]: a mailbox is written as [box.\"100@default\"] or [box.\"100\"], a queue as [box.\"support@queue\"]",
    );
    check_mistake(
        "[box.100]\n[box.'100@default']",
        "line 2: [box.\"100@default\"]: 100@default has a table in line 1 already; keep one of the two",
    );
}

#[test]
fn sounds_and_options_cannot_carry_dialplan() {
    for greeting in [
        "",
        "-x",
        "a b",
        "a,b",
        "a\\\"b",
        "${SHELL(id)}",
        "hello.wav",
        "a&b",
        "ä",
    ] {
        let found = mistakes(&format!("[defaults]\ngreeting = \"{greeting}\""));
        assert!(found[0].contains("is not the name of a sound"), "{found:?}");
    }
    for options in ["u,x", "u)|", "${X}", "u x"] {
        let found = mistakes(&format!("[defaults]\nvoicemail_options = \"{options}\""));
        assert!(
            found[0].contains("is not options of VoiceMail()"),
            "{found:?}"
        );
    }
    let good =
        load("[defaults]\ngreeting = '/srv/sounds/our-greeting.v2'\nvoicemail_options = 'ug(-3)'");
    assert_eq!(
        good.unwrap().policy(&"1".into()).greeting,
        "/srv/sounds/our-greeting.v2"
    );
}

#[test]
fn settings_that_stand_in_each_others_way_are_refused_where_they_are_set() {
    check_mistake(
        "[defaults]\nlongest_message_s = 15",
        "line 2: [defaults] longest_message_s: warning_before_end_s (15 s) must be less than longest_message_s (15 s)",
    );
    check_mistake(
        "[defaults]\nlongest_message_s = 300\n[box.1]\nmode = 'guide'\n[box.2]\n\nlongest_call_s = 200",
        "line 7: [box.\"2\"] longest_call_s: longest_message_s (300 s) must be less than longest_call_s (200 s)",
    );
}

#[test]
fn it_listens_elsewhere_only_with_an_allow_list() {
    for address in ["0.0.0.0:4574", "[::]:4574", "192.0.2.7:4574"] {
        let found = mistakes(&format!(
            "[listen]\naddress = ['127.0.0.1:4574', '{address}']"
        ));
        assert!(
            found[0].starts_with(&format!(
                "line 2: [listen] address: {address} can be reached"
            )),
            "{found:?}"
        );
    }
    check_mistake(
        "[listen]\naddress = []",
        "line 2: [listen] address: at least one address with its port, such as \"127.0.0.1:4574\"",
    );
    let found =
        mistakes("[listen]\naddress = ['0.0.0.0:1']\nallow = [\n'10.0.0.0/8',\n'10.0.0.0/33']");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("line 3: [listen] allow: \"10.0.0.0/33\""),
        "{found:?}"
    );

    let config = load(
        "[listen]\naddress = ['0.0.0.0:1']\nallow = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']",
    );
    let limits = config.unwrap().limits;
    let admits = |peer: &str| limits.admits(peer.parse::<IpAddr>().unwrap());
    for peer in [
        "10.9.8.7",
        "192.0.2.7",
        "::ffff:10.9.8.7",
        "2001:db8::1",
        "127.0.0.1",
        "::1",
    ] {
        assert!(admits(peer), "{peer}");
    }
    for peer in ["11.0.0.1", "192.0.2.8", "::ffff:11.0.0.1", "2001:db9::1"] {
        assert!(!admits(peer), "{peer}");
    }
}

#[test]
fn a_session_outlasts_the_longest_call_of_any_box() {
    let session = |text: &str| load(text).unwrap().limits.session;
    assert_eq!(session(""), Duration::from_mins(15));
    assert_eq!(
        session("[box.1]\nlongest_call_s = 3600"),
        Duration::from_mins(65)
    );
    assert_eq!(
        session("[defaults]\nlongest_call_s = 300"),
        Duration::from_mins(10)
    );
    for mode in ["[defaults]", "[box.1]"] {
        let observing = session(&format!("{mode}\nmode = \"observe\""));
        assert_eq!(
            observing,
            Duration::from_mins(65),
            "VoiceMail() has the caller"
        );
    }
}

#[test]
fn the_guards_tap_folder_follows_asterisks() {
    let tap = load("[tap]\nfolder_as_asterisk_sees_it = '/srv/tap/'")
        .unwrap()
        .tap;
    assert_eq!(tap.folder_as_asterisk_sees_it, Path::new("/srv/tap"));
    assert_eq!(tap.folder_as_guard_sees_it, Path::new("/srv/tap"));
    let tap = load("[tap]\nfolder_as_guard_sees_it = '/mnt/tap'")
        .unwrap()
        .tap;
    assert_eq!(
        tap.folder_as_asterisk_sees_it,
        Path::new("/var/spool/asterisk/voicemail-guard")
    );
    assert_eq!(tap.folder_as_guard_sees_it, Path::new("/mnt/tap"));
}

#[test]
fn what_is_no_toml_is_told_by_line() {
    let found = mistakes("[log]\nlevel = \"info\nformat = \n");
    assert!(found[0].starts_with("line 2: "), "{found:?}");
    assert!(
        found.iter().any(|mistake| mistake.starts_with("line 3: ")),
        "{found:?}"
    );
    let found = mistakes("[delivery.ami]\nuser = 'a'\n[delivery.ami]\n").remove(0);
    let words = "line 3: delivery.ami: stands in the file twice, first in line 1";
    assert!(found.starts_with(words), "{found}");
}

#[test]
fn what_is_no_utf8_is_told_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guard.toml");
    std::fs::write(&file, b"# fine\r\n# M\xfcller\r\n").unwrap();
    let error = Config::load(&file).unwrap_err().to_string();
    assert!(error.ends_with("guard.toml, line 2: not UTF-8"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Config::load(Path::new("/nowhere/guard.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot read the configuration /nowhere/guard.toml: "),
        "{error}"
    );
}

#[test]
fn line_ends_of_another_system_and_a_byte_order_mark_are_taken() {
    let config =
        load("\u{feff}[log]\r\nformat = 'json'\r\nlevel = 'info,voicemail_guard=debug'\r\n");
    assert_eq!(config.unwrap().log.format, LogFormat::Json);
}

#[test]
fn a_mistyped_level_is_refused() {
    check_mistake(
        "[log]\nlevel = 'loud'",
        "line 2: [log] level: \"loud\" is not one of \"error\", \"warn\", \"info\", \"debug\", \"trace\" (or directives such as \"info,voicemail_guard::agi=debug\")",
    );
}

#[test]
fn what_a_delivery_needs_is_asked_for_before_the_first_message() {
    let mail = "[defaults]\ndeliver_to = ['mail']\n";
    let to = "mail_to = ['team@example.com']\n";
    assert_eq!(
        mistakes(mail)[1],
        "line 2: [defaults] mail_to: deliver_to has \"mail\": say to whom, such as mail_to = [\"hotline@example.com\"]",
    );
    let found = mistakes(&format!(
        "{mail}{to}[delivery.mail]\nserver = 'mx.example.com'\nuser = 'x'"
    ));
    for part in [
        "[delivery.mail] from: ",
        "[delivery.mail] user: ",
        "[delivery.mail] tls: messages would go to mx.example.com",
    ] {
        assert!(
            found.iter().any(|mistake| mistake.contains(part)),
            "{part} in {found:?}"
        );
    }
    let found = mistakes("[defaults]\ndeliver_to = ['webhook']");
    for part in ["[delivery.webhook] url: ", "[delivery.webhook] secret: "] {
        assert!(
            found.iter().any(|mistake| mistake.contains(part)),
            "{part} in {found:?}"
        );
    }
    let plain = "[defaults]\ndeliver_to = ['webhook']\n[delivery.webhook]\nsecret = '0123456789abcdef'\nurl = 'http://example.com/x'";
    assert!(mistakes(plain)[0].contains("https"));
    load(&plain.replace("http:", "https:")).unwrap();
    load(&plain.replace("example.com", "127.0.0.1:8080")).unwrap();
}

#[test]
fn addresses_are_taken_as_they_should_be_written() {
    for (text, part) in [
        ("[delivery.webhook]\nurl = 'ftp://example.com'", "https://"),
        (
            "[delivery.webhook]\nurl = 'https://user:word@example.com'",
            "without a user",
        ),
        ("[delivery]\npage_url = 'javascript:alert(1)'", "https://"),
        (
            "[delivery.mail]\nfrom = \"a@example.com\\r\\nBcc: b@example.com\"",
            "e-mail address",
        ),
        (
            "[delivery.mail]\nserver = 'mx.example.com:25'",
            "without a port",
        ),
        ("[delivery.mail]\nca_file = 'ca.pem'", "whole path"),
        ("[defaults]\nmail_to = ['nobody']", "e-mail address"),
    ] {
        let found = mistakes(text);
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{text:?}: {found:?}"
        );
    }
    let page = |url: &str| {
        load(&format!("[delivery]\npage_url = '{url}'"))
            .unwrap()
            .delivery
            .page_url
    };
    assert_eq!(
        page("https://a.example/calls").as_deref(),
        Some("https://a.example/calls/{id}")
    );
    assert_eq!(
        page("https://a.example/c/{id}?x=1").as_deref(),
        Some("https://a.example/c/{id}?x=1")
    );
    let mail = |text: &str| {
        load(&format!("[delivery.mail]\n{text}"))
            .unwrap()
            .delivery
            .mail
            .port
    };
    assert_eq!(
        [
            mail("tls = 'tls'"),
            mail("tls = 'starttls'"),
            mail("tls = 'tls'\nport = 26")
        ],
        [465, 587, 26]
    );
}
