//! On paper and on a telephone.

use thirtyfour::common::print::{PrintPage, PrintParameters};

use voicemail_guard::queue_watch::waiting::Entry;

use super::{Browser, Served, Verdict, call, heard, json, pages, record_sound};
use crate::web::waiting::{MUSIC, waiter, watched};

const LONG: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

/// A call with much of everything, served; and callers who wait as long as the last value is there.
async fn much() -> (Served, String, [Entry; 2]) {
    let mut record = heard(1, "+49 911 76543210987", LONG);
    record.dnid = "9".repeat(60);
    let others = (2..).zip(Verdict::ALL).map(|(n, verdict)| {
        let mut record = call(
            n,
            &format!("0176 040690{n:02}"),
            "Hausverwaltung Kern",
            verdict,
        );
        record.watched = (n % 2 == 0).then(|| "Kern".into());
        record
    });
    let mut records: Vec<_> = others.collect();
    records.push(record.clone());
    let served = Served::set(watched(), &records).await;
    record_sound(&served, &record);
    let mut long = waiter(1, &LONG.to_lowercase().replace('ä', "ae"), 90, MUSIC);
    long.caller.name = LONG.into();
    let waits = [
        served.waits(long),
        served.waits(waiter(2, "support", 3, MUSIC)),
    ];
    (served, record.id.to_string(), waits)
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_fits_every_width() {
    let (served, id, _waits) = much().await;
    let browser = Browser::of(served.address, "de").await;
    for width in [360, 700, 1_000, 1_200, 1_400] {
        browser.is_wide(width).await;
        for path in pages(&id) {
            browser.open(&path).await;
            browser
                .js("for (const of of document.querySelectorAll('details')) of.open = true")
                .await;
            let wide = browser
                .js("return document.documentElement.scrollWidth")
                .await;
            let wider = browser
                .js("return [...document.querySelectorAll('main *')].filter((of) => \
                     !of.closest('.tabs, .quiet, .scroll') && of.getBoundingClientRect().right > innerWidth + 1)\
                     .map((of) => of.outerHTML.slice(0, 80))")
                .await;
            assert_eq!((wide, wider), (json!(width), json!([])), "{path}");
            let cut_off = browser
                .js("return [...document.querySelectorAll('button, .kind, .who .sub, .age, .number')]\
                     .filter((of) => of.checkVisibility() && of.scrollWidth > of.clientWidth + 1)\
                     .map((of) => of.outerHTML.slice(0, 120))")
                .await;
            assert_eq!(cut_off, json!([]), "{path} {width}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_is_used_by_the_thumb() {
    let (served, id, _waits) = much().await;
    let browser = Browser::of(served.address, "de").await;
    browser.is_a_phone().await;
    for path in pages(&id) {
        browser.open(&path).await;
        let small = browser
            .js(
                "return [...document.querySelectorAll('button, select, summary, audio, textarea, \
                 input:not([type=hidden]), main a')]\
                 .filter((of) => of.checkVisibility() && !of.closest('.quiet'))\
                 .filter((of) => Math.max(...[of, of.closest('label') ?? of]\
                 .map((part) => part.getBoundingClientRect().height)) < 43.5)\
                 .map((of) => of.outerHTML.slice(0, 120))",
            )
            .await;
        assert_eq!(small, json!([]), "too small on {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_the_next_to_ring_without_scrolling() {
    let records: Vec<_> = (1..30)
        .map(|n| call(n, &format!("030 12345{n:02}"), "Kern", Verdict::Message))
        .collect();
    let served = Served::with(&records).await;
    let browser = Browser::of(served.address, "de").await;
    for is_phone in [false, true] {
        if is_phone {
            browser.is_a_phone().await;
        }
        browser.open("/").await;
        for css in [".first", ".case .tel", ".case button.main"] {
            let bottom = format!(
                "return innerHeight - document.querySelector({css:?}).getBoundingClientRect().bottom"
            );
            let left = browser.js(&bottom).await.as_f64().unwrap();
            assert!(left > 0.0, "{css} is {left} below, phone: {is_phone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_prints_a_call_on_one_page() {
    let mut record = heard(1, "0911 7654321", "Schmidt");
    record.asked = (0..4).flat_map(|_| record.asked.clone()).collect();
    let served = Served::with(std::slice::from_ref(&record)).await;
    record_sound(&served, &record);
    for language in ["en", "de"] {
        let browser = Browser::of(served.address, language).await;
        browser.likes("dark").await;
        browser.open(&format!("/calls/{}", record.id)).await;
        browser
            .until("document.querySelector('.wave').naturalWidth")
            .await;
        let a4 = PrintParameters {
            page: PrintPage {
                width: 21.0,
                height: 29.7,
            },
            ..PrintParameters::default()
        };
        let pdf = browser.driver.print_page(a4).await.unwrap();
        let pdf = String::from_utf8_lossy(&pdf);
        let pages = pdf.matches("/Type /Page\n").count();
        assert_eq!((pdf.get(..5), pages), (Some("%PDF-"), 1));
        let paper = json!({"media": "print", "features": []});
        browser.devtools("Emulation.setEmulatedMedia", paper).await;
        let seen = browser.text("body").await;
        let id = record.id.to_string();
        for word in ["+49 911 7654321", "Schmidt", "100@default", &id, "2026"] {
            assert!(seen.contains(word), "{word}: {seen}");
        }
        let story = browser.text(".story").await;
        assert!(story.lines().count() > 5, "{story}");
        for button in [
            "You are",
            "Sie sind",
            "Back to",
            "Zurück zur",
            "1.5×",
            "1,5×",
        ] {
            assert!(!seen.contains(button), "{button}: {seen}");
        }
        let colours = browser
            .js("return ['body', '.case-head', 'h1'].flatMap((css) => \
                 [getComputedStyle(document.querySelector(css)).color, \
                  getComputedStyle(document.querySelector(css)).backgroundColor])")
            .await;
        let colours = colours.to_string();
        assert!(!colours.contains("230, 234, 239"), "white ink: {colours}");
        assert!(!colours.contains("28, 34, 41"), "black paper: {colours}");
    }
}
