//! What callers and people send does nothing in the page.

use super::{Browser, Served, Verdict, call, json};
use crate::web::hostile::HOSTILE;

#[tokio::test(flavor = "multi_thread")]
async fn browser_runs_nothing_that_callers_send() {
    let records = (1..).zip(HOSTILE).map(|(n, text)| {
        let mut record = call(n, text, text, Verdict::Message);
        record.caller.e164 = None;
        record.callback.e164 = None;
        record.dnid = text.into();
        record.channel = text.into();
        record.watched = Some(text.into());
        record
    });
    let records: Vec<_> = records.collect();
    let served = Served::with(&records).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    browser.is_named("\"><img src=x onerror=alert(1)>").await;
    let mut paths = vec![
        "/".to_owned(),
        "/?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        "/?q=%22%20onfocus=alert(1)%20autofocus%20x=%22&box=%22%3E%3Csvg%20onload=alert(1)%3E"
            .to_owned(),
    ];
    for (record, text) in records.iter().zip(HOSTILE) {
        let case = format!("/cases/{}", record.id);
        browser.open(&case).await;
        let note = serde_json::to_string(text).unwrap();
        browser
            .js(&format!(
                "document.querySelector('textarea').value = 'x' + {note}"
            ))
            .await;
        browser.click_through("button[value=note]").await;
        assert!(browser.text(".history").await.contains("note"));
        paths.extend([case, format!("/calls/{}", record.id)]);
    }
    for path in paths {
        browser.open(&path).await;
        for script in [
            "return window.ran",
            "return [...document.querySelectorAll(\
             'img:not([src^=\"/assets/\"], .wave), svg, iframe, script:not([src=\"/assets/page.js\"]), \
             [onerror], [onload], [onfocus], [onmouseover], [href^=\"javascript\"]')]\
             .map((of) => of.outerHTML)",
        ] {
            assert_eq!(browser.js(script).await, json!([]), "{path}");
        }
    }
    // That the count counts.
    browser
        .js("document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))")
        .await;
    browser.until("ran.length").await;
}
