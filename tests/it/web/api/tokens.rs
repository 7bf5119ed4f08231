//! Tokens: made and revoked beside a running guard, and what becomes of wrong ones.

use std::process::Command;

use rusqlite::Connection;
use voicemail_guard::call_log::DATABASE;
use voicemail_guard::config::Config;
use voicemail_guard::telemetry::LogFormat;

use super::super::access::{config, two_calls};
use super::{Served, described};
use crate::support::captured_log::CapturedLog;

/// Exit code, standard output and standard error of the program.
fn guard(served: &Served, words: &[&str]) -> (i32, String, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
        .arg("--data")
        .arg(served.folder.path())
        .args(words)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        ran.status.code().unwrap(),
        text(ran.stdout),
        text(ran.stderr),
    )
}

#[tokio::test]
async fn a_token_is_made_used_and_revoked_beside_a_running_guard() {
    let served = Served::set(config(""), &two_calls()).await;
    assert!(guard(&served, &["token", "list"]).1.contains("no tokens"));
    let (code, token, says) = guard(&served, &["token", "add", "Wall board", "--role", "read"]);
    assert_eq!((code, token.lines().count()), (0, 1), "{says}");
    assert!(says.contains("shown once"), "{says}");
    let token = token.trim_end();
    let header = format!("authorization: Bearer {token}\r\n");
    let me = served.api("/me", &header, 200).await;
    assert_eq!(
        (&me["name"], &me["role"]),
        (&"Wall board".into(), &"read".into())
    );
    // The word before it is written in any way.
    served
        .api("/me", &format!("Authorization: bearer  {token} \r\n"), 200)
        .await;
    let (_, list, _) = guard(&served, &["token", "list"]);
    let row = list
        .lines()
        .find(|line| line.contains("Wall board"))
        .unwrap();
    assert!(row.contains("read") && row.contains("all"), "{row}");
    assert_eq!(
        row.matches("never").count(),
        1,
        "used, and without an end: {row}"
    );

    let (code, none, says) = guard(&served, &["token", "add", "Wall board", "--role", "work"]);
    assert_eq!((code, &*none), (1, ""), "{says}");
    assert!(says.contains("already"), "{says}");
    assert_eq!(guard(&served, &["token", "revoke", "wall"]).0, 1);
    served.api("/me", &header, 200).await;
    let (code, said, _) = guard(&served, &["token", "revoke", "Wall board"]);
    assert_eq!(code, 0, "{said}");
    served.api("/me", &header, 401).await;
    let (_, another, _) = guard(
        &served,
        &[
            "token",
            "add",
            "Wall board",
            "--role",
            "work",
            "--box",
            "100",
            "--box",
            "200",
        ],
    );
    served.api("/me", &header, 401).await;
    let me = served
        .api(
            "/me",
            &format!("authorization: Bearer {another}\r\n").replace("\n\r", "\r"),
            200,
        )
        .await;
    assert_eq!(
        me["mailboxes"],
        serde_json::json!(["100@default", "200@default"])
    );

    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    let rows: String = database
        .query_row(
            "SELECT name || role || hex(hash) || coalesce(mailboxes, '') FROM tokens",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(
        !rows.contains(&another[4..20]),
        "the secret itself is kept: {rows}"
    );
}

#[tokio::test]
async fn a_token_ends_when_it_was_to() {
    let served = Served::set(config(""), &two_calls()).await;
    let token = served.token_for("guest", &["--role", "read", "--expires", "30d"]);
    let me = served.api("/me", &token, 200).await;
    assert!(me["expires"].is_string(), "{me}");
    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    let ended = database
        .execute("UPDATE tokens SET expires_ms = 1000", [])
        .unwrap();
    assert_eq!(ended, 1);
    served.api("/me", &token, 401).await;
    let (_, list, _) = guard(&served, &["token", "list"]);
    assert!(list.contains("expired 1970-01-01"), "{list}");
}

#[test]
fn what_can_be_no_token_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.block_on(Served::set(Config::default(), &[]));
    for (words, said) in [
        (
            &["token", "add", " crm", "--role", "read"][..],
            "1 to 64 characters",
        ),
        (
            &["token", "add", "", "--role", "read"],
            "1 to 64 characters",
        ),
        (
            &["token", "add", "a\u{202e}b", "--role", "read"],
            "1 to 64 characters",
        ),
        (&["token", "add", "crm", "--role", "admin"], "admin"),
        (&["token", "add", "crm"], "--role"),
        (
            &["token", "add", "crm", "--role", "read", "--box", "../x"],
            "no mailbox's name",
        ),
        (
            &[
                "token",
                "add",
                "crm",
                "--role",
                "read",
                "--expires",
                "2020-01-01",
            ],
            "is over",
        ),
        (
            &["token", "add", "crm", "--role", "read", "--expires", "soon"],
            "no time",
        ),
        (&["token"], "revoke"),
    ] {
        let (code, out, says) = guard(&served, words);
        assert_eq!((code, &*out), (2, ""), "{words:?}: {says}");
        assert!(says.contains(said), "{words:?}: {says}");
    }
    let settings = served.folder.path().join("settings.toml");
    std::fs::write(
        &settings,
        "[web]\nproxies = ['127.0.0.1']\nuser_header = 'X-User'\n[web.user.anna]\nrole = 'work'\n",
    )
    .unwrap();
    let settings = settings.to_str().unwrap();
    let (code, _, says) = guard(
        &served,
        &[
            "--config", settings, "token", "add", "anna", "--role", "work",
        ],
    );
    assert_eq!(code, 2, "{says}");
    assert!(says.contains("there is a user"), "{says}");
    let empty = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_voicemail-guard"))
        .arg("--data")
        .arg(empty.path())
        .args(["token", "add", "crm", "--role", "read"])
        .output()
        .unwrap();
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("no call log"));
}

#[tokio::test]
async fn without_a_token_there_is_nothing_but_the_description() {
    let [record, _] = two_calls();
    let served = Served::set(config(""), std::slice::from_ref(&record)).await;
    let anna = served.login("anna").await;
    let csrf = served.token(&anna).await;
    for path in [
        "/me",
        "/summary",
        "/events",
        "/cases",
        "/calls",
        &format!("/cases/{}", record.id),
    ] {
        // A login in the browser counts for the page alone.
        for headers in ["", &*anna, "cookie: name=anna\r\n"] {
            let address = format!("/api/v1{path}");
            let answer = served.get_with(&address, headers).await;
            assert_eq!(answer.status, 401, "{path} {headers}");
            assert_eq!(
                answer.header("www-authenticate"),
                Some("Bearer realm=\"voicemail-guard\"")
            );
            described("GET", &address, &answer);
        }
    }
    let step = format!("/api/v1/cases/{}/steps", record.id);
    for kind in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
    ] {
        let headers = format!("{anna}content-type: {kind}\r\n");
        let body = format!("{{\"step\": \"done\", \"token\": \"{csrf}\"}}");
        assert_eq!(
            served.ask("POST", &step, &headers, &body).await.status,
            401,
            "{kind}"
        );
    }
    served.api("/openapi.json", "", 200).await;
}

#[tokio::test]
async fn wrong_tokens_are_limited_and_the_log_has_the_line_that_fail2ban_knows() {
    let (captured, _log) = CapturedLog::listen(LogFormat::Text, "info");
    let served = Served::set(config("proxies = ['127.0.0.1']"), &[]).await;
    let right = served.token_for("crm", &["--role", "read"]);
    let old = served.token_for("old", &["--role", "read", "--expires", "1d"]);
    let database = Connection::open(served.folder.path().join(DATABASE)).unwrap();
    database
        .execute("UPDATE tokens SET expires_ms = 1000 WHERE name = 'old'", [])
        .unwrap();
    let from = "x-forwarded-for: 203.0.113.7\r\n";
    let made_up = format!("authorization: Bearer vmg_{}\r\n", "A".repeat(43));
    let twice = format!("{right}{right}");
    for wrong in [
        &*made_up,
        &old,
        "authorization: Bearer x\r\n",
        "authorization: Basic YTpi\r\n",
        &twice,
        "authorization: Bearer vmg_\" user=\"anna\r\n",
        "authorization:\r\n",
        "authorization: Bearer \u{e4}\r\n",
    ] {
        let answer = served
            .get_with("/api/v1/me", &format!("{from}{wrong}"))
            .await;
        assert_eq!(answer.status, 401, "{wrong}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("invalid_token"), "{wrong}: {challenge}");
        described("GET", "/api/v1/me", &answer);
    }
    for _ in 0..2 {
        served.api("/me", &format!("{from}{made_up}"), 401).await;
    }
    let blocked = served
        .get_with("/api/v1/me", &format!("{from}{made_up}"))
        .await;
    described("GET", "/api/v1/me", &blocked);
    let wait: u32 = blocked.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(blocked.status, 429);
    assert!((800..=900).contains(&wait), "{wait}");
    // Nobody shuts out the right ones, nor those who log in to the page; and elsewhere it is not counted.
    served.api("/me", &format!("{from}{right}"), 200).await;
    assert_eq!(
        served
            .try_login("anna", super::super::access::PASSWORD, from)
            .await
            .status,
        303
    );
    served
        .api(
            "/me",
            &format!("x-forwarded-for: 203.0.113.8\r\n{made_up}"),
            401,
        )
        .await;

    let log = captured.text();
    let lines: Vec<_> = log.lines().filter_map(|line| line.get(20..)).collect();
    let failed = " WARN access: login failed event=login_failed address=203.0.113.7 user=";
    assert_eq!(lines[0], format!("{failed}-"));
    assert_eq!(lines[1], format!("{failed}old"));
    assert_eq!(
        lines[10],
        " WARN access: too many logins event=login_blocked address=203.0.113.7 user=-"
    );
    assert!(!log.contains("vmg_"), "{log}");
}

#[tokio::test]
async fn who_is_on_the_machine_needs_no_token_where_nobody_logs_in() {
    let [record, _] = two_calls();
    let served = Served::with(std::slice::from_ref(&record)).await;
    let me = served.api("/me", "", 200).await;
    assert_eq!(
        (&me["name"], &me["role"]),
        (&serde_json::Value::Null, &"work".into())
    );
    let id = record.id.to_string();
    let nobody = served
        .step(&id, "", serde_json::json!({"step": "claim"}), 422)
        .await;
    assert_eq!(nobody["field"], "as");
    let anna = served
        .step(
            &id,
            "",
            serde_json::json!({"step": "claim", "as": "anna"}),
            200,
        )
        .await;
    assert_eq!(anna["case"]["claimed"]["by"], "anna");
    assert_eq!(anna["history"][0]["via"], "api");
    // One that is not taken is not as good as none.
    served
        .api("/me", "authorization: Bearer vmg_x\r\n", 401)
        .await;
    let token = served.token_for("crm", &["--role", "read"]);
    assert_eq!(served.api("/me", &token, 200).await["role"], "read");
    served
        .step(
            &id,
            &token,
            serde_json::json!({"step": "note", "note": "x"}),
            403,
        )
        .await;
}
