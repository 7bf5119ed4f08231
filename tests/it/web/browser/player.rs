//! Listening to a call.

use super::{Browser, Served, heard, record_sound};

async fn at_a_call() -> (Served, Browser) {
    let record = heard(1, "0911 7654321", "Schmidt");
    let served = Served::with(std::slice::from_ref(&record)).await;
    record_sound(&served, &record);
    let browser = Browser::of(served.address, "en").await;
    browser.open(&format!("/calls/{}", record.id)).await;
    browser
        .js("window.audio = document.querySelector('audio')")
        .await;
    let there = "audio.duration > 19 && document.querySelector('.wave').naturalWidth";
    browser.until(there).await;
    (served, browser)
}

/// Plays from there on: a jump leads to 0.2 s before it.
async fn plays_from(browser: &Browser, seconds: f64) {
    let there = format!(
        "!audio.paused && audio.currentTime >= {} && audio.currentTime < {}",
        seconds - 0.3,
        seconds + 6.0
    );
    browser.until(&there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_plays_and_jumps_by_keys() {
    let (_served, browser) = at_a_call().await;
    browser.press("n").await;
    plays_from(&browser, 12.0).await;
    browser.press("s").await;
    plays_from(&browser, 3.0).await;
    browser.press(" ").await;
    browser.until("audio.paused").await;
    assert_eq!(browser.js("return audio.playbackRate").await, 1);
    browser.press("f").await;
    browser.until("audio.playbackRate === 1.5").await;
    browser.press("f").await;
    browser.until("audio.playbackRate === 1").await;
    browser.until("!document.querySelector('.keys').open").await;
    browser.press("?").await;
    browser.until("document.querySelector('.keys').open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_plays_and_jumps_by_clicks() {
    let (_served, browser) = at_a_call().await;
    browser.click("[data-to=number]").await;
    plays_from(&browser, 12.0).await;
    browser.click("[data-to=speech]").await;
    plays_from(&browser, 3.0).await;
    // In the middle of the picture.
    browser.click(".wave-box").await;
    plays_from(&browser, 10.0).await;
    browser
        .until("!document.querySelector('.cursor').hidden")
        .await;
    browser.click(".story li:nth-child(2) .sentence").await;
    let to = "Number(document.querySelector('.story li:nth-child(2)').dataset.at)";
    browser
        .until(&format!("Math.abs(audio.currentTime - {to}) < 5"))
        .await;
    // The first three seconds are silence.
    browser.click("[data-skip]").await;
    browser
        .js(
            "audio.pause(); audio.currentTime = 0; window.heard = []; \
             audio.addEventListener('timeupdate', () => heard.push(audio.currentTime)); audio.play()",
        )
        .await;
    browser.until("audio.currentTime > 3").await;
    let heard = browser
        .js("return heard.filter((at) => at > 1 && at < 2.9)")
        .await;
    assert_eq!(heard, serde_json::json!([]), "silence was played");
}
