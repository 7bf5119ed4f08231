//! The figures for programs.

use serde_json::json;
use voicemail_guard::call_record::Verdict;

use super::super::access::{config, two_calls};
use super::super::from_queue::wait_and_call;
use super::{Served, call};

#[tokio::test]
async fn figures_are_those_of_the_page_for_whom_they_are() {
    let [own, foreign] = two_calls();
    let junk = call(3, "030 3333333", "", Verdict::Hangup);
    let served = Served::set(config(""), &[own, foreign, junk]).await;
    let [all, some] = [
        served.token_for("all", &["--role", "read"]),
        served.token_for("some", &["--role", "read", "--box", "100"]),
    ];
    let figures = served.api("/figures", &all, 200).await;
    assert_eq!(figures["total"]["calls"], 3);
    assert_eq!(figures["days"].as_array().unwrap().len(), 2);
    let cookie = served.login("ada").await;
    let of_page = served.get_with("/figures.json", &cookie).await.text();
    let of_page: serde_json::Value = serde_json::from_str(&of_page).unwrap();
    assert_eq!(figures, of_page);

    let figures = served.api("/figures", &some, 200).await;
    assert_eq!(figures["total"]["calls"], 2);
    let foreign = served.api("/figures?box=200", &some, 200).await;
    assert_eq!(foreign["total"]["calls"], 0);
    assert_eq!(foreign["box"], "200@default");
    for (query, calls) in [
        ("since=2026-11-24&until=2026-11-24&box=100", 2),
        ("until=2026-11-23", 0),
        ("since=2026-11-24", 3),
        // Nothing is counted of days to come; that is no reason to begin later.
        ("since=2026-11-24&until=9999-12-31", 3),
        ("span=year", 3),
    ] {
        let figures = served.api(&format!("/figures?{query}"), &all, 200).await;
        assert_eq!(figures["total"]["calls"], calls, "{query}");
    }
    let of_page = served.get_with("/figures.json", &cookie).await.text();
    let today = serde_json::from_str::<serde_json::Value>(&of_page).unwrap()["until"].clone();
    for until in ["2026-11-25", "2090-01-01"] {
        let asked = format!("/figures?since=2026-11-24&until={until}");
        let figures = served.api(&asked, &all, 200).await;
        let last = today.as_str().unwrap().min(until);
        assert_eq!(
            [&figures["since"], &figures["until"]],
            [&json!("2026-11-24"), &json!(last)]
        );
    }
    let endless = served.api("/figures?since=0001-01-01&until=9999-12-31", &all, 422);
    assert!(
        endless.await["detail"]
            .as_str()
            .unwrap()
            .contains("3700 days")
    );
}

#[tokio::test]
async fn waits_and_the_calls_behind_them_are_told_to_those_who_see_them() {
    let [wait, call] = wait_and_call();
    let served = Served::set(config(""), &[wait.clone(), call.clone()]).await;
    let queue = wait.mailbox.as_str();
    let [all, mailbox, only_queue] = [
        served.token_for("all", &["--role", "read"]),
        served.token_for("mailbox", &["--role", "read", "--box", "100"]),
        served.token_for("queue", &["--role", "read", "--box", queue]),
    ];
    let figures = served.api("/figures?span=year", &all, 200).await;
    let counted = &figures["queues"]["days"][0];
    assert_eq!([&counted["waits"], &counted["nobody"]], [1, 1]);
    assert_eq!(counted["box"], queue);
    assert_eq!(figures["queues"]["weeks"].as_array().unwrap().len(), 1);
    let figures = served.api("/figures?span=year", &mailbox, 200).await;
    assert_eq!(figures["queues"]["total"]["waits"], 0);
    let calls = served.api("/calls", &all, 200).await;
    assert_eq!(calls["calls"][0]["came_from"]["id"], wait.id.to_string());
    assert_eq!(calls["calls"][1]["went_to"]["id"], call.id.to_string());
    for token in [&only_queue, &mailbox] {
        let calls = served.api("/calls", token, 200).await;
        assert_eq!(calls["calls"].as_array().unwrap().len(), 1);
        assert!(calls["calls"][0].get("went_to").is_none(), "{calls}");
    }
    let path = format!("/calls/{}", wait.id);
    let one = served.api(&path, &only_queue, 200).await;
    assert!(one["call"].get("went_to").is_none());
    let one = served.api(&path, &all, 200).await;
    assert_eq!(one["call"]["went_to"]["box"], "100@default");
}
