//! The page in a real browser. `tests/run` provides Chromium, its driver and axe-core.

use serde_json::{Value, json};
use voicemail_guard::audio::{MediaTime, wav};
use voicemail_guard::call_record::{Answer, Asked, CallRecord, Verdict};
use voicemail_guard::prompts::Prompt;
use voicemail_guard::recordings;

use super::{Served, call};
use crate::support::browser::Browser;

mod barriers;
mod harmless;
mod keyboard;
mod login;
mod paper_and_phone;
mod pictures;
mod player;
mod scripts_off;
mod team;
mod waiting;

/// A call with a recording of 20 s, asked for the number at 12 s.
fn heard(n: u32, number: &str, name: &str) -> CallRecord {
    let mut record = call(n, number, name, Verdict::Message);
    record.audio = Some(recordings::place(record.id, record.started));
    record.asked = vec![Asked {
        prompt: Prompt::NumberFirst.into(),
        at: MediaTime::from_secs(12),
        answer: Some(Answer::Key),
    }];
    record
}

/// Puts the recording where the call says it is.
fn record_sound(served: &Served, record: &CallRecord) {
    let path = served.folder.path().join(record.audio.as_ref().unwrap());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let samples: Vec<i16> = (0..160_000).map(|i| (i % 300 * 100) as i16).collect();
    std::fs::write(&path, wav::encode(&samples)).unwrap();
}

/// The list, a case, a call, who waits, the figures and a problem.
fn pages(id: &str) -> [String; 6] {
    [
        "/?show=all".into(),
        format!("/cases/{id}"),
        format!("/calls/{id}"),
        "/waiting".into(),
        "/figures?span=year".into(),
        "/nothing".into(),
    ]
}

/// The cases in the order in which they stand in the list.
async fn cases(browser: &Browser) -> Value {
    let script =
        "return [...document.querySelectorAll('[data-case]')].map((row) => row.dataset.case)";
    browser.js(script).await
}

/// What is typed there.
async fn typed(browser: &Browser, css: &str) -> Value {
    let script = format!("return document.querySelector({css:?}).value");
    browser.js(&script).await
}
