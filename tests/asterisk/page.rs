//! The team's page while calls come.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::json;
use tokio::runtime::Runtime;

use self::browser::Browser;
use crate::cases::caller;
use crate::guard::Guard;
use crate::lab::Lab;
use crate::sound::Sound;

#[path = "../support/browser.rs"]
mod browser;

#[test]
fn browser_shows_a_call_that_comes_while_a_note_is_typed() {
    let lab = Lab::enter();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let guard = Guard::with(&lab, &format!("[web]\naddress = [\"{address}\"]\n"));
    let message = Sound::of_example("message");
    let calls = |number| {
        let caller = caller(&lab, number).listens();
        caller.says(&message).hangs_up().calls()
    };
    calls("0911561").join().unwrap();
    guard.closed_calls(1);

    Runtime::new().unwrap().block_on(async {
        let list = Browser::of(address, "en").await;
        list.open("/").await;
        list.is_named("bert").await;
        list.write("input[type=search]", "half a na").await;
        let case = Browser::of(address, "en").await;
        case.open("/").await;
        case.is_named("anna").await;
        case.click_through(".case .open").await;
        case.write("textarea", "wants").await;

        // The same caller, and another one, while both go on typing.
        let on_the_line = [calls("0911561"), calls("0911562")];
        let place = "return JSON.stringify([document.querySelector('textarea, input[type=search]')\
             .getBoundingClientRect().top, scrollY, document.activeElement.name])";
        let before = (case.js(place).await, list.js(place).await);
        while !on_the_line.iter().all(std::thread::JoinHandle::is_finished) {
            case.press(" on").await;
            case.press("\u{e003}\u{e003}\u{e003}").await;
        }
        case.press(" the blue").await;
        guard.closed_calls(3);
        for browser in [&list, &case] {
            browser
                .until("!document.querySelector('.news').hidden")
                .await;
        }
        list.until("document.querySelector('[data-count=\"1\"]').textContent === '2'")
            .await;
        list.until("document.querySelector('.case .sub').innerText.includes('2 calls')")
            .await;
        list.press("me").await;
        case.press(" one").await;
        let typed = "return document.querySelector('textarea, input[type=search]').value";
        assert_eq!(list.js(typed).await, json!("half a name"));
        assert_eq!(case.js(typed).await, json!("wants the blue one"));
        let after = (case.js(place).await, list.js(place).await);
        assert_eq!(after, before, "what is typed has moved");

        case.click_through("button[value=note]").await;
        let history = case.text(".history").await;
        assert!(history.contains("wants the blue one"), "{history}");
        let calls = "document.querySelectorAll('.calls li').length === 2";
        case.until(calls).await;
        list.click_through(".news a").await;
        let shown = "document.querySelectorAll('.case').length === 2";
        list.until(shown).await;
    });
}
