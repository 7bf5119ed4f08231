//! The page behind a reverse proxy, under names of its own, and when its settings change.

use voicemail_guard::config::Config;
use voicemail_guard::password::PasswordHash;

use super::Served;
use super::access::{PASSWORD, config, form, is_sent_to_login, two_calls};

const BY_HEADER: &str = "proxies = ['127.0.0.1']\nuser_header = 'X-Remote-User'";

#[tokio::test]
async fn a_proxy_says_who_it_is_and_nobody_else_does() {
    let records = two_calls();
    let served = Served::set(config(BY_HEADER), &records).await;
    let anna = "X-Remote-User: anna\r\n";
    let list = served.get_with("/?show=all", anna).await;
    assert_eq!(list.cases(), [records[0].id.to_string()]);
    assert!(list.text().contains("<bdi>anna</bdi>"), "{}", list.text());
    assert!(!list.text().contains("Log out"), "the proxy logs out");
    let case = format!("/cases/{}", records[0].id);
    assert_eq!(served.post(&case, anna, "step=claim").await.status, 403);
    let claim = form(&[("step", "claim"), ("token", &served.token(anna).await)]);
    assert_eq!(served.post(&case, anna, &claim).await.status, 303);
    for unknown in [
        "X-Remote-User: mallory\r\n",
        "X-Remote-User: Anna\r\n",
        "X-Remote-User: anna, ada\r\n",
        "X-Remote-User: anna\r\nX-Remote-User: ada\r\n",
    ] {
        let answer = served.get_with("/", unknown).await;
        assert_eq!(answer.status, 403, "{unknown}");
        assert!(!answer.text().contains("Schmidt"), "{}", answer.text());
    }
    for nobody in ["", "X-Remote-User: \r\n"] {
        assert!(
            is_sent_to_login(&served.get_with("/", nobody).await),
            "{nobody}"
        );
    }

    let elsewhere = BY_HEADER.replace("127.0.0.1", "192.0.2.0/24");
    let served = Served::set(config(&elsewhere), &records).await;
    for forged in [anna, "X-Remote-User: ada\r\nX-Forwarded-For: 192.0.2.1\r\n"] {
        let answer = served.get_with("/", forged).await;
        assert!(is_sent_to_login(&answer), "{forged}: {answer:?}");
    }
    let cookie = served
        .try_login("anna", PASSWORD, "x-forwarded-proto: https\r\n")
        .await;
    assert!(!cookie.header("set-cookie").unwrap().contains("Secure"));
}

#[tokio::test]
async fn the_page_is_asked_for_by_its_own_names_only() {
    let set = "address = ['192.0.2.5:4575']\nhost = ['PBX.example.com']";
    let served = Served::set(config(set), &[]).await;
    for (host, status) in [
        ("pbx.example.com", 303),
        ("pbx.example.com:4575", 303),
        ("192.0.2.5:4575", 303),
        ("192.0.2.6:4575", 421),
        ("other.example.com", 421),
    ] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = served.raw(request.as_bytes()).await;
        assert_eq!(answer.status, status, "{host}");
    }
}

#[tokio::test]
async fn other_settings_hold_at_once() {
    let [record, _] = two_calls();
    let served = Served::set(
        config("address = ['192.0.2.5:4575']"),
        std::slice::from_ref(&record),
    )
    .await;
    let (anna, rita) = (served.login("anna").await, served.login("rita").await);
    let mut changed = (*served.settings.now()).clone();
    let other = PasswordHash::of("another horse").unwrap();
    changed.web.users.get_mut("anna").unwrap().password = Some(other);
    changed.web.users.get_mut("rita").unwrap().rights.mailboxes = Some(vec!["200".into()]);
    served.settings.replace(changed);
    assert!(is_sent_to_login(&served.get_with("/", &anna).await));
    assert!(served.get_with("/", &rita).await.cases().is_empty());
    // It is served elsewhere until the restart: without users nobody is let in.
    let open = served.settings.replace(Config::default());
    assert!(open.contains(&"[web] address"), "{open:?}");
    assert!(is_sent_to_login(&served.get_with("/", &rita).await));
    assert!(is_sent_to_login(&served.get("/").await));
}
