//! The figures on the page: who sees which, and that nothing of a mailbox's name runs.

use serde_json::Value;
use voicemail_guard::call_record::{EndedBy, Verdict};

use super::access::{config, is_sent_to_login, two_calls};
use super::{Served, call};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn calls_are_counted_by_day_verdict_and_mailbox() {
    let mut hold = call(4, "030 4444444", "", Verdict::HoldMusic);
    hold.ended_by = Some(EndedBy::Guard);
    let served = Served::with(&[
        call(1, "030 1111111", "Schmidt", Verdict::Message),
        call(2, "030 2222222", "Meier", Verdict::Unsure),
        call(3, "030 3333333", "", Verdict::Hangup),
        hold,
    ])
    .await;
    let figures = json(&served.get("/figures.json").await.text());
    let total = &figures["total"];
    assert_eq!(total["calls"], 4);
    assert_eq!(total["verdicts"]["hold_music"], 1);
    assert_eq!([&total["unheard"], &total["ended_by_guard"]], [2, 1]);
    // 17.2 s were heard of each, 10 s of them the greeting; the longest message is 120 s.
    assert_eq!(total["spared_s_at_least"], 14.4);
    assert_eq!(total["spared_s_at_most"], 14.4 + 120.0 - 7.2);
    assert_eq!(total["unsure_share"], 0.25);
    let day = &figures["days"][0];
    assert_eq!([&day["day"], &day["box"]], ["2026-11-24", "100@default"]);
    assert_eq!(figures["weeks"][0]["week"], "2026-W48");
    let page = served.get("/figures").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for there in [
        "<b>0.2 min</b>",
        "at least, at most 2.1 min",
        "<title>24 Nov: 1 message, 1 unsure, 2 nothing left</title>",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
    // What the policy of the page forbids is not there.
    assert!(
        !text.contains("style=") && !text.contains("<style"),
        "{text}"
    );
    let german = served
        .get_with("/figures?span=year", "accept-language: de\r\n")
        .await
        .text();
    assert!(
        german.contains("Anrufe je Woche") && german.contains("mindestens, höchstens 2,1 min"),
        "{german}"
    );
    let csv = served
        .get_with("/figures.csv?span=7d", "accept-language: de\r\n")
        .await;
    assert!(
        csv.header("content-disposition")
            .unwrap()
            .contains("figures.csv")
    );
    assert!(
        csv.text().contains("\"2026-11-24\";\"100@default\";\"4\";"),
        "{}",
        csv.text()
    );
    for odd in ["span=1;drop", "span=4w&box=%20", "box="] {
        assert_eq!(
            served.get(&format!("/figures?{odd}")).await.status,
            200,
            "{odd}"
        );
    }
    // Nobody has it.
    assert_eq!(served.get("/figures.json?box=200").await.status, 404);
}

#[tokio::test]
async fn figures_of_other_mailboxes_are_not_there() {
    let served = Served::set(config(""), &two_calls()).await;
    assert!(is_sent_to_login(&served.get("/figures").await));
    let rita = served.login("rita").await;
    let mine = json(&served.get_with("/figures.json", &rita).await.text());
    assert_eq!(mine["total"]["calls"], 1);
    let page = served.get_with("/figures", &rita).await.text();
    assert!(
        page.contains("100@default") && !page.contains("200@default"),
        "{page}"
    );
    for path in ["/figures", "/figures.json", "/figures.csv"] {
        let foreign = served
            .get_with(&format!("{path}?box=200@default"), &rita)
            .await;
        assert_eq!(foreign.status, 404, "{path}");
        let own = served.get_with(&format!("{path}?box=100"), &rita).await;
        assert_eq!(own.status, 200, "{path}");
    }
    let ada = served.login("ada").await;
    let all = json(&served.get_with("/figures.json", &ada).await.text());
    assert_eq!(all["total"]["calls"], 2);
}

#[tokio::test]
async fn a_mailbox_of_any_name_is_only_shown() {
    let mut hostile = call(1, "030 1111111", "", Verdict::Message);
    hostile.mailbox = "\"><script>alert(1)</script>\u{202e}@x".into();
    let mut formula = call(2, "030 1111111", "", Verdict::Message);
    formula.mailbox = "=HYPERLINK(\"http://x\")@x".into();
    let served = Served::with(&[hostile, formula]).await;
    let page = served.get("/figures").await.text();
    assert!(
        !page.contains("<script>alert") && !page.contains('\u{202e}'),
        "{page}"
    );
    let csv = served.get("/figures.csv").await.text();
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://x\"\")@x\"") && !csv.contains('\u{202e}'),
        "{csv}"
    );
}
