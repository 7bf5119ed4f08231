//! What the settings say of a mistake: in words for administrators, all mistakes at once.

use voicemail_guard::config::Config;

fn mistakes(text: &str) -> Vec<String> {
    let problems = Config::parse(text.as_bytes()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn no_word_of_the_parser_reaches_an_administrator() {
    for (text, expected) in [
        (
            "[listen]\naddress = '127.0.0.1:1'",
            "[listen] address: \"127.0.0.1:1\" is not a list in square brackets: write [\"127.0.0.1:1\"]",
        ),
        (
            "[listen]\naddress = ['x']",
            "[listen] address: \"x\" is not an address with its port, such as \"127.0.0.1:4574\"",
        ),
        (
            "[defaults]\ndeliver_to = 5",
            "[defaults] deliver_to: 5 is not a list in square brackets",
        ),
        (
            "[defaults]\nrefuse = [5]",
            "[defaults] refuse: 5 is not a text in quotation marks",
        ),
        (
            "[defaults]\ndeliver_to = ['email']",
            "[defaults] deliver_to: \"email\" is not one of \"voicemail\", \"mail\", \"webhook\"; did you mean \"mail\"?",
        ),
        (
            "[log]\nformat = true",
            "[log] format: true is not one of \"text\", \"json\"",
        ),
        (
            "[delivery.mail]\ntls = 1",
            "[delivery.mail] tls: 1 is not one of \"none\", \"starttls\", \"tls\"",
        ),
        (
            "[delivery.webhook]\naudio = 'yes'",
            "[delivery.webhook] audio: \"yes\" is not true or false, without quotation marks",
        ),
        (
            "[log]\nlevel.x = 'info'",
            "[log] level: a table is not a text in quotation marks",
        ),
        (
            "[log]\nlevel = info",
            "a value is a number, true or false, or a text in quotation marks",
        ),
        (
            "[log]\nlevel 'info'",
            "a setting is written as name = value",
        ),
    ] {
        assert_eq!(mistakes(text), [format!("line 2: {expected}")], "{text}");
    }
}

#[test]
fn a_slip_of_the_pen_is_answered_with_the_name_that_is_meant() {
    for (text, expected) in [
        (
            "[defaults]\npuase_s = 5",
            "line 2: [defaults] puase_s: unknown setting `puase_s`; did you mean `pause_s`?",
        ),
        (
            "[delivery.mial]\nserver = 'x'",
            "line 1: [delivery] mial: no such table; did you mean [delivery.mail]?",
        ),
        (
            "[logs]\nlevel = 'x'",
            "line 1: [logs]: no such table; did you mean [log]?",
        ),
    ] {
        assert_eq!(mistakes(text), [expected], "{text}");
    }
    let far = mistakes("[log]\ncolour = 'x'").remove(0);
    assert!(far.ends_with("unknown setting `colour`, expected `level` or `format`"));
}

#[test]
fn what_stands_twice_is_named_with_both_lines() {
    for (text, at, first) in [
        ("[log]\nlevel = 'info'\n[log]\nformat = 'json'", 3, 1),
        ("[log]\nlevel = 'info'\n[[log]]\n", 3, 1),
        ("[box.2]\n[box.1]\n[box.'1@default']", 3, 2),
        ("[box.'1@default']\n[box.1]", 2, 1),
        ("[log]\nlevel = 'info'\nlevel = 'warn'", 3, 2),
    ] {
        let found = mistakes(text).remove(0);
        assert!(found.starts_with(&format!("line {at}: ")), "{found}");
        assert!(found.contains(&format!("in line {first}")), "{found}");
    }
}

#[test]
fn the_mistakes_of_a_delivery_are_reported_at_once() {
    let text = "[delivery.mail]\nserver = 'mail.example.com'\nuser = 'guard'\npassword = 'x'\n\
                password_file = '/etc/secret'\nmost_bytes = 1\n\
                [delivery.webhook]\nurl = 'http://example.com/'\nsecret = 'short'\ntimeout_s = 0\n\
                [defaults]\ndeliver_to = ['mail', 'webhook']\npause_s = 0\nlongest_message_s = 15";
    let found = mistakes(text);
    let begins = [
        "line 1: [delivery.mail] from: some mailbox has deliver_to",
        "line 2: [delivery.mail] tls: messages would go to mail.example.com",
        "line 5: [delivery.mail] password_file: password is set as well, in line 4",
        "line 6: [delivery.mail] most_bytes: 1 is not",
        "line 8: [delivery.webhook] url: calls would be sent",
        "line 9: [delivery.webhook] secret: a secret",
        "line 10: [delivery.webhook] timeout_s: 0 is not",
        "line 12: [defaults] mail_to: deliver_to has \"mail\"",
        "line 13: [defaults] pause_s: 0 is not",
        "line 14: [defaults] longest_message_s: warning_before_end_s",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begins) {
        assert!(found.starts_with(begin), "{found}");
    }
}

#[test]
fn what_is_wrong_is_not_missing_as_well() {
    for settings in [
        "from = 'x'",
        "from = 'a@example.com'\nuser = 5\npassword = 'x'",
        "from = 'a@example.com'\nuser = 'x'\npassword = 5",
        "from = 'a@example.com'\nserver = 'mail.example.com'\ntls = 'ssl'",
    ] {
        let text = format!(
            "[defaults]\ndeliver_to = ['mail']\nmail_to = ['b@example.com']\n[delivery.mail]\n{settings}"
        );
        assert_eq!(mistakes(&text).len(), 1, "{:#?}", mistakes(&text));
    }
}

#[test]
fn a_secret_has_one_way_to_be_written() {
    for table in [
        "[delivery.mail]\nuser = 'x'\npassword = 'x'\npassword_file = '/x'",
        "[delivery.webhook]\nsecret = 'x'\nsecret_file = '/x'",
    ] {
        let found = mistakes(table).remove(0);
        assert!(found.ends_with("; keep one of the two"), "{found}");
    }
    Config::parse(b"[delivery.mail]\npassword = ''\npassword_file = ''").unwrap();
}

#[test]
fn a_page_that_others_reach_wants_a_login() {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAapArZZsoHOwG4k";
    let anna = format!("[web.user.anna]\npassword = '{hash}'");
    for (text, expected) in [
        (
            "[web]\naddress = ['0.0.0.0:4575']".to_owned(),
            "line 2: [web] address: 0.0.0.0:4575 can be reached from other machines, and nobody can log in",
        ),
        (
            format!("[web]\nuser_header = 'X-Remote-User'\n{anna}"),
            "line 2: [web] user_header: anybody could send this header",
        ),
        (
            "[web]\nuser_header = 'X-Remote-User'\nproxies = ['127.0.0.1']".into(),
            "line 2: [web] user_header: nobody may see the page",
        ),
        (
            format!("[web]\nproxies = ['0.0.0.0/0']\n{anna}"),
            "line 2: [web] proxies: a network of everybody is no reverse proxy",
        ),
        (
            "[web]\nuser_header = 'X Remote'".into(),
            "line 2: [web] user_header: \"X Remote\" is not the name of a header",
        ),
        (
            "[web]\nhost = ['pbx.example.com:443']".into(),
            "line 2: [web] host: \"pbx.example.com:443\" is not the name or address of a machine",
        ),
        (
            "[web.user.anna]\npassword = 'correct horse'".into(),
            "line 2: [web.user.\"anna\"] password: not a hash as voicemail-guard user add makes it",
        ),
        (
            "[web.user.anna]\nrole = 'work'".into(),
            "line 1: [web.user.\"anna\"]: nobody can log in so",
        ),
        (
            format!("{anna}\nrole = 'boss'"),
            "line 3: [web.user.\"anna\"] role: \"boss\" is not one of \"read\", \"work\", \"admin\"",
        ),
        (
            format!("{anna}\nmailboxes = ['../x']"),
            "line 3: [web.user.\"anna\"] mailboxes: \"../x\" is not a mailbox",
        ),
        (
            format!("{anna}\nmailbox = ['100']"),
            "line 3: [web.user.\"anna\"] mailbox: unknown setting `mailbox`",
        ),
        (
            anna.replace("anna", "\" anna\""),
            "line 1: [web.user.\" anna\"]: a user's name has 1 to 64 characters",
        ),
        (
            "[web]\nuser = 'anna'".into(),
            "line 2: [web] user: users are tables such as",
        ),
    ] {
        let found = mistakes(&text);
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].starts_with(expected), "{text}: {}", found[0]);
        assert!(!found[0].contains("horse"), "{}", found[0]);
    }
    let away = "[web]\naddress = ['0.0.0.0:4575']";
    let proxied = "user_header = 'X-Remote-User'\nproxies = ['192.0.2.0/24']\n[web.user.anna]";
    for good in [format!("{away}\n{anna}"), format!("{away}\n{proxied}")] {
        let config = Config::parse(good.as_bytes()).unwrap();
        assert!(config.web.has_login(), "{good}");
    }
    assert!(!Config::default().web.has_login());
}
