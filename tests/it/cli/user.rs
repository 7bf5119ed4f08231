//! `user add`: from a password to a login.

use std::io::Write;
use std::process::{Output, Stdio};

use voicemail_guard::config::Config;
use voicemail_guard::password::verify;

use super::{guard, text};

fn add(name: &str, typed: &str) -> Output {
    let mut child = guard()
        .args(["user", "add", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses the name reads nothing.
    child.stdin.take().unwrap().write_all(typed.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

#[test]
fn what_is_printed_lets_the_user_in() {
    for name in ["anna", "Jürgen \"Q\" \\ Groß", "a.b"] {
        let added = add(name, "correct horse \r\nmore\n");
        assert_eq!(added.status.code(), Some(0), "{added:?}");
        let table = text(&added);
        let config = Config::parse(table.as_bytes()).unwrap();
        let user = &config.web.users[name];
        assert!(verify(user.password.as_ref(), "correct horse "), "{table}");
        assert!(!verify(user.password.as_ref(), "correct horse"), "{table}");
        assert!(!table.contains("horse"), "{table}");
    }
}

#[test]
fn what_is_no_password_or_no_name_is_refused() {
    let long = "x".repeat(1_025);
    for (name, typed, why) in [
        ("anna", "", "at least 10 characters"),
        ("anna", "short\n", "at least 10 characters"),
        ("anna", &*long, "at most 1024 bytes"),
        ("", "correct horse\n", "a user's name"),
        (" anna", "correct horse\n", "a user's name"),
        ("an\u{1b}[2Jna", "correct horse\n", "a user's name"),
    ] {
        let refused = add(name, typed);
        assert_eq!(refused.status.code(), Some(2), "{name:?}");
        assert_eq!(text(&refused), "");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(why), "{name:?}: {said}");
    }
}
