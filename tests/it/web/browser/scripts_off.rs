//! Without scripts.

use thirtyfour::By;

use super::{Browser, Served, cases, heard, json, record_sound};

#[tokio::test(flavor = "multi_thread")]
async fn browser_works_with_scripts_off() {
    let record = heard(1, "0911 7654321", "Schmidt");
    let served = Served::with(std::slice::from_ref(&record)).await;
    record_sound(&served, &record);
    let browser = Browser::of(served.address, "en").await;
    let of_the_page = "return typeof all";
    browser.open("/").await;
    assert_eq!(browser.js(of_the_page).await, json!("function"));
    browser.runs_no_scripts().await;
    browser.open("/").await;
    assert_eq!(browser.js(of_the_page).await, json!("undefined"));

    browser.is_named("anna").await;
    browser.write("input[type=search]", "schmi").await;
    browser.click_through(".filter button").await;
    assert_eq!(cases(&browser).await, json!([record.id.to_string()]));
    browser.click_through(".case .open").await;
    browser.click_through("button[value=claim]").await;
    let state = browser.text(".state").await;
    assert!(state.contains("anna"), "{state}");
    browser.click_through(".calls a").await;
    assert!(!browser.text(".story").await.is_empty());
    // The button for it is the player's first.
    let player = browser.driver.find(By::Css("audio")).await.unwrap();
    let (width, _) = player.rect().await.map(|of| (of.width, of.height)).unwrap();
    let to_button = 20 - (width / 2.0) as i64;
    let click = browser.driver.action_chain();
    let click = click.move_to_element_with_offset(&player, to_button, 0);
    click.click().perform().await.unwrap();
    browser
        .until("document.querySelector('audio').currentTime > 0.2")
        .await;
}
