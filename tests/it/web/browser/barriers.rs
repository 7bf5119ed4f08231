//! Barriers that axe-core finds.

use super::{Browser, Served, Verdict, call, heard, json, pages, record_sound};
use crate::web::access::config;
use crate::web::waiting::{MUSIC, waiter, watched as queues_watched};

/// Serious and critical ones on the page that is open.
async fn has_no_barrier(browser: &Browser, axe: &str, what: &str) {
    browser.js(axe).await;
    let found = browser
        .js_later(
            "const done = arguments[arguments.length - 1]; axe.run().then((found) => done(found.violations\
             .filter((of) => ['serious', 'critical'].includes(of.impact))\
             .flatMap((of) => of.nodes.map((node) => `${of.id}: ${node.html} ${node.failureSummary}`))), \
             (error) => done([String(error)]));",
        )
        .await;
    assert_eq!(found, json!([]), "{what}");
}

fn axe() -> String {
    let file =
        std::env::var("VOICEMAIL_GUARD_TEST_AXE").expect("VOICEMAIL_GUARD_TEST_AXE; see tests/run");
    std::fs::read_to_string(file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_and_axe_find_no_barrier() {
    let axe = axe();
    let record = heard(1, "0911 7654321", "Schmidt");
    let kinds = [Verdict::Unsure, Verdict::Mutter, Verdict::HoldMusic];
    let others = (2..)
        .zip(kinds)
        .map(|(n, verdict)| call(n, &format!("030 123456{n}"), "Kern", verdict));
    let mut records: Vec<_> = others.collect();
    records.push(record.clone());
    let mut watched = call(7, "030 7654321", "Vogt", Verdict::Mutter);
    watched.watched = Some("Vogt".into());
    records.push(watched);
    let served = Served::set(queues_watched(), &records).await;
    let _waits = served.waits(waiter(9, "support", 3, MUSIC));
    record_sound(&served, &record);
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    browser.is_named("anna").await;
    browser.open(&format!("/cases/{}", record.id)).await;
    browser.write("textarea", "rang at ten").await;
    browser.click_through("button[value=claim]").await;
    for is_phone in [false, true] {
        if is_phone {
            browser.is_a_phone().await;
        }
        for scheme in ["light", "dark"] {
            browser.likes(scheme).await;
            for path in pages(&record.id.to_string()) {
                browser.open(&path).await;
                let what = format!("{path} {scheme}, phone: {is_phone}");
                has_no_barrier(&browser, &axe, &what).await;
            }
        }
    }
    // That it finds what is there.
    browser
        .js("document.body.append(document.createElement('input'))")
        .await;
    browser.js(&axe).await;
    let found = browser
        .js_later("const done = arguments[0]; axe.run().then((found) => done(found.violations.map((of) => of.id)))")
        .await;
    assert!(found.to_string().contains("\"label\""), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_and_axe_find_no_barrier_in_the_login() {
    let axe = axe();
    let served = Served::set(config(""), &[]).await;
    let browser = Browser::of(served.address, "en").await;
    browser.open("/").await;
    for scheme in ["light", "dark"] {
        browser.likes(scheme).await;
        has_no_barrier(&browser, &axe, scheme).await;
    }
    browser.write("input[name=user]", "anna").await;
    browser.write("input[name=password]", "wrong").await;
    browser.click_through(".login button").await;
    has_no_barrier(&browser, &axe, "refused").await;
}
