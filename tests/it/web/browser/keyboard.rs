//! With the keyboard alone.

use thirtyfour::Key;

use super::{Browser, Served, Verdict, call, cases, json};

/// Presses Tab until this is focused, and shows it.
async fn tab_to(browser: &Browser, css: &str) {
    let is_there = format!("return document.activeElement.matches({css:?})");
    for _ in 0..60 {
        browser.press(Key::Tab).await;
        if browser.js(&is_there).await == json!(true) {
            let outline = "return getComputedStyle(document.activeElement).outlineStyle";
            assert_ne!(
                browser.js(outline).await,
                json!("none"),
                "{css} shows no focus"
            );
            return;
        }
    }
    panic!("{css} is not reached by Tab");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_works_by_keyboard_alone() {
    let [kern, schmidt] = [(1, "Kern"), (2, "Schmidt")]
        .map(|(n, name)| call(n, &format!("030 123456{n}"), name, Verdict::Message));
    let served = Served::with(&[kern, schmidt]).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    // The first thing is a way past the rest.
    browser.press(Key::Tab).await;
    browser
        .until("document.activeElement.matches('.skip')")
        .await;
    tab_to(&browser, ".me input[name=name]").await;
    browser.press("anna").await;
    browser.leaves_by(browser.press(Key::Enter)).await;
    browser.press("/").await;
    browser
        .until("document.activeElement.matches('input[type=search]')")
        .await;
    browser.press("kern").await;
    browser.leaves_by(browser.press(Key::Enter)).await;
    assert_eq!(cases(&browser).await.as_array().unwrap().len(), 1);

    browser.open("/").await;
    let second = cases(&browser).await[1].as_str().unwrap().to_owned();
    browser.press("jj").await;
    browser.leaves_by(browser.press(Key::Enter)).await;
    browser
        .until(&format!("location.pathname === '/cases/{second}'"))
        .await;
    browser.leaves_by(browser.press("c")).await;
    let state = browser.text(".state").await;
    assert!(state.contains("anna"), "{state}");
    tab_to(&browser, "textarea").await;
    browser.press("jc?").await;
    tab_to(&browser, "button[value=reached]").await;
    browser.leaves_by(browser.press(Key::Enter)).await;
    let history = browser.text(".history").await;
    assert!(history.contains("reached"), "{history}");
    assert!(
        history.contains("jc?"),
        "keys work while one types: {history}"
    );
    browser.open("/").await;
    assert_eq!(cases(&browser).await.as_array().unwrap().len(), 1);
    browser.press("j").await;
    browser.leaves_by(browser.press("c")).await;
    let state = browser.text(".state").await;
    assert!(state.contains("anna"), "{state}");
}
