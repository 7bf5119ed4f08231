//! Logging in, and what is there for whom.

use voicemail_guard::call_record::CallRecord;
use voicemail_guard::recordings;

use super::{Browser, Served, cases, json, record_sound};
use crate::web::access::{PASSWORD, config, two_calls};

async fn served() -> (Served, [CallRecord; 2]) {
    let records = two_calls().map(|mut record| {
        record.audio = Some(recordings::place(record.id, record.started));
        record
    });
    let served = Served::set(config(""), &records).await;
    for record in &records {
        record_sound(&served, record);
    }
    (served, records)
}

/// Fills in the form that is shown.
async fn log_in(browser: &Browser, user: &str, password: &str) {
    browser
        .js("document.querySelector('input[name=user]').value = ''")
        .await;
    browser.write("input[name=user]", user).await;
    browser.write("input[name=password]", password).await;
    browser.click_through(".login button").await;
}

async fn path(browser: &Browser) -> String {
    let path = browser.js("return location.pathname").await;
    path.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_logs_in_where_one_wanted_to_go_and_out_again() {
    let (served, [record, _]) = served().await;
    let browser = Browser::of(served.address, "en").await;
    let case = format!("/cases/{}", record.id);
    browser.open(&case).await;
    assert_eq!(path(&browser).await, "/login");
    assert!(!browser.text("body").await.contains("Schmidt"));
    log_in(&browser, "anna", "wrong").await;
    let refused = browser.text("[role=alert]").await;
    assert!(refused.contains("wrong"), "{refused}");
    log_in(&browser, "anna", PASSWORD).await;
    assert_eq!(path(&browser).await, case);
    assert!(browser.text("main").await.contains("Schmidt"));
    assert_eq!(browser.js("return document.cookie").await, json!(""));
    browser.click_through("button[value=claim]").await;
    let state = browser.text(".state").await;
    assert!(state.contains("anna"), "{state}");

    browser.click_through("button[formaction='/logout']").await;
    browser.driver.back().await.unwrap();
    browser.until("document.readyState === 'complete'").await;
    let seen = browser.text("body").await;
    assert!(!seen.contains("Schmidt"), "back after logging out: {seen}");
    browser.open(&case).await;
    assert_eq!(path(&browser).await, "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_each_what_is_theirs() {
    let (served, [own, foreign]) = served().await;
    for (user, sees_all, takes_steps, sees_listeners) in [
        ("anna", false, true, false),
        ("rita", false, false, false),
        ("ada", true, true, true),
    ] {
        let browser = Browser::of(served.address, "en").await;
        browser.open("/?show=all").await;
        log_in(&browser, user, PASSWORD).await;
        let all = if sees_all {
            json!([foreign.id.to_string(), own.id.to_string()])
        } else {
            json!([own.id.to_string()])
        };
        assert_eq!(cases(&browser).await, all, "{user}");
        browser.open("/?q=Meier").await;
        let found = cases(&browser).await.as_array().unwrap().len();
        assert_eq!(found, usize::from(sees_all), "{user}");
        for path in [
            format!("/cases/{}", foreign.id),
            format!("/calls/{}", foreign.id),
        ] {
            browser.open(&path).await;
            let text = browser.text("main").await;
            assert_eq!(text.contains("Meier"), sees_all, "{user} {path}: {text}");
            assert_eq!(text.contains("404"), !sees_all, "{user} {path}: {text}");
        }
        browser.open(&format!("/cases/{}", own.id)).await;
        let buttons = browser
            .js("return document.querySelectorAll('button[name=step]').length > 0")
            .await;
        assert_eq!(buttons, json!(takes_steps), "{user}");
        browser.open(&format!("/calls/{}", own.id)).await;
        browser
            .until("document.querySelector('audio').duration > 19")
            .await;
        browser.open(&format!("/calls/{}", own.id)).await;
        let text = browser.text("main").await;
        assert_eq!(text.contains("Who opened"), sees_listeners, "{user}");
        if sees_listeners {
            for listener in ["anna", "rita", "ada"] {
                assert!(text.contains(listener), "{listener}: {text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_sends_no_form_of_others() {
    let (served, [record, _]) = served().await;
    let browser = Browser::of(served.address, "en").await;
    let case = format!("/cases/{}", record.id);
    browser.open(&case).await;
    log_in(&browser, "anna", PASSWORD).await;
    let forged = format!(
        "data:text/html,<form method=post action='http://{}{case}'><input name=step value=done>\
         <button>win</button></form>",
        served.address
    );
    browser.driver.goto(forged).await.unwrap();
    browser.click_through("button").await;
    let seen = browser.text("body").await;
    assert!(!seen.contains("Schmidt"), "{seen}");
    browser.open(&case).await;
    assert!(!browser.text("main").await.contains("What was done"));
    // From the page itself, without what only it knows.
    browser
        .js("for (const token of document.querySelectorAll('[name=token]')) token.value = 'f'.repeat(64)")
        .await;
    browser.click_through("button[value=done]").await;
    let seen = browser.text("main").await;
    assert!(seen.contains("403"), "{seen}");
    browser.open(&case).await;
    assert!(!browser.text("main").await.contains("What was done"));
    browser.click_through("button[value=done]").await;
    assert!(browser.text("main").await.contains("What was done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_is_not_let_guess_passwords() {
    let (served, _) = served().await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    for _ in 0..10 {
        log_in(&browser, "anna", "wrong").await;
        let refused = browser.text("[role=alert]").await;
        assert!(refused.contains("is wrong"), "{refused}");
    }
    log_in(&browser, "anna", PASSWORD).await;
    let refused = browser.text("[role=alert]").await;
    assert!(refused.contains("too many"), "{refused}");
    browser.open("/").await;
    assert_eq!(path(&browser).await, "/login");
}
