//! The list of who waits in queues, kept up to date while it is open.

use super::{Browser, Served, json};
use crate::web::waiting::{MUSIC, waiter, watched};

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_who_comes_to_wait_and_who_goes() {
    let served = Served::set(watched(), &[]).await;
    let first = served.waits(waiter(1, "support", 1, MUSIC));
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    browser.click_through(".places a[href='/waiting']").await;
    assert!(browser.text("[data-wait]").await.contains("Caller 1"));
    browser
        .js("document.querySelector('[data-wait] a').focus()")
        .await;
    let rows = |count: u32| format!("document.querySelectorAll('[data-wait]').length === {count}");
    let second = served.waits(waiter(2, "support", 1, MUSIC));
    browser.until(&rows(2)).await;
    // Who reads with the keyboard stays where they are.
    let here = browser
        .js("return document.activeElement.closest('[data-wait]')?.textContent.includes('Caller 1')")
        .await;
    assert_eq!(here, json!(true));
    drop(first);
    browser.until(&rows(1)).await;
    assert!(browser.text("[data-wait]").await.contains("Caller 2"));
    drop(second);
    browser.until("document.querySelector('.empty')").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_who_waits_with_scripts_off() {
    let served = Served::set(watched(), &[]).await;
    let _first = served.waits(waiter(1, "support", 1, MUSIC));
    let browser = Browser::of(served.address, "en").await;
    browser.runs_no_scripts().await;
    browser.open("/waiting").await;
    let _second = served.waits(waiter(2, "support", 1, MUSIC));
    browser.click_through("noscript a").await;
    let page = browser.text("main").await;
    assert!(
        page.contains("Caller 1") && page.contains("Caller 2"),
        "{page}"
    );
}
