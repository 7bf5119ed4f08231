//! What a team does all day.

use super::{Browser, Served, Verdict, call, cases, json, typed};

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_who_is_rung_first_and_filters() {
    let junk = call(1, "030 1111111", "Muttering", Verdict::Mutter);
    let unsure = call(2, "030 2222222", "Perhaps", Verdict::Unsure);
    let message = call(3, "030 3333333", "Schmidt", Verdict::Message);
    let [junk_id, unsure_id, message_id] = [&junk, &unsure, &message].map(|of| of.id.to_string());
    let served = Served::with(&[junk, unsure, message]).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    assert_eq!(cases(&browser).await, json!([message_id, unsure_id]));
    let first = browser.text("[data-case]").await;
    for word in ["Ring first", "Schmidt", "+49 30 3333333", "message"] {
        assert!(first.contains(word), "{first}");
    }
    let last = browser.text("[data-case]:last-child").await;
    assert!(!last.contains("Ring first"), "{last}");
    browser.click_through("a[href*='show=junk']").await;
    assert_eq!(cases(&browser).await, json!([junk_id]));
    browser.click_through("a[href*='show=ring']").await;
    browser
        .click("select[name=verdict] option[value=unsure]")
        .await;
    browser.click_through(".filter button").await;
    assert_eq!(cases(&browser).await, json!([unsure_id]));
    // One can keep the address.
    let kept = browser
        .js("return location.pathname + location.search")
        .await;
    browser.open("/?show=all").await;
    assert_eq!(cases(&browser).await.as_array().unwrap().len(), 3);
    browser.open(kept.as_str().unwrap()).await;
    assert_eq!(cases(&browser).await, json!([unsure_id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_finds_a_number_in_ten_written_forms() {
    let schmidt = call(1, "0911 7654321", "Schmidt", Verdict::Message);
    let id = schmidt.id.to_string();
    let other = call(2, "030 1234567", "Kern", Verdict::Message);
    let served = Served::with(&[schmidt, other]).await;
    let browser = Browser::of(served.address, "en").await;
    for written in [
        "+499117654321",
        "+49 911 7654321",
        "+49 (0)911 7654321",
        "00499117654321",
        "0911 7654321",
        "0911/7654321",
        "0911-765 43 21",
        "(0911) 7654321",
        "Tel. 0911.7654321",
        "7654321",
    ] {
        browser.open("/").await;
        browser.write("input[type=search]", written).await;
        browser.click_through(".filter button").await;
        assert_eq!(cases(&browser).await, json!([id]), "{written}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_keeps_what_is_typed_while_a_call_comes() {
    let first = call(1, "0911 7654321", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&first)).await;
    let list = Browser::of(served.address, "en").await;
    let case = Browser::of(served.address, "en").await;
    list.open("/").await;
    list.write("input[type=search]", "half a na").await;
    case.open(&format!("/cases/{}", first.id)).await;
    case.is_named("anna").await;
    case.write("textarea", "she wants the blue").await;
    let place = "return document.querySelector('.case, textarea').getBoundingClientRect().top";
    let before = [list.js(place).await, case.js(place).await];
    served
        .log
        .close_call(call(2, "0911 7654321", "Schmidt", Verdict::Message));
    served
        .log
        .close_call(call(3, "030 1234567", "Kern", Verdict::Message));
    served.log.flush().await.unwrap();
    for browser in [&list, &case] {
        browser
            .until("!document.querySelector('.news').hidden")
            .await;
    }
    let after = [list.js(place).await, case.js(place).await];
    assert_eq!(after, before, "what one looks at has moved");
    assert_eq!(typed(&list, "input[type=search]").await, json!("half a na"));
    assert_eq!(list.text("[data-count='1']").await, "2");
    assert_eq!(cases(&list).await.as_array().unwrap().len(), 1);
    list.click_through(".news a").await;
    assert_eq!(cases(&list).await.as_array().unwrap().len(), 2);
    case.write("textarea", " one").await;
    case.click_through(".news a").await;
    let note = typed(&case, "textarea").await;
    assert_eq!(note, json!("she wants the blue one"));
    case.click_through("button[value=note]").await;
    let history = case.text(".history").await;
    assert!(history.contains("she wants the blue one"), "{history}");
    assert_eq!(typed(&case, "textarea").await, json!(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_lets_one_of_two_claim_a_case() {
    let schmidt = call(1, "0911 7654321", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&schmidt)).await;
    let anna = Browser::of(served.address, "en").await;
    let bert = Browser::of(served.address, "en").await;
    for (browser, name) in [(&anna, "anna"), (&bert, "bert")] {
        browser.open(&format!("/cases/{}", schmidt.id)).await;
        browser.is_named(name).await;
    }
    bert.write("textarea", "rang at ten").await;
    anna.click_through("button[value=claim]").await;
    let state = anna.text(".state").await;
    assert!(state.contains("anna"), "{state}");
    bert.click_through("button[value=claim]").await;
    let refused = bert.text("[role=alert]").await;
    assert!(refused.contains("anna has been on it since"), "{refused}");
    assert_eq!(typed(&bert, "textarea").await, json!("rang at ten"));
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_hears_of_news_after_many_pages() {
    let [first, second] =
        [1, 2].map(|n| call(n, &format!("030 123456{n}"), "Kern", Verdict::Message));
    let served = Served::with(std::slice::from_ref(&first)).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    // More than a browser has connections to a site.
    for _ in 0..8 {
        browser.click_through(".case .open").await;
        browser.click_through(".back a").await;
    }
    browser.click_through(".case .open").await;
    served.log.close_call(second);
    served.log.flush().await.unwrap();
    browser.driver.back().await.unwrap();
    browser
        .until("document.querySelector('[data-count]')?.textContent === '2'")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_says_who_is_next_when_somebody_has_claimed_the_first() {
    let records = [1, 2].map(|n| call(n, &format!("030 123456{n}"), "Kern", Verdict::Message));
    let served = Served::with(&records).await;
    let anna = Browser::of(served.address, "en").await;
    anna.open("/").await;
    anna.is_named("anna").await;
    let bert = Browser::of(served.address, "en").await;
    bert.open("/").await;
    let [first, second] = [1, 2].map(|n| format!(".case:nth-child({n})"));
    let here = bert.text(&format!("{first} .kind")).await;
    assert!(here.contains("Ring first"), "{here}");
    bert.js("window.here = true; document.querySelector('audio, .open').scrollIntoView()")
        .await;
    anna.click_through(&format!("{first} button[value=claim]"))
        .await;
    bert.until(&format!(
        "document.querySelector({:?}).innerText.includes('anna')",
        format!("{first} .state")
    ))
    .await;
    let here = bert.text(&format!("{second} .kind")).await;
    assert!(here.contains("Ring first"), "{here}");
    let gone = bert.text(&format!("{first} .kind")).await;
    assert!(!gone.contains("Ring first"), "{gone}");
    let main = bert
        .js("return [...document.querySelectorAll('button.main')].map((of) => of.closest('.case').dataset.case)")
        .await;
    assert_eq!(main, json!([cases(&bert).await[1]]));
    assert_eq!(
        bert.js("return window.here").await,
        json!(true),
        "it was loaded anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_speaks_both_languages() {
    let record = call(1, "030 1234567", "Schmidt", Verdict::Message);
    let served = Served::with(std::slice::from_ref(&record)).await;
    let browser = Browser::of(served.address, "de").await;
    let language = "return document.documentElement.lang";
    browser.open("/").await;
    assert_eq!(browser.js(language).await, json!("de"));
    let first = browser.text(".case").await;
    assert!(first.contains("Zuerst anrufen"), "{first}");
    browser.click_through("button[name=language]").await;
    assert_eq!(browser.js(language).await, json!("en"));
    // It is remembered.
    browser.open(&format!("/cases/{}", record.id)).await;
    let steps = browser.text(".steps").await;
    assert!(steps.contains("Not reached"), "{steps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_marks_a_verdict_as_wrong_and_counts_it() {
    let mutter = call(1, "0911 7654321", "Schmidt", Verdict::Mutter);
    let served = Served::with(std::slice::from_ref(&mutter)).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    assert_eq!(cases(&browser).await, json!([]));
    browser.open(&format!("/calls/{}", mutter.id)).await;
    browser.is_named("anna").await;
    browser.click_through(".judge button[value=message]").await;
    let said = browser.text(".judged").await;
    assert!(said.contains("anna") && said.contains("message"), "{said}");
    // The caller is to be rung now.
    browser.open("/").await;
    assert_eq!(cases(&browser).await, json!([mutter.id.to_string()]));
    browser.click_through("a[href*='judged=wrong']").await;
    assert_eq!(cases(&browser).await, json!([mutter.id.to_string()]));
    browser.open("/figures?span=year").await;
    let tiles = browser.text(".tiles").await;
    assert!(tiles.contains("Judged wrongly"), "{tiles}");
    let counted = "return [...document.querySelectorAll('.tiles div')].filter((of) => \
                   of.textContent.includes('Judged wrongly'))[0].querySelector('b').textContent";
    assert_eq!(browser.js(counted).await, json!("1"));
    browser.open(&format!("/calls/{}", mutter.id)).await;
    browser
        .click_through(".judge button[value=withdrawn]")
        .await;
    browser.open("/").await;
    assert_eq!(cases(&browser).await, json!([]));
}
